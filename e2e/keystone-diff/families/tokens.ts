/** Issuing, validating and revoking tokens; what a token may see of itself. */
import {
  call,
  del,
  domainScope,
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
  systemScope,
  validate,
} from '../step.ts'
import { person, world } from './setup.ts'

const identity = passwordOf('{alice_id}', 'pw-alice')
const byName = (user: unknown) => ({ methods: ['password'], password: { user } })
const token = (variable: string) => ({ methods: ['token'], token: { id: `{${variable}}` } })
const attempt = (note: string, body: unknown): Step => post('/auth/tokens', body, { as: null, note })

const people: readonly Step[] = [
  ...world,
  ...person('alice', 'member'),
  ...person('bob', 'reader'),
  put('/domains/{domain}/users/{alice_id}/roles/{role_reader}'),
  put('/system/users/{alice_id}/roles/{role_reader}'),
  post(
    '/projects',
    { project: { name: 'other-{tag}', domain_id: '{domain}' } },
    { save: { other: 'project.id' } },
  ),
  put('/projects/{other}/users/{alice_id}/roles/{role_reader}'),
  post(
    '/projects',
    { project: { name: 'foreign-{tag}', domain_id: '{domain}' } },
    { save: { foreign: 'project.id' } },
  ),
]

const issuing: readonly Step[] = [
  login('a_unscoped', identity, 'unscoped'),
  login('a_unscoped2', identity, { unscoped: {} }),
  login('a_none', identity),
  login('a_project', identity, projectScope('{project}')),
  login('a_project_by_name', identity, { project: { name: 'pro-{tag}', domain: { id: '{domain}' } } }),
  login('a_project_by_names', identity, { project: { name: 'pro-{tag}', domain: { name: 'dom-{tag}' } } }),
  login('a_domain', identity, domainScope('{domain}')),
  login('a_domain_by_name', identity, { domain: { name: 'dom-{tag}' } }),
  login('a_system', identity, systemScope),
  login('a_by_name', byName({ name: 'alice-{tag}', domain: { id: '{domain}' }, password: 'pw-alice' })),
  login('a_by_names', byName({ name: 'alice-{tag}', domain: { name: 'dom-{tag}' }, password: 'pw-alice' })),
  login('a_case', byName({ name: 'ALICE-{tag}', domain: { id: '{domain}' }, password: 'pw-alice' })),
  post(
    '/auth/tokens?nocatalog',
    { auth: { identity, scope: projectScope('{project}') } },
    { as: null, note: 'nocatalog' },
  ),
  post(
    '/auth/tokens?nocatalog=1',
    { auth: { identity, scope: projectScope('{project}') } },
    { as: null, note: 'nocatalog=1' },
  ),
  post(
    '/auth/tokens?nocatalog=0',
    { auth: { identity, scope: projectScope('{project}') } },
    { as: null, note: 'nocatalog=0' },
  ),
  post(
    '/auth/tokens?nocatalog=false',
    { auth: { identity, scope: systemScope } },
    { as: null, note: 'nocatalog=false' },
  ),
  login('a_rescoped', token('a_unscoped'), projectScope('{other}')),
  login('a_rescoped2', token('a_rescoped'), projectScope('{project}')),
  login('a_unrescoped', token('a_project'), 'unscoped'),
  login('a_rescoped_none', token('a_project')),
  login('a_to_system', token('a_project'), systemScope),
  login('a_to_domain', token('a_system'), domainScope('{domain}')),
  login('a_both', {
    methods: ['password', 'token'],
    password: { user: { id: '{alice_id}', password: 'pw-alice' } },
    token: { id: '{a_project}' },
  }),
  login('a_bobs', {
    methods: ['password', 'token'],
    password: { user: { id: '{alice_id}', password: 'pw-alice' } },
    token: { id: '{bob}' },
  }),
]

