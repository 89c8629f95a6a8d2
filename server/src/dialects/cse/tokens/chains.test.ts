import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Refusal } from '../../../core/refusal.ts'
import type { Session } from '../../../core/session.ts'
import { exchangeEngineToken } from '../../../flows/engine-exchange.ts'
import { createEngine, importPrincipal } from '../../../flows/engine-lifecycle.ts'
import { validateToken } from '../../../flows/validate-token.ts'
import { type EngineRecord, putNamespaceOwner } from '../../../store/engines.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

const BY = { session: null, action: 'test', requestId: '' }

let house: House
let project: string
let user: string
let session: Session
let serviceComb: EngineRecord
let nacos: EngineRecord

before(async () => {
  house = await openHouse()
  project = await seedProject(house, 'mall')
  user = await seedUser(house, 'alice')
  await seedGrant(house, user, 'member', { project })
  session = await validateToken(house.ctx, await house.login(user, PASSWORD, { project: { id: project } }))
  const make = async (name: string, specType: 'CSE2' | 'Nacos2') =>
    (
      await createEngine(
        house.ctx,
        { projectId: project, enterpriseProjectId: '0', name, specType, authType: 'RBAC' },
        BY,
      )
    ).engine
  serviceComb = await make('comb', 'CSE2')
  nacos = await make('nacos', 'Nacos2')
  const principal = { id: user, name: 'alice' }
  await importPrincipal(house.ctx, serviceComb, { principal, roles: ['developer'] }, BY)
  for (const namespace of ['', 'dev']) {
    await importPrincipal(house.ctx, nacos, { principal, roles: ['rw'], namespace }, BY)
  }
})
after(() => house.close())

function exchange(engine: EngineRecord, given: Partial<Parameters<typeof exchangeEngineToken>[1]> = {}) {
  return exchangeEngineToken(house.ctx, {
    session,
    projectId: project,
    engineId: engine.id,
    enterpriseProjectId: '0',
    namespace: '',
    requestId: 'req-1',
    ...given,
  })
}

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof Refusal && error.detail.wireCode === code

function through(link: Session['claims']['via'][number], delegation: Session['delegation'] = {}): Session {
  return { ...session, claims: { ...session.claims, via: [link] }, delegation }
}

describe('who may exchange a session for a token of an engine', () => {
  const credential = { id: 'c', name: 'c', expiresAt: null }
  const link = { kind: 'application_credential', id: 'c' } as const

  const cases = (): readonly (readonly [string, Session, boolean])[] => [
    ['a federated user', through({ kind: 'federation', idp: 'i', protocol: 'p', groups: [] }), true],
    ['an agency', through({ kind: 'agency', id: user, assumedBy: 'x', session: '' }), true],
    ['an access key', through({ kind: 'access_key', id: 'AK' }), true],
    [
      'an unrestricted application credential',
      through(link, { applicationCredential: { ...credential, unrestricted: true, accessRules: null } }),
      true,
    ],
    [
      'a restricted application credential',
      through(link, { applicationCredential: { ...credential, unrestricted: false, accessRules: null } }),
      false,
    ],
    [
      'an application credential with access rules',
      through(link, { applicationCredential: { ...credential, unrestricted: true, accessRules: [] } }),
      false,
    ],
    ['a trust', through({ kind: 'trust', id: 't' }), false],
    ['an OAuth 1 token', through({ kind: 'oauth1', id: 'o' }), false],
    ['an EC2 credential', through({ kind: 'credential', id: 'e' }), false],
  ]
  it('sessions that were not narrowed, and no others', async () => {
    for (const [what, given, may] of cases()) {
      const asked = exchange(serviceComb, { session: given })
      if (may) assert.ok((await asked).text, what)
      else await assert.rejects(asked, refusedAs('ENGINE.0404'), what)
    }
  })
})

describe('tokens of a Nacos engine', () => {
  it('hold sub and exp under exactly the header Nacos compares, a user for each namespace', async () => {
    const claims = async (namespace: string) => {
      const [header, payload] = (await exchange(nacos, { namespace })).text.split('.')
      assert.equal(header, 'eyJhbGciOiJIUzI1NiJ9')
      return JSON.parse(Buffer.from(payload!, 'base64url').toString())
    }
    const [open, dev] = [await claims(''), await claims('dev')]
    assert.deepEqual(Object.keys(open), ['sub', 'exp'])
    assert.notEqual(open.sub, dev.sub)
    assert.ok(open.exp <= session.claims.expiresAt)
  })

  it('are refused for a namespace nobody gave', () =>
    assert.rejects(exchange(nacos, { namespace: 'prod' }), refusedAs('ENGINE.0406')))

  it('are refused when the namespace is in another enterprise project', async () => {
    await house.ctx.store.write((tx) =>
      putNamespaceOwner(tx, nacos.id, { id: 'dev', enterpriseProjectId: 'ep-1' }),
    )
    await assert.rejects(exchange(nacos, { namespace: 'dev' }), refusedAs('SVCSTG.00501116'))
    assert.ok((await exchange(nacos, { namespace: 'dev', enterpriseProjectId: 'ep-1' })).text)
  })
})
