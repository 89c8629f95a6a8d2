/** Advisories that projects and domains have part in, each as the promise it broke. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('projects and domains: advisories', () => {
  let house: House
  let admin: string
  let count = 0

  before(async () => {
    house = await openHouse()
    // An administrator whom no test disables: of the system, in the default domain.
    admin = await house.login('admin@default', house.adminPassword, { system: { all: true } })
  })
  after(() => house.close())

  interface World {
    readonly domain: string
    readonly project: string
    readonly user: string
  }
  /** A domain with a user who is a member of its project, of the domain, and of another domain's project. */
  const world = async (): Promise<World & { readonly foreign: string }> => {
    count += 1
    const domain = await seedDomain(house, `world-${count}`)
    const project = await seedProject(house, 'p', domain)
    const foreign = await seedProject(house, `foreign ${count}`)
    const user = await seedUser(house, 'u', domain)
    for (const target of [{ project }, { domain }, { project: foreign }]) {
      await seedGrant(house, user, 'member', target)
    }
    return { domain, project, user, foreign }
  }
  const scopesOf = ({ domain, project }: World) => [{ project: { id: project } }, { domain: { id: domain } }]
  const patch = async (kind: 'project' | 'domain', id: string, enabled: boolean): Promise<void> => {
    const body = { [kind]: { enabled } }
    const answer = await house.call('PATCH', `/v3/${kind}s/${id}`, { token: admin, body })
    assert.equal(answer.status, 200, answer.text)
  }
  const remove = async (kind: 'projects' | 'domains', id: string): Promise<void> => {
    const answer = await house.call('DELETE', `/v3/${kind}/${id}`, { token: admin })
    assert.equal(answer.status, 204, answer.text)
  }
  /** The status of the token as a caller, and as a subject of validation. */
  const statuses = async (token: string): Promise<readonly number[]> => [
    (await house.call('GET', '/v3/auth/projects', { token })).status,
    (await house.call('GET', '/v3/auth/tokens', { token: admin, headers: { 'x-subject-token': token } }))
      .status,
  ]
  const refusedLogin = (user: string, scope?: unknown) =>
    assert.rejects(house.login(user, PASSWORD, scope), /: 401 /)
  const reachable = async (token: string): Promise<string[]> =>
    (await house.call('GET', '/v3/auth/projects', { token })).body.projects.map((p: { id: string }) => p.id)

  it('CVE-2012-4457: no token for a project that is disabled, or in a disabled domain', async () => {
    const w = await world()
    const unscoped = await house.login(w.user, PASSWORD)
    const rescope = (scope: unknown) =>
      house.call('POST', '/v3/auth/tokens', {
        body: { auth: { identity: { methods: ['token'], token: { id: unscoped } }, scope } },
      })
    await patch('project', w.project, false)
    await refusedLogin(w.user, { project: { id: w.project } })
    assert.equal((await rescope({ project: { id: w.project } })).status, 401)
    assert.deepEqual(await reachable(unscoped), [w.foreign])
    await patch('project', w.project, true)

    const outsider = await seedUser(house, `outsider ${count}`)
    await seedGrant(house, outsider, 'member', { project: w.project })
    await seedGrant(house, outsider, 'member', { domain: w.domain })
    const theirs = await house.login(outsider, PASSWORD)
    assert.deepEqual(await reachable(theirs), [w.project])
    await patch('domain', w.domain, false)
    for (const scope of scopesOf(w)) {
      await refusedLogin(w.user, scope)
      await refusedLogin(outsider, scope)
    }
    await refusedLogin(w.user)
    assert.deepEqual(await reachable(theirs), [])
    const domains = await house.call('GET', '/v3/auth/domains', { token: theirs })
    assert.deepEqual(domains.body.domains, [])
  })

  it('CVE-2013-0282: nor one by an application credential', async () => {
    const w = await world()
    const token = await house.login(w.user, PASSWORD, { project: { id: w.project } })
    const body = { application_credential: { name: 'robot' } }
    const path = `/v3/users/${w.user}/application_credentials`
    const made = await house.call('POST', path, { token, body })
    assert.equal(made.status, 201, made.text)
    const { id, secret } = made.body.application_credential
    const identity = { methods: ['application_credential'], application_credential: { id, secret } }
    const login = () => house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    const robot = await login()
    assert.equal(robot.status, 201, robot.text)
    const robotToken = String(robot.headers['x-subject-token'])
    await patch('project', w.project, false)
    assert.equal((await login()).status, 401)
    assert.deepEqual(await statuses(robotToken), [401, 404])
    await remove('projects', w.project)
    assert.equal((await login()).status, 401)
  })

  it('CVE-2014-5251, -5253: disabling voids tokens of the same second, and enabling brings none back', async () => {
    for (const kind of ['project', 'domain'] as const) {
      const w = await world()
      const [project, domain] = scopesOf(w)
      const tokens = [
        await house.login(w.user, PASSWORD, project),
        await house.login(w.user, PASSWORD, domain),
      ]
      const touched = kind === 'project' ? tokens.slice(0, 1) : tokens
      await patch(kind, w[kind], false)
      for (const token of touched) assert.deepEqual(await statuses(token), [401, 404], kind)
      await patch(kind, w[kind], true)
      for (const token of touched) assert.deepEqual(await statuses(token), [401, 404], kind)
      house.advance(1)
      const fresh = await house.login(w.user, PASSWORD, project)
      assert.deepEqual(await statuses(fresh), [200, 200], kind)
    }
  })

  it('CVE-2014-5251: a disabled domain voids its users’ tokens for other domains too', async () => {
    const w = await world()
    const token = await house.login(w.user, PASSWORD, { project: { id: w.foreign } })
    assert.deepEqual(await statuses(token), [200, 200])
    await patch('domain', w.domain, false)
    assert.deepEqual(await statuses(token), [401, 404])
  })

  it('CVE-2013-2059: what is deleted takes its tokens with it', async () => {
    const w = await world()
    const token = await house.login(w.user, PASSWORD, { project: { id: w.project } })
    const elsewhere = await house.login(w.user, PASSWORD, { project: { id: w.foreign } })
    await remove('projects', w.project)
    assert.deepEqual(await statuses(token), [401, 404])
    assert.deepEqual(await statuses(elsewhere), [200, 200])
    await patch('domain', w.domain, false)
    await remove('domains', w.domain)
    assert.deepEqual(await statuses(elsewhere), [401, 404])
    await refusedLogin(w.user)
  })

  it('CVE-2013-2059: a project made anew under the same name honours no old token', async () => {
    const w = await world()
    const token = await house.login(w.user, PASSWORD, { project: { id: w.project } })
    await remove('projects', w.project)
    await seedProject(house, 'p', w.domain)
    assert.deepEqual(await statuses(token), [401, 404])
  })

  it('CVE-2018-14432: who has a role on nothing is told of nothing', async () => {
    await world()
    const outsider = await seedUser(house, `nobody ${count}`)
    const token = await house.login(outsider, PASSWORD)
    for (const [kind, path] of [
      ['projects', '/v3/auth/projects'],
      ['projects', '/v3/OS-FEDERATION/projects'],
      ['domains', '/v3/auth/domains'],
      ['domains', '/v3/OS-FEDERATION/domains'],
      ['system', '/v3/auth/system'],
    ] as const) {
      const answer = await house.call('GET', path, { token })
      assert.deepEqual([answer.status, answer.body[kind]], [200, []], path)
    }
  })

  it('CVE-2014-3520: a trust leads to its own project and no other', async () => {
    const w = await world()
    const trustee = await seedUser(house, `trustee ${count}`)
    const other = await seedProject(house, `trustee’s own ${count}`)
    await seedGrant(house, trustee, 'member', { project: other })
    const token = await house.login(w.user, PASSWORD, { project: { id: w.project } })
    const trust = {
      trustor_user_id: w.user,
      trustee_user_id: trustee,
      project_id: w.project,
      impersonation: true,
      roles: [{ name: 'member' }],
    }
    const made = await house.call('POST', '/v3/OS-TRUST/trusts', { token, body: { trust } })
    assert.equal(made.status, 201, made.text)
    const scope = { 'OS-TRUST:trust': { id: made.body.trust.id } }
    const through = await house.login(trustee, PASSWORD, scope)
    assert.deepEqual(await reachable(through), [w.project])
    const domains = await house.call('GET', '/v3/auth/domains', { token: through })
    assert.deepEqual(domains.body.domains, [])
    for (const id of [w.foreign, other]) {
      const identity = { methods: ['token'], token: { id: through } }
      const body = { auth: { identity, scope: { project: { id } } } }
      const answer = await house.call('POST', '/v3/auth/tokens', { body })
      assert.ok([401, 403].includes(answer.status), `${answer.status}`)
    }
    await remove('projects', w.project)
    assert.deepEqual(await statuses(through), [401, 404])
    await assert.rejects(house.login(trustee, PASSWORD, scope), /: 40[134] /)
  })

  it('CVE-2026-80182: an application credential sees and reaches its own project alone', async () => {
    const w = await world()
    const token = await house.login(w.user, PASSWORD, { project: { id: w.project } })
    const path = `/v3/users/${w.user}/application_credentials`
    const body = { application_credential: { name: 'robot', unrestricted: true } }
    const { id, secret } = (await house.call('POST', path, { token, body })).body.application_credential
    const identity = { methods: ['application_credential'], application_credential: { id, secret } }
    const login = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    const robot = String(login.headers['x-subject-token'])
    assert.deepEqual((await reachable(token)).sort(), [w.foreign, w.project].sort())
    assert.deepEqual(await reachable(robot), [w.project])
    const domains = await house.call('GET', '/v3/auth/domains', { token: robot })
    assert.deepEqual(domains.body.domains, [])
    const scope = { project: { id: w.foreign } }
    const again = await house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['token'], token: { id: robot } }, scope } },
    })
    assert.ok([401, 403].includes(again.status), `${again.status}`)
  })
})
