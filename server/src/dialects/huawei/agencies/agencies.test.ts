import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createAccessKey } from '../../../flows/access-keys.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { seedGrant, seedUser } from '../../../testing/seed.ts'

describe('OS-AGENCY', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let token: string
  const path = '/v3.0/OS-AGENCY/agencies'
  const create = (agency: object) => face.call('POST', path, { token, body: { agency } })

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    token = await face.token({ name: 'IAMUserA', domain: two.a })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('201 durations are asked for in days and answered as text in hours', async () => {
    const asked: readonly [unknown, string][] = [
      ['FOREVER', 'FOREVER'],
      [null, 'FOREVER'],
      ['ONEDAY', '24'],
      [30, '720'],
      ['30', '720'],
    ]
    for (const [i, [duration, hours]] of asked.entries()) {
      const made = await create({
        name: `d${i}`,
        domain_id: two.a,
        trust_domain_name: 'IAMDomainB',
        duration,
      })
      assert.equal(made.status, 201, made.text)
      assert.equal(made.body.agency.duration, hours)
      assert.match(made.body.agency.create_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
      assert.equal(made.body.agency.expire_time === null, hours === 'FOREVER')
    }
    for (const duration of [0, -1, 1.5, 'soon', '1e3', 99_999]) {
      assert.equal(
        (await create({ name: 'x', domain_id: two.a, trust_domain_id: two.b, duration })).status,
        400,
      )
    }
  })

  it('trusts the named account before the one with the id', async () => {
    const made = await create({
      name: 'named',
      domain_id: two.a,
      trust_domain_id: two.a,
      trust_domain_name: 'IAMDomainB',
    })
    assert.equal(made.body.agency.trust_domain_id, two.b)
  })

  it('400 nobody to trust, 404 nobody there, 409 the name is taken', async () => {
    assert.equal((await create({ name: 'x', domain_id: two.a })).status, 400)
    assert.equal((await create({ name: 'x', domain_id: two.a, trust_domain_name: 'nowhere' })).status, 404)
    const agency = { name: 'twice', domain_id: two.a, trust_domain_id: two.b }
    assert.equal((await create(agency)).status, 201)
    assert.equal((await create(agency)).status, 409)
  })

  it('400 a name that breaks out of a page, a path or a line', async () => {
    const agency = { domain_id: two.a, trust_domain_id: two.b }
    for (const name of ['', ' x', 'a/b', '<b>', 'a\\b', 'two\nlines', 'a\u001b[2Jb', 'a\u009bb']) {
      assert.equal((await create({ ...agency, name })).status, 400, JSON.stringify(name))
    }
    assert.equal((await create({ ...agency, name: 'of 运维 team' })).status, 201)
  })

  it('shows, changes, lists page by page, and deletes', async () => {
    const made = await create({ name: 'whole', domain_id: two.a, trust_domain_id: two.b, description: 'd' })
    const one = `${path}/${made.body.agency.id}`
    const shown = await face.call('GET', one, { token })
    assert.deepEqual(Object.keys(shown.body.agency).sort(), [
      ...['create_time', 'description', 'domain_id', 'duration', 'expire_time', 'id', 'name'],
      ...['trust_domain_id', 'trust_domain_name'],
    ])
    const changed = await face.call('PUT', one, {
      token,
      body: { agency: { description: 'e', duration: 'ONEDAY' } },
    })
    assert.deepEqual(
      [changed.status, changed.body.agency.description, changed.body.agency.duration],
      [200, 'e', '24'],
    )
    let count = 0
    for (let page = 1; ; page++) {
      const { body } = await face.call('GET', `${path}?domain_id=${two.a}&page=${page}&per_page=2`, { token })
      if (body.agencies.length === 0) break
      count += body.agencies.length
    }
    const all = await face.call('GET', `${path}?domain_id=${two.a}`, { token })
    assert.equal(count, all.body.agencies.length)
    assert.equal((await face.call('DELETE', one, { token })).status, 204)
    assert.equal((await face.call('GET', one, { token })).status, 404)
  })

  it('204 grants on the account, a project and all projects are made, checked, listed and taken away', async () => {
    const made = await create({ name: 'granted', domain_id: two.a, trust_domain_id: two.b })
    const { body } = await face.call('GET', '/v3/roles?name=te_admin', { token })
    const [role] = body.roles
    const { id } = made.body.agency
    const places: readonly [string, string][] = [
      [`/v3.0/OS-AGENCY/domains/${two.a}/agencies/${id}/roles`, ''],
      [`/v3.0/OS-AGENCY/projects/${two.projectA}/agencies/${id}/roles`, ''],
      [`/v3.0/OS-INHERIT/domains/${two.a}/agencies/${id}/roles`, '/inherited_to_projects'],
    ]
    for (const [base, suffix] of places) {
      const one = `${base}/${role.id}${suffix}`
      assert.equal((await face.call('HEAD', one, { token })).status, 404)
      assert.equal((await face.call('PUT', one, { token })).status, 204)
      assert.equal((await face.call('HEAD', one, { token })).status, 204)
      const listed = await face.call('GET', `${base}${suffix}`, { token })
      assert.deepEqual(
        listed.body.roles.map(({ name }: { name: string }) => name),
        ['te_admin'],
      )
      assert.equal((await face.call('DELETE', one, { token })).status, 204)
      assert.equal((await face.call('DELETE', one, { token })).status, 404)
    }
    const foreign = `/v3.0/OS-AGENCY/projects/${two.projectB}/agencies/${id}/roles/${role.id}`
    assert.equal((await face.call('PUT', foreign, { token })).status, 404)
  })

  it('a custom policy lets its holder act as the agency it names and no other', async () => {
    const [first, second] = [
      await create({ name: 'first', domain_id: two.a, trust_domain_id: two.b }),
      await create({ name: 'second', domain_id: two.a, trust_domain_id: two.b }),
    ]
    const { body } = await face.call('GET', '/v3/roles?name=te_admin', { token })
    for (const made of [first, second]) {
      const place = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${made.body.agency.id}/roles/${body.roles[0].id}`
      assert.equal((await face.call('PUT', place, { token })).status, 204)
    }
    const securityB = await seedUser(house, 'SecurityB', two.b)
    await seedGrant(house, securityB, 'secu_admin', { domain: two.b })
    const adminB = await face.token({ name: 'SecurityB', domain: two.b })
    const user = await seedUser(house, 'Picky', two.b)
    await seedGrant(house, user, 'readonly', { domain: two.b })
    const Statement = [
      {
        Effect: 'Allow',
        Action: ['iam:agencies:assume'],
        Resource: { uri: [`/iam/agencies/${first.body.agency.id}`] },
      },
    ]
    const role = {
      display_name: 'assume first',
      type: 'AX',
      description: '',
      policy: { Version: '1.1', Statement },
    }
    const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: adminB, body: { role } })
    assert.equal(made.status, 201, made.text)
    const grant = `/v3/domains/${two.b}/users/${user}/roles/${made.body.role.id}`
    assert.equal((await face.call('PUT', grant, { token: adminB })).status, 204)
    const operator = await face.token({ name: 'Picky', domain: two.b })
    const assume = (agency_name: string) =>
      face.call('POST', '/v3/auth/tokens', {
        token: operator,
        body: {
          auth: { identity: { methods: ['assume_role'], assume_role: { domain_id: two.a, agency_name } } },
        },
      })
    const good = await assume('first')
    assert.equal(good.status, 201, good.text)
    assert.equal((await assume('second')).status, 404)
    const subject = good.headers['x-subject-token'] ?? ''
    const check = () =>
      face.call('GET', '/v3/auth/tokens', { token: subject, headers: { 'x-subject-token': subject } })
    assert.equal((await check()).status, 200)
    const gone = await face.call('DELETE', `/v3.0/OS-ROLE/roles/${made.body.role.id}`, { token: adminB })
    assert.equal(gone.status, 200)
    assert.equal((await check()).status, 401)
    assert.equal((await assume('first')).status, 403)
  })

  it('404 an explicit Deny counts against Agent Operator too, for the agency that it names', async () => {
    const { body } = await face.call('GET', '/v3/roles?name=readonly', { token })
    const ids: string[] = []
    for (const name of ['denied', 'open']) {
      const made = await create({ name, domain_id: two.a, trust_domain_id: two.b })
      ids.push(made.body.agency.id)
      const place = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${made.body.agency.id}/roles/${body.roles[0].id}`
      assert.equal((await face.call('PUT', place, { token })).status, 204)
    }
    const agent = await seedUser(house, 'Bounded', two.b)
    await seedGrant(house, agent, 'te_agency', { domain: two.b })
    const keeper = await seedUser(house, 'Keeper', two.b)
    await seedGrant(house, keeper, 'secu_admin', { domain: two.b })
    const administrator = await face.token({ name: 'Keeper', domain: two.b })
    const Resource = { uri: [`/iam/agencies/${ids[0]}`] }
    const Statement = [{ Effect: 'Deny', Action: ['iam:agencies:assume'], Resource }]
    const role = { display_name: 'not that one', type: 'AX', policy: { Version: '1.1', Statement } }
    const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: administrator, body: { role } })
    const grant = `/v3/domains/${two.b}/users/${agent}/roles/${made.body.role.id}`
    assert.equal((await face.call('PUT', grant, { token: administrator })).status, 204)
    const operator = await face.token({ name: 'Bounded', domain: two.b })
    const assume = async (agency_name: string) => {
      const identity = { methods: ['assume_role'], assume_role: { domain_id: two.a, agency_name } }
      return (await face.call('POST', '/v3/auth/tokens', { token: operator, body: { auth: { identity } } }))
        .status
    }
    assert.deepEqual([await assume('denied'), await assume('open')], [404, 201])
  })

  it('optional guards: external id, source identity, depth and age of the chain', async () => {
    const { body } = await face.call('GET', '/v3/roles?name=te_admin', { token })
    const guarded = async (name: string, guards: object) => {
      const made = await create({ name, domain_id: two.a, trust_domain_id: two.b, ...guards })
      assert.equal(made.status, 201, made.text)
      const place = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${made.body.agency.id}/roles/${body.roles[0].id}`
      await face.call('PUT', place, { token })
    }
    let operator = await face.token({ name: 'IAMUserB', domain: two.b })
    const bodyFor = (agency_name: string, more: object = {}) => {
      const assume_role = { domain_id: two.a, agency_name, ...more }
      return { auth: { identity: { methods: ['assume_role'], assume_role } } }
    }
    const assume = async (agency_name: string, more: object = {}) => {
      const body = bodyFor(agency_name, more)
      return (await face.call('POST', '/v3/auth/tokens', { token: operator, body })).status
    }
    await guarded('external', { external_id: 'e-1' })
    assert.deepEqual([await assume('external'), await assume('external', { external_id: 'e-1' })], [404, 201])
    await guarded('source', { require_source_identity: true })
    assert.deepEqual([await assume('source'), await assume('source', { source_identity: 'eve' })], [404, 201])
    await guarded('aged', { max_chain_age: 60 })
    assert.equal(await assume('aged'), 201)
    house.advance(61)
    assert.equal(await assume('aged'), 404)
    // A fresh token of an old one is as old as nobody knows.
    const identity = { methods: ['token'], token: { id: operator } }
    const scope = { domain: { id: two.b } }
    const rescoped = await face.call('POST', '/v3/auth/tokens', { body: { auth: { identity, scope } } })
    operator = rescoped.headers['x-subject-token'] ?? ''
    assert.deepEqual([await assume('aged'), await assume('external', { external_id: 'e-1' })], [404, 201])
    await guarded('near', { max_chain_depth: 1 })
    await guarded('far', { max_chain_depth: 2 })
    const by = { session: null, action: 'test', requestId: '' }
    const key = await createAccessKey(house.ctx, by, { userId: two.userB, description: '', limit: 2 })
    const byKey = async (name: string) =>
      (await face.signed('POST', '/v3/auth/tokens', key, { body: bodyFor(name) })).status
    assert.deepEqual([await assume('near'), await byKey('near'), await byKey('far')], [201, 404, 201])
  })

  it('POST /v5/agencies/assume gives keys of the agency, and refuses in v5’s form', async () => {
    const { body } = await face.call('GET', '/v3/roles?name=te_admin', { token })
    const made = await create({ name: 'five', domain_id: two.a, trust_domain_id: two.b })
    const place = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${made.body.agency.id}/roles/${body.roles[0].id}`
    await face.call('PUT', place, { token })
    const operator = await face.token({ name: 'IAMUserB', domain: two.b })
    const assume = (agency_urn: string) =>
      face.call('POST', '/v5/agencies/assume', {
        token: operator,
        body: { agency_urn, agency_session_name: 'session', duration_seconds: 900 },
      })
    const answer = await assume(`iam::${two.a}:agency:five`)
    assert.equal(answer.status, 200, answer.text)
    const { credentials, assumed_agency } = answer.body
    assert.equal(assumed_agency.id, `${made.body.agency.id}:session`)
    const key = {
      access: credentials.access_key_id,
      secret: credentials.secret_access_key,
      securityToken: credentials.security_token,
    }
    const who = await face.signed('GET', '/v5/caller-identity', key)
    assert.equal(who.body.principal_id, made.body.agency.id)
    const refused = await assume(`iam::${two.a}:agency:none`)
    assert.equal(refused.status, 404)
    assert.deepEqual(Object.keys(refused.body), ['error_code', 'error_msg', 'request_id'])
  })
})
