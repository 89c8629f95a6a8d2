import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { assertDecided, openPersonas, type PersonaRow, personas } from '../../../testing/personas.ts'
import { seedDomain, seedProject, seedUser } from '../../../testing/seed.ts'

interface Line {
  readonly links: Readonly<Record<string, string>>
  readonly scope: Readonly<Record<string, { readonly id: string }>>
  readonly user?: { readonly id: string }
  readonly group?: { readonly id: string }
  readonly role: { readonly id: string }
}

describe('role_assignments', () => {
  let house: House
  let admin: string
  let tokens: Readonly<Record<string, string>>
  let domain: string
  let project: string
  let sub: string
  let elsewhere: string
  let far: string
  let ann: string
  let ben: string
  let group: string
  let r1: string
  let r2: string
  let own: string
  /** Names of ids, so that expectations can be read. */
  const known = new Map<string, string>()

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    ;({ domain, project, tokens } = await openPersonas(house))
    elsewhere = await seedDomain(house, 'elsewhere')
    far = await seedProject(house, 'far', elsewhere)
    sub = await made('projects', 'project', { name: 'sub', domain_id: domain, parent_id: project })
    ann = await seedUser(house, 'ann', domain)
    ben = await seedUser(house, 'ben', elsewhere)
    group = await made('groups', 'group', { name: 'team', domain_id: domain })
    r1 = await made('roles', 'role', { name: 'r1' })
    r2 = await made('roles', 'role', { name: 'r2' })
    own = await made('roles', 'role', { name: 'own', domain_id: domain })
    for (const path of [
      `/roles/${r1}/implies/${r2}`,
      `/roles/${own}/implies/${r2}`,
      `/groups/${group}/users/${ann}`,
      `/projects/${project}/users/${ann}/roles/${r1}`,
      `/projects/${project}/groups/${group}/roles/${own}`,
      `/domains/${domain}/users/${ann}/roles/${r2}`,
      `/system/users/${ann}/roles/${r1}`,
      `/OS-INHERIT/domains/${domain}/groups/${group}/roles/${r2}/inherited_to_projects`,
      `/OS-INHERIT/projects/${project}/users/${ben}/roles/${r1}/inherited_to_projects`,
      `/projects/${far}/users/${ann}/roles/${r2}`,
      `/projects/${elsewhere}/users/${ben}/roles/${r2}`,
    ]) {
      assert.ok((await call('PUT', path)).status < 300, path)
    }
    for (const [name, id] of Object.entries({
      domain,
      project,
      sub,
      elsewhere,
      far,
      ann,
      ben,
      group,
      r1,
      r2,
      own,
    })) {
      known.set(id, name)
    }
  })
  after(() => house.close())

  const call = (method: string, path: string, token = admin, body?: unknown) =>
    house.call(method, `/v3${path}`, { token, ...(body === undefined ? {} : { body }) })
  const made = async (collection: string, member: string, fields: object): Promise<string> => {
    const answer = await call('POST', `/${collection}`, admin, { [member]: fields })
    assert.equal(answer.status, 201, answer.text)
    return answer.body[member].id
  }
  const get = async (query: string, token = admin): Promise<readonly Line[]> => {
    const answer = await call('GET', `/role_assignments${query}`, token)
    assert.equal(answer.status, 200, `${query}: ${answer.text}`)
    return answer.body.role_assignments
  }
  const named = (id: string | undefined): string => (id === undefined ? '' : (known.get(id) ?? id))
  /** `ann r1 on project sub inherited`, for the users, groups and roles of this file only. */
  const told = (lines: readonly Line[]): string[] =>
    lines
      .filter((line) => known.has(line.user?.id ?? line.group?.id ?? ''))
      .map(({ user, group: team, role, scope }) => {
        const [kind = '', target] = Object.entries(scope).find(([k]) => k !== 'OS-INHERIT:inherited_to') ?? []
        const how = 'OS-INHERIT:inherited_to' in scope ? ' inherited' : ''
        const where = kind === 'system' ? 'system' : `${kind} ${named(target?.id)}`
        return `${named(user?.id ?? team?.id)} ${named(role.id)} on ${where}${how}`
      })
      .sort()
  const list = async (query: string, token = admin) => told(await get(query, token))
  const refusal = async (query: string, token = admin): Promise<string> => {
    const answer = await call('GET', `/role_assignments${query}`, token)
    return `${answer.status} ${answer.body.error.message}`
  }

  const everything = [
    'ann r1 on project project',
    'ann r1 on system',
    'ann r2 on domain domain',
    'ann r2 on project far',
    'ben r1 on project project inherited',
    'ben r2 on project elsewhere',
    'group own on project project',
    'group r2 on domain domain inherited',
  ]

  it('200 lists every grant with the way to it', async () => {
    assert.deepEqual(await list(''), everything)
    const base = 'http://tokenhouse.test:5000/v3'
    const links = (await get(`?group.id=${group}`)).map((line) => line.links)
    assert.deepEqual(
      links.map((l) => Object.keys(l)),
      [['assignment'], ['assignment']],
    )
    assert.deepEqual(links.map((l) => l['assignment']).sort(), [
      `${base}/OS-INHERIT/domains/${domain}/groups/${group}/roles/${r2}/inherited_to_projects`,
      `${base}/projects/${project}/groups/${group}/roles/${own}`,
    ])
    assert.deepEqual(await get(`?user.id=${ann}&scope.system=all`), [
      {
        links: { assignment: `${base}/system/users/${ann}/roles/${r1}` },
        scope: { system: { all: true } },
        user: { id: ann },
        role: { id: r1 },
      },
    ])
  })

  it('200 filters by actor, role, scope and inheritance', async () => {
    const cases: [string, string[]][] = [
      [`?user.id=${ann}`, everything.filter((l) => l.startsWith('ann'))],
      [`?group.id=${group}`, everything.filter((l) => l.startsWith('group'))],
      [`?role.id=${r2}`, everything.filter((l) => l.includes(' r2 '))],
      [`?scope.project.id=${project}`, everything.filter((l) => l.includes('project project'))],
      [`?scope.domain.id=${domain}`, everything.filter((l) => l.includes('domain domain'))],
      ['?scope.system=all', ['ann r1 on system']],
      [`?user.id=${ann}&role.id=${r1}&scope.project.id=${project}`, ['ann r1 on project project']],
      [`?scope.OS-INHERIT:inherited_to=projects&user.id=${ben}`, ['ben r1 on project project inherited']],
      [`?scope.OS-INHERIT:inherited_to=no&user.id=${ben}`, ['ben r2 on project elsewhere']],
      // System grants cannot be inherited and are not filtered by it; a scope.system of another value is none.
      [`?scope.OS-INHERIT:inherited_to=projects&user.id=${ann}`, ['ann r1 on system']],
      [`?scope.system=nonsense&user.id=${ben}`, everything.filter((l) => l.startsWith('ben'))],
      [
        `?scope.project.id=${project}&include_subtree=0`,
        everything.filter((l) => l.includes('project project')),
      ],
      ['?user.id=nope', []],
      ['?scope.project.id=nope', []],
      ['?user.id=', everything],
      ['?unknown=1', everything],
    ]
    for (const [query, expected] of cases) assert.deepEqual(await list(query), expected, query)
  })

  it('200 effective: groups become their members, inheritance reaches down, roles imply', async () => {
    const onProject = [
      'ann r1 on project project',
      'ann r2 on project project',
      'ann r2 on project project',
      'ann r2 on project project inherited',
    ]
    const onSub = [
      'ann r2 on project sub inherited',
      'ben r1 on project sub inherited',
      'ben r2 on project sub inherited',
    ]
    const cases: [string, string[]][] = [
      [`?effective&scope.project.id=${project}`, onProject],
      [`?effective&scope.project.id=${sub}`, onSub],
      [`?effective&scope.project.id=${project}&include_subtree`, [...onProject, ...onSub].sort()],
      [
        `?effective&user.id=${ben}`,
        ['ben r1 on project sub inherited', 'ben r2 on project elsewhere', 'ben r2 on project sub inherited'],
      ],
      [`?effective&user.id=${ben}&role.id=${r1}`, ['ben r1 on project sub inherited']],
      // The domain's own role leads to r2 and is itself never shown.
      [`?effective&role.id=${own}`, []],
      [
        `?effective&user.id=${ann}&role.id=${r2}&scope.project.id=${project}&scope.OS-INHERIT:inherited_to=no`,
        onProject.slice(1, 3),
      ],
      [`?effective&scope.domain.id=${domain}`, ['ann r2 on domain domain']],
      [
        `?effective&scope.OS-INHERIT:inherited_to=projects&user.id=${ben}`,
        ['ben r1 on project sub inherited', 'ben r2 on project sub inherited'],
      ],
      // `0` is no; every other value is yes.
      [`?effective=0&user.id=${ben}`, everything.filter((l) => l.startsWith('ben'))],
      [`?effective=false&user.id=${ben}&role.id=${r1}`, ['ben r1 on project sub inherited']],
    ]
    for (const [query, expected] of cases) assert.deepEqual(await list(query), expected, query)
  })

  it('200 effective tells by which group, from where, and by which role', async () => {
    const base = 'http://tokenhouse.test:5000/v3'
    const [line] = await get(`?effective&user.id=${ann}&scope.project.id=${sub}`)
    assert.deepEqual(line, {
      links: {
        membership: `${base}/groups/${group}/users/${ann}`,
        assignment: `${base}/OS-INHERIT/domains/${domain}/groups/${group}/roles/${r2}/inherited_to_projects`,
      },
      scope: { project: { id: sub }, 'OS-INHERIT:inherited_to': 'projects' },
      user: { id: ann },
      role: { id: r2 },
    })
    const implied = (await get(`?effective&user.id=${ben}&scope.project.id=${sub}&role.id=${r2}`))[0]
    assert.deepEqual(implied?.links, {
      assignment: `${base}/OS-INHERIT/projects/${project}/users/${ben}/roles/${r1}/inherited_to_projects`,
      prior_role: `${base}/prior_role/${r2}/implies/${r1}`,
    })
  })

  it('200 include_names: names of every end, of domains too', async () => {
    const [made] = await get(`?include_names&group.id=${group}&role.id=${own}`)
    const inDomain = { id: domain, name: 'personas' }
    assert.deepEqual(
      { ...made, links: {} },
      {
        links: {},
        scope: { project: { id: project, name: 'personas', domain: inDomain } },
        group: { id: group, name: 'team', domain: inDomain },
        role: { id: own, name: 'own', domain: inDomain },
      },
    )
    const [onDomain] = await get(`?include_names=True&user.id=${ann}&scope.domain.id=${domain}`)
    assert.deepEqual(onDomain?.scope, { domain: inDomain })
    assert.deepEqual(onDomain?.role, { id: r2, name: 'r2' })
    const [onSystem] = await get(`?include_names&user.id=${ann}&scope.system=all`)
    assert.deepEqual(onSystem?.scope, { system: { all: true } })
    const [worked] = await get(
      `?include_names&effective&user.id=${ben}&scope.project.id=${sub}&role.id=${r2}`,
    )
    assert.deepEqual(worked?.user, { id: ben, name: 'ben', domain: { id: elsewhere, name: 'elsewhere' } })
    assert.deepEqual(worked?.role, { id: r2, name: 'r2' })
  })

  it('400 filters that exclude each other', async () => {
    const cases: [string, string][] = [
      [`?user.id=${ann}&group.id=${group}`, 'Specify a user or group, not both'],
      [`?scope.project.id=${project}&scope.domain.id=${domain}`, 'Specify a domain or project, not both'],
      [`?scope.project.id=${project}&scope.system=all`, 'Specify system or project, not both'],
      [`?scope.domain.id=${domain}&scope.system=all`, 'Specify system or domain, not both'],
      [
        `?effective&group.id=${group}`,
        'Combining effective and group filter will always result in an empty list.',
      ],
      [
        `?effective&scope.domain.id=${domain}&scope.OS-INHERIT:inherited_to=projects`,
        'Combining effective, domain and inherited filters will always result in an empty list.',
      ],
      ['?include_subtree', 'scope.project.id must be specified if include_subtree is also specified'],
      [
        `?include_subtree&scope.domain.id=${domain}`,
        'scope.project.id must be specified if include_subtree is also specified',
      ],
    ]
    for (const [query, message] of cases) assert.equal(await refusal(query), `400 ${message}`)
  })

  it('404 what effective roles are asked of is not there', async () => {
    assert.equal(await refusal('?effective&user.id=nope'), '404 Could not find user: nope.')
    assert.equal(await refusal('?effective&scope.project.id=nope'), '404 Could not find project: nope.')
    assert.equal(await refusal('?include_subtree&scope.project.id=nope'), '404 Could not find project: nope.')
  })

  it('200 names nothing where a user has no role at all', async () => {
    const nobody = await seedUser(house, 'nobody', domain)
    assert.deepEqual(await get(`?effective&user.id=${nobody}`), [])
  })

  describe('who may', () => {
    const tree = () => `?scope.project.id=${project}&include_subtree`
    const row = (rule: string, query: string, allowed: string): PersonaRow => ({
      operation: 'list_role_assignments',
      rule: `identity:${rule}`,
      method: 'GET',
      path: `/v3/role_assignments${query}`,
      allowed,
    })

    it('is decided by one rule for lists and one for trees', async () => {
      for (const asked of [
        row('list_role_assignments', '', 'system_* domain_* project_admin'),
        row('list_role_assignments', `?user.id=${ann}&effective`, 'system_* domain_* project_admin'),
        row('list_role_assignments_for_tree', tree(), 'system_* domain_admin project_admin'),
        row(
          'list_role_assignments_for_tree',
          `?scope.project.id=${far}&include_subtree`,
          'system_* domain_admin project_admin',
        ),
      ]) {
        for (const persona of personas) {
          assertDecided(asked, persona, await house.call('GET', asked.path, { token: tokens[persona] ?? '' }))
        }
        assert.equal((await house.call('GET', asked.path)).status, 401)
      }
    })

    it('CVE-2019-19687: who is scoped to a domain sees that domain and its projects, whatever is asked', async () => {
      const mine = new Set([domain, project, sub])
      const queries = [
        '',
        '?effective',
        '?include_names',
        '?scope.system=all',
        `?user.id=${ann}`,
        `?user.id=${ann}&effective`,
        `?user.id=${ben}`,
        `?user.id=${ben}&effective`,
        `?role.id=${r2}`,
        `?role.id=${r2}&effective`,
        `?scope.project.id=${far}`,
        `?scope.project.id=${far}&effective`,
        `?scope.project.id=${elsewhere}`,
        `?scope.project.id=default`,
        `?scope.domain.id=${elsewhere}`,
        `?scope.domain.id=${elsewhere}&effective`,
        `?scope.domain.id=default`,
        '?scope.OS-INHERIT:inherited_to=projects',
      ]
      for (const query of queries) {
        for (const persona of ['domain_reader', 'domain_admin']) {
          for (const { scope } of await get(query, tokens[persona])) {
            const id = scope['project']?.id ?? scope['domain']?.id ?? 'system'
            assert.ok(mine.has(id), `${persona} ${query} shows ${id}`)
          }
        }
      }
      assert.deepEqual(await list('', tokens['domain_reader']), [
        'ann r1 on project project',
        'ann r2 on domain domain',
        'ben r1 on project project inherited',
        'group own on project project',
        'group r2 on domain domain inherited',
      ])
      assert.deepEqual(await list(`?user.id=${ben}&effective`, tokens['domain_reader']), [
        'ben r1 on project sub inherited',
        'ben r2 on project sub inherited',
      ])
      // Who is and who is not, they are not told of users elsewhere.
      assert.deepEqual(await list('?user.id=nope&effective', tokens['domain_reader']), [])
    })

    it('CVE-2026-80183: a domain’s id as scope.project.id with include_subtree opens nothing', async () => {
      const outsider =
        'You are not authorized to perform the requested action: identity:list_role_assignments_for_tree.'
      for (const persona of [
        'project_reader',
        'project_member',
        'project_manager',
        'domain_reader',
        'domain_member',
      ]) {
        for (const id of [domain, elsewhere, 'default']) {
          for (const more of ['', '&include_names', '&effective']) {
            const query = `?scope.project.id=${id}&include_subtree${more}`
            assert.equal(await refusal(query, tokens[persona]), `403 ${outsider}`, `${persona} ${query}`)
          }
        }
      }
      assert.deepEqual(await list(`?scope.project.id=${elsewhere}&include_subtree`), [
        'ann r2 on project far',
        'ben r2 on project elsewhere',
      ])
    })

    it('CVE-2026-42999: the query cannot tell the rules what to see', async () => {
      for (const persona of ['project_reader', 'project_manager']) {
        for (const lie of [
          `?target.domain_id=${domain}`,
          `?domain_id=${domain}`,
          `?scope.domain.id=${domain}&target.project.domain_id=${domain}`,
          `${tree()}&target.domain_id=${domain}&target.project.id=${project}`,
        ]) {
          assert.equal((await call('GET', `/role_assignments${lie}`, tokens[persona])).status, 403, lie)
        }
      }
    })
  })
})
