/**
 * A small world on any Keystone v3 service, made through its API alone: two domains, one of every resource, and everybody
 * who may want something of it. For tables of who may do what.
 */
import { createHmac, randomUUID } from 'node:crypto'
import type { Answer, CallOptions } from './house.ts'
import { oauthHeader } from './oauth1-client.ts'

export type Api = (method: string, path: string, options?: CallOptions) => Promise<Answer>

export interface Service {
  readonly api: Api
  /** Scheme and host as the service sees them, for signatures. */
  readonly base: string
  /** Seconds. */
  readonly now: () => number
  /** A token of an admin on a project. */
  readonly admin: string
}

export interface World {
  /** Ids by the names they have in paths, and by those that requests use. */
  readonly ids: Readonly<Record<string, string>>
  /** Tokens by persona; `nobody` has none. */
  readonly tokens: Readonly<Record<string, string>>
  /** A signed request for `ec2tokens`, another one each time. */
  readonly signed: () => object
  /** A signed text for `s3tokens`. */
  readonly signedText: () => object
}

export const ROLES = ['reader', 'member', 'manager', 'admin'] as const
export const PLACES = ['project', 'domain', 'system', 'other_project', 'other_domain'] as const
/** Ways for somebody else's program to act for a person; OAuth1 is for admins alone to allow. */
export const WAYS = {
  owner: ['trust', 'application_credential', 'ec2'],
  admin: ['trust', 'application_credential', 'oauth1', 'ec2'],
} as const

/** Everybody: by role and place, then the owner of things, a service, and what acts for the owner or an admin. */
export const everybody: readonly string[] = [
  'nobody',
  ...PLACES.flatMap((place) => ROLES.map((role) => `${place}_${role}`)),
  'owner',
  'service',
  ...(['owner', 'admin'] as const).flatMap((who) => WAYS[who].map((way) => `${who}_by_${way}`)),
]

const PASSWORD = 'a password for tests'

export async function openWorld(service: Service): Promise<World> {
  const make = (method: string, path: string, body?: object, token = service.admin) =>
    demand(service.api, method, path, { token, ...(body === undefined ? {} : { body }) })
  const ids = await places(make)
  const roles = await namedRoles(make)
  const person = async (name: string, place: (typeof PLACES)[number], role: string) => {
    const domain = place.startsWith('other') ? ids['other_domain_id'] : ids['domain_id']
    const user = await made(make, 'users', { name, password: PASSWORD, domain_id: domain })
    const at = {
      project: `projects/${ids['project_id']}`,
      domain: `domains/${domain}`,
      system: 'system',
      other_project: `projects/${ids['other_project_id']}`,
      other_domain: `domains/${domain}`,
    }[place]
    await make('PUT', `/v3/${at}/users/${user}/roles/${roles[role]}`)
    return user
  }
  const scopes = {
    project: { project: { id: ids['project_id'] } },
    domain: { domain: { id: ids['domain_id'] } },
    system: { system: { all: true } },
    other_project: { project: { id: ids['other_project_id'] } },
    other_domain: { domain: { id: ids['other_domain_id'] } },
  }
  const login = async (user: string, scope: object) => {
    const identity = { methods: ['password'], password: { user: { id: user, password: PASSWORD } } }
    return tokenOf(await make('POST', '/v3/auth/tokens', { auth: { identity, scope } }))
  }

  const tokens: Record<string, string> = {}
  for (const place of PLACES) {
    for (const role of ROLES) {
      const user = await person(`${place}_${role}`, place, role)
      tokens[`${place}_${role}`] = await login(user, scopes[place])
    }
  }
  const people = {
    owner: await person('owner', 'project', 'member'),
    admin: await person('delegating admin', 'project', 'admin'),
    service: await person('service', 'project', 'service'),
    trustee: await person('trustee', 'project', 'reader'),
  }
  for (const [name, user] of Object.entries(people)) tokens[name] = await login(user, scopes.project)
  const land: Land = { service, make, ids, tokens, people, login }
  const keys = {
    owner: await actFor(land, 'owner', 'member'),
    admin: await actFor(land, 'admin', 'admin'),
  }
  const oauth = await oauthToken(land)
  tokens['admin_by_oauth1'] = oauth.token
  const things = await everyThing(land, keys.owner.access, roles)
  return {
    ids: { ...ids, ...things, request_token_id: oauth.free, user_id: people.owner, trustee: people.trustee },
    tokens,
    signed: () => signedRequest(keys.owner, service.now()),
    signedText: () => signedS3Text(keys.owner, service.now()),
  }
}

