/** OS-OAUTH1 (consumers, request and access tokens, logins) and OS-OAUTH2. */
import { createHmac, randomBytes } from 'node:crypto'
import {
  call,
  del,
  type Family,
  get,
  head,
  login,
  passwordOf,
  patch,
  post,
  projectScope,
  put,
  repeat,
  type Step,
  type Vars,
  validate,
} from '../step.ts'
import { person, personaSteps, world } from './setup.ts'

const quote = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

type Signing = {
  path: string
  key: string
  secret: string
  token?: string
  tokenSecret?: string
  extra?: Record<string, string>
}

/** An OAuth 1.0a Authorization header (HMAC-SHA1, POST). */
const oauthHeader = (
  base: string,
  { path, key, secret, token, tokenSecret, extra = {} }: Signing,
): string => {
  const params: Record<string, string> = {
    oauth_consumer_key: key,
    oauth_nonce: randomBytes(8).toString('hex'),
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(Date.now() / 1000)),
    oauth_version: '1.0',
    ...(token === undefined ? {} : { oauth_token: token }),
    ...extra,
  }
  const query = Object.keys(params)
    .sort()
    .map((name) => `${quote(name)}=${quote(params[name] ?? '')}`)
    .join('&')
  const signature = createHmac('sha1', `${quote(secret)}&${quote(tokenSecret ?? '')}`)
    .update(`POST&${quote(`${base}${path}`)}&${quote(query)}`)
    .digest('base64')
  return `OAuth ${Object.entries({ ...params, oauth_signature: signature })
    .map(([name, value]) => `${quote(name)}="${quote(value)}"`)
    .join(', ')}`
}

/** Reads a form-encoded answer's fields into variables: the step after it can use them. */
const formValue = (vars: Vars, name: string): string => vars[name] ?? ''

const signed = (make: (vars: Vars) => Signing) => ({
  as: null,
  prepare: (vars: Vars, base: string) => ({ oauth: oauthHeader(base, make(vars)) }),
})

const requestToken = (
  note: string,
  make: (vars: Vars) => Signing,
  headers: Record<string, string> = {},
): Step =>
  call('POST', '/OS-OAUTH1/request_token', undefined, {
    ...signed(make),
    note,
    headers: { authorization: '{oauth}', 'requested-project-id': '{project}', ...headers },
    save: { rt: 'form:oauth_token', rt_secret: 'form:oauth_token_secret' },
  })

const accessToken = (note: string, make: (vars: Vars) => Signing): Step =>
  call('POST', '/OS-OAUTH1/access_token', undefined, {
    ...signed(make),
    note,
    headers: { authorization: '{oauth}' },
    save: { at: 'form:oauth_token', at_secret: 'form:oauth_token_secret' },
  })

const consumer = (vars: Vars) => ({
  key: formValue(vars, 'consumer'),
  secret: formValue(vars, 'consumer_secret'),
})
const forRequest = (vars: Vars): Signing => ({
  path: '/v3/OS-OAUTH1/request_token',
  ...consumer(vars),
  extra: { oauth_callback: 'oob' },
})
const forAccess = (vars: Vars): Signing => ({
  path: '/v3/OS-OAUTH1/access_token',
  ...consumer(vars),
  token: formValue(vars, 'rt'),
  tokenSecret: formValue(vars, 'rt_secret'),
  extra: { oauth_verifier: formValue(vars, 'verifier') },
})
const forLogin = (vars: Vars): Signing => ({
  path: '/v3/auth/tokens',
  ...consumer(vars),
  token: formValue(vars, 'at'),
  tokenSecret: formValue(vars, 'at_secret'),
})

const of = '/users/{olga_id}/OS-OAUTH1/access_tokens'

