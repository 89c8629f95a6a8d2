import { type Effort, EffortSpent, newEffort, spend } from './effort.ts'
import { pythonText } from './python-text.ts'
import { MOST_COST, searchPattern } from './search-pattern.ts'

/**
 * What is wrong with a `mapping` as it was sent; empty when nothing is. Facts: Keystone's schema of mappings, its words
 * included; what Keystone would only notice at a sign-in (a condition that is no text, a pattern that is none) is a
 * fault here.
 */
export function mappingFaults(mapping: unknown, manner: MappingManner = {}): readonly string[] {
  if (!isObject(mapping)) return [`${pythonText(mapping)} is not of type 'object'`]
  const { rules } = mapping
  if (rules === undefined) return ["'rules' is a required property"]
  try {
    const effort = newEffort()
    return [
      ...listFaults(rules, (rule) => ruleFaults(rule, manner, effort)),
      ...versionFaults(mapping['schema_version']),
    ]
  } catch (error) {
    if (error instanceof EffortSpent) return [error.message]
    throw error
  }
}

export interface MappingManner {
  /** Groups may be named without a domain: they are the provider's own. */
  readonly ownGroups?: boolean
  /** Nobody but the provider's own users and the account's groups may come out (Huawei Cloud's own language). */
  readonly onlyAccount?: boolean
}

type Faults = readonly string[]
type Check = (value: unknown) => Faults
type Properties = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText: Check = (value) =>
  typeof value === 'string' ? [] : [`${pythonText(value)} is not of type 'string'`]

function versionFaults(version: unknown): Faults {
  return version === undefined || version === '1.0' || version === '2.0'
    ? []
    : [`${pythonText(version)} is not one of ['1.0', '2.0']`]
}

function listFaults(value: unknown, check: Check, least = 1): Faults {
  if (!Array.isArray(value)) return [`${pythonText(value)} is not of type 'array'`]
  if (value.length < least) return [`${pythonText(value)} is too short`]
  return value.flatMap(check)
}

/** Faults of an object with these properties and no others. */
function objectFaults(
  value: unknown,
  properties: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): Faults {
  if (!isObject(value)) return [`${pythonText(value)} is not of type 'object'`]
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(properties, name))
  return [
    ...required
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => `'${name}' is a required property`),
    ...(unknown.length === 0 ? [] : [unexpected(unknown)]),
    ...Object.entries(properties).flatMap(([name, check]) =>
      Object.hasOwn(value, name) ? check(value[name]) : [],
    ),
  ]
}

function unexpected(names: readonly string[]): string {
  const verb = names.length === 1 ? 'was' : 'were'
  return `Additional properties are not allowed (${names.map(pythonText).join(', ')} ${verb} unexpected)`
}

const ruleFaults = (rule: unknown, manner: MappingManner, effort: Effort): Faults =>
  objectFaults(
    rule,
    {
      local: (locals) => listFaults(locals, (local) => localFaults(local, manner), 0),
      remote: (remotes) => listFaults(remotes, (remote) => remoteFaults(remote, effort)),
    },
    ['local', 'remote'],
  )

const domainFaults: Check = (domain) => objectFaults(domain, { id: isText, name: isText })

const localFaults = (local: unknown, manner: MappingManner): Faults =>
  manner.onlyAccount
    ? objectFaults(local, {
        user: (user) => objectFaults(user, { id: isText, name: isText, email: isText }),
        group: (group) => objectFaults(group, { name: isText }, ['name']),
        groups: isText,
      })
    : cloudLocalFaults(local, manner)

const cloudLocalFaults = (local: unknown, manner: MappingManner): Faults =>
  objectFaults(local, {
    user: userFaults,
    projects: (projects) => listFaults(projects, projectFaults, 0),
    group: (group) => groupFaults(group, manner),
    groups: isText,
    group_ids: isText,
    domain: domainFaults,
  })

const userFaults: Check = (user) =>
  objectFaults(user, {
    id: isText,
    name: isText,
    email: isText,
    domain: domainFaults,
    type: (type) =>
      type === 'ephemeral' || type === 'local'
        ? []
        : [`${pythonText(type)} is not one of ['ephemeral', 'local']`],
  })

/** `domain` of a project belongs to schema version 2.0. */
const projectFaults: Check = (project) =>
  objectFaults(
    project,
    { name: isText, roles: (roles) => listFaults(roles, roleFaults, 0), domain: domainFaults },
    ['name', 'roles'],
  )

const roleFaults: Check = (role) => {
  if (!isObject(role)) return [`${pythonText(role)} is not of type 'object'`]
  if (!Object.hasOwn(role, 'name')) return ["'name' is a required property"]
  return isText(role['name'])
}

const groupFaults = (group: unknown, { ownGroups = false }: MappingManner): Faults => {
  const byId = objectFaults(group, { id: isText }, ['id'])
  const byName = objectFaults(
    group,
    { name: isText, domain: domainFaults },
    ownGroups ? ['name'] : ['name', 'domain'],
  )
  return byId.length === 0 || byName.length === 0 ? [] : [noneOf(group)]
}

const CONDITIONS = ['any_one_of', 'not_any_of', 'blacklist', 'whitelist']

const remoteFaults = (remote: unknown, effort: Effort): Faults => {
  if (!isObject(remote) || typeof remote['type'] !== 'string') return [noneOf(remote)]
  const others = Object.keys(remote).filter((name) => name !== 'type')
  const conditions = others.filter((name) => CONDITIONS.includes(name))
  const [condition] = conditions
  if (condition === undefined) return others.length === 0 ? [] : [noneOf(remote)]
  const extra = others.filter((name) => name !== condition && name !== 'regex')
  const { regex = false } = remote
  if (extra.length > 0 || typeof regex !== 'boolean' || !Array.isArray(remote[condition])) {
    return [noneOf(remote)]
  }
  return listFaults(remote[condition], regex ? (text) => patternFaults(text, effort) : isText, 0)
}

const patternFaults = (text: unknown, effort: Effort): Faults => {
  if (typeof text !== 'string') return isText(text)
  const pattern = searchPattern(text)
  spend(effort, pattern?.cost ?? MOST_COST)
  return pattern ? [] : [`${pythonText(text)} is not a 'regex'`]
}

function noneOf(value: unknown): string {
  return `${pythonText(value)} is not valid under any of the given schemas`
}
