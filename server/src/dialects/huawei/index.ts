/** The Huawei Cloud dialect: all its operations in one list, and its wire. */
import type { Context } from '../../context.ts'
import { Refusal } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import type { Incoming, Operation } from '../../http/operation.ts'
import type { BodyFault, Wire } from '../../http/wire.ts'
import { permanentKeyOperations } from './access-keys/permanent-keys.ts'
import { temporaryKeyOperations } from './access-keys/temporary-keys.ts'
import { quotaOperations } from './account/quotas.ts'
import { securityPolicyOperations } from './account/security-policies.ts'
import { admits } from './actions.ts'
import { agencyOperations } from './agencies/agencies.ts'
import { agencyGrantOperations } from './agencies/agency-grants.ts'
import { bodyRefusal } from './body-faults.ts'
import { customPolicyOperations } from './custom-policies/custom-policies.ts'
import { identify } from './identify.ts'
import { notImplemented } from './left-out.ts'
import { loginProtectionOperations } from './mfa/login-protection.ts'
import { mfaDeviceOperations } from './mfa/mfa-devices.ts'
import { projectOperations } from './projects/projects.ts'
import { roleOperations } from './roles/roles.ts'
import { userOperations } from './users/users.ts'
import { userKeyOperations } from './v5/access-keys.ts'
import { trustAgencyOperations } from './v5/agencies.ts'
import { stsOperations } from './v5/assume-agency.ts'
import { attachmentOperations } from './v5/attachments.ts'
import { userGroupOperations } from './v5/groups.ts'
import { identityPolicyOperations } from './v5/policies.ts'
import { policyVersionOperations } from './v5/policy-versions.ts'
import { userOperationsV5 } from './v5/users.ts'
import { headersOf, renderRefusal, renderWrongMethod } from './words.ts'

/** What this wire does. */
export const answeredOperations: readonly Operation<Context, Session>[] = [
  ...agencyOperations,
  ...agencyGrantOperations,
  ...attachmentOperations,
  ...customPolicyOperations,
  ...identityPolicyOperations,
  ...loginProtectionOperations,
  ...mfaDeviceOperations,
  ...permanentKeyOperations,
  ...policyVersionOperations,
  ...projectOperations,
  ...quotaOperations,
  ...roleOperations,
  ...securityPolicyOperations,
  ...stsOperations,
  ...temporaryKeyOperations,
  ...trustAgencyOperations,
  ...userGroupOperations,
  ...userKeyOperations,
  ...userOperations,
  ...userOperationsV5,
]

export const huaweiOperations: readonly Operation<Context, Session>[] = [
  ...answeredOperations,
  ...notImplemented(answeredOperations),
]

/** The words and ways of this wire, which the Keystone operations of the same face speak too. */
export const huaweiManner = {
  identify,
  admits,
  headers: headersOf,
  refusal: renderRefusal,
  badBody: (fault: BodyFault, incoming: Incoming) =>
    renderRefusal(bodyRefusal(fault, incoming.path), incoming),
  unreadableBody: (why: string, incoming: Incoming) =>
    renderRefusal(new Refusal(why === 'too-large' ? 'too_large' : 'bad_request', why), incoming),
  unknownPath: (incoming: Incoming) =>
    renderRefusal(
      new Refusal('not_found', 'path', { message: 'The API does not exist or has not been published.' }),
      incoming,
    ),
  wrongMethod: (allowed: readonly string[], incoming: Incoming) => {
    const { status, headers, body } = renderWrongMethod(incoming)
    return { status, headers: { ...headers, allow: allowed.join(', ') }, body }
  },
} satisfies Partial<Wire<Context, Session>>

export function huaweiDialect(): Wire<Context, Session> {
  return {
    name: 'huawei',
    operations: huaweiOperations,
    ...huaweiManner,
    // Every operation decides by account, in `access.ts`.
    permits: () => false,
  }
}
