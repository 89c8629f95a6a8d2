/**
 * What the tests use of Huawei Cloud's official SDK: its own types are not installed where this is checked. Requests are
 * built from models of many classes, whose constructors and `with...` take values that only the service judges.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** A model being filled in. */
export type Model = { readonly [Name in Filling]: (value: unknown) => Model }

type Filling =
  | 'withAgencyId'
  | 'withBody'
  | 'withDescription'
  | 'withDomainName'
  | 'withDuration'
  | 'withDurationSeconds'
  | 'withId'
  | 'withLimit'
  | 'withMaxSessionDuration'
  | 'withMinimumPasswordLength'
  | 'withPassword'
  | 'withPath'
  | 'withPathPrefix'
  | 'withProject'
  | 'withScope'
  | 'withStatus'
  | 'withToken'
  | 'withTrustDomainId'
  | 'withTrustDomainName'
  | 'withUserId'

type Models<Names extends string> = { readonly [Name in Names]: new (...values: readonly unknown[]) => Model }

type ModelsV3 =
  | 'AgencyAuth'
  | 'AgencyAuthIdentity'
  | 'AgencyTokenAssumerole'
  | 'AgencyTokenAuth'
  | 'AgencyTokenIdentity'
  | 'AssociateAgencyWithAllProjectsPermissionRequest'
  | 'AssociateAgencyWithDomainPermissionRequest'
  | 'AssociateAgencyWithProjectPermissionRequest'
  | 'AuthScope'
  | 'AuthScopeProject'
  | 'CreateAgencyOption'
  | 'CreateAgencyRequest'
  | 'CreateAgencyRequestBody'
  | 'CreateCredentialOption'
  | 'CreatePermanentAccessKeyRequest'
  | 'CreatePermanentAccessKeyRequestBody'
  | 'CreateTemporaryAccessKeyByAgencyRequest'
  | 'CreateTemporaryAccessKeyByAgencyRequestBody'
  | 'CreateTemporaryAccessKeyByTokenRequest'
  | 'CreateTemporaryAccessKeyByTokenRequestBody'
  | 'CreateUserOption'
  | 'CreateUserRequest'
  | 'CreateUserRequestBody'
  | 'DeleteAgencyRequest'
  | 'DeletePermanentAccessKeyRequest'
  | 'IdentityAssumerole'
  | 'IdentityToken'
  | 'KeystoneCreateAgencyTokenRequest'
  | 'KeystoneCreateAgencyTokenRequestBody'
  | 'KeystoneCreateUserTokenByPasswordRequest'
  | 'KeystoneCreateUserTokenByPasswordRequestBody'
  | 'KeystoneListAuthDomainsRequest'
  | 'KeystoneListProjectsRequest'
  | 'KeystoneListUsersRequest'
  | 'KeystoneValidateTokenRequest'
  | 'ListAgenciesRequest'
  | 'ListAllProjectsPermissionsForAgencyRequest'
  | 'ListDomainPermissionsForAgencyRequest'
  | 'ListPermanentAccessKeysRequest'
  | 'ListProjectPermissionsForAgencyRequest'
  | 'ListUserLoginProtectsRequest'
  | 'PasswordPolicyOption'
  | 'PwdAuth'
  | 'PwdIdentity'
  | 'PwdPassword'
  | 'PwdPasswordUser'
  | 'PwdPasswordUserDomain'
  | 'RemoveDomainPermissionFromAgencyRequest'
  | 'ShowDomainPasswordPolicyRequest'
  | 'ShowPermanentAccessKeyRequest'
  | 'TokenAuth'
  | 'TokenAuthIdentity'
  | 'UpdateCredentialOption'
  | 'UpdateDomainPasswordPolicyRequest'
  | 'UpdateDomainPasswordPolicyRequestBody'
  | 'UpdatePermanentAccessKeyRequest'
  | 'UpdatePermanentAccessKeyRequestBody'

type ModelsV5 =
  | 'AttachAgencyPolicyReqBody'
  | 'AttachAgencyPolicyV5Request'
  | 'CreateAgencyReqBody'
  | 'CreateAgencyV5Request'
  | 'CreatePolicyReqBody'
  | 'CreatePolicyV5Request'
  | 'DeleteAgencyV5Request'
  | 'GetAgencyV5Request'
  | 'ListAgenciesV5Request'
  | 'ListAttachedAgencyPoliciesV5Request'
  | 'UpdateTrustPolicyReqBody'
  | 'UpdateTrustPolicyV5Request'

export interface Credentials {
  readonly domainId?: string
  readonly projectId?: string
  withAk(access: string): Credentials
  withSk(secret: string): Credentials
  withSecurityToken(token: string): Credentials
  withDomainId(id: string | undefined): Credentials
  withProjectId(id: string | undefined): Credentials
  withIamEndpoint(endpoint: string): Credentials
}

type Region = object

