/** What they may: grants of a user (and of the groups they are in) that could matter for a scope, in one read. */
import type { Scope } from '@tokenhouse/tokens'
import { type RawBuilder, sql } from 'kysely'
import type { Grant, RoleGraph } from '../core/assignments.ts'
import type { RoleFacts } from '../core/session.ts'
import { membershipLife } from './membership-life.ts'
import { perEpoch } from './per-epoch.ts'
import type { Db } from './store.ts'

/** Whose grants: a user with the groups stored for them, plus groups a mapping or a token names. */
export interface Grantee {
  readonly userId: string
  /** Group ids beyond the stored memberships (federated tokens carry them). */
  readonly groups: readonly string[]
  /** Microseconds; memberships a mapping gave lapse by it. */
  readonly now: number
  /** Seconds a mapped membership lives when its identity provider does not say. */
  readonly defaultMembershipTtl: number
}

/** Every grant on the scope or above it that could count there. Deciding which do is `effectiveRoleIds`' business. */
export function grantsFor(db: Db, grantee: Grantee, scope: Scope): Promise<readonly Grant[]> {
  return grantsWhere(db, actorCondition(grantee), scope)
}

/** The same for one actor alone, without the groups a user is in. */
export function grantsOfActor(
  db: Db,
  actor: { readonly kind: 'user' | 'group' | 'agency'; readonly id: string },
  scope: Scope,
): Promise<readonly Grant[]> {
  return grantsWhere(db, sql`(a.actor_kind = ${actor.kind} and a.actor_id = ${actor.id})`, scope)
}

async function grantsWhere(db: Db, actor: RawBuilder<unknown>, scope: Scope): Promise<readonly Grant[]> {
  if (scope.kind === 'unscoped') return []
  if (scope.kind === 'project') {
    // A plain grant counts only on the project itself, an inherited one only from above: the domain's row is the
    // topmost ancestor.
    const { rows } = await sql<{ role_id: string; inherited: number; on_target: number }>`
      with recursive up(id, parent_id, on_target) as (
        select id, parent_id, 1 from project where id = ${scope.id}
        union all
        select p.id, p.parent_id, 0 from project p join up on p.id = up.parent_id
      )
      select a.role_id, a.inherited, up.on_target
      from up join assignment a on a.target_id = up.id
      where ((up.on_target = 1 and a.target_kind = 'project' and a.inherited = 0)
          or (up.on_target = 0 and a.target_kind in ('project', 'domain') and a.inherited = 1))
        and ${actor}`.execute(db)
    return rows.map(toGrant)
  }
  const targetId = scope.kind === 'domain' ? scope.id : 'system'
  const { rows } = await sql<{ role_id: string; inherited: number; on_target: number }>`
    select a.role_id, a.inherited, 1 as on_target from assignment a
    where a.target_id = ${targetId} and a.target_kind = ${scope.kind} and a.inherited = 0 and ${actor}`.execute(
    db,
  )
  return rows.map(toGrant)
}

function toGrant(row: { role_id: string; inherited: number; on_target: number }): Grant {
  return { roleId: row.role_id, inherited: row.inherited === 1, onTarget: row.on_target === 1 }
}

/** SQL that is true for an assignment `a` to the grantee or one of their groups. */
export function actorCondition(grantee: Grantee) {
  const named = grantee.groups.length > 0 ? sql`or a.actor_id in (${sql.join(grantee.groups)})` : sql``
  return sql`((a.actor_kind = 'user' and a.actor_id = ${grantee.userId})
    or (a.actor_kind = 'group' and (a.actor_id in (
      select m.group_id from membership m where m.user_id = ${grantee.userId}
      union all
      select e.group_id from expiring_membership e left join identity_provider i on i.id = e.idp_id
      where e.user_id = ${grantee.userId}
        and e.last_verified_at + ${membershipLife(grantee.defaultMembershipTtl)} > ${grantee.now}
    ) ${named})))`
}

/** Ids of the groups stored for a user; those a mapping gave are not among them. */
export async function groupIdsOf(db: Db, userId: string): Promise<readonly string[]> {
  const rows = await db.selectFrom('membership').select('group_id').where('user_id', '=', userId).execute()
  return rows.map((row) => row.group_id)
}

/** Roles granted anywhere in one account: on its domain, on its projects, or (the cloud's own people) on the system. */
export async function roleIdsWithin(db: Db, grantee: Grantee, domainId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ role_id: string }>`
    select distinct a.role_id from assignment a
    where ((a.target_kind = 'domain' and a.target_id = ${domainId}) or a.target_kind = 'system'
        or (a.target_kind = 'project' and a.target_id in (select id from project where domain_id = ${domainId})))
      and ${actorCondition(grantee)}`.execute(db)
  return rows.map((row) => row.role_id)
}

/** Ids of users, groups and agencies that hold one of the roles anywhere, members of such groups included. */
export async function actorsWithRoles(db: Db, roleIds: readonly string[]): Promise<readonly string[]> {
  if (roleIds.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    with holders(id, kind) as (
      select distinct a.actor_id, a.actor_kind from assignment a where a.role_id in (${sql.join(roleIds)})
    )
    select id from holders
    union
    select m.user_id from holders h join membership m on h.kind = 'group' and m.group_id = h.id
    union
    select e.user_id from holders h join expiring_membership e on h.kind = 'group' and e.group_id = h.id`.execute(
    db,
  )
  return rows.map((row) => row.id)
}

export interface Roles {
  readonly byId: ReadonlyMap<string, RoleFacts>
  readonly implied: RoleGraph
}

/** All roles and what they imply: few, asked for at every decision, so remembered until something changes. */
export const rolesOf: (store: import('./store.ts').Store) => Promise<Roles> = perEpoch(async ({ db }) => {
  const [roles, inferences] = await Promise.all([
    db.selectFrom('role').select(['id', 'name', 'domain_id', 'description', 'options']).execute(),
    db.selectFrom('implied_role').selectAll().execute(),
  ])
  const implied = new Map<string, string[]>()
  for (const { prior_role_id, implied_role_id } of inferences) {
    implied.set(prior_role_id, [...(implied.get(prior_role_id) ?? []), implied_role_id])
  }
  const byId = new Map(
    roles.map((role): [string, RoleFacts] => [
      role.id,
      {
        id: role.id,
        name: role.name,
        domainId: role.domain_id,
        description: role.description,
        options: JSON.parse(role.options),
      },
    ]),
  )
  return { byId, implied }
})
