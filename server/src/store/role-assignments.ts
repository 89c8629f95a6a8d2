/**
 * Lists of who has which role where. One query per list, whose cost follows the rows it gives: it begins at what the
 * filters name (actor, target or role, all indexed) and never at all grants, unless all are asked for.
 *
 * Effective lists spread grants to groups over their members and inherited grants over the projects below. Implied
 * roles are few and known; core/role-assignments.ts adds them.
 */
import { PostgresAdapter, type RawBuilder, sql } from 'kysely'
import type { RoleAssignment } from '../core/role-assignments.ts'
import type { Db } from './store.ts'

/** Where the listed roles hold. `within` is a domain with its projects: what its own administrators may see. */
export type AssignmentScope =
  | { readonly kind: 'anywhere' }
  | { readonly kind: 'system' }
  | { readonly kind: 'domain'; readonly id: string }
  | { readonly kind: 'within'; readonly id: string }
  | { readonly kind: 'project'; readonly id: string; readonly subtree: boolean }

export interface AssignmentFilter {
  readonly scope: AssignmentScope
  readonly userId?: string | undefined
  readonly groupId?: string | undefined
  readonly roleIds?: readonly string[] | undefined
  /** Only grants that are (or are not) inherited; system grants, which cannot be, are listed regardless. */
  readonly inherited?: boolean | undefined
  /** Names too. */
  readonly names?: boolean
}

interface NamedThing {
  readonly name: string
  readonly domain: { readonly id: string; readonly name: string }
}

/** A line and, where asked for, the names behind its ids; '' for what is no longer there. */
export interface AssignmentLine extends RoleAssignment {
  readonly names?: {
    readonly actor: NamedThing
    readonly scope: NamedThing
    /** Of the domain of the granted role; '' for a global one. */
    readonly roleDomain: string
  }
}

interface Row {
  actor_kind: 'user' | 'group'
  actor_id: string
  scope_kind: 'project' | 'domain' | 'system'
  scope_id: string
  role_id: string
  inherited: number
  via_group: string | null
  from_kind: 'project' | 'domain' | null
  from_id: string | null
}

interface NamedRow extends Row {
  actor_name: string | null
  actor_domain_id: string | null
  actor_domain_name: string | null
  scope_name: string | null
  scope_domain_id: string | null
  scope_domain_name: string | null
  role_domain_name: string | null
}

type Sql = RawBuilder<unknown>

/** Grants as they were made. */
export async function grantsAsMade(db: Db, filter: AssignmentFilter): Promise<AssignmentLine[]> {
  const { scope, userId, groupId, roleIds, inherited } = filter
  // Grants to agencies are listed with their agency.
  const conditions = [madeOn(db, scope), sql`a.actor_kind in ('user', 'group')`]
  if (userId !== undefined) conditions.push(sql`a.actor_id = ${userId} and a.actor_kind = 'user'`)
  if (groupId !== undefined) conditions.push(sql`a.actor_id = ${groupId} and a.actor_kind = 'group'`)
  if (roleIds !== undefined) conditions.push(anyOf(roleIds))
  if (inherited !== undefined) {
    conditions.push(sql`(a.target_kind = 'system' or a.inherited = ${inherited ? 1 : 0})`)
  }
  return linesOf(
    db,
    filter,
    [spotOf(scope)],
    sql`select a.actor_kind, a.actor_id, a.target_kind as scope_kind, a.target_id as scope_id, a.role_id, a.inherited,
      cast(null as text) as via_group, cast(null as text) as from_kind, cast(null as text) as from_id
      from assignment a where ${and(conditions)}`,
  )
}

function madeOn(db: Db, scope: AssignmentScope): Sql {
  if (scope.kind === 'anywhere') return sql`1 = 1`
  if (scope.kind === 'system') return sql`a.target_id = 'system' and a.target_kind = 'system'`
  if (scope.kind === 'domain') return sql`a.target_id = ${scope.id} and a.target_kind = 'domain'`
  if (scope.kind === 'project') return sql`a.target_id ${among(db, 'spot')} and a.target_kind = 'project'`
  // The domain as a domain; as a project it is nobody's.
  return sql`a.target_id ${among(db, 'spot_and_domain')}
    and a.target_kind = case when a.target_id = ${scope.id} then 'domain' else 'project' end`
}

