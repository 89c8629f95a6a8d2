import { assumeRole } from '../../../flows/assume-role.ts'
import type { AgencyRecord } from '../../../store/agencies.ts'
import { noSuch, refuseGateway } from '../errors.ts'
import { operation } from '../operation.ts'
import { requestFacts } from '../request-facts.ts'
import { assumedBody, namedRole, policyOf, roleOf, secondsOf, sessionNameOf, textOf } from './role-wish.ts'
import { VERSION } from './sts.ts'

/**
 * AssumeRole. The caller's own policies have to allow `sts:AssumeRole` on the role, and the role's trust policy has to
 * name the caller. Whoever is not trusted by another account's role does not learn whether it is there.
 */
export const assumeRoleOperation = operation<AgencyRecord | undefined>({
  action: 'AssumeRole',
  version: VERSION,
  parameters: ['RoleArn', 'RoleSessionName', 'DurationSeconds', 'Policy', 'ExternalId', 'SourceIdentity'],
  actions: ['sts:AssumeRole'],
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load: roleOf,
  asks: (call) => [{ action: 'sts:AssumeRole', resource: namedRole(call).arn }],
  handle: async (call, role) => {
    const { ctx, principal, requestId, answerId } = call
    const sessionName = sessionNameOf(call)
    const policy = policyOf(call)
    const seconds = secondsOf(call)
    if (!role) {
      const { account } = namedRole(call)
      if (account === principal.account.number) return noSuch('Role', 'no such role')
      return refuseGateway('NoPermission', 'no such role in that account')
    }
    const sourceIdentity = textOf(call, 'SourceIdentity', /^[\w=,.@-]{2,64}$/)
    const externalId = textOf(call, 'ExternalId', /^[\w+=,.@:/-]{2,1224}$/)
    const key = await assumeRole(ctx, principal.session, {
      role,
      sessionName,
      ttl: seconds(role.maxSessionSeconds),
      policy,
      externalId,
      sourceIdentity,
      facts: { ...requestFacts(ctx, principal, call), 'sts:ExternalId': externalId },
      requestId,
    })
    return {
      body: {
        RequestId: answerId,
        ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
        ...assumedBody(role, namedRole(call).account, { sessionName, key }),
      },
    }
  },
})
