/**
 * Long lists of role assignments in stretches: each is a query of its own that takes milliseconds, so that who lists a
 * million of them does not keep everybody else waiting, and needs memory for one stretch only.
 */
import { sql } from 'kysely'
import { type Actors, type AssignmentFilter, anyOf } from './role-assignments.ts'
import type { Db } from './store.ts'

/** More grants or memberships than this are not listed at once. */
export const AT_ONCE = 2000

/** Whether so many grants of these roles (of all, when left out) or, of what is `effective`, so many of their holders may be listed. */
export async function areMany(
  db: Db,
  { roleIds }: Pick<AssignmentFilter, 'roleIds'>,
  effective: boolean,
): Promise<boolean> {
  const grants = sql`select 1 from assignment a${roleIds === undefined ? sql`` : sql` where ${anyOf(roleIds)}`}`
  if (await isLong(db, grants)) return true
  if (!effective) return false
  const ofRoles = roleIds === undefined ? sql`` : sql` and ${anyOf(roleIds)}`
  const held = (table: string) =>
    sql`select 1 from assignment a join ${sql.table(table)} m on m.group_id = a.actor_id
      where a.actor_kind = 'group'${ofRoles}`
  return (await isLong(db, held('membership'))) || isLong(db, held('expiring_membership'))
}

async function isLong(db: Db, rows: ReturnType<typeof sql>): Promise<boolean> {
  const { rows: counted } = await sql<{ n: number }>`
    select count(*) as n from (${rows} limit ${AT_ONCE + 1}) counted`.execute(db)
  return Number(counted[0]?.n) > AT_ONCE
}

/**
 * The stretch after `after` of about `size` grants (all of its last actor's), or of `size` users, who are what is
 * listed of `effective` roles.
 */
export async function stretchAfter(
  db: Db,
  after: string,
  { effective, size }: { readonly effective: boolean; readonly size: number },
): Promise<Extract<Actors, { after: string }>> {
  const row = effective
    ? await db
        .selectFrom('user')
        .select('id')
        .where('id', '>', after)
        .orderBy('id')
        .limit(1)
        .offset(size - 1)
        .executeTakeFirst()
    : await db
        .selectFrom('assignment')
        .select('actor_id as id')
        .where('actor_id', '>', after)
        .orderBy('actor_id')
        .limit(1)
        .offset(size - 1)
        .executeTakeFirst()
  return { after, to: row?.id ?? null }
}
