import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { call, kit } from '../test/guard-kit.ts'
import { PASSWORD, reply } from '../test/keystone-double.ts'

describe('the token of the guarded service itself', () => {
  it('is fetched once, when first needed, however many wait', async (t) => {
    const { guard, keystone } = await kit(t)
    assert.equal(keystone.logins(), 0)
    await Promise.all(Array.from({ length: 50 }, (_, n) => guard.check(call(`t${n}`))))
    assert.equal(keystone.logins(), 1)
  })

  it('is renewed before it expires, without holding anybody up', async (t) => {
    const { guard, keystone, pass } = await kit(t, { cacheSeconds: 0 })
    await guard.check(call('x'))
    pass(3600 - 299)
    await guard.check(call('y'))
    assert.equal(keystone.seen.filter(({ headers }) => headers['x-auth-token'] === 'own-1').length, 2)
    while (keystone.logins() < 2) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await guard.check(call('z'))
    assert.equal(keystone.seen.at(-1)?.headers['x-auth-token'], 'own-2')
  })

  it('is renewed at once when it has expired', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    keystone.loginLifetimeSeconds(30)
    await guard.check(call('x'))
    pass(31)
    keystone.loginLifetimeSeconds(3600)
    assert.equal((await guard.check(call('x'))).outcome, 'refused')
    assert.equal(keystone.logins(), 2)
  })

  it('is renewed once when it is refused, for all who wait, and nobody notices', async (t) => {
    const { guard, keystone } = await kit(t, { cacheSeconds: 0 })
    for (let n = 0; n < 20; n++) keystone.put(`t${n}`)
    await guard.check(call('t0'))
    keystone.dropOwnTokens()
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => guard.check(call(`t${n}`))))
    assert.ok(outcomes.every(({ outcome }) => outcome === 'accepted'))
    assert.equal(keystone.logins(), 2)
  })

  it('wrong credentials: 503, one login, then waits twice as long each time (no lockout, no flood)', async (t) => {
    const { guard, keystone, problems, pass } = await kit(t, {
      credentials: { username: 'svc', password: 'wrong' },
    })
    const posts = () => keystone.seen.filter(({ method }) => method === 'POST').length
    const waits: number[] = []
    for (const seconds of [0, 4, 1, 9, 1, 100, 100, 100, 100]) {
      pass(seconds)
      const outcome = await guard.check(call('good'))
      assert.ok(outcome.outcome === 'unavailable')
      waits.push(outcome.retryAfterSeconds)
    }
    assert.deepEqual(waits, [5, 1, 10, 1, 20, 40, 60, 60, 60])
    assert.equal(posts(), 7)
    assert.equal(problems[0]?.code, 'credentials_refused')
    assert.doesNotMatch(JSON.stringify(problems), /wrong/)
  })

  it('a token that is refused fresh from the login does not make a login for every request', async (t) => {
    const { guard, keystone } = await kit(t, { cacheSeconds: 0 })
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'GET') return false
      reply(response, 401, {})
      return true
    })
    for (let n = 0; n < 20; n++) assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    assert.equal(keystone.logins(), 2)
  })

  it('a fresh token refused to many who asked together is one refusal: 5 seconds to wait', async (t) => {
    const { guard, keystone, pass } = await kit(t, { cacheSeconds: 0 })
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'GET') return false
      reply(response, 401, {})
      return true
    })
    await Promise.all(Array.from({ length: 20 }, (_, n) => guard.check(call(`t${n}`))))
    pass(5)
    keystone.answerWith(undefined)
    keystone.put('good')
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
  })

  it('a refused renewal leaves the token at hand until its end', async (t) => {
    const { guard, keystone, pass } = await kit(t, { cacheSeconds: 0 })
    keystone.put('good')
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'POST') return false
      reply(response, 401, {})
      return true
    })
    pass(3590)
    for (let n = 0; n < 3; n++) assert.equal((await guard.check(call('good'))).outcome, 'accepted')
  })

  it('503 with the Retry-After of a login that was put off', async (t) => {
    const { guard, keystone, problems } = await kit(t)
    for (const status of [429, 503]) {
      keystone.answerWith((_seen, response) => {
        reply(response.setHeader('Retry-After', '30'), status, {})
        return true
      })
      const outcome = await guard.check(call('good'))
      assert.deepEqual(outcome, { outcome: 'unavailable', status: 503, retryAfterSeconds: 30 })
    }
    assert.equal(problems[0]?.code, 'unreachable')
  })

  it('a login that is answered oddly is 503', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    const answers: readonly ((response: import('node:http').ServerResponse) => void)[] = [
      (response) => reply(response, 201, { token: { expires_at: '2099-01-01T00:00:00Z' } }),
      (response) => reply(response.setHeader('X-Subject-Token', 'x'), 201, {}),
      (response) =>
        reply(response.setHeader('X-Subject-Token', 'x'), 201, {
          token: { expires_at: '2001-01-01T00:00:00Z' },
        }),
      (response) => response.writeHead(201, { 'X-Subject-Token': 'x' }).end('{'),
      (response) => reply(response, 200, {}),
      (response) => reply(response, 500, {}),
    ]
    for (const answer of answers) {
      keystone.answerWith((_seen, response) => {
        answer(response)
        return true
      })
      assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
      pass(100)
    }
    keystone.answerWith(undefined)
    keystone.put('good', { expires_at: '2099-01-01T00:00:00Z' })
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
  })

  it('asks by password with the names given', async (t) => {
    const bodies: unknown[] = []
    for (const credentials of [
      {
        username: 'svc',
        userDomainName: 'Default',
        password: PASSWORD,
        projectName: 'service',
        projectDomainName: 'Default',
      },
      { userId: 'u1', password: PASSWORD, projectId: 'p1' },
      { username: 'svc', userDomainId: 'default', password: PASSWORD, systemScope: 'all' as const },
      { username: 'svc', password: PASSWORD, projectName: 'region-1' },
      { userId: 'u1', password: PASSWORD },
      { applicationCredentialId: 'ac', applicationCredentialSecret: PASSWORD },
    ]) {
      const { guard, keystone } = await kit(t, { credentials })
      await guard.check(call('x'))
      bodies.push(keystone.bodies[0])
    }
    const password = (user: object, scope?: object) => ({
      auth: {
        identity: { methods: ['password'], password: { user: { ...user, password: PASSWORD } } },
        ...(scope && { scope }),
      },
    })
    assert.deepEqual(bodies, [
      password(
        { name: 'svc', domain: { name: 'Default' } },
        { project: { name: 'service', domain: { name: 'Default' } } },
      ),
      password({ id: 'u1' }, { project: { id: 'p1' } }),
      password({ name: 'svc', domain: { id: 'default' } }, { system: { all: true } }),
      password({ name: 'svc' }, { project: { name: 'region-1' } }),
      password({ id: 'u1' }),
      {
        auth: {
          identity: {
            methods: ['application_credential'],
            application_credential: { id: 'ac', secret: PASSWORD },
          },
        },
      },
    ])
  })

  it('a given token is used as it is; a function is asked again when it is refused', async (t) => {
    let given = 0
    const { guard, keystone } = await kit(t, { credentials: { token: () => `own-${++given}` } })
    keystone.put('good')
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    assert.equal(given, 2)
    assert.equal(keystone.logins(), 0)
  })

  it('a function that brings no token is 503', async (t) => {
    const { guard } = await kit(t, { credentials: { token: () => Promise.reject(new Error('secret text')) } })
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
  })

  it('a function that brings what no header can carry is asked again', async (t) => {
    const given: unknown[] = [undefined, '', 'own-1\n', 'own-1']
    const { guard, keystone } = await kit(t, { credentials: { token: () => given.shift() as string } })
    keystone.put('good')
    for (let n = 0; n < 3; n++) assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    assert.equal(keystone.seen.length, 0)
    await guard.check(call('good'))
    assert.equal(keystone.seen[0]?.headers['x-auth-token'], 'own-1')
  })
})
