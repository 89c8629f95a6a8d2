import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { putAccountSecurity } from '../../../store/accounts.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { oauthHeader } from '../../../testing/oauth1-client.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

const BASE = 'http://tokenhouse.test:5000'

describe('OS-OAUTH1 and OS-OAUTH2', () => {
  let house: House
  let project: string
  let user: string
  let token: string
  let consumer: { id: string; secret: string }

  before(async () => {
    house = await openHouse()
    project = await seedProject(house, 'lent')
    user = await seedUser(house, 'lender')
    await seedGrant(house, user, 'admin', { project })
    token = await house.login('lender@default', PASSWORD, { project: { id: project } })
    const made = await house.call('POST', '/v3/OS-OAUTH1/consumers', { token, body: { consumer: {} } })
    consumer = made.body.consumer
  })
  after(() => house.close())

  const now = () => house.ctx.now() / 1e6
  const form = (text: string) => Object.fromEntries(new URLSearchParams(text))
  const send = (path: string, fields: Record<string, string>, secret: string, extra: object = {}) => {
    const authorization = oauthHeader({
      url: `${BASE}${path}`,
      fields: { oauth_consumer_key: consumer.id, ...fields },
      secrets: [consumer.secret, secret],
      now: now(),
    })
    return house.call('POST', path, { headers: { authorization, ...extra } })
  }
  const request = () =>
    send('/v3/OS-OAUTH1/request_token', { oauth_callback: 'oob' }, '', { 'requested-project-id': project })
  const authorize = (id: string, roles: object[], by = token) =>
    house.call('PUT', `/v3/OS-OAUTH1/authorize/${id}`, { token: by, body: { roles } })
  const exchange = (asked: Record<string, string>, verifier: string) =>
    send(
      '/v3/OS-OAUTH1/access_token',
      { oauth_token: asked['oauth_token'] ?? '', oauth_verifier: verifier },
      asked['oauth_token_secret'] ?? '',
    )
  const granted = async (roles: object[] = [{ name: 'reader' }]) => {
    const asked = form((await request()).text)
    const { oauth_verifier } = (await authorize(asked['oauth_token'] ?? '', roles)).body.token
    return form((await exchange(asked, oauth_verifier)).text)
  }
  const signIn = (access: Record<string, string>, identity: object = { methods: ['oauth1'], oauth1: {} }) => {
    const fields = { oauth_consumer_key: consumer.id, oauth_token: access['oauth_token'] ?? '' }
    const secrets = [consumer.secret, access['oauth_token_secret'] ?? ''] as const
    const authorization = oauthHeader({ url: `${BASE}/v3/auth/tokens`, fields, secrets, now: now() })
    const body = { auth: { identity } }
    return house.call('POST', '/v3/auth/tokens', { body, headers: { authorization } })
  }

  it('201 a consumer acts for the user with the roles they chose, on the project it asked for', async () => {
    const answer = await signIn(await granted())
    assert.equal(answer.status, 201)
    assert.equal(answer.body.token.user.id, user)
    assert.equal(answer.body.token.project.id, project)
    assert.deepEqual(
      answer.body.token.roles.map((r: { name: string }) => r.name),
      ['reader'],
    )
    assert.equal(answer.body.token['OS-OAUTH1'].consumer_id, consumer.id)
  })

  it('CVE-2020-12690: authorizing no role gives no role, not all', async () => {
    assert.equal((await signIn(await granted([]))).status, 401)
  })

  it('Keycloak CVE-2026-1035: 404 a request token is exchanged once, however many try; 401 with another verifier', async () => {
    const asked = form((await request()).text)
    assert.equal((await exchange(asked, 'abcdefgh')).status, 401)
    const { oauth_verifier } = (await authorize(asked['oauth_token'] ?? '', [{ name: 'reader' }])).body.token
    assert.equal((await exchange(asked, 'abcdefgh')).status, 401)
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(asked, oauth_verifier)))
    assert.deepEqual(answers.map((a) => a.status).sort(), [201, ...Array(49).fill(404)])
  })

  it('Dex CVE-2022-39222: what was authorized counts for that request, that consumer and that verifier alone', async () => {
    const asAdmin = { token, body: { consumer: {} } }
    const other = (await house.call('POST', '/v3/OS-OAUTH1/consumers', asAdmin)).body.consumer
    const [approved, waiting] = [form((await request()).text), form((await request()).text)]
    const id = approved['oauth_token'] ?? ''
    const { oauth_verifier } = (await authorize(id, [{ name: 'reader' }])).body.token
    const mine = consumer
    // Another request of the same consumer, with the verifier of the one that was authorized.
    assert.equal((await exchange(waiting, oauth_verifier)).status, 401)
    // Another consumer, who has come by the token, its secret and the verifier.
    consumer = other
    assert.equal((await exchange(approved, oauth_verifier)).status, 401)
    consumer = mine
    // The right consumer, without the secret of the request.
    assert.equal((await exchange({ oauth_token: id }, oauth_verifier)).status, 401)
    assert.equal((await exchange(approved, oauth_verifier)).status, 201)
    // What was authorized and used is authorized for nobody again.
    assert.equal((await authorize(id, [{ name: 'admin' }])).status, 404)
    assert.equal((await exchange(approved, oauth_verifier)).status, 404)
    assert.equal((await signIn(waiting)).status, 401)
  })

  it('401 a role that the user does not hold is not theirs to lend', async () => {
    const asked = form((await request()).text)
    const { role } = (await house.call('POST', '/v3/roles', { token, body: { role: { name: 'unheld' } } }))
      .body
    for (const wish of [{ name: 'unheld' }, { id: role.id }]) {
      const answer = await authorize(asked['oauth_token'] ?? '', [{ name: 'reader' }, wish])
      assert.equal(answer.status, 401, JSON.stringify(wish))
    }
  })

  it('401 an access token signed for by another consumer; 401 two delegations at once', async () => {
    const access = await granted()
    const own = consumer
    consumer = (await house.call('POST', '/v3/OS-OAUTH1/consumers', { token, body: { consumer: {} } })).body
      .consumer
    const byAnother = await signIn(access)
    consumer = own
    assert.equal(byAnother.status, 401)
    const made = await house.call('POST', `/v3/users/${user}/application_credentials`, {
      token,
      body: { application_credential: { name: 'second', roles: [{ name: 'admin' }] } },
    })
    const { id, secret } = made.body.application_credential
    const application_credential = { id, secret }
    const both = { methods: ['oauth1', 'application_credential'], oauth1: {}, application_credential }
    assert.equal((await signIn(access, both)).status, 401)
    assert.equal((await signIn(access)).status, 201)
  })

  it('401 a request sent twice, and one of another time', async () => {
    const first = {
      url: `${BASE}/v3/OS-OAUTH1/request_token`,
      fields: { oauth_consumer_key: consumer.id },
      secrets: [consumer.secret, ''],
      now: now(),
    } as const
    const authorization = oauthHeader(first)
    const headers = { authorization, 'requested-project-id': project }
    assert.equal((await house.call('POST', '/v3/OS-OAUTH1/request_token', { headers })).status, 201)
    assert.equal((await house.call('POST', '/v3/OS-OAUTH1/request_token', { headers })).status, 401)
    const old = oauthHeader({ ...first, now: first.now - 700 })
    const late = { authorization: old, 'requested-project-id': project }
    assert.equal((await house.call('POST', '/v3/OS-OAUTH1/request_token', { headers: late })).status, 401)
  })

  it('400 no Authorization header, where the original answers 500', async () => {
    assert.equal((await house.call('POST', '/v3/OS-OAUTH1/request_token')).status, 400)
    assert.equal((await house.call('POST', '/v3/OS-OAUTH1/access_token')).status, 400)
  })

  it('401 at once when the access token is deleted; its sessions make no others', async () => {
    const access = await granted()
    const session = String((await signIn(access)).headers['x-subject-token'])
    const auth = { identity: { methods: ['token'], token: { id: session } } }
    assert.equal((await house.call('POST', '/v3/auth/tokens', { body: { auth } })).status, 403)
    const path = `/v3/users/${user}/OS-OAUTH1/access_tokens/${access['oauth_token']}`
    assert.equal((await house.call('GET', `${path}/roles`, { token })).body.roles.length, 1)
    assert.equal((await house.call('DELETE', path, { token })).status, 204)
    assert.equal((await signIn(access)).status, 401)
    const check = { token: session, headers: { 'x-subject-token': session } }
    assert.equal((await house.call('GET', '/v3/auth/tokens', check)).status, 401)
  })

  it('LP#2142138: an application credential authorizes no consumer, and sees and ends nothing that was', async () => {
    const made = await house.call('POST', `/v3/users/${user}/application_credentials`, {
      token,
      body: { application_credential: { name: 'a', unrestricted: true } },
    })
    const { id, secret } = made.body.application_credential
    const auth = { identity: { methods: ['application_credential'], application_credential: { id, secret } } }
    const signed = await house.call('POST', '/v3/auth/tokens', { body: { auth } })
    const asked = form((await request()).text)
    const by = String(signed.headers['x-subject-token'])
    assert.equal((await authorize(asked['oauth_token'] ?? '', [{ name: 'reader' }], by)).status, 403)
    const all = `/v3/users/${user}/OS-OAUTH1/access_tokens`
    const one = `${all}/${(await granted())['oauth_token']}`
    for (const [method, path] of [
      ['GET', all],
      ['GET', one],
      ['DELETE', one],
    ] as const)
      assert.equal((await house.call(method, path, { token: by })).status, 403, `${method} ${path}`)
    assert.equal((await house.call('GET', one, { token })).status, 200)
  })

  it('200 client credentials are an application credential; errors in OAuth 2.0’s form', async () => {
    const made = await house.call('POST', `/v3/users/${user}/application_credentials`, {
      token,
      body: { application_credential: { name: 'b' } },
    })
    const { id, secret } = made.body.application_credential
    const ask = (basic: string | undefined, form: string) =>
      house.call('POST', '/v3/OS-OAUTH2/token', {
        body: form,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(basic ? { authorization: `Basic ${Buffer.from(basic).toString('base64')}` } : {}),
        },
      })
    const answer = await ask(`${id}:${secret}`, 'grant_type=client_credentials')
    assert.equal(answer.status, 200)
    assert.deepEqual([answer.body.token_type, answer.body.expires_in], ['Bearer', 3600])
    assert.equal((await ask(`${id}:wrong`, 'grant_type=client_credentials')).body.error, 'invalid_client')
    assert.equal((await ask(undefined, 'grant_type=client_credentials')).status, 401)
    assert.equal((await ask(`${id}:${secret}`, '')).body.error, 'invalid_request')
    assert.equal((await ask(`${id}:${secret}`, 'grant_type=password')).body.error, 'unsupported_grant_type')
    assert.equal((await house.call('GET', '/v3/OS-OAUTH2/token')).status, 405)

    const demand = (rules: unknown) =>
      house.call('PATCH', `/v3/users/${user}`, {
        token: admin,
        body: { user: { options: { multi_factor_auth_rules: rules } } },
      })
    const admin = await house.admin()
    assert.equal((await demand([['password', 'totp']])).status, 200)
    const unmet = await ask(`${id}:${secret}`, 'grant_type=client_credentials')
    assert.equal((await demand(null)).status, 200)
    assert.deepEqual([unmet.status, unmet.body.error], [401, 'invalid_client'], 'more factors are wanted')
    assert.equal(unmet.headers['openstack-auth-receipt'], undefined)

    const bind = (netmask: string) =>
      house.ctx.store.write((tx) =>
        putAccountSecurity(tx, 'default', {
          apiAddresses: {
            allow_address_netmasks: [{ address_netmask: netmask, description: '' }],
            allow_ip_ranges: [],
          },
        }),
      )
    await bind('192.0.2.0/24')
    const elsewhere = await ask(`${id}:${secret}`, 'grant_type=client_credentials')
    await bind('0.0.0.0/0')
    assert.equal(elsewhere.status, 403, 'from an address that its account does not allow')
  })

  it('410 PKI certificates; 200 revocation events for who may see them', async () => {
    assert.equal((await house.call('GET', '/v3/OS-SIMPLE-CERT/ca')).status, 410)
    const admin = await house.admin()
    const gone = await house.admin()
    await house.call('DELETE', '/v3/auth/tokens', { token: admin, headers: { 'x-subject-token': gone } })
    const events = await house.call('GET', '/v3/OS-REVOKE/events', { token: admin })
    assert.ok(events.body.events.some((event: object) => 'audit_id' in event))
    assert.equal(
      (await house.call('GET', '/v3/OS-REVOKE/events?since=yesterday', { token: admin })).status,
      400,
    )
  })

  it('401 a request token that nobody used in time', async () => {
    const asked = form((await request()).text)
    house.advance(8 * 3600 + 1)
    const late = await house.login('lender@default', PASSWORD, { project: { id: project } })
    assert.equal((await authorize(asked['oauth_token'] ?? '', [{ name: 'reader' }], late)).status, 401)
    const next = form((await request()).text)
    assert.equal((await authorize(next['oauth_token'] ?? '', [{ name: 'reader' }], late)).status, 200)
  })
})
