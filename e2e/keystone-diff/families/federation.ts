/** OS-FEDERATION resources: identity providers, mappings, protocols, service providers; its flows without an assertion. */
import { call, del, type Family, get, head, patch, post, put, repeat, type Step } from '../step.ts'
import { person, personaSteps, world } from './setup.ts'

const f = '/OS-FEDERATION'
const personas = [
  'fay',
  'project_admin',
  'domain_reader',
  'domain_admin',
  'system_reader',
  'system_member',
  'system_admin',
]
const rules = [
  { local: [{ user: { name: '{0}' } }, { group: { id: '0cd5e9' } }], remote: [{ type: 'UserName' }] },
]

const idps: readonly Step[] = [
  put(
    `${f}/identity_providers/i1-{tag}`,
    { identity_provider: {} },
    { note: 'minimal', save: { i1_domain: 'identity_provider.domain_id' } },
  ),
  put(
    `${f}/identity_providers/i2-{tag}`,
    {
      identity_provider: {
        description: 'x',
        enabled: true,
        remote_ids: ['r1-{tag}', 'r2-{tag}'],
        authorization_ttl: 10,
        domain_id: '{domain}',
      },
    },
    { note: 'full' },
  ),
  put(`${f}/identity_providers/i1-{tag}`, { identity_provider: {} }, { note: 'again' }),
  ...repeat<[string, unknown]>(
    [
      ['remote id taken', { identity_provider: { remote_ids: ['r1-{tag}'] } }],
      ['remote id twice', { identity_provider: { remote_ids: ['a', 'a'] } }],
      ['remote id string', { identity_provider: { remote_ids: 'a' } }],
      ['domain unknown', { identity_provider: { domain_id: 'nope' } }],
      ['domain taken', { identity_provider: { domain_id: '{domain}' } }],
      ['enabled string', { identity_provider: { enabled: 'x' } }],
      ['ttl negative', { identity_provider: { authorization_ttl: -1 } }],
      ['unknown key', { identity_provider: { nope: 1 } }],
      ['id given', { identity_provider: { id: 'x' } }],
      ['nothing', {}],
    ],
    ([note, body], index) => [put(`${f}/identity_providers/bad${index}-{tag}`, body, { note })],
  ),
  get(`${f}/identity_providers/i1-{tag}`),
  get(`${f}/identity_providers/i2-{tag}`),
  head(`${f}/identity_providers/i1-{tag}`),
  get(`${f}/identity_providers/nope`),
  ...repeat(['', '?id=i1-{tag}', '?enabled=true', '?enabled=false', '?id__contains={tag}'], (query) => [
    get(`${f}/identity_providers${query}`),
  ]),
  ...repeat<[string, unknown]>(
    [
      ['description', { description: 'z' }],
      ['remote ids', { remote_ids: ['r3-{tag}'] }],
      ['remote id taken', { remote_ids: ['r1-{tag}'] }],
      ['remote ids null', { remote_ids: null }],
      ['enable', { enabled: true }],
      ['domain', { domain_id: '{domain}' }],
      ['empty', {}],
    ],
    ([note, value]) => [patch(`${f}/identity_providers/i1-{tag}`, { identity_provider: value }, { note })],
  ),
  patch(`${f}/identity_providers/nope`, { identity_provider: { description: 'x' } }),
]

const mappings: readonly Step[] = [
  put(`${f}/mappings/m1-{tag}`, { mapping: { rules } }),
  put(`${f}/mappings/m1-{tag}`, { mapping: { rules } }, { note: 'again' }),
  ...repeat<[string, unknown]>(
    [
      ['rules empty', { mapping: { rules: [] } }],
      ['rules string', { mapping: { rules: 'x' } }],
      ['rule empty', { mapping: { rules: [{}] } }],
      ['no local', { mapping: { rules: [{ remote: [{ type: 'x' }] }] } }],
      ['no remote', { mapping: { rules: [{ local: [{ user: { name: '{0}' } }] }] } }],
      ['remote empty', { mapping: { rules: [{ local: [{ user: { name: 'x' } }], remote: [] }] } }],
      [
        'remote without type',
        { mapping: { rules: [{ local: [{ user: { name: 'x' } }], remote: [{ any_one_of: ['x'] }] }] } },
      ],
      [
        'remote with two conditions',
        {
          mapping: {
            rules: [
              {
                local: [{ user: { name: 'x' } }],
                remote: [{ type: 'x', any_one_of: ['x'], not_any_of: ['y'] }],
              },
            ],
          },
        },
      ],
      [
        'remote unknown condition',
        { mapping: { rules: [{ local: [{ user: { name: 'x' } }], remote: [{ type: 'x', nope: ['x'] }] }] } },
      ],
      ['local unknown key', { mapping: { rules: [{ local: [{ nope: 1 }], remote: [{ type: 'x' }] }] } }],
      ['no rules', { mapping: {} }],
      ['nothing', {}],
      ['unknown key', { mapping: { rules, nope: 1 } }],
    ],
    ([note, body], index) => [
      put(`${f}/mappings/bad${index}-{tag}`, body, { note }),
      del(`${f}/mappings/bad${index}-{tag}`),
    ],
  ),
  put(
    `${f}/mappings/m2-{tag}`,
    {
      mapping: {
        rules: [
          {
            local: [
              {
                user: { name: '{0}', type: 'local', domain: { name: 'Default' } },
                projects: [{ name: 'p', roles: [{ name: 'member' }] }],
              },
              { groups: '{1}', domain: { id: 'default' } },
            ],
            remote: [
              { type: 'A', any_one_of: ['x'], regex: true },
              { type: 'B', whitelist: ['g'] },
            ],
          },
        ],
      },
    },
    { note: 'rich' },
  ),
  get(`${f}/mappings/m1-{tag}`),
  get(`${f}/mappings/m2-{tag}`),
  head(`${f}/mappings/m1-{tag}`),
  get(`${f}/mappings/nope`),
  get(`${f}/mappings`),
  patch(`${f}/mappings/m1-{tag}`, {
    mapping: { rules: [{ local: [{ user: { name: 'fixed' } }], remote: [{ type: 'Z' }] }] },
  }),
  patch(`${f}/mappings/m1-{tag}`, { mapping: { rules: [] } }, { note: 'rules empty' }),
  patch(`${f}/mappings/m1-{tag}`, { mapping: {} }, { note: 'empty' }),
  patch(`${f}/mappings/nope`, { mapping: { rules } }),
]