/**
 * Who really has which role where, before implication: users only, on projects and domains only. Filter by the roles
 * that lead to the wanted one. A user's groups include those that a mapping gave and that have not lapsed.
 */
export async function grantsInEffect(
  db: Db,
  filter: Omit<AssignmentFilter, 'groupId'>,
  membership: Membership,
): Promise<AssignmentLine[]> {
  const { scope, userId, inherited } = filter
  if (scope.kind === 'system') return []
  const holders = holdersOf(filter, membership)
  const selects: Sql[] = []
  const tables: (Sql | undefined)[] = [
    userId === undefined ? undefined : groupsOf(userId, membership),
    spotOf(scope),
  ]
  if (inherited !== true) {
    const places = placesOf(db, scope, userId !== undefined)
    selects.push(...places.flatMap((place) => holders.map((holder) => plain(holder, place))))
  }
  if (inherited !== false && scope.kind === 'project') {
    tables.push(reachUp)
    selects.push(...holders.map((holder) => fromAbove(db, holder)))
  } else if (inherited !== false && scope.kind !== 'domain') {
    tables.push(reachDown(holders, placesAbove(db, scope, userId !== undefined)))
    selects.push(below)
  }
  if (selects.length === 0) return []
  return linesOf(db, filter, tables, sql.join(selects, sql` union `))
}

/** Microseconds, and the seconds that a mapped membership lives when its identity provider does not say. */
export interface Membership {
  readonly now: number
  readonly defaultTtl: number
}

/*
 * The order of tables is spelt out by `cross join`, which SQLite keeps to (PostgreSQL has statistics and chooses for
 * itself): left to guess, it begins at all grants.
 */

/** A way to hold a grant `a`: by oneself, or as a member `m` of a group. */
interface Holder {
  readonly userId: Sql
  readonly viaGroup: Sql
  /** What is read before and after the grant. */
  readonly before: readonly Sql[]
  readonly after: readonly Sql[]
  readonly where: Sql
}

function holdersOf(
  { userId, roleIds }: Pick<AssignmentFilter, 'userId' | 'roleIds'>,
  membership: Membership,
): readonly Holder[] {
  const ofRoles = roleIds === undefined ? sql`` : sql` and ${anyOf(roleIds)}`
  const alone = { userId: sql`a.actor_id`, viaGroup: sql`cast(null as text)`, before: [], after: [] }
  const member = { userId: sql`m.user_id`, viaGroup: sql`a.actor_id`, before: [], after: [] }
  const asMember = sql`a.actor_kind = 'group' and a.actor_id = m.group_id${ofRoles}`
  if (userId !== undefined) {
    return [
      { ...alone, where: sql`a.actor_kind = 'user' and a.actor_id = ${userId}${ofRoles}` },
      { ...member, before: [sql`mine m`], where: asMember },
    ]
  }
  return [
    { ...alone, where: sql`a.actor_kind = 'user'${ofRoles}` },
    { ...member, after: [sql`membership m`], where: asMember },
    {
      ...member,
      after: [sql`expiring_membership m left join identity_provider i on i.id = m.idp_id`],
      where: sql`${asMember} and ${notLapsed(membership)}`,
    },
  ]
}

/** `mine`: the groups of the one user who is asked for. */
function groupsOf(userId: string, membership: Membership): Sql {
  return sql`mine(user_id, group_id) as (
    select user_id, group_id from membership where user_id = ${userId}
    union
    select m.user_id, m.group_id from expiring_membership m left join identity_provider i on i.id = m.idp_id
    where m.user_id = ${userId} and ${notLapsed(membership)})`
}

