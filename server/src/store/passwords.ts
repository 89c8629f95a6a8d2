/**
 * Passwords of users, old ones too: the newest row is the password, the others are its history. Hashing and deciding
 * happen elsewhere. A row with an empty hash stands for "no password any more": nothing verifies against it.
 */
import { newId } from './ids.ts'
import type { Db } from './store.ts'

/** A password that has been decided on, hashed. Times in microseconds. */
export interface NewPassword {
  /** '' takes the password away. */
  readonly hash: string
  readonly expiresAt: number | null
  /** Chosen by the user, not set by somebody else. */
  readonly selfService: boolean
  /** How many passwords of the user are kept with it, where more than the house asks for. */
  readonly history?: number
}

/** The user's last `count` hashes, newest first. */
export async function lastPasswordHashes(db: Db, userId: string, count: number): Promise<readonly string[]> {
  if (count === 0) return []
  const rows = await db
    .selectFrom('password')
    .select('hash')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .limit(count)
    .execute()
  return rows.map((row) => row.hash)
}

/**
 * Makes `password` the user's own from `now` on. Earlier ones expire, and all but the last `keep` of them go. Tokens are
 * not touched: see `voidTokens`.
 */
export async function replacePassword(
  tx: Db,
  userId: string,
  password: NewPassword,
  at: { readonly now: number; readonly keep: number },
): Promise<void> {
  const earlier = await tx
    .selectFrom('password')
    .select(['id', 'created_at', 'expires_at'])
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .execute()
  const gone = earlier.slice(at.keep).map((row) => row.id)
  if (gone.length > 0) await tx.deleteFrom('password').where('id', 'in', gone).execute()
  await tx
    .updateTable('password')
    .set({ expires_at: at.now })
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', at.now)]))
    .execute()
  // The newest is found by its time, so two of one microsecond must not be.
  const createdAt = Math.max(at.now, (earlier[0]?.created_at ?? 0) + 1)
  await insertPassword(tx, userId, password, createdAt)
}

/** The first password of a user. */
export async function insertPassword(
  tx: Db,
  userId: string,
  password: NewPassword,
  now: number,
): Promise<void> {
  await tx
    .insertInto('password')
    .values({
      id: newId(),
      user_id: userId,
      hash: password.hash,
      self_service: password.selfService ? 1 : 0,
      created_at: now,
      expires_at: password.expiresAt,
    })
    .execute()
}

/** The id of the password that holds now, to see in a transaction whether it is still the one that was checked. */
export async function currentPasswordId(db: Db, userId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('password')
    .select('id')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}
