/**
 * The rows, as they lie in the database. Row types stay in this room; what leaves it are domain values.
 *
 * Conventions: ids are text; times are integers in microseconds since the epoch (`*_at`, `*_from`); booleans are
 * 0 or 1 on both engines; JSON is text. A domain is a `project` row with `is_domain = 1` and `domain_id = ''`, so
 * that one foreign key serves projects and domains alike (Keystone keeps them the same way).
 */

import type { Generated } from 'kysely'

export type Flag = 0 | 1

export interface ProjectRow {
  id: string
  /** '' for a domain. */
  domain_id: string
  parent_id: string | null
  name: string
  description: string | null
  enabled: Flag
  is_domain: Flag
  options: string
  extra: string
  /** Tokens issued before this moment are void (set when the project is disabled). */
  tokens_valid_from: number
  created_at: number
}

export interface UserRow {
  id: string
  domain_id: string
  name: string
  /** `local` users can have passwords; `federated` ones are somebody else's and never can. */
  kind: 'local' | 'federated'
  enabled: Flag
  default_project_id: string | null
  options: string
  extra: string
  tokens_valid_from: number
  created_at: number
  last_active_at: number | null
  failed_auth_count: number
  failed_auth_at: number
}

export interface PasswordRow {
  id: string
  user_id: string
  hash: string
  self_service: Flag
  created_at: number
  expires_at: number | null
}

export interface GroupRow {
  id: string
  domain_id: string
  name: string
  description: string | null
  extra: string
  created_at: Generated<number>
}

export interface RoleRow {
  id: string
  /** '' for a global role. */
  domain_id: string
  name: string
  description: string | null
  options: string
  extra: string
}

export interface AssignmentRow {
  actor_kind: 'user' | 'group' | 'agency'
  actor_id: string
  target_kind: 'project' | 'domain' | 'system'
  /** 'system' for the system. */
  target_id: string
  role_id: string
  inherited: Flag
}

export interface CredentialRow {
  id: string
  user_id: string
  project_id: string | null
  type: string
  /** Sealed under the root key. */
  blob: string
  extra: string
  created_at: number
}

export interface ApplicationCredentialRow {
  id: string
  user_id: string
  project_id: string
  name: string
  description: string | null
  secret_hash: string
  /** null when the creator did not say: restricted. */
  unrestricted: Flag | null
  expires_at: number | null
  created_at: number
}

export interface AccessRuleRow {
  id: string
  user_id: string
  service: string
  path: string
  method: string
}

export interface TrustRow {
  id: string
  trustor_user_id: string
  trustee_user_id: string
  project_id: string | null
  impersonation: Flag
  expires_at: number | null
  remaining_uses: number | null
  redelegated_trust_id: string | null
  redelegation_count: number | null
  deleted_at: number | null
  extra: string
}

export interface ServiceRow {
  id: string
  type: string
  name: string | null
  description: string | null
  enabled: Flag
  extra: string
}

export interface EndpointRow {
  id: string
  service_id: string
  region_id: string | null
  interface: string
  url: string
  enabled: Flag
  extra: string
}

export interface RevocationRow {
  /** `token` and `chain` name audit ids; the rest name directory ids. */
  kind: string
  id: string
  /** Tokens issued at or before this moment are void. */
  revoked_at: number
  /** After this moment no token it speaks of can be valid any more. */
  expires_at: number
}

export interface AgencyRow {
  id: string
  /** The account that made it and whose resources it opens. */
  domain_id: string
  /** `agency` (Huawei Cloud: trusts one account) or `role` (RAM: trusts whom its trust policy names). */
  kind: 'agency' | 'role'
  name: string
  description: string
  trust_domain_id: string | null
  /** A policy document with principals; JSON. */
  trust_policy: string | null
  /** As asked for; null: without end. */
  duration_hours: number | null
  expires_at: number | null
  max_session_seconds: number
  external_id: string | null
  guards: string
  extra: string
  created_at: number
}

export interface AccessKeyRow {
  /** The public half. */
  id: string
  user_id: string
  /** Sealed under the root key. */
  secret: string
  status: 'Active' | 'Inactive'
  description: string
  created_at: number
  last_used_at: number | null
}

