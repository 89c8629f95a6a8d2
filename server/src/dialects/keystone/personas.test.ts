/**
 * Who may do what, for every operation of the wire: `personas.tsv` says it, and each call is made here by everybody. A row
 * and its operation cannot be had without each other. `WRITE=1 node -C development --test <this file>` writes the table anew.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { keystonePolicy, keystoneRules } from '../../core/policy/keystone-rules/index.ts'
import { openstackFace } from '../../faces.ts'
import { type House, openHouse } from '../../testing/house.ts'
import { requestOf, variantsOf, type WorldRequest } from '../../testing/keystone-requests.ts'
import { everybody, openWorld, type World } from '../../testing/keystone-world.ts'
import { COLUMNS, cellsOf, type Row, readTable, writeTable } from '../../testing/persona-table.ts'
import { keystoneOperations } from './index.ts'
import { KEYSTONE_STYLE } from './tokens/token-body.ts'

const FILE = join(import.meta.dirname, 'personas.tsv')
const NEW = ' [new defaults]'

const operations = keystoneOperations({ style: KEYSTONE_STYLE, ttl: 3600 } as never)
const guarded = operations.filter(({ policy }) => policy !== 'public')
const open = operations.filter(({ policy }) => policy === 'public')
/** Rules that Keystone's new defaults decide otherwise. */
const changing = new Set(keystoneRules.filter((rule) => rule.deprecatedCheck).map((rule) => rule.name))

/** Refuses everybody, as Keystone does without PKI tokens. */
const RETIRED = 'list_pki_revoked'

/** Thrown at the end of every change, so that nothing is changed and everybody finds the same world. */
class Undone extends Error {}

describe('who may do what on the Keystone wire', () => {
  let house: House
  let world: World
  /** Requests that nobody can make: the table would say nothing of them. */
  const failed: string[] = []
  let faces: Readonly<Record<'' | typeof NEW, FastifyInstance>>

  before(async () => {
    house = await openHouse()
    world = await openWorld({
      api: house.call,
      base: 'http://tokenhouse.test:5000',
      now: () => house.ctx.now() / 1e6,
      admin: await house.admin(),
    })
    const write: typeof house.ctx.store.write = (change) =>
      house.ctx.store.write(async (tx) => {
        await change(tx)
        throw new Undone()
      })
    const ctx = { ...house.ctx, store: { ...house.ctx.store, write } }
    const watch = {
      onFault: (error: unknown) => {
        if (!(error instanceof Undone)) console.error(error)
      },
    }
    faces = {
      '': openstackFace(ctx, keystonePolicy(), watch),
      [NEW]: openstackFace(ctx, keystonePolicy('', { enforceNewDefaults: true }), watch),
    }
  })
  after(async () => {
    for (const face of Object.values(faces)) await face.close()
    await house.close()
  })

  const ask = async (face: FastifyInstance, persona: string, request: WorldRequest): Promise<number> => {
    const token = world.tokens[persona]
    const { method, path, body } = request
    const answer = await face.inject({
      method: method as 'GET',
      url: path,
      headers: {
        host: 'tokenhouse.test:5000',
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
    return answer.statusCode
  }
  /** Who is neither asked to sign in nor forbidden. */
  const admitted = async (
    operation: (typeof operations)[number],
    variant: string,
    rules: '' | typeof NEW,
  ): Promise<ReadonlySet<string>> => {
    const statuses = new Map<string, number>()
    for (const persona of everybody)
      statuses.set(persona, await ask(faces[rules], persona, requestOf(world, operation, variant)))
    const said = JSON.stringify([...statuses])
    const isSound = [...statuses.values()].some((status) => ![400, 401, 403].includes(status))
    if (!isSound && operation.id !== RETIRED) failed.push(`${operation.id}${variant}: ${said}`)
    return new Set(everybody.filter((persona) => ![401, 403].includes(statuses.get(persona) ?? 0)))
  }

  it('is written down for every operation, and for none that is not there', async () => {
    const rows = new Map<string, Row>(open.map(({ id }) => [id, 'public']))
    for (const operation of guarded) {
      for (const variant of variantsOf(operation)) {
        const name = `${operation.id}${variant}`
        rows.set(name, cellsOf(await admitted(operation, variant, '')))
        if (![operation.policy, ...(operation.otherPolicies ?? [])].some((rule) => changing.has(rule)))
          continue
        rows.set(`${name}${NEW}`, cellsOf(await admitted(operation, variant, NEW)))
      }
    }
    if (process.env['WRITE'] === '1') writeFileSync(FILE, writeTable(rows))
    assert.deepEqual(failed, [])
    const table = readTable(readFileSync(FILE, 'utf8'))
    assert.deepEqual([...rows.keys()].toSorted(), [...table.keys()].toSorted())
    for (const [name, cells] of rows) assert.deepEqual(cells, table.get(name), name)
  })

  it('differs on the new defaults only where rules were deprecated', () => {
    const [old, anew] = [keystonePolicy(), keystonePolicy('', { enforceNewDefaults: true })]
    const differing = old.rules.filter((rule, i) => rule.check !== anew.rules[i]?.check)
    assert.deepEqual(new Set(differing.map(({ name }) => name)), changing)
  })

  it('is nobody’s who is nobody, and never more for a program than for its person', () => {
    for (const [name, row] of readTable(readFileSync(FILE, 'utf8'))) {
      if (row === 'public') continue
      assert.equal(row[COLUMNS.indexOf('nobody')], '-', name)
      const column = (title: string) => row[COLUMNS.indexOf(title)] ?? ''
      if (column('owner') === '-') assert.match(column('owner_by'), /^-+$/, name)
      if (!column('project').includes('a')) assert.match(column('admin_by'), /^-+$/, name)
    }
  })
})
