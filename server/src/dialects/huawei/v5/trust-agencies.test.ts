import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { delegations } from '../../../flows/delegation-graph.ts'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import {
  type HuaweiFace,
  type Key,
  openHuawei,
  seedTwoAccounts,
  type TwoAccounts,
} from '../../../testing/huawei.ts'
import { seedGrant, seedUser } from '../../../testing/seed.ts'

/** Agencies that trust by a policy: made by A, assumed by B's people whom the policy names, by the v5 API alone. */
describe('v5 agencies', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string
  let operator: string

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    operator = await face.token({ name: 'IAMUserB', domain: two.b })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const trust = (principal: object, more: object = {}): string =>
    JSON.stringify({
      Version: '5.0',
      Statement: [{ Effect: 'Allow', Principal: principal, Action: ['sts:agencies:assume'], ...more }],
    })
  const trusting = (...accounts: string[]): string => trust({ IAM: accounts })
  const as = (token: string, method: string, path: string, body?: unknown) =>
    face.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const create = async (name: string, policy = trusting(two.b), more: object = {}) => {
    const sent = { agency_name: name, trust_policy: policy, ...more }
    const answer = await as(administrator, 'POST', '/v5/agencies', sent)
    assert.equal(answer.status, 201, answer.text)
    return answer.body.agency
  }
  const assume = (urn: string, more: object = {}, token = operator) =>
    as(token, 'POST', '/v5/agencies/assume', { agency_urn: urn, agency_session_name: 'ci', ...more })
  const keyOf = ({ body }: Answer): Key => ({
    access: body.credentials.access_key_id,
    secret: body.credentials.secret_access_key,
    securityToken: body.credentials.security_token,
  })
  const whoIs = (key: Key) => face.signed('GET', '/v5/caller-identity', key)
  /** Another user of B's, who may act as agencies. */
  const colleague = async (name: string) => {
    await seedGrant(house, await seedUser(house, name, two.b), 'te_agency', { domain: two.b })
    return face.token({ name, domain: two.b })
  }

  it('201 a trust agency, shown with its URN, path and policy, and 409 a second of its name', async () => {
    const agency = await create('deploy', trusting(two.b), { path: 'ci/main/', description: 'for builds' })
    assert.match(agency.created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.deepEqual(
      { ...agency, created_at: '', agency_id: '' },
      {
        urn: `iam::${two.a}:agency:ci/main/deploy`,
        trust_policy: trusting(two.b),
        created_at: '',
        description: 'for builds',
        max_session_duration: 3600,
        path: 'ci/main/',
        agency_id: '',
        agency_name: 'deploy',
      },
    )
    const shown = await as(administrator, 'GET', `/v5/agencies/${agency.agency_id}`)
    assert.deepEqual(shown.body.agency, { ...agency, tags: [] })
    const again = await as(administrator, 'POST', '/v5/agencies', {
      agency_name: 'deploy',
      trust_policy: trusting(two.b),
    })
    assert.deepEqual(
      [again.status, Object.keys(again.body).sort()],
      [409, ['error_code', 'error_msg', 'request_id']],
    )
  })

  it('400 a trust policy that names nobody, everybody, another action’s language, or is no JSON', async () => {
    for (const trust_policy of [
      'no JSON',
      trust({}),
      trust({ IAM: ['*'] }),
      trust({ IAM: [] }),
      trust({ AWS: [two.b] }),
      trust({ IAM: [two.b] }, { Resource: ['iam::*:agency:*'] }),
      trust({ IAM: [two.b] }, { Condition: { Nearly: { 'sts:ExternalId': 'x' } } }),
      trusting(two.b).replace('5.0', '1.1'),
      trusting(...Array<string>(6200).fill('b')),
    ]) {
      const answer = await as(administrator, 'POST', '/v5/agencies', { agency_name: 'bad', trust_policy })
      assert.equal(answer.status, 400, trust_policy.slice(0, 200))
    }
    const taken = { agency_name: 'bad', trust_policy: trusting(two.b) }
    for (const bad of [
      { path: 'no-slash' },
      { path: '/ci/' },
      { max_session_duration: 3599 },
      { agency_name: 'a:b' },
    ]) {
      assert.equal((await as(administrator, 'POST', '/v5/agencies', { ...taken, ...bad })).status, 400)
    }
  })

  it('401 without a token; 403 and 404 anybody but the account’s Security Administrator', async () => {
    const { agency_id } = await create('guarded')
    const other = await face.token({ name: 'IAMUserB', domain: two.b })
    const calls: readonly [string, string, unknown?][] = [
      ['GET', '/v5/agencies'],
      ['POST', '/v5/agencies', { agency_name: 'mine', trust_policy: trusting(two.b) }],
      ['GET', `/v5/agencies/${agency_id}`],
      ['PUT', `/v5/agencies/${agency_id}`, { description: 'x' }],
      ['PUT', `/v5/agencies/${agency_id}/trust-policy`, { trust_policy: trusting(two.b) }],
      ['DELETE', `/v5/agencies/${agency_id}`],
      ['GET', `/v5/agencies/${agency_id}/attached-policies`],
    ]
    await seedGrant(house, await seedUser(house, 'SecurityB', two.b), 'secu_admin', { domain: two.b })
    const theirs = await face.token({ name: 'SecurityB', domain: two.b })
    for (const [method, path, body] of calls) {
      assert.equal((await face.call(method, path, body === undefined ? {} : { body })).status, 401, path)
      assert.equal((await as(other, method, path, body)).status, 403, path)
      if (path !== '/v5/agencies') assert.equal((await as(theirs, method, path, body)).status, 404, path)
    }
    const mine = await as(theirs, 'GET', '/v5/agencies')
    assert.deepEqual([mine.status, mine.body.agencies], [200, []])
  })

  it('200 pages of both kinds of agencies that come to an end, below a path', async () => {
    const made = { agency: { name: 'classic', domain_id: two.a, trust_domain_id: two.b } }
    assert.equal((await as(administrator, 'POST', '/v3.0/OS-AGENCY/agencies', made)).status, 201)
    for (const name of ['one', 'two', 'three'])
      await create(`paged-${name}`, trusting(two.b), { path: 'paged/' })
    const seen: string[] = []
    let marker = ''
    do {
      const query = `limit=2&path_prefix=paged/${marker && `&marker=${marker}`}`
      const { body } = await as(administrator, 'GET', `/v5/agencies?${query}`)
      assert.equal(body.page_info.current_count, body.agencies.length)
      seen.push(...body.agencies.map(({ agency_name: name }: { agency_name: string }) => name))
      marker = body.page_info.next_marker ?? ''
    } while (marker)
    assert.deepEqual(seen.sort(), ['paged-one', 'paged-three', 'paged-two'])
    const all = (await as(administrator, 'GET', '/v5/agencies')).body.agencies
    const classic = all.find(({ agency_name: name }: { agency_name: string }) => name === 'classic')
    assert.deepEqual([classic.trust_domain_id, classic.trust_domain_name], [two.b, 'IAMDomainB'])
    for (const bad of ['limit=0', 'limit=201', 'limit=x', 'marker=nobody']) {
      assert.equal((await as(administrator, 'GET', `/v5/agencies?${bad}`)).status, 400, bad)
    }
    // OS-AGENCY knows only those that trust an account, and none it could rewrite.
    const old = (await as(administrator, 'GET', '/v3.0/OS-AGENCY/agencies')).body.agencies
    assert.deepEqual(
      old.map(({ name }: { name: string }) => name),
      ['classic'],
    )
    const { agency_id } = all.find(({ trust_policy }: { trust_policy?: string }) => trust_policy)
    const path = `/v3.0/OS-AGENCY/agencies/${agency_id}`
    assert.equal((await as(administrator, 'GET', path)).status, 404)
    assert.equal((await as(administrator, 'PUT', path, { agency: { trust_domain_id: two.b } })).status, 404)
    assert.equal((await as(administrator, 'DELETE', path)).status, 404)
    assert.equal((await as(administrator, 'PUT', `/v5/agencies/${classic.agency_id}`, {})).status, 409)
    assert.equal((await assume(`iam::${two.a}:agency:classic`)).status, 200)
  })

  it('200 assumed by whom the policy names; the key is the agency’s and says so', async () => {
    const { urn, agency_id } = await create('assumed', trusting(two.b), { path: 'ci/' })
    const answer = await assume(urn, { source_identity: 'alice' })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.body.assumed_agency.urn, `sts::${two.a}:assumed-agency:ci/assumed/ci`)
    assert.equal(answer.body.source_identity, 'alice')
    const seconds = Date.parse(answer.body.credentials.expiration) - house.ctx.now() / 1e3
    assert.ok(seconds <= 3600_000 && seconds > 3500_000)
    const identity = await whoIs(keyOf(answer))
    assert.deepEqual(identity.body, {
      account_id: two.a,
      principal_urn: `sts::${two.a}:assumed-agency:assumed`,
      principal_id: agency_id,
    })
  })

  it('404 alike: not named, named by another path, of another account, or not there', async () => {
    const only = trust({ IAM: [`iam::${two.b}:user:IAMUserB`] })
    const { urn } = await create('only-one', only, { path: 'x/' })
    assert.equal((await assume(urn)).status, 200)
    const bodies = []
    for (const [wanted, token] of [
      [urn, await colleague('Colleague')],
      [`iam::${two.a}:agency:only-one`, operator],
      [`iam::${two.a}:agency:y/only-one`, operator],
      [`iam::${two.b}:agency:x/only-one`, operator],
      [`iam::${two.a}:agency:nothing`, operator],
    ] as const) {
      const answer = await assume(wanted, {}, token)
      assert.equal(answer.status, 404, wanted)
      bodies.push({ ...answer.body, request_id: '' })
    }
    for (const body of bodies) assert.deepEqual(body, bodies[0])
  })

  it('404 by the older ways: a trust agency is assumed by the v5 API alone', async () => {
    await create('v5-only')
    const assume_role = { domain_id: two.a, agency_name: 'v5-only' }
    const identity = { methods: ['assume_role'], assume_role }
    for (const path of ['/v3/auth/tokens', '/v3.0/OS-CREDENTIAL/securitytokens']) {
      assert.equal((await as(operator, 'POST', path, { auth: { identity } })).status, 404, path)
    }
  })

  it('conditions: an external id, a Deny that wins, a service that is nobody here', async () => {
    const bound = trust({ IAM: [two.b] }, { Condition: { StringEquals: { 'sts:ExternalId': 'ticket-7' } } })
    const { urn } = await create('bound', bound)
    assert.equal((await assume(urn)).status, 404)
    assert.equal((await assume(urn, { external_id: 'ticket-8' })).status, 404)
    const good = await assume(urn, { external_id: 'ticket-7' })
    assert.equal(good.status, 200)
    assert.equal((await whoIs(keyOf(good))).status, 200)
    const [allow] = JSON.parse(trusting(two.b)).Statement
    const deny = { ...allow, Effect: 'Deny', Principal: { IAM: [`iam::${two.b}:user:IAMUserB`] } }
    const denied = await create('denied', JSON.stringify({ Version: '5.0', Statement: [allow, deny] }))
    assert.equal((await assume(denied.urn)).status, 404)
    assert.equal((await assume(denied.urn, {}, await colleague('Allowed'))).status, 200)
    const service = await create('service', trust({ Service: ['service.ECS'] }))
    assert.equal((await assume(service.urn)).status, 404)
  })

  it('400 longer than the agency lets its sessions last', async () => {
    const { urn, agency_id } = await create('short')
    assert.equal((await assume(urn, { duration_seconds: 3601 })).status, 400)
    assert.equal(
      (await as(administrator, 'PUT', `/v5/agencies/${agency_id}`, { max_session_duration: 7200 })).status,
      200,
    )
    assert.equal((await assume(urn, { duration_seconds: 7200 })).status, 200)
    assert.equal(
      (await as(administrator, 'GET', `/v5/agencies/${agency_id}`)).body.agency.max_session_duration,
      7200,
    )
  })

  it('403 who may act as no agency at all, whatever the policy says; a policy of their own lets them', async () => {
    const { urn } = await create('two-sided')
    const id = await seedUser(house, 'Nobody', two.b)
    const token = await face.token({ name: 'Nobody', domain: two.b }, { unscoped: {} })
    assert.equal((await assume(urn, {}, token)).status, 403)
    const security = await face.token({ name: 'SecurityB', domain: two.b })
    const allowing = async (resource: string) => {
      const made = await as(security, 'POST', '/v5/policies', {
        policy_name: `assume-${resource.length}`,
        policy_document: JSON.stringify({
          Version: '5.0',
          Statement: [{ Effect: 'Allow', Action: ['sts:agencies:assume'], Resource: [resource] }],
        }),
      })
      assert.equal(made.status, 201, made.text)
      return `/v5/policies/${made.body.policy.policy_id}`
    }
    const elsewhere = await allowing(`iam::${two.a}:agency:another`)
    assert.equal((await as(security, 'POST', `${elsewhere}/attach-user`, { user_id: id })).status, 200)
    assert.equal((await assume(urn, {}, token)).status, 404, 'some agency, but not this one')
    const here = await allowing('iam::*:agency:two-sided')
    assert.equal((await as(security, 'POST', `${here}/attach-user`, { user_id: id })).status, 200)
    const good = await assume(urn, {}, token)
    assert.equal(good.status, 200, good.text)
    assert.equal((await whoIs(keyOf(good))).status, 200)
    assert.equal((await as(security, 'POST', `${here}/detach-user`, { user_id: id })).status, 200)
    assert.equal((await whoIs(keyOf(good))).status, 401, 'at once')
  })

  it('404 who signs in elsewhere under the name of a user that the policy names, as principal or in a condition', async () => {
    const named = `iam::${two.b}:user:namesake`
    const where = (StringEquals: object) => trust({ IAM: [two.b] }, { Condition: { StringEquals } })
    const policies = [
      trust({ IAM: [named] }),
      where({ 'g:UserName': 'namesake' }),
      where({ 'g:PrincipalUrn': named }),
    ]
    const token = await colleague('namesake')
    const urns: string[] = []
    for (const [index, policy] of policies.entries())
      urns.push((await create(`by-name-${index}`, policy)).urn)
    for (const urn of urns) assert.equal((await assume(urn, {}, token)).status, 200, urn)
    const foreign = { kind: 'federated' } as const
    await house.ctx.store.write((tx) =>
      tx.updateTable('user').set(foreign).where('name', '=', 'namesake').execute(),
    )
    for (const urn of urns) assert.equal((await assume(urn, {}, token)).status, 404, urn)
    const { status, body } = await as(token, 'GET', '/v5/caller-identity')
    assert.deepEqual([status, body.principal_urn], [200, `iam::${two.b}:user:${body.principal_id}`])
  })

  it('401 at once when the trust policy names somebody else, and when the agency is deleted', async () => {
    const { urn, agency_id } = await create('fleeting')
    const [first, second] = [keyOf(await assume(urn)), keyOf(await assume(urn))]
    const change = (trust_policy: string) =>
      as(administrator, 'PUT', `/v5/agencies/${agency_id}/trust-policy`, { trust_policy })
    assert.equal((await change(trusting('another-account'))).status, 200)
    assert.equal((await whoIs(first)).status, 401)
    assert.equal((await change(trusting(two.b))).status, 200)
    assert.equal((await whoIs(second)).status, 200)
    assert.equal((await as(administrator, 'DELETE', `/v5/agencies/${agency_id}`)).status, 204)
    assert.equal((await whoIs(second)).status, 401)
    assert.equal((await as(administrator, 'GET', `/v5/agencies/${agency_id}`)).status, 404)
  })

  it('what the agency is granted opens its account’s project, and nothing of the assumer’s', async () => {
    const { urn, agency_id } = await create('working')
    const { roles } = (await as(await house.admin(), 'GET', '/v3/roles?name=te_admin')).body
    const grant = `/v3.0/OS-AGENCY/projects/${two.projectA}/agencies/${agency_id}/roles/${roles[0].id}`
    assert.equal((await as(administrator, 'PUT', grant)).status, 204)
    const key = keyOf(await assume(urn))
    const at = (project: string) =>
      face.signed('GET', '/v5/caller-identity', key, { headers: { 'x-project-id': project } })
    assert.equal((await at(two.projectA)).status, 200)
    assert.equal((await at(two.projectB)).status, 401)
    const further = await face.signed('POST', '/v5/agencies/assume', key, {
      body: { agency_urn: urn, agency_session_name: 'again' },
    })
    assert.equal(further.status, 403, 'a chain of two agencies')
    assert.equal((await face.signed('GET', '/v5/agencies', key)).status, 403)
  })

  it('the picture of who may act for whom shows whom the policy names', async () => {
    await create('pictured', trust({ IAM: [`iam::${two.b}:user:IAMUserB`] }))
    const edge = (await delegations(house.ctx)).find(({ through }) => through.name === 'pictured')
    assert.deepEqual([edge?.trusted, edge?.agents], ['IAMDomainB', ['IAMUserB']])
  })
})
