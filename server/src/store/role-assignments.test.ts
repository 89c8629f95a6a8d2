import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { CompiledQuery } from 'kysely'
import { effectiveRoleIds } from '../core/assignments.ts'
import { rolesLeadingTo, withImpliedRoles } from '../core/role-assignments.ts'
import { forEachEngine } from '../testing/engines.ts'
import { insertGrant } from './assignments.ts'
import { grantsInEffect } from './effective-roles.ts'
import { grantsFor, rolesOf } from './grants.ts'
import { migrate } from './migrate.ts'
import { type Actors, type AssignmentScope, grantsAsMade } from './role-assignments.ts'
import { insertInference, insertRole } from './roles.ts'
import { type Db, openStore, type Store } from './store.ts'

const NOW = 1_000_000_000_000
const TTL = 60
const membership = { now: NOW, defaultTtl: TTL }

/** A little cloud: ids are small numbers, made into names so that every kind of thing may carry the same one. */
interface Cloud {
  /** Parent of project n: a domain (d0, d1) or an earlier project. */
  readonly projects: readonly { readonly domain: number; readonly parent: number | null }[]
  readonly members: readonly (readonly [number, number])[]
  readonly lapsing: readonly { readonly user: number; readonly group: number; readonly live: boolean }[]
  readonly implied: readonly (readonly [number, number])[]
  readonly grants: readonly {
    readonly actor: readonly ['user' | 'group', number]
    readonly target: readonly ['project' | 'domain' | 'domain as project' | 'system', number]
    readonly role: number
    readonly inherited: boolean
  }[]
}

const small = (max: number) => fc.nat({ max })
const clouds: fc.Arbitrary<Cloud> = fc.record({
  projects: fc
    .array(fc.record({ domain: small(1), parent: fc.option(small(5)) }), { minLength: 1, maxLength: 6 })
    .map((projects) => {
      const placed: { domain: number; parent: number | null }[] = []
      for (const { domain, parent } of projects) {
        const above = parent === null ? undefined : placed[parent % Math.max(1, placed.length)]
        placed.push(
          above && parent !== null
            ? { domain: above.domain, parent: parent % placed.length }
            : { domain, parent: null },
        )
      }
      return placed
    }),
  members: fc.uniqueArray(fc.tuple(small(2), small(1)), { maxLength: 4, selector: String }),
  lapsing: fc.uniqueArray(fc.record({ user: small(2), group: small(1), live: fc.boolean() }), {
    maxLength: 3,
    selector: ({ user, group }) => `${user} ${group}`,
  }),
  implied: fc.uniqueArray(fc.tuple(small(4), small(4)), { maxLength: 6, selector: String }),
  grants: fc.uniqueArray(
    fc.record({
      actor: fc.oneof(
        fc.tuple(fc.constant('user' as const), small(2)),
        fc.tuple(fc.constant('group' as const), small(1)),
      ),
      target: fc.oneof(
        fc.tuple(fc.constant('project' as const), small(5)),
        fc.tuple(fc.constantFrom('domain' as const, 'domain as project' as const), small(1)),
        fc.tuple(fc.constant('system' as const), fc.constant(0)),
      ),
      role: small(4),
      inherited: fc.boolean(),
    }),
    { maxLength: 12, selector: (g) => JSON.stringify(g) },
  ),
})

/** The same name for a user and a group: CVE-2014-0204 gave one the grants of the other. */
const actorId = (n: number) => `same-${n}`
const projectId = (n: number) => `p${n}`
const domainId = (n: number) => `d${n}`
const roleId = (n: number) => `r${n}`

function placeOf(cloud: Cloud, grant: Cloud['grants'][number]) {
  const [targetKind, n] = grant.target
  const target =
    targetKind === 'project'
      ? ({ kind: 'project', id: projectId(n % cloud.projects.length) } as const)
      : targetKind === 'domain'
        ? ({ kind: 'domain', id: domainId(n) } as const)
        : targetKind === 'domain as project'
          ? ({ kind: 'project', id: domainId(n) } as const)
          : ({ kind: 'system', id: 'system' } as const)
  const [kind, id] = grant.actor
  return {
    actor: { kind, id: actorId(id) },
    target,
    inherited: grant.inherited && target.kind !== 'system',
  }
}