const malformed: readonly Step[] = repeat<[string, unknown]>(
  [
    ['empty', {}],
    ['auth null', { auth: null }],
    ['auth empty', { auth: {} }],
    ['auth array', { auth: [] }],
    ['identity null', { auth: { identity: null } }],
    ['identity empty', { auth: { identity: {} } }],
    ['methods empty', { auth: { identity: { methods: [] } } }],
    ['methods string', { auth: { identity: { methods: 'password' } } }],
    ['method number', { auth: { identity: { methods: [1] } } }],
    ['method unknown', { auth: { identity: { methods: ['nonsense'], nonsense: {} } } }],
    ['method payload missing', { auth: { identity: { methods: ['password'] } } }],
    ['method payload null', { auth: { identity: { methods: ['password'], password: null } } }],
    ['password without user', { auth: { identity: { methods: ['password'], password: {} } } }],
    ['user null', { auth: { identity: byName(null) } }],
    ['user empty', { auth: { identity: byName({}) } }],
    ['user without password', { auth: { identity: byName({ id: '{alice_id}' }) } }],
    ['password null', { auth: { identity: byName({ id: '{alice_id}', password: null }) } }],
    ['password number', { auth: { identity: byName({ id: '{alice_id}', password: 7 }) } }],
    ['password empty', { auth: { identity: byName({ id: '{bob_id}', password: '' }) } }],
    ['name without domain', { auth: { identity: byName({ name: 'alice-{tag}', password: 'pw-alice' }) } }],
    [
      'domain empty',
      { auth: { identity: byName({ name: 'alice-{tag}', domain: {}, password: 'pw-alice' }) } },
    ],
    [
      'domain string',
      { auth: { identity: byName({ name: 'alice-{tag}', domain: 'x', password: 'pw-alice' }) } },
    ],
    ['unknown domain', { auth: { identity: byName({ name: 'a', domain: { id: 'nope' }, password: 'p' }) } }],
    [
      'unknown domain name',
      { auth: { identity: byName({ name: 'a', domain: { name: 'nope' }, password: 'p' }) } },
    ],
    ['unknown user id', { auth: { identity: passwordOf('nope', 'p') } }],
    [
      'unknown user name',
      { auth: { identity: byName({ name: 'nope', domain: { id: 'default' }, password: 'p' }) } },
    ],
    [
      'id and name disagree',
      { auth: { identity: byName({ id: '{alice_id}', name: 'x', password: 'pw-alice' }) } },
    ],
    ['user id number', { auth: { identity: byName({ id: 7, password: 'x' }) } }],
    ['scope null', { auth: { identity, scope: null } }],
    ['scope empty', { auth: { identity, scope: {} } }],
    ['scope string', { auth: { identity, scope: 'project' } }],
    ['scope array', { auth: { identity, scope: [] } }],
    ['scope unknown kind', { auth: { identity, scope: { galaxy: {} } } }],
    ['scope project empty', { auth: { identity, scope: { project: {} } } }],
    ['scope project null', { auth: { identity, scope: { project: null } } }],
    ['scope project name only', { auth: { identity, scope: { project: { name: 'pro-{tag}' } } } }],
    ['scope project unknown', { auth: { identity, scope: projectScope('nope') } }],
    ['scope project foreign', { auth: { identity, scope: projectScope('{foreign}') } }],
    ['scope project number', { auth: { identity, scope: { project: { id: 7 } } } }],
    [
      'scope project unknown domain',
      { auth: { identity, scope: { project: { name: 'x', domain: { id: 'nope' } } } } },
    ],
    ['scope domain unknown', { auth: { identity, scope: domainScope('nope') } }],
    ['scope domain foreign', { auth: { identity, scope: domainScope('default') } }],
    ['scope domain empty', { auth: { identity, scope: { domain: {} } } }],
    ['scope system false', { auth: { identity, scope: { system: { all: false } } } }],
    ['scope system empty', { auth: { identity, scope: { system: {} } } }],
    ['scope system string', { auth: { identity, scope: { system: 'all' } } }],
    ['scope system all string', { auth: { identity, scope: { system: { all: 'yes' } } } }],
    [
      'two scopes',
      { auth: { identity, scope: { project: { id: '{project}' }, domain: { id: '{domain}' } } } },
    ],
    [
      'system and project',
      { auth: { identity, scope: { project: { id: '{project}' }, system: { all: true } } } },
    ],
    ['unscoped and project', { auth: { identity, scope: { unscoped: {}, project: { id: '{project}' } } } }],
    ['project id is a domain', { auth: { identity, scope: projectScope('{domain}') } }],
    ['domain id is a project', { auth: { identity, scope: domainScope('{project}') } }],
    ['trust unknown', { auth: { identity, scope: { 'OS-TRUST:trust': { id: 'nope' } } } }],
    ['trust empty', { auth: { identity, scope: { 'OS-TRUST:trust': {} } } }],
    ['token empty', { auth: { identity: { methods: ['token'], token: {} } } }],
    ['token missing', { auth: { identity: { methods: ['token'] } } }],
    ['token garbage', { auth: { identity: { methods: ['token'], token: { id: 'garbage' } } } }],
    ['token null', { auth: { identity: { methods: ['token'], token: { id: null } } } }],
    ['token number', { auth: { identity: { methods: ['token'], token: { id: 7 } } } }],
    ['token long', { auth: { identity: { methods: ['token'], token: { id: 'x'.repeat(300) } } } }],
    ['external', { auth: { identity: { methods: ['external'], external: {} } } }],
    ['mapped', { auth: { identity: { methods: ['mapped'], mapped: {} } } }],
    ['saml2', { auth: { identity: { methods: ['saml2'], saml2: {} } } }],
    ['oauth1', { auth: { identity: { methods: ['oauth1'], oauth1: {} } } }],
    ['totp empty', { auth: { identity: { methods: ['totp'], totp: {} } } }],
    [
      'application credential empty',
      { auth: { identity: { methods: ['application_credential'], application_credential: {} } } },
    ],
    ['extra keys', { auth: { identity, extra: 1 }, more: 2 }],
    [
      'method twice',
      {
        auth: {
          identity: {
            ...byName({ id: '{alice_id}', password: 'pw-alice' }),
            methods: ['password', 'password'],
          },
        },
      },
    ],
  ],
  ([note, body]) => [attempt(note, body)],
)

