/** What policies call the operations of this face: `iam:users:listUsers`. */
import { evaluate } from '../../core/policy/statements/evaluate.ts'
import { refuse } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import type { Operation } from '../../http/operation.ts'

/** What an operation is about, by its path; the first that fits. */
const THINGS: readonly (readonly [RegExp, string])[] = [
  [/\/(domains|projects|system|enterprise-projects)\/.*\/roles(\/|$)/, 'permissions'],
  [/\/OS-(PERMISSION|INHERIT)\//, 'permissions'],
  [/\/groups\/:\w+\/users/, 'permissions'],
  [/\/OS-CREDENTIAL\//, 'credentials'],
  [/\/access-keys/, 'credentials'],
  [/\/OS-SECURITYPOLICY\//, 'securitypolicies'],
  [/\/OS-MFA\/|\/mfa-devices|login-protect|virtual-mfa-device/, 'mfa'],
  [/\/OS-QUOTA\//, 'quotas'],
  [/\/identity_providers(?!.*\/(protocols|mappings))/, 'identityProviders'],
]

/** Where the published name is not the operation's own. */
const NAMES: Readonly<Record<string, string>> = {
  listPermanentAccessKeys: 'listCredentials',
  showPermanentAccessKey: 'getCredential',
  createPermanentAccessKey: 'createCredential',
  updatePermanentAccessKey: 'updateCredential',
  deletePermanentAccessKey: 'deleteCredential',
  listCustomPolicies: 'listRoles',
  keystoneListPermissions: 'listRoles',
  keystoneShowPermission: 'getRole',
  showCustomPolicy: 'getRole',
  createCloudServiceCustomPolicy: 'createRole',
  updateCloudServiceCustomPolicy: 'updateRole',
  deleteCustomPolicy: 'deleteRole',
}

type Named = Pick<Operation<never, never>, 'id' | 'path'>

/** The v5 API's operations are called by what they do: `iam:agencies:createV5`, `iam:policies:listVersionsV5`. */
const V5: Readonly<Record<string, string>> = {
  listAgenciesV5: 'agencies:listV5',
  createAgencyV5: 'agencies:createV5',
  getAgencyV5: 'agencies:getV5',
  updateAgencyV5: 'agencies:updateV5',
  deleteAgencyV5: 'agencies:deleteV5',
  updateTrustPolicyV5: 'agencies:updateTrustPolicyV5',
  attachAgencyPolicyV5: 'agencies:attachPolicyV5',
  detachAgencyPolicyV5: 'agencies:detachPolicyV5',
  listAttachedAgencyPoliciesV5: 'agencies:listAttachedPoliciesV5',
  attachGroupPolicyV5: 'groups:attachPolicyV5',
  detachGroupPolicyV5: 'groups:detachPolicyV5',
  listAttachedGroupPoliciesV5: 'groups:listAttachedPoliciesV5',
  attachUserPolicyV5: 'users:attachPolicyV5',
  detachUserPolicyV5: 'users:detachPolicyV5',
  listAttachedUserPoliciesV5: 'users:listAttachedPoliciesV5',
  listAccessKeysV5: 'credentials:listCredentialsV5',
  createAccessKeyV5: 'credentials:createCredentialV5',
  updateAccessKeyV5: 'credentials:updateCredentialV5',
  deleteAccessKeyV5: 'credentials:deleteCredentialV5',
  showAccessKeyLastUsedV5: 'credentials:showAccessKeyLastUsedV5',
  listUsersV5: 'users:listUsersV5',
  createUserV5: 'users:createUserV5',
  showUserV5: 'users:getUserV5',
  updateUserV5: 'users:updateUserV5',
  deleteUserV5: 'users:deleteUserV5',
  listGroupsV5: 'groups:listGroupsV5',
  createGroupV5: 'groups:createGroupV5',
  showGroupV5: 'groups:getGroupV5',
  updateGroupV5: 'groups:updateGroupV5',
  deleteGroupV5: 'groups:deleteGroupV5',
  addUserToGroupV5: 'permissions:addUserToGroupV5',
  removeUserFromGroupV5: 'permissions:removeUserFromGroupV5',
  listPoliciesV5: 'policies:listV5',
  createPolicyV5: 'policies:createV5',
  getPolicyV5: 'policies:getV5',
  deletePolicyV5: 'policies:deleteV5',
  listEntitiesForPolicyV5: 'policies:listEntitiesV5',
  listPolicyVersionsV5: 'policies:listVersionsV5',
  createPolicyVersionV5: 'policies:createVersionV5',
  getPolicyVersionV5: 'policies:getVersionV5',
  deletePolicyVersionV5: 'policies:deleteVersionV5',
  setDefaultPolicyVersionV5: 'policies:setDefaultVersionV5',
}

/** The action of an operation, with the collection its path ends in where nothing else is said. */
export function actionOf({ id, path }: Named, service = 'iam'): string {
  const v5 = V5[id]
  if (v5 !== undefined) return `${service}:${v5}`
  const collections = path.split('/').filter((part) => part !== '' && !part.startsWith(':'))
  const known = THINGS.find(([pattern]) => pattern.test(path))?.[1]
  const thing = known ?? (collections[0] === 'v5' ? collections[1] : collections.at(-1)) ?? ''
  const plain = id.replace(/^keystone([A-Z])/, (_, first: string) => first.toLowerCase())
  const camel = plain.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return `${service}:${thing}:${NAMES[id] ?? camel.replace(/^show/, 'get')}`
}

/** Refuses `forbidden` what the session policy of a temporary key does not allow. */
export function admits(caller: Session, operation: Named, service = 'iam'): void {
  if (!caller.narrowedBy) return
  const action = actionOf(operation, service)
  const { allowed } = evaluate({ identity: [caller.narrowedBy] }, { action, resource: '', facts: {} })
  if (!allowed) refuse('forbidden', `${action} by a session policy`, { rule: action })
}
