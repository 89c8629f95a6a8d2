/**
 * The mapping engine: from what an identity provider says about somebody to who that is here. Keystone's rule language
 * (Identity API v3, OS-FEDERATION "Mappings", schema versions 1.0 and 2.0), decided on values alone: nothing is looked
 * up, nothing is made.
 *
 * It differs from Keystone where an identity provider's users could otherwise write rules of their own:
 * - values are lists from the start and are never split at `;`
 * - a list is read out of a text only when the rule's author wrote it, not when an attribute's value looks like one
 * - `JSON:` groups, which name their own domain, count only where the rule itself leaves the domain open
 */
import { type Effort, EffortSpent, newEffort, spend } from './effort.ts'
import { pythonText, readList } from './python-text.ts'
import { type SearchPattern, searchPattern } from './search-pattern.ts'

/** Attributes of an assertion, every one a list. */
export type Assertion = Readonly<Record<string, readonly string[]>>

export interface DomainName {
  readonly id?: string
  readonly name?: string
}

export interface RemoteRule {
  readonly type: string
  readonly any_one_of?: readonly string[]
  readonly not_any_of?: readonly string[]
  readonly blacklist?: readonly string[]
  readonly whitelist?: readonly string[]
  readonly regex?: boolean
}

export interface MappingRule {
  readonly local: readonly Readonly<Record<string, unknown>>[]
  readonly remote: readonly RemoteRule[]
}

export interface MappedUser {
  /** `local`: a user who is here already. `ephemeral`: one who is here because the provider says so. */
  readonly type: 'ephemeral' | 'local'
  readonly id?: string
  readonly name?: string
  readonly email?: string
  readonly domain?: DomainName
}

export interface MappedGroup {
  readonly name: string
  readonly domain: DomainName
}

export interface MappedProject {
  readonly name: string
  readonly roles: readonly string[]
  readonly domain?: DomainName
}

/** Who came out, and by which rules (their places in the list, from 0). */
export interface Mapped {
  readonly user: MappedUser
  readonly groupIds: readonly string[]
  readonly groups: readonly MappedGroup[]
  readonly projects: readonly MappedProject[]
  readonly rules: readonly number[]
}

export interface MappingManner {
  /** Groups named without a domain come out with an empty one, which stands for the provider's own (Huawei Cloud). */
  readonly ownGroups?: boolean
  /** What it may cost; that of one mapping unless given. */
  readonly effort?: Effort
}

/**
 * Applies well-formed rules (see `mapping-faults.ts`) to an assertion. `refused` when no rule applies, when one that does
 * cannot be carried out (a reference to nothing, groups without a domain), and when they take too long.
 */
export function applyMapping(
  rules: readonly MappingRule[],
  assertion: Assertion,
  { ownGroups = false, effort = newEffort() }: MappingManner = {},
): Mapped | { readonly refused: string } {
  const applied: number[] = []
  const locals: Local[] = []
  try {
    for (const [index, rule] of rules.entries()) {
      const matches = matchesOf(rule.remote, assertion, effort)
      if (!matches) continue
      applied.push(index)
      for (const local of rule.local) {
        const filled = fill(local, matches, effort)
        if (filled === undefined) return { refused: `rule ${index} refers to a remote entry that it has not` }
        locals.push(filled as Local)
      }
    }
  } catch (error) {
    if (error instanceof EffortSpent) return { refused: error.message }
    throw error
  }
  if (locals.length === 0) return { refused: 'no rule applies' }
  return joined(locals, applied, ownGroups)
}

/**
 * The place (from 0) of the first remote entry by which a rule does not apply; undefined when it applies. Throws `EffortSpent`
 * when that takes too long to find out.
 */
export function unmetEntry(
  { remote }: MappingRule,
  assertion: Assertion,
  effort: Effort,
): number | undefined {
  const place = remote.findIndex((entry) => matchesOf([entry], assertion, effort) === undefined)
  return place < 0 ? undefined : place
}

/** Values of the remote entries without a condition, in order: what `{0}`, `{1}` ... stand for. */
type Matches = readonly (readonly string[])[]

function matchesOf(
  remotes: readonly RemoteRule[],
  assertion: Assertion,
  effort: Effort,
): Matches | undefined {
  const matches: (readonly string[])[] = []
  for (const remote of remotes) {
    const values = Object.hasOwn(assertion, remote.type) ? assertion[remote.type] : undefined
    if (!values || values.length === 0) return undefined
    const { any_one_of, not_any_of, blacklist, whitelist } = remote
    const wanted = any_one_of ?? not_any_of ?? blacklist ?? whitelist
    const hits = wanted && among(values, wanted, { isPattern: remote.regex === true, effort })
    if (!wanted) matches.push(values)
    // What cannot be searched for is not known to be absent either.
    else if (!hits) return undefined
    else if (any_one_of) {
      if (hits.length === 0) return undefined
    } else if (not_any_of) {
      if (hits.length > 0) return undefined
    } else if (blacklist) {
      matches.push([...new Set(values).difference(new Set(hits))])
    } else {
      matches.push(remote.regex ? hits : [...new Set(hits)])
    }
  }
  return matches
}

/** The values that are wanted; undefined when one of the patterns is none. */
function among(
  values: readonly string[],
  wanted: readonly string[],
  { isPattern, effort }: { readonly isPattern: boolean; readonly effort: Effort },
): readonly string[] | undefined {
  spend(effort, values.length + wanted.length)
  if (!isPattern) {
    const names = new Set(wanted)
    return values.filter((value) => names.has(value))
  }
  const patterns: SearchPattern[] = []
  for (const text of wanted) {
    const pattern = searchPattern(text)
    if (pattern === undefined) return undefined
    spend(effort, pattern.cost)
    patterns.push(pattern)
  }
  return values.filter((value) => patterns.some((pattern) => pattern.test(value, effort)))
}

