import type { Incoming } from '../../../http/operation.ts'
import type { RoleRecord } from '../../../store/roles.ts'
import type { TrustRecord } from '../../../store/trusts.ts'
import { selfLink } from '../collection.ts'
import { roleBody } from '../roles/role-body.ts'
import { microTime } from '../time.ts'

export function trustFields(incoming: Incoming, trust: TrustRecord) {
  const { id, expiresAt } = trust
  return {
    ...trust.extra,
    id,
    trustor_user_id: trust.trustorUserId,
    trustee_user_id: trust.trusteeUserId,
    project_id: trust.projectId,
    impersonation: trust.impersonation,
    expires_at: expiresAt === null ? null : microTime(expiresAt),
    remaining_uses: trust.remainingUses,
    deleted_at: null,
    redelegated_trust_id: trust.redelegatedTrustId,
    redelegation_count: trust.redelegationCount,
    links: selfLink(incoming, `OS-TRUST/trusts/${id}`),
  }
}

/** A single trust shows its roles whole. The link to them leaves the prefix out, as Keystone's does. */
export function trustBody(incoming: Incoming, trust: TrustRecord, roles: readonly RoleRecord[]) {
  const { links, ...fields } = trustFields(incoming, trust)
  return {
    ...fields,
    roles: roles.map((role) => roleBody(incoming, role)),
    roles_links: rolesLinks(incoming, trust),
    links,
  }
}

export function rolesLinks(incoming: Incoming, trust: TrustRecord) {
  return { ...selfLink(incoming, `${trust.id}/roles`), next: null, previous: null }
}
