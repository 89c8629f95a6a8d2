/** A request for every operation of the Keystone wire that would succeed, sent by somebody who may. */
import type { World } from './keystone-world.ts'
import { samlMetadata } from './saml-idp.ts'

export interface Wanted {
  readonly body?: object
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Parameters of the path that are not the world's own of that name. */
  readonly ids?: Readonly<Record<string, string>>
  readonly method?: string
}

interface Described {
  readonly id: string
  readonly method: string
  readonly path: string
}

export interface WorldRequest {
  readonly method: string
  readonly path: string
  readonly body?: object
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The request of an operation; `variant` is one of `variantsOf`. A persona asks for a token's validity with the owner's
 * token as the subject.
 */
export function requestOf(world: World, operation: Described, variant: string): WorldRequest {
  const wanted = requests[`${operation.id}${variant}`]?.(world) ?? {}
  const ids = { ...world.ids, ...wanted.ids }
  const path = operation.path.replace(/:(\w+)/g, (_, name: string) => {
    const id = ids[name]
    if (id === undefined) throw new Error(`${operation.id}: nothing is called ${name}`)
    return encodeURIComponent(id)
  })
  return {
    method: wanted.method ?? operation.method,
    path: `${path}${wanted.query ?? ''}`,
    headers: wanted.headers ?? {},
    ...(wanted.body ? { body: wanted.body } : {}),
  }
}

/** '' and whatever else there is to ask of an operation: ` (domain role)`. */
export function variantsOf({ id }: Pick<Described, 'id'>): readonly string[] {
  const others = Object.keys(requests).filter((name) => name.startsWith(`${id} (`))
  return ['', ...others.map((name) => name.slice(id.length))]
}

type Requests = Readonly<Record<string, (world: World) => Wanted>>

const body = (made: (ids: World['ids']) => object) => (world: World) => ({ body: made(world.ids) })
const owned = (world: World) => ({ headers: { 'x-subject-token': world.tokens['owner'] ?? '' } })
const ids = (made: (ids: World['ids']) => Record<string, string | undefined>) => (world: World) => ({
  ids: made(world.ids) as Record<string, string>,
})
const spoken = (text: string) => () => ({ body: { [text]: { description: 'other' } } })

const config = { config: { identity: { driver: 'sql' } } }
const openid = { openid_connect_config: { idp_url: 'https://idp.test', client_id: 'here' } }
const rules = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'REMOTE_USER' }] }]

