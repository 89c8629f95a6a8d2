/** The Keystone dialect: all its operations in one list, and its wire built with a face's options. */
import type { Context } from '../../context.ts'
import type { CompiledPolicy } from '../../core/policy/compile.ts'
import type { Session } from '../../core/session.ts'
import type { Operation } from '../../http/operation.ts'
import type { Wire } from '../../http/wire.ts'
import { accessRuleOperations } from './application-credentials/access-rules.ts'
import { applicationCredentialOperations } from './application-credentials/application-credentials.ts'
import { authListOperations } from './auth-lists/auth-lists.ts'
import { credentialOperations } from './credentials/credentials.ts'
import { defaultConfigOperations } from './domain-config/default-config.ts'
import { storedConfigOperations } from './domain-config/domain-config.ts'
import { domainOperations } from './domains/domains.ts'
import { ec2CredentialOperations } from './ec2/ec2-credentials.ts'
import { ec2TokenOperations } from './ec2/ec2-tokens.ts'
import { endpointAssociationOperations } from './endpoint-filter/associations.ts'
import { endpointGroupOperations } from './endpoint-filter/endpoint-groups.ts'
import { endpointOperations } from './endpoints/endpoints.ts'
import { federationOperations } from './federation/index.ts'
import { grantOperations } from './grants/grants.ts'
import { groupOperations } from './groups/groups.ts'
import { limitOperations } from './limits/limits.ts'
import { registeredLimitOperations } from './limits/registered-limits.ts'
import { accessTokenOperations } from './oauth1/access-tokens.ts'
import { oauthAuthorizationOperations } from './oauth1/authorization.ts'
import { consumerOperations } from './oauth1/consumers.ts'
import { oauth2TokenOperations } from './oauth2/token.ts'
import { endpointPolicyOperations } from './policies/endpoint-policy.ts'
import { policyOperations } from './policies/policies.ts'
import { projectOperations } from './projects/projects.ts'
import { regionOperations } from './regions/regions.ts'
import { retiredOperations } from './retired/retired.ts'
import { listRoleAssignments } from './role-assignments/role-assignments.ts'
import { impliedRoleOperations } from './roles/implied-roles.ts'
import { roleOperations } from './roles/roles.ts'
import { serviceOperations } from './services/services.ts'
import { type IssueOptions, issueOperation } from './tokens/issue.ts'
import { showKeySet } from './tokens/key-set.ts'
import { revokeTokenOperation } from './tokens/revoke.ts'
import { validateOperation } from './tokens/validate.ts'
import { trustOperations } from './trusts/trusts.ts'
import { userOperations } from './users/users.ts'
import { versionOperations } from './versions.ts'
import { identifyByToken, keystoneWire } from './wire.ts'

/** Every operation of the Keystone wire, for a face that shows tokens as `options` say. */
export function keystoneOperations(options: IssueOptions): readonly Operation<Context, Session>[] {
  return [
    ...versionOperations,
    ...accessRuleOperations,
    ...accessTokenOperations,
    ...applicationCredentialOperations,
    ...authListOperations(options),
    ...consumerOperations,
    ...credentialOperations,
    ...defaultConfigOperations,
    ...domainOperations,
    ...ec2CredentialOperations,
    ...ec2TokenOperations(options.style),
    ...endpointAssociationOperations,
    ...endpointGroupOperations,
    ...endpointOperations,
    ...endpointPolicyOperations,
    ...federationOperations(options),
    ...grantOperations,
    ...groupOperations,
    ...impliedRoleOperations,
    ...limitOperations,
    ...oauth2TokenOperations(options.ttl),
    ...oauthAuthorizationOperations,
    ...policyOperations,
    ...projectOperations,
    ...regionOperations,
    ...registeredLimitOperations,
    ...retiredOperations,
    ...roleOperations,
    ...serviceOperations,
    ...storedConfigOperations,
    ...trustOperations,
    ...userOperations,
    issueOperation(options),
    listRoleAssignments,
    validateOperation(options.style),
    revokeTokenOperation,
    showKeySet,
  ]
}

export interface KeystoneDialectOptions extends Omit<IssueOptions, 'identify'> {
  /** Another way to tell who calls than by X-Auth-Token alone. */
  readonly identify?: IssueOptions['identify']
  readonly policy: CompiledPolicy
  readonly authMethods: readonly string[]
}

export function keystoneDialect(options: KeystoneDialectOptions): Wire<Context, Session> {
  const identify = options.identify ?? identifyByToken
  return keystoneWire({ ...options, identify, operations: keystoneOperations({ ...options, identify }) })
}
