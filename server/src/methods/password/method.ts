/** Proving oneself by password: local users only, counted failures, one answer for every way of being wrong. */
import type { Settings } from '../../config.ts'
import { complianceFor } from '../../core/account-security.ts'
import { unmetFactors } from '../../core/multi-factor.ts'
import {
  type ComplianceRules,
  isFirstToday,
  isIdle,
  isLocked,
  isPasswordExpired,
} from '../../core/security-compliance.ts'
import { hashPassword, needsRehash, verifyPassword } from '../../hashing/hash.ts'
import type { KdfRunner } from '../../hashing/kdf-pool.ts'
import { accountSecurity } from '../../store/accounts.ts'
import {
  countFailedLogin,
  failedLoginsByNow,
  findUser,
  forgetFailedLogins,
  noteGoodLogin,
  pretendToCount,
  replaceHash,
  type UserRecord,
  type UserReference,
} from '../../store/identity.ts'
import type { Store } from '../../store/store.ts'

export interface PasswordTools {
  readonly store: Store
  readonly kdf: KdfRunner
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

/**
 * Checks a password. Unknown user, no password, locked and wrong all cost one key derivation and one write and come back
 * as `wrong`; only a right password is told that it has expired. Rehashes on success when the stored form is weaker than configured.
 */
export async function provePassword(
  tools: PasswordTools,
  payload: PasswordPayload,
): Promise<PasswordOutcome> {
  const { store, kdf, settings } = tools
  kdf.demandPlace()
  const user = await findUser(store.db, payload.user)
  const now = tools.now()
  const rules = await rulesFor(tools, user)
  // A locked or federated user, or none at all, costs the same derivation as a wrong password.
  const locked = user !== undefined && isLocked(user, rules, now)
  const stored = user?.kind === 'local' && !locked ? (user.password?.hash ?? null) : null
  const right = await verifyPassword(kdf, stored, payload.password, settings)
  if (!user?.password || stored === null) {
    await store.record((tx) => pretendToCount(tx, now))
    return wrong(user, locked ? 'locked after failed logins' : 'no such user, or no password here')
  }
  if (!right) {
    await store.record((tx) => countFailedLogin(tx, user.id, now, rules))
    return wrong(user, 'wrong password')
  }
  if (await isLockedByNow(tools, user, rules)) return wrong(user, 'locked after failed logins')
  if (!user.enabled || !user.domain.enabled) return wrong(user, 'disabled')
  if (isIdle(user, rules, now)) return wrong(user, 'disabled after days without activity')
  if (isPasswordExpired(user, now)) {
    return { proven: false, why: 'expired', reason: 'password expired', userId: user.id }
  }
  await afterSuccess(tools, user, payload.password, now)
  return { proven: true, user }
}

function wrong(user: UserRecord | undefined, reason: string): PasswordOutcome {
  return { proven: false, why: 'wrong', reason, userId: user?.id ?? null }
}

/** Guesses that were sent all at once are all looked up before the first of them is found wrong. */
async function isLockedByNow(
  { store, now }: PasswordTools,
  user: UserRecord,
  rules: ComplianceRules,
): Promise<boolean> {
  if (rules.lockoutFailureAttempts === 0) return false
  const counted = await store.record((tx) => failedLoginsByNow(tx, user.id))
  return counted === undefined || isLocked({ ...user, ...counted }, rules, now())
}

/** What the house demands of the user, and their account beyond that. */
async function rulesFor(
  { store, settings }: PasswordTools,
  user: UserRecord | undefined,
): Promise<ComplianceRules> {
  return complianceFor<ComplianceRules>(settings, await accountSecurity(store, user?.domain.id ?? ''))
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
  const newDay = isFirstToday(user.lastActiveAt, now)
  // While another factor is missing, a right password must not wipe out wrong guesses of that factor.
  const enough = unmetFactors(user.options, ['password'], settings.authMethods) === undefined
  const forget = enough && user.failedAuthCount > 0
  if (hash === undefined && !forget && !newDay) return
  await store.record(async (tx) => {
    if (hash !== undefined && stored) await replaceHash(tx, stored.id, hash)
    if (forget) await forgetFailedLogins(tx, user.id)
    if (newDay) await noteGoodLogin(tx, user.id, now)
  })
}