interface Building<Client> {
  withCredential(credentials: Credentials): Building<Client>
  withEndpoint(endpoint: string): Building<Client>
  withRegion(region: Region): Building<Client>
  build(): Client
}

interface Builds<Client> {
  newBuilder(): Building<Client>
}

interface Core {
  readonly BasicCredentials: new () => Credentials
  readonly GlobalCredentials: new () => Credentials
  readonly Region: new (id: string, endpoint: string) => Region
}

interface Named {
  readonly id: string
  readonly name: string
}

export interface Key {
  readonly access: string
  readonly secret: string
}

interface Agency extends Named {
  readonly duration: string
}

interface Granted {
  readonly roles: readonly (Named & { readonly display_name: string })[]
}

interface Token {
  readonly user: Named
  readonly project: Named
  readonly assumed_by: { readonly user: Named }
}

interface Issued {
  readonly token: Token
  readonly 'X-Subject-Token': string
}

interface Temporary {
  readonly credential: Key & { readonly securitytoken: string }
}

type Asks<Answer> = (request: Model) => Promise<Answer>

export interface Client {
  readonly createAgency: Asks<{ readonly agency: Agency }>
  readonly listAgencies: Asks<{ readonly agencies: readonly Agency[] }>
  readonly deleteAgency: Asks<unknown>
  readonly associateAgencyWithProjectPermission: Asks<unknown>
  readonly associateAgencyWithDomainPermission: Asks<unknown>
  readonly associateAgencyWithAllProjectsPermission: Asks<unknown>
  readonly removeDomainPermissionFromAgency: Asks<unknown>
  readonly listProjectPermissionsForAgency: Asks<Granted>
  readonly listDomainPermissionsForAgency: Asks<Granted>
  readonly listAllProjectsPermissionsForAgency: Asks<Granted>
  readonly createTemporaryAccessKeyByAgency: Asks<Temporary>
  readonly createTemporaryAccessKeyByToken: Asks<Temporary>
  readonly keystoneListProjects: Asks<{ readonly projects: readonly Named[] }>
  readonly keystoneListAuthDomains: Asks<{ readonly domains: readonly Named[] }>
  readonly keystoneListUsers: Asks<{ readonly users: readonly Named[] }>
  readonly keystoneCreateAgencyToken: Asks<Issued>
  readonly keystoneCreateUserTokenByPassword: Asks<Issued>
  readonly keystoneValidateToken: Asks<Issued>
  readonly createUser: Asks<{ readonly user: Named }>
  readonly createPermanentAccessKey: Asks<{ readonly credential: Key }>
  readonly listPermanentAccessKeys: Asks<{ readonly credentials: readonly Key[] }>
  readonly showPermanentAccessKey: Asks<{ readonly credential: Key & { readonly status: string } }>
  readonly updatePermanentAccessKey: Asks<unknown>
  readonly deletePermanentAccessKey: Asks<unknown>
  readonly updateDomainPasswordPolicy: Asks<unknown>
  readonly showDomainPasswordPolicy: Asks<{
    readonly password_policy: { readonly minimum_password_length: number }
  }>
  readonly listUserLoginProtects: Asks<{ readonly login_protects: readonly unknown[] }>
}

interface AgencyV5 {
  readonly agency_id: string
  readonly agency_name: string
  readonly urn: string
  readonly trust_policy: string
}

export interface ClientV5 {
  readonly createAgencyV5: Asks<{ readonly agency: AgencyV5 }>
  readonly getAgencyV5: Asks<{ readonly agency: AgencyV5 }>
  readonly listAgenciesV5: Asks<{
    readonly agencies: readonly AgencyV5[]
    readonly page_info: { readonly current_count: number; readonly next_marker?: string }
  }>
  readonly updateTrustPolicyV5: Asks<unknown>
  readonly deleteAgencyV5: Asks<unknown>
  readonly createPolicyV5: Asks<{ readonly policy: { readonly policy_id: string } }>
  readonly attachAgencyPolicyV5: Asks<unknown>
  readonly listAttachedAgencyPoliciesV5: Asks<{
    readonly attached_policies: readonly { readonly policy_name: string }[]
  }>
}

const require = createRequire(join(process.env['HUAWEI_SDK'] ?? '', 'package.json'))

export const core: Core = require('@huaweicloud/huaweicloud-sdk-core')
export const iam: Models<ModelsV3> & {
  readonly IamClient: Builds<Client>
} = require('@huaweicloud/huaweicloud-sdk-iam/v3/public-api')

const V5 = '@huaweicloud/huaweicloud-sdk-iam/v5'
/** The package's own door to v5 asks for a file that is not in it, so each model is fetched by its name. */
export const modelV5 = (name: ModelsV5): (new (...values: readonly unknown[]) => Model) =>
  (require(`${V5}/model/${name}`) as Models<ModelsV5>)[name]
export const IamClientV5: Builds<ClientV5> = (
  require(`${V5}/IamClient`) as { readonly IamClient: Builds<ClientV5> }
).IamClient
