/** Who: users with their domain and password, as one read. */

import { sql } from 'kysely'
import type { UserFacts } from '../core/session.ts'
import { newId } from './ids.ts'
import { prepared } from './prepared.ts'
import type { UserRow } from './schema.ts'
import type { Db } from './store.ts'
import { useOnce } from './used-once.ts'

/** Everything a login or a validation wants to know about a user. Times in microseconds. */
export interface UserRecord {
  readonly id: string
  readonly name: string
  readonly kind: UserRow['kind']
  readonly enabled: boolean
  readonly domain: { readonly id: string; readonly name: string; readonly enabled: boolean }
  readonly defaultProjectId: string | null
  readonly options: Readonly<Record<string, unknown>>
  /** The newer of the user's and the domain's own moment: tokens issued up to then are void. */
  readonly tokensValidFrom: number
  readonly createdAt: number
  readonly lastActiveAt: number | null
  readonly failedAuthCount: number
  readonly failedAuthAt: number
  /** The current password, or null when there is none. */
  readonly password: {
    readonly id: string
    readonly hash: string
    readonly createdAt: number
    readonly expiresAt: number | null
    readonly selfService: boolean
  } | null
}

/** What of a user a session shows. */
export function userFacts(user: UserRecord): UserFacts {
  return {
    id: user.id,
    name: user.name,
    kind: user.kind,
    domain: { id: user.domain.id, name: user.domain.name },
    passwordExpiresAt: user.password?.expiresAt ?? null,
  }
}

/** A user by id, or by name in a domain by id or name. */
export type UserReference =
  | { readonly id: string }
  | { readonly name: string; readonly domain: { readonly id: string } | { readonly name: string } }

function withPassword(db: Db) {
  return db
    .selectFrom('user as u')
    .innerJoin('project as d', 'd.id', 'u.domain_id')
    .leftJoin('password as p', 'p.user_id', 'u.id')
    .select([
      'u.id',
      'u.name',
      'u.kind',
      'u.enabled',
      'u.default_project_id',
      'u.options',
      'u.tokens_valid_from',
      'u.created_at',
      'u.last_active_at',
      'u.failed_auth_count',
      'u.failed_auth_at',
      'd.id as domain_id',
      'd.name as domain_name',
      'd.enabled as domain_enabled',
      'd.tokens_valid_from as domain_valid_from',
      'p.id as password_id',
      'p.hash',
      'p.self_service',
      'p.created_at as password_created_at',
      'p.expires_at',
    ])
    .orderBy('p.created_at', 'desc')
    .limit(sql.lit(1))
}

/** The condition of the names' index is written out: were its value bound, SQLite would plan the statement anew each time. */
function named(db: Db) {
  return withPassword(db).where('u.name', '=', '').where('u.kind', '=', sql.lit('local'))
}

const byId = prepared((db) => withPassword(db).where('u.id', '=', ''))
const byNameIn = prepared((db) => named(db).where('u.domain_id', '=', ''))
const byNameInNamed = prepared((db) =>
  named(db).where('d.name', '=', '').where('d.is_domain', '=', sql.lit(1)),
)

function rowOf(db: Db, reference: UserReference) {
  if ('id' in reference) return byId(db, reference.id)
  const { name, domain } = reference
  return 'id' in domain ? byNameIn(db, name, domain.id) : byNameInNamed(db, name, domain.name)
}

export async function findUser(db: Db, reference: UserReference): Promise<UserRecord | undefined> {
  const [row] = await rowOf(db, reference)
  if (!row) return undefined
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    enabled: row.enabled === 1,
    domain: { id: row.domain_id, name: row.domain_name, enabled: row.domain_enabled === 1 },
    defaultProjectId: row.default_project_id,
    options: JSON.parse(row.options),
    tokensValidFrom: Math.max(row.tokens_valid_from, row.domain_valid_from),
    createdAt: row.created_at,
    lastActiveAt: row.last_active_at,
    failedAuthCount: row.failed_auth_count,
    failedAuthAt: row.failed_auth_at,
    password:
      row.password_id === null || row.hash === null
        ? null
        : {
            id: row.password_id,
            hash: row.hash,
            createdAt: row.password_created_at ?? 0,
            expiresAt: row.expires_at,
            selfService: row.self_service === 1,
          },
  }
}

/** How many failures lock a user, and for how long. */
export interface Lockout {
  /** 0: no number of them does. */
  readonly lockoutFailureAttempts: number
  /** Seconds. */
  readonly lockoutDuration: number
  /** Seconds without a failure after which counting begins anew. */
  readonly lockoutWindow?: number | undefined
}

/** More failures than the column can hold. */
const NEVER = 2 ** 31 - 1

/**
 * What has been counted for a user until now: attempts that are being counted are waited for, and later ones wait until the
 * transaction ends. undefined when there is no such user any more.
 */
export async function failedLoginsByNow(
  tx: Db,
  userId: string,
): Promise<{ readonly failedAuthCount: number; readonly failedAuthAt: number } | undefined> {
  const row = await tx
    .updateTable('user')
    .set((eb) => ({ failed_auth_count: eb.ref('failed_auth_count') }))
    .where('id', '=', userId)
    .returning(['failed_auth_count', 'failed_auth_at'])
    .executeTakeFirst()
  return row && { failedAuthCount: row.failed_auth_count, failedAuthAt: row.failed_auth_at }
}

/** Counts a wrong password or passcode. After a lock that has passed, and after the window, counting begins anew. */
export async function countFailedLogin(
  tx: Db,
  userId: string,
  at: number,
  { lockoutFailureAttempts, lockoutDuration, lockoutWindow }: Lockout,
): Promise<void> {
  const locking = lockoutFailureAttempts === 0 ? NEVER : lockoutFailureAttempts
  await tx
    .updateTable('user')
    .set((eb) => ({
      failed_auth_count: eb
        .case()
        .when(
          eb.or([
            eb.and([
              eb('failed_auth_count', '>=', locking),
              eb('failed_auth_at', '<=', at - lockoutDuration * 1_000_000),
            ]),
            ...(lockoutWindow === undefined
              ? []
              : [
                  eb.and([
                    eb('failed_auth_count', '<', locking),
                    eb('failed_auth_at', '<=', at - lockoutWindow * 1_000_000),
                  ]),
                ]),
          ]),
        )
        .then(1)
        .else(eb('failed_auth_count', '+', 1))
        .end(),
      failed_auth_at: at,
    }))
    .where('id', '=', userId)
    .execute()
}

/** Writes as much as counting does, for who cannot be counted: how long an answer takes tells nobody who is there. */
export async function pretendToCount(tx: Db, now: number): Promise<void> {
  await useOnce(tx, { space: 'nobody', value: newId(), expiresAt: now }, now)
}

/** Forgets wrong passwords and passcodes. */
export async function forgetFailedLogins(tx: Db, userId: string): Promise<void> {
  await tx
    .updateTable('user')
    .set({ failed_auth_count: 0, failed_auth_at: 0 })
    .where('id', '=', userId)
    .execute()
}

/** Notes the day of a good login (security compliance counts idle days). */
export async function noteGoodLogin(tx: Db, userId: string, at: number): Promise<void> {
  await tx.updateTable('user').set({ last_active_at: at }).where('id', '=', userId).execute()
}

/** Replaces a password's hash by a stronger one of the same password. */
export async function replaceHash(tx: Db, passwordId: string, hash: string): Promise<void> {
  await tx.updateTable('password').set({ hash }).where('id', '=', passwordId).execute()
}