const p = `${f}/identity_providers/i1-{tag}/protocols`
const protocols: readonly Step[] = [
  put(`${p}/saml2`, { protocol: { mapping_id: 'm1-{tag}' } }),
  put(`${p}/saml2`, { protocol: { mapping_id: 'm1-{tag}' } }, { note: 'again' }),
  put(`${p}/p2`, { protocol: { mapping_id: 'nope' } }, { note: 'mapping unknown' }),
  put(
    `${p}/p3`,
    { protocol: { mapping_id: 'm1-{tag}', remote_id_attribute: 'X' } },
    { note: 'remote id attribute' },
  ),
  put(`${p}/p4`, { protocol: {} }, { note: 'no mapping' }),
  put(`${p}/p5`, { protocol: { mapping_id: 'm1-{tag}', nope: 1 } }, { note: 'unknown key' }),
  put(`${p}/p6`, {}, { note: 'nothing' }),
  put(`${f}/identity_providers/nope/protocols/saml2`, { protocol: { mapping_id: 'm1-{tag}' } }),
  get(p),
  head(p),
  get(`${p}/saml2`),
  head(`${p}/saml2`),
  get(`${p}/nope`),
  get(`${f}/identity_providers/nope/protocols`),
  get(`${f}/identity_providers/nope/protocols/saml2`),
  get(`${p}?id=saml2`),
  patch(`${p}/saml2`, { protocol: { mapping_id: 'm2-{tag}' } }),
  patch(`${p}/saml2`, { protocol: { mapping_id: 'nope' } }, { note: 'mapping unknown' }),
  patch(`${p}/saml2`, { protocol: {} }, { note: 'empty' }),
  patch(`${p}/nope`, { protocol: { mapping_id: 'm2-{tag}' } }),
  ...repeat(['saml2', 'nope'], (name) => [
    get(`${p}/${name}/auth`, { as: null }),
    post(`${p}/${name}/auth`, {}, { as: null }),
    get(`/auth/OS-FEDERATION/websso/${name}`, { as: null }),
    get(`/auth/OS-FEDERATION/websso/${name}?origin=http://h.example.org/`, { as: null }),
    get(`/auth/OS-FEDERATION/identity_providers/i1-{tag}/protocols/${name}/websso`, { as: null }),
    get(
      `/auth/OS-FEDERATION/identity_providers/i1-{tag}/protocols/${name}/websso?origin=http://h.example.org/`,
      { as: null },
    ),
  ]),
  get(`${f}/identity_providers/nope/protocols/saml2/auth`, { as: null }),
  post(
    '/auth/tokens',
    {
      auth: {
        identity: { methods: ['mapped'], mapped: { identity_provider: 'i1-{tag}', protocol: 'saml2' } },
      },
    },
    { as: null, note: 'mapped without an assertion' },
  ),
  post(
    '/auth/tokens',
    {
      auth: { identity: { methods: ['saml2'], saml2: { identity_provider: 'i1-{tag}', protocol: 'saml2' } } },
    },
    { as: null, note: 'saml2' },
  ),
  del(`${f}/mappings/m2-{tag}`, { note: 'in use' }),
]

