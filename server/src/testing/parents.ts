/** Every way to be somebody, on every scope, in one house: what tests of delegation try to get more out of. */
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { createAccessKey } from '../flows/access-keys.ts'
import { federatedLogin, openDoor } from '../flows/federated-login.ts'
import { decodeBase32, passcodeOf } from '../methods/totp/totp.ts'
import type { Answer, House } from './house.ts'
import type { HuaweiFace, Key, TwoAccounts } from './huawei.ts'
import { PASSWORD, seedGrant, seedUser } from './seed.ts'

export interface Parent {
  readonly name: string
  readonly ask: (method: string, path: string, body?: object) => Promise<Answer>
  /** Of a session by token. */
  readonly token?: string
  readonly key?: Key
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Whose rights these are, and nobody stands in between. */
  readonly inPerson: boolean
  /** Good for more than a while: what it makes may last. */
  readonly lasting: boolean
  readonly userId: string
  /** Names of the roles it may have on a scope (`project:<id>`) at the most. */
  readonly reach: Readonly<Record<string, readonly string[]>>
}

/** What the tests of a matrix know of the house they are in. */
export interface Family {
  readonly house: House
  readonly face: HuaweiFace
  readonly two: TwoAccounts
  readonly trustee: string
  /** A token that may ask what a signature is worth. */
  readonly service: string
  readonly consumer: { readonly id: string; readonly secret: string }
  readonly agency: string
  readonly parents: readonly Parent[]
}

const BASE = 'http://tokenhouse.test:5000'
const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

type Scopes = Readonly<Record<string, object | undefined>>

/**
 * Parents of B's user, who holds admin, te_admin and readonly on their project, te_agency on their account and reader on
 * the system; of what delegates readonly alone and what delegates everything on the project; and of the agency, which has
 * readonly in account A.
 */
