/**
 * Roles that accounts of the Huawei Cloud wire know by their internal names, and what an account's own administrators
 * may do with them. They exist from the first start and mean the same on every face.
 */

export interface AccountRole {
  readonly name: string
  readonly displayName: string
  readonly description: string
  /** `AX`: on the account; `AA`: on the account and on projects. */
  readonly type: 'AX' | 'AA'
}

export const TENANT_ADMINISTRATOR = 'te_admin'
export const SECURITY_ADMINISTRATOR = 'secu_admin'
export const AGENT_OPERATOR = 'te_agency'
export const TENANT_GUEST = 'readonly'

export const ACCOUNT_ROLES: readonly AccountRole[] = [
  {
    name: TENANT_ADMINISTRATOR,
    displayName: 'Tenant Administrator',
    description: 'Tenant Administrator (Exclude IAM)',
    type: 'AA',
  },
  {
    name: SECURITY_ADMINISTRATOR,
    displayName: 'Security Administrator',
    description: 'Full permissions for Identity and Access Management.',
    type: 'AX',
  },
  {
    name: AGENT_OPERATOR,
    displayName: 'Agent Operator',
    description: 'Permissions for switching roles to access resources of other accounts.',
    type: 'AX',
  },
  { name: TENANT_GUEST, displayName: 'Tenant Guest', description: 'Tenant Guest (Exclude IAM)', type: 'AA' },
]

/** The cloud's own roles. No account's administrator may hand them out, nor manage who holds them. */
export const CLOUD_ROLES: readonly string[] = ['admin', 'service']

/** Named rules (without `identity:`) that an account's Security Administrator satisfies for what is the account's own. */
const ADMINISTERED: ReadonlySet<string> = new Set([
  ...['create', 'get', 'list', 'update', 'delete'].flatMap((verb) => [
    `${verb}_user${verb === 'list' ? 's' : ''}`,
    `${verb}_group${verb === 'list' ? 's' : ''}`,
    `${verb}_project${verb === 'list' ? 's' : ''}`,
  ]),
  'list_groups_for_user',
  'list_users_in_group',
  'add_user_to_group',
  'remove_user_from_group',
  'check_user_in_group',
  'list_user_projects',
  'check_grant',
  'list_grants',
  'create_grant',
  'revoke_grant',
  'list_roles',
  'get_role',
  'check_token',
  'validate_token',
  'revoke_token',
  ...['create', 'get', 'list', 'update', 'delete'].flatMap((verb) => [
    `${verb}_identity_provider${verb === 'list' ? 's' : ''}`,
    `${verb}_mapping${verb === 'list' ? 's' : ''}`,
    `${verb}_protocol${verb === 'list' ? 's' : ''}`,
  ]),
])

/** Rules whose operations show a domain-scoped caller nothing but that domain. */
const OWN_LISTS: ReadonlySet<string> = new Set([
  'list_users',
  'list_groups',
  'list_projects',
  'list_roles',
  'get_role',
  'list_identity_providers',
  'list_mappings',
])

/** What is the cloud's own: roles that are or imply one of `CLOUD_ROLES`, and who holds one, by id. */
export interface CloudPowers {
  readonly roles: ReadonlySet<string>
  readonly actors: ReadonlySet<string>
}

/**
 * Whether the Security Administrator of an account may do what a named rule guards. Everything that `target` names has
 * to be the account's own, and nothing of it the cloud's.
 */
export function administersAccount(
  accountId: string,
  rule: string,
  target: Readonly<Record<string, unknown>>,
  powers: CloudPowers,
): boolean {
  const name = rule.replace(/^identity:/, '')
  if (!ADMINISTERED.has(name)) return false
  const reads = /^(get|list|check|validate)_/.test(name)
  // A token is whose it is; of an agency's that is the account that made the agency.
  if (name.endsWith('_token')) {
    const isOwn = target['target.token.user.domain.id'] === accountId
    return isOwn && (reads || !powers.actors.has(String(target['target.token.user_id'])))
  }
  // By a mapping of the cloud's a provider may prove anybody: who believes what is then the cloud's business.
  if (target['target.identity_provider.is_clouds'] === true && !reads) return false
  const named = ['user', 'group', 'project', 'identity_provider', 'mapping'].filter(
    (kind) => `target.${kind}.id` in target || `target.${kind}.domain_id` in target,
  )
  const domain = target['target.domain.id']
  if (domain !== undefined && domain !== accountId) return false
  if (named.some((kind) => target[`target.${kind}.domain_id`] !== accountId)) return false
  const role = target['target.role.id']
  const roleDomain = target['target.role.domain_id'] ?? accountId
  if (
    role !== undefined &&
    (powers.roles.has(String(role)) || roleDomain !== accountId) &&
    name !== 'get_role'
  )
    return false
  if (['user', 'group'].some((kind) => powers.actors.has(String(target[`target.${kind}.id`] ?? '')))) {
    return reads
  }
  return named.length > 0 || domain !== undefined || OWN_LISTS.has(name)
}
