/** Second factors and receipts, revocation events, certificates, and what a deletion or change takes with it. */
import { createHmac } from 'node:crypto'
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
  systemScope,
  type Vars,
  validate,
} from '../step.ts'
import { person, world } from './setup.ts'

/** The six digits of RFC 6238 for the 20-byte secret `12345678901234567890`, `shift` steps away from now. */
const totp = (shift: number): string => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + shift))
  const mac = createHmac('sha1', '12345678901234567890').update(counter).digest()
  const offset = (mac[19] ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
const code = (shift = 0) => ({ prepare: (_: Vars) => ({ code: totp(shift) }) })
const totpOf = (user: unknown) => ({ methods: ['totp'], totp: { user } })
const who = (name: string) => ({ id: `{${name}_id}`, passcode: '{code}' })
const wordOf = (name: string) => passwordOf(`{${name}_id}`, `pw-${name}`) as { password: unknown }
const withReceipt = { headers: { 'openstack-auth-receipt': '{receipt}' } }
const secret = (name: string): Step =>
  post(
    '/credentials',
    { credential: { user_id: `{${name}_id}`, type: 'totp', blob: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' } },
    { save: { [`${name}_totp`]: 'credential.id' } },
  )
const options = (name: string, enabled: boolean, rules: readonly (readonly string[])[]): Step =>
  patch(
    `/users/{${name}_id}`,
    { user: { options: { multi_factor_auth_enabled: enabled, multi_factor_auth_rules: rules } } },
    { wait: 1100 },
  )

/** Each of them proves one fresh code only: a server may refuse a code that was used. */
export const receipts: Family = {
  name: 'receipts',
  about: 'multi-factor rules, receipts, TOTP',
  steps: [
    ...world,
    ...person('mia', 'member'),
    ...person('mim', 'member'),
    ...person('moe', 'member'),
    ...person('mog', 'member'),
    ...person('mug', 'member'),
    ...repeat(['mia', 'mim', 'moe', 'mog', 'mug'], (name) => [secret(name)]),
    login('x', totpOf({ id: '{mia_id}', passcode: '000000x' }), undefined, { note: 'wrong code' }),
    login('m1', totpOf(who('mia')), undefined, { ...code(), note: 'totp alone' }),
    login('x', totpOf(who('mia')), undefined, { ...code(), note: 'the same code again' }),
    options('mim', true, [['password', 'totp']]),
    login('x', wordOf('mim'), undefined, {
      save: { receipt: 'header:openstack-auth-receipt' },
      note: 'password first',
    }),
    login('x', wordOf('mim'), projectScope('{project}'), { note: 'password first, with a scope' }),
    login('x', totpOf({ id: '{mim_id}', passcode: 'wrong' }), undefined, {
      ...withReceipt,
      note: 'receipt and wrong code',
    }),
    login('x', totpOf(who('mog')), undefined, {
      headers: { 'openstack-auth-receipt': 'garbage' },
      ...code(),
      note: 'garbage receipt',
    }),
    login('x', totpOf(who('mug')), undefined, { ...withReceipt, ...code(), note: 'receipt of another' }),
    login('m2', totpOf(who('mim')), undefined, { ...withReceipt, ...code(), note: 'receipt and code' }),
    validate('m2'),
    login('x', wordOf('mim'), undefined, { ...withReceipt, note: 'receipt and the same method' }),
    options('moe', true, [['password', 'totp']]),
    login(
      'm3',
      { methods: ['password', 'totp'], ...wordOf('moe'), totp: { user: who('moe') } },
      projectScope('{project}'),
      { ...code(-1), note: 'both at once' },
    ),
    login('x', { methods: ['token'], token: { id: '{m3}' } }, 'unscoped', { note: 'rescope' }),
    options('mia', true, [['totp']]),
    login('x', wordOf('mia'), undefined, { note: 'rule without password' }),
    options('mia', true, [['nonsense']]),
    login('x', wordOf('mia'), undefined, { note: 'rule of an unknown method' }),
    options('mia', true, [['password'], ['totp', 'password']]),
    login('x', wordOf('mia'), undefined, { note: 'one of two rules' }),
    options('mia', false, [['password', 'totp']]),
    login('x', wordOf('mia'), undefined, { note: 'rules off' }),
    del('/credentials/{mia_totp}'),
    login('x', totpOf(who('mia')), undefined, { ...code(), note: 'no credential' }),
  ],
}

export const revocation: Family = {
  name: 'revocation',
  about: 'OS-REVOKE, OS-PKI, OS-SIMPLE-CERT',
  steps: [
    ...world,
    ...person('rex', 'member'),
    login('rex2', passwordOf('{rex_id}', 'pw-rex'), projectScope('{project}')),
    del('/auth/tokens', { headers: { 'x-subject-token': '{rex2}' } }),
    ...repeat<string | null>(['admin', 'rex', 'system', null], (as) => [
      get('/OS-REVOKE/events?since=2020-01-01T00:00:00Z', { as }),
      get('/auth/tokens/OS-PKI/revoked', { as }),
      head('/OS-REVOKE/events', { as }),
      get('/OS-SIMPLE-CERT/ca', { as }),
      get('/OS-SIMPLE-CERT/certificates', { as }),
      head('/OS-SIMPLE-CERT/ca', { as }),
    ]),
    get('/OS-REVOKE/events?since=nonsense'),
    get('/OS-REVOKE/events?since=2099-01-01T00:00:00Z'),
    patch('/users/{rex_id}', { user: { password: 'other-{tag}' } }),
    get('/OS-REVOKE/events', { note: 'after a password' }),
    patch('/users/{rex_id}', { user: { enabled: false } }),
    patch('/projects/{project}', { project: { enabled: false } }),
    patch('/domains/{domain}', { domain: { enabled: false } }),
    get('/OS-REVOKE/events', { note: 'after disabling' }),
  ],
}

const appcred = (as: string, name: string): Step =>
  post(
    `/users/{${as}_id}/application_credentials`,
    { application_credential: { name: `${name}-{tag}`, secret: 's' } },
    { as, save: { [name]: 'application_credential.id' } },
  )
const byCredential = (name: string) => ({
  methods: ['application_credential'],
  application_credential: { id: `{${name}}`, secret: 's' },
})

export const cascades: Family = {
  name: 'cascades',
  about: 'what a deletion or a change takes with it',
  steps: [
    ...world,
    ...person('max', 'member'),
    ...person('ned', 'reader'),
    ...person('oda', 'member'),
    post(
      '/projects',
      { project: { name: 'gone-{tag}', domain_id: '{domain}' } },
      { save: { gone: 'project.id' } },
    ),
    put('/projects/{gone}/users/{max_id}/roles/{role_member}'),
    put('/system/users/{max_id}/roles/{role_reader}'),
    post('/groups', { group: { name: 'g-{tag}', domain_id: '{domain}' } }, { save: { group: 'group.id' } }),
    put('/groups/{group}/users/{max_id}'),
    put('/projects/{project}/groups/{group}/roles/{role_reader}'),
    appcred('max', 'ac1'),
    login('max_ac', byCredential('ac1')),
    post(
      '/OS-TRUST/trusts',
      {
        trust: {
          trustor_user_id: '{max_id}',
          trustee_user_id: '{ned_id}',
          project_id: '{project}',
          impersonation: true,
          roles: [{ name: 'member' }],
        },
      },
      { as: 'max', save: { trust: 'trust.id' } },
    ),
    login('ned_trust', passwordOf('{ned_id}', 'pw-ned'), { 'OS-TRUST:trust': { id: '{trust}' } }),
    post(
      '/users/{max_id}/credentials/OS-EC2',
      { tenant_id: '{gone}' },
      { save: { ec2: 'credential.access' } },
    ),
    post(
      '/credentials',
      { credential: { user_id: '{max_id}', type: 'cert', blob: 'x-{tag}', project_id: '{gone}' } },
      { save: { cred: 'credential.id' } },
    ),
    login('max_gone', passwordOf('{max_id}', 'pw-max'), projectScope('{gone}')),
    login('max_sys', passwordOf('{max_id}', 'pw-max'), systemScope),
    patch('/users/{max_id}', { user: { default_project_id: '{gone}' } }),
    // a project
    del('/projects/{gone}', { wait: 1100 }),
    validate('max_gone', { note: 'project deleted' }),
    get('/users/{max_id}', { note: 'default project deleted' }),
    get('/users/{max_id}/credentials/OS-EC2', { note: 'project deleted' }),
    get('/credentials/{cred}', { note: 'project deleted' }),
    get('/role_assignments?user.id={max_id}', { note: 'project deleted' }),
    validate('max', { note: 'other project deleted' }),
    // a password change
    post(
      '/credentials',
      { credential: { user_id: '{max_id}', type: 'cert', blob: 'y-{tag}' } },
      { save: { cred2: 'credential.id' } },
    ),
    patch('/users/{max_id}', { user: { password: 'pw2-max' } }, { wait: 1100 }),
    validate('max', { note: 'password changed' }),
    validate('max_ac', { note: 'password changed' }),
    validate('ned_trust', { note: 'trustor password changed' }),
    login('max', passwordOf('{max_id}', 'pw2-max'), projectScope('{project}')),
    login('max_sys', passwordOf('{max_id}', 'pw2-max'), systemScope),
    login('max_ac', byCredential('ac1')),
    login('ned_trust', passwordOf('{ned_id}', 'pw-ned'), { 'OS-TRUST:trust': { id: '{trust}' } }),
    // another role is granted, then taken
    put('/projects/{project}/users/{max_id}/roles/{role_manager}', undefined, { wait: 1100 }),
    validate('max', { note: 'another role granted' }),
    del('/projects/{project}/users/{max_id}/roles/{role_manager}', { wait: 1100 }),
    validate('max', { note: 'another role taken' }),
    validate('max_ac', { note: 'another role taken' }),
    validate('ned_trust', { note: 'another role taken' }),
    // system role
    del('/system/users/{max_id}/roles/{role_reader}', { wait: 1100 }),
    validate('max_sys', { note: 'system role taken' }),
    // a group
    login('max', passwordOf('{max_id}', 'pw2-max'), projectScope('{project}')),
    del('/groups/{group}', { wait: 1100 }),
    validate('max', { note: 'group deleted' }),
    get('/role_assignments?scope.project.id={project}', { note: 'group deleted' }),
    // a role
    post('/roles', { role: { name: 'role-{tag}' } }, { save: { role: 'role.id' } }),
    put('/projects/{project}/users/{oda_id}/roles/{role}'),
    login('oda', passwordOf('{oda_id}', 'pw-oda'), projectScope('{project}')),
    appcred('oda', 'ac2'),
    del('/roles/{role}', { wait: 1100 }),
    validate('oda', { note: 'role deleted' }),
    get('/role_assignments?user.id={oda_id}', { note: 'role deleted' }),
    get('/users/{oda_id}/application_credentials', { note: 'role deleted' }),
    // a user
    login('max', passwordOf('{max_id}', 'pw2-max'), projectScope('{project}')),
    del('/users/{max_id}', { wait: 1100 }),
    validate('max', { note: 'user deleted' }),
    validate('max_ac', { note: 'user deleted' }),
    validate('ned_trust', { note: 'trustor deleted' }),
    get('/OS-TRUST/trusts/{trust}', { note: 'trustor deleted' }),
    get('/credentials/{cred2}', { note: 'user deleted' }),
    get('/credentials?user_id={max_id}', { note: 'user deleted' }),
    get('/users/{max_id}/application_credentials', { note: 'user deleted' }),
    get('/role_assignments?user.id={max_id}', { note: 'user deleted' }),
    // a domain
    login('oda', passwordOf('{oda_id}', 'pw-oda'), projectScope('{project}')),
    patch('/domains/{domain}', { domain: { enabled: false } }, { wait: 1100 }),
    validate('oda', { note: 'domain disabled' }),
    del('/domains/{domain}'),
    get('/projects/{project}', { note: 'domain deleted', as: 'system' }),
    get('/users/{oda_id}', { note: 'domain deleted' }),
    get('/role_assignments?user.id={oda_id}', { note: 'domain deleted' }),
    validate('ned', { note: 'domain deleted' }),
  ],
}