type Make = (method: string, path: string, body?: object, token?: string) => Promise<Answer>

interface Land {
  readonly service: Service
  readonly make: Make
  readonly ids: Readonly<Record<string, string>>
  /** Filled as the world grows. */
  readonly tokens: Record<string, string>
  readonly people: Readonly<Record<'owner' | 'admin' | 'service' | 'trustee', string>>
  readonly login: (user: string, scope: object) => Promise<string>
}

interface Key {
  readonly access: string
  readonly secret: string
}

async function demand(api: Api, method: string, path: string, options: CallOptions): Promise<Answer> {
  const answer = await api(method, path, options)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
  return answer
}

const singularOf = (plural: string) =>
  plural.endsWith('ies') ? `${plural.slice(0, -3)}y` : plural.slice(0, -1)
const tokenOf = (answer: Answer) => String(answer.headers['x-subject-token'])

/** The id of a new thing of a plain collection. */
async function made(make: Make, collection: string, fields: object): Promise<string> {
  const name = singularOf(collection.split('/').at(-1) ?? '')
  return (await make('POST', `/v3/${collection}`, { [name]: fields })).body[name].id
}

async function places(make: Make): Promise<Record<string, string>> {
  const domain = await made(make, 'domains', { name: 'home' })
  const other = await made(make, 'domains', { name: 'away' })
  return {
    domain_id: domain,
    other_domain_id: other,
    closed_domain: await made(make, 'domains', { name: 'closed', enabled: false }),
    project_id: await made(make, 'projects', { name: 'home', domain_id: domain, tags: ['blue'] }),
    other_project_id: await made(make, 'projects', { name: 'away', domain_id: other }),
  }
}

async function namedRoles(make: Make): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { id, name } of (await make('GET', '/v3/roles')).body.roles) found[name] = id
  for (const name of [...ROLES, 'service']) found[name] ??= await made(make, 'roles', { name })
  const { role_inferences } = (await make('GET', '/v3/role_inferences')).body
  const implies = (prior: string, implied: string) =>
    role_inferences.some(
      (rule: { prior_role: { name: string }; implies: readonly { name: string }[] }) =>
        rule.prior_role.name === prior && rule.implies.some(({ name }) => name === implied),
    )
  for (const [index, name] of ROLES.slice(1).entries()) {
    const below = ROLES[index] ?? ''
    if (!implies(name, below)) await make('PUT', `/v3/roles/${found[name]}/implies/${found[below]}`)
  }
  return found
}

/** Every way of acting for somebody on the project; gives the EC2 key. */
async function actFor(land: Land, who: 'owner' | 'admin', role: string): Promise<Key> {
  const { make, tokens, ids, people, login } = land
  const own = tokens[who] ?? ''
  const user = people[who]
  const trust = {
    trustor_user_id: user,
    trustee_user_id: people.trustee,
    impersonation: true,
    project_id: ids['project_id'],
    roles: [{ name: role }],
  }
  const { id } = (await make('POST', '/v3/OS-TRUST/trusts', { trust }, own)).body.trust
  tokens[`${who}_by_trust`] = await login(people.trustee, { 'OS-TRUST:trust': { id } })
  const path = `/v3/users/${user}/application_credentials`
  const application = { application_credential: { name: 'robot' } }
  const { id: robot, secret } = (await make('POST', path, application, own)).body.application_credential
  const identity = {
    methods: ['application_credential'],
    application_credential: { id: robot, secret },
  }
  tokens[`${who}_by_application_credential`] = tokenOf(
    await make('POST', '/v3/auth/tokens', { auth: { identity } }, ''),
  )
  const ec2 = await make(
    'POST',
    `/v3/users/${user}/credentials/OS-EC2`,
    { tenant_id: ids['project_id'] },
    own,
  )
  const key: Key = ec2.body.credential
  const exchanged = await make(
    'POST',
    '/v3/ec2tokens',
    signedRequest(key, land.service.now()),
    tokens['service'],
  )
  tokens[`${who}_by_ec2`] = tokenOf(exchanged)
  return key
}

