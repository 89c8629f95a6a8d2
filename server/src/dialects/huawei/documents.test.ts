/**
 * Huawei Cloud IAM, "Obtaining an agency token" (updated 2024-04-19), and RDS, "Token authentication": every published
 * request replayed and every published answer compared as parsed JSON; each row of the status table provoked.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type Answer, type House, openHouse } from '../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../testing/huawei.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../testing/seed.ts'
import agencyToken from './vectors/document-002.json' with { type: 'json' }
import tokenAuthentication from './vectors/document-004.json' with { type: 'json' }

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
/** Members whose texts are ids, times, URLs and names: theirs are not ours. */
const OF_THEIR_OWN = ['id', 'name', 'url', 'xdomain_id', 'xdomain_type']

/** A document's JSON with what nobody could repeat masked, and of each list one element of each shape. */
function masked(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    if (TIME.test(value)) return '<time>'
    if (key === 'name' && value === 'iam') return value
    return OF_THEIR_OWN.includes(key) && value !== '0' && value !== '' ? '<text>' : value
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => masked(item, key))
    const shapes = new Map(items.map((item) => [inspect(item, { sorted: true, depth: null }), item]))
    return [...shapes.values()]
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, name)]))
}

describe('document 002, an agency token', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let operator: string

  const admin = async (method: string, path: string, body?: object) => {
    const token = await house.admin()
    const answer = await house.call(method, path, { token, ...(body === undefined ? {} : { body }) })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`)
    return answer.body
  }
  const ask = (
    body: unknown,
    options: { token?: string; query?: string; face?: HuaweiFace } = {},
  ): Promise<Answer> =>
    (options.face ?? face).call('POST', `/v3/auth/tokens${options.query ?? ''}`, {
      token: options.token ?? operator,
      headers: { 'content-type': 'application/json;charset=utf8' },
      body,
    })

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    operator = await face.token({ name: 'IAMUserB', domain: two.b })
    const token = await face.token({ name: 'IAMUserA', domain: two.a })
    const made = await face.call('POST', '/v3.0/OS-AGENCY/agencies', {
      token,
      body: { agency: { name: 'IAMAgency', domain_id: two.a, trust_domain_name: 'IAMDomainB' } },
    })
    for (const name of ['op_gated_eip_ipv6', 'op_gated_rds_mcs']) {
      const { role } = await admin('POST', '/v3/roles', { role: { name } })
      for (const place of [`domains/${two.a}`, `projects/${two.projectA}`]) {
        const path = `/v3.0/OS-AGENCY/${place}/agencies/${made.body.agency.id}/roles/${role.id}`
        assert.equal((await face.call('PUT', path, { token })).status, 204)
      }
    }
    for (const { id } of (await admin('GET', '/v3/services')).services) {
      await admin('DELETE', `/v3/services/${id}`)
    }
    const { service } = await admin('POST', '/v3/services', { service: { name: 'iam', type: 'iam' } })
    await admin('POST', '/v3/endpoints', {
      endpoint: { service_id: service.id, interface: 'public', url: 'https://iam.test/v3.0' },
    })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('201 example 1, the whole account: the published answer, member for member', async () => {
    const answer = await ask(agencyToken.requests.account)
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(masked(answer.body), masked(agencyToken.answers.account))
    const { expires_at, issued_at, roles } = answer.body.token
    assert.ok(Date.parse(expires_at) - Date.parse(issued_at) <= 86_400_000)
    assert.deepEqual(roles.map(({ name }: { name: string }) => name).sort(), [
      ...['op_gated_eip_ipv6', 'op_gated_rds_mcs'],
    ])
    assert.ok(answer.headers['x-subject-token'])
  })

  it('201 example 2, a project without the catalog: the published answer, member for member', async () => {
    const answer = await ask(agencyToken.requests.project, { query: '?nocatalog=true' })
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(masked(answer.body), masked(agencyToken.answers.project))
    assert.deepEqual(answer.body.token.user.name, 'IAMDomainA/IAMAgency')
  })

  it('201 twice: a new token makes no earlier one void', async () => {
    const [first, second] = [await ask(agencyToken.requests.account), await ask(agencyToken.requests.account)]
    const subject = first.headers['x-subject-token'] ?? ''
    assert.equal(second.status, 201)
    const shown = await face.call('GET', '/v3/auth/tokens', {
      token: subject,
      headers: { 'x-subject-token': subject },
    })
    assert.equal(shown.status, 200)
  })

  it('400 parameters that are invalid', async () => {
    const { auth } = agencyToken.requests.account
    const answer = await ask({ auth: { ...auth, identity: { methods: ['assume_role'] } } })
    assert.deepEqual([answer.status, answer.body], [400, agencyToken.refusals['400']])
  })

  it('401 authentication failed', async () => {
    const answer = await ask(agencyToken.requests.account, { token: 'MIIatAYJKoZIhvcNAQcCoIIapTCC' })
    assert.deepEqual([answer.status, answer.body], [401, agencyToken.refusals['401']])
  })

  it('403 a user without Agent Operator', async () => {
    const plain = await seedUser(house, 'Plain', two.b)
    await seedGrant(house, plain, 'te_admin', { domain: two.b })
    const token = await face.token({ name: 'Plain', domain: two.b })
    const answer = await ask(agencyToken.requests.account, { token })
    assert.deepEqual([answer.status, answer.body], [403, agencyToken.refusals['403']])
  })

  it('404 a resource that is not there', async () => {
    const { auth } = agencyToken.requests.account
    const assume_role = { ...auth.identity.assume_role, agency_name: 'other' }
    const answer = await ask({ auth: { ...auth, identity: { ...auth.identity, assume_role } } })
    const message = 'The requested resource could not be found.'
    assert.deepEqual(
      [answer.status, answer.body],
      [404, { error: { code: 404, message, title: 'Not Found' } }],
    )
  })
})

describe('document 004, a token by password', () => {
  it('201 the published answer, member for member', async () => {
    const house = await openHouse({ huaweiXdomainType: 'xdomaintype' })
    const face = openHuawei(house)
    const { b, userB } = await seedTwoAccounts(house)
    const project = await seedProject(house, 'regioncode', b)
    for (const role of ['rolesname1', 'rolesname2']) await seedGrant(house, userB, role, { project })
    const { auth } = tokenAuthentication.requests.project
    const user = { name: 'IAMUserB', password: PASSWORD, domain: { name: 'IAMDomainB' } }
    const answer = await face.call('POST', '/v3/auth/tokens?nocatalog=true', {
      headers: { 'content-type': 'application/json' },
      body: { auth: { ...auth, identity: { ...auth.identity, password: { user } } } },
    })
    assert.equal(answer.status, 201, answer.text)
    const { roles } = answer.body.token
    assert.deepEqual(roles.map(({ name }: { name: string }) => name).sort(), ['rolesname1', 'rolesname2'])
    // Their example gives roles ids of their own, where IAM's documents say that they are all 0.
    for (const role of roles) {
      assert.equal(role.id, '0')
      role.id = 'roleid'
    }
    assert.deepEqual(masked(answer.body), masked(tokenAuthentication.answers.project))
    await face.close()
    await house.close()
  })
})
