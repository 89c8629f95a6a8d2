/** Credentials, EC2 credentials, ec2tokens and s3tokens. */
import { createHash, createHmac } from 'node:crypto'
import {
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

const create = (note: string, credential: unknown, save = {}): Step =>
  post('/credentials', { credential }, { note, save })

const people: readonly Step[] = [
  ...world,
  ...personaSteps,
  ...person('carl', 'member'),
  ...person('cora', 'reader'),
]
const readers = [
  'carl',
  'cora',
  'project_reader',
  'project_admin',
  'domain_admin',
  'system_reader',
  'system_member',
  'system_admin',
]

export const credentials: Family = {
  name: 'credentials',
  about: 'credentials of any type',
  steps: [
    ...people,
    create(
      'cert',
      { user_id: '{carl_id}', type: 'cert', blob: 'c-{tag}', project_id: '{project}' },
      { c1: 'credential.id' },
    ),
    create('totp', {
      user_id: '{carl_id}',
      type: 'totp',
      blob: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
      project_id: null,
    }),
    create(
      'totp without project',
      { user_id: '{carl_id}', type: 'totp', blob: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' },
      { c2: 'credential.id' },
    ),
    create(
      'ec2',
      {
        user_id: '{carl_id}',
        type: 'ec2',
        project_id: '{project}',
        blob: '{"access":"acc-{tag}","secret":"sec"}',
      },
      { c3: 'credential.id' },
    ),
    create('ec2 again', {
      user_id: '{carl_id}',
      type: 'ec2',
      project_id: '{project}',
      blob: '{"access":"acc-{tag}","secret":"sec"}',
    }),
    create('ec2 without project', {
      user_id: '{carl_id}',
      type: 'ec2',
      blob: '{"access":"acc2-{tag}","secret":"sec"}',
    }),
    create('ec2 blob not JSON', { user_id: '{carl_id}', type: 'ec2', project_id: '{project}', blob: 'x' }),
    create('ec2 blob JSON number', { user_id: '{carl_id}', type: 'ec2', project_id: '{project}', blob: '7' }),
    create('ec2 blob without access', {
      user_id: '{carl_id}',
      type: 'ec2',
      project_id: '{project}',
      blob: '{"secret":"x"}',
    }),
    create(
      'ec2 with trust',
      {
        user_id: '{carl_id}',
        type: 'ec2',
        project_id: '{project}',
        blob: '{"access":"acc3-{tag}","secret":"sec","trust_id":"x"}',
      },
      { c4: 'credential.id' },
    ),
    create('blob object', { user_id: '{carl_id}', type: 'cert', blob: { a: 1 } }),
    create('blob null', { user_id: '{carl_id}', type: 'cert', blob: null }),
    create('no blob', { user_id: '{carl_id}', type: 'cert' }),
    create('no type', { user_id: '{carl_id}', blob: 'x' }),
    create('no user', { type: 'cert', blob: 'x' }),
    create('user unknown', { user_id: 'nope', type: 'cert', blob: 'x-{tag}' }, { c5: 'credential.id' }),
    create(
      'project unknown',
      { user_id: '{carl_id}', type: 'cert', blob: 'y-{tag}', project_id: 'nope' },
      { c6: 'credential.id' },
    ),
    create('type empty', { user_id: '{carl_id}', type: '', blob: 'x' }, { c7: 'credential.id' }),
    create('type number', { user_id: '{carl_id}', type: 7, blob: 'x' }),
    create(
      'extra',
      { user_id: '{carl_id}', type: 'cert', blob: 'z-{tag}', extra: 'y', id: 'given' },
      { c8: 'credential.id' },
    ),
    post('/credentials', {}, { note: 'no credential' }),
    get('/credentials/{c1}'),
    get('/credentials/{c3}'),
    head('/credentials/{c1}'),
    get('/credentials/nope'),
    ...repeat(
      [
        '',
        '?user_id={carl_id}',
        '?type=cert&user_id={carl_id}',
        '?type=ec2',
        '?user_id=nope',
        '?project_id={project}',
        '?limit=1',
        '?blob=c-{tag}',
      ],
      (query) => [get(`/credentials${query}`)],
    ),
    ...repeat<[string, unknown]>(
      [
        ['blob', { blob: 'changed-{tag}' }],
        ['type', { type: 'x' }],
        ['blob and type', { blob: 'x', type: 'cert' }],
        ['user', { user_id: '{cora_id}' }],
        ['project', { project_id: '{project}' }],
        ['blob object', { blob: {} }],
        ['empty', {}],
        ['id', { id: 'x' }],
      ],
      ([note, credential]) => [patch('/credentials/{c1}', { credential }, { note })],
    ),
    patch(
      '/credentials/{c3}',
      { credential: { blob: '{"access":"acc-{tag}","secret":"other"}' } },
      { note: 'ec2 secret' },
    ),
    patch(
      '/credentials/{c3}',
      { credential: { blob: '{"access":"other-{tag}","secret":"other"}' } },
      { note: 'ec2 access' },
    ),
    patch('/credentials/{c3}', { credential: { blob: 'x' } }, { note: 'ec2 not JSON' }),
    patch(
      '/credentials/{c4}',
      { credential: { blob: '{"access":"acc3-{tag}","secret":"sec","trust_id":"y"}' } },
      { note: 'ec2 trust' },
    ),
    patch(
      '/credentials/{c4}',
      { credential: { blob: '{"access":"acc3-{tag}","secret":"sec"}' } },
      { note: 'ec2 trust removed' },
    ),
    patch('/credentials/nope', { credential: { blob: 'x' } }),
    ...repeat(readers, (as) => [
      get('/credentials', { as }),
      get('/credentials?user_id={carl_id}', { as }),
      get('/credentials/{c1}', { as }),
      get('/credentials/nope', { as }),
      post(
        '/credentials',
        { credential: { user_id: '{carl_id}', type: 'cert', blob: `${as}-{tag}` } },
        { as, save: { made: 'credential.id' } },
      ),
      patch('/credentials/{c1}', { credential: { blob: `${as}-{tag}` } }, { as }),
      del('/credentials/{made}', { as }),
      del('/credentials/nope', { as }),
    ]),
    ...repeat(['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'], (name) => [del(`/credentials/{${name}}`)]),
    get('/credentials/{c1}', { note: 'deleted' }),
  ],
}

type Signed = { access: string; secret: string; [key: string]: unknown }

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const sha = (kind: string, key: string | Buffer, text: string): Buffer =>
  createHmac(kind, key).update(text).digest()
const amzDate = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')

/** AWS signature version 4 of a GET on `/`, as the EC2 middleware passes it on. */
const signV4 = ({ access, secret }: Signed, service: string, ms: number): unknown => {
  const date = amzDate(ms)
  const day = date.slice(0, 8)
  const scope = `${day}/us-east-1/${service}/aws4_request`
  const bodyHash = sha256('')
  const headers = { Host: 'ec2.example.org', 'X-Amz-Date': date }
  const params = { Action: 'Test' }
  const canonical = [
    'GET',
    '/',
    'Action=Test',
    `host:ec2.example.org`,
    `x-amz-date:${date}`,
    '',
    'host;x-amz-date',
    bodyHash,
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = ['us-east-1', service, 'aws4_request'].reduce<Buffer>(
    (k, part) => sha('sha256', k, part),
    sha('sha256', `AWS4${secret}`, day),
  )
  const signature = sha('sha256', key, toSign).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${access}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`
  return {
    access,
    signature,
    host: 'ec2.example.org',
    verb: 'GET',
    path: '/',
    params,
    headers: { ...headers, Authorization: authorization },
    body_hash: bodyHash,
  }
}

/** Signature version 2 with HMAC-SHA256. */
const signV2 = ({ access, secret }: Signed, ms: number): unknown => {
  const params: Record<string, string> = {
    AWSAccessKeyId: access,
    Action: 'Test',
    SignatureMethod: 'HmacSHA256',
    SignatureVersion: '2',
    Timestamp: new Date(ms).toISOString().replace(/\.\d+/, ''),
  }
  const query = Object.keys(params)
    .sort()
    .map((key) => `${key}=${encodeURIComponent(params[key] ?? '')}`)
    .join('&')
  const signature = sha('sha256', secret, `GET\nec2.example.org\n/\n${query}`).toString('base64')
  return { access, signature, host: 'ec2.example.org', verb: 'GET', path: '/', params }
}

const signedBy = (vars: Vars, secret?: string): Signed => ({
  access: vars['access'] ?? '',
  secret: secret ?? vars['secret'] ?? '',
})
const raw = (make: (vars: Vars) => unknown) => ({
  prepare: (vars: Vars) => ({ signed: JSON.stringify(make(vars)) }),
})

const ec2 = (note: string, as: string | null, make: (vars: Vars) => unknown): Step => ({
  ...post('/ec2tokens', undefined, {
    as,
    note,
    ...raw((vars) => ({ credentials: make(vars) })),
    save: { ec2_token: 'header:x-subject-token' },
  }),
  raw: '{signed}',
})

/** The string that S3 middleware passes to s3tokens, and its signature. */
const s3v4 = (vars: Vars, ms: number, secret?: string): unknown => {
  const { access, secret: own } = signedBy(vars, secret)
  const date = amzDate(ms)
  const day = date.slice(0, 8)
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${day}/us-east-1/s3/aws4_request\n${sha256('request')}`
  const key = ['us-east-1', 's3', 'aws4_request'].reduce<Buffer>(
    (k, part) => sha('sha256', k, part),
    sha('sha256', `AWS4${own}`, day),
  )
  return {
    access,
    token: Buffer.from(toSign).toString('base64'),
    signature: sha('sha256', key, toSign).toString('hex'),
  }
}
const s3v1 = (vars: Vars, ms: number): unknown => {
  const { access, secret } = signedBy(vars)
  const toSign = `GET\n\n\n${new Date(ms).toUTCString()}\n/bucket/`
  return {
    access,
    token: Buffer.from(toSign).toString('base64'),
    signature: sha('sha1', secret, toSign).toString('base64'),
  }
}
const s3 = (note: string, as: string | null, make: (vars: Vars) => unknown): Step => ({
  ...post('/s3tokens', undefined, { as, note, ...raw((vars) => ({ credentials: make(vars) })) }),
  raw: '{signed}',
})

const of = '/users/{carl_id}/credentials/OS-EC2'
const now = () => Date.now()
const HOUR = 3_600_000

export const ec2Family: Family = {
  name: 'ec2',
  about: 'EC2 credentials, ec2tokens, s3tokens',
  steps: [
    ...people,
    ...person('svc', 'member'),
    put('/projects/{project}/users/{svc_id}/roles/{role_service}'),
    login('svc', passwordOf('{svc_id}', 'pw-svc'), projectScope('{project}')),
    post(
      of,
      { tenant_id: '{project}' },
      { as: 'carl', save: { access: 'credential.access', secret: 'credential.secret' } },
    ),
    post(of, { tenant_id: '{project}' }, { note: 'by admin', save: { access2: 'credential.access' } }),
    post(of, {}, { as: 'carl', note: 'empty' }),
    post(of, { tenant_id: 'nope' }, { as: 'carl', note: 'project unknown' }),
    post(of, { tenant_id: '{admin_project}' }, { as: 'carl', note: 'project foreign' }),
    post(of, { tenant_id: '{admin_project}' }, { note: 'project foreign, by admin' }),
    post('/users/nope/credentials/OS-EC2', { tenant_id: '{project}' }),
    post(of, { tenant_id: '{project}' }, { as: 'cora', note: 'by another' }),
    get(of),
    get(of, { as: 'carl' }),
    get(of, { as: 'cora' }),
    head(of),
    get(`${of}/{access}`),
    get(`${of}/{access}`, { as: 'carl' }),
    get(`${of}/{access}`, { as: 'cora' }),
    head(`${of}/{access}`),
    get(`${of}/nope`),
    get(`${of}/nope`, { as: 'carl' }),
    get('/users/{cora_id}/credentials/OS-EC2/{access}', { note: 'of another' }),
    get('/users/nope/credentials/OS-EC2'),
    ...repeat(readers.slice(2), (as) => [
      get(of, { as }),
      get(`${of}/{access}`, { as }),
      post(of, { tenant_id: '{project}' }, { as, save: { access3: 'credential.access' } }),
      del(`${of}/{access3}`, { as }),
    ]),
    // A second between callers: the same second gives the same signature, and a server may refuse to see one twice.
    ...repeat<string | null>(['admin', 'svc', 'carl', null], (as) => [
      get(of, { as, note: 'before', wait: 1100 }),
      ec2('v4', as, (vars) => signV4(signedBy(vars), 'ec2', now())),
      ec2('v2', as, (vars) => signV2(signedBy(vars), now())),
      s3('v4', as, (vars) => s3v4(vars, now())),
      s3('v1', as, (vars) => s3v1(vars, now())),
    ]),
    get(of, { note: 'before', wait: 1100 }),
    ec2('v4 to keep', 'admin', (vars) => signV4(signedBy(vars), 'ec2', now())),
    validate('ec2_token'),
    ec2('v4 wrong secret', 'admin', (vars) => signV4(signedBy(vars, 'x'), 'ec2', now())),
    ec2('v2 wrong secret', 'admin', (vars) => signV2(signedBy(vars, 'x'), now())),
    ec2('v4 stale', 'admin', (vars) => signV4(signedBy(vars), 'ec2', now() - HOUR)),
    ec2('v4 early', 'admin', (vars) => signV4(signedBy(vars), 'ec2', now() + HOUR)),
    ec2('v2 stale', 'admin', (vars) => signV2(signedBy(vars), now() - HOUR)),
    ec2('unknown access', 'admin', () => signV4({ access: 'nope', secret: 'x' }, 'ec2', now())),
    ec2('no signature', 'admin', (vars) => ({ access: vars['access'] ?? '' })),
    ec2('no access', 'admin', () => ({ signature: 'x' })),
    ec2('empty', 'admin', () => ({})),
    ec2('params wrong', 'admin', (vars) => ({ ...(signV2(signedBy(vars), now()) as object), params: 'x' })),
    post('/ec2tokens', {}, { note: 'no credentials' }),
    post('/ec2tokens', { ec2Credentials: {} }, { note: 'old name' }),
    post('/ec2tokens', { credentials: null }, { note: 'null' }),
    s3('v4 wrong secret', 'admin', (vars) => s3v4(vars, now(), 'x')),
    s3('v4 stale', 'admin', (vars) => s3v4(vars, now() - HOUR)),
    s3('unknown access', 'admin', () => ({ access: 'nope', token: 'eA==', signature: 'x' })),
    s3('token not base64', 'admin', (vars) => ({
      access: vars['access'] ?? '',
      token: '%%%',
      signature: 'x',
    })),
    s3('no token', 'admin', (vars) => ({ access: vars['access'] ?? '', signature: 'x' })),
    s3('empty', 'admin', () => ({})),
    post('/s3tokens', {}, { note: 'no credentials' }),
    get('/ec2tokens'),
    get('/s3tokens'),
    del(`${of}/{access}`, { as: 'cora' }),
    del(`${of}/{access}`, { as: 'carl' }),
    del(`${of}/{access}`, { note: 'again' }),
    del(`${of}/nope`),
    ec2('deleted', 'admin', (vars) => signV4(signedBy(vars), 'ec2', now())),
    validate('ec2_token', { note: 'credential deleted' }),
    del(`${of}/{access2}`),
  ],
}