const sp = { auth_url: 'http://sp.example.org/auth', sp_url: 'http://sp.example.org/sp' }
const providers: readonly Step[] = [
  put(`${f}/service_providers/s1-{tag}`, { service_provider: sp }),
  put(`${f}/service_providers/s1-{tag}`, { service_provider: sp }, { note: 'again' }),
  put(
    `${f}/service_providers/s2-{tag}`,
    { service_provider: { ...sp, description: 'x', enabled: true, relay_state_prefix: 'p:' } },
    { note: 'full' },
  ),
  ...repeat<[string, unknown]>(
    [
      ['no auth_url', { service_provider: { sp_url: 'http://x/' } }],
      ['no sp_url', { service_provider: { auth_url: 'http://x/' } }],
      ['url bad', { service_provider: { ...sp, sp_url: '' } }],
      ['unknown key', { service_provider: { ...sp, nope: 1 } }],
      ['enabled string', { service_provider: { ...sp, enabled: 'x' } }],
      ['nothing', {}],
    ],
    ([note, body], index) => [put(`${f}/service_providers/bad${index}-{tag}`, body, { note })],
  ),
  get(`${f}/service_providers/s1-{tag}`),
  head(`${f}/service_providers/s1-{tag}`),
  get(`${f}/service_providers/nope`),
  ...repeat(['', '?id=s1-{tag}', '?enabled=true'], (query) => [get(`${f}/service_providers${query}`)]),
  patch(`${f}/service_providers/s1-{tag}`, { service_provider: { description: 'z', enabled: true } }),
  patch(
    `${f}/service_providers/s1-{tag}`,
    { service_provider: { relay_state_prefix: null } },
    { note: 'prefix null' },
  ),
  patch(`${f}/service_providers/s1-{tag}`, { service_provider: {} }, { note: 'empty' }),
  patch(`${f}/service_providers/nope`, { service_provider: { description: 'x' } }),
  post(
    '/auth/tokens',
    {
      auth: {
        identity: { methods: ['token'], token: { id: '{fay}' } },
        scope: { project: { id: '{project}' } },
      },
    },
    { as: null, note: 'service providers in a token' },
  ),
  get(`${f}/saml2/metadata`, { as: null }),
  post(
    '/auth/OS-FEDERATION/saml2',
    {
      auth: {
        identity: { methods: ['token'], token: { id: '{fay}' } },
        scope: { service_provider: { id: 's1-{tag}' } },
      },
    },
    { as: null },
  ),
  post(
    '/auth/OS-FEDERATION/saml2',
    {
      auth: {
        identity: { methods: ['token'], token: { id: '{fay}' } },
        scope: { service_provider: { id: 'nope' } },
      },
    },
    { as: null, note: 'unknown' },
  ),
  post('/auth/OS-FEDERATION/saml2', {}, { as: null, note: 'nothing' }),
  post('/auth/OS-FEDERATION/saml2', { auth: {} }, { as: null, note: 'empty' }),
  post(
    '/auth/OS-FEDERATION/saml2/ecp',
    {
      auth: {
        identity: { methods: ['token'], token: { id: '{fay}' } },
        scope: { service_provider: { id: 's1-{tag}' } },
      },
    },
    { as: null },
  ),
]

export const federation: Family = {
  name: 'federation',
  about: 'OS-FEDERATION resources, and flows without an assertion',
  steps: [
    ...world,
    ...personaSteps,
    ...person('fay', 'member'),
    ...idps,
    ...mappings,
    ...protocols,
    ...providers,
    ...repeat(['projects', 'domains'], (name) => [
      get(`${f}/${name}`),
      get(`${f}/${name}`, { as: 'fay' }),
      head(`${f}/${name}`, { as: 'fay' }),
    ]),
    ...repeat(personas, (as) => [
      ...repeat<[string, string]>(
        [
          ['identity_providers', 'identity_provider'],
          ['mappings', 'mapping'],
          ['service_providers', 'service_provider'],
        ],
        ([many, one]) => [
          get(`${f}/${many}`, { as }),
          get(`${f}/${many}/nope`, { as }),
          put(
            `${f}/${many}/${as}-{tag}`,
            {
              [one]:
                one === 'mapping' ? { rules } : one === 'service_provider' ? sp : { domain_id: 'default' },
            },
            { as },
          ),
          patch(`${f}/${many}/nope`, { [one]: one === 'mapping' ? { rules } : { description: 'x' } }, { as }),
          del(`${f}/${many}/${as}-{tag}`, { as }),
          del(`${f}/${many}/nope`, { as }),
        ],
      ),
      get(p, { as }),
      get(`${p}/saml2`, { as }),
      put(`${p}/${as}`, { protocol: { mapping_id: 'm1-{tag}' } }, { as }),
      patch(`${p}/saml2`, { protocol: { mapping_id: 'm2-{tag}' } }, { as }),
      del(`${p}/${as}`, { as }),
    ]),
    del(`${p}/saml2`),
    del(`${p}/saml2`, { note: 'again' }),
    del(`${f}/identity_providers/i1-{tag}`),
    del(`${f}/identity_providers/i1-{tag}`, { note: 'again' }),
    get(`${p}/p3`, { note: 'provider deleted' }),
    del(`${f}/identity_providers/i2-{tag}`),
    del(`${f}/mappings/m1-{tag}`),
    del(`${f}/mappings/m2-{tag}`),
    del(`${f}/mappings/nope`),
    del(`${f}/service_providers/s1-{tag}`),
    del(`${f}/service_providers/s2-{tag}`),
    del(`${f}/service_providers/nope`),
    call('POST', `${f}/identity_providers`, {}, {}),
    patch('/domains/{i1_domain}', { domain: { enabled: false } }),
    del('/domains/{i1_domain}'),
  ],
}
