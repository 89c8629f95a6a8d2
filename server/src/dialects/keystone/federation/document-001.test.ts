/**
 * Huawei Cloud IAM, "Obtaining a Scoped Token" through federated identity authentication (updated 2023-07-18): the published
 * example replayed, and each status of its table provoked.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import { putAccountSecurity } from '../../../store/accounts.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei } from '../../../testing/huawei.ts'

/** The example's answer, with ids, times, URLs and names masked. */
const EXAMPLE = {
  token: {
    expires_at: '<time>',
    methods: ['token'],
    catalog: [
      {
        endpoints: [
          { id: '<text>', interface: '<text>', region: '<text>', region_id: '<text>', url: '<text>' },
        ],
        id: '<text>',
        name: 'keystone',
        type: 'identity',
      },
    ],
    domain: { id: '<text>', name: '<text>' },
    roles: [{ id: '0', name: '<text>' }],
    issued_at: '<time>',
    user: {
      'OS-FEDERATION': {
        groups: [{ id: '<text>', name: '<text>' }],
        identity_provider: { id: '<text>' },
        protocol: { id: '<text>' },
      },
      domain: { id: '<text>', name: '<text>' },
      id: '<text>',
      name: '<text>',
      password_expires_at: '',
    },
  },
}

const CONSTANT = ['0', '', 'token', 'keystone', 'identity']