function notLapsed({ now, defaultTtl }: Membership): Sql {
  return sql`m.last_verified_at + coalesce(i.authorization_ttl * 60, cast(${defaultTtl} as integer)) * cast(1000000 as bigint) > ${now}`
}

/** Conditions on grants `a` that count on the very thing they lie on. */
function placesOf(db: Db, scope: AssignmentScope, hasUser: boolean): readonly Sql[] {
  if (scope.kind === 'anywhere') return [sql`a.target_kind in ('project', 'domain')`]
  if (scope.kind !== 'within') return [madeOn(db, scope)]
  // A user has few grants and a domain many projects: then each grant is asked for its project.
  const onProject = hasUser
    ? sql`exists (select 1 from project p where p.id = a.target_id and p.domain_id = ${scope.id})`
    : sql`a.target_id ${among(db, 'spot')}`
  return [
    sql`a.target_kind = 'project' and ${onProject}`,
    sql`a.target_kind = 'domain' and a.target_id = ${scope.id}`,
  ]
}

/** Conditions on inherited grants `a` that count somewhere in the scope: a tree never leaves its domain. */
function placesAbove(db: Db, scope: AssignmentScope, hasUser: boolean): readonly Sql[] {
  if (scope.kind !== 'within') return [sql`a.target_kind in ('project', 'domain')`]
  const [onProjects = sql`1 = 0`] = placesOf(db, scope, hasUser)
  return [onProjects, sql`a.target_kind in ('project', 'domain') and a.target_id = ${scope.id}`]
}

function tablesOf(holder: Holder): Sql {
  return sql.join([...holder.before, sql`assignment a`, ...holder.after], sql` cross join `)
}

/** Grants that count where they were made. */
function plain(holder: Holder, place: Sql): Sql {
  return sql`select cast('user' as text) as actor_kind, ${holder.userId} as actor_id, a.target_kind as scope_kind,
      a.target_id as scope_id, a.role_id, 0 as inherited, ${holder.viaGroup} as via_group,
      cast(null as text) as from_kind, cast(null as text) as from_id
    from ${tablesOf(holder)} where a.inherited = 0 and ${holder.where} and ${place}`
}

/** Grants that reach the projects in `spot` from above. */
function fromAbove(db: Db, holder: Holder): Sql {
  return sql`select cast('user' as text) as actor_kind, ${holder.userId} as actor_id, cast('project' as text) as scope_kind,
      r.project_id as scope_id, a.role_id, 0 as inherited, ${holder.viaGroup} as via_group,
      a.target_kind as from_kind, a.target_id as from_id
    from ${tablesOf(holder)} cross join reach r
    where a.target_id ${among(db, 'above')} and a.target_kind in ('project', 'domain') and a.inherited = 1
      and ${holder.where} and r.from_id = a.target_id`
}

/**
 * True of a column whose value is in that table. PostgreSQL cannot tell how few rows a recursive table will have and
 * would rather read all grants; of an array it assumes ten elements, and looks each up.
 */
function among(db: Db, table: 'spot' | 'spot_and_domain' | 'above'): Sql {
  const ids = sql`select id from ${sql.table(table)}`
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  return isPostgres ? sql`= any(array(${ids}))` : sql`in (${ids})`
}

/** `spot`: the projects that are asked about. */
function spotOf(scope: AssignmentScope): Sql | undefined {
  if (scope.kind === 'within') {
    return sql`spot(id) as (select id from project where domain_id = ${scope.id}),
      spot_and_domain(id) as (select id from spot union all select cast(${scope.id} as text))`
  }
  if (scope.kind !== 'project') return undefined
  if (!scope.subtree) return sql`spot(id) as (select id from project where id = ${scope.id})`
  return sql`spot(id) as (
    select id from project where id = ${scope.id}
    union
    select p.id from spot cross join project p where p.parent_id = spot.id)`
}

