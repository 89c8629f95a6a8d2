import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('what a caller may do next', () => {
  let house: House
  let admin: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
  })
  after(() => house.close())

  const get = (path: string, token: string) => house.call('GET', path, { token })
  const projectsOf = async (token: string, path = '/v3/auth/projects'): Promise<string[]> => {
    const answer = await get(path, token)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.projects.map((p: { id: string }) => p.id).sort()
  }
  const domainsOf = async (token: string, path = '/v3/auth/domains'): Promise<string[]> => {
    const answer = await get(path, token)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.domains.map((d: { id: string }) => d.id).sort()
  }
  const systemOf = async (token: string): Promise<unknown> =>
    (await get('/v3/auth/system', token)).body.system

  it('200 lists projects of one’s own, of one’s groups, and inherited ones', async () => {
    const user = await seedUser(house, 'lister')
    const direct = await seedProject(house, 'direct')
    const grouped = await seedProject(house, 'grouped')
    const domain = await seedDomain(house, 'inherits')
    const inherited = await seedProject(house, 'inherited', domain)
    await seedProject(house, 'nobody’s')
    await seedGrant(house, user, 'member', { project: direct })
    const roles = (await get('/v3/roles?name=reader', admin)).body.roles
    await house.ctx.store.write(async (tx) => {
      const group = { id: 'group-1', domain_id: 'default', name: 'g', description: '', extra: '{}' }
      await tx.insertInto('group').values(group).execute()
      await tx.insertInto('membership').values({ user_id: user, group_id: 'group-1' }).execute()
      const grant = { actor_kind: 'group', actor_id: 'group-1', role_id: roles[0].id } as const
      await tx
        .insertInto('assignment')
        .values([
          { ...grant, target_kind: 'project', target_id: grouped, inherited: 0 },
          { ...grant, target_kind: 'domain', target_id: domain, inherited: 1 },
        ])
        .execute()
    })
    const token = await house.login(user, PASSWORD)
    const all = [direct, grouped, inherited].sort()
    assert.deepEqual(await projectsOf(token), all)
    assert.deepEqual(await projectsOf(token, '/v3/OS-FEDERATION/projects'), all)
    assert.deepEqual(await domainsOf(token), [])
    const answer = await get('/v3/auth/projects', token)
    const shown = answer.body.projects.find((p: { id: string }) => p.id === direct)
    assert.deepEqual(shown.links, { self: `http://tokenhouse.test:5000/v3/projects/${direct}` })
    assert.deepEqual(answer.body.links, {
      next: null,
      self: 'http://tokenhouse.test:5000/v3/auth/projects',
      previous: null,
    })
    // Whatever is listed can be asked a token for, and the other way round.
    for (const id of all) await house.login(user, PASSWORD, { project: { id } })
  })

  it('200 lists domains and the system, whatever the scope of the token', async () => {
    const user = await seedUser(house, 'director')
    const domain = await seedDomain(house, 'directed')
    await seedGrant(house, user, 'reader', { domain })
    const token = await house.login(user, PASSWORD, { domain: { id: domain } })
    assert.deepEqual(await domainsOf(token), [domain])
    assert.deepEqual(await domainsOf(token, '/v3/OS-FEDERATION/domains'), [domain])
    assert.deepEqual(await projectsOf(token), [])
    assert.deepEqual(await systemOf(token), [])
    await seedGrant(house, user, 'reader', 'system')
    const answer = await get('/v3/auth/system', token)
    assert.deepEqual(answer.body, {
      system: [{ all: true }],
      links: { self: 'http://tokenhouse.test:5000/v3/auth/system' },
    })
    const system = await house.login(user, PASSWORD, { system: { all: true } })
    assert.deepEqual(await domainsOf(system), [domain])
  })

  it('200 leaves out a project whose only role never reaches a token', async () => {
    const user = await seedUser(house, 'grouped away')
    const domain = await seedDomain(house, 'own roles')
    const project = await seedProject(house, 'role of a domain', domain)
    const body = { role: { name: 'local', domain_id: domain } }
    const made = await house.call('POST', '/v3/roles', { token: admin, body })
    const role = made.body.role.id
    const grant = `/v3/projects/${project}/users/${user}/roles/${role}`
    assert.equal((await house.call('PUT', grant, { token: admin })).status, 204)
    const token = await house.login(user, PASSWORD)
    assert.deepEqual(await projectsOf(token), [])
    const reader = (await get('/v3/roles?name=reader', admin)).body.roles[0].id
    await house.call('PUT', `/v3/roles/${role}/implies/${reader}`, { token: admin })
    assert.deepEqual(await projectsOf(token), [project])
  })

  it('200 shows the catalog of a project; 403 to any other scope', async () => {
    const answer = await get('/v3/auth/catalog', admin)
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body.links, { self: 'http://tokenhouse.test:5000/v3/auth/catalog' })
    const [identity] = answer.body.catalog
    assert.deepEqual([identity.type, identity.name, identity.endpoints.length], ['identity', 'keystone', 3])
    const subject = { token: admin, headers: { 'x-subject-token': admin } }
    const own = await house.call('GET', '/v3/auth/tokens', subject)
    assert.deepEqual(answer.body.catalog, own.body.token.catalog)
    const user = await seedUser(house, 'unscoped')
    await seedGrant(house, user, 'reader', 'system')
    for (const scope of [undefined, { system: { all: true } }]) {
      const refused = await get('/v3/auth/catalog', await house.login(user, PASSWORD, scope))
      assert.equal(refused.status, 403)
      assert.equal(refused.body.error.message, 'You are not authorized to perform the requested action.')
    }
  })

  it('200 answers HEAD; 401 without a token', async () => {
    for (const path of [
      '/v3/auth/projects',
      '/v3/auth/domains',
      '/v3/auth/system',
      '/v3/auth/catalog',
      '/v3/OS-FEDERATION/projects',
      '/v3/OS-FEDERATION/domains',
    ]) {
      assert.equal((await house.call('HEAD', path, { token: admin })).status, 200, path)
      assert.equal((await house.call('GET', path)).status, 401, path)
      assert.equal((await get(path, 'garbage')).status, 401, path)
    }
  })
})
