/** Proving oneself by a one-time passcode: one of the user's `totp` credentials made it, and it was never used before. */
import type { Settings } from '../../config.ts'
import { complianceFor } from '../../core/account-security.ts'
import { unmetFactors } from '../../core/multi-factor.ts'
import { isFirstToday, isIdle, isLocked } from '../../core/security-compliance.ts'
import { accountSecurity } from '../../store/accounts.ts'
import {
  countFailedLogin,
  failedLoginsByNow,
  findUser,
  forgetFailedLogins,
  noteGoodLogin,
  pretendToCount,
  type UserRecord,
  type UserReference,
} from '../../store/identity.ts'
import type { Store } from '../../store/store.ts'
import { type TotpSecret, totpSecretsOf } from '../../store/totp.ts'
import { usedAmong, useOnce } from '../../store/used-once.ts'
import { acceptTotp, TOTP_STEP_SECONDS } from './totp.ts'

export interface TotpTools {
  readonly store: Store
  readonly settings: Settings
  readonly now: () => number
  readonly keys: { open(sealed: string, purpose: string): string }
}

export interface TotpPayload {
  readonly user: UserReference
  readonly passcode: string
}

export type TotpOutcome =
  | { readonly proven: true; readonly user: UserRecord }
  | { readonly proven: false; readonly reason: string; readonly userId: string | null }

const SECOND = 1_000_000
/** Keystone's `included_previous_windows`. */
const PREVIOUS_WINDOWS = 1

/**
 * Checks a passcode. Unknown user, locked and wrong cost one write. Wrong ones count towards the same lockout as wrong passwords, under the user and not under the name
 * that was written. A right one is used up, before anything is issued and however many requests bring it at once.
 */
export async function proveTotp(tools: TotpTools, payload: TotpPayload): Promise<TotpOutcome> {
  const { store, settings } = tools
  const user = await findUser(store.db, payload.user)
  const now = tools.now()
  const rules = complianceFor(settings, await accountSecurity(store, user?.domain.id ?? ''))
  const no = (reason: string): TotpOutcome => ({ proven: false, reason, userId: user?.id ?? null })
  if (!user || isLocked(user, rules, now)) {
    await store.record((tx) => pretendToCount(tx, now))
    return no(user ? 'locked after failed logins' : 'no such user')
  }
  const accepted = await acceptedStep(tools, user.id, payload.passcode, now)
  if (!accepted) {
    await store.record((tx) => countFailedLogin(tx, user.id, now, rules))
    return no('wrong passcode')
  }
  if (!user.enabled || !user.domain.enabled) return no('disabled')
  if (isIdle(user, rules, now)) return no('disabled after days without activity')
  const refused = await store.record(async (tx) => {
    // Guesses that were sent all at once are all looked up before the first of them is found wrong.
    const counted = await failedLoginsByNow(tx, user.id)
    if (!counted || isLocked({ ...user, ...counted }, rules, now)) return 'locked after failed logins'
    if (!(await useOnce(tx, accepted, now))) return 'passcode used before'
    // While another factor is missing, a right passcode must not wipe out wrong guesses of that factor.
    const enough = unmetFactors(user.options, ['totp'], settings.authMethods) === undefined
    if (enough && user.failedAuthCount > 0) await forgetFailedLogins(tx, user.id)
    if (isFirstToday(user.lastActiveAt, now)) await noteGoodLogin(tx, user.id, now)
    return undefined
  })
  return refused === undefined ? { proven: true, user } : no(refused)
}

/** What to remember of the passcode when one of the user's secrets made it, and made it now. */
async function acceptedStep(tools: TotpTools, userId: string, passcode: string, now: number) {
  for (const secret of await totpSecretsOf(tools.store.db, userId)) {
    const seconds = Math.floor(now / SECOND)
    const step = acceptTotp({
      secret: tools.keys.open(secret.sealed, `credential:${secret.credentialId}`),
      passcode,
      now: seconds,
      previousWindows: PREVIOUS_WINDOWS,
      lastUsedStep: await lastUsedStep(tools, secret, seconds),
    })
    if (step === null) continue
    const expiresAt = (step + PREVIOUS_WINDOWS + 1) * TOTP_STEP_SECONDS * SECOND
    return { space: spaceOf(secret), value: String(step), expiresAt }
  }
  return undefined
}

async function lastUsedStep(tools: TotpTools, secret: TotpSecret, seconds: number): Promise<number | null> {
  const current = Math.floor(seconds / TOTP_STEP_SECONDS)
  const steps = Array.from({ length: PREVIOUS_WINDOWS + 1 }, (_, back) => String(current - back))
  const used = await usedAmong(tools.store.db, spaceOf(secret), steps)
  return used.length === 0 ? null : Math.max(...used.map(Number))
}

function spaceOf(secret: TotpSecret): string {
  return `totp:${secret.credentialId}`
}
