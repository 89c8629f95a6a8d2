import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { assertDecided, openPersonas, type PersonaRow, personas } from '../../../testing/personas.ts'
import { PASSWORD, seedDomain, seedProject, seedUser } from '../../../testing/seed.ts'

describe('grants', () => {
  let house: House
  let admin: string
  let tokens: Readonly<Record<string, string>>
  let domain: string
  let project: string
  let elsewhere: string
  let far: string
  let user: string
  let group: string
  let stranger: string
  let role: string
  let own: string
  let foreign: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    ;({ domain, project, tokens } = await openPersonas(house))
    elsewhere = await seedDomain(house, 'elsewhere')
    far = await seedProject(house, 'far', elsewhere)
    user = await seedUser(house, 'ann', domain)
    stranger = await seedUser(house, 'stranger', elsewhere)
    group = await made('groups', 'group', { name: 'team', domain_id: domain })
    role = await made('roles', 'role', { name: 'worker' })
    own = await made('roles', 'role', { name: 'own', domain_id: domain })
    foreign = await made('roles', 'role', { name: 'foreign', domain_id: elsewhere })
  })
  after(() => house.close())

  const call = (method: string, path: string, token = admin, body?: unknown) =>
    house.call(method, `/v3${path}`, { token, ...(body === undefined ? {} : { body }) })
  const made = async (collection: string, member: string, fields: object): Promise<string> => {
    const answer = await call('POST', `/${collection}`, admin, { [member]: fields })
    assert.equal(answer.status, 201, answer.text)
    return answer.body[member].id
  }
  const status = async (method: string, path: string, token = admin): Promise<number> =>
    (await call(method, path, token)).status
  const message = async (method: string, path: string): Promise<string> => {
    const answer = await call(method, path)
    return `${answer.status} ${answer.body.error.message}`
  }
  /** Every grant there is, to see that a refusal changed nothing. */
  const rows = () => house.ctx.store.db.selectFrom('assignment').selectAll().execute()
  const rolesIn = async (token: string): Promise<string[]> => {
    const answer = await house.call('GET', '/v3/auth/tokens', {
      token,
      headers: { 'x-subject-token': token },
    })
    assert.equal(answer.status, 200, answer.text)
    return answer.body.token.roles.map((r: { name: string }) => r.name).sort()
  }

  /** Each place a role can be granted: its paths, and how the roles in a list are reached. */
  const places = () => [
    { name: 'a project', base: `/projects/${project}`, suffix: '', hasList: true },
    { name: 'a domain', base: `/domains/${domain}`, suffix: '', hasList: true },
    { name: 'the system', base: '/system', suffix: '', hasList: true },
    {
      name: 'below a project',
      base: `/OS-INHERIT/projects/${project}`,
      suffix: '/inherited_to_projects',
      hasList: false,
    },
    {
      name: 'below a domain',
      base: `/OS-INHERIT/domains/${domain}`,
      suffix: '/inherited_to_projects',
      hasList: true,
    },
  ]
  const actors = () => [`users/${user}`, `groups/${group}`]
  const everyPlace = () => places().flatMap((place) => actors().map((actor) => ({ ...place, actor })))

  it('204 grants, checks and takes away a role, for users and groups in every place', async () => {
    for (const { name, base, suffix, hasList, actor } of everyPlace()) {
      const path = `${base}/${actor}/roles/${role}${suffix}`
      const list = `${base}/${actor}/roles${suffix}`
      const what = `${name} ${actor}`
      assert.equal(await status('HEAD', path), 404, what)
      assert.equal(await status('PUT', path), 204, what)
      assert.equal(await status('PUT', path), 204, `${what} again`)
      const checked = await call('GET', path)
      assert.deepEqual([checked.status, checked.text], [204, ''], what)
      assert.equal(await status('HEAD', path), 204, what)
      const listed = await call('GET', list)
      if (hasList) {
        assert.deepEqual(
          listed.body.roles.map((r: { id: string }) => r.id),
          [role],
          what,
        )
        assert.equal(listed.body.links.self, `http://tokenhouse.test:5000/v3${list}`)
      } else {
        assert.equal(listed.status, 404, what)
      }
      // What was granted in one place is in no other.
      const elsewhereToo = await Promise.all(
        everyPlace()
          .filter((other) => other.base !== base || other.actor !== actor)
          .map((other) => status('HEAD', `${other.base}/${other.actor}/roles/${role}${other.suffix}`)),
      )
      assert.deepEqual(new Set(elsewhereToo), new Set([404]), what)
      assert.equal(await status('DELETE', path), 204, what)
      assert.equal(await status('HEAD', path), 404, what)
    }
  })

  it('200 a grant on a domain as a project is not one on the domain', async () => {
    const asProject = `/projects/${domain}/users/${user}/roles`
    const asDomain = `/domains/${domain}/users/${user}/roles`
    for (const [granted, other] of [
      [asProject, asDomain],
      [asDomain, asProject],
    ]) {
      assert.equal(await status('PUT', `${granted}/${role}`), 204)
      assert.deepEqual((await call('GET', other ?? '')).body.roles, [])
      assert.equal((await call('GET', granted ?? '')).body.roles.length, 1)
      assert.equal(await status('DELETE', `${other}/${role}`), 404)
      assert.equal(await status('DELETE', `${granted}/${role}`), 204)
    }
  })

  it('404 CVE-2013-4477: taking away what was not granted grants nothing', async () => {
    const before = await rows()
    for (const { base, suffix, actor } of everyPlace()) {
      const path = `${base}/${actor}/roles/${role}${suffix}`
      const target = base === '/system' ? 'system' : base.split('/').at(-1)
      assert.equal(
        await message('DELETE', path),
        `404 Could not find role assignment with role: ${role}, user or group: ${actor.split('/')[1]}, project, domain, or system: ${target}.`,
      )
      assert.equal(await status('HEAD', path), 404)
    }
    assert.deepEqual(await rows(), before)
  })

  it('404 an end of the grant that is not there, in the order Keystone asks', async () => {
    const before = await rows()
    assert.equal(
      await message('PUT', `/projects/nope/users/nope/roles/nope`),
      '404 Could not find role: nope.',
    )
    assert.equal(
      await message('PUT', `/projects/nope/users/nope/roles/${role}`),
      '404 Could not find user: nope.',
    )
    assert.equal(
      await message('GET', `/projects/nope/groups/${group}/roles`),
      '404 Could not find project: nope.',
    )
    assert.equal(
      await message('DELETE', `/domains/${project}/users/${user}/roles/${role}`),
      `404 Could not find domain: ${project}.`,
    )
    assert.equal(
      await message('PUT', `/system/groups/${user}/roles/${role}`),
      `404 Could not find group: ${user}.`,
    )
    for (const [kind, suffix] of [
      ['projects', ''],
      ['domains', ''],
      ['OS-INHERIT/projects', '/inherited_to_projects'],
      ['OS-INHERIT/domains', '/inherited_to_projects'],
    ]) {
      const name = kind?.endsWith('projects') ? 'project' : 'domain'
      assert.equal(
        await message('PUT', `/${kind}/nope/users/${user}/roles/${role}${suffix}`),
        `404 Could not find ${name}: nope.`,
      )
    }
    for (const { base, suffix } of places()) {
      assert.equal(await status('PUT', `${base}/users/nope/roles/${role}${suffix}`), 404)
      assert.equal(await status('PUT', `${base}/groups/${user}/roles/${role}${suffix}`), 404)
    }
    assert.deepEqual(await rows(), before)
  })

  it('403 a domain’s role on another domain’s project, 400 on the system', async () => {
    for (const suffixed of [
      `/projects/${far}/users/${user}/roles/${own}`,
      `/projects/${elsewhere}/users/${user}/roles/${own}`,
    ]) {
      const target = suffixed.split('/')[2]
      assert.equal(
        await message('PUT', suffixed),
        `403 Project ${target} must be in the same domain as the role ${own} being assigned.`,
      )
    }
    assert.equal(
      await status(
        'PUT',
        `/OS-INHERIT/projects/${project}/users/${user}/roles/${foreign}/inherited_to_projects`,
      ),
      403,
    )
    for (const actor of actors()) {
      assert.equal(
        await message('PUT', `/system/${actor}/roles/${own}`),
        `400 Role ${own} is a domain-specific role. Unable to use a domain-specific role in a system assignment.`,
      )
    }
    assert.equal(await status('PUT', `/projects/${project}/users/${stranger}/roles/${own}`), 204)
    assert.equal(await status('DELETE', `/projects/${project}/users/${stranger}/roles/${own}`), 204)
    assert.equal(await status('PUT', `/domains/${domain}/users/${user}/roles/${foreign}`), 204)
    assert.equal(await status('DELETE', `/domains/${domain}/users/${user}/roles/${foreign}`), 204)
  })

  it('CVE-2012-4413: a role taken away is gone from the next validation of a live token', async () => {
    const kept = await made('roles', 'role', { name: 'kept' })
    const bob = await seedUser(house, 'bob', domain)
    await call('PUT', `/projects/${project}/users/${bob}/roles/${role}`)
    await call('PUT', `/projects/${project}/users/${bob}/roles/${kept}`)
    const token = await house.login(bob, PASSWORD, { project: { id: project } })
    assert.deepEqual(await rolesIn(token), ['kept', 'worker'])
    await call('DELETE', `/projects/${project}/users/${bob}/roles/${role}`)
    assert.deepEqual(await rolesIn(token), ['kept'])
    await call('DELETE', `/projects/${project}/users/${bob}/roles/${kept}`)
    assert.equal((await house.call('GET', '/v3/auth/projects', { token })).status, 401)
  })

  it('CVE-2012-4413: so is one that a group, an inheritance or another role gave', async () => {
    const prior = await made('roles', 'role', { name: 'prior' })
    const cora = await seedUser(house, 'cora', domain)
    await call('PUT', `/roles/${prior}/implies/${role}`)
    await call('PUT', `/groups/${group}/users/${cora}`)
    const inherited = `/OS-INHERIT/domains/${domain}/groups/${group}/roles/${prior}/inherited_to_projects`
    await call('PUT', inherited)
    const token = await house.login(cora, PASSWORD, { project: { id: project } })
    assert.deepEqual(await rolesIn(token), ['prior', 'worker'])
    assert.equal(await status('DELETE', `/roles/${prior}/implies/${role}`), 204)
    assert.deepEqual(await rolesIn(token), ['prior'])
    assert.equal(await status('DELETE', inherited), 204)
    assert.equal((await house.call('GET', '/v3/auth/projects', { token })).status, 401)
    assert.equal(await status('PUT', inherited), 204)
    assert.deepEqual(await rolesIn(token), ['prior'])
    assert.equal(await status('DELETE', `/groups/${group}/users/${cora}`), 204)
    assert.equal((await house.call('GET', '/v3/auth/projects', { token })).status, 401)
    await call('DELETE', inherited)
  })

  it('a credential sleeps while its user has no role on the project, and holds no more than is left', async () => {
    const dora = await seedUser(house, 'dora', domain)
    const second = await made('roles', 'role', { name: 'second' })
    const grant = (id: string) => `/projects/${project}/users/${dora}/roles/${id}`
    await call('PUT', grant(role))
    await call('PUT', grant(second))
    const token = await house.login(dora, PASSWORD, { project: { id: project } })
    const answer = await call('POST', `/users/${dora}/application_credentials`, token, {
      application_credential: { name: 'c' },
    })
    const { id, secret } = answer.body.application_credential
    const use = () =>
      house.call('POST', '/v3/auth/tokens', {
        body: {
          auth: {
            identity: { methods: ['application_credential'], application_credential: { id, secret } },
          },
        },
      })
    const born = String((await use()).headers['x-subject-token'])
    assert.deepEqual(await rolesIn(born), ['second', 'worker'])
    await call('DELETE', grant(second))
    assert.deepEqual(await rolesIn(born), ['worker'])
    await call('DELETE', grant(role))
    assert.equal((await use()).status, 401)
    assert.equal((await house.call('GET', '/v3/auth/projects', { token: born })).status, 401)
  })

  it('CVE-2014-0204: a user and a group with the same id share no grants', async () => {
    await house.ctx.store.write(async (tx) => {
      const twin = { id: user, name: 'twin', domain_id: domain, description: '', extra: '{}' }
      await tx.insertInto('group').values(twin).execute()
    })
    const ofUser = `users/${user}`
    const ofGroup = `groups/${user}`
    for (const { base, suffix, hasList } of places()) {
      const path = (actor: string) => `${base}/${actor}/roles/${role}${suffix}`
      assert.equal(await status('PUT', path(ofGroup)), 204)
      assert.equal(await status('HEAD', path(ofUser)), 404)
      assert.equal(await status('DELETE', path(ofUser)), 404)
      if (hasList) {
        assert.deepEqual((await call('GET', `${base}/${ofUser}/roles${suffix}`)).body.roles, [])
      }
      const listed = await call('GET', `/role_assignments?user.id=${user}`)
      assert.deepEqual(listed.body.role_assignments, [])
      const effective = await call('GET', `/role_assignments?user.id=${user}&effective`)
      assert.deepEqual(effective.body.role_assignments, [])
    }
    await assert.rejects(house.login(user, PASSWORD, { project: { id: project } }), /401/)
    for (const { base, suffix } of places()) {
      assert.equal(await status('DELETE', `${base}/${ofGroup}/roles/${role}${suffix}`), 204)
    }
    assert.equal(await status('DELETE', `/groups/${user}`), 204)
    assert.equal(await status('GET', `/users/${user}`), 200)
  })

  it('a grant is in the audit trail with who made it', async () => {
    await call('PUT', `/projects/${project}/users/${user}/roles/${role}`)
    await call('DELETE', `/projects/${project}/users/${user}/roles/${role}`)
    const lines = await house.ctx.store.db
      .selectFrom('audit_event')
      .select(['action', 'target', 'outcome'])
      .orderBy('at', 'desc')
      .limit(2)
      .execute()
    const target = `project:${project}/user:${user}/role:${role}`
    assert.deepEqual(
      lines.map((line) => ({ ...line })),
      [
        { action: 'revoke_project_user_grant', target, outcome: 'success' },
        { action: 'create_project_user_grant', target, outcome: 'success' },
      ],
    )
  })

  describe('who may', () => {
    const readers = 'system_* *_admin domain_*'
    const fromOutside = 'system_* *_admin'
    const kinds = ['project', 'domain', 'inherited_project', 'inherited_domain'] as const
    const base = {
      project: (p: string, _d: string) => `/v3/projects/${p}`,
      domain: (_p: string, d: string) => `/v3/domains/${d}`,
      inherited_project: (p: string, _d: string) => `/v3/OS-INHERIT/projects/${p}`,
      inherited_domain: (_p: string, d: string) => `/v3/OS-INHERIT/domains/${d}`,
    }
    const four = (kind: string, roles: string, suffix: string, may: string): PersonaRow[] => {
      const actor = roles.includes('/users/') ? 'user' : 'group'
      const path = `${roles}/${role}${suffix}`
      const name = `${kind}_${actor}`
      return [
        { operation: `check_${name}_grant`, rule: 'identity:check_grant', method: 'GET', path, allowed: may },
        {
          operation: `create_${name}_grant`,
          rule: 'identity:create_grant',
          method: 'PUT',
          path,
          allowed: '*_admin',
        },
        {
          operation: `revoke_${name}_grant`,
          rule: 'identity:revoke_grant',
          method: 'DELETE',
          path,
          allowed: '*_admin',
        },
        ...(kind === 'inherited_project'
          ? []
          : [
              {
                operation: `list_${name}_grants`,
                rule: 'identity:list_grants',
                method: 'GET',
                path: `${roles}${suffix}`,
                allowed: may,
              },
            ]),
      ]
    }
    const suffixOf = (kind: string) => (kind.startsWith('inherited') ? '/inherited_to_projects' : '')
    const onSystem = (actor: 'user' | 'group', id: string): PersonaRow[] => {
      const path = `/v3/system/${actor}s/${id}/roles`
      const row = (verb: string, method: string, allowed: string): PersonaRow => ({
        operation: `${verb}_system_${actor}_grant${verb === 'list' ? 's' : ''}`,
        rule: `identity:${verb}_system_grant${verb === 'list' ? 's' : ''}_for_${actor}`,
        method,
        path: verb === 'list' ? path : `${path}/${role}`,
        allowed,
      })
      const admins = 'system_admin project_admin'
      return [
        row('list', 'GET', 'system_* project_admin'),
        row('check', 'GET', 'system_* project_admin'),
        row('create', 'PUT', admins),
        row('revoke', 'DELETE', admins),
      ]
    }
    const decided = async (row: PersonaRow): Promise<void> => {
      for (const persona of personas) {
        const answer = await house.call(row.method, row.path, { token: tokens[persona] ?? '' })
        assertDecided(row, persona, answer)
      }
      assert.equal((await house.call(row.method, row.path)).status, 401)
    }

    it('in the callers’ own domain', async () => {
      for (const kind of kinds) {
        for (const actor of actors()) {
          const roles = `${base[kind](project, domain)}/${actor}/roles`
          for (const row of four(kind, roles, suffixOf(kind), readers)) await decided(row)
        }
      }
    })

    it('on another domain’s target, or for another domain’s user', async () => {
      for (const kind of kinds) {
        const outside = `${base[kind](far, elsewhere)}/users/${user}/roles`
        const outsider = `${base[kind](project, domain)}/users/${stranger}/roles`
        for (const roles of [outside, outsider]) {
          for (const row of four(kind, roles, suffixOf(kind), fromOutside)) await decided(row)
        }
      }
    })

    it('on the system', async () => {
      for (const row of [...onSystem('user', user), ...onSystem('group', group)]) await decided(row)
    })

    it('a reader of a domain is not told of another domain’s role', async () => {
      const path = (id: string) => `/projects/${project}/users/${user}/roles/${id}`
      assert.equal(await status('GET', path(foreign), tokens['domain_reader']), 403)
      assert.equal(await status('GET', path(own), tokens['domain_reader']), 404)
    })

    it('403 comes before 404: who may not look learns nothing', async () => {
      for (const path of [
        `/projects/nope/users/${user}/roles/${role}`,
        `/projects/${project}/users/nope/roles/${role}`,
        `/projects/${project}/users/${user}/roles/nope`,
        `/system/users/nope/roles/${role}`,
      ]) {
        for (const method of ['GET', 'PUT', 'DELETE']) {
          assert.equal(await status(method, path, tokens['project_reader']), 403, `${method} ${path}`)
        }
      }
    })

    it('CVE-2026-80183: a domain as a project is in nobody’s domain', async () => {
      for (const persona of ['project_reader', 'project_member', 'domain_reader']) {
        assert.equal(await status('GET', `/projects/${elsewhere}/users/${user}/roles`, tokens[persona]), 403)
        assert.equal(await status('GET', `/projects/default/users/${user}/roles`, tokens[persona]), 403)
      }
    })

    it('CVE-2026-42999: neither body nor query can tell the rules what to see', async () => {
      const before = await rows()
      const lies = {
        target: { user: { domain_id: domain }, project: { domain_id: domain }, role: { domain_id: null } },
        'target.project.domain_id': domain,
        user_id: user,
        is_admin: true,
        roles: ['admin'],
        constructor: { prototype: { is_admin: 1 } },
      }
      const query = `?target.project.domain_id=${domain}&target.user.domain_id=${domain}&is_admin=1&domain_id=${domain}`
      for (const persona of ['domain_reader', 'domain_manager', 'project_member', 'system_reader']) {
        for (const actor of [`users/${user}`, `users/${stranger}`]) {
          const path = `/v3/projects/${far}/${actor}/roles/${role}${query}`
          for (const method of ['PUT', 'DELETE']) {
            const answer = await house.call(method, path, { token: tokens[persona] ?? '', body: lies })
            assert.equal(answer.status, 403, `${persona} ${method}`)
          }
        }
      }
      assert.deepEqual(await rows(), before)
    })
  })
})
