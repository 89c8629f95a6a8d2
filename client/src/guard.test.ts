import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { call, kit } from '../test/guard-kit.ts'
import { createGuard, type Outcome } from './guard.ts'

function reasonOf(outcome: Outcome): string {
  return outcome.outcome === 'refused' ? outcome.reason : outcome.outcome
}

describe('a guard', () => {
  it('accepts a good token and says who is calling', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('good')
    const outcome = await guard.check(call('good'))
    assert.ok(outcome.outcome === 'accepted')
    const { expiresAt, ...identity } = outcome.identity
    assert.deepEqual(identity, {
      userId: 'u1',
      userName: 'ann',
      userDomainId: 'default',
      userDomainName: 'Default',
      projectId: 'p1',
      projectName: 'alpha',
      projectDomainId: 'default',
      projectDomainName: 'Default',
      domainId: undefined,
      domainName: undefined,
      system: false,
      roles: ['member', 'reader'],
      methods: ['password'],
      auditIds: ['dTAmZrDtTbO9u7v8Qq1AkQ'],
      delegated: undefined,
      checked: 'online',
    })
    assert.ok(expiresAt > Date.now())
    assert.equal(outcome.serviceIdentity, undefined)
  })

  it('asks with its own token, without the catalog, telling that it holds access rules', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('good')
    await guard.check(call('good'))
    const asked = keystone.seen.at(-1)
    assert.equal(asked?.url, '/v3/auth/tokens?nocatalog')
    assert.equal(asked?.headers['x-auth-token'], 'own-1')
    assert.equal(asked?.headers['openstack-identity-access-rules'], '1')
  })

  it('401 no token, an empty one', async (t) => {
    const { guard, keystone } = await kit(t)
    assert.equal(reasonOf(await guard.check(call(undefined))), 'missing')
    assert.equal(reasonOf(await guard.check(call('  '))), 'missing')
    assert.equal(keystone.seen.length, 0)
  })

  it('401 a token the token service does not know', async (t) => {
    const { guard } = await kit(t)
    assert.equal(reasonOf(await guard.check(call('garbage'))), 'invalid')
  })

  it('401 two tokens, control characters, a token beyond any length: never asked, never 500', async (t) => {
    const { guard, keystone } = await kit(t)
    for (const token of ['a, b', 'a b', 'a\u0000b', 'a\r\nX-Roles: admin', 'ü', 'x'.repeat(16_385)]) {
      assert.equal(reasonOf(await guard.check(call(token))), 'invalid')
    }
    assert.equal(
      reasonOf(await guard.check(call(undefined, { headers: { 'x-auth-token': ['a', 'b'] } }))),
      'invalid',
    )
    assert.equal(keystone.seen.length, 0)
  })

  it('CVE-2026-27840: 401 every part of a good token', async (t) => {
    const { guard, keystone } = await kit(t)
    const token = 'gAAAAABgoodtoken'
    keystone.put(token)
    assert.equal(reasonOf(await guard.check(call(token))), 'accepted')
    for (let length = 1; length < token.length; length++) {
      assert.equal(reasonOf(await guard.check(call(token.slice(0, length)))), 'invalid')
    }
    assert.equal(reasonOf(await guard.check(call(`${token}A`))), 'invalid')
  })

  it('trims the blanks around a token', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('good')
    assert.equal(reasonOf(await guard.check(call(' good '))), 'accepted')
  })

  it('magic headers change nothing (CVE-2021-29441)', async (t) => {
    const { guard } = await kit(t)
    const headers = {
      'user-agent': 'Nacos-Server',
      'x-storage-token': 'good',
      authorization: 'Bearer good',
      'x-forwarded-for': '127.0.0.1',
      'x-original-url': '/healthz',
    }
    assert.equal(reasonOf(await guard.check(call(undefined, { headers }))), 'missing')
  })

  it('CVE-2026-22797: removes forged identity headers before anything else', async (t) => {
    const { guard } = await kit(t)
    const request = call(undefined, { headers: { 'x-roles': 'admin', X_USER_ID: 'root', accept: '*/*' } })
    const checking = guard.check(request)
    assert.deepEqual(request.headers, { accept: '*/*' })
    assert.equal(reasonOf(await checking), 'missing')
  })

  it('removes them on public paths too', async (t) => {
    const { guard } = await kit(t, { isPublic: ({ path }) => path === '/healthz' })
    const request = call(undefined, { url: '/healthz?x=1', headers: { 'x-identity-status': 'Confirmed' } })
    assert.equal(reasonOf(await guard.check(request)), 'public')
    assert.deepEqual(request.headers, {})
  })

  it('a path that could be read in two ways is never public', async (t) => {
    const { guard } = await kit(t, { isPublic: ({ path }) => path.startsWith('/public/') })
    assert.equal(reasonOf(await guard.check(call(undefined, { url: '/public/x' }))), 'public')
    for (const url of [
      '/public/../v3/x',
      '/public/%2e%2e/v3/x',
      '/public/..;/v3/x',
      '/public\\..\\v3',
      '//public/x',
      'http://h/public/x',
    ]) {
      assert.equal(reasonOf(await guard.check(call(undefined, { url }))), 'missing', url)
    }
    const mounted = call(undefined, { url: '/public/x', originalUrl: '/v3/public/x' })
    assert.equal(reasonOf(await guard.check(mounted)), 'missing')
  })

  it('401 an expired token', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('old', { expires_at: '2020-01-01T00:00:00.000000Z' })
    assert.equal(reasonOf(await guard.check(call('old'))), 'invalid')
  })

  it('says when it expired if told to ask for that', async (t) => {
    const { guard, keystone } = await kit(t, { reportExpired: true })
    keystone.put('old', { expires_at: '2020-01-01T00:00:00.000000Z' })
    assert.deepEqual(await guard.check(call('old')), {
      outcome: 'refused',
      status: 401,
      reason: 'expired',
      expiresAt: Date.UTC(2020, 0, 1),
    })
    assert.equal(reasonOf(await guard.check(call('garbage'))), 'invalid')
  })

  it('does not trust a service whose clock says that an expired token is good', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    keystone.loginLifetimeSeconds(100_000)
    keystone.put('good')
    pass(3601)
    assert.equal(reasonOf(await guard.check(call('good'))), 'expired')
  })

  it('401 and 503 in Keystone’s words, with what HTTP asks for', async (t) => {
    const { guard, keystone } = await kit(t)
    const refusal = guard.answer({ outcome: 'refused', status: 401, reason: 'invalid' })
    assert.equal(refusal.status, 401)
    assert.equal(refusal.headers['WWW-Authenticate'], `Keystone uri="${keystone.url}"`)
    assert.equal(JSON.parse(refusal.body).error.title, 'Unauthorized')
    const away = guard.answer({ outcome: 'unavailable', status: 503, retryAfterSeconds: 7 })
    assert.equal(away.headers['Retry-After'], '7')
    assert.equal(away.headers['WWW-Authenticate'], undefined)
  })

  it('a service’s own words cannot take away WWW-Authenticate', async (t) => {
    const renderRefusal = () => ({ headers: { 'WWW-Authenticate': 'Basic', 'X-A': 'b' }, body: { e: 1 } })
    const { guard, keystone } = await kit(t, { renderRefusal, publicAuthUrl: 'https://id.example.com' })
    const answer = guard.answer({ outcome: 'refused', status: 401, reason: 'missing' })
    assert.equal(answer.headers['WWW-Authenticate'], 'Keystone uri="https://id.example.com/v3"')
    assert.equal(answer.headers['X-A'], 'b')
    assert.equal(answer.body, '{"e":1}')
    assert.ok(keystone)
  })
})

