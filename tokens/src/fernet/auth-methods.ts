/**
 * Keystone's Fernet payloads hold the authentication methods as one integer: a bit for each method, in the order of
 * the server's `[auth] methods`. Servers that share keys must therefore share the list. New methods go at its end.
 *
 *   bit n   the n-th configured method (external 1, password 2, token 4, oauth1 8, mapped 16,
 *           application_credential 32; a seventh, usually totp, 64)
 *   bit 32  ec2credential         bit 33  oauth2_credential   (Keystone with the fix of CVE-2026-80182)
 *
 * Read back, the methods come highest bit first: `["password", "token"]` is 6 and comes back as
 * `["token", "password"]`. Two differences, both because a session must not come back with other methods than it
 * went in with: Keystone adds where we set bits (`password` twice is `token` there), and reads an integer with a bit it
 * does not know as other or no methods, where we refuse it.
 */
import { Malformed } from '../refused.ts'
import { isText } from '../text.ts'

/** An ordered method list, prepared by `authMethods`. */
export interface AuthMethods {
  readonly names: readonly string[]
  /** Name to its bit's value. */
  readonly values: ReadonlyMap<string, number>
  /** Highest bit first. */
  readonly descending: readonly (readonly [name: string, value: number])[]
}

/** The `[auth] methods` of a Keystone whose operator has not set them. */
export const defaultAuthMethods: readonly string[] = [
  'external',
  'password',
  'token',
  'oauth1',
  'mapped',
  'application_credential',
]

const fixedBits: readonly (readonly [string, number])[] = [
  ['ec2credential', 2 ** 32],
  ['oauth2_credential', 2 ** 33],
]

/**
 * Prepares a method list. `names` is the server's configured order, as in Keystone's `[auth] methods`. Refuses with
 * RangeError: over 32 names, a name twice, empty names, the two names whose bits are fixed.
 */
export function authMethods(names: readonly string[]): AuthMethods {
  if (names.length > 32) throw new RangeError('more than 32 authentication methods')
  const all = [...names.map((name, index) => [name, 2 ** index] as const), ...fixedBits]
  const values = new Map(all)
  if (values.size !== all.length) throw new RangeError('an authentication method is listed twice')
  if (!names.every(isText)) throw new RangeError('an authentication method has no usable name')
  return { names: [...names], values, descending: all.reverse() }
}

/** The integer for methods, or null when one of them has no bit. */
export function methodsToInteger(methods: readonly string[], known: AuthMethods): number | null {
  let sum = 0
  for (const name of new Set(methods)) {
    const value = known.values.get(name)
    if (value === undefined) return null
    sum += value
  }
  return sum
}

/** The methods of an integer, highest bit first. Throws Malformed when a bit stands for no method we know. */
export function integerToMethods(integer: number, known: AuthMethods): string[] {
  const methods: string[] = []
  let rest = integer
  for (const [name, value] of known.descending) {
    if (rest < value) continue
    methods.push(name)
    rest -= value
  }
  if (rest !== 0)
    throw new Malformed('an authentication method this server is not configured with', 'unknown_method')
  return methods
}
