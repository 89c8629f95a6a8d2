/** The Huawei Cloud dialect: all its operations in one list, and its wire. */
import type { Context } from '../../context.ts'
import { Refusal } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import type { Incoming, Operation } from '../../http/operation.ts'
import type { Wire } from '../../http/wire.ts'
import { permanentKeyOperations } from './access-keys/permanent-keys.ts'
import { temporaryKeyOperations } from './access-keys/temporary-keys.ts'
import { quotaOperations } from './account/quotas.ts'
import { securityPolicyOperations } from './account/security-policies.ts'
import { admits } from './actions.ts'
import { agencyOperations } from './agencies/agencies.ts'
import { agencyGrantOperations } from './agencies/agency-grants.ts'
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
import { headersOf, renderRefusal } from './words.ts'

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
  badBody: (
    fault: {
      readonly field: string
      readonly message: string
      readonly keyword: string
      readonly params: Readonly<Record<string, unknown>>
    },
    incoming: Incoming,
  ) => {
    const { field, keyword, message, params } = fault
    const missing = keyword === 'required' ? String(params['missingProperty']) : undefined
    const text = missing
      ? `'${missing}' is a required property.`
      : `Invalid input for field '${field}': ${message}.`
    const wireCode = missing ? 'IAM.0072' : 'IAM.0073'
    return renderRefusal(new Refusal('bad_request', text, { message: text, wireCode }), incoming)
  },
  unreadableBody: (why: string, incoming: Incoming) =>
    renderRefusal(new Refusal(why === 'too-large' ? 'too_large' : 'bad_request', why), incoming),
  unknownPath: (incoming: Incoming) =>
    renderRefusal(
      new Refusal('not_found', 'path', { message: 'The API does not exist or has not been published.' }),
      incoming,
    ),
  wrongMethod: (allowed: readonly string[], incoming: Incoming) => ({
    status: 405,
    headers: { 'content-type': 'application/json', allow: allowed.join(', '), ...headersOf(incoming) },
    body: JSON.stringify({
      error: {
        code: 405,
        message: 'The method is not allowed for the requested URL.',
        title: 'Method Not Allowed',
      },
    }),
  }),
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
