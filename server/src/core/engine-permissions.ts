/** Who may do what in a ServiceComb engine, decided as service-center decides it: a union over the caller's roles. Pure. */

export const engineResources = [
  'account',
  'role',
  'config',
  'service',
  'service/schema',
  'governance',
  'ops',
] as const

export type EngineVerb = 'get' | 'create' | 'update' | 'delete'

export interface EnginePermission {
  readonly resources: readonly {
    readonly type: string
    readonly labels?: Readonly<Record<string, string>> | undefined
  }[]
  readonly verbs: readonly string[]
}

const all = (types: readonly string[]): readonly EnginePermission[] => [
  { resources: types.map((type) => ({ type })), verbs: ['*'] },
]

/** The roles that every engine has and nobody changes. Looked up by names of anybody's choice: `constructor` is none. */
export const builtInRoles: Readonly<Record<string, readonly EnginePermission[] | undefined>> = Object.assign(
  Object.create(null),
  {
    admin: all(engineResources),
    developer: all(engineResources.filter((type) => type !== 'account' && type !== 'role')),
  },
)

const VERBS = ['*', 'get', 'create', 'update', 'delete']
const LABELS = ['serviceName', 'appId', 'environment']

/** Whether permissions are written as service-center takes them. */
export function arePermissions(perms: readonly EnginePermission[]): boolean {
  return perms.every(
    ({ resources, verbs }) =>
      resources.length > 0 &&
      verbs.length > 0 &&
      verbs.every((verb) => VERBS.includes(verb)) &&
      resources.every(
        ({ type, labels = {} }) =>
          engineResources.some((known) => known === type) &&
          Object.keys(labels).every((label) => type === 'service' && LABELS.includes(label)),
      ),
  )
}

/** Whether one of the permissions, without labels, covers the act. No permission, no right. */
export function permitsEngine(perms: readonly EnginePermission[], type: string, verb: string): boolean {
  return perms.some(
    ({ resources, verbs }) =>
      (verbs.includes('*') || verbs.includes(verb)) &&
      resources.some((one) => one.type === type && Object.keys(one.labels ?? {}).length === 0),
  )
}
