/**
 * Lists of who has which role where: the rows and their names, and grants as they were made. What grants amount to is
 * effective-roles.ts. One query per list, whose cost follows the rows it gives: it begins at what the filters name
 * (actor, target or role, all indexed) and never at all grants, unless all are asked for.
 */
import { type RawBuilder, sql } from 'kysely'
import type { RoleAssignment } from '../core/role-assignments.ts'
import { type Db, isPostgres } from './store.ts'

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
  /** Of these actors only, and in order of their ids. */
  readonly actors?: Actors | undefined
  readonly roleIds?: readonly string[] | undefined
  /** Only grants that are (or are not) inherited; system grants, which cannot be, are listed regardless. */
  readonly inherited?: boolean | undefined
  /** Names too. */
  readonly names?: boolean
}

/** One actor, or a stretch of them in order of their ids: after `after` ('' for the first), up to and with `to`. */
export type Actors = { readonly only: string } | { readonly after: string; readonly to: string | null }

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

export type Sql = RawBuilder<unknown>

/** Grants as they were made. */
export async function grantsAsMade(db: Db, filter: AssignmentFilter): Promise<AssignmentLine[]> {
  const { scope, userId, groupId, actors, roleIds, inherited } = filter
  // Grants to agencies are listed with their agency.
  const conditions = [madeOn(db, scope), sql`a.actor_kind in ('user', 'group')`]
  if (userId !== undefined) conditions.push(sql`a.actor_id = ${userId} and a.actor_kind = 'user'`)
  if (groupId !== undefined) conditions.push(sql`a.actor_id = ${groupId} and a.actor_kind = 'group'`)
  if (actors !== undefined) conditions.push(isAmong(sql`a.actor_id`, actors))
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

/** A condition on grants `a`: made in that scope. Needs the tables of `spotOf`. */
export function madeOn(db: Db, scope: AssignmentScope): Sql {
  if (scope.kind === 'anywhere') return sql`1 = 1`
  if (scope.kind === 'system') return sql`a.target_id = 'system' and a.target_kind = 'system'`
  if (scope.kind === 'domain') return sql`a.target_id = ${scope.id} and a.target_kind = 'domain'`
  if (scope.kind === 'project') return sql`a.target_id ${among(db, 'spot')} and a.target_kind = 'project'`
  // The domain as a domain; as a project it is nobody's.
  return sql`a.target_id ${among(db, 'spot_and_domain')}
    and a.target_kind = case when a.target_id = ${scope.id} then 'domain' else 'project' end`
}

/**
 * True of a column whose value is in that table. PostgreSQL cannot tell how few rows a recursive table will have and
 * would rather read all grants; of an array it assumes ten elements, and looks each up.
 */
export function among(db: Db, table: 'spot' | 'spot_and_domain' | 'above'): Sql {
  const ids = sql`select id from ${sql.table(table)}`
  return isPostgres(db) ? sql`= any(array(${ids}))` : sql`in (${ids})`
}

/** Tables for `with`: `spot`, the projects that are asked about. */
export function spotOf(scope: AssignmentScope): Sql | undefined {
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

/** Runs the query `lines` (columns of `Row`) after the tables it needs, with names where they are asked for. */
export async function linesOf(
  db: Db,
  { names, actors }: Pick<AssignmentFilter, 'names' | 'actors'>,
  tables: readonly (Sql | undefined)[],
  lines: Sql,
): Promise<AssignmentLine[]> {
  const needed = tables.filter((table) => table !== undefined)
  const head = needed.length > 0 ? sql`with recursive ${sql.join(needed)} ` : sql``
  const order = actors === undefined ? sql`` : sql` order by actor_id`
  if (!names) {
    const { rows } = await sql<Row>`${head}${lines}${order}`.execute(db)
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
    left join project rd on rd.id = o.domain_id${order}`.execute(db)
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

/** A condition on the id of an actor. */
export function isAmong(id: Sql, actors: Actors): Sql {
  if ('only' in actors) return sql`${id} = ${actors.only}`
  const { after, to } = actors
  return to === null ? sql`${id} > ${after}` : sql`${id} > ${after} and ${id} <= ${to}`
}

export function anyOf(roleIds: readonly string[]): Sql {
  return sql`a.role_id in (${sql.join([...roleIds])})`
}