/** The same with every text that is no constant masked, and one of each list. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') {
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value)) return '<time>'
    return CONSTANT.includes(value) ? value : '<text>'
  }
  if (Array.isArray(value)) return value.slice(0, 1).map(masked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item)]))
}

describe('document 001 on the Huawei face', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let house: House
  let face: HuaweiFace
  let admin: string
  let project: string
  let domain: string
  let group: string
  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    admin = await house.admin()
    domain = (await send('POST', '/v3/domains', { domain: { name: 'IAMDomain' } })).domain.id
    project = (await send('POST', '/v3/projects', { project: { name: 'cn-north-1', domain_id: domain } }))
      .project.id
    group = (await send('POST', '/v3/groups', { group: { name: 'admin', domain_id: domain } })).group.id
    const [role] = (await send('GET', '/v3/roles?name=member')).roles
    await send('PUT', `/v3/domains/${domain}/groups/${group}/roles/${role.id}`)
    await send('PUT', `/v3/projects/${project}/groups/${group}/roles/${role.id}`)
    await send('PUT', '/v3/OS-FEDERATION/identity_providers/ACME', {
      identity_provider: { enabled: true, domain_id: domain },
    })
    // Groups by name alone, as Huawei's own mappings have them.
    const rules = [
      { local: [{ user: { name: '{0}' } }, { group: { name: 'admin' } }], remote: [{ type: 'sub' }] },
    ]
    const made = await face.call('PUT', '/v3/OS-FEDERATION/mappings/m', {
      token: admin,
      body: { mapping: { rules } },
    })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual(made.body.mapping.rules, rules)
    await send('PUT', '/v3/OS-FEDERATION/identity_providers/ACME/protocols/oidc', {
      protocol: { mapping_id: 'm' },
    })
    await send('POST', '/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config', {
      openid_connect_config: {
        access_mode: 'program',
        idp_url: 'https://idp.example',
        client_id: 'us',
        signing_key: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] }),
      },
    })
  })
  after(async () => {
    await face.close()
    await house.close()
  })
  const send = async (method: string, path: string, body?: unknown) =>
    (await house.call(method, path, { token: admin, ...(body === undefined ? {} : { body }) })).body
  const idToken = (claims: object = {}) => {
    const now = Math.floor(house.ctx.now() / 1e6)
    return new SignJWT({
      iss: 'https://idp.example',
      aud: 'us',
      sub: 'FederationUser',
      iat: now,
      exp: now + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .sign(privateKey)
  }
  const unscoped = async (): Promise<string> => {
    const path = '/v3/OS-FEDERATION/identity_providers/ACME/protocols/oidc/auth'
    const answer = await face.call('POST', path, { headers: { authorization: `Bearer ${await idToken()}` } })
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(answer.body.token.methods, ['mapped'])
    return answer.headers['x-subject-token'] ?? ''
  }
  const scoped = (id: string, scope: unknown) =>
    face.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['token'], token: { id } }, scope } },
    })

  it('201 the example request, and an answer of exactly its keys, types and constants', async () => {
    const answer = await scoped(await unscoped(), { domain: { id: domain } })
    assert.equal(answer.status, 201, answer.text)
    assert.ok(answer.headers['x-subject-token'])
    assert.deepEqual(masked(answer.body), EXAMPLE)
    assert.equal(answer.body.token.user.name, 'FederationUser')
    assert.deepEqual(answer.body.token.domain, { id: domain, name: 'IAMDomain' })
  })

  it('201 by domain name, project id, project name with its domain', async () => {
    const id = await unscoped()
    for (const scope of [
      { domain: { name: 'IAMDomain' } },
      { project: { id: project } },
      { project: { name: 'cn-north-1', domain: { id: domain } } },
      { project: { name: 'cn-north-1', domain: { name: 'IAMDomain' } } },
    ]) {
      const answer = await scoped(id, scope)
      assert.equal(answer.status, 201, JSON.stringify(scope))
      assert.equal('project' in answer.body.token, 'project' in scope)
      assert.equal('domain' in answer.body.token, 'domain' in scope)
    }
  })

  it('400 a faulty body, 401 no token of ours and a scope without a role', async () => {
    assert.equal((await face.call('POST', '/v3/auth/tokens', { body: { auth: {} } })).status, 400)
    assert.equal((await face.call('POST', '/v3/auth/tokens', { body: '{' })).status, 400)
    assert.equal(
      (await scoped('MIIatAYJKoZIhvcNAQcCoIIapTCCGqECAQExDTALB', { domain: { id: domain } })).status,
      401,
    )
    assert.equal((await scoped(await unscoped(), { domain: { id: 'default' } })).status, 401)
  })

  it('POST /v3.0/OS-AUTH/id-token/tokens: unscoped, or scoped at once; 401 a bad ID token, 400 without X-Idp-Id', async () => {
    const post = async (body: object, headers: Record<string, string> = { 'x-idp-id': 'ACME' }) =>
      face.call('POST', '/v3.0/OS-AUTH/id-token/tokens', { body: { auth: body }, headers })
    const plain = await post({ id_token: { id: await idToken() } })
    assert.equal(plain.status, 201, plain.text)
    assert.ok(plain.headers['x-subject-token'] && plain.body.token.expires_at)
    assert.equal('roles' in plain.body.token, false)
    const at = await post({ id_token: { id: await idToken() }, scope: { project: { id: project } } })
    assert.equal(at.body.token.project.id, project)
    assert.equal((await post({ id_token: { id: await idToken({ aud: 'them' }) } })).status, 401)
    assert.equal((await post({ id_token: { id: 'x' } })).status, 401)
    assert.equal((await post({ id_token: { id: await idToken() } }, {})).status, 400)
    assert.equal((await post({ id_token: { id: await idToken() } }, { 'x-idp-id': 'nope' })).status, 401)
    assert.equal((await post({})).status, 400)
  })

  const AUTH = '/v3/OS-FEDERATION/identity_providers/ACME/protocols/oidc/auth'
  const CONFIG = '/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config'
  const OUR_FAULT = 'An unexpected error prevented the server from fulfilling your request.'
  const UNAVAILABLE = 'The server is currently unavailable. Please try again later.'
  /** With a log that nobody reads. */
  const quietly = async <T>(act: () => Promise<T>): Promise<T> => {
    const { error } = console
    console.error = () => undefined
    try {
      return await act()
    } finally {
      console.error = error
    }
  }

  it('403 the provider is disabled; what it proved before is 401', async () => {
    const id = await unscoped()
    const path = '/v3/OS-FEDERATION/identity_providers/ACME'
    await send('PATCH', path, { identity_provider: { enabled: false } })
    const headers = { authorization: `Bearer ${await idToken()}` }
    const answer = await face.call('POST', AUTH, { headers })
    assert.deepEqual([answer.status, answer.body.error.title], [403, 'Forbidden'])
    assert.equal((await scoped(id, { domain: { id: domain } })).status, 401)
    await send('PATCH', path, { identity_provider: { enabled: true } })
  })

  it('503 at sign-in while the provider cannot be reached, in the form of each path', async () => {
    const { openid_connect_config: before } = await send('GET', CONFIG)
    // Keys have to be fetched, and nobody listens there.
    const away = { signing_key: '', idp_url: 'http://127.0.0.1:1', allow_private_addresses: true }
    await send('PUT', CONFIG, { openid_connect_config: away })
    const text = await idToken({ iss: away.idp_url })
    const byBearer = await quietly(() =>
      face.call('POST', AUTH, { headers: { authorization: `Bearer ${text}` } }),
    )
    const error = { code: 503, message: UNAVAILABLE, title: 'Service Unavailable' }
    assert.deepEqual([byBearer.status, byBearer.body], [503, { error }])
    assert.ok(byBearer.headers['retry-after'])
    const byBody = await quietly(() =>
      face.call('POST', '/v3.0/OS-AUTH/id-token/tokens', {
        headers: { 'x-idp-id': 'ACME' },
        body: { auth: { id_token: { id: text } } },
      }),
    )
    assert.deepEqual([byBody.status, byBody.body], [503, { error_code: 'IAM.0006', error_msg: UNAVAILABLE }])
    await send('PUT', CONFIG, {
      openid_connect_config: {
        signing_key: before.signing_key,
        idp_url: before.idp_url,
        allow_private_addresses: false,
      },
    })
    await unscoped()
  })

  describe('each status of its table, with the whole body', () => {
    const fault = (code: number, title: string, message: string) => [
      code,
      { error: { code, message, title } },
    ]
    const ask = async (at: { readonly call: House['call'] }, body: unknown) => {
      const answer = await at.call('POST', '/v3/auth/tokens', { body })
      assert.equal(answer.headers['x-subject-token'], undefined)
      assert.equal(answer.headers['content-type'], 'application/json')
      return [answer.status, answer.body]
    }
    const request = (id: string, scope: unknown = { domain: { id: domain } }) => ({
      auth: { identity: { methods: ['token'], token: { id } }, scope },
    })
    const GARBAGE = 'MIIatAYJKoZIhvcNAQcCoIIapTCCGqECAQExDTALB'

    it('400 Invalid parameters', async () => {
      const said = fault(400, 'Bad Request', 'The request body is invalid')
      const id = await unscoped()
      const { scope, identity } = request(id).auth
      for (const body of [
        '{',
        {},
        { auth: {} },
        { auth: { scope } },
        { auth: { identity: { ...identity, methods: 'token' }, scope } },
        { auth: { identity: { methods: ['token'], token: {} }, scope } },
        request(id, { project: { name: 'cn-north-1', domain: {} } }),
        request(id, { domain: {} }),
        request(id, { domain: { id: 7 } }),
      ]) {
        assert.deepEqual(await ask(face, body), said, JSON.stringify(body))
      }
    })

    it('401 Authentication failed: no token of ours, and a scope that is not there or without a role alike', async () => {
      const id = await unscoped()
      assert.deepEqual(
        await ask(face, request(GARBAGE)),
        fault(401, 'Unauthorized', 'The X-Auth-Token is invalid!'),
      )
      const said = fault(401, 'Unauthorized', 'The username or password is wrong.')
      for (const scope of [
        { domain: { id: 'default' } },
        { domain: { id: 'f'.repeat(32) } },
        { domain: { name: 'nobody' } },
        { project: { id: 'f'.repeat(32) } },
        { project: { name: 'cn-nowhere-1', domain: { id: domain } } },
      ]) {
        assert.deepEqual(await ask(face, request(id, scope)), said, JSON.stringify(scope))
      }
    })

    it('403 Access denied: from an address that the account does not allow', async () => {
      const id = await unscoped()
      const nets = { allow_address_netmasks: [{ address_netmask: '203.0.113.0/24' }], allow_ip_ranges: [] }
      const set = (apiAddresses: typeof nets) =>
        house.ctx.store.write((tx) => putAccountSecurity(tx, domain, { apiAddresses }))
      await set(nets)
      const said = fault(403, 'Forbidden', 'You have no right to do this action')
      assert.deepEqual(await ask(face, request(id)), said)
      await set({ ...nets, allow_address_netmasks: [{ address_netmask: '0.0.0.0/0' }] })
      assert.equal((await scoped(id, { domain: { id: domain } })).status, 201)
    })

    it('404 The requested resource cannot be found: a token on the Keystone face, an operation on this one', async () => {
      const said = fault(404, 'Not Found', 'Could not recognize Fernet token')
      assert.deepEqual(await ask(house, request(GARBAGE)), said)
      const id = await unscoped()
      const path = '/v3/OS-FEDERATION/identity_providers/ACME'
      await send('PATCH', path, { identity_provider: { enabled: false } })
      const gone = fault(404, 'Not Found', 'Failed to validate token')
      assert.deepEqual(await ask(house, request(id)), gone)
      await send('PATCH', path, { identity_provider: { enabled: true } })
      const beside = await face.call('POST', '/v3/auth/token', { body: request(id) })
      const none = fault(404, 'Not Found', 'The API does not exist or has not been published.')
      assert.deepEqual([beside.status, beside.body], none)
    })

    for (const [status, title, words, why] of [
      [500, 'Internal Server Error', OUR_FAULT, new Error('a fault of ours')],
      [503, 'Service Unavailable', UNAVAILABLE, Object.assign(new Error('away'), { code: 'ECONNREFUSED' })],
    ] as const) {
      it(`${status} ${title}`, async () => {
        const id = await unscoped()
        const keys = { ...house.ctx.keys, tokens: () => Promise.reject(why) }
        const broken = openHuawei({ ...house, ctx: { ...house.ctx, keys } })
        const got = await quietly(() => ask(broken, request(id)))
        await broken.close()
        assert.deepEqual(got, fault(status, title, words))
      })
    }
  })

  it('500 and 503 when the fault is ours: no token, and the example’s error form', async () => {
    const id = await unscoped()
    for (const [status, title, fault] of [
      [500, 'Internal Server Error', new Error('a fault of ours')],
      [503, 'Service Unavailable', Object.assign(new Error('away'), { code: 'ECONNREFUSED' })],
    ] as const) {
      const keys = { ...house.ctx.keys, tokens: () => Promise.reject(fault) }
      const broken = openHuawei({ ...house, ctx: { ...house.ctx, keys } })
      const answer = await quietly(() =>
        broken.call('POST', '/v3/auth/tokens', {
          body: {
            auth: { identity: { methods: ['token'], token: { id } }, scope: { domain: { id: domain } } },
          },
        }),
      )
      await broken.close()
      assert.deepEqual(
        [answer.status, answer.body.error.code, answer.body.error.title],
        [status, status, title],
      )
      assert.equal(answer.headers['x-subject-token'], undefined)
      assert.equal(answer.text.includes(fault.message), false)
    }
  })
})
