/** Tokens of engines as they are made, and as they are read: by the recorded verdicts of service-center's own code. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createEngineVerifier, createNacosVerifier } from '../../../client/src/engine-verifier.ts'
import {
  headerSamples,
  madeToken,
  rowsOf,
  rsaSigner,
  type Sample,
  serviceCenterSamples,
} from '../../../client/test/servicecomb/samples.ts'
import { keystonePolicy } from '../core/policy/keystone-rules/index.ts'
import { engineFace } from '../faces.ts'
import { findEngineAccount } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { type House, openHouse } from '../testing/house.ts'
import { seedProject } from '../testing/seed.ts'
import { createAccounts, removeAccount } from './engine-accounts.ts'
import { exportEngineKeys } from './engine-keys.ts'
import { createEngine } from './engine-lifecycle.ts'
import { engineToken, readEngineToken, rootToken } from './engine-tokens.ts'

const BY = { session: null, action: 'test', requestId: '' }
const ORIGIN = { id: 's', expiresAt: Number.POSITIVE_INFINITY }

let house: House
let face: FastifyInstance
let comb: EngineRecord
let other: EngineRecord
let nacos: EngineRecord
let key: KeyObject

before(async () => {
  house = await openHouse()
  face = engineFace(house.ctx, keystonePolicy(), { onFault: (error) => console.error(error) })
  const projectId = await seedProject(house, 'mall')
  const make = async (name: string, specType: EngineRecord['specType'], rootPassword?: string) => {
    const wanted = { projectId, enterpriseProjectId: '0', name, specType, authType: 'RBAC' } as const
    return (await createEngine(house.ctx, { ...wanted, rootPassword }, BY)).engine
  }
  comb = await make('comb', 'CSE2', 'Root-Pass-1')
  other = await make('other', 'CSE2', 'Root-Pass-1')
  nacos = await make('nacos', 'Nacos2')
  const accounts = [
    { name: 'peter', roles: ['admin'] },
    { name: 'dev', roles: ['developer', 'admin'] },
  ]
  for (const engine of [comb, other]) await createAccounts(house.ctx, engine, accounts, BY)
  await createAccounts(house.ctx, nacos, [{ name: 'dev', roles: ['rw'] }], BY)
  const [exported] = await exportEngineKeys(house.ctx, comb)
  key = createPrivateKey(exported!.secret)
})
after(async () => {
  await face.close()
  await house.close()
})

const accountOf = async (engine: EngineRecord, name: string) =>
  (await findEngineAccount(house.ctx.store.db, engine.id, { name }))!

const seconds = (): number => Math.floor(house.ctx.now() / 1e6)

describe('tokens of a ServiceComb engine read by its own face', () => {
  const rows = rowsOf('servicecenter-verify-result.tsv').filter(([, v]) => v === 'ACCEPT' || v === 'REJECT')
  let samples: Readonly<Record<string, Sample>>
  let headers: Readonly<Record<string, string | undefined>>

  before(async () => {
    const more: Record<string, object> = {}
    for (const name of ['root', 'peter', 'dev'])
      more[name] = { sub: (await accountOf(comb, name)).incarnation }
    samples = serviceCenterSamples({ key, now: seconds(), more })
    headers = headerSamples(samples['canonical']!.token)
  })

  // Here `sub` has a meaning, and the tokens of this engine have no `iat`.
  const ofOurs = new Set(['iss,aud,sub,jti extras', 'iat future +600', 'iat null', 'nbf future +600'])

  for (const [name, verdict] of rows) {
    if (ofOurs.has(name)) continue
    it(`${name}: ${verdict}`, async () => {
      const sample = samples[name]
      const authorization = name in headers ? headers[name] : `Bearer ${sample?.token}`
      const answer = await face.inject({
        method: 'GET',
        url: '/v4/self-perms',
        headers: { 'x-engine-id': comb.id, ...(authorization !== undefined && { authorization }) },
      })
      const accepted = verdict === 'ACCEPT' && !sample?.stricter
      // A role that nobody knows lets nobody do anything; service-center says so at once.
      const status = accepted || name === 'unknown role' ? 200 : 401
      assert.equal(answer.statusCode, status, answer.payload)
    })
  }

  it('403 an unknown role does anything', async () => {
    const { statusCode } = await face.inject({
      method: 'GET',
      url: '/v4/accounts',
      headers: { 'x-engine-id': comb.id, authorization: `Bearer ${samples['unknown role']!.token}` },
    })
    assert.equal(statusCode, 403)
  })

  it('401 another sub than that of the account, and none', async () => {
    const good = { account: 'dev', roles: ['developer'], exp: seconds() + 60 }
    for (const claims of [
      good,
      { ...good, sub: 'x' },
      { ...good, sub: (await accountOf(comb, 'peter')).incarnation },
    ]) {
      const token = madeToken({ claims, signer: rsaSigner('sha512', key) })
      assert.equal(typeof (await readEngineToken(house.ctx, comb, token)), 'string')
    }
  })
})

describe('tokens of engines as they are made', () => {
  const decoded = (text: string) =>
    text
      .split('.')
      .slice(0, 2)
      .map((one) => Buffer.from(one, 'base64url').toString())
  const made = async (engine: EngineRecord, name = 'dev') =>
    engineToken(house.ctx, engine, { account: await accountOf(engine, name), life: 900, origin: ORIGIN })

  it('what service-center accepts and nothing that it minds: no role, iat, nbf, and roles that are names', async () => {
    for (const text of [(await made(comb)).text, await rootToken(house.ctx, comb, 60)]) {
      const [header, payload] = decoded(text)
      assert.equal(header, '{"alg":"RS512","typ":"JWT"}')
      const claims = JSON.parse(payload!)
      const allowed = ['account', 'exp', 'jti', 'roles', 'sub']
      assert.deepEqual(
        Object.keys(claims).filter((claim) => !allowed.includes(claim)),
        [],
      )
      assert.ok(Number.isSafeInteger(claims.exp) && claims.roles.length > 0)
      assert.ok(claims.roles.every((role: unknown) => typeof role === 'string'))
      assert.doesNotMatch(text, /=/)
    }
  })

  it('what Nacos accepts and nothing else', async () => {
    for (const text of [(await made(nacos)).text, await rootToken(house.ctx, nacos, 60)]) {
      const [header, payload] = decoded(text)
      assert.equal(header, '{"alg":"HS256"}')
      assert.deepEqual(Object.keys(JSON.parse(payload!)), ['sub', 'exp'])
    }
  })

  it('keys in the two forms that service-center and KIE both read', async () => {
    const read = rowsOf('servicecenter-verify-result.tsv').filter(([row]) => /^(public|private)key/.test(row))
    const ok = read.filter(([, ...said]) => said.every((one) => one.endsWith('OK'))).map(([row]) => row)
    assert.deepEqual(ok, ['publickey rbac_public_spki.pem', 'privatekey rbac_private_pkcs1.pem'])
    const [exported] = await exportEngineKeys(house.ctx, comb)
    assert.match(exported!.secret, /^-----BEGIN RSA PRIVATE KEY-----\n/)
    assert.match(exported!.publicKey!, /^-----BEGIN PUBLIC KEY-----\n/)
  })

  it('the verifiers of the client take them, and refuse those of another engine', async () => {
    const publicKeys = [createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()]
    const verifier = createEngineVerifier({ publicKeys })
    const outcome = async (engine: EngineRecord) =>
      (await verifier.check(`Bearer ${(await made(engine)).text}`)).outcome
    assert.equal(await outcome(comb), 'accepted')
    assert.equal(await outcome(other), 'refused')
    assert.equal(await readEngineToken(house.ctx, comb, (await made(other)).text), 'invalid')
    const [secret] = await exportEngineKeys(house.ctx, nacos)
    assert.equal(createNacosVerifier(secret!.secret)((await made(nacos)).text), 'dev')
  })

  it('an account that is deleted and made again is another one, to the client as well', async () => {
    const { text } = await made(comb, 'peter')
    const publicKeys = [createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()]
    const account = async (name: string) => {
      const found = await findEngineAccount(house.ctx.store.db, comb.id, { name })
      return found && { subject: found.incarnation, roles: found.roles }
    }
    const verifier = createEngineVerifier({ publicKeys, account })
    const code = async () => {
      const verdict = await verifier.check(`Bearer ${text}`)
      return verdict.outcome === 'refused' ? verdict.errorCode : verdict.outcome
    }
    assert.equal(await code(), 'accepted')
    await removeAccount(house.ctx, comb, { name: 'peter', self: '' }, BY)
    assert.equal(await code(), '401206')
    await createAccounts(house.ctx, comb, [{ name: 'peter', roles: ['admin'] }], BY)
    assert.equal(await code(), '401206')
    assert.equal(await readEngineToken(house.ctx, comb, text), 'account_gone')
  })
})
