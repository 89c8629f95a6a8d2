import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findStatementPolicy, updateStatementPolicy } from '../../../store/statement-policies.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { PASSWORD, seedGrant, seedUser } from '../../../testing/seed.ts'

/** Conditions of the policies that let somebody act as an agency, or keep them from it. */
describe('conditions of custom policies', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administratorB: string

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    const administratorA = await face.token({ name: 'IAMUserA', domain: two.a })
    const made = await face.call('POST', '/v3.0/OS-AGENCY/agencies', {
      token: administratorA,
      body: { agency: { name: 'agency', domain_id: two.a, trust_domain_id: two.b } },
    })
    const { roles } = (await face.call('GET', '/v3/roles?name=te_admin', { token: administratorA })).body
    const grant = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${made.body.agency.id}/roles/${roles[0].id}`
    assert.equal((await face.call('PUT', grant, { token: administratorA })).status, 204)
    await seedGrant(house, await seedUser(house, 'SecurityB', two.b), 'secu_admin', { domain: two.b })
    administratorB = await face.token({ name: 'SecurityB', domain: two.b })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  /** A new user of B's with a policy of one statement; what they get when they act as the agency. */
  const trying = async (name: string, statement: object, isAgent = false) => {
    const user = await seedUser(house, name, two.b)
    await seedGrant(house, user, isAgent ? 'te_agency' : 'readonly', { domain: two.b })
    const policy = { Version: '1.1', Statement: [{ Action: ['iam:agencies:assume'], ...statement }] }
    const role = { display_name: name, type: 'AX', description: '', policy }
    const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: administratorB, body: { role } })
    assert.equal(made.status, 201, made.text)
    const grant = `/v3/domains/${two.b}/users/${user}/roles/${made.body.role.id}`
    assert.equal((await face.call('PUT', grant, { token: administratorB })).status, 204)
    const token = await face.token({ name, domain: two.b })
    const assume_role = { domain_id: two.a, agency_name: 'agency' }
    const auth = { identity: { methods: ['assume_role'], assume_role } }
    const answer = await face.call('POST', '/v3/auth/tokens', { token, body: { auth } })
    const subject = answer.headers['x-subject-token']
    if (subject === undefined) return answer.status
    // What was decided once is not asked again of the token.
    const headers = { 'x-subject-token': subject }
    const again = await face.call('GET', '/v3/auth/tokens', { token: subject, headers })
    assert.equal(again.status, 200, again.text)
    return answer.status
  }

  it('201 while the condition of what allows holds, 404 otherwise', async () => {
    const allowing = (Condition: object) => ({ Effect: 'Allow', Condition })
    assert.equal(await trying('Right', allowing({ StringEquals: { 'g:UserName': ['Right'] } })), 201)
    assert.equal(await trying('Wrong', allowing({ StringEquals: { 'g:UserName': ['Right'] } })), 404)
    assert.equal(await trying('Here', allowing({ IpAddress: { 'g:SourceIp': ['127.0.0.0/8'] } })), 201)
    assert.equal(await trying('There', allowing({ IpAddress: { 'g:SourceIp': ['192.0.2.0/24'] } })), 404)
    assert.equal(await trying('Coded', allowing({ Bool: { 'g:MFAPresent': ['true'] } })), 404)
    const others = { 'ForAnyValue:StringNotEquals': { 'sts:SourceIdentity': ['mallory'] } }
    assert.equal(await trying('Nobody', allowing(others)), 404, 'any value of a key that is absent')
  })

  it('400 a Deny whose value its operator cannot compare with', async () => {
    for (const [operator, value] of [
      ['IpAddress', '127.0.0.300'],
      ['DateLessThan', 'next week'],
      ['Bool', 'yes'],
    ] as const) {
      const Condition = { [operator]: { 'g:SourceIp': [value] } }
      const policy = {
        Version: '1.1',
        Statement: [{ Effect: 'Deny', Action: ['iam:agencies:assume'], Condition }],
      }
      const role = { display_name: operator, type: 'AX', description: '', policy }
      const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: administratorB, body: { role } })
      assert.equal(made.status, 400, made.text)
      assert.match(made.body.error.message, new RegExp(`Condition.${operator}.g:SourceIp`))
    }
  })

  it('404 an Agent Operator who holds a stored policy that cannot be read any more', async () => {
    const user = await seedUser(house, 'Broken', two.b)
    await seedGrant(house, user, 'te_agency', { domain: two.b })
    const policy_document = JSON.stringify({
      Version: '5.0',
      Statement: [{ Effect: 'Allow', Action: ['ecs:servers:list'] }],
    })
    const made = await face.call('POST', '/v5/policies', {
      token: administratorB,
      body: { policy_name: 'broken', policy_document },
    })
    const id = made.body.policy.policy_id
    const attach = { token: administratorB, body: { user_id: user } }
    assert.equal((await face.call('POST', `/v5/policies/${id}/attach-user`, attach)).status, 200)
    const token = await face.token({ name: 'Broken', domain: two.b })
    const assume_role = { domain_id: two.a, agency_name: 'agency' }
    const auth = { identity: { methods: ['assume_role'], assume_role } }
    const assume = () => face.call('POST', '/v3/auth/tokens', { token, body: { auth } })
    assert.equal((await assume()).status, 201)
    await house.ctx.store.write(async (tx) => {
      const record = await findStatementPolicy(tx, { id })
      assert.ok(record)
      await updateStatementPolicy(tx, { ...record, document: { Version: '9' } })
    })
    assert.equal((await assume()).status, 404)
  })

  it('404 an Agent Operator while the condition of what denies holds, 201 otherwise', async () => {
    const denying = (Condition: object) => ({ Effect: 'Deny', Condition })
    assert.equal(await trying('NoCode', denying({ Bool: { 'g:MFAPresent': ['false'] } }), true), 404)
    assert.equal(await trying('Local', denying({ IpAddress: { 'g:SourceIp': ['127.0.0.0/8'] } }), true), 404)
    assert.equal(await trying('Far', denying({ IpAddress: { 'g:SourceIp': ['192.0.2.0/24'] } }), true), 201)
  })

  it('404 by a token of a project, too, while a policy that is held on the account denies', async () => {
    const user = await seedUser(house, 'Scoped', two.b)
    await seedGrant(house, user, 'te_agency', { domain: two.b })
    await seedGrant(house, user, 'te_agency', { project: two.projectB })
    const Condition = { Bool: { 'g:MFAPresent': ['false'] } }
    const policy = { Version: '1.1', Statement: [{ Effect: 'Deny', Action: ['iam:agencies:*'], Condition }] }
    const role = { display_name: 'Scoped', type: 'AX', description: '', policy }
    const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: administratorB, body: { role } })
    const assume_role = { domain_id: two.a, agency_name: 'agency' }
    const auth = { identity: { methods: ['assume_role'], assume_role } }
    const assume = async (scope: unknown) => {
      const token = await face.token({ name: 'Scoped', domain: two.b }, scope)
      return (await face.call('POST', '/v3/auth/tokens', { token, body: { auth } })).status
    }
    const scopes = [{ domain: { id: two.b } }, { project: { id: two.projectB } }]
    for (const scope of scopes) assert.equal(await assume(scope), 201)
    const grant = `/v3/domains/${two.b}/users/${user}/roles/${made.body.role.id}`
    assert.equal((await face.call('PUT', grant, { token: administratorB })).status, 204)
    for (const scope of scopes) assert.equal(await assume(scope), 404, JSON.stringify(scope))
  })

  it('403 by a token of a project, where the policy that allows it is held on the account', async () => {
    const user = await seedUser(house, 'Apart', two.b)
    await seedGrant(house, user, 'readonly', { project: two.projectB })
    const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['iam:agencies:assume'] }] }
    const role = { display_name: 'Apart', type: 'AX', description: '', policy }
    const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: administratorB, body: { role } })
    const grant = `/v3/domains/${two.b}/users/${user}/roles/${made.body.role.id}`
    assert.equal((await face.call('PUT', grant, { token: administratorB })).status, 204)
    const token = await face.token({ name: 'Apart', domain: two.b }, { project: { id: two.projectB } })
    const assume_role = { domain_id: two.a, agency_name: 'agency' }
    const auth = { identity: { methods: ['assume_role'], assume_role } }
    assert.equal((await face.call('POST', '/v3/auth/tokens', { token, body: { auth } })).status, 403)
  })

  it('201 whose only right is a policy signs in to their account, acts by it, and gets nowhere else', async () => {
    const id = await seedUser(house, 'PolicyOnly', two.b)
    const signIn = (scope?: object) => {
      const identity = { methods: ['password'], password: { user: { id, password: PASSWORD } } }
      const auth = { identity, ...(scope === undefined ? {} : { scope }) }
      return face.call('POST', '/v3/auth/tokens', { body: { auth } })
    }
    assert.equal((await signIn({ domain: { id: two.b } })).status, 401, 'nothing yet')
    const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['iam:agencies:assume'] }] }
    const role = { display_name: 'PolicyOnly', type: 'AX', description: '', policy }
    const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: administratorB, body: { role } })
    const places = [`domains/${two.b}`, `projects/${two.projectB}`]
    const grants = places.map((place) => `/v3/${place}/users/${id}/roles/${made.body.role.id}`)
    for (const grant of grants) {
      assert.equal((await face.call('PUT', grant, { token: administratorB })).status, 204, grant)
    }
    const signedIn = await signIn()
    assert.equal(signedIn.status, 201, signedIn.text)
    assert.deepEqual([signedIn.body.token.domain.id, signedIn.body.token.roles], [two.b, []])
    for (const scope of [{ project: { id: two.projectB } }, { domain: { id: two.a } }]) {
      assert.equal((await signIn(scope)).status, 401, JSON.stringify(scope))
    }
    const token = signedIn.headers['x-subject-token'] ?? ''
    const assume_role = { domain_id: two.a, agency_name: 'agency' }
    const auth = { identity: { methods: ['assume_role'], assume_role } }
    const assume = () => face.call('POST', '/v3/auth/tokens', { token, body: { auth } })
    assert.equal((await assume()).status, 201)
    for (const path of ['/v3/users', '/v3.0/OS-AGENCY/agencies', '/v3.0/OS-ROLE/roles']) {
      assert.equal((await face.call('GET', path, { token })).status, 403, path)
    }
    assert.equal((await face.call('DELETE', grants[0] ?? '', { token: administratorB })).status, 204)
    assert.equal((await assume()).status, 401, 'at once')
    assert.equal((await signIn({ domain: { id: two.b } })).status, 401)
    // One that is attached to them does the same, in their own account alone.
    const document = JSON.stringify({ ...policy, Version: '5.0' })
    const sent = { policy_name: 'PolicyOnly-v5', policy_document: document }
    const attached = await face.call('POST', '/v5/policies', { token: administratorB, body: sent })
    const path = `/v5/policies/${attached.body.policy.policy_id}/attach-user`
    assert.equal(
      (await face.call('POST', path, { token: administratorB, body: { user_id: id } })).status,
      200,
    )
    assert.equal((await signIn({ domain: { id: two.b } })).status, 201)
    assert.equal((await signIn({ domain: { id: two.a } })).status, 401)
  })
})