export interface StatementPolicyRow {
  id: string
  /** '' for the cloud's own. */
  domain_id: string
  language: 'huawei' | 'ram'
  kind: 'system' | 'custom'
  name: string
  description: string
  default_version: string
  extra: string
  created_at: number
  updated_at: number
}

export interface PolicyAttachmentRow {
  policy_id: string
  actor_kind: 'user' | 'group' | 'agency'
  actor_id: string
  /** `account`: everywhere in the account. */
  scope_kind: 'account' | 'project'
  scope_id: string
  created_at: number
}

export interface SealedKeyRow {
  /** `fernet` (Keystone's numbered repository), `jws`, `receipt`, `saml` (a key with its certificate) ... */
  purpose: string
  id: string
  state: string
  material: string
  created_at: number
}

export interface EngineRow {
  id: string
  project_id: string
  enterprise_project_id: string
  name: string
  description: string
  spec_type: 'CSE2' | 'Nacos2'
  auth_type: 'RBAC' | 'NONE'
  /** Of the service-center or Nacos that is told of accounts; null: none is. */
  address: string | null
  max_token_seconds: number
  extra: string
  created_by: string
  created_at: number
}

export interface EngineKeyRow {
  id: string
  engine_id: string
  state: 'next' | 'current' | 'retired'
  /** Sealed under the root key. */
  material: string
  created_at: number
  retired_at: number | null
}

export interface EngineAccountRow {
  id: string
  engine_id: string
  name: string
  /** The user or agency it stands for; null for an account of the engine's own. */
  principal_id: string | null
  /** Of Nacos; '' is public, and all there is in ServiceComb. */
  namespace: string
  hash: string | null
  roles: string
  status: 'active' | 'inactive'
  /** What its tokens name as their subject: another one voids them all. */
  incarnation: string
  created_at: number
  updated_at: number
}

export interface NamespaceRow {
  id: number
  domain_id: string
  /** `cn-shenzhen:prod`; a region's default namespace: `cn-shenzhen`. */
  region_id: string
  name: string
  description: string
  debug_enable: Flag
  tenant_id: string
  registry_type: 'default' | 'exclusive_mse'
  mse_instance_id: string
  mse_internet_address: string
  mse_intranet_address: string
  created_at: number
}

export interface NamespaceKeyRow {
  access_key: string
  namespace_id: number
  /** Sealed under the root key. */
  secret: string
  created_at: number
  /** null for the current key; a rotated one is taken until then. */
  expires_at: number | null
  last_used_at: number | null
}

export interface ConfigEntryRow {
  tenant_id: string
  group_name: string
  data_id: string
  content: string
  /** `yaml`, `properties` ...; '' when its writer did not say. */
  type: string
  updated_at: number
}

export interface ServiceInstanceRow {
  tenant_id: string
  /** `DEFAULT_GROUP@@name` */
  service: string
  cluster: string
  ip: string
  port: number
  weight: number
  enabled: Flag
  healthy: Flag
  /** 1: gone when it no longer says that it lives. */
  ephemeral: Flag
  /** JSON object of strings. */
  metadata: string
  beat_at: number
}

export interface AuditEventRow {
  at: number
  action: string
  outcome: string
  /** Audit chain id of the session that acted, '' when nobody was known. */
  chain: string
  actor_id: string
  target: string
  reason: string
  request_id: string
}