/** A token through OAuth1 for the admin, and a request token that nobody has authorized yet. */
async function oauthToken({ service, make, ids, tokens }: Land): Promise<{ token: string; free: string }> {
  const { id, secret } = (await make('POST', '/v3/OS-OAUTH1/consumers', { consumer: {} })).body.consumer
  const send = async (path: string, fields: Record<string, string>, tokenSecret: string, more: object) => {
    const authorization = oauthHeader({
      url: `${service.base}${path}`,
      fields: { oauth_consumer_key: id, ...fields },
      secrets: [secret, tokenSecret],
      now: service.now(),
    })
    const { headers, ...rest } = more as CallOptions
    return demand(service.api, 'POST', path, { ...rest, headers: { authorization, ...headers } })
  }
  const form = (answer: Answer) => Object.fromEntries(new URLSearchParams(answer.text))
  const project = { 'requested-project-id': ids['project_id'] ?? '' }
  const request = async () =>
    form(await send('/v3/OS-OAUTH1/request_token', { oauth_callback: 'oob' }, '', { headers: project }))
  const asked = await request()
  const body = { roles: [{ name: 'admin' }] }
  const verifier = await make('PUT', `/v3/OS-OAUTH1/authorize/${asked['oauth_token']}`, body, tokens['admin'])
  const fields = {
    oauth_token: asked['oauth_token'] ?? '',
    oauth_verifier: verifier.body.token.oauth_verifier,
  }
  const access = form(await send('/v3/OS-OAUTH1/access_token', fields, asked['oauth_token_secret'] ?? '', {}))
  const token = { oauth_token: access['oauth_token'] ?? '' }
  const signIn = { body: { auth: { identity: { methods: ['oauth1'], oauth1: {} } } } }
  const answer = await send('/v3/auth/tokens', token, access['oauth_token_secret'] ?? '', signIn)
  return { token: tokenOf(answer), free: (await request())['oauth_token'] ?? '' }
}

/** Of a signature of version 0, whose text is another one each time. */
export function signedRequest({ access, secret }: Key, now: number): object {
  const Action = `Describe${randomUUID()}`
  const Timestamp = new Date(now * 1000).toISOString().replace(/\.\d+Z/, 'Z')
  const signature = createHmac('sha1', secret).update(`${Action}${Timestamp}`).digest('base64')
  const params = { SignatureVersion: '0', Action, Timestamp }
  return { credentials: { access, signature, verb: 'GET', host: 'h', path: '/', params, headers: {} } }
}

function signedS3Text({ access, secret }: Key, now: number): object {
  const text = `GET\n\n\n${new Date(now * 1000).toUTCString()}\n/bucket/key`
  const signature = createHmac('sha1', secret).update(text).digest('base64')
  const token = Buffer.from(text).toString('base64url')
  return { credentials: { access, signature, token: token.padEnd(Math.ceil(token.length / 4) * 4, '=') } }
}

/** One of each resource, as paths name them; what can be somebody's is the owner's. */
async function everyThing(
  { make, ids, tokens, people }: Land,
  access: string,
  roles: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const own = tokens['owner']
  const { domain_id, project_id } = ids
  const user = people.owner
  const group = await made(make, 'groups', { name: 'all', domain_id })
  const role = await made(make, 'roles', { name: 'painter' })
  const service = await made(make, 'services', { type: 'image', name: 'pictures' })
  const region = await made(make, 'regions', { id: 'north' })
  const endpoint = await made(make, 'endpoints', {
    service_id: service,
    interface: 'public',
    url: 'http://image.test/',
    region_id: region,
  })
  const consumer = await made(make, 'OS-OAUTH1/consumers', {})
  const policy = await made(make, 'policies', { type: 'text/plain', blob: '{}' })
  const implied = await made(make, 'roles', { name: 'sketcher' })
  const things: Record<string, string> = {
    group_id: group,
    role_id: role,
    domain_role: await made(make, 'roles', { name: 'painter', domain_id }),
    prior_role_id: role,
    implied_role_id: implied,
    service_id: service,
    free_service: await made(make, 'services', { type: 'volume' }),
    region_id: region,
    free_region: await made(make, 'regions', { id: 'south' }),
    endpoint_id: endpoint,
    consumer_id: consumer,
    policy_id: policy,
    ec2_credential: access,
    credential_id: await made(make, 'credentials', {
      type: 'cert',
      blob: 'secret',
      user_id: user,
      project_id,
    }),
    endpoint_group_id: await made(make, 'OS-EP-FILTER/endpoint_groups', {
      name: 'pictures',
      filters: { interface: 'public' },
    }),
  }
  const rest = [
    `/v3/groups/${group}/users/${user}`,
    `/v3/roles/${role}/implies/${implied}`,
    ...['users', 'groups'].flatMap((kind) => {
      const actor = kind === 'users' ? user : group
      const [onProject, onDomain] = [`projects/${project_id}`, `domains/${domain_id}`]
      return [
        `/v3/${onProject}/${kind}/${actor}/roles/${role}`,
        `/v3/${onDomain}/${kind}/${actor}/roles/${role}`,
        `/v3/OS-INHERIT/${onProject}/${kind}/${actor}/roles/${role}/inherited_to_projects`,
        `/v3/OS-INHERIT/${onDomain}/${kind}/${actor}/roles/${role}/inherited_to_projects`,
        `/v3/system/${kind}/${actor}/roles/${role}`,
      ]
    }),
    `/v3/OS-EP-FILTER/projects/${project_id}/endpoints/${endpoint}`,
    `/v3/OS-EP-FILTER/endpoint_groups/${things['endpoint_group_id']}/projects/${project_id}`,
    ...[`endpoints/${endpoint}`, `services/${service}`, `services/${service}/regions/${region}`].map(
      (target) => `/v3/policies/${policy}/OS-ENDPOINT-POLICY/${target}`,
    ),
  ]
  for (const path of rest) await make('PUT', path)
  return {
    ...things,
    ...(await lentThings(make, people, own)),
    lent_role: roles['member'] ?? '',
    admin_role: roles['admin'] ?? '',
    ...(await bounds(make, ids, service)),
  }
}

