import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createAccessKey } from '../../../flows/access-keys.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import {
  type HuaweiFace,
  type Key,
  openHuawei,
  seedTwoAccounts,
  type TwoAccounts,
} from '../../../testing/huawei.ts'
import { seedGrant } from '../../../testing/seed.ts'

const SECURITY_TOKENS = '/v3.0/OS-CREDENTIAL/securitytokens'

/** `policy` in a request for a temporary key: the key may what its session may and the policy allows, no more. */
describe('session policies of temporary keys', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let key: Key

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    const by = { session: null, action: 'test', requestId: '' }
    key = await createAccessKey(house.ctx, by, { userId: two.adminA, description: '', limit: 2 })
    await seedGrant(house, two.adminA, 'te_agency', { domain: two.a })
    const token = await house.admin()
    const made = await face.call('POST', '/v3.0/OS-AGENCY/agencies', {
      token,
      body: { agency: { name: 'any', domain_id: two.b, trust_domain_id: two.a } },
    })
    const { roles } = (await face.call('GET', '/v3/roles?name=readonly', { token })).body
    const grant = `/v3.0/OS-AGENCY/domains/${two.b}/agencies/${made.body.agency.id}/roles/${roles[0].id}`
    assert.equal((await face.call('PUT', grant, { token })).status, 204)
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const policyOf = (...Statement: readonly object[]) => ({ Version: '1.1', Statement })
  const allow = (...Action: readonly string[]) => ({ Effect: 'Allow', Action })
  const ask = (policy: unknown) => {
    // The same request within the same second would be the same signature.
    house.advance(1)
    const identity = { methods: ['token'], token: { duration_seconds: 900 }, policy }
    return face.signed('POST', SECURITY_TOKENS, key, { body: { auth: { identity } } })
  }
  const narrowedTo = async (policy: unknown): Promise<Required<Key>> => {
    const answer = await ask(policy)
    assert.equal(answer.status, 201, answer.text)
    const { access, secret, securitytoken } = answer.body.credential
    return { access, secret, securityToken: securitytoken }
  }
  const users = (with_: Key) => face.signed('GET', '/v3/users', with_)
  const agencies = (with_: Key) => face.signed('GET', '/v3.0/OS-AGENCY/agencies', with_)

  it('200 what the policy allows, 403 everything else, on Keystone’s paths as on Huawei’s', async () => {
    const reader = await narrowedTo(policyOf(allow('iam:users:list*')))
    assert.equal((await users(reader)).status, 200)
    assert.equal((await agencies(reader)).status, 403)
    const body = { user: { name: 'made', domain_id: two.a } }
    assert.equal((await face.signed('POST', '/v3/users', reader, { body })).status, 403)
    const lister = await narrowedTo(policyOf(allow('iam:agencies:listAgencies')))
    assert.equal((await agencies(lister)).status, 200)
    assert.equal((await users(lister)).status, 403)
  })

  it('403 what is denied, and what is allowed only on some resource or condition', async () => {
    const all = allow('*:*:*')
    for (const policy of [
      policyOf(all, { Effect: 'Deny', Action: ['iam:users:*'] }),
      policyOf(all, { Effect: 'Deny', Action: ['iam:users:*'], Resource: ['iam:*:*:user:x'] }),
      policyOf({ ...all, Resource: ['obs:*:*:object:*'] }),
      policyOf({ ...all, Condition: { StringEquals: { 'g:UserName': ['x'] } } }),
      policyOf(allow('obs:object:*')),
    ]) {
      assert.equal((await users(await narrowedTo(policy))).status, 403, JSON.stringify(policy))
    }
    assert.equal((await users(await narrowedTo(policyOf(all)))).status, 200)
  })

  it('403 what the session itself may not, whatever the policy allows', async () => {
    const all = await narrowedTo(policyOf(allow('*:*:*')))
    const path = `/v3.0/OS-AGENCY/agencies?domain_id=${two.b}`
    assert.equal((await face.signed('GET', path, all)).status, 403)
  })

  it('401 the token without its policy, with another policy, and the policy on another key', async () => {
    const narrow = await narrowedTo(policyOf(allow('iam:users:list*')))
    const [token = '', policy = ''] = narrow.securityToken.split(':')
    assert.equal((await users({ ...narrow, securityToken: token })).status, 401)
    const wider = Buffer.from(JSON.stringify(policyOf(allow('*:*:*')))).toString('base64url')
    assert.equal((await users({ ...narrow, securityToken: `${token}:${wider}` })).status, 401)
    const answer = await ask(undefined)
    const { access, secret, securitytoken } = answer.body.credential
    const open = { access, secret, securityToken: securitytoken }
    assert.equal((await users(open)).status, 200)
    assert.equal((await users({ ...open, securityToken: `${securitytoken}:${policy}` })).status, 401)
    assert.equal((await users({ ...open, securityToken: narrow.securityToken })).status, 401)
  })

  it('403 a narrowed key mints nothing: no key, no agency, no login token', async () => {
    const all = await narrowedTo(policyOf(allow('*:*:*')))
    const assume_role = { domain_id: two.b, agency_name: 'any' }
    const assume = { methods: ['assume_role'], assume_role }
    house.advance(1)
    const { credential } = (await ask(undefined)).body
    const open = {
      access: credential.access,
      secret: credential.secret,
      securityToken: credential.securitytoken,
    }
    const asAgency = (with_: Key) =>
      face.signed('POST', '/v3/auth/tokens', with_, { body: { auth: { identity: assume } } })
    assert.equal((await asAgency(open)).status, 201, 'what follows would say nothing')
    assert.equal((await asAgency(all)).status, 403)
    for (const identity of [{ methods: ['token'], token: {} }, assume]) {
      house.advance(1)
      const answer = await face.signed('POST', SECURITY_TOKENS, all, { body: { auth: { identity } } })
      assert.equal(answer.status, 403, answer.text)
    }
    const { access, secret, securityToken: id } = all
    const body = { auth: { securitytoken: { access, secret, id } } }
    const login = await face.call('POST', '/v3.0/OS-AUTH/securitytoken/logintokens', { body })
    assert.equal(login.status, 403, login.text)
  })

  it('400 a policy that cannot be decided or carried, and no key', async () => {
    for (const policy of [
      { Version: '9', Statement: [allow('*:*:*')] },
      policyOf({ Effect: 'Perhaps', Action: ['*'] }),
      policyOf({ ...allow('*:*:*'), Unknown: 1 }),
      policyOf(),
      'all',
      policyOf(allow(...Array.from({ length: 200 }, (_, i) => `iam:users:action${i}`))),
    ]) {
      assert.equal((await ask(policy)).status, 400, JSON.stringify(policy).slice(0, 100))
    }
  })
})