async function build(tx: Db, cloud: Cloud): Promise<void> {
  for (const table of ['assignment', 'implied_role', 'membership', 'expiring_membership'] as const) {
    await tx.deleteFrom(table).execute()
  }
  for (const table of ['role', 'user', 'group', 'project'] as const) await tx.deleteFrom(table).execute()
  const project = { description: '', enabled: 1, options: '{}', extra: '{}', tokens_valid_from: 0 } as const
  const more = { ...project, created_at: 0 }
  for (const n of [0, 1]) {
    const own = {
      id: domainId(n),
      name: `domain ${n}`,
      domain_id: '',
      parent_id: null,
      is_domain: 1,
    } as const
    await tx
      .insertInto('project')
      .values({ ...more, ...own })
      .execute()
  }
  for (const [n, { domain, parent }] of cloud.projects.entries()) {
    await tx
      .insertInto('project')
      .values({
        ...more,
        id: projectId(n),
        name: `project ${n}`,
        domain_id: domainId(domain),
        parent_id: parent === null ? domainId(domain) : projectId(parent),
        is_domain: 0,
      })
      .execute()
  }
  const user = {
    domain_id: 'd0',
    kind: 'local',
    enabled: 1,
    default_project_id: null,
    options: '{}',
  } as const
  const rest = { extra: '{}', tokens_valid_from: 0, created_at: 0, last_active_at: null } as const
  for (const n of [0, 1, 2]) {
    await tx
      .insertInto('user')
      .values({
        ...user,
        ...rest,
        id: actorId(n),
        name: `user ${n}`,
        failed_auth_count: 0,
        failed_auth_at: 0,
      })
      .execute()
  }
  for (const n of [0, 1]) {
    await tx
      .insertInto('group')
      .values({ id: actorId(n), domain_id: 'd1', name: `group ${n}`, description: '', extra: '{}' })
      .execute()
  }
  for (const n of [0, 1, 2, 3, 4]) {
    // Role 4 is of a domain.
    const role = { id: roleId(n), name: `role ${n}`, domainId: n === 4 ? 'd0' : '' }
    await insertRole(tx, { ...role, description: null, options: {}, extra: {} })
  }
  for (const [prior, implied] of cloud.implied) await insertInference(tx, roleId(prior), roleId(implied))
  for (const [u, g] of cloud.members) {
    await tx
      .insertInto('membership')
      .values({ user_id: actorId(u), group_id: actorId(g) })
      .execute()
  }
  for (const { user: u, group: g, live } of cloud.lapsing) {
    await tx
      .insertInto('expiring_membership')
      .values({
        user_id: actorId(u),
        group_id: actorId(g),
        idp_id: 'idp',
        last_verified_at: live ? NOW - 1 : NOW - (TTL + 1) * 1e6,
      })
      .execute()
  }
  for (const grant of cloud.grants) await insertGrant(tx, placeOf(cloud, grant), roleId(grant.role))
}

/** The naive model: for every grant, every user and every scope, asks whether it counts there. `user scope role` */
function naive(cloud: Cloud): Set<string> {
  const groupsOf = (user: number): Set<number> =>
    new Set([
      ...cloud.members.filter(([u]) => u === user).map(([, g]) => g),
      ...cloud.lapsing.filter((m) => m.user === user && m.live).map((m) => m.group),
    ])
  const above = (n: number): string[] => {
    const project = cloud.projects[n]
    if (!project) return []
    if (project.parent === null) return [domainId(project.domain)]
    return [projectId(project.parent), ...above(project.parent)]
  }
  const scopes = [
    ...cloud.projects.map((_, n) => ({ kind: 'project', id: projectId(n), above: above(n) })),
    ...[0, 1].flatMap((n) => [
      { kind: 'domain', id: domainId(n), above: [] },
      { kind: 'project', id: domainId(n), above: [] },
    ]),
  ]
  const held = new Set<string>()
  const hold = (user: number, scope: string, role: number): void => {
    const key = `${actorId(user)} ${scope} ${roleId(role)}`
    if (held.has(key)) return
    held.add(key)
    for (const [prior, implied] of cloud.implied) if (prior === role) hold(user, scope, implied)
  }
  for (const grant of cloud.grants) {
    const { target, inherited } = placeOf(cloud, grant)
    for (const user of [0, 1, 2]) {
      const [kind, id] = grant.actor
      if (kind === 'user' ? id !== user : !groupsOf(user).has(id)) continue
      for (const scope of scopes) {
        const counts = inherited
          ? scope.above.includes(target.id)
          : scope.kind === target.kind && scope.id === target.id
        if (counts) hold(user, `${scope.kind} ${scope.id}`, grant.role)
      }
    }
  }
  return held
}

