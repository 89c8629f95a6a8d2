/** Where an engine's own software is called, and what its answers can do. */
import assert from 'node:assert/strict'
import dns from 'node:dns'
import { createServer, type Server } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Refusal } from '../core/refusal.ts'
import { listEngineAccounts } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { type House, openHouse } from '../testing/house.ts'
import { seedProject } from '../testing/seed.ts'
import { createAccounts } from './engine-accounts.ts'
import { checkEngine } from './engine-check.ts'
import { createEngine } from './engine-lifecycle.ts'

const BY = { session: null, action: 'test', requestId: '' }

let software: Server
let port: number
let house: House
let asked = 0
let answer: { readonly status: number; readonly type: string; readonly bytes: Buffer }
let made = 0

const listed = () =>
  [
    `http://127.0.0.1:${port}`,
    `http://localhost:${port}`,
    `http://engine.example:${port}`,
    'http://169.254.169.254',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://0.0.0.0',
  ] as const

before(async () => {
  software = createServer((request, response) => {
    asked++
    request.resume()
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.bytes)
  })
  await new Promise<void>((done) => software.listen(0, '127.0.0.1', done))
  port = (software.address() as AddressInfo).port
  house = await openHouse({ engineAddresses: listed() })
})
after(async () => {
  await house.close()
  software.close()
})
beforeEach(() => {
  asked = 0
  answer = { status: 200, type: 'application/json', bytes: Buffer.from('{}') }
})

async function engineAt(address: string, specType: EngineRecord['specType'] = 'CSE2') {
  const name = `engine-${++made}`
  const projectId = await seedProject(house, name)
  const wanted = { projectId, enterpriseProjectId: '0', name, specType, authType: 'RBAC', address } as const
  return (await createEngine(house.ctx, wanted, BY)).engine
}

const makeAccount = (engine: EngineRecord) =>
  createAccounts(house.ctx, engine, [{ name: 'uma', roles: ['developer'] }], BY)

describe('ServiceComb CVE-2023-44312 and CVE-2023-44313: calls go to the engine and nowhere else', () => {
  /** What every name resolves to. */
  let resolved: readonly string[] = []
  const { lookup } = dns
  before(() => {
    dns.lookup = ((_name: string, _options: object, callback: (error: null, found: object[]) => void) => {
      callback(
        null,
        resolved.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    }) as never
    syncBuiltinESMExports()
  })
  after(() => {
    dns.lookup = lookup
    syncBuiltinESMExports()
  })

  const refusedAddress = (error: unknown): boolean =>
    error instanceof Refusal && error.code === 'unavailable' && /an address inside/.test(error.reason)

  for (const address of [
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
  ]) {
    it(`DNS rebinding: a listed name that resolves to ${address} is not called`, async () => {
      const engine = await engineAt(listed()[2])
      // One bad address among good ones is enough.
      for (resolved of [[address], ['192.0.2.1', address]])
        await assert.rejects(makeAccount(engine), refusedAddress)
      assert.equal(asked, 0)
      assert.deepEqual(await listEngineAccounts(house.ctx.store.db, engine.id), [])
    })
  }

  it('the link is not called even where it is listed', async () => {
    for (const address of listed().slice(3)) {
      await assert.rejects(makeAccount(await engineAt(address)), refusedAddress, address)
    }
  })

  it('this machine is called where it is listed as itself', async () => {
    resolved = ['127.0.0.1']
    for (const address of listed().slice(0, 2)) await makeAccount(await engineAt(address))
    assert.equal(asked, 2)
  })

  it('an address that is no longer listed is not called for an engine that has it', async () => {
    const engine = await engineAt(listed()[0])
    const { engineAddresses } = house.ctx.settings
    const ctx = {
      ...house.ctx,
      settings: { ...house.ctx.settings, engineAddresses: engineAddresses.slice(1) },
    }
    await assert.rejects(
      createAccounts(ctx, engine, [{ name: 'uma', roles: ['developer'] }], BY),
      (error: unknown) => error instanceof Refusal && error.code === 'bad_request',
    )
    assert.equal(asked, 0)
  })
})

describe('Nacos JRaft Hessian (before 2.2.3): what a peer says is read as data of one shape, or not at all', () => {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  const answers: readonly (readonly [string, Buffer])[] = [
    ['nothing', Buffer.alloc(0)],
    ['a Hessian map of a class', Buffer.from('4d740015636f6d2e73756e2e726f777365742e4a6462637a', 'hex')],
    ['a Java object', Buffer.from('aced00057372001164', 'hex')],
    ['a class name for a JSON library', json({ '@type': 'com.sun.rowset.JdbcRowSetImpl', data: [null] })],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28])],
    ['null', json(null)],
    ['a list', json([[], {}, null])],
    [
      'a list of other things',
      json({ data: [null, 1, 'a', [], { name: {} }, { name: 'x', roles: 'admin' }] }),
    ],
    [
      'permissions of other shapes',
      json({ data: [{ name: 'r', perms: [null, 1, { resources: [null], verbs: {} }] }] }),
    ],
    [
      'pages of other things',
      json({ data: { pageItems: [null, 1, 'a', { username: {} }, { role: [], resource: 1 }] } }),
    ],
    ['a prototype', Buffer.from('{"data":[{"name":"__proto__","roles":["admin"]}],"__proto__":{"data":[]}}')],
    ['deep nesting', Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)],
    ['more than is read', Buffer.alloc(2 << 20, ' ')],
  ]
  for (const [what, bytes] of answers) {
    for (const specType of ['CSE2', 'Nacos2'] as const) {
      it(`${what}, said to the check of a ${specType}, is a list or a refusal`, async () => {
        const engine = await engineAt(listed()[0], specType)
        answer = { ...answer, bytes }
        const said = await checkEngine(house.ctx, engine).catch((error: unknown) => error)
        const isRefusal = said instanceof Refusal && ['unavailable', 'bad_request'].includes(said.code)
        assert.ok(Array.isArray(said) || isRefusal, String(said))
        for (const { verdict } of Array.isArray(said) ? said : []) assert.equal(verdict, 'only there')
        assert.equal(Reflect.get({}, 'data'), undefined)
        assert.deepEqual(await listEngineAccounts(house.ctx.store.db, engine.id), [])
      })
    }
  }
})
