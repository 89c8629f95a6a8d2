import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Way } from '../core/account-security.ts'
import { Refusal } from '../core/refusal.ts'
import { putAccountSecurity } from '../store/accounts.ts'
import { type House, openHouse } from '../testing/house.ts'
import type { Origin } from './account-security.ts'
import { federatedLogin, openDoor } from './federated-login.ts'

const IDP = '/v3/OS-FEDERATION/identity_providers/acme'

describe('federated sign-in', () => {
  let house: House
  let admin: string
  let project: string
  let group: string
  let idpDomain: string
  beforeEach(async () => {
    house = await openHouse()
    admin = await house.admin()
    const idp = await put(IDP, { identity_provider: { enabled: true } })
    idpDomain = idp.identity_provider.domain_id
    group = (await post('/v3/groups', { group: { name: 'staff' } })).group.id
    project = (await post('/v3/projects', { project: { name: 'alpha' } })).project.id
    const { roles } = (await call('GET', '/v3/roles?name=member')).body
    await call('PUT', `/v3/projects/${project}/groups/${group}/roles/${roles[0].id}`)
    await mapping([
      {
        local: [{ user: { name: '{0}', email: '{1}' } }, { group: { id: group } }],
        remote: [{ type: 'sub' }, { type: 'email' }],
      },
    ])
    await put(`${IDP}/protocols/oidc`, { protocol: { mapping_id: 'm' } })
  })
  afterEach(() => house.close())

  const call = (method: string, path: string, body?: unknown) =>
    house.call(method, path, { token: admin, ...(body === undefined ? {} : { body }) })
  const put = async (path: string, body: unknown) => (await call('PUT', path, body)).body
  const post = async (path: string, body: unknown) => (await call('POST', path, body)).body
  const mapping = async (rules: unknown, version?: string) => {
    const sent = { mapping: { rules, ...(version ? { schema_version: version } : {}) } }
    const made = await call('PUT', '/v3/OS-FEDERATION/mappings/m', sent)
    if (made.status === 409) await call('PATCH', '/v3/OS-FEDERATION/mappings/m', sent)
  }
  const login = async (
    attributes: Record<string, string[]> = {},
    expiresAt: number | null = null,
    from: Origin = { address: '127.0.0.1', way: 'program' },
  ) => {
    const door = await openDoor(house.ctx, 'acme', 'oidc')
    const said = { sub: ['bob'], email: ['bob@acme.example'], ...attributes }
    return federatedLogin(
      house.ctx,
      door,
      { attributes: said, issuer: 'https://acme.example', expiresAt },
      { ttl: 3600, requestId: 'req-1', from },
    )
  }
  const refusal = async (act: Promise<unknown>): Promise<string> => {
    try {
      await act
      return 'done'
    } catch (error) {
      if (error instanceof Refusal) return error.code
      throw error
    }
  }
  const scoped = (text: string, scope: unknown = { project: { id: project } }) =>
    house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['token'], token: { id: text } }, scope } },
    })
  const valid = async (text: string) =>
    (await house.call('GET', '/v3/auth/tokens', { token: text, headers: { 'x-subject-token': text } })).status

  it('gives an unscoped token with methods ["mapped"] and OS-FEDERATION', async () => {
    const { text } = await login()
    const shown = await house.call('GET', '/v3/auth/tokens', {
      token: admin,
      headers: { 'x-subject-token': text },
    })
    const { methods, user } = shown.body.token
    assert.deepEqual(methods, ['mapped'])
    assert.equal(user.name, 'bob')
    assert.equal(user.domain.id, idpDomain)
    assert.deepEqual(user['OS-FEDERATION'], {
      groups: [{ id: group }],
      identity_provider: { id: 'acme' },
      protocol: { id: 'oidc' },
    })
  })

  it('401 an application credential once the memberships it stands on have lapsed, asked before or not', async () => {
    await call('PATCH', IDP, { identity_provider: { authorization_ttl: 10 } })
    const bob = String((await scoped((await login()).text)).headers['x-subject-token'])
    const { token } = (
      await house.call('GET', '/v3/auth/tokens', { token: bob, headers: { 'x-subject-token': bob } })
    ).body
    const made = await house.call('POST', `/v3/users/${token.user.id}/application_credentials`, {
      token: bob,
      body: { application_credential: { name: 'build' } },
    })
    const { id, secret } = made.body.application_credential
    const identity = { methods: ['application_credential'], application_credential: { id, secret } }
    const signedIn = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    const text = String(signedIn.headers['x-subject-token'])
    assert.equal(await valid(text), 200)
    house.advance(601)
    assert.equal(await valid(text), 401)
  })

  it('400 an application credential of roles by groups that the token alone names: it would never work', async () => {
    const bob = String((await scoped((await login()).text)).headers['x-subject-token'])
    const { user, roles } = (
      await house.call('GET', '/v3/auth/tokens', { token: bob, headers: { 'x-subject-token': bob } })
    ).body.token
    const [{ id }] = roles
    const create = (sent: object) =>
      house.call('POST', `/v3/users/${user.id}/application_credentials`, {
        token: bob,
        body: { application_credential: { name: 'build', ...sent } },
      })
    for (const sent of [{}, { roles: [{ id }] }]) {
      const refused = await create(sent)
      assert.deepEqual(
        [refused.status, refused.body.error.message],
        [
          400,
          `Invalid application credential: Could not find role assignment with role: ${id}, user or group: ${user.id}, project, domain, or system: ${project}.`,
        ],
      )
    }
    await call('PUT', `/v3/projects/${project}/users/${user.id}/roles/${id}`)
    assert.equal((await create({ roles: [{ id }] })).status, 201)
  })

  it('is one user however often they sign in; a changed name and address are taken over', async () => {
    await mapping([
      {
        local: [{ user: { id: '{0}', name: '{2}', email: '{1}' } }],
        remote: [{ type: 'sub' }, { type: 'email' }, { type: 'name' }],
      },
    ])
    const first = await login({ name: ['Bob'] })
    const second = await login({ name: ['Robert'], email: ['r@acme.example'] })
    assert.equal(second.session.user.id, first.session.user.id)
    assert.equal(second.session.user.name, 'Robert')
    const { user } = (await call('GET', `/v3/users/${second.session.user.id}`)).body
    assert.equal(user.email, 'r@acme.example')
    const other = await login({ sub: ['alice'], name: ['Robert'] })
    assert.notEqual(other.session.user.id, first.session.user.id)
  })

  it('scopes through the groups of the mapping, to nothing else', async () => {
    const { text } = await login()
    const answer = await scoped(text)
    assert.equal(answer.status, 201)
    assert.deepEqual(answer.body.token.roles.map((r: { name: string }) => r.name).sort(), [
      'member',
      'reader',
    ])
    assert.equal((await scoped(text, { domain: { id: 'default' } })).status, 401)
    const lists = await house.call('GET', '/v3/OS-FEDERATION/projects', { token: text })
    assert.deepEqual(
      lists.body.projects.map((p: { id: string }) => p.id),
      [project],
    )
  })

  it('CVE-2018-14432: who is in no group sees no project', async () => {
    await mapping([{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'sub' }] }])
    const { text } = await login({ sub: ['outsider'] })
    for (const path of ['projects', 'domains']) {
      const list = await house.call('GET', `/v3/OS-FEDERATION/${path}`, { token: text })
      assert.deepEqual(list.body[path], [])
    }
  })

  it('CVE-2026-44394: a scoped token ends when the unscoped one does, however often it is rescoped', async () => {
    let { text, session } = await login()
    const end = session.claims.expiresAt
    for (let step = 0; step < 5; step++) {
      house.advance(60)
      const answer = await scoped(text)
      assert.equal(Date.parse(answer.body.token.expires_at) / 1000, end)
      text = answer.headers['x-subject-token'] ?? ''
    }
    house.advance(3600)
    assert.equal((await scoped(text)).status, 404)
  })

  it('the provider’s own end of the session bounds the token', async () => {
    const now = Math.floor(house.ctx.now() / 1e6)
    assert.equal((await login({}, now + 100)).session.claims.expiresAt <= now + 100, true)
    assert.equal(await refusal(login({}, now - 1)), 'unauthenticated')
  })

  it('ends with its provider, protocol, mapping, group and grant', async () => {
    const ends = async (method: string, path: string, body?: unknown) => {
      const { text } = await login()
      const token = (await scoped(text)).headers['x-subject-token'] ?? ''
      assert.equal(await valid(token), 200, path)
      const done = await call(method, path, body)
      assert.ok(done.status < 300, `${path} ${done.text}`)
      assert.equal(await valid(token), 401, path)
    }
    const { roles } = (await call('GET', '/v3/roles?name=member')).body
    const grant = `/v3/projects/${project}/groups/${group}/roles/${roles[0].id}`
    await ends('DELETE', grant)
    await call('PUT', grant)
    await ends('PATCH', IDP, { identity_provider: { enabled: false } })
    assert.equal(await refusal(login()), 'forbidden')
    await call('PATCH', IDP, { identity_provider: { enabled: true } })
    await ends('DELETE', `${IDP}/protocols/oidc`)
    assert.equal(await refusal(login()), 'unsupported_method')
    await put(`${IDP}/protocols/oidc`, { protocol: { mapping_id: 'm' } })
    await ends('DELETE', '/v3/OS-FEDERATION/mappings/m')
    assert.equal(await refusal(login()), 'unauthenticated')
    await mapping([
      { local: [{ user: { name: '{0}' } }, { group: { id: group } }], remote: [{ type: 'sub' }] },
    ])
    await ends('DELETE', `/v3/groups/${group}`)
    assert.equal(await refusal(login()), 'unauthenticated')
    await mapping([{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'sub' }] }])
    const { text } = await login()
    assert.equal(await valid(text), 200)
    assert.equal((await call('DELETE', IDP)).status, 204)
    assert.equal(await valid(text), 401)
  })

  it('a membership lapses authorization_ttl minutes after it was last confirmed', async () => {
    await call('PATCH', IDP, { identity_provider: { authorization_ttl: 10 } })
    const { session } = await login()
    const groups = async () => {
      const { body } = await house.call('GET', `/v3/users/${session.user.id}/groups`, {
        token: await house.admin(),
      })
      return body.groups.map((g: { id: string }) => g.id)
    }
    assert.deepEqual(await groups(), [group])
    house.advance(500)
    await login()
    house.advance(500)
    assert.deepEqual(await groups(), [group])
    house.advance(200)
    assert.deepEqual(await groups(), [])
    await login()
    await mapping([{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'sub' }] }])
    assert.deepEqual(await groups(), [group])
    await login()
    assert.deepEqual(await groups(), [])
  })

  it('what a session may by its groups ends authorization_ttl minutes after they were confirmed, asked before or not', async () => {
    await call('PATCH', IDP, { identity_provider: { authorization_ttl: 10 } })
    const first = (await login()).text
    const atProject = String((await scoped(first)).headers['x-subject-token'])
    assert.deepEqual([await valid(atProject), await valid(first)], [200, 200])
    house.advance(500)
    // Confirmed again: for the sessions that are there too.
    const second = (await login()).text
    house.advance(500)
    assert.deepEqual([await valid(atProject), (await scoped(first)).status], [200, 201])
    house.advance(101)
    assert.deepEqual([await valid(atProject), await valid(first)], [401, 200])
    assert.deepEqual([(await scoped(first)).status, (await scoped(second)).status], [401, 401])
    assert.equal((await scoped((await login()).text)).status, 201)
    for (const authorization_ttl of [0, null]) {
      await call('PATCH', IDP, { identity_provider: { authorization_ttl } })
      const { text } = await login()
      house.advance(700)
      assert.equal((await scoped(text)).status, 201)
    }
  })

  it('401 a trust whose trustor held its roles by memberships that have lapsed, asked before or not', async () => {
    await call('PATCH', IDP, { identity_provider: { authorization_ttl: 10 } })
    const { user } = await post('/v3/users', { user: { name: 'trustee', password: 'trustee secret' } })
    const bob = await scoped((await login()).text)
    const { body } = await house.call('POST', '/v3/OS-TRUST/trusts', {
      token: String(bob.headers['x-subject-token']),
      body: {
        trust: {
          trustor_user_id: bob.body.token.user.id,
          trustee_user_id: user.id,
          impersonation: false,
          project_id: project,
          roles: [{ name: 'member' }],
        },
      },
    })
    const password = { user: { id: user.id, password: 'trustee secret' } }
    const scope = { 'OS-TRUST:trust': { id: body.trust.id } }
    const signedIn = await house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['password'], password }, scope } },
    })
    const text = String(signedIn.headers['x-subject-token'])
    assert.equal(await valid(text), 200)
    house.advance(601)
    assert.equal(await valid(text), 401)
  })

  it('makes the projects of a mapping with their roles, or nothing at all', async () => {
    const projects = (role: string) => [
      {
        local: [{ user: { name: '{0}' }, projects: [{ name: 'home of {0}', roles: [{ name: role }] }] }],
        remote: [{ type: 'sub' }],
      },
    ]
    await mapping(projects('nope'))
    assert.equal(await refusal(login({ sub: ['carol'] })), 'unauthenticated')
    assert.deepEqual((await call('GET', `/v3/projects?domain_id=${idpDomain}`)).body.projects, [])
    assert.deepEqual((await call('GET', `/v3/users?domain_id=${idpDomain}`)).body.users, [])
    await mapping(projects('member'))
    assert.equal(await refusal(login({ sub: ['x'.repeat(57)] })), 'unauthenticated')
    const { text } = await login({ sub: ['carol'] })
    const [made] = (await call('GET', `/v3/projects?domain_id=${idpDomain}`)).body.projects
    assert.equal(made.name, 'home of carol')
    assert.equal((await scoped(text, { project: { id: made.id } })).status, 201)
    await login({ sub: ['carol'] })
    assert.equal((await call('GET', `/v3/projects?domain_id=${idpDomain}`)).body.projects.length, 1)
  })

  it('schema version 2.0 says where users and projects live; 1.0 leaves it to the provider', async () => {
    const rules = [
      {
        local: [
          {
            user: { name: '{0}', domain: { id: 'default' } },
            projects: [{ name: 'over there', roles: [{ name: 'member' }], domain: { name: 'Default' } }],
          },
        ],
        remote: [{ type: 'sub' }],
      },
    ]
    await mapping(rules)
    assert.equal((await login({ sub: ['one'] })).session.user.domain.id, idpDomain)
    await mapping(rules, '2.0')
    assert.equal((await login({ sub: ['two'] })).session.user.domain.id, 'default')
    const { projects } = (await call('GET', '/v3/projects?name=over there')).body
    assert.deepEqual(
      projects.map((p: { domain_id: string }) => p.domain_id).sort(),
      [idpDomain, 'default'].sort(),
    )
  })

  it('Nacos #14862: a federated user has no password and gets none', async () => {
    const { session } = await login()
    for (const password of ['', 'nacos', 'bob']) {
      const identity = { methods: ['password'], password: { user: { id: session.user.id, password } } }
      assert.equal(
        (await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })).status,
        401,
      )
    }
    await call('PATCH', `/v3/users/${session.user.id}`, { user: { password: 'let me in' } })
    const identity = {
      methods: ['password'],
      password: { user: { id: session.user.id, password: 'let me in' } },
    }
    assert.equal((await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })).status, 401)
  })

  it('a local user of the mapping is that user; a missing, disabled or foreign one is nobody', async () => {
    await mapping([
      {
        local: [{ user: { name: '{0}', type: 'local', domain: { id: 'default' } } }],
        remote: [{ type: 'sub' }],
      },
    ])
    const { user } = await post('/v3/users', { user: { name: 'dave', domain_id: 'default' } })
    assert.equal((await login({ sub: ['dave'] })).session.user.id, user.id)
    assert.equal(await refusal(login({ sub: ['nobody'] })), 'unauthenticated')
    await call('PATCH', `/v3/users/${user.id}`, { user: { enabled: false } })
    assert.equal(await refusal(login({ sub: ['dave'] })), 'unauthenticated')
    await mapping([{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'sub' }] }])
    const shadow = await login({ sub: ['eve'] })
    await mapping([{ local: [{ user: { id: '{0}', type: 'local' } }], remote: [{ type: 'sub' }] }])
    assert.equal(await refusal(login({ sub: [shadow.session.user.id] })), 'unauthenticated')
  })

  it('a local user of the mapping keeps its groups for the session: there is no membership that could lapse', async () => {
    await call('PATCH', IDP, { identity_provider: { authorization_ttl: 10 } })
    const domain = { id: 'default' }
    await post('/v3/users', { user: { name: 'carl' } })
    const local = [{ user: { name: 'carl', type: 'local', domain } }, { group: { id: group } }]
    await mapping([{ local, remote: [{ type: 'sub' }] }])
    const { text } = await login()
    house.advance(700)
    assert.equal((await scoped(text)).status, 201)
  })

  it('404 a session of a protocol that was deleted, though one of its id is made again, of local users as of others', async () => {
    const domain = { id: 'default' }
    await post('/v3/users', { user: { name: 'carl' } })
    for (const user of [{ name: 'carl', type: 'local', domain }, { name: '{0}' }]) {
      await mapping([{ local: [{ user }, { group: { id: group } }], remote: [{ type: 'sub' }] }])
      const { text } = await login()
      house.advance(10)
      assert.equal((await scoped(text)).status, 201)
      await call('DELETE', `${IDP}/protocols/oidc`)
      assert.equal((await scoped(text)).status, 404)
      await put(`${IDP}/protocols/oidc`, { protocol: { mapping_id: 'm' } })
      assert.equal((await scoped(text)).status, 404)
      assert.equal((await scoped((await login()).text)).status, 201)
    }
  })

  it('404 a session of a mapping that was deleted, though one of its id is made again', async () => {
    const rules = [
      { local: [{ user: { name: '{0}' } }, { group: { id: group } }], remote: [{ type: 'sub' }] },
    ]
    const { text } = await login()
    house.advance(10)
    assert.equal((await scoped(text)).status, 201)
    await call('DELETE', '/v3/OS-FEDERATION/mappings/m')
    assert.equal((await scoped(text)).status, 404)
    await mapping(rules)
    assert.equal((await scoped(text)).status, 404)
    assert.equal((await scoped((await login()).text)).status, 201)
  })

  it('a local user whose rules want another factor gets none of it by the provider alone', async () => {
    await mapping([
      {
        local: [{ user: { name: '{0}', type: 'local', domain: { id: 'default' } } }],
        remote: [{ type: 'sub' }],
      },
    ])
    await post('/v3/users', {
      user: {
        name: 'frank',
        domain_id: 'default',
        options: { multi_factor_auth_enabled: true, multi_factor_auth_rules: [['password', 'totp']] },
      },
    })
    assert.equal(await refusal(login({ sub: ['frank'] })), 'more_factors_needed')
  })

  it('403 an issuer that is none of the provider’s remote ids', async () => {
    await call('PATCH', IDP, { identity_provider: { remote_ids: ['https://other.example'] } })
    assert.equal(await refusal(login()), 'forbidden')
    await call('PATCH', IDP, { identity_provider: { remote_ids: ['https://acme.example'] } })
    assert.equal(await refusal(login()), 'done')
    await call('PATCH', `${IDP}/protocols/oidc`, { protocol: { remote_id_attribute: 'iss' } })
    assert.equal(await refusal(login({ iss: ['https://evil.example'] })), 'forbidden')
  })

  it('403 more groups than fit into a token', async () => {
    await house.ctx.store.write(async (tx) => {
      for (let n = 0; n < 130; n++) {
        const id = `${n}`.padStart(32, '0')
        await tx
          .insertInto('group')
          .values({ id, domain_id: 'default', name: `g${n}`, description: null, extra: '{}' })
          .execute()
      }
    })
    await mapping([
      {
        local: [{ user: { name: '{0}' } }, { groups: '{1}', domain: { id: 'default' } }],
        remote: [{ type: 'sub' }, { type: 'groups' }],
      },
    ])
    const named = (count: number) => ({ groups: Array.from({ length: count }, (_, n) => `g${n}`) })
    const { text } = await login(named(128))
    assert.ok(text.length < 8192)
    assert.equal(await refusal(login(named(129))), 'forbidden')
    const unknown = (count: number) => ({ groups: Array.from({ length: count }, (_, n) => `none${n}`) })
    assert.equal(await refusal(login(unknown(1280))), 'done')
    assert.equal(await refusal(login(unknown(1281))), 'forbidden')
  })

  it('refuses names that are none: empty, too long, with NUL', async () => {
    for (const name of [' ', 'x'.repeat(256), 'a\0b', '\ud800']) {
      assert.equal(await refusal(login({ sub: [name] })), 'unauthenticated', JSON.stringify(name))
    }
  })

  it('401 who is in a group, of a domain, or a local user whose name has NUL', async () => {
    const remote = [{ type: 'sub' }, { type: 'email' }]
    const user = { name: '{0}' }
    for (const local of [
      [{ user }, { group: { name: '{1}', domain: { id: 'default' } } }],
      [{ user }, { groups: '{1}', domain: { name: 'Default' } }],
      [{ user: { ...user, domain: { name: '{1}' } } }],
      [{ user: { name: '{1}', type: 'local', domain: { id: 'default' } } }],
    ]) {
      await mapping([{ local, remote }], '2.0')
      assert.equal(await refusal(login({ email: ['a\0'] })), 'unauthenticated')
    }
  })

  it('leaves an audit line for who came in and who did not', async () => {
    await login()
    await refusal(login({ email: [] }))
    const events = await house.ctx.store.db
      .selectFrom('audit_event')
      .selectAll()
      .where('action', '=', 'federated_login')
      .execute()
    assert.deepEqual(
      events.map((event) => event.outcome),
      ['success', 'refused'],
    )
  })

  it('forbidden from elsewhere: programs by the account’s API addresses, browsers by its consoles’', async () => {
    const only = (mask: string) => ({
      allow_address_netmasks: [{ address_netmask: mask }],
      allow_ip_ranges: [],
    })
    const security = { apiAddresses: only('192.0.2.0/24'), consoleAddresses: only('2001:db8::/32') }
    await house.ctx.store.write((tx) => putAccountSecurity(tx, idpDomain, security))
    const from = (address: string, way: Way) => refusal(login({}, null, { address, way }))
    assert.equal(await from('192.0.2.7', 'program'), 'done')
    assert.equal(await from('192.0.2.7', 'console'), 'forbidden')
    assert.equal(await from('2001:db8::7', 'console'), 'done')
    assert.equal(await from('2001:db8::7', 'program'), 'forbidden')
  })

  it('forbidden a user who is here already from an address that their own account does not allow', async () => {
    const domain = (await post('/v3/domains', { domain: { name: 'strict' } })).domain.id
    await post('/v3/users', { user: { name: 'bob', domain_id: domain } })
    const user = { name: '{0}', type: 'local', domain: { id: domain } }
    await mapping([{ local: [{ user }], remote: [{ type: 'sub' }] }])
    assert.equal(await refusal(login()), 'done')
    const apiAddresses = { allow_address_netmasks: [{ address_netmask: '192.0.2.7' }], allow_ip_ranges: [] }
    await house.ctx.store.write((tx) => putAccountSecurity(tx, domain, { apiAddresses }))
    assert.equal(await refusal(login()), 'forbidden')
  })

  it('a console’s session ends when the account says, a program’s does not', async () => {
    await house.ctx.store.write((tx) => putAccountSecurity(tx, idpDomain, { login: LOGIN_POLICY }))
    // Within a second of the protocol's making a session is dated after it.
    house.advance(2)
    const seconds = async (way: Way) => {
      const { claims } = (await login({}, null, { address: '127.0.0.1', way })).session
      return claims.expiresAt - claims.issuedAt
    }
    assert.equal(await seconds('console'), 900)
    assert.equal(await seconds('program'), 3600)
  })
})

const LOGIN_POLICY = {
  account_validity_period: 0,
  custom_info_for_login: '',
  lockout_duration: 15,
  login_failed_times: 5,
  period_with_login_failures: 15,
  session_timeout: 15,
  show_recent_login_info: false,
}
