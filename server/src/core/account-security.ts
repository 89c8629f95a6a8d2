/**
 * What an account demands of its own people beyond what the house demands of everybody (Huawei Cloud, "Security
 * settings"): their passwords, their sign-ins, what they may change themselves, where they call from. Pure. An account
 * can only demand more than the house, never less.
 */
import { inAddressRange, inNetwork } from './policy/statements/ip.ts'
import type { ComplianceRules } from './security-compliance.ts'

export interface PasswordPolicy {
  readonly maximum_consecutive_identical_chars: number
  /** Minutes. */
  readonly minimum_password_age: number
  readonly minimum_password_length: number
  readonly number_of_recent_passwords_disallowed: number
  readonly password_not_username_or_invert: boolean
  /** Days; 0: no end. */
  readonly password_validity_period: number
  readonly password_char_combination: number
}

export interface LoginPolicy {
  /** Days without a sign-in that disable a user; 0: none do. */
  readonly account_validity_period: number
  readonly custom_info_for_login: string
  /** Minutes. */
  readonly lockout_duration: number
  readonly login_failed_times: number
  /** Minutes without a failure after which earlier ones count no more. */
  readonly period_with_login_failures: number
  /** Minutes that a console's session may last. */
  readonly session_timeout: number
  readonly show_recent_login_info: boolean
}

/** What users may change themselves. */
export interface ProtectPolicy {
  readonly manage_accesskey: boolean
  readonly manage_email: boolean
  readonly manage_mobile: boolean
  readonly manage_password: boolean
}

interface Netmask {
  readonly address_netmask: string
  readonly description?: string
}

interface AddressRange {
  readonly ip_range: string
  readonly description?: string
}

/** Addresses that the account's people may call, or sign in at a console, from. Consoles are come to by IPv6 too. */
export interface AddressList {
  readonly allow_address_netmasks: readonly Netmask[]
  readonly allow_ip_ranges: readonly AddressRange[]
  readonly allow_address_netmasks_ipv6?: readonly Netmask[]
  readonly allow_ip_ranges_ipv6?: readonly AddressRange[]
}

/** What somebody comes by: a program that calls, or a browser on its way to a console. */
export type Way = 'program' | 'console'

/** Each is absent until the account sets it. */
export interface AccountSecurity {
  readonly password?: PasswordPolicy
  readonly login?: LoginPolicy
  readonly protect?: ProtectPolicy
  readonly apiAddresses?: AddressList
  readonly consoleAddresses?: AddressList
}

const MINUTE = 60
const DAY_MINUTES = 1440

/** The stricter of two counts of which 0 or undefined means that there is no such demand. */
function least(a: number | undefined, b: number | undefined): number | undefined {
  if (!a) return b || a
  return b ? Math.min(a, b) : a
}

/**
 * The house's rules with the account's over them. Where the house locks out itself, it goes on counting failures without
 * end: a window would make that lockout milder.
 */
export function complianceFor<Rules extends ComplianceRules>(
  rules: Rules,
  { password, login }: AccountSecurity,
): Rules & Pick<ComplianceRules, 'lockoutWindow'> {
  if (!password && !login) return rules
  return {
    ...rules,
    ...(login && {
      lockoutFailureAttempts: least(rules.lockoutFailureAttempts, login.login_failed_times) ?? 0,
      lockoutDuration: Math.max(rules.lockoutDuration, login.lockout_duration * MINUTE),
      lockoutWindow:
        rules.lockoutFailureAttempts === 0 ? login.period_with_login_failures * MINUTE : undefined,
      disableUserAccountDaysInactive: least(
        rules.disableUserAccountDaysInactive,
        login.account_validity_period || undefined,
      ),
    }),
    ...(password && {
      uniqueLastPasswordCount: Math.max(
        rules.uniqueLastPasswordCount,
        password.number_of_recent_passwords_disallowed,
      ),
      passwordExpiresDays: least(rules.passwordExpiresDays, password.password_validity_period || undefined),
      minimumPasswordAge: Math.max(rules.minimumPasswordAge, password.minimum_password_age / DAY_MINUTES),
    }),
  }
}

const CLASSES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]

/** What the account's policy has against a password of the user of that name, or undefined. */
export function passwordFault(
  policy: PasswordPolicy | undefined,
  password: string,
  userName: string,
): string | undefined {
  if (!policy) return undefined
  const characters = [...password]
  if (characters.length < policy.minimum_password_length)
    return `at least ${policy.minimum_password_length} characters`
  const classes = CLASSES.filter((pattern) => pattern.test(password)).length
  if (classes < policy.password_char_combination) {
    return `characters of at least ${policy.password_char_combination} kinds`
  }
  const most = policy.maximum_consecutive_identical_chars
  if (most > 0 && longestRun(characters) > most) return `no more than ${most} identical characters in a row`
  if (policy.password_not_username_or_invert) {
    const [given, name] = [password.toLowerCase(), userName.toLowerCase()]
    if (given === name || given === [...name].reverse().join('')) return 'not the user name, nor it reversed'
  }
  return undefined
}

function longestRun(characters: readonly string[]): number {
  let longest = 0
  let run = 0
  characters.forEach((character, i) => {
    run = character === characters[i - 1] ? run + 1 : 1
    longest = Math.max(longest, run)
  })
  return longest
}

/** Whether a request may come from an address. */
export function allowsAddress(list: AddressList | undefined, address: string): boolean {
  if (!list) return true
  const masks = [...list.allow_address_netmasks, ...(list.allow_address_netmasks_ipv6 ?? [])]
  const ranges = [...list.allow_ip_ranges, ...(list.allow_ip_ranges_ipv6 ?? [])]
  return (
    masks.some(({ address_netmask }) => inNetwork(address, address_netmask)) ||
    ranges.some(({ ip_range }) => inAddressRange(address, ip_range))
  )
}
