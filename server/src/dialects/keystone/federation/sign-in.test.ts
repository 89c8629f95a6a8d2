import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import { type House, openHouse } from '../../../testing/house.ts'

const IDP = '/v3/OS-FEDERATION/identity_providers'
const ISSUER = 'https://idp.example'
const CONFIG = '/v3.0/OS-FEDERATION/identity-providers/acme/openid-connect-config'
const DASHBOARD = 'https://horizon.example/auth/websso/'

describe('sign-in by a token of the provider', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let house: House
  let admin: string
  before(async () => {
    house = await openHouse({ trustedDashboards: [DASHBOARD], publicUrl: 'http://tokenhouse.test:5000' })
    admin = await house.admin()
    await put(`${IDP}/acme`, { identity_provider: { enabled: true } })
    await put('/v3/OS-FEDERATION/mappings/m', {
      mapping: { rules: [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'OIDC-sub' }] }] },
    })
    await put(`${IDP}/acme/protocols/openid`, { protocol: { mapping_id: 'm' } })
  })
  after(() => house.close())
  const send = (method: string, path: string, body?: unknown) =>
    house.call(method, path, { token: admin, ...(body === undefined ? {} : { body }) })
  const put = (path: string, body: unknown) => send('PUT', path, body)
  const config = async (more: object = {}) => ({
    openid_connect_config: {
      access_mode: 'program_console',
      idp_url: ISSUER,
      client_id: 'us',
      client_secret: 'very secret',
      signing_key: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] }),
      algorithms: ['ES256'],
      ...more,
    },
  })
  const sign = (claims: object = {}) => {
    const now = Math.floor(house.ctx.now() / 1e6)
    return new SignJWT({ iss: ISSUER, aud: 'us', sub: 'bob', iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(privateKey)
  }
  const login = (text: string, path = `${IDP}/acme/protocols/openid/auth`, method = 'POST') =>
    house.call(method, path, { headers: { authorization: `Bearer ${text}` } })

  it('401 unsupported method while nothing says how its tokens are believed', async () => {
    const answer = await login(await sign())
    assert.equal(answer.status, 401)
    assert.equal(answer.body.error.message, 'Attempted to authenticate with an unsupported method.')
    assert.equal((await login('x', `${IDP}/nope/protocols/openid/auth`)).status, 401)
  })

  it('configures it: 201, 409 again, 200 changed, 404 unknown; the secret is never shown', async () => {
    assert.equal((await send('POST', CONFIG.replace('acme', 'nope'), await config())).status, 404)
    assert.equal((await send('GET', CONFIG)).status, 404)
    const made = await send('POST', CONFIG, await config())
    assert.equal(made.status, 201)
    assert.equal((await send('POST', CONFIG, await config())).status, 409)
    const changed = await send('PUT', CONFIG, { openid_connect_config: { audiences: ['cluster'] } })
    assert.deepEqual([changed.status, changed.body.openid_connect_config.audiences], [200, ['cluster']])
    const shown = await send('GET', CONFIG)
    assert.equal(`${made.text}${changed.text}${shown.text}`.includes('very secret'), false)
    const [row] = await house.ctx.store.db.selectFrom('oidc_config').selectAll().execute()
    assert.equal(JSON.stringify(row).includes('very secret'), false)
  })

  it('400 a configuration that cannot be meant, 403 by who may not', async () => {
    for (const more of [
      { algorithms: ['HS256'] },
      { algorithms: [] },
      { idp_url: 'http://idp.example' },
      { idp_url: 'https://user:pw@idp.example' },
      { signing_key: '{}' },
      { nope: 1 },
    ]) {
      const sent = await config(more)
      assert.equal((await put(CONFIG, sent)).status, 400, JSON.stringify(more))
    }
    assert.equal((await house.call('GET', CONFIG)).status, 401)
  })

  it('201 an unscoped token for a good ID token, by POST and GET', async () => {
    for (const method of ['POST', 'GET']) {
      const answer = await login(await sign(), undefined, method)
      assert.equal(answer.status, 201, answer.text)
      const { methods, user } = answer.body.token
      assert.deepEqual(
        [methods, user.name, user['OS-FEDERATION'].protocol],
        [['mapped'], 'bob', { id: 'openid' }],
      )
      assert.ok(answer.headers['x-subject-token'])
    }
  })

  it('401 the same bytes for every bad token, and for none', async () => {
    const path = `${IDP}/acme/protocols/openid/auth`
    const answers = [
      await login(await sign({ aud: 'other' })),
      await login(await sign({ exp: 1 })),
      await login('opaque'),
      await login('a.b.c'),
      await house.call('POST', path),
      await house.call('POST', path, { headers: { authorization: 'Basic dTpw' } }),
    ]
    for (const answer of answers) {
      assert.deepEqual([answer.status, answer.text], [401, answers[0]?.text])
    }
  })

  it('the token is shown again as method token or mapped, and keeps its expiry', async () => {
    const first = await login(await sign())
    const id = first.headers['x-subject-token'] ?? ''
    house.advance(30)
    for (const method of ['token', 'mapped']) {
      const answer = await house.call('POST', '/v3/auth/tokens', {
        body: { auth: { identity: { methods: [method], [method]: { id } }, scope: { unscoped: {} } } },
      })
      assert.equal(answer.status, 201, answer.text)
      assert.equal(answer.body.token.expires_at, first.body.token.expires_at)
    }
    const payloads = [
      [400, {}],
      [400, { identity_provider: 'acme' }],
      [401, { identity_provider: 'acme', protocol: 'openid' }],
      [401, { id: await house.admin() }],
      [400, { id: 7 }],
      [400, null],
    ] as const
    for (const [status, mapped] of payloads) {
      const answer = await house.call('POST', '/v3/auth/tokens', {
        body: { auth: { identity: { methods: ['mapped'], mapped } } },
      })
      assert.equal(answer.status, status, JSON.stringify(mapped))
    }
  })

  it('403 the provider is disabled', async () => {
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: false } })
    const answer = await login(await sign())
    assert.deepEqual([answer.status, answer.body.error.message], [403, 'Identity Provider acme is disabled'])
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: true } })
  })

  it('WebSSO: 400 without origin, 401 for a dashboard that is not trusted, to the letter', async () => {
    const path = `/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso`
    assert.equal(
      (await house.call('GET', path)).body.error.message,
      'Request must have an origin query parameter',
    )
    for (const origin of [
      'https://evil.example/',
      DASHBOARD.slice(0, -1),
      `${DASHBOARD}x`,
      `${DASHBOARD}@evil.example`,
      '',
    ]) {
      const answer = await house.call('GET', `${path}?origin=${encodeURIComponent(origin)}`)
      assert.equal(answer.status, 401, origin)
      assert.equal(
        (await house.call('GET', `/v3/auth/OS-FEDERATION/websso/openid?origin=${encodeURIComponent(origin)}`))
          .status,
        401,
      )
    }
    assert.equal((await house.call('GET', `${path.replace('acme', 'nope')}?origin=${DASHBOARD}`)).status, 401)
  })

  it('503 the provider cannot be reached, without a word of why', async () => {
    const path = `/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso`
    await put(CONFIG, { openid_connect_config: { idp_url: 'https://127.0.0.1:1' } })
    const answer = await house.call('GET', `${path}?origin=${DASHBOARD}`)
    assert.equal(answer.status, 503)
    assert.equal(answer.text.includes('127.0.0.1'), false)
    await put(CONFIG, { openid_connect_config: { idp_url: ISSUER } })
  })

  it('401 a callback without our cookie, with a forged one, or with another house’s', async () => {
    const path = `/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso/callback?code=x&state=y`
    const other = await openHouse()
    const foreign = other.ctx.keys.seal(
      JSON.stringify({ state: 'y', idp: 'acme', protocol: 'openid', until: 9e15 }),
      'websso',
    )
    await other.close()
    const misplaced = house.ctx.keys.seal(
      JSON.stringify({ state: 'y', idp: 'acme', protocol: 'openid', until: 9e15 }),
      'elsewhere',
    )
    for (const cookie of [
      '',
      'tokenhouse-websso=',
      'tokenhouse-websso=s1.AAAA',
      `tokenhouse-websso=${foreign}`,
      `tokenhouse-websso=${misplaced}`,
    ]) {
      assert.equal((await house.call('GET', path, { headers: { cookie } })).status, 401)
    }
  })

  it('OIDC mix-up: an answer for one provider is refused at another’s callback', async () => {
    await put(`${IDP}/other`, { identity_provider: { enabled: true } })
    await put(`${IDP}/other/protocols/openid`, { protocol: { mapping_id: 'm' } })
    await send('POST', CONFIG.replace('acme', 'other'), await config({ client_id: 'them' }))
    const state = {
      state: 'y',
      nonce: 'n',
      verifier: 'v',
      idp: 'acme',
      protocol: 'openid',
      origin: DASHBOARD,
      until: house.ctx.now() + 1e8,
    }
    const cookie = `tokenhouse-websso=${house.ctx.keys.seal(JSON.stringify(state), 'websso')}`
    const path = `/v3/auth/OS-FEDERATION/identity_providers/other/protocols/openid/websso/callback?code=x&state=y`
    assert.equal((await house.call('GET', path, { headers: { cookie } })).status, 401)
    const used = await house.ctx.store.db.selectFrom('used_once').selectAll().execute()
    assert.deepEqual(used, [])
  })

  it('CVE-2025-46815: of several answers with one cookie at once, one is taken to the provider', async () => {
    await put(CONFIG, { openid_connect_config: { idp_url: 'https://127.0.0.1:1' } })
    const state = {
      state: 'once',
      nonce: 'n',
      verifier: 'v',
      idp: 'acme',
      protocol: 'openid',
      origin: DASHBOARD,
      until: house.ctx.now() + 1e8,
    }
    const cookie = `tokenhouse-websso=${house.ctx.keys.seal(JSON.stringify(state), 'websso')}`
    const path = `/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso/callback?code=x&state=once`
    const { error } = console
    console.error = () => undefined
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => house.call('GET', path, { headers: { cookie } })),
    )
    console.error = error
    // The provider is away, which is how the one that goes there can be told.
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [401, 401, 401, 401, 503])
    const late = { ...state, state: 'late', until: house.ctx.now() - 1 }
    const stale = `tokenhouse-websso=${house.ctx.keys.seal(JSON.stringify(late), 'websso')}`
    assert.equal((await house.call('GET', path, { headers: { cookie: stale } })).status, 401)
    await put(CONFIG, { openid_connect_config: { idp_url: ISSUER } })
  })
})