/** A text after substitution, and whether the rule's author or a list of values wrote all of it. */
interface Filled {
  readonly text: string
  readonly isList: boolean
}

interface Local {
  readonly user?: Readonly<Record<string, unknown>>
  readonly group?: Readonly<Record<string, unknown>>
  readonly groups?: Filled
  readonly group_ids?: Filled
  readonly domain?: DomainFilled
  readonly projects?: readonly {
    readonly name: Filled
    readonly roles: readonly { readonly name: Filled }[]
    readonly domain?: DomainFilled
  }[]
}

interface DomainFilled {
  readonly id?: Filled
  readonly name?: Filled
}

/** The value with every text in it filled in; undefined when a text refers to a match that is not there. */
function fill(value: unknown, matches: Matches, effort: Effort): unknown {
  if (typeof value === 'string') return fillText(value, matches, effort)
  if (Array.isArray(value)) {
    const items = value.map((item) => fill(item, matches, effort))
    return items.includes(undefined) ? undefined : items
  }
  const entries = Object.entries(value as object).map(
    ([key, item]) => [key, fill(item, matches, effort)] as const,
  )
  return entries.some(([, item]) => item === undefined) ? undefined : Object.fromEntries(entries)
}

const REFERENCE = /\{\{|\}\}|\{(\d*)\}|[{}]/g

/** Of a character that is filled in: a text of all of them has to be held, too. */
const COST_OF_CHARACTER = 8

function fillText(template: string, matches: Matches, effort: Effort): Filled | undefined {
  let next = 0
  let isList = true
  let isFaulty = false
  const text = template.replace(REFERENCE, (whole: string, number?: string) => {
    if (whole === '{{' || whole === '}}') return whole.charAt(0)
    const values = number === undefined ? undefined : matches[number === '' ? next++ : Number(number)]
    if (!values) {
      isFaulty = true
      return ''
    }
    for (const value of values) spend(effort, COST_OF_CHARACTER * (value.length + 1))
    if (values.length !== 1) return pythonText(values)
    isList = false
    return values[0] ?? ''
  })
  return isFaulty ? undefined : { text, isList }
}

/** The items of a list that the rule's author or several values made; anything else is one item. */
function listed({ text, isList }: Filled): readonly string[] {
  return (isList ? readList(text) : undefined) ?? [text]
}

function joined(
  locals: readonly Local[],
  rules: readonly number[],
  ownGroups: boolean,
): Mapped | { readonly refused: string } {
  let user: MappedUser | undefined
  let projects: readonly MappedProject[] = []
  const groupIds = new Set<string>()
  const groups = new Map<string, MappedGroup>()
  const add = (group: MappedGroup) => groups.set(JSON.stringify([group.name, group.domain]), group)
  for (const local of locals) {
    // The first rule that names a user decides who it is.
    if (local.user && !user && Object.keys(local.user).length > 0) user = userOf(local.user)
    if (local.group) {
      const { id, name, domain } = local.group as { id?: Filled; name?: Filled; domain?: DomainFilled }
      if (id) groupIds.add(id.text)
      else if (name) add({ name: name.text, domain: domainOf(domain) })
    }
    if (local.groups) {
      const names = listed(local.groups)
      if (names.length === 0 && !local.domain && !ownGroups) return { refused: 'groups without a domain' }
      for (const name of names) {
        const group =
          local.domain || ownGroups ? { name, domain: domainOf(local.domain) } : ownDomainGroup(name)
        if (!group) return { refused: 'groups without a domain' }
        add(group)
      }
    }
    if (local.group_ids) for (const id of listed(local.group_ids)) groupIds.add(id)
    if (local.projects) projects = local.projects.map(projectOf)
  }
  return {
    user: user ?? { type: 'ephemeral' },
    groupIds: [...groupIds],
    groups: [...groups.values()],
    projects,
    rules,
  }
}

function userOf(user: Readonly<Record<string, unknown>>): MappedUser {
  const { id, name, email, domain, type } = user as Readonly<Record<string, Filled | undefined>>
  return {
    type: type?.text === 'local' ? 'local' : 'ephemeral',
    ...(id ? { id: id.text } : {}),
    ...(name ? { name: name.text } : {}),
    ...(email ? { email: email.text } : {}),
    ...(domain ? { domain: domainOf(domain as unknown as DomainFilled) } : {}),
  }
}

function projectOf(project: NonNullable<Local['projects']>[number]): MappedProject {
  return {
    name: project.name.text,
    roles: project.roles.map((role) => role.name.text),
    ...(project.domain ? { domain: domainOf(project.domain) } : {}),
  }
}

function domainOf(domain: DomainFilled | undefined): DomainName {
  return {
    ...(domain?.id ? { id: domain.id.text } : {}),
    ...(domain?.name ? { name: domain.name.text } : {}),
  }
}

/** `JSON:{"name": ..., "domain": {...}}`: a group that brings its domain along. */
function ownDomainGroup(text: string): MappedGroup | undefined {
  if (!text.startsWith('JSON:')) return undefined
  let value: unknown
  try {
    value = JSON.parse(text.slice('JSON:'.length))
  } catch {
    return undefined
  }
  const { name, domain } = (value ?? {}) as { name?: unknown; domain?: { id?: unknown; name?: unknown } }
  if (typeof name !== 'string' || typeof domain !== 'object' || domain === null) return undefined
  if (typeof domain.id === 'string') return { name, domain: { id: domain.id } }
  return typeof domain.name === 'string' ? { name, domain: { name: domain.name } } : undefined
}
