/**
 * Grants: one row says that an actor (user or group) has a role on a target (project, domain, the system), there or,
 * inherited, everywhere below. Listing and working out what they amount to lies in role-assignments.ts.
 */
import { type RoleRecord, toRecord } from './roles.ts'
import type { AssignmentRow } from './schema.ts'
import type { Db } from './store.ts'

export type ActorKind = AssignmentRow['actor_kind']
export type TargetKind = AssignmentRow['target_kind']

export interface Actor {
  readonly kind: ActorKind
  readonly id: string
}

export interface Target {
  readonly kind: TargetKind
  /** 'system' for the system. */
  readonly id: string
}

export interface GrantPlace {
  readonly actor: Actor
  readonly target: Target
  /** Counts below the target instead of on it. */
  readonly inherited: boolean
}

export interface ActorRecord {
  readonly id: string
  readonly name: string
  readonly domainId: string
}

export interface TargetRecord extends ActorRecord {
  /** '' for a domain, which can also be a target as a project. */
  readonly domainId: string
  readonly isDomain: boolean
}

export async function findActor(db: Db, actor: Actor): Promise<ActorRecord | undefined> {
  const row = await db
    .selectFrom(actor.kind)
    .select(['id', 'name', 'domain_id'])
    .where('id', '=', actor.id)
    .executeTakeFirst()
  return row && { id: row.id, name: row.name, domainId: row.domain_id }
}

/** The project (or domain acting as one) or the domain. Do not ask for the system: it is always there. */
export async function findTarget(
  db: Db,
  target: { readonly kind: 'project' | 'domain'; readonly id: string },
): Promise<TargetRecord | undefined> {
  const row = await db
    .selectFrom('project')
    .select(['id', 'name', 'domain_id', 'is_domain'])
    .where('id', '=', target.id)
    .executeTakeFirst()
  if (!row || (target.kind === 'domain' && row.is_domain === 0)) return undefined
  return { id: row.id, name: row.name, domainId: row.domain_id, isDomain: row.is_domain === 1 }
}

/** The roles granted in exactly this place, in order of their ids. */
export async function listGrantedRoles(db: Db, place: GrantPlace): Promise<readonly RoleRecord[]> {
  const rows = await db
    .selectFrom('assignment as a')
    .innerJoin('role as r', 'r.id', 'a.role_id')
    .selectAll('r')
    .where('a.actor_id', '=', place.actor.id)
    .where('a.target_id', '=', place.target.id)
    .where('a.actor_kind', '=', place.actor.kind)
    .where('a.target_kind', '=', place.target.kind)
    .where('a.inherited', '=', place.inherited ? 1 : 0)
    .orderBy('r.id')
    .execute()
  return rows.map(toRecord)
}

export async function isGranted(db: Db, place: GrantPlace, roleId: string): Promise<boolean> {
  const row = await db
    .selectFrom('assignment')
    .select('role_id')
    .where('actor_id', '=', place.actor.id)
    .where('target_id', '=', place.target.id)
    .where('role_id', '=', roleId)
    .where('actor_kind', '=', place.actor.kind)
    .where('target_kind', '=', place.target.kind)
    .where('inherited', '=', place.inherited ? 1 : 0)
    .executeTakeFirst()
  return row !== undefined
}

/** Writes a grant; one that is there already stays as it is. */
export async function insertGrant(tx: Db, place: GrantPlace, roleId: string): Promise<void> {
  await tx
    .insertInto('assignment')
    .values({
      actor_kind: place.actor.kind,
      actor_id: place.actor.id,
      target_kind: place.target.kind,
      target_id: place.target.id,
      role_id: roleId,
      inherited: place.inherited ? 1 : 0,
    })
    .onConflict((c) => c.doNothing())
    .execute()
}

/** Takes a grant away. True when there was one. */
export async function deleteGrant(tx: Db, place: GrantPlace, roleId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('assignment')
    .where('actor_id', '=', place.actor.id)
    .where('target_id', '=', place.target.id)
    .where('role_id', '=', roleId)
    .where('actor_kind', '=', place.actor.kind)
    .where('target_kind', '=', place.target.kind)
    .where('inherited', '=', place.inherited ? 1 : 0)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** A grant with the names people know. */
export interface NamedGrant {
  readonly role: string
  readonly target: { readonly kind: TargetKind; readonly name: string }
  readonly inherited: boolean
}

/** Everything granted to one actor, by name. */
export async function listActorGrants(db: Db, actor: Actor): Promise<readonly NamedGrant[]> {
  const rows = await db
    .selectFrom('assignment as a')
    .innerJoin('role as r', 'r.id', 'a.role_id')
    .leftJoin('project as p', 'p.id', 'a.target_id')
    .select(['r.name as role', 'a.target_kind', 'a.inherited', 'p.name as target'])
    .where('a.actor_kind', '=', actor.kind)
    .where('a.actor_id', '=', actor.id)
    .orderBy('r.name')
    .orderBy('p.name')
    .execute()
  return rows.map((row) => ({
    role: row.role,
    target: { kind: row.target_kind, name: row.target ?? 'all' },
    inherited: row.inherited === 1,
  }))
}