export const oauth1: Family = {
  name: 'oauth1',
  about: 'OS-OAUTH1 consumers, tokens, logins',
  steps: [
    ...world,
    ...personaSteps,
    ...person('olga', 'admin'),
    ...person('omar', 'reader'),
    put('/OS-OAUTH1/authorize/nope', { roles: [{ id: '{role_member}' }] }, { as: 'omar' }),
    post(
      '/OS-OAUTH1/consumers',
      { consumer: { description: 'x {tag}' } },
      { save: { consumer: 'consumer.id', consumer_secret: 'consumer.secret' } },
    ),
    post('/OS-OAUTH1/consumers', { consumer: {} }, { note: 'minimal', save: { c2: 'consumer.id' } }),
    post(
      '/OS-OAUTH1/consumers',
      { consumer: { description: null, extra: 'y', secret: 'given', id: 'given' } },
      { note: 'extra', save: { c3: 'consumer.id' } },
    ),
    post('/OS-OAUTH1/consumers', { consumer: { description: 7 } }, { note: 'description number' }),
    post('/OS-OAUTH1/consumers', {}, { note: 'nothing' }),
    get('/OS-OAUTH1/consumers'),
    get('/OS-OAUTH1/consumers?description=x'),
    get('/OS-OAUTH1/consumers/{consumer}'),
    head('/OS-OAUTH1/consumers/{consumer}'),
    get('/OS-OAUTH1/consumers/nope'),
    patch('/OS-OAUTH1/consumers/{consumer}', { consumer: { description: 'z' } }),
    patch('/OS-OAUTH1/consumers/{consumer}', { consumer: { secret: 'x' } }, { note: 'secret' }),
    patch('/OS-OAUTH1/consumers/{consumer}', { consumer: { extra: 1 } }, { note: 'extra' }),
    patch('/OS-OAUTH1/consumers/{consumer}', { consumer: {} }, { note: 'empty' }),
    patch('/OS-OAUTH1/consumers/nope', { consumer: { description: 'x' } }),
    ...repeat(
      ['olga', 'project_admin', 'domain_admin', 'system_reader', 'system_member', 'system_admin'],
      (as) => [
        get('/OS-OAUTH1/consumers', { as }),
        get('/OS-OAUTH1/consumers/{consumer}', { as }),
        post('/OS-OAUTH1/consumers', { consumer: {} }, { as, save: { made: 'consumer.id' } }),
        patch('/OS-OAUTH1/consumers/{consumer}', { consumer: { description: as } }, { as }),
        del('/OS-OAUTH1/consumers/{made}', { as }),
      ],
    ),
    requestToken('wrong secret', (vars) => ({ ...forRequest(vars), secret: 'wrong' })),
    requestToken('unknown consumer', (vars) => ({ ...forRequest(vars), key: 'nope' })),
    requestToken('unknown project', forRequest, { 'requested-project-id': 'nope' }),
    call('POST', '/OS-OAUTH1/request_token', undefined, { as: null, note: 'no header' }),
    call('POST', '/OS-OAUTH1/request_token', undefined, {
      ...signed(forRequest),
      note: 'no project',
      headers: { authorization: '{oauth}' },
    }),
    call('POST', '/OS-OAUTH1/request_token', undefined, {
      as: null,
      note: 'header nonsense',
      headers: { authorization: 'OAuth nonsense', 'requested-project-id': '{project}' },
    }),
    requestToken('good', forRequest),
    put(
      '/OS-OAUTH1/authorize/{rt}',
      { roles: [{ id: '{role_service}' }] },
      { as: 'olga', note: 'role not held' },
    ),
    put('/OS-OAUTH1/authorize/{rt}', { roles: [] }, { as: 'olga', note: 'no roles' }),
    put('/OS-OAUTH1/authorize/{rt}', {}, { as: 'olga', note: 'nothing' }),
    put(
      '/OS-OAUTH1/authorize/{rt}',
      { roles: [{ id: '{role_member}', name: 'member' }] },
      { as: 'olga', note: 'id and name' },
    ),
    put('/OS-OAUTH1/authorize/nope', { roles: [{ id: '{role_member}' }] }, { as: 'olga' }),
    put('/OS-OAUTH1/authorize/{rt}', { roles: [{ id: '{role_member}' }] }, { as: null }),
    accessToken('not authorized yet', forAccess),
    put(
      '/OS-OAUTH1/authorize/{rt}',
      { roles: [{ id: '{role_member}' }] },
      { as: 'olga', save: { verifier: 'token.oauth_verifier' } },
    ),
    accessToken('wrong verifier', (vars) => ({ ...forAccess(vars), extra: { oauth_verifier: 'nope' } })),
    accessToken('wrong secret', (vars) => ({ ...forAccess(vars), tokenSecret: 'nope' })),
    accessToken('unknown token', (vars) => ({ ...forAccess(vars), token: 'nope' })),
    call('POST', '/OS-OAUTH1/access_token', undefined, { as: null, note: 'no header' }),
    accessToken('good', forAccess),
    accessToken('again', (vars) => forAccess(vars)),
    post(
      '/auth/tokens',
      { auth: { identity: { methods: ['oauth1'], oauth1: {} } } },
      {
        ...signed(forLogin),
        headers: { authorization: '{oauth}' },
        note: 'login',
        save: { ot: 'header:x-subject-token' },
      },
    ),
    post(
      '/auth/tokens',
      { auth: { identity: { methods: ['oauth1'], oauth1: {} } } },
      {
        ...signed((vars) => ({ ...forLogin(vars), tokenSecret: 'x' })),
        headers: { authorization: '{oauth}' },
        note: 'login, wrong secret',
      },
    ),
    post(
      '/auth/tokens',
      { auth: { identity: { methods: ['oauth1'], oauth1: {} }, scope: projectScope('{project}') } },
      { ...signed(forLogin), headers: { authorization: '{oauth}' }, note: 'login with a scope' },
    ),
    validate('ot'),
    get('/auth/projects', { as: 'ot' }),
    login('x', { methods: ['token'], token: { id: '{ot}' } }, projectScope('{project}'), {
      note: 'rescope an OAuth token',
    }),
    post(
      '/users/{olga_id}/application_credentials',
      { application_credential: { name: 'o-{tag}' } },
      { as: 'ot' },
    ),
    get('/credentials', { as: 'ot' }),
    ...repeat(['olga', 'omar', 'admin', 'system_reader', 'ot'], (as) => [
      get(of, { as }),
      get(`${of}/{at}`, { as }),
      head(`${of}/{at}`, { as }),
      get(`${of}/nope`, { as }),
      get(`${of}/{at}/roles`, { as }),
      get(`${of}/{at}/roles/{role_member}`, { as }),
      get(`${of}/{at}/roles/{role_reader}`, { as }),
      get(`${of}/{at}/roles/nope`, { as }),
      get(`${of}/nope/roles`, { as }),
    ]),
    get('/users/{omar_id}/OS-OAUTH1/access_tokens/{at}', { note: 'of another' }),
    del(`${of}/{at}`, { as: 'omar' }),
    del(`${of}/nope`, { as: 'olga' }),
    del(`${of}/{at}`, { as: 'olga', wait: 1100 }),
    validate('ot', { note: 'access token deleted' }),
    requestToken('second', forRequest),
    put(
      '/OS-OAUTH1/authorize/{rt}',
      { roles: [{ name: 'member' }] },
      { as: 'olga', note: 'by name', save: { verifier: 'token.oauth_verifier' } },
    ),
    accessToken('second', forAccess),
    post(
      '/auth/tokens',
      { auth: { identity: { methods: ['oauth1'], oauth1: {} } } },
      {
        ...signed(forLogin),
        headers: { authorization: '{oauth}' },
        note: 'second login',
        save: { ot: 'header:x-subject-token' },
      },
    ),
    del('/OS-OAUTH1/consumers/{consumer}', { wait: 1100 }),
    validate('ot', { note: 'consumer deleted' }),
    del('/OS-OAUTH1/consumers/nope'),
    del('/OS-OAUTH1/consumers/{c2}'),
    del('/OS-OAUTH1/consumers/{c3}'),
    requestToken('consumer deleted', forRequest),
  ],
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const basic = (vars: Vars, secret: string) =>
  `Basic ${Buffer.from(`${vars['a1'] ?? ''}:${secret}`).toString('base64')}`
const grant = (note: string, raw: string, secret?: string): Step =>
  call('POST', '/OS-OAUTH2/token', undefined, {
    as: null,
    note,
    raw,
    headers: secret === undefined ? form : { ...form, authorization: '{basic}' },
    ...(secret === undefined
      ? {}
      : {
          prepare: (vars: Vars) => ({ basic: basic(vars, secret === 'own' ? (vars['s1'] ?? '') : secret) }),
        }),
    save: { o2: 'access_token' },
  })

export const oauth2: Family = {
  name: 'oauth2',
  about: 'OS-OAUTH2 client credentials',
  steps: [
    ...world,
    ...person('olga', 'member'),
    post(
      '/users/{olga_id}/application_credentials',
      { application_credential: { name: 'c-{tag}' } },
      { as: 'olga', save: { a1: 'application_credential.id', s1: 'application_credential.secret' } },
    ),
    login('olga2', passwordOf('{olga_id}', 'pw-olga')),
    grant('good', 'grant_type=client_credentials', 'own'),
    validate('o2'),
    grant('in the body', 'grant_type=client_credentials&client_id={a1}&client_secret={s1}'),
    grant('wrong secret', 'grant_type=client_credentials', 'wrong'),
    grant('no grant type', '', 'own'),
    grant('grant type unknown', 'grant_type=password', 'own'),
    grant('with a scope', 'grant_type=client_credentials&scope=x', 'own'),
    grant('no credentials', 'grant_type=client_credentials'),
    call('POST', '/OS-OAUTH2/token', undefined, {
      as: null,
      note: 'bearer',
      raw: 'grant_type=client_credentials',
      headers: { ...form, authorization: 'Bearer x' },
    }),
    call('POST', '/OS-OAUTH2/token', undefined, {
      as: null,
      note: 'basic nonsense',
      raw: 'grant_type=client_credentials',
      headers: { ...form, authorization: 'Basic %%%' },
    }),
    call('POST', '/OS-OAUTH2/token', { grant_type: 'client_credentials' }, { as: null, note: 'JSON' }),
    ...repeat(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'], (method) => [
      call(method, '/OS-OAUTH2/token', undefined, { as: null }),
    ]),
  ],
}