const wrongPassword: readonly Step[] = [
  login('x', passwordOf('{bob_id}', 'wrong'), undefined, { note: 'wrong password' }),
  login('b_ok', passwordOf('{bob_id}', 'pw-bob')),
  login('x', byName({ name: 'bob-{tag}', domain: { id: '{domain}' }, password: 'wrong' }), undefined, {
    note: 'wrong password by name',
  }),
  login('b_ok', passwordOf('{bob_id}', 'pw-bob')),
  login('x', passwordOf('{bob_id}', 'w'.repeat(5000)), undefined, { note: 'long wrong password' }),
  login('b_ok', passwordOf('{bob_id}', 'pw-bob')),
]

const validating: readonly Step[] = [
  ...repeat(
    ['a_unscoped', 'a_project', 'a_domain', 'a_system', 'a_rescoped2', 'a_unrescoped', 'a_both'],
    (name) => [
      validate(name),
      head('/auth/tokens', { headers: { 'x-subject-token': `{${name}}` }, note: name }),
    ],
  ),
  get('/auth/tokens?nocatalog', { headers: { 'x-subject-token': '{a_project}' } }),
  get('/auth/tokens?nocatalog=false', { headers: { 'x-subject-token': '{a_project}' } }),
  get('/auth/tokens?allow_expired=1', { headers: { 'x-subject-token': '{a_project}' } }),
  get('/auth/tokens', { note: 'no subject' }),
  get('/auth/tokens', { headers: { 'x-subject-token': '' }, note: 'empty subject' }),
  get('/auth/tokens', { headers: { 'x-subject-token': 'garbage' }, note: 'garbage subject' }),
  get('/auth/tokens', { headers: { 'x-subject-token': 'x'.repeat(400) }, note: 'long subject' }),
  get('/auth/tokens', { headers: { 'x-subject-token': '{a_project}A' }, note: 'altered subject' }),
  get('/auth/tokens', { as: null, headers: { 'x-subject-token': '{a_project}' }, note: 'no caller' }),
  get('/auth/tokens', {
    as: null,
    headers: { 'x-auth-token': 'garbage', 'x-subject-token': '{a_project}' },
    note: 'garbage caller',
  }),
  ...repeat(['alice', 'a_unscoped', 'bob', 'a_system', 'a_domain', 'system'], (as) => [
    validate('alice', { as }),
    validate('admin', { as }),
    head('/auth/tokens', { as, headers: { 'x-subject-token': '{alice}' } }),
  ]),
  ...repeat(['catalog', 'projects', 'domains', 'system'], (name) => [
    ...repeat(['alice', 'a_unscoped', 'a_domain', 'a_system', 'admin'], (as) => [
      get(`/auth/${name}`, { as }),
      head(`/auth/${name}`, { as }),
    ]),
    get(`/auth/${name}`, { as: null }),
    get(`/auth/${name}`, { as: null, headers: { 'x-auth-token': 'garbage' }, note: 'garbage' }),
  ]),
]