export async function openFamily(house: House, face: HuaweiFace, two: TwoAccounts): Promise<Family> {
  const { ctx } = house
  const admin = await house.admin()
  const ok = async (method: string, path: string, body: object, token = admin): Promise<Answer['body']> => {
    const answer = await face.call(method, path, { token, body })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const [project, domain] = [`project:${two.projectB}`, `domain:${two.b}`]
  for (const role of ['readonly', 'admin']) await seedGrant(house, two.userB, role, { project: two.projectB })
  await seedGrant(house, two.userB, 'reader', 'system')
  const trustee = await seedUser(house, 'Trustee', two.b)
  const storage = await seedUser(house, 'storage')
  await seedGrant(house, storage, 'service', { project: two.projectB })
  const service = await house.login(storage, PASSWORD, { project: { id: two.projectB } })
  const { consumer } = await ok('POST', '/v3/OS-OAUTH1/consumers', { consumer: {} })

  const whole = {
    [project]: ['te_admin', 'readonly', 'admin', 'manager', 'member', 'reader'],
    [domain]: ['te_agency'],
    system: ['reader'],
  }
  const all = { [project]: whole[project] ?? [] }
  const some = { [project]: ['readonly'] }
  const lent = [
    { what: 'readonly', roles: [{ name: 'readonly' }], reach: some },
    { what: 'everything', roles: ['admin', 'te_admin', 'readonly'].map((name) => ({ name })), reach: all },
  ]
  const parents: Parent[] = []
  type More = Pick<Parent, 'inPerson' | 'reach'> & { readonly userId?: string }
  const byToken = (name: string, answer: Answer, more: More): string => {
    assert.equal(answer.status, 201, `${name}: ${answer.text}`)
    const token = answer.headers['x-subject-token'] ?? ''
    parents.push({
      name,
      token,
      ask: (method, path, body) => face.call(method, path, { token, ...(body ? { body } : {}) }),
      expiresAt: Date.parse(answer.body.token.expires_at) / 1000,
      lasting: true,
      userId: two.userB,
      ...more,
    })
    return token
  }
  const byKey = (name: string, key: Key, more: Omit<Parent, 'name' | 'ask' | 'key'>, headers = {}): void => {
    const ask: Parent['ask'] = (method, path, body) =>
      face.signed(method, path, key, { headers, ...(body ? { body } : {}) })
    parents.push({ name, key, ask, ...more })
  }
  const issue = (identity: object, scope?: object, token?: string): Promise<Answer> =>
    house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity, ...(scope === undefined ? {} : { scope }) } },
      ...(token === undefined ? {} : { token }),
    })
  const temporary = async (name: string, token: string, more: More): Promise<void> => {
    const identity = { methods: ['token'], token: { duration_seconds: 3600 } }
    const { credential } = await ok(
      'POST',
      '/v3.0/OS-CREDENTIAL/securitytokens',
      { auth: { identity } },
      token,
    )
    const { access, secret, securitytoken: securityToken, expires_at } = credential
    const expiresAt = Date.parse(expires_at) / 1000
    byKey(name, { access, secret, securityToken }, { expiresAt, lasting: false, userId: two.userB, ...more })
  }

  const inPerson = { inPerson: true, reach: whole }
  const user = { user: { id: two.userB, password: PASSWORD } }
  const password = { methods: ['password'], password: user }
  const scopes: Scopes = {
    nothing: undefined,
    project: { project: { id: two.projectB } },
    account: { domain: { id: two.b } },
    system: { system: { all: true } },
  }
  const own: Record<string, string> = {}
  await ok('POST', '/v3/credentials', { credential: { type: 'totp', blob: SEED, user_id: two.userB } })
  for (const [where, scope] of Object.entries(scopes)) {
    own[where] = byToken(`password on ${where}`, await issue(password, scope), inPerson)
    // A passcode is good once, and its window has to come.
    house.advance(60)
    const step = Math.floor(ctx.now() / 1e6 / 30)
    const passcode = passcodeOf(decodeBase32(SEED) ?? new Uint8Array(), step)
    const both = {
      methods: ['password', 'totp'],
      password: user,
      totp: { user: { id: two.userB, passcode } },
    }
    byToken(`password and TOTP on ${where}`, await issue(both, scope), inPerson)
    // Rescoped from nothing: a token of the system is rescoped nowhere.
    const again = { methods: ['token'], token: { id: own['nothing'] } }
    byToken(`token on ${where}`, await issue(again, scope), inPerson)
    await temporary(`temporary key of ${where}`, own[where] ?? '', inPerson)
  }

  const onProject = own['project'] ?? ''
  const trustees = { methods: ['password'], password: { user: { id: trustee, password: PASSWORD } } }
  for (const { what, roles, reach } of lent) {
    for (const impersonation of [true, false]) {
      const trust = {
        trustor_user_id: two.userB,
        trustee_user_id: trustee,
        project_id: two.projectB,
        impersonation,
        roles,
      }
      const { id } = (await ok('POST', '/v3/OS-TRUST/trusts', { trust }, onProject)).trust
      const name = `${impersonation ? 'impersonating ' : ''}trust of ${what}`
      const userId = impersonation ? two.userB : trustee
      byToken(name, await issue(trustees, { 'OS-TRUST:trust': { id } }), { inPerson: false, reach, userId })
    }
    for (const unrestricted of [false, true]) {
      const name = `${unrestricted ? 'unrestricted ' : ''}application credential of ${what}`
      const path = `/v3/users/${two.userB}/application_credentials`
      const body = { application_credential: { name, unrestricted, roles } }
      const { id, secret } = (await ok('POST', path, body, onProject)).application_credential
      const identity = { methods: ['application_credential'], application_credential: { id, secret } }
      byToken(name, await issue(identity), { inPerson: false, reach })
    }
    const access = await authorizedConsumer({ house, two, consumer }, (path) =>
      ok('PUT', path, { roles }, onProject),
    )
    byToken(`OAuth1 access token of ${what}`, await signInByOauth1({ house, consumer }, access), {
      inPerson: false,
      reach,
    })
  }
  const ec2 = await ok(
    'POST',
    `/v3/users/${two.userB}/credentials/OS-EC2`,
    { tenant_id: two.projectB },
    onProject,
  )
  const exchanged = await exchangeEc2({ house, service }, ec2.credential)
  byToken(
    'EC2 key',
    { ...exchanged, status: exchanged.status === 200 ? 201 : exchanged.status },
    {
      inPerson: false,
      reach: all,
    },
  )
  const by = { session: null, action: 'test', requestId: '' }
  const key = await createAccessKey(ctx, by, { userId: two.userB, description: '', limit: 9 })
  const forever = { expiresAt: Number.POSITIVE_INFINITY, lasting: true, userId: two.userB, ...inPerson }
  byKey('access key', key, forever)
  byKey('access key on project', key, forever, { 'x-project-id': two.projectB })

  const agency = await seedAgency(two, ok)
  const asAgency = {
    inPerson: false,
    userId: agency,
    reach: { [`project:${two.projectA}`]: ['readonly'], [`domain:${two.a}`]: ['readonly'] },
  }
  const assume = { methods: ['assume_role'], assume_role: { domain_id: two.a, agency_name: 'IAMAgency' } }
  for (const [where, scope] of [
    ['account', { domain: { id: two.a } }],
    ['project', { project: { id: two.projectA } }],
  ] as const) {
    const answer = await face.call('POST', '/v3/auth/tokens', {
      token: own['account'] ?? '',
      body: { auth: { identity: assume, scope } },
    })
    const token = byToken(`agency on ${where}`, answer, asAgency)
    await temporary(`temporary key of agency on ${where}`, token, asAgency)
  }
  await addFederated({ house, two, ok, byToken })
  return { house, face, two, trustee, service, consumer, agency, parents }
}