async function effective(
  store: Store,
  filter: { scope: AssignmentScope; userId?: string; actors?: Actors; inherited?: boolean; role?: string },
): Promise<Set<string>> {
  const { implied } = await rolesOf(store)
  const { role, ...rest } = filter
  const roleIds = role === undefined ? undefined : [...rolesLeadingTo(role, implied)]
  const lines = withImpliedRoles(await grantsInEffect(store.db, { ...rest, roleIds }, membership), implied)
  const shown = lines.filter((l) => role === undefined || l.roleId === role)
  return new Set(shown.map((l) => `${l.actor.id} ${l.scope.kind} ${l.scope.id} ${l.roleId}`))
}

const only = (all: Set<string>, wanted: (user: string, kind: string, id: string, role: string) => boolean) =>
  new Set(
    [...all].filter((key) => {
      const [user = '', kind = '', id = '', role = ''] = key.split(' ')
      return wanted(user, kind, id, role)
    }),
  )

forEachEngine('effective roles', (open) => {
  it('are those of a naive model, under every filter, and those that tokens carry', async () => {
    const store = await open()
    await fc.assert(
      fc.asyncProperty(clouds, async (cloud) => {
        await store.write((tx) => build(tx, cloud))
        const all = naive(cloud)
        const inDomain = (n: number) =>
          new Set(cloud.projects.flatMap((p, i) => (p.domain === n ? [projectId(i)] : [])))
        const below = (n: number): string[] => [
          projectId(n),
          ...cloud.projects.flatMap((p, i) => (p.parent === n ? below(i) : [])),
        ]

        assert.deepEqual(await effective(store, { scope: { kind: 'anywhere' } }), all)
        const one = actorId(1)
        assert.deepEqual(
          await effective(store, { scope: { kind: 'anywhere' }, userId: one }),
          only(all, (user) => user === one),
        )
        assert.deepEqual(
          await effective(store, { scope: { kind: 'anywhere' }, role: 'r1' }),
          only(all, (_u, _k, _i, role) => role === 'r1'),
        )
        assert.deepEqual(
          await effective(store, { scope: { kind: 'within', id: 'd0' } }),
          only(all, (_u, kind, id) => (kind === 'domain' ? id === 'd0' : inDomain(0).has(id))),
        )
        assert.deepEqual(
          await effective(store, { scope: { kind: 'domain', id: 'd1' }, userId: one }),
          only(all, (user, kind, id) => user === one && kind === 'domain' && id === 'd1'),
        )
        assert.deepEqual(
          await effective(store, { scope: { kind: 'project', id: 'p0', subtree: true } }),
          only(all, (_u, kind, id) => kind === 'project' && below(0).includes(id)),
        )
        for (const scope of ['p0', `p${cloud.projects.length - 1}`, 'd0']) {
          assert.deepEqual(
            await effective(store, { scope: { kind: 'project', id: scope, subtree: false } }),
            only(all, (_u, kind, id) => kind === 'project' && id === scope),
          )
        }
        const stretches: Actors[] = [
          { after: '', to: 'same-0' },
          { after: 'same-0', to: 'same-1' },
          { after: 'same-1', to: null },
        ]
        for (const scope of [{ kind: 'anywhere' }, { kind: 'within', id: 'd0' }] as const) {
          const parts = stretches.map((actors) => effective(store, { scope, actors }))
          const [first, second, third] = await Promise.all(parts)
          assert.deepEqual(first?.union(second!).union(third!), await effective(store, { scope }))
          assert.deepEqual(
            second,
            only(first!.union(second!), (user) => user === one),
          )
          assert.deepEqual(await effective(store, { scope, actors: { only: one } }), second)
          const made = await grantsAsMade(store.db, { scope })
          const inParts = await Promise.all(
            stretches.map((actors) => grantsAsMade(store.db, { scope, actors })),
          )
          const texts = (lines: readonly unknown[]) => lines.map((line) => JSON.stringify(line)).sort()
          assert.deepEqual(texts(inParts.flat()), texts(made))
          assert.ok(inParts[1]?.every(({ actor }) => actor.id === one))
        }
        const { implied } = await rolesOf(store)
        for (const kind of ['project', 'domain'] as const) {
          const id = kind === 'project' ? projectId(cloud.projects.length - 1) : 'd0'
          const grantee = { userId: one, groups: [], now: NOW, defaultMembershipTtl: TTL }
          const inToken = effectiveRoleIds(await grantsFor(store.db, grantee, { kind, id }), implied)
          const listed = only(all, (user, k, i) => user === one && k === kind && i === id)
          assert.deepEqual([...inToken].sort(), [...listed].map((key) => key.split(' ')[3]).sort())
        }
      }),
      { numRuns: store.engine === 'sqlite' ? 120 : 20, seed: 20140204 },
    )
  })

  it('tell how each came about', async () => {
    const store = await open()
    await store.write((tx) =>
      build(tx, {
        projects: [
          { domain: 0, parent: null },
          { domain: 0, parent: 0 },
        ],
        members: [[0, 1]],
        lapsing: [],
        implied: [],
        grants: [{ actor: ['group', 1], target: ['domain', 0], role: 2, inherited: true }],
      }),
    )
    const lines = await grantsInEffect(
      store.db,
      { scope: { kind: 'project', id: 'p1', subtree: false }, names: true },
      membership,
    )
    assert.deepEqual(lines, [
      {
        actor: { kind: 'user', id: 'same-0' },
        scope: { kind: 'project', id: 'p1' },
        roleId: 'r2',
        inherited: false,
        viaGroup: 'same-1',
        from: { kind: 'domain', id: 'd0' },
        priorRoleId: null,
        names: {
          actor: { name: 'user 0', domain: { id: 'd0', name: 'domain 0' } },
          scope: { name: 'project 1', domain: { id: 'd0', name: 'domain 0' } },
          roleDomain: '',
        },
      },
    ])
  })
})

