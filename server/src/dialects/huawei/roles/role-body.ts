/** Roles and custom policies as this wire shows them: every role has a policy document here. */
import { ACCOUNT_ROLES } from '../../../core/account-roles.ts'
import type { RoleRecord } from '../../../store/roles.ts'
import { findStatementPolicies, type StatementPolicyRecord } from '../../../store/statement-policies.ts'
import type { Call } from '../operation.ts'

/** A role with its policy, where it is a custom one. */
export function roleShown(
  { baseUrl }: Pick<Call, 'baseUrl'>,
  role: RoleRecord,
  policy: StatementPolicyRecord | undefined,
): Record<string, unknown> {
  const links = { self: `${baseUrl}/v3/roles/${role.id}`, previous: null, next: null }
  if (policy) return { ...policyBody(policy), links }
  const known = ACCOUNT_ROLES.find(({ name }) => name === role.name)
  return {
    domain_id: role.domainId === '' ? null : role.domainId,
    name: role.name,
    description: role.description ?? '',
    description_cn: role.description ?? '',
    catalog: 'BASE',
    links,
    id: role.id,
    display_name: known?.displayName ?? role.name,
    type: known?.type ?? 'AA',
    policy: { Version: '1.0', Statement: [{ Effect: 'Allow', Action: [`${role.name}:*:*`] }] },
  }
}

/** What a custom policy is, without links. */
export function policyBody(policy: StatementPolicyRecord): Record<string, unknown> {
  const { type, catalog, name, description_cn } = policy.extra as Readonly<Record<string, string | undefined>>
  return {
    domain_id: policy.domainId,
    name,
    display_name: policy.name,
    description: policy.description,
    ...(description_cn === undefined ? {} : { description_cn }),
    catalog,
    type,
    id: policy.id,
    policy: policy.document,
    created_time: String(Math.floor(policy.createdAt / 1000)),
    updated_time: String(Math.floor(policy.updatedAt / 1000)),
  }
}

export async function rolesShown(
  call: Pick<Call, 'ctx' | 'baseUrl'>,
  roles: readonly RoleRecord[],
): Promise<readonly unknown[]> {
  const own = roles.filter((role) => role.domainId !== '').map((role) => role.id)
  const policies = await findStatementPolicies(call.ctx.store.db, own)
  const byId = new Map(policies.map((policy) => [policy.id, policy]))
  return roles.map((role) => roleShown(call, role, byId.get(role.id)))
}
