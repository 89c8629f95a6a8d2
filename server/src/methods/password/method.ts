/** Proving oneself by password: local users only, counted failures, one answer for every way of being wrong. */
import type { Settings } from '../../config.ts'
import {
  countFailedLogin,
  findUser,
  noteGoodLogin,
  replaceHash,
  type UserRecord,
  type UserReference,
} from '../../store/identity.ts'
import type { Store } from '../../store/store.ts'
import { hashPassword, needsRehash, verifyPassword } from './hash.ts'
import type { KdfPool } from './kdf-pool.ts'

export interface PasswordTools {
  readonly store: Store
  readonly kdf: KdfPool
  readonly settings: Settings
  readonly now: () => number
}

export interface PasswordPayload {
  readonly user: UserReference
  readonly password: string
}

export type PasswordOutcome =
  | { readonly proven: true; readonly user: UserRecord }
  | {
      readonly proven: false
      readonly why: 'wrong' | 'expired'
      readonly reason: string
      readonly userId: string | null
    }

const MICROS = 1_000_000

/**
 * Checks a password. Unknown user, no password, locked and wrong all cost one key derivation and come back as `wrong`;
 * only a right password is told that it has expired. Rehashes on success when the stored form is weaker than configured.
 */
export async function provePassword(
  tools: PasswordTools,
  payload: PasswordPayload,
): Promise<PasswordOutcome> {
  const { store, kdf, settings } = tools
  const user = await findUser(store.db, payload.user)
  const now = tools.now()
  // A locked or federated user, or none at all, costs the same derivation as a wrong password.
  const locked = user !== undefined && isLocked(user, settings, now)
  const stored = user?.kind === 'local' && !locked ? (user.password?.hash ?? null) : null
  const right = await verifyPassword(kdf, stored, payload.password, settings)
  if (!user?.password || stored === null) {
    return wrong(user, locked ? 'locked after failed logins' : 'no such user, or no password here')
  }
  if (!right) {
    await store.record((tx) => countFailedLogin(tx, user.id, now))
    return wrong(user, 'wrong password')
  }
  if (!user.enabled || !user.domain.enabled) return wrong(user, 'disabled')
  if (isIdle(user, settings, now)) return wrong(user, 'disabled after days without activity')
  if (isExpired(user, now)) {
    return { proven: false, why: 'expired', reason: 'password expired', userId: user.id }
  }
  await afterSuccess(tools, user, payload.password, now)
  return { proven: true, user }
}

function wrong(user: UserRecord | undefined, reason: string): PasswordOutcome {
  return { proven: false, why: 'wrong', reason, userId: user?.id ?? null }
}

/** Locked: as many failures as allowed, the last of them less than the lock's duration ago. */
export function isLocked(user: UserRecord, settings: Settings, now: number): boolean {
  const attempts = settings.lockoutFailureAttempts
  if (attempts === 0 || user.options['ignore_lockout_failure_attempts'] === true) return false
  if (user.failedAuthCount < attempts) return false
  return user.failedAuthAt + settings.lockoutDuration * MICROS > now
}

function isIdle(user: UserRecord, settings: Settings, now: number): boolean {
  const days = settings.disableUserAccountDaysInactive
  if (days === undefined || user.options['ignore_user_inactivity'] === true) return false
  const since = user.lastActiveAt ?? user.createdAt
  return since + days * 86_400 * MICROS < now
}

function isExpired(user: UserRecord, now: number): boolean {
  if (user.options['ignore_password_expiry'] === true) return false
  const expiresAt = user.password?.expiresAt
  return expiresAt !== null && expiresAt !== undefined && expiresAt <= now
}

async function afterSuccess(
  tools: PasswordTools,
  user: UserRecord,
  password: string,
  now: number,
): Promise<void> {
  const { store, kdf, settings } = tools
  const stored = user.password
  const weaker = stored !== null && needsRehash(stored.hash, settings)
  const hash = weaker ? await hashPassword(kdf, password, settings) : undefined
  const newDay =
    Math.floor((user.lastActiveAt ?? 0) / (86_400 * MICROS)) !== Math.floor(now / (86_400 * MICROS))
  if (hash === undefined && user.failedAuthCount === 0 && !newDay) return
  await store.record(async (tx) => {
    if (hash !== undefined && stored) await replaceHash(tx, stored.id, hash)
    if (user.failedAuthCount > 0 || newDay) await noteGoodLogin(tx, user.id, now)
  })
}
