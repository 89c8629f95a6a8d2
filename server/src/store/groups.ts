/** Groups and who is in them. Memberships that a mapping gave lapse; the others last until they are taken away. */
import { sql } from 'kysely'
import { type Filter, type Listed, narrowed, type Page, paged } from './list.ts'
import { membershipLife } from './membership-life.ts'
import { removeGroups } from './removal.ts'
import type { Db } from './store.ts'
import { afterAllIssued } from './void-tokens.ts'

export interface Group {
  readonly id: string
  readonly name: string
  readonly domainId: string
  readonly description: string | null
  readonly extra: Readonly<Record<string, unknown>>
  /** Microseconds; 0 where nobody kept it. */
  readonly createdAt: number
}

export interface Membership {
  readonly group: Group
  /** Microseconds; null when it does not lapse. */
  readonly expiresAt: number | null
}

/** The moment, and the seconds a mapped membership lives when its identity provider does not say. */
export interface MembershipClock {
  readonly now: number
  readonly defaultTtl: number
}

export async function findGroup(db: Db, id: string): Promise<Group | undefined> {
  const row = await db.selectFrom('group').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toGroup(row)
}

/** The group as it is now, held until the transaction ends: who changes it waits for who changes or removes it. */
export async function holdGroup(tx: Db, id: string): Promise<Group | undefined> {
  // PostgreSQL locks the row that is written; SQLite has one writer anyway.
  await tx
    .updateTable('group')
    .set((eb) => ({ name: eb.ref('name') }))
    .where('id', '=', id)
    .execute()
  return findGroup(tx, id)
}

/** Columns in `filters` are those of `group`, qualified (`group.name`). Ordered by id. */
export async function listGroups(db: Db, filters: readonly Filter[], page: Page): Promise<Listed<Group>> {
  const query = narrowed(db.selectFrom('group').selectAll('group'), filters)
  const { items, next } = await paged(query, 'group.id', page)
  return { items: items.map(toGroup), ...(next === undefined ? {} : { next }) }
}

/** The groups a user is in now, those a mapping gave included, in order of id. */
export async function listGroupsOfUser(
  db: Db,
  userId: string,
  filters: readonly Filter[],
  clock: MembershipClock,
): Promise<readonly Membership[]> {
  const expiry = sql<number>`e.last_verified_at + ${membershipLife(clock.defaultTtl)}`
  const [lasting, { rows: lapsing }] = await Promise.all([
    narrowed(
      db
        .selectFrom('group')
        .selectAll('group')
        .where('group.id', 'in', sql<string>`(select group_id from membership where user_id = ${userId})`),
      filters,
    ).execute(),
    sql<{ group_id: string; expires_at: number }>`
      select e.group_id, ${expiry} as expires_at
      from expiring_membership e left join identity_provider i on i.id = e.idp_id
      where e.user_id = ${userId} and ${expiry} > ${clock.now}`.execute(db),
  ])
  const held = new Map(
    lasting.map((row): [string, Membership] => [row.id, { group: toGroup(row), expiresAt: null }]),
  )
  const until = new Map<string, number>()
  for (const { group_id, expires_at } of lapsing) {
    until.set(group_id, Math.max(expires_at, until.get(group_id) ?? 0))
  }
  for (const group of await groupsAmong(db, [...until.keys()], filters)) {
    if (!held.has(group.id)) held.set(group.id, { group, expiresAt: until.get(group.id) ?? null })
  }
  return [...held.values()].sort((a, b) => (a.group.id < b.group.id ? -1 : 1))
}

async function groupsAmong(
  db: Db,
  ids: readonly string[],
  filters: readonly Filter[],
): Promise<readonly Group[]> {
  if (ids.length === 0) return []
  const query = db
    .selectFrom('group')
    .selectAll('group')
    .where('group.id', 'in', [...ids])
  return (await narrowed(query, filters).execute()).map(toGroup)
}

/** Whether the user is in the group now. */
export async function isMember(
  db: Db,
  userId: string,
  groupId: string,
  clock: MembershipClock,
): Promise<boolean> {
  const { rows } = await sql<{ one: number }>`
    select 1 as one from membership where user_id = ${userId} and group_id = ${groupId}
    union all
    select 1 from expiring_membership e left join identity_provider i on i.id = e.idp_id
    where e.user_id = ${userId} and e.group_id = ${groupId}
      and e.last_verified_at + ${membershipLife(clock.defaultTtl)} > ${clock.now}`.execute(db)
  return rows.length > 0
}

/** Throws a unique violation when the name is taken in the domain. */
export async function insertGroup(tx: Db, group: Group): Promise<void> {
  await tx
    .insertInto('group')
    .values({
      id: group.id,
      domain_id: group.domainId,
      name: group.name,
      description: group.description,
      extra: JSON.stringify(group.extra),
      created_at: group.createdAt,
    })
    .execute()
}

/** Throws a unique violation when the new name is taken in the domain. */
export async function updateGroup(tx: Db, group: Group): Promise<void> {
  await tx
    .updateTable('group')
    .set({ name: group.name, description: group.description, extra: JSON.stringify(group.extra) })
    .where('id', '=', group.id)
    .execute()
}

/** Removes a group with its memberships and grants. */
export async function deleteGroup(tx: Db, id: string): Promise<void> {
  await removeGroups(tx, sql`(${id})`)
}

/** Whether the group has a role anywhere. */
export async function holdsGrants(db: Db, groupId: string): Promise<boolean> {
  const row = await db
    .selectFrom('assignment')
    .select('role_id')
    .where('actor_id', '=', groupId)
    .where('actor_kind', '=', 'group')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Voids every token issued up to `now` of the users whose membership does not lapse. */
export async function voidTokensOfMembers(tx: Db, groupId: string, now: number): Promise<void> {
  await tx
    .updateTable('user')
    .set({ tokens_valid_from: afterAllIssued(now) })
    .where('id', 'in', sql<string>`(select user_id from membership where group_id = ${groupId})`)
    .execute()
}

/** Does nothing when the user is in the group already. */
export async function addMember(tx: Db, userId: string, groupId: string): Promise<void> {
  await tx
    .insertInto('membership')
    .values({ user_id: userId, group_id: groupId })
    .onConflict((c) => c.doNothing())
    .execute()
}

/** True when there was a membership to take away; one that a mapping gave is not ours to take. */
export async function removeMember(tx: Db, userId: string, groupId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('membership')
    .where('user_id', '=', userId)
    .where('group_id', '=', groupId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

function toGroup(row: {
  id: string
  domain_id: string
  name: string
  description: string | null
  extra: string
  created_at: number
}): Group {
  return {
    id: row.id,
    name: row.name,
    domainId: row.domain_id,
    description: row.description,
    extra: JSON.parse(row.extra),
    createdAt: row.created_at,
  }
}
