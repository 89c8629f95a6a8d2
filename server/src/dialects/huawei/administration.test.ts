import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ensureImplied } from '../../store/bootstrap.ts'
import { type Answer, type House, openHouse } from '../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../testing/huawei.ts'
import { PASSWORD, seedGrant, seedUser } from '../../testing/seed.ts'

/** What an account's Security Administrator may, by every route, and what nobody but the cloud may. */
describe('Security Administrators', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string
  let cloud: string
  const roleIds: Record<string, string> = {}

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    cloud = await house.admin()
    const { body } = await house.call('GET', '/v3/roles', { token: cloud })
    for (const { id, name } of body.roles) roleIds[name] = id
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  /** The same request on both faces has to end alike. */
  const onBoth = async (method: string, path: string, body?: unknown): Promise<number> => {
    const options = { token: administrator, ...(body === undefined ? {} : { body }) }
    const answers = [await face.call(method, path, options), await house.call(method, path, options)]
    assert.equal(
      answers[0]?.status,
      answers[1]?.status,
      `${method} ${path}: ${answers[0]?.text} ${answers[1]?.text}`,
    )
    return answers[0]?.status ?? 0
  }

  it('manage users, groups and grants of their account on every face', async () => {
    const user = { name: 'new', domain_id: two.a, password: PASSWORD }
    const made = await house.call('POST', '/v3/users', { token: administrator, body: { user } })
    assert.equal(made.status, 201, made.text)
    const { id } = made.body.user
    const group = await face.call('POST', '/v3/groups', {
      token: administrator,
      body: { group: { name: 'g', domain_id: two.a } },
    })
    assert.equal(group.status, 201, group.text)
    assert.equal(await onBoth('PUT', `/v3/groups/${group.body.group.id}/users/${id}`), 204)
    assert.equal(
      await onBoth('PUT', `/v3/projects/${two.projectA}/users/${id}/roles/${roleIds['te_admin']}`),
      204,
    )
    const inherited = `/v3/OS-INHERIT/domains/${two.a}/groups/${group.body.group.id}/roles/${roleIds['readonly']}`
    assert.equal(await onBoth('PUT', `${inherited}/inherited_to_projects`), 204)
    const listed = await face.call('GET', '/v3/users', { token: administrator })
    assert.ok(listed.body.users.every(({ domain_id }: { domain_id: string }) => domain_id === two.a))
    assert.equal(await onBoth('PATCH', `/v3/users/${id}`, { user: { description: 'x' } }), 200)
  })

  it('check and revoke tokens of their account and its agencies, and no others', async () => {
    const ask = async (method: string, subject: string, token = administrator) => {
      const options = { token, headers: { 'x-subject-token': subject } }
      const answers = [
        await face.call(method, '/v3/auth/tokens', options),
        await house.call(method, '/v3/auth/tokens', options),
      ]
      return answers.map(({ status }) => status)
    }
    const id = await seedUser(house, 'Subject', two.a)
    await seedGrant(house, id, 'readonly', { domain: two.a })
    const own = await face.token({ name: 'Subject', domain: two.a })
    assert.deepEqual(await ask('GET', own), [200, 200])
    assert.deepEqual(await ask('HEAD', own), [200, 200])
    const made = await face.call('POST', '/v3.0/OS-AGENCY/agencies', {
      token: administrator,
      body: { agency: { name: 'watched', domain_id: two.a, trust_domain_id: two.b } },
    })
    const grant = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${made.body.agency.id}/roles/${roleIds['readonly']}`
    assert.equal((await face.call('PUT', grant, { token: administrator })).status, 204)
    const operator = await face.token({ name: 'IAMUserB', domain: two.b })
    const assume_role = { domain_id: two.a, agency_name: 'watched' }
    const identity = { methods: ['assume_role'], assume_role }
    const assumed = await face.call('POST', '/v3/auth/tokens', {
      token: operator,
      body: { auth: { identity } },
    })
    const ofAgency = assumed.headers['x-subject-token'] ?? ''
    assert.deepEqual(await ask('GET', ofAgency), [200, 200])
    for (const method of ['GET', 'DELETE']) {
      assert.deepEqual(await ask(method, operator), [403, 403], method)
      assert.deepEqual(await ask(method, cloud), [403, 403], method)
      assert.deepEqual(await ask(method, ofAgency, operator), [403, 403], method)
      assert.deepEqual(await ask(method, administrator, ofAgency), [403, 403], method)
      assert.deepEqual(await ask(method, administrator, own), [403, 403], method)
    }
    const inside = await seedUser(house, 'Inside', two.a)
    await seedGrant(house, inside, 'admin', { domain: two.a })
    const clouds = await face.token({ name: 'Inside', domain: two.a })
    assert.deepEqual(await ask('DELETE', clouds), [403, 403])
    assert.deepEqual(await ask('DELETE', own), [204, 404])
    assert.deepEqual(await ask('GET', own, cloud), [404, 404])
    assert.deepEqual(await ask('DELETE', ofAgency), [204, 404])
    assert.deepEqual(await ask('GET', ofAgency), [404, 404])
  })

  it('403 anything of another account', async () => {
    const user = { name: 'new', domain_id: two.b }
    assert.equal(await onBoth('POST', '/v3/users', { user }), 403)
    assert.equal(await onBoth('PATCH', `/v3/users/${two.userB}`, { user: { enabled: false } }), 403)
    assert.equal(await onBoth('DELETE', `/v3/users/${two.userB}`), 403)
    const grants = [
      `/v3/projects/${two.projectB}/users/${two.adminA}/roles/${roleIds['te_admin']}`,
      `/v3/projects/${two.projectA}/users/${two.userB}/roles/${roleIds['te_admin']}`,
      `/v3/domains/${two.b}/users/${two.adminA}/roles/${roleIds['te_admin']}`,
    ]
    for (const path of grants) assert.equal(await onBoth('PUT', path), 403, path)
    const agencies = await face.call('GET', `/v3.0/OS-AGENCY/agencies?domain_id=${two.b}`, {
      token: administrator,
    })
    assert.equal(agencies.status, 403)
    const body = { agency: { name: 'x', domain_id: two.b, trust_domain_id: two.a } }
    assert.equal(
      (await face.call('POST', '/v3.0/OS-AGENCY/agencies', { token: administrator, body })).status,
      403,
    )
  })

  it('403 the cloud’s own roles, what implies them, and the system, by any route', async () => {
    const boss = await house.call('POST', '/v3/roles', { token: cloud, body: { role: { name: 'boss' } } })
    // Keystone lets nobody make a role imply admin; a database from elsewhere may hold one.
    await house.ctx.store.write((tx) => ensureImplied(tx, boss.body.role.id, roleIds['admin'] ?? ''))
    const agency = await face.call('POST', '/v3.0/OS-AGENCY/agencies', {
      token: administrator,
      body: { agency: { name: 'lend', domain_id: two.a, trust_domain_id: two.b } },
    })
    for (const role of [roleIds['admin'], roleIds['service'], boss.body.role.id]) {
      for (const place of [
        `/v3/projects/${two.projectA}/users/${two.adminA}`,
        `/v3/domains/${two.a}/users/${two.adminA}`,
        `/v3/system/users/${two.adminA}`,
      ]) {
        assert.equal(await onBoth('PUT', `${place}/roles/${role}`), 403, place)
      }
      const inherited = `/v3/OS-INHERIT/domains/${two.a}/users/${two.adminA}/roles/${role}/inherited_to_projects`
      assert.equal(await onBoth('PUT', inherited), 403)
      for (const token of [administrator, cloud]) {
        const path = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${agency.body.agency.id}/roles/${role}`
        assert.equal((await face.call('PUT', path, { token })).status, 403)
      }
    }
  })

  it('403 who holds one of them, and groups that do', async () => {
    const inside = await seedUser(house, 'cloud-person', two.a)
    await seedGrant(house, inside, 'admin', { project: two.projectA })
    assert.equal(await onBoth('PATCH', `/v3/users/${inside}`, { user: { password: 'a new password' } }), 403)
    assert.equal(await onBoth('DELETE', `/v3/users/${inside}`), 403)
    const key = { credential: { user_id: inside } }
    const path = '/v3.0/OS-CREDENTIAL/credentials'
    assert.equal((await face.call('POST', path, { token: administrator, body: key })).status, 403)
    const put = await face.call('PUT', `/v3.0/OS-USER/users/${inside}`, {
      token: administrator,
      body: { user: { password: 'a new password' } },
    })
    assert.equal(put.status, 403)
  })

  it('403 an agency that holds the role manages nothing, and its keys make none that last', async () => {
    const operator = await face.token({ name: 'IAMUserB', domain: two.b })
    const made = await face.call('POST', '/v3.0/OS-AGENCY/agencies', {
      token: administrator,
      body: { agency: { name: 'security', domain_id: two.a, trust_domain_id: two.b } },
    })
    const grant = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${made.body.agency.id}/roles/${roleIds['secu_admin']}`
    assert.equal((await face.call('PUT', grant, { token: administrator })).status, 204)
    const assumed = await face.call('POST', '/v3/auth/tokens', {
      token: operator,
      body: {
        auth: {
          identity: { methods: ['assume_role'], assume_role: { domain_id: two.a, agency_name: 'security' } },
        },
      },
    })
    const token = assumed.headers['x-subject-token'] ?? ''
    const requests: readonly [string, string, object][] = [
      ['POST', '/v3/users', { user: { name: 'left-behind', domain_id: two.a } }],
      ['POST', '/v3.0/OS-USER/users', { user: { name: 'left-behind', domain_id: two.a } }],
      ['POST', '/v3.0/OS-CREDENTIAL/credentials', { credential: { user_id: two.adminA } }],
      [
        'POST',
        '/v3.0/OS-AGENCY/agencies',
        { agency: { name: 'y', domain_id: two.a, trust_domain_id: two.b } },
      ],
      [
        'POST',
        `/v3/users/${made.body.agency.id}/application_credentials`,
        { application_credential: { name: 'z' } },
      ],
      ['POST', `/v3/users/${made.body.agency.id}/credentials/OS-EC2`, { tenant_id: two.projectA }],
    ]
    for (const [method, path, body] of requests) {
      const answer = await face.call(method, path, { token, body })
      assert.ok([400, 403, 404].includes(answer.status), `${path}: ${answer.status}`)
    }
    const minted = await face.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', {
      token,
      body: { auth: { identity: { methods: ['token'], token: { duration_seconds: 86_400 } } } },
    })
    assert.equal(minted.status, 201)
    assert.ok(Date.parse(minted.body.credential.expires_at) <= Date.parse(assumed.body.token.expires_at))
  })

  it('are listed with the names people know, a page at a time that ends', async () => {
    const list = async (query: string) =>
      (await face.call('GET', `/v3/roles?${query}`, { token: administrator })).body.roles
    const [agent] = await list('display_name=Agent%20Operator')
    assert.deepEqual([agent.name, agent.type], ['te_agency', 'AX'])
    const seen: string[] = []
    for (let page = 1; ; page++) {
      const roles = await list(`page=${page}&per_page=3`)
      if (roles.length === 0) break
      assert.ok(page < 20)
      seen.push(...roles.map(({ id }: { id: string }) => id))
    }
    assert.equal(new Set(seen).size, seen.length)
    const projects = await face.call('GET', '/v3/projects?page=2&per_page=5000', { token: administrator })
    assert.deepEqual(projects.body.projects, [])
  })

  it('403 who administers nothing, in their own account as in another’s, by every route', async () => {
    const made = async (path: string, body: object): Promise<Answer['body']> => {
      const answer = await face.call('POST', path, { token: administrator, body })
      assert.ok([200, 201].includes(answer.status), `${path}: ${answer.text}`)
      return answer.body
    }
    const policy_document = JSON.stringify({
      Version: '5.0',
      Statement: [{ Effect: 'Allow', Action: ['ecs:servers:list'] }],
    })
    const newPolicy = { policy_name: 'kept', policy_document }
    const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['ecs:servers:list'] }] }
    const newRole = { role: { display_name: 'plain', type: 'AX', description: '', policy } }
    const { role } = await made('/v3.0/OS-ROLE/roles', newRole)
    const { group } = await made('/v5/groups', { group_name: 'plain' })
    const { policy: kept } = await made('/v5/policies', newPolicy)
    const { user } = await made('/v5/users', { name: 'somebody' })
    const project = { project: { status: 'suspended' } }
    const requests: readonly (readonly [string, string, object?])[] = [
      ['POST', '/v3.0/OS-ROLE/roles', { role: { ...newRole.role, display_name: 'other' } }],
      ['PATCH', `/v3.0/OS-ROLE/roles/${role.id}`, newRole],
      ['DELETE', `/v3.0/OS-ROLE/roles/${role.id}`],
      ['GET', '/v3.0/OS-USER/login-protects'],
      ['PUT', `/v3-ext/projects/${two.projectA}`, project],
      ['POST', '/v5/groups', { group_name: 'other' }],
      ['GET', `/v5/groups/${group.group_id}`],
      ['DELETE', `/v5/groups/${group.group_id}`],
      ['POST', `/v5/groups/${group.group_id}/add-user`, { user_id: user.user_id }],
      ['GET', '/v5/policies'],
      ['POST', '/v5/policies', { ...newPolicy, policy_name: 'other' }],
      ['DELETE', `/v5/policies/${kept.policy_id}`],
      ['POST', '/v5/users', { name: 'other' }],
      ['GET', `/v5/users/${user.user_id}`],
      ['DELETE', `/v5/users/${user.user_id}`],
    ]
    const id = await seedUser(house, 'Plain', two.a)
    await seedGrant(house, id, 'readonly', { domain: two.a })
    const token = await face.token({ name: 'Plain', domain: two.a })
    for (const [method, path, body] of requests) {
      const answer = await face.call(method, path, { token, ...(body && { body }) })
      assert.equal(answer.status, 403, `${method} ${path}: ${answer.text}`)
    }
    for (const path of ['/v3/roles', '/v3/projects']) {
      const answer = await face.call('GET', `${path}?domain_id=${two.b}`, { token: administrator })
      assert.equal(answer.status, 403, `${path}: ${answer.text}`)
    }
    for (const path of [`/v3.0/OS-ROLE/roles/${role.id}`, `/v5/groups/${group.group_id}`])
      assert.equal((await face.call('GET', path, { token: administrator })).status, 200, path)
  })

  it('404 another account’s policy or role, to look at or to give to an agency', async () => {
    const other = await face.token({ name: 'IAMUserB', domain: two.b })
    await seedGrant(house, two.userB, 'secu_admin', { domain: two.b })
    const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['ecs:servers:list'] }] }
    const body = { role: { display_name: 'theirs', type: 'AX', description: '', policy } }
    const made = await face.call('POST', '/v3.0/OS-ROLE/roles', { token: other, body })
    assert.equal(made.status, 201, made.text)
    const role = { name: 'theirs too', domain_id: two.b }
    const own = await house.call('POST', '/v3/roles', { token: cloud, body: { role } })
    assert.equal(own.status, 201, own.text)
    const agency = { name: 'lender', domain_id: two.a, trust_domain_id: two.b }
    const { agency: lender } = (
      await face.call('POST', '/v3.0/OS-AGENCY/agencies', { token: administrator, body: { agency } })
    ).body
    const classic = `/v3.0/OS-ROLE/roles/${made.body.role.id}`
    assert.equal((await face.call('GET', classic, { token: administrator })).status, 404)
    for (const { id } of [made.body.role, own.body.role]) {
      assert.equal((await face.call('GET', `/v3/roles/${id}`, { token: administrator })).status, 404)
      assert.equal((await face.call('GET', `/v3/roles/${id}`, { token: other })).status, 200)
      const grant = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${lender.id}/roles/${id}`
      assert.equal((await face.call('PUT', grant, { token: administrator })).status, 404)
    }
  })
})
