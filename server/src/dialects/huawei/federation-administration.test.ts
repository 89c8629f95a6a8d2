/** What an account's Security Administrator may do about identity providers, on both faces, and what stays the cloud's. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import { type House, openHouse } from '../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../testing/huawei.ts'
import { seedGrant, seedUser } from '../../testing/seed.ts'

const IDP = '/v3/OS-FEDERATION/identity_providers'
const MAPPING = '/v3/OS-FEDERATION/mappings'
const RULES = [
  { local: [{ user: { name: '{0}' } }, { group: { name: 'staff' } }], remote: [{ type: 'sub' }] },
]

describe('identity providers of an account', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string
  let cloud: string
  let staff: string
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let keys = ''
  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    cloud = await house.admin()
    keys = JSON.stringify({ keys: [await exportJWK(publicKey)] })
    staff = (await as(administrator, 'POST', '/v3/groups', { group: { name: 'staff', domain_id: two.a } }))
      .body.group.id
    await grantToStaff('te_admin')
  })
  after(async () => {
    await face.close()
    await house.close()
  })
  const as = (token: string, method: string, path: string, body?: unknown) =>
    face.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const mine = async (method: string, path: string, body?: unknown) =>
    (await as(administrator, method, path, body)).status
  const clouds = async (method: string, path: string, body?: unknown) =>
    (await as(cloud, method, path, body)).status
  const grantToStaff = async (name: string) => {
    const { roles } = (await as(cloud, 'GET', `/v3/roles?name=${name}`)).body
    const path = `/v3/projects/${two.projectA}/groups/${staff}/roles/${roles[0].id}`
    assert.equal(await clouds('PUT', path), 204)
  }
  const ISSUER = 'https://idp.acme.example'
  const signIn = async (idp: string, sub = 'bob') => {
    const now = Math.floor(house.ctx.now() / 1e6)
    const text = await new SignJWT({ iss: ISSUER, aud: 'us', sub, iat: now, exp: now + 300 })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(privateKey)
    const headers = { authorization: `Bearer ${text}` }
    return face.call('POST', `${IDP}/${idp}/protocols/oidc/auth`, { headers })
  }
  const configured = () => ({
    openid_connect_config: {
      access_mode: 'program',
      client_id: 'us',
      idp_url: ISSUER,
      signing_key: keys,
      algorithms: ['ES256'],
    },
  })
  const CONFIG = (idp: string) => `/v3.0/OS-FEDERATION/identity-providers/${idp}/openid-connect-config`

  it('are made, shown, changed and used by its Security Administrator alone', async () => {
    const made = await as(administrator, 'PUT', `${IDP}/own`, { identity_provider: { enabled: true } })
    assert.equal(made.status, 201, made.text)
    const { domain_id, sso_type } = made.body.identity_provider
    assert.deepEqual([domain_id, sso_type], [two.a, 'virtual_user_sso'])
    assert.equal(await mine('PUT', `${MAPPING}/own`, { mapping: { rules: RULES } }), 201)
    assert.equal(await mine('PUT', `${IDP}/own/protocols/oidc`, { protocol: { mapping_id: 'own' } }), 201)
    assert.equal(await mine('POST', CONFIG('own'), configured()), 201)
    assert.equal(await mine('PUT', CONFIG('own'), { openid_connect_config: { scope: 'openid email' } }), 200)
    assert.equal(await mine('GET', CONFIG('own')), 200)
    assert.equal(await mine('PATCH', `${IDP}/own`, { identity_provider: { description: 'x' } }), 200)
    assert.equal(await mine('PATCH', `${MAPPING}/own`, { mapping: { rules: RULES } }), 200)
    const preview = await as(administrator, 'POST', `${MAPPING}/own`, { claims: { sub: 'bob' } })
    assert.deepEqual(preview.body.preview.groups, [{ id: staff, name: 'staff', domain_id: two.a }])
    const bob = await signIn('own')
    assert.equal(bob.status, 201, bob.text)
    assert.equal(bob.body.token.user['OS-FEDERATION'].groups[0].id, staff)
    const scoped = await face.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['token'], token: { id: bob.headers['x-subject-token'] } },
          scope: { project: { id: two.projectA } },
        },
      },
    })
    assert.equal(scoped.status, 201, scoped.text)
  })

  it('403 people who come by them from an address that the account does not allow, and nobody is made', async () => {
    const path = `/v3.0/OS-SECURITYPOLICY/domains/${two.a}/api-acl-policy`
    const allow = (mask: string) =>
      clouds('PUT', path, { api_acl_policy: { allow_address_netmasks: [{ address_netmask: mask }] } })
    assert.equal(await allow('203.0.113.0/24'), 200)
    assert.equal((await signIn('own', 'erin')).status, 403)
    assert.equal(await allow('127.0.0.0/8'), 200)
    const users = await as(cloud, 'GET', '/v3/users?name=erin')
    assert.deepEqual(users.body.users, [])
    assert.equal((await signIn('own', 'erin')).status, 201)
  })

  it('people who come by them find their projects, by token and by a temporary key', async () => {
    const token = String((await signIn('own')).headers['x-subject-token'])
    const path = '/v3/projects?name=ap-southeast-1'
    const byToken = await as(token, 'GET', path)
    assert.deepEqual(
      byToken.body.projects.map(({ id }: { id: string }) => id),
      [two.projectA],
    )
    const made = await as(token, 'POST', '/v3.0/OS-CREDENTIAL/securitytokens', {
      auth: { identity: { methods: ['token'], token: { duration_seconds: 900 } } },
    })
    const { access, secret, securitytoken } = made.body.credential
    const byKey = await face.signed('GET', path, { access, secret, securityToken: securitytoken })
    assert.deepEqual(byKey.body.projects, byToken.body.projects)
  })

  it('on the Keystone face too, in their account without naming it', async () => {
    const made = await house.call('PUT', `${IDP}/there`, { token: administrator, body: {} })
    assert.equal(made.status, 201, made.text)
    assert.equal(made.body.identity_provider.domain_id, two.a)
    assert.equal('sso_type' in made.body.identity_provider, false)
    assert.equal((await house.call('DELETE', `${IDP}/there`, { token: administrator })).status, 204)
  })

  it('lists show nothing else', async () => {
    await clouds('PUT', `${IDP}/of-b`, { identity_provider: { domain_id: two.b } })
    await clouds('PUT', `${MAPPING}/of-cloud`, { mapping: { rules: RULES } })
    const ids = async (path: string, name: string, token = administrator) =>
      (await as(token, 'GET', path)).body[name].map(({ id }: { id: string }) => id)
    assert.deepEqual(await ids(IDP, 'identity_providers'), ['own'])
    assert.deepEqual(await ids(MAPPING, 'mappings'), ['own'])
    assert.deepEqual(await ids(IDP, 'identity_providers', cloud), ['of-b', 'own'])
    assert.deepEqual(await ids(MAPPING, 'mappings', cloud), ['of-cloud', 'own'])
  })

  it('403 anything of another account or the cloud, by every operation', async () => {
    const body = { identity_provider: { domain_id: two.b } }
    assert.equal(await mine('PUT', `${IDP}/new`, body), 403)
    await clouds('PUT', `${IDP}/of-b/protocols/oidc`, { protocol: { mapping_id: 'of-cloud' } })
    for (const [method, path, sent] of [
      ['GET', `${IDP}/of-b`],
      ['PATCH', `${IDP}/of-b`, { identity_provider: { enabled: true } }],
      ['DELETE', `${IDP}/of-b`],
      ['GET', `${IDP}/of-b/protocols`],
      ['GET', `${IDP}/of-b/protocols/oidc`],
      ['PUT', `${IDP}/of-b/protocols/mine`, { protocol: { mapping_id: 'own' } }],
      ['PATCH', `${IDP}/of-b/protocols/oidc`, { protocol: { mapping_id: 'own' } }],
      ['DELETE', `${IDP}/of-b/protocols/oidc`],
      ['POST', CONFIG('of-b'), configured()],
      ['GET', CONFIG('of-b')],
      ['PUT', CONFIG('of-b'), configured()],
      ['GET', `${MAPPING}/of-cloud`],
      ['POST', `${MAPPING}/of-cloud`, { claims: {} }],
      ['PATCH', `${MAPPING}/of-cloud`, { mapping: { rules: RULES } }],
      ['DELETE', `${MAPPING}/of-cloud`],
      ['GET', '/v3/OS-FEDERATION/service_providers'],
      ['GET', '/v3-ext/OS-FEDERATION/identity_providers/of-b/protocols/oidc/metadata'],
      ['POST', '/v3-ext/OS-FEDERATION/identity_providers/of-b/protocols/oidc/metadata', { metadata: '<x/>' }],
    ] as const) {
      assert.equal(await mine(method, path, sent), 403, `${method} ${path}`)
    }
  })

  it('403 a provider of the account once a mapping of the cloud’s is used there', async () => {
    await clouds('PUT', `${IDP}/lent`, { identity_provider: { domain_id: two.a, enabled: true } })
    assert.equal(await mine('POST', CONFIG('lent'), configured()), 201)
    await clouds('PUT', `${IDP}/lent/protocols/oidc`, { protocol: { mapping_id: 'of-cloud' } })
    for (const [method, path, sent] of [
      ['PUT', CONFIG('lent'), configured()],
      ['PATCH', `${IDP}/lent`, { identity_provider: { remote_ids: [] } }],
      ['PUT', `${IDP}/lent/protocols/other`, { protocol: { mapping_id: 'own' } }],
      ['PATCH', `${IDP}/lent/protocols/oidc`, { protocol: { mapping_id: 'own' } }],
      ['DELETE', `${IDP}/lent`],
    ] as const) {
      assert.equal(await mine(method, path, sent), 403, `${method} ${path}`)
    }
    assert.equal(await mine('GET', `${IDP}/lent`), 200)
  })

  it('400 a protocol that reads a mapping of somebody else’s', async () => {
    for (const mapping_id of ['of-cloud', 'nope']) {
      assert.equal(await mine('PUT', `${IDP}/own/protocols/x`, { protocol: { mapping_id } }), 400)
      assert.equal(await mine('PATCH', `${IDP}/own/protocols/oidc`, { protocol: { mapping_id } }), 400)
    }
  })

  it('400 rules that reach beyond the account', async () => {
    for (const local of [
      { user: { name: '{0}', type: 'local', domain: { id: 'default' } } },
      { user: { name: '{0}', domain: { id: two.b } } },
      { group: { id: staff } },
      { group: { name: 'staff', domain: { id: 'default' } } },
      { group_ids: '{0}' },
      { groups: '{0}', domain: { name: 'Default' } },
      { projects: [{ name: 'x', roles: [{ name: 'admin' }] }] },
    ]) {
      const sent = { mapping: { rules: [{ local: [local], remote: [{ type: 'sub' }] }] } }
      assert.equal(await mine('PUT', `${MAPPING}/new`, sent), 400, JSON.stringify(local))
      assert.equal(await mine('PATCH', `${MAPPING}/own`, sent), 400)
      // Nor when the cloud's own admin writes them there: the account's administrator decides who comes by it.
      assert.equal(await clouds('PATCH', `${MAPPING}/own`, sent), 400)
    }
    assert.equal(await mine('PUT', `${IDP}/iam`, { identity_provider: { sso_type: 'iam_user_sso' } }), 400)
    assert.equal(await mine('PUT', `${IDP}/iam`, { identity_provider: { sso_type: 'other' } }), 400)
  })

  it('a group that holds a role of the cloud’s is left out, a user who does gets no token', async () => {
    await grantToStaff('admin')
    const answer = await signIn('own', 'carol')
    assert.deepEqual([answer.status, answer.body.token.user['OS-FEDERATION'].groups], [201, []])
    await seedGrant(house, answer.body.token.user.id, 'admin', { project: two.projectA })
    assert.equal((await signIn('own', 'carol')).status, 401)
    assert.equal((await signIn('own', 'dave')).status, 201)
  })

  it('401 an account’s mapping at a provider of another', async () => {
    await clouds('POST', CONFIG('of-b'), configured())
    await clouds('PATCH', `${IDP}/of-b`, { identity_provider: { enabled: true } })
    assert.equal(
      await clouds('PATCH', `${IDP}/of-b/protocols/oidc`, { protocol: { mapping_id: 'own' } }),
      200,
    )
    assert.equal((await signIn('of-b')).status, 401)
  })

  it('400 a user of the account as somebody of another account’s or the cloud’s provider', async () => {
    await clouds('PUT', `${IDP}/clouds`, { identity_provider: { enabled: true } })
    await clouds('PUT', `${IDP}/clouds/protocols/oidc`, { protocol: { mapping_id: 'of-cloud' } })
    const at = (idp_id: string) => [{ idp_id, protocols: [{ protocol_id: 'oidc', unique_id: 'frank' }] }]
    const user = { name: 'frank', domain_id: two.a, password: 'frank-at-a-1' }
    for (const idp of ['clouds', 'of-b', 'lent', 'nope']) {
      const made = await as(administrator, 'POST', '/v3/users', { user: { ...user, federated: at(idp) } })
      assert.deepEqual(
        [made.status, made.body.error?.message],
        [400, `Could not find Identity Provider: ${idp}`],
      )
    }
    const made = await as(administrator, 'POST', '/v3/users', { user: { ...user, federated: at('own') } })
    assert.equal(made.status, 201, made.text)
    const path = `/v3/users/${made.body.user.id}`
    for (const idp of ['clouds', 'of-b', 'lent', 'nope']) {
      assert.equal(
        (await as(administrator, 'PATCH', path, { user: { federated: at(idp) } })).status,
        400,
        idp,
      )
    }
    const kept = await as(administrator, 'GET', path)
    assert.deepEqual(kept.body.user.federated, at('own'))
    assert.equal((await signIn('own', 'frank')).body.token.user.id, made.body.user.id)
    assert.equal(await clouds('PATCH', path, { user: { federated: at('clouds') } }), 200)
  })

  it('403 members of the account, and people of others', async () => {
    await seedUser(house, 'member', two.a)
    for (const token of [
      await face.token({ name: 'member', domain: two.a }),
      await face.token({ name: 'IAMUserB', domain: two.b }),
    ]) {
      assert.equal((await as(token, 'PUT', `${IDP}/b`, {})).status, 403)
      assert.equal((await as(token, 'PATCH', `${MAPPING}/own`, { mapping: { rules: RULES } })).status, 403)
      assert.equal((await as(token, 'GET', IDP)).status, 403)
    }
  })
})
