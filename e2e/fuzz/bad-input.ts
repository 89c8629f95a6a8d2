/** What a hostile or broken client sends: bodies, values, paths, queries and headers. Deterministic for a seed. */
export type Random = () => number

/** Mulberry32: small, seeded, good enough to choose with. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const oneOf = <T>(random: Random, values: readonly T[]): T =>
  values[Math.floor(random() * values.length)] as T

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

/** Bodies that are not JSON at all, or not JSON that a server may take: each has to be refused. */
export const malformed: readonly [string, Buffer][] = [
  ['cut off', bytes('{"user": {"name": "x"')],
  ['one brace', bytes('{')],
  ['single quotes', bytes("{'user': {}}")],
  ['trailing comma', bytes('{"user": {},}')],
  ['comment', bytes('{"user": {} /* x */}')],
  ['NaN', bytes('{"user": NaN}')],
  ['bare word', bytes('user')],
  ['NUL bytes', bytes([0, 0, 0, 0])],
  ['bad UTF-8', bytes('{"user": {"name": "', [0xff, 0xfe, 0xc0, 0xaf], '"}}')],
  ['cut UTF-8', bytes('{"user": {"name": "', [0xe2, 0x82], '"}}')],
  ['UTF-16', Buffer.from('{"user": {}}', 'utf16le')],
  ['raw control character', bytes('{"user": {"name": "a', [1], '"}}')],
  ['two values', bytes('{} {}')],
  ['10,000 arrays', bytes('['.repeat(10_000))],
  ['50,000 arrays, closed', bytes('['.repeat(50_000), ']'.repeat(50_000))],
  ['1 MB string', bytes('{"user": {"name": "', 'x'.repeat(1_000_000), '"}}')],
  ['1 MB of zeros', bytes('0'.repeat(1_000_000))],
  ['XML', bytes('<user/>')],
  ['form', bytes('user=x&name=y')],
]

const long = 'x'.repeat(100_000)

/** Values for any field, as JSON text: some cannot be written as JavaScript values. */
const values: readonly string[] = [
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e308',
  '1e999',
  '9007199254740993',
  '-0',
  '""',
  '" "',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[{}]',
  '{"id": null}',
  '{"id": {}}',
  '{"id": []}',
  '{"id": 7}',
  '{"name": {}}',
  '{"__proto__": {"admin": true}}',
  '{"constructor": {"prototype": {"x": 1}}}',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u202e"',
  '"😀"',
  '"../../etc/passwd"',
  '"\'; drop table user; --"',
  '"%s%n%00"',
  '"#{7*7}"',
  '"{{7*7}}"',
  '"$(id)"',
  '"\\r\\nX-Injected: 1"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"2001-13-45T99:99:99Z"',
  '"+999999-01-01T00:00:00Z"',
  '"0000-00-00"',
  '"nope"',
  '"default"',
  '["password", "__proto__"]',
  '["constructor"]',
  '{"length": 1e9}',
  '"gAAAAABm"',
  `"${'gAAAA'.repeat(50)}"`,
  `"${long}"`,
  `["${'y'.repeat(300)}"]`,
  '[1,2,3]',
  '"[a-z"',
  '"(a+)+$"',
  '{"a": {"b": {"c": {"d": {}}}}}',
  '"\\uffff"',
  '"e\\u0301"',
]

/** Field names from every resource, and those that JavaScript gives a meaning. */
const fields: readonly string[] = [
  'id',
  'name',
  'domain_id',
  'project_id',
  'parent_id',
  'enabled',
  'description',
  'password',
  'original_password',
  'email',
  'options',
  'tags',
  'is_domain',
  'default_project_id',
  'roles',
  'secret',
  'expires_at',
  'unrestricted',
  'access_rules',
  'trustor_user_id',
  'trustee_user_id',
  'impersonation',
  'remaining_uses',
  'allow_redelegation',
  'redelegation_count',
  'blob',
  'type',
  'user_id',
  'interface',
  'url',
  'service_id',
  'region_id',
  'region',
  'filters',
  'rules',
  'mapping_id',
  'remote_ids',
  'auth_url',
  'sp_url',
  'resource_name',
  'resource_limit',
  'default_limit',
  'methods',
  'token',
  'identity',
  'scope',
  'signature',
  'access',
  'params',
  'headers',
  'body_hash',
  'tenant_id',
  'parent_region_id',
  'ldap',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'links',
  'extra',
  '',
  '\u0000',
  'x'.repeat(300),
]

const singular: Readonly<Record<string, string>> = {
  policies: 'policy',
  config: 'config',
  OAUTH: 'consumer',
  tokens: 'auth',
  ec2tokens: 'credentials',
  s3tokens: 'credentials',
  password: 'user',
  tags: 'tags',
  registered_limits: 'registered_limits',
  limits: 'limits',
  authorize: 'roles',
  identity_providers: 'identity_provider',
}

/** The member of the body that holds the resource of a route: `/v3/users/{user_id}` takes `user`. */
export const rootOf = (route: string): string => {
  const last =
    route
      .split('/')
      .filter((part) => part !== '' && !part.startsWith('{'))
      .at(-1) ?? 'x'
  return singular[last] ?? last.replace(/s$/, '')
}

const object = (random: Random, depth: number): string => {
  const count = 1 + Math.floor(random() * 4)
  const members = Array.from({ length: count }, () => {
    const value = depth > 0 && random() < 0.2 ? object(random, depth - 1) : oneOf(random, values)
    return `${JSON.stringify(oneOf(random, fields))}: ${value}`
  })
  // The same key twice, now and then.
  if (random() < 0.2) members.push(members[0] as string)
  return `{${members.join(', ')}}`
}