type Ok = (method: string, path: string, body: object, token?: string) => Promise<Answer['body']>

async function seedAgency(two: TwoAccounts, ok: Ok): Promise<string> {
  const agency = { name: 'IAMAgency', domain_id: two.a, trust_domain_id: two.b }
  const { id } = (await ok('POST', '/v3.0/OS-AGENCY/agencies', { agency })).agency
  const { roles } = await ok('GET', '/v3/roles?name=readonly', {})
  for (const place of [`domains/${two.a}`, `projects/${two.projectA}`]) {
    await ok('PUT', `/v3.0/OS-AGENCY/${place}/agencies/${id}/roles/${roles[0].id}`, {})
  }
  return id
}

/** Somebody of an identity provider whose group has te_admin on B's project and te_agency on B's account. */
async function addFederated({
  house,
  two,
  ok,
  byToken,
}: {
  readonly house: House
  readonly two: TwoAccounts
  readonly ok: Ok
  readonly byToken: (
    name: string,
    answer: Answer,
    more: Pick<Parent, 'inPerson' | 'reach' | 'userId'>,
  ) => string
}): Promise<void> {
  const { group } = await ok('POST', '/v3/groups', { group: { name: 'staff', domain_id: two.b } })
  const { roles } = await ok('GET', '/v3/roles', {})
  const role = (wanted: string) => roles.find(({ name }: { name: string }) => name === wanted).id
  await ok('PUT', `/v3/projects/${two.projectB}/groups/${group.id}/roles/${role('readonly')}`, {})
  await ok('PUT', `/v3/domains/${two.b}/groups/${group.id}/roles/${role('te_agency')}`, {})
  const idp = '/v3/OS-FEDERATION/identity_providers/acme'
  await ok('PUT', idp, { identity_provider: { enabled: true, domain_id: two.b } })
  const rules = [
    { local: [{ user: { name: '{0}' } }, { group: { id: group.id } }], remote: [{ type: 'sub' }] },
  ]
  await ok('PUT', '/v3/OS-FEDERATION/mappings/m', { mapping: { rules } })
  await ok('PUT', `${idp}/protocols/oidc`, { protocol: { mapping_id: 'm' } })
  const door = await openDoor(house.ctx, 'acme', 'oidc')
  const said = { attributes: { sub: ['bob'] }, issuer: 'https://acme.example', expiresAt: null }
  const { text, session } = await federatedLogin(house.ctx, door, said, {
    ttl: 3600,
    requestId: 'req-1',
    from: { address: '127.0.0.1', way: 'program' },
  })
  const userId = session.user.id
  const reach = { [`project:${two.projectB}`]: ['readonly'], [`domain:${two.b}`]: ['te_agency'] }
  const more = { inPerson: true, reach, userId }
  const expires_at = new Date(session.claims.expiresAt * 1000).toISOString()
  const unscoped = {
    status: 201,
    headers: { 'x-subject-token': text },
    text: '',
    body: { token: { expires_at } },
  }
  byToken('mapped', unscoped, more)
  for (const [where, scope] of [
    ['project', { project: { id: two.projectB } }],
    ['account', { domain: { id: two.b } }],
  ] as const) {
    const identity = { methods: ['token'], token: { id: text } }
    const answer = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity, scope } } })
    byToken(`mapped on ${where}`, answer, more)
  }
}