const requests: Requests = {
  create_application_credential: body(() => ({ application_credential: { name: 'another' } })),
  create_consumer: body(() => ({ consumer: { description: 'another' } })),
  update_consumer: spoken('consumer'),
  create_credential: body(({ user_id, project_id }) => ({
    credential: { type: 'cert', blob: 'x', user_id, project_id },
  })),
  update_credential: body(() => ({ credential: { blob: 'other' } })),
  create_domain: body(() => ({ domain: { name: 'another' } })),
  update_domain: spoken('domain'),
  delete_domain: ids(({ closed_domain }) => ({ domain_id: closed_domain })),
  get_security_compliance: () => ({ ids: { domain_id: 'default' } }),
  get_security_compliance_option: () => ({ ids: { domain_id: 'default', option: 'password_regex' } }),
  ec2_create_credential: body(({ project_id }) => ({ tenant_id: project_id })),
  ec2_get_credential: ids(({ ec2_credential }) => ({ credential_id: ec2_credential })),
  ec2_delete_credential: ids(({ ec2_credential }) => ({ credential_id: ec2_credential })),
  ec2tokens_validate: (world) => ({ body: world.signed() }),
  s3tokens_validate: (world) => ({ body: world.signedText() }),
  create_endpoint_group: body(() => ({ endpoint_group: { name: 'more', filters: { interface: 'public' } } })),
  update_endpoint_group: spoken('endpoint_group'),
  create_endpoint: body(({ service_id }) => ({
    endpoint: { service_id, interface: 'internal', url: 'http://image.test/' },
  })),
  update_endpoint: body(() => ({ endpoint: { url: 'http://image.test/v2' } })),
  create_identity_provider: () => ({
    ids: { idp_id: 'new' },
    body: { identity_provider: { description: 'new' } },
  }),
  update_identity_provider: spoken('identity_provider'),
  create_mapping: () => ({ ids: { mapping_id: 'new' }, body: { mapping: { rules } } }),
  update_mapping: body(() => ({ mapping: { rules } })),
  create_openid_connect_config: body(() => openid),
  update_openid_connect_config: body(() => openid),
  create_metadata: body(({ domain_id }) => ({ domain_id, xaccount_type: '', metadata: samlMetadata() })),
  preview_mapping: body(() => ({ assertion: { REMOTE_USER: 'somebody' } })),
  create_protocol: () => ({ ids: { protocol_id: 'new' }, body: { protocol: { mapping_id: 'people' } } }),
  update_protocol: body(() => ({ protocol: { mapping_id: 'people' } })),
  create_service_provider: () => ({
    ids: { service_provider_id: 'new' },
    body: { service_provider: { auth_url: 'http://new.test/auth', sp_url: 'http://new.test/sp' } },
  }),
  update_service_provider: spoken('service_provider'),
  create_group: body(({ domain_id }) => ({ group: { name: 'another', domain_id } })),
  update_group: spoken('group'),
  create_implied_role: ids(({ domain_role }) => ({ prior_role_id: domain_role })),
  'get_implied_role (check)': () => ({ method: 'HEAD' }),
  create_limits: body(({ other_project_id, service_id }) => ({
    limits: [{ project_id: other_project_id, service_id, resource_name: 'pictures', resource_limit: 5 }],
  })),
  update_limit: body(() => ({ limit: { resource_limit: 6 } })),
  create_policy: body(() => ({ policy: { type: 'text/plain', blob: '{}' } })),
  update_policy: body(() => ({ policy: { blob: '{"a": "@"}' } })),
  create_project: body(({ domain_id }) => ({ project: { name: 'another', domain_id } })),
  update_project: spoken('project'),
  update_project_tags: body(() => ({ tags: ['green'] })),
  create_project_tag: () => ({ ids: { value: 'green' } }),
  create_region: body(() => ({ region: { id: 'west' } })),
  create_region_at: () => ({ ids: { region_id: 'west' }, body: { region: {} } }),
  update_region: spoken('region'),
  delete_region: ids(({ free_region }) => ({ region_id: free_region })),
  create_registered_limits: body(({ service_id }) => ({
    registered_limits: [{ service_id, resource_name: 'walls', default_limit: 9 }],
  })),
  update_registered_limit: body(() => ({ registered_limit: { default_limit: 8 } })),
  create_role: body(() => ({ role: { name: 'another' } })),
  'create_role (domain role)': body(({ domain_id }) => ({ role: { name: 'another', domain_id } })),
  'list_roles (domain roles)': (world) => ({ query: `?domain_id=${world.ids['domain_id']}` }),
  'get_role (domain role)': ids(({ domain_role }) => ({ role_id: domain_role })),
  update_role: spoken('role'),
  'update_role (domain role)': (world) => ({
    ...spoken('role')(),
    ids: { role_id: world.ids['domain_role'] ?? '' },
  }),
  'delete_role (domain role)': ids(({ domain_role }) => ({ role_id: domain_role })),
  create_service: body(() => ({ service: { type: 'queue' } })),
  update_service: spoken('service'),
  delete_service: ids(({ free_service }) => ({ service_id: free_service })),
  create_domain_config: body(() => config),
  update_domain_config: body(() => config),
  update_domain_config_group: body(() => config),
  update_domain_config_option: body(() => ({ config: { driver: 'sql' } })),
  create_trust: body(({ user_id, trustee, project_id }) => ({
    trust: {
      trustor_user_id: user_id,
      trustee_user_id: trustee,
      impersonation: false,
      project_id,
      roles: [{ name: 'member' }],
    },
  })),
  'list_trusts (of a trustor)': ({ ids }) => ({ query: `?trustor_user_id=${ids['user_id']}` }),
  'list_trusts (of a trustee)': ({ ids }) => ({ query: `?trustee_user_id=${ids['trustee']}` }),
  get_role_for_trust: ids(({ lent_role }) => ({ role_id: lent_role })),
  list_access_tokens: ids(({ lender }) => ({ user_id: lender })),
  get_access_token: ids(({ lender }) => ({ user_id: lender })),
  delete_access_token: ids(({ lender }) => ({ user_id: lender })),
  list_access_token_roles: ids(({ lender }) => ({ user_id: lender })),
  get_access_token_role: ids(({ lender, admin_role }) => ({ user_id: lender, role_id: admin_role })),
  create_user: body(({ domain_id }) => ({ user: { name: 'another', domain_id } })),
  update_user: body(() => ({ user: { description: 'other' } })),
  'list_role_assignments (of a project and below)': ({ ids }) => ({
    query: `?scope.project.id=${ids['project_id']}&include_subtree=1`,
  }),
  validate_token: owned,
  revoke_token: owned,
  authorize_request_token: body(({ lent_role }) => ({ roles: [{ id: lent_role }] })),
}