const login = (random: Random): string => {
  const user = oneOf(random, [
    object(random, 1),
    '{"id": "nope", "password": "x"}',
    `{"name": ${oneOf(random, values)}, "domain": ${oneOf(random, values)}, "password": ${oneOf(random, values)}}`,
  ])
  const method = oneOf(random, [
    'password',
    'token',
    'totp',
    'application_credential',
    'oauth1',
    'mapped',
    'external',
    '__proto__',
    'constructor',
  ])
  const proof = oneOf(random, [`{"user": ${user}}`, object(random, 1), oneOf(random, values)])
  const scope =
    random() < 0.5
      ? ''
      : `, "scope": ${oneOf(random, [object(random, 1), '{"project": {"id": "nope"}}', oneOf(random, values), '{"system": {"all": true}}'])}`
  return `{"auth": {"identity": {"methods": ["${method}"], "${method}": ${proof}}${scope}}}`
}

/** Well-formed JSON with odd contents for one route. */
export const oddBody = (random: Random, route: string): Buffer => {
  const text = oneOf(random, [
    () => `{"${rootOf(route)}": ${object(random, 2)}}`,
    () => `{"${rootOf(route)}": ${oneOf(random, values)}}`,
    () => `{"${rootOf(route)}": [${object(random, 1)}]}`,
    () => object(random, 2),
    () => oneOf(random, values),
    () =>
      route.endsWith('/auth/tokens')
        ? login(random)
        : `{"${rootOf(route)}": ${object(random, 1)}, "${rootOf(route)}": {}}`,
  ])()
  return Buffer.from(text)
}

export const oddSegments: readonly string[] = [
  'nope',
  '%00',
  '%ff',
  '%c0%af',
  '..%2f..%2fetc',
  '%2e%2e',
  '__proto__',
  'constructor',
  `${'a'.repeat(6000)}`,
  '%F0%9F%98%80',
  "'%20or%201=1--",
  '%0d%0aX-Injected:1',
  '*',
  '-1',
  '{x}',
  '%',
  '%zz',
  ';a=b',
  'a%00b',
  '0'.repeat(32),
]

export const oddQueries: readonly string[] = [
  '',
  '?',
  '?=',
  '?&&&',
  '?name',
  '?name=%00',
  '?name=%ff',
  '?name=%zz',
  `?name=${'n'.repeat(5000)}`,
  '?__proto__=1',
  '?constructor=x',
  '?name[]=1',
  '?name__contains=%25',
  '?name__regex=(a%2b)%2b$',
  '?limit=-1',
  '?limit=1e9',
  '?limit=x',
  '?marker=%00',
  '?marker=nope',
  '?sort_key=password',
  '?enabled=%00',
  '?domain_id=%00',
  '?user.id=%00',
  '?scope.project.id=%00&include_subtree',
  '?effective&include_names&user.id=nope&group.id=nope',
  '?password_expires_at=xx:yy',
  '?password_expires_at=lt:%00',
  '?tags=%00',
  '?tags=,',
  '?not-tags-any=,,,',
  '?parents_as_list&parents_as_ids',
  '?since=%00',
  '?allow_expired=%00',
  '?nocatalog=%00',
  `?${'a=1&'.repeat(1500)}`,
]

export const oddHeaders: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'application/json, text/html' },
  { 'content-type': 'x'.repeat(2000) },
  { 'content-encoding': 'gzip' },
  { accept: 'text/html' },
  { accept: '\u00ff' },
  { 'x-subject-token': 'x'.repeat(3000) },
  { 'x-subject-token': '\u00ff\u00fe' },
  { 'openstack-auth-receipt': 'x'.repeat(1000) },
  { authorization: 'OAuth oauth_token="' },
  { authorization: 'Basic %%%' },
  { authorization: 'AWS4-HMAC-SHA256 Credential=x' },
  { 'x-forwarded-for': "1.2.3.4, '; drop table", 'x-forwarded-proto': 'javascript', forwarded: 'for=;;;' },
  { host: 'evil.example.org:99999' },
  { 'x-huge': 'h'.repeat(60_000) },
  { 'requested-project-id': '\u00e9'.repeat(100) },
  { expect: 'nonsense' },
]

/** Requests that are no HTTP, or hardly: the server closes or answers 400, and lives. */
export const rawRequests: readonly Buffer[] = [
  bytes('BREW /v3/users HTTP/1.1\r\nHost: x\r\n\r\n'),
  bytes('GET /v3/users HTTP/9.9\r\nHost: x\r\n\r\n'),
  bytes('GET\r\n\r\n'),
  bytes('GET /v3 HTTP/1.1\r\n\r\n'),
  bytes('GET http://[::bad/v3 HTTP/1.1\r\nHost: x\r\n\r\n'),
  bytes('GET /v3/\u0000 HTTP/1.1\r\nHost: x\r\n\r\n'),
  bytes('GET /v3 HTTP/1.1\r\nHost: x\r\nNo colon here\r\n\r\n'),
  bytes('GET /v3 HTTP/1.1\r\nHost: x\r\nX: a', [0], 'b\r\n\r\n'),
  bytes('POST /v3/users HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n'),
  bytes('POST /v3/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef'),
  bytes(
    'POST /v3/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ),
  bytes('POST /v3/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbad\r\n'),
  bytes(
    'POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{',
  ),
  bytes(
    'POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  ),
  bytes(`GET /v3 HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(5000)}\r\n`),
  bytes(`GET /${'p'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  bytes([0x16, 3, 1, 0, 0xa5, 1, 0, 0, 0xa1, 3, 3]),
  bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
]