/** What the owner and the admin have lent to programs, `own` being the owner's token. */
async function lentThings(
  make: Make,
  people: Land['people'],
  own: string | undefined,
): Promise<Record<string, string>> {
  const user = people.owner
  const path = `/v3/users/${user}/application_credentials`
  const rule = { path: '/v2/images', method: 'GET', service: 'image' }
  const named = (name: string, more: object) =>
    make('POST', path, { application_credential: { name, ...more } }, own)
  const ruled = (await named('ruled', { access_rules: [rule] })).body.application_credential
  await make('DELETE', `${path}/${ruled.id}`, undefined, own)
  const trusts = await make('GET', `/v3/OS-TRUST/trusts?trustor_user_id=${user}`, undefined, own)
  const access = await make('GET', `/v3/users/${people.admin}/OS-OAUTH1/access_tokens`)
  return {
    application_credential_id: (await named('spare', {})).body.application_credential.id,
    access_rule_id: ruled.access_rules[0].id,
    trust_id: trusts.body.trusts[0].id,
    access_token_id: access.body.access_tokens[0].id,
    lender: people.admin,
  }
}

async function bounds(
  make: Make,
  { domain_id, project_id }: Readonly<Record<string, string>>,
  service_id: string,
): Promise<Record<string, string>> {
  const free = { service_id, resource_name: 'frames', default_limit: 9 }
  const used = { service_id, resource_name: 'pictures', default_limit: 10 }
  const registered = await make('POST', '/v3/registered_limits', { registered_limits: [free, used] })
  const limit = { project_id, service_id, resource_name: 'pictures', resource_limit: 5 }
  const limits = await make('POST', '/v3/limits', { limits: [limit] })
  await make('PUT', `/v3/domains/${domain_id}/config`, { config: { identity: { driver: 'sql' } } })
  const federation = '/v3/OS-FEDERATION'
  await make('PUT', `${federation}/identity_providers/acme`, { identity_provider: { domain_id } })
  await make('PUT', `${federation}/mappings/people`, { mapping: MAPPING })
  const protocol = { protocol: { mapping_id: 'people' } }
  await make('PUT', `${federation}/identity_providers/acme/protocols/saml2`, protocol)
  const provider = { auth_url: 'http://other.test/auth', sp_url: 'http://other.test/sp' }
  await make('PUT', `${federation}/service_providers/other`, { service_provider: provider })
  return {
    registered_limit_id: registered.body.registered_limits[0].id,
    limit_id: limits.body.limits[0].id,
    idp_id: 'acme',
    mapping_id: 'people',
    protocol_id: 'saml2',
    service_provider_id: 'other',
    group: 'identity',
    option: 'driver',
    value: 'blue',
  }
}

const MAPPING = {
  rules: [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'REMOTE_USER' }] }],
}
