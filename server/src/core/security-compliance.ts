/**
 * What a house demands of passwords and accounts beyond being right: lockout, expiry, history, age, inactivity
 * (Keystone's `[security_compliance]`). Pure: the store has loaded the facts, here it is decided. Not for proving a
 * password, nor for which factors a sign-in needs (multi-factor.ts).
 */

/** The demands. Field names are those of the settings. */
export interface ComplianceRules {
  readonly lockoutFailureAttempts: number
  /** Seconds. */
  readonly lockoutDuration: number
  /** Seconds without a failure after which the earlier ones count no more. Absent: they count until a sign-in succeeds. */
  readonly lockoutWindow?: number | undefined
  readonly uniqueLastPasswordCount: number
  readonly passwordExpiresDays: number | undefined
  /** Days. */
  readonly minimumPasswordAge: number
  readonly passwordRegex: string | undefined
  readonly passwordRegexDescription: string | undefined
  readonly changePasswordUponFirstUse: boolean
  readonly disableUserAccountDaysInactive: number | undefined
}

/** Times in microseconds. */
export interface AccountFacts {
  readonly options: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly lastActiveAt: number | null
  readonly failedAuthCount: number
  readonly failedAuthAt: number
  readonly password: {
    readonly createdAt: number
    readonly expiresAt: number | null
    readonly selfService: boolean
  } | null
}

/** Why a user may not choose a new password now. */
export type ChangeFault =
  | { readonly why: 'locked' }
  | { readonly why: 'too-young'; readonly minimumDays: number; readonly daysLeft: number }

const SECOND = 1_000_000
const DAY = 86_400 * SECOND

/** Locked: as many wrong passwords as allowed, the last of them less than the lock's duration ago. */
export function isLocked(account: AccountFacts, rules: ComplianceRules, now: number): boolean {
  const attempts = rules.lockoutFailureAttempts
  if (attempts === 0 || account.options['ignore_lockout_failure_attempts'] === true) return false
  if (account.failedAuthCount < attempts) return false
  return account.failedAuthAt + rules.lockoutDuration * SECOND > now
}

/** Not signed in with a password for as many days (UTC, counted by date) as disable an account. */
export function isIdle(
  account: Pick<AccountFacts, 'options' | 'createdAt' | 'lastActiveAt'>,
  rules: Pick<ComplianceRules, 'disableUserAccountDaysInactive'>,
  now: number,
): boolean {
  const days = rules.disableUserAccountDaysInactive
  if (days === undefined || account.options['ignore_user_inactivity'] === true) return false
  const lastDay = Math.floor((account.lastActiveAt ?? account.createdAt) / DAY)
  return Math.floor(now / DAY) - lastDay >= days
}

/** Whether a sign-in now is the first of its day (UTC): the only ones that have to be noted. */
export function isFirstToday(lastActiveAt: number | null, now: number): boolean {
  return Math.floor((lastActiveAt ?? 0) / DAY) !== Math.floor(now / DAY)
}

export function isPasswordExpired(account: AccountFacts, now: number): boolean {
  if (account.options['ignore_password_expiry'] === true) return false
  const expiresAt = account.password?.expiresAt ?? null
  return expiresAt !== null && expiresAt <= now
}

/**
 * When a password set now expires, in whole seconds as microseconds, or null for never. One that somebody else set has
 * to be changed at once where the house says so.
 */
export function passwordExpiry(
  by: 'self' | 'other',
  options: AccountFacts['options'],
  rules: ComplianceRules,
  now: number,
): number | null {
  if (by === 'other' && rules.changePasswordUponFirstUse) {
    if (options['ignore_change_password_upon_first_use'] !== true) return now
  }
  const days = rules.passwordExpiresDays
  if (days === undefined || options['ignore_password_expiry'] === true) return null
  return Math.floor((now + days * DAY) / SECOND) * SECOND
}

/**
 * Whether a password has the form the house wants. The expression is matched from the beginning, as in Keystone: it
 * need not reach the end.
 */
export function isWellChosen(password: string, rules: Pick<ComplianceRules, 'passwordRegex'>): boolean {
  const { passwordRegex } = rules
  return passwordRegex === undefined || new RegExp(`^(?:${passwordRegex})`).test(password)
}

/** Why the user may not change the password now, however right the old one is. Administrators are not asked. */
export function changeFault(
  account: AccountFacts,
  rules: ComplianceRules,
  now: number,
): ChangeFault | undefined {
  if (account.options['lock_password'] === true) return { why: 'locked' }
  const { password } = account
  // A password that somebody else set may be changed at once.
  if (!password?.selfService) return undefined
  const left = password.createdAt + rules.minimumPasswordAge * DAY - now
  if (left <= 0) return undefined
  return { why: 'too-young', minimumDays: rules.minimumPasswordAge, daysLeft: Math.floor(left / DAY) }
}
