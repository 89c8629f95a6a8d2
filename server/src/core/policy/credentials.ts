/**
 * What a session presents to named rules, under the names that oslo.policy files use for it.
 *
 * An attribute that does not apply is null: `domain_id` of a session on a project. A rule may name these attributes and
 * the paths of `credentialAttribute`; any other is refused when the rules are compiled, because `not unheard_of:x` would
 * be true for everybody.
 */

export interface Credentials {
  readonly user_id: string
  readonly username: string | null
  readonly user_domain_id: string | null
  readonly user_domain_name: string | null
  readonly project_id: string | null
  readonly project_name: string | null
  readonly project_domain_id: string | null
  readonly project_domain_name: string | null
  /** The domain the session is scoped to; null on a project, even a project of that domain. */
  readonly domain_id: string | null
  readonly domain_name: string | null
  readonly system_scope: 'all' | null
  /** Names of the effective roles, implied ones included. Compared without regard to case. */
  readonly roles: readonly string[]
  readonly is_delegated_auth: boolean
  readonly trust_id: string | null
  readonly trustor_id: string | null
  readonly trustee_id: string | null
  /** The user who acts as an agency or an assumed role. */
  readonly assumed_by: string | null
  /** Names of the roles of the service that passes the user's token on. */
  readonly service_roles?: readonly string[]
  readonly service_user_id?: string | null
  readonly service_project_id?: string | null
}

const ATTRIBUTES: Readonly<Record<keyof Credentials, true>> = {
  user_id: true,
  username: true,
  user_domain_id: true,
  user_domain_name: true,
  project_id: true,
  project_name: true,
  project_domain_id: true,
  project_domain_name: true,
  domain_id: true,
  domain_name: true,
  system_scope: true,
  roles: true,
  is_delegated_auth: true,
  trust_id: true,
  trustor_id: true,
  trustee_id: true,
  assumed_by: true,
  service_roles: true,
  service_user_id: true,
  service_project_id: true,
}

/** Where Keystone's rules reach into the token's body, and older names. */
const PATHS: ReadonlyMap<string, keyof Credentials> = new Map([
  ['system', 'system_scope'],
  ['token.user.id', 'user_id'],
  ['token.user.name', 'username'],
  ['token.user.domain.id', 'user_domain_id'],
  ['token.user.domain.name', 'user_domain_name'],
  ['token.project.id', 'project_id'],
  ['token.project.name', 'project_name'],
  ['token.project.domain.id', 'project_domain_id'],
  ['token.project.domain.name', 'project_domain_name'],
  ['token.domain.id', 'domain_id'],
  ['token.domain.name', 'domain_name'],
  ['token.roles.name', 'roles'],
])

/**
 * Keystone's `[DEFAULT] admin_token`, which skips all rules, sets this; its own rule `admin_required` asks for it. There
 * is no such token here, so it never holds.
 */
export const NEVER_SET = 'is_admin'

export interface NamedAttribute {
  readonly attribute: keyof Credentials
  /** Reached through the token's body, where what does not apply is absent and not null. */
  readonly inToken: boolean
}

/** The attribute that the left side of a check names, or undefined when there is none of that name. */
export function credentialAttribute(path: string): NamedAttribute | undefined {
  if (Object.hasOwn(ATTRIBUTES, path)) return { attribute: path as keyof Credentials, inToken: false }
  const attribute = PATHS.get(path)
  return attribute && { attribute, inToken: path.startsWith('token.') }
}

/** Whether a session is on the system, a domain, or (also when it has no scope at all) a project, as oslo.policy counts. */
export function scopeTypeOf(credentials: Credentials): 'system' | 'domain' | 'project' {
  if (credentials.system_scope) return 'system'
  return credentials.domain_id ? 'domain' : 'project'
}