describe('options of a guard', () => {
  const good = { authUrl: 'http://127.0.0.1:5000', credentials: { token: 't' } }
  const wrong: readonly (readonly [string, object])[] = [
    ['authUrl', { authUrl: 'nonsense' }],
    ['authUrl', { authUrl: 'ftp://127.0.0.1/v3' }],
    ['authUrl', { authUrl: 'http://u:p@127.0.0.1/v3' }],
    ['authUrl', { authUrl: 'http://127.0.0.1/v3?x=1' }],
    ['authUrl', { authUrl: 'http://id.example.com/v3' }],
    ['offlineKeysUrl', { offlineKeysUrl: 'http://id.example.com/keys' }],
    ['cacheSeconds', { cacheSeconds: 11 }],
    ['cacheSeconds', { cacheSeconds: -1 }],
    ['cacheSeconds', { cacheSeconds: Number.NaN }],
    ['cacheSeconds', { cacheSeconds: '300' }],
    ['cacheSize', { cacheSize: 1 }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['maxPending', { maxPending: 0 }],
    ['credentials', { credentials: { token: '' } }],
    ['credentials', { credentials: { username: 'svc', password: '' } }],
    ['credentials', { credentials: { applicationCredentialId: 'x', applicationCredentialSecret: '' } }],
  ]
  for (const [name, more] of wrong) {
    it(`refuses ${JSON.stringify(more)} by name`, () => {
      assert.throws(
        () => createGuard({ ...good, ...more }),
        (error: Error) => error instanceof TypeError && error.message.startsWith(`${name}:`),
      )
    })
  }

  it('takes the address with and without /v3, https anywhere, plain HTTP only when told', () => {
    for (const authUrl of [
      'http://localhost:5000/',
      'http://[::1]:5000/v3/',
      'https://id.example.com/identity',
    ]) {
      createGuard({ ...good, authUrl }).close()
    }
    createGuard({ ...good, authUrl: 'http://id.example.com', insecureHttp: true }).close()
  })
})
