/**
 * What an engine demands of its accounts and tokens: names, roles, passwords, lives. The limits are those of Apache
 * ServiceComb's service-center, so that whatever is made here can be made there as well. Pure.
 */

export const engineLimits = {
  accounts: 1000,
  roles: 100,
  rolesOfAccount: 5,
  batch: 20,
  /** Seconds. */
  leastTokenLife: 900,
  mostTokenLife: 86_400,
  usualTokenLife: 43_200,
  /** Of a token that administers the engine itself. */
  rootTokenLife: 60,
} as const

/** Failed logins of one name from one address within the time that lock it, and the time in microseconds. */
export const engineLockout = { failures: 3, micros: 900 * 1_000_000 } as const

const ACCOUNT_NAME = /^(?:[a-zA-Z0-9]{1,64}|[a-zA-Z0-9][a-zA-Z0-9_\-.]{0,62}[a-zA-Z0-9])$/
const NAMESPACE = /^[A-Za-z0-9_-]{0,128}$/
const ENTERPRISE_PROJECT = /^[A-Za-z0-9-]{1,64}$/

export function isAccountName(name: string): boolean {
  return ACCOUNT_NAME.test(name)
}

/**
 * The account that an engine's own software lets do everything, whatever is kept here about it: a token in its name is
 * never somebody else's. Databases under a Nacos may not tell capital letters apart.
 */
export function isBuiltInAccount(specType: 'CSE2' | 'Nacos2', name: string): boolean {
  return specType === 'Nacos2' ? name.toLowerCase() === 'nacos' : name === 'root'
}

/** What service-center takes as a password: 8 to 32 of four kinds, not the name and not its reverse. */
export function isEnginePassword(password: string, name: string): boolean {
  const kinds = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9\s]/]
  if (password.length < 8 || password.length > 32 || !kinds.every((kind) => kind.test(password))) return false
  return password !== name && password !== [...name].reverse().join('')
}

/** 1 to 5 different roles, each of them known to the engine. */
export function areRoles(roles: readonly string[], known: ReadonlySet<string>): boolean {
  const { size } = new Set(roles)
  return (
    size > 0 &&
    size === roles.length &&
    size <= engineLimits.rolesOfAccount &&
    roles.every((r) => known.has(r))
  )
}

/** A namespace of Nacos: absent, empty and `public` are one, written ''. undefined when it cannot be one. */
export function namespaceOf(said: string | undefined): string | undefined {
  const text = said?.trim() ?? ''
  if (!NAMESPACE.test(text)) return undefined
  return text === 'public' ? '' : text
}

/**
 * The name of a user of Nacos for one namespace: a token cannot say which namespace it is for. Nacos keeps 50 characters;
 * namespaces that do not fit are told apart by a sum of 64 bits.
 */
export function nacosName(prefix: string, principalId: string, namespace: string): string {
  const person = `${prefix}-${principalId.slice(0, 20)}`
  const name = `${person}-${namespace === '' ? 'public' : namespace}`
  return name.length <= 50 && isAccountName(name) ? name : `${person}-${sumOf(namespace)}`
}

/** FNV-1a. */
function sumOf(text: string): string {
  let sum = 0xcbf29ce484222325n
  for (const character of text) {
    sum = BigInt.asUintN(64, (sum ^ BigInt(character.codePointAt(0) ?? 0)) * 0x100000001b3n)
  }
  return sum.toString(16).padStart(16, '0')
}

/** An enterprise project as a header says it; '0', the default one, when it says none. undefined when it cannot be one. */
export function enterpriseProjectOf(said: string | undefined): string | undefined {
  const text = said?.trim() ?? ''
  if (text === '') return '0'
  return ENTERPRISE_PROJECT.test(text) ? text : undefined
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 }

/** Seconds of a life as Go writes durations (`15m`, `1h30m`), 12 hours when none is said; undefined when not 15m to 24h. */
export function tokenLifeOf(said: string | undefined): number | undefined {
  if (said === undefined || said === '') return engineLimits.usualTokenLife
  if (said.length > 32 || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|us|ns|s))+$/.test(said)) return undefined
  let seconds = 0
  for (const [, amount, unit] of said.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|ns|s)/g)) {
    seconds += Number(amount) * UNITS[unit!]!
  }
  const { leastTokenLife, mostTokenLife } = engineLimits
  return seconds >= leastTokenLife && seconds <= mostTokenLife ? Math.floor(seconds) : undefined
}

/** The block of addresses that one peer can choose from freely: an IPv4 address, or 64 bits of an IPv6 one. */
export function addressBlock(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