export interface Tables {
  project: ProjectRow
  project_tag: { project_id: string; name: string }
  user: UserRow
  password: PasswordRow
  group: GroupRow
  membership: { user_id: string; group_id: string }
  /** Membership a mapping gave, which lapses when the identity provider stops confirming it. */
  expiring_membership: { user_id: string; group_id: string; idp_id: string; last_verified_at: number }
  federated_user: {
    user_id: string
    idp_id: string
    protocol_id: string
    unique_id: string
    display_name: string
  }
  role: RoleRow
  implied_role: { prior_role_id: string; implied_role_id: string }
  assignment: AssignmentRow
  credential: CredentialRow
  application_credential: ApplicationCredentialRow
  application_credential_role: { application_credential_id: string; role_id: string }
  application_credential_access_rule: { application_credential_id: string; access_rule_id: string }
  access_rule: AccessRuleRow
  trust: TrustRow
  trust_role: { trust_id: string; role_id: string }
  region: { id: string; description: string; parent_region_id: string | null; extra: string }
  service: ServiceRow
  endpoint: EndpointRow
  endpoint_group: { id: string; name: string; description: string | null; filters: string }
  project_endpoint: { project_id: string; endpoint_id: string }
  project_endpoint_group: { project_id: string; endpoint_group_id: string }
  policy: { id: string; type: string; blob: string; extra: string }
  policy_association: {
    id: string
    policy_id: string
    endpoint_id: string | null
    service_id: string | null
    region_id: string | null
  }
  registered_limit: {
    id: string
    service_id: string
    region_id: string | null
    resource_name: string
    default_limit: number
    description: string | null
  }
  /** A project's or domain's own limit, overriding the registered default. */
  own_limit: {
    id: string
    registered_limit_id: string
    project_id: string | null
    domain_id: string | null
    resource_limit: number
    description: string | null
  }
  consumer: { id: string; secret: string; description: string | null; extra: string }
  oauth_request_token: {
    id: string
    secret: string
    verifier: string | null
    authorizing_user_id: string | null
    requested_project_id: string
    role_ids: string
    consumer_id: string
    expires_at: number | null
  }
  oauth_access_token: {
    id: string
    secret: string
    authorizing_user_id: string
    project_id: string
    role_ids: string
    consumer_id: string
    expires_at: number | null
  }
  identity_provider: {
    id: string
    enabled: Flag
    description: string | null
    domain_id: string
    authorization_ttl: number | null
    extra: string
  }
  idp_remote_id: { idp_id: string; remote_id: string }
  federation_protocol: {
    id: string
    idp_id: string
    mapping_id: string
    remote_id_attribute: string | null
    tokens_valid_from: number
  }
  /** `domain_id`: the account it belongs to; '' for the cloud's own. */
  mapping: { id: string; rules: string; schema_version: string; domain_id: string }
  /** How a provider's ID tokens are verified; `client_secret` sealed under the root key. */
  oidc_config: { idp_id: string; config: string; client_secret: string | null }
  /** What a provider says of itself, for one of its protocols. */
  saml_metadata: {
    idp_id: string
    protocol_id: string
    entity_id: string
    metadata: string
    domain_id: string
    account_type: string
    updated_at: number
  }
  service_provider: {
    id: string
    auth_url: string
    sp_url: string
    description: string | null
    enabled: Flag
    relay_state_prefix: string
  }
  /** What an account has beyond its domain: a number, and settings of its clouds. */
  account: { domain_id: string; number: string; settings: string }
  agency: AgencyRow
  access_key: AccessKeyRow
  statement_policy: StatementPolicyRow
  statement_policy_version: { policy_id: string; version: string; document: string; created_at: number }
  policy_attachment: PolicyAttachmentRow
  namespace: NamespaceRow
  namespace_key: NamespaceKeyRow
  config_entry: ConfigEntryRow
  service_instance: ServiceInstanceRow
  domain_config: { domain_id: string; group_name: string; option_name: string; value: string }
  engine: EngineRow
  engine_key: EngineKeyRow
  engine_account: EngineAccountRow
  engine_role: { engine_id: string; name: string; perms: string; created_at: number; updated_at: number }
  engine_namespace: { engine_id: string; id: string; enterprise_project_id: string }
  engine_job: {
    id: number
    engine_id: string
    project_id: string
    type: string
    created_by: string
    created_at: number
  }
  engine_lock: { engine_id: string; name: string; address: string; failures: number; release_at: number }
  revocation: RevocationRow
  sealed_key: SealedKeyRow
  /** Signatures, one-time codes and assertions already used; a row may go once `expires_at` has passed. */
  used_once: { space: string; value: string; expires_at: number }
  audit_event: AuditEventRow
  /** One row: advances with every committed change of directory, grants, keys or revocations. */
  epoch: { id: number; n: number }
}