/** `reach`: from each project in `spot` up to everything `above` it. The topmost is its domain's row. */
const reachUp: Sql = sql`reach(project_id, from_id) as (
    select p.id, p.parent_id from spot cross join project p where p.id = spot.id and p.parent_id is not null
    union
    select reach.project_id, p.parent_id from reach cross join project p
    where p.id = reach.from_id and p.parent_id is not null),
  above(id) as (select distinct from_id from reach)`

/** `held`: inherited grants and who holds them. `reach`: from where they lie down to everything below. */
function reachDown(holders: readonly Holder[], places: readonly Sql[]): Sql {
  const held = places.flatMap((place) =>
    holders.map(
      (holder) => sql`select ${holder.userId}, ${holder.viaGroup}, a.target_kind, a.target_id, a.role_id
        from ${tablesOf(holder)} where a.inherited = 1 and ${holder.where} and ${place}`,
    ),
  )
  return sql`held(user_id, via_group, target_kind, target_id, role_id) as (${sql.join(held, sql` union `)}),
    root(id) as (select distinct target_id from held),
    reach(project_id, from_id) as (
      select p.id, root.id from root cross join project p where p.parent_id = root.id
      union
      select p.id, reach.from_id from reach cross join project p where p.parent_id = reach.project_id)`
}

/** Grants `held` above the projects they reach. */
const below: Sql = sql`select cast('user' as text) as actor_kind, h.user_id as actor_id, cast('project' as text) as scope_kind,
    r.project_id as scope_id, h.role_id, 0 as inherited, h.via_group, h.target_kind as from_kind, h.target_id as from_id
  from held h cross join reach r where r.from_id = h.target_id`

async function linesOf(
  db: Db,
  { names }: Pick<AssignmentFilter, 'names'>,
  tables: readonly (Sql | undefined)[],
  lines: Sql,
): Promise<AssignmentLine[]> {
  const needed = tables.filter((table) => table !== undefined)
  const head = needed.length > 0 ? sql`with recursive ${sql.join(needed)} ` : sql``
  if (!names) {
    const { rows } = await sql<Row>`${head}${lines}`.execute(db)
    return rows.map(toLine)
  }
  const { rows } = await sql<NamedRow>`${head}select l.*,
      coalesce(u.name, g.name) as actor_name, ad.id as actor_domain_id, ad.name as actor_domain_name,
      s.name as scope_name, sd.id as scope_domain_id, sd.name as scope_domain_name, rd.name as role_domain_name
    from (${lines}) l
    left join "user" u on l.actor_kind = 'user' and u.id = l.actor_id
    left join "group" g on l.actor_kind = 'group' and g.id = l.actor_id
    left join project ad on ad.id = coalesce(u.domain_id, g.domain_id)
    left join project s on s.id = l.scope_id
    left join project sd on sd.id = case when s.is_domain = 1 then s.id else s.domain_id end
    left join role o on o.id = l.role_id
    left join project rd on rd.id = o.domain_id`.execute(db)
  return rows.map((row) => ({
    ...toLine(row),
    names: {
      actor: named(row.actor_name, row.actor_domain_id, row.actor_domain_name),
      scope: named(row.scope_name, row.scope_domain_id, row.scope_domain_name),
      roleDomain: row.role_domain_name ?? '',
    },
  }))
}

function named(name: string | null, domainId: string | null, domainName: string | null): NamedThing {
  return { name: name ?? '', domain: { id: domainId ?? '', name: domainName ?? '' } }
}

function toLine(row: Row): RoleAssignment {
  const { from_kind: kind, from_id: id } = row
  return {
    actor: { kind: row.actor_kind, id: row.actor_id },
    scope: { kind: row.scope_kind, id: row.scope_id },
    roleId: row.role_id,
    inherited: row.inherited === 1,
    viaGroup: row.via_group,
    from: kind === null || id === null ? null : { kind, id },
    priorRoleId: null,
  }
}

function and(conditions: readonly Sql[]): Sql {
  return sql.join([...conditions], sql` and `)
}

function anyOf(roleIds: readonly string[]): Sql {
  return sql`a.role_id in (${sql.join([...roleIds])})`
}