forEachEngine('grants as they were made', (open) => {
  const cloud: Cloud = {
    projects: [
      { domain: 0, parent: null },
      { domain: 0, parent: 0 },
      { domain: 1, parent: null },
    ],
    members: [],
    lapsing: [],
    implied: [],
    grants: [
      { actor: ['user', 0], target: ['project', 0], role: 0, inherited: false },
      { actor: ['user', 0], target: ['project', 1], role: 4, inherited: false },
      { actor: ['group', 0], target: ['project', 2], role: 0, inherited: false },
      { actor: ['user', 1], target: ['domain', 0], role: 1, inherited: true },
      { actor: ['user', 1], target: ['domain as project', 0], role: 1, inherited: false },
      { actor: ['user', 0], target: ['system', 0], role: 3, inherited: false },
    ],
  }
  const told = (lines: Awaited<ReturnType<typeof grantsAsMade>>) =>
    lines
      .map(
        (l) => `${l.actor.kind} ${l.scope.kind} ${l.scope.id} ${l.roleId}${l.inherited ? ' inherited' : ''}`,
      )
      .sort()

  it('are found by every filter', async () => {
    const store = await open()
    await store.write((tx) => build(tx, cloud))
    const list = async (filter: Parameters<typeof grantsAsMade>[1]) =>
      told(await grantsAsMade(store.db, filter))
    const anywhere = { kind: 'anywhere' } as const
    assert.equal((await list({ scope: anywhere })).length, 6)
    assert.deepEqual(await list({ scope: anywhere, userId: 'same-0' }), [
      'user project p0 r0',
      'user project p1 r4',
      'user system system r3',
    ])
    assert.deepEqual(await list({ scope: anywhere, groupId: 'same-0' }), ['group project p2 r0'])
    assert.deepEqual(await list({ scope: anywhere, roleIds: ['r0'] }), [
      'group project p2 r0',
      'user project p0 r0',
    ])
    assert.deepEqual(await list({ scope: { kind: 'system' }, inherited: true }), ['user system system r3'])
    assert.deepEqual(await list({ scope: anywhere, inherited: true }), [
      'user domain d0 r1 inherited',
      'user system system r3',
    ])
    assert.deepEqual(await list({ scope: { kind: 'domain', id: 'd0' } }), ['user domain d0 r1 inherited'])
    assert.deepEqual(await list({ scope: { kind: 'project', id: 'p0', subtree: true } }), [
      'user project p0 r0',
      'user project p1 r4',
    ])
    assert.deepEqual(await list({ scope: { kind: 'project', id: 'd0', subtree: true } }), [
      'user project d0 r1',
      'user project p0 r0',
      'user project p1 r4',
    ])
    assert.deepEqual(await list({ scope: { kind: 'within', id: 'd0' } }), [
      'user domain d0 r1 inherited',
      'user project p0 r0',
      'user project p1 r4',
    ])
  })

  it('carry names, those of a domain role and of a domain as a project too', async () => {
    const store = await open()
    await store.write((tx) => build(tx, cloud))
    const scope = { kind: 'project', id: 'd0', subtree: true } as const
    const lines = await grantsAsMade(store.db, { scope, names: true })
    const byRole = Object.fromEntries(lines.map((l) => [l.roleId, l.names]))
    assert.equal(byRole['r4']?.roleDomain, 'domain 0')
    assert.deepEqual(byRole['r1']?.scope, { name: 'domain 0', domain: { id: 'd0', name: 'domain 0' } })
  })
})