/** What an EC2 key's signature is worth, asked by a service. */
export function exchangeEc2(
  { house, service }: Pick<Family, 'house' | 'service'>,
  key: { readonly access: string; readonly secret: string },
): Promise<Answer> {
  const Timestamp = new Date(house.ctx.now() / 1000).toISOString()
  const signature = createHmac('sha1', key.secret).update(`Describe${Timestamp}`).digest('base64')
  const params = { SignatureVersion: '0', Action: 'Describe', Timestamp }
  const signed = { access: key.access, signature, verb: 'GET', host: 'h', path: '/', params, headers: {} }
  return house.call('POST', '/v3/ec2tokens', { token: service, body: { credentials: signed } })
}

type Consumer = Family['consumer']
type Secrets = Readonly<Record<string, string>>

/** A request token that a consumer asked for. */
export async function requestToken({
  house,
  two,
  consumer,
}: Pick<Family, 'house' | 'two' | 'consumer'>): Promise<Secrets> {
  const answer = await oauth1(house, consumer, {
    path: '/v3/OS-OAUTH1/request_token',
    fields: { oauth_callback: 'oob' },
    secret: '',
    headers: { 'requested-project-id': two.projectB },
  })
  return form(answer.text)
}

/** An access token of a consumer, for what `authorize` let it have. */
async function authorizedConsumer(
  family: Pick<Family, 'house' | 'two' | 'consumer'>,
  authorize: (path: string) => Promise<Answer['body']>,
): Promise<Secrets> {
  const asked = await requestToken(family)
  const id = asked['oauth_token'] ?? ''
  const { token } = await authorize(`/v3/OS-OAUTH1/authorize/${id}`)
  return accessToken(family, asked, token.oauth_verifier)
}

export async function accessToken(
  { house, consumer }: Pick<Family, 'house' | 'consumer'>,
  asked: Secrets,
  verifier: string,
): Promise<Secrets> {
  const answer = await oauth1(house, consumer, {
    path: '/v3/OS-OAUTH1/access_token',
    fields: { oauth_token: asked['oauth_token'] ?? '', oauth_verifier: verifier },
    secret: asked['oauth_token_secret'] ?? '',
  })
  return form(answer.text)
}

export function signInByOauth1(
  { house, consumer }: Pick<Family, 'house' | 'consumer'>,
  access: Secrets,
): Promise<Answer> {
  return oauth1(house, consumer, {
    path: '/v3/auth/tokens',
    fields: { oauth_token: access['oauth_token'] ?? '' },
    secret: access['oauth_token_secret'] ?? '',
    body: { auth: { identity: { methods: ['oauth1'], oauth1: {} } } },
  })
}

const form = (text: string): Secrets => Object.fromEntries(new URLSearchParams(text))

/** A request signed as RFC 5849 has it. */
function oauth1(
  house: House,
  consumer: Consumer,
  request: {
    readonly path: string
    readonly fields: Secrets
    readonly secret: string
    readonly headers?: Secrets
    readonly body?: object
  },
): Promise<Answer> {
  const parameters: Record<string, string> = {
    oauth_consumer_key: consumer.id,
    oauth_nonce: randomUUID().replaceAll('-', ''),
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(house.ctx.now() / 1e6)),
    oauth_version: '1.0',
    ...request.fields,
  }
  const encode = encodeURIComponent
  const pairs = Object.keys(parameters)
    .sort()
    .map((key) => `${key}=${encode(parameters[key] ?? '')}`)
  const base = ['POST', encode(`${BASE}${request.path}`), encode(pairs.join('&'))].join('&')
  const key = `${consumer.secret}&${request.secret}`
  parameters['oauth_signature'] = createHmac('sha1', key).update(base).digest('base64')
  const fields = Object.entries(parameters).map(([name, value]) => `${name}="${encode(value)}"`)
  return house.call('POST', request.path, {
    headers: { authorization: `OAuth ${fields.join(', ')}`, ...request.headers },
    ...(request.body ? { body: request.body } : {}),
  })
}