const revoking: readonly Step[] = [
  login('r1', identity, projectScope('{project}')),
  login('r2', token('r1'), projectScope('{other}')),
  del('/auth/tokens', { as: 'bob', headers: { 'x-subject-token': '{r1}' }, note: 'by another' }),
  del('/auth/tokens', { as: 'alice', note: 'no subject' }),
  del('/auth/tokens', { as: 'alice', headers: { 'x-subject-token': 'garbage' }, note: 'garbage' }),
  del('/auth/tokens', { as: null, headers: { 'x-subject-token': '{r1}' }, note: 'by nobody' }),
  del('/auth/tokens', { as: 'r1', headers: { 'x-subject-token': '{r1}' }, note: 'itself' }),
  validate('r1'),
  validate('r2'),
  get('/auth/projects', { as: 'r1', note: 'as revoked' }),
  del('/auth/tokens', { headers: { 'x-subject-token': '{r1}' }, note: 'again' }),
  login('x', token('r1'), projectScope('{project}'), { note: 'rescope revoked' }),
  login('r3', identity, projectScope('{project}')),
  del('/auth/tokens', { as: 'alice', headers: { 'x-subject-token': '{r3}' }, note: 'by the owner' }),
  login('r4', identity, projectScope('{project}')),
  del('/auth/tokens', { headers: { 'x-subject-token': '{r4}' }, note: 'by admin' }),
  validate('r4'),
  get('/auth/tokens/OS-PKI/revoked'),
  get('/auth/tokens/OS-PKI/revoked', { as: 'alice' }),
  get('/auth/tokens/OS-PKI/revoked?audit_id_only'),
  head('/auth/tokens/OS-PKI/revoked'),
  call('PATCH', '/auth/tokens', {}, {}),
]

const disabling: readonly Step[] = [
  ...person('dora', 'member'),
  patch('/users/{dora_id}', { user: { default_project_id: '{project}' } }),
  login('d_default', passwordOf('{dora_id}', 'pw-dora'), undefined, { note: 'default project' }),
  login('d_unscoped', passwordOf('{dora_id}', 'pw-dora'), 'unscoped', { note: 'default project, unscoped' }),
  patch('/users/{dora_id}', { user: { default_project_id: '{foreign}' } }),
  login('d_bad_default', passwordOf('{dora_id}', 'pw-dora'), undefined, {
    note: 'default project without role',
  }),
  patch('/users/{dora_id}', { user: { enabled: false } }, { wait: 1100 }),
  validate('dora'),
  login('x', passwordOf('{dora_id}', 'pw-dora'), undefined, { note: 'disabled user' }),
  get('/auth/projects', { as: 'dora' }),
  patch('/users/{dora_id}', { user: { enabled: true } }, { wait: 1100 }),
  validate('dora', { note: 'enabled again' }),
  login('dora', passwordOf('{dora_id}', 'pw-dora'), projectScope('{project}')),
  patch('/projects/{project}', { project: { enabled: false } }, { wait: 1100 }),
  validate('dora', { note: 'project disabled' }),
  login('x', passwordOf('{dora_id}', 'pw-dora'), projectScope('{project}'), { note: 'disabled project' }),
  get('/auth/projects', { as: 'a_unscoped', note: 'disabled project' }),
  patch('/projects/{project}', { project: { enabled: true } }, { wait: 1100 }),
  login('dora', passwordOf('{dora_id}', 'pw-dora'), projectScope('{project}')),
  patch('/domains/{domain}', { domain: { enabled: false } }, { wait: 1100 }),
  validate('dora', { note: 'domain disabled' }),
  login('x', passwordOf('{dora_id}', 'pw-dora'), undefined, { note: 'disabled domain' }),
  patch('/domains/{domain}', { domain: { enabled: true } }, { wait: 1100 }),
  login('dora', passwordOf('{dora_id}', 'pw-dora'), projectScope('{project}')),
  del('/projects/{project}/users/{dora_id}/roles/{role_member}', { wait: 1100 }),
  validate('dora', { note: 'role taken' }),
]

export const tokens: Family = {
  name: 'tokens',
  about: 'issuing, validating, revoking; /auth/catalog|projects|domains|system',
  steps: [...people, ...issuing, ...malformed, ...wrongPassword, ...validating, ...revoking, ...disabling],
}