describe('lists of assignments on SQLite', () => {
  it('never read all grants, members or projects unless all are asked for', async () => {
    const store = await openStore('sqlite::memory:')
    await migrate(store)
    const anywhere = { kind: 'anywhere' } as const
    const project = { kind: 'project', id: 'p', subtree: false } as const
    const subtree = { kind: 'project', id: 'p', subtree: true } as const
    const domain = { kind: 'domain', id: 'd' } as const
    const within = { kind: 'within', id: 'd' } as const
    const narrow = [project, subtree, domain, within].flatMap((scope) => [{ scope }, { scope, userId: 'u' }])
    const filters = [...narrow, { scope: anywhere, userId: 'u' }, { scope: anywhere, roleIds: ['r'] }]
    for (const filter of filters.flatMap((f) => [f, { ...f, names: true }])) {
      const scans = [
        ...(await fullScans(store, (db) => grantsAsMade(db, filter))),
        ...(await fullScans(store, (db) => grantsInEffect(db, filter, membership))),
      ]
      assert.deepEqual(scans, [], JSON.stringify(filter))
    }
    assert.notDeepEqual(await fullScans(store, (db) => grantsAsMade(db, { scope: anywhere })), [])
    await store.close()
  })
})

/** What the query of `list` reads from end to end, by SQLite's own plan, of the tables that grow. */
async function fullScans(store: Store, list: (db: Db) => Promise<unknown>): Promise<string[]> {
  const queries: CompiledQuery[] = []
  const executor = store.db.getExecutor()
  const spy = new Proxy(executor, {
    get: (target, key) => {
      const value = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (key === 'executeQuery') queries.push(args[0] as CompiledQuery)
        return Reflect.apply(value, target, args)
      }
    },
  })
  await list({ getExecutor: () => spy } as unknown as Db)
  const scans: string[] = []
  for (const query of queries) {
    const plan = await store.db.executeQuery<{ detail: string }>({
      ...query,
      sql: `explain query plan ${query.sql}`,
    })
    const details = plan.rows.map((row) => row.detail)
    // `m` is the membership table, except where `mine` stands for it: the groups of one user.
    const mine = query.sql.includes('mine(user_id')
    scans.push(
      ...details.filter(
        (d) => /^SCAN (a|p|u|g|project|membership)\b/.test(d) || (!mine && /^SCAN m\b/.test(d)),
      ),
    )
  }
  return scans
}
