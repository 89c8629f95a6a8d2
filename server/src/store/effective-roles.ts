/**
 * What grants amount to: those to groups spread over their members, inherited ones over the projects below. In one
 * query, as role-assignments.ts has it. Implied roles are few and known: core/role-assignments.ts adds them.
 */
import { sql } from 'kysely'
import { membershipLife } from './membership-life.ts'
import {
  type Actors,
  type AssignmentFilter,
  type AssignmentLine,
  type AssignmentScope,
  among,
  anyOf,
  isAmong,
  linesOf,
  madeOn,
  type Sql,
  spotOf,
} from './role-assignments.ts'
import type { Db } from './store.ts'

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
  const users = userId === undefined ? filter.actors : { only: userId }
  if (scope.kind === 'system') return []
  const holders = holdersOf(users, filter.roleIds, membership)
  const selects: Sql[] = []
  const tables: (Sql | undefined)[] = [users && groupsOf(users, membership), spotOf(scope)]
  if (inherited !== true) {
    const places = placesOf(db, scope, users !== undefined)
    selects.push(...places.flatMap((place) => holders.map((holder) => plain(holder, place))))
  }
  if (inherited !== false && scope.kind === 'project') {
    tables.push(reachUp)
    selects.push(...holders.map((holder) => fromAbove(db, holder)))
  } else if (inherited !== false && scope.kind !== 'domain') {
    tables.push(reachDown(holders, placesAbove(db, scope, users !== undefined)))
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
  users: Actors | undefined,
  roleIds: AssignmentFilter['roleIds'],
  membership: Membership,
): readonly Holder[] {
  const ofRoles = roleIds === undefined ? sql`` : sql` and ${anyOf(roleIds)}`
  const alone = { userId: sql`a.actor_id`, viaGroup: sql`cast(null as text)`, before: [], after: [] }
  const member = { userId: sql`m.user_id`, viaGroup: sql`a.actor_id`, before: [], after: [] }
  const asMember = sql`a.actor_kind = 'group' and a.actor_id = m.group_id${ofRoles}`
  if (users !== undefined) {
    return [
      { ...alone, where: sql`a.actor_kind = 'user' and ${isAmong(sql`a.actor_id`, users)}${ofRoles}` },
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

/** `mine`: the groups of the users who are asked for. */
function groupsOf(users: Actors, membership: Membership): Sql {
  return sql`mine(user_id, group_id) as (
    select user_id, group_id from membership where ${isAmong(sql`user_id`, users)}
    union
    select m.user_id, m.group_id from expiring_membership m left join identity_provider i on i.id = m.idp_id
    where ${isAmong(sql`m.user_id`, users)} and ${notLapsed(membership)})`
}

function notLapsed({ now, defaultTtl }: Membership): Sql {
  return sql`m.last_verified_at + ${membershipLife(defaultTtl)} > ${now}`
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
