import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { call, kit } from '../test/guard-kit.ts'
import { PASSWORD, reply, startKeystoneDouble, tokenBody } from '../test/keystone-double.ts'
import { createGuard } from './guard.ts'

describe('the token service is away', () => {
  it('503 with Retry-After, never 401, and good again by itself', async (t) => {
    const first = await startKeystoneDouble()
    const problems: string[] = []
    const guard = createGuard({
      authUrl: first.url,
      credentials: { username: 'svc', password: PASSWORD },
      cacheSeconds: 0,
      onProblem: ({ code }) => problems.push(code),
    })
    t.after(() => guard.close())
    first.put('good')
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    await first.close()
    for (const token of ['good', 'garbage']) {
      assert.deepEqual(await guard.check(call(token)), {
        outcome: 'unavailable',
        status: 503,
        retryAfterSeconds: 5,
      })
    }
    assert.deepEqual(problems, ['unreachable'])
    const second = await startKeystoneDouble(Number(new URL(first.url).port))
    t.after(() => second.close())
    second.put('good')
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    assert.equal((await guard.check(call('garbage'))).outcome, 'refused')
  })

  it('fails closed once the cache is over', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    keystone.put('good')
    await guard.check(call('good'))
    await keystone.close()
    pass(9)
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    pass(1)
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
  })

  it('503 when it does not answer in time', async (t) => {
    const { guard, keystone, problems } = await kit(t, { timeoutMs: 100 })
    keystone.answerWith((seen) => seen.method === 'GET')
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    assert.match(problems[0]?.detail ?? '', /no answer within 100 ms/)
    assert.equal(guard.size().pending, 0)
  })

  it('503 when it answers with another protocol, to the login and to a question', async (t) => {
    for (const method of ['POST', 'GET']) {
      const { guard, keystone } = await kit(t, { timeoutMs: 100 })
      keystone.answerWith((seen, response) => {
        if (seen.method !== method) return false
        response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
        return true
      })
      assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
      keystone.answerWith(undefined)
      keystone.put('good')
      assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    }
  })

  it('503 when an answer stops half way', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'GET') return false
      response.writeHead(200, { 'Content-Length': '1000' }).write('{"token":')
      setTimeout(() => response.destroy(), 10)
      return true
    })
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
  })

  for (const status of [500, 502, 503, 403, 302, 204, 201, 429]) {
    it(`503 when it answers ${status}`, async (t) => {
      const { guard, keystone } = await kit(t)
      keystone.put('good')
      keystone.answerWith((seen, response) => {
        if (seen.method !== 'GET') return false
        reply(response, status, { token: tokenBody() })
        return true
      })
      assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    })
  }

  it('passes on its Retry-After', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'GET') return false
      response.setHeader('Retry-After', '17')
      reply(response, 503, {})
      return true
    })
    assert.deepEqual(await guard.check(call('good')), {
      outcome: 'unavailable',
      status: 503,
      retryAfterSeconds: 17,
    })
  })

  it('a redirect is not followed: the own token goes nowhere else', async (t) => {
    const { guard, keystone } = await kit(t)
    const other = await startKeystoneDouble()
    t.after(() => other.close())
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'GET') return false
      response.writeHead(307, { Location: `${other.url}/auth/tokens` }).end()
      return true
    })
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    assert.equal(other.seen.length, 0)
  })

  const BAD_BODIES: readonly (readonly [string, string])[] = [
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['no token', '{}'],
    ['no user', JSON.stringify({ token: tokenBody({ user: undefined }) })],
    ['an empty user id', JSON.stringify({ token: tokenBody({ user: { id: '' } }) })],
    ['no expiry', JSON.stringify({ token: tokenBody({ expires_at: undefined }) })],
    ['an expiry without zone', JSON.stringify({ token: tokenBody({ expires_at: '2099-01-01T00:00:00' }) })],
    [
      'an expiry that is no date',
      JSON.stringify({ token: tokenBody({ expires_at: '2099-99-01T00:00:00Z' }) }),
    ],
    ['a role without name', JSON.stringify({ token: tokenBody({ roles: [{ id: 'r' }] }) })],
    [
      'odd access rules',
      JSON.stringify({ token: tokenBody({ application_credential: { id: 'x', access_rules: 'all' } }) }),
    ],
  ]
  for (const [what, body] of BAD_BODIES) {
    it(`503 when its 200 holds ${what}`, async (t) => {
      const { guard, keystone } = await kit(t)
      keystone.answerWith((seen, response) => {
        if (seen.method !== 'GET') return false
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(body)
        return true
      })
      assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    })
  }

  it('503 when its answer is endless', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'GET') return false
      response.writeHead(200)
      const chunk = Buffer.alloc(1 << 20, 32)
      const more = (): void => {
        if (!response.destroyed) response.write(chunk, () => setImmediate(more))
      }
      more()
      return true
    })
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
  })

  it('says so once in ten seconds, however many ask', async (t) => {
    const { guard, keystone, problems, pass } = await kit(t)
    await keystone.close()
    for (let n = 0; n < 50; n++) await guard.check(call(`t${n}`))
    assert.equal(problems.length, 1)
    pass(10)
    await guard.check(call('x'))
    assert.equal(problems.length, 2)
  })
})

describe('connections to the token service', () => {
  it('are kept', async (t) => {
    const { guard, keystone } = await kit(t, { cacheSeconds: 0 })
    keystone.put('good')
    for (let n = 0; n < 20; n++) await guard.check(call('good'))
    assert.equal(keystone.sockets(), 1)
  })

  it('one that the service closed while idle costs nobody a request', async (t) => {
    const { guard, keystone } = await kit(t, { cacheSeconds: 0 })
    keystone.put('good')
    await guard.check(call('good'))
    let cut = true
    keystone.answerWith((_seen, response) => {
      if (!cut) return false
      cut = false
      response.socket?.resetAndDestroy()
      return true
    })
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    assert.equal(keystone.sockets(), 2)
  })
})

describe('delegated callers', () => {
  const RULES = [{ service: 'rds', method: 'GET', path: '/v3/{project_id}/instances' }]
  const credential = (access_rules?: unknown) => ({
    application_credential: {
      id: 'ac1',
      name: 'ci',
      restricted: true,
      ...(access_rules !== undefined && { access_rules }),
    },
  })

  it('an application credential without rules may call everything', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('ac', credential())
    const outcome = await guard.check(call('ac'))
    assert.ok(outcome.outcome === 'accepted')
    assert.deepEqual(outcome.identity.delegated, {
      applicationCredential: { id: 'ac1', name: 'ci', restricted: true },
    })
  })

  it('401 outside the rules of an application credential', async (t) => {
    const { guard, keystone } = await kit(t, { serviceType: 'rds' })
    keystone.put('ac', credential(RULES))
    assert.equal((await guard.check(call('ac'))).outcome, 'accepted')
    assert.equal((await guard.check(call('ac', { url: '/v3/p1/instances?limit=1' }))).outcome, 'accepted')
    for (const request of [
      call('ac', { method: 'POST' }),
      call('ac', { url: '/v3/p1/instances/i1' }),
      call('ac', { url: '/v3/p1/../x/instances' }),
      call('ac', { url: '/instances', originalUrl: '/v3/p1/other' }),
    ]) {
      assert.deepEqual(await guard.check(request), { outcome: 'refused', status: 401, reason: 'not_allowed' })
    }
  })

  it('401 with rules and no serviceType: they cannot be compared', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('ac', credential(RULES))
    assert.equal((await guard.check(call('ac'))).outcome, 'refused')
  })

  it('401 with an empty list of rules', async (t) => {
    const { guard, keystone } = await kit(t, { serviceType: 'rds' })
    keystone.put('ac', credential([]))
    assert.equal((await guard.check(call('ac'))).outcome, 'refused')
  })

  it('a trust, an agency and an OAuth1 access token are told', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('all', {
      'OS-TRUST:trust': {
        id: 't1',
        trustor_user: { id: 'u1' },
        trustee_user: { id: 'u2' },
        impersonation: true,
      },
      assumed_by: { user: { id: 'u9', name: 'bob', domain: { id: 'd9', name: 'nine' } } },
      'OS-OAUTH1': { access_token_id: 'a1', consumer_id: 'c1' },
    })
    const outcome = await guard.check(call('all'))
    assert.ok(outcome.outcome === 'accepted')
    assert.deepEqual(outcome.identity.delegated, {
      trust: { id: 't1', trustorUserId: 'u1', trusteeUserId: 'u2', impersonation: true },
      assumedBy: { userId: 'u9', userName: 'bob', userDomainId: 'd9', userDomainName: 'nine' },
      oauth1: { accessTokenId: 'a1', consumerId: 'c1' },
    })
  })

  it('a body with a project and a domain is a project token, nothing wider', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('both', { domain: { id: 'd1', name: 'one' }, system: { all: true } })
    const outcome = await guard.check(call('both'))
    assert.ok(outcome.outcome === 'accepted')
    assert.equal(outcome.identity.projectId, 'p1')
    assert.equal(outcome.identity.domainId, undefined)
    assert.equal(outcome.identity.system, false)
  })
})

describe('a request that another service sends on', () => {
  const sentOn = (token: string, service: string) =>
    call(token, { headers: { 'x-auth-token': token, 'x-service-token': service } })

  it('is accepted after the user’s token has expired', async (t) => {
    const { guard, keystone } = await kit(t, { serviceRoles: ['service'] })
    keystone.put('svc', { user: { id: 'nova', name: 'nova' }, roles: [{ name: 'service' }] })
    keystone.put('old', { expires_at: '2020-01-01T00:00:00.000000Z' })
    const outcome = await guard.check(sentOn('old', 'svc'))
    assert.ok(outcome.outcome === 'accepted')
    assert.equal(outcome.identity.userId, 'u1')
    assert.equal(outcome.serviceIdentity?.userId, 'nova')
    assert.ok(keystone.seen.at(-1)?.url.includes('allow_expired=1'))
  })

  it('401 when the service token has no service role, is unknown, expired, restricted or unreadable', async (t) => {
    const { guard, keystone } = await kit(t, { serviceRoles: ['service'] })
    keystone.put('good')
    keystone.put('member', { roles: [{ name: 'member' }] })
    keystone.put('oldsvc', { roles: [{ name: 'service' }], expires_at: '2020-01-01T00:00:00Z' })
    keystone.put('bound', {
      roles: [{ name: 'service' }],
      application_credential: { id: 'x', access_rules: [{ service: 'a', method: 'GET', path: '/' }] },
    })
    for (const service of ['member', 'garbage', 'oldsvc', 'bound', 'a b']) {
      const outcome = await guard.check(sentOn('good', service))
      assert.deepEqual(outcome, { outcome: 'refused', status: 401, reason: 'service_token' }, service)
    }
  })

  it('access rules do not bind what a service sends on, and bind the rest', async (t) => {
    const { guard, keystone } = await kit(t, { serviceRoles: ['service'], serviceType: 'rds' })
    keystone.put('svc', { roles: [{ name: 'service' }] })
    keystone.put('ac', { application_credential: { id: 'x', access_rules: [] } })
    assert.equal((await guard.check(sentOn('ac', 'svc'))).outcome, 'accepted')
    assert.equal((await guard.check(call('ac'))).outcome, 'refused')
  })

  it('a service that does not look at service tokens gives them no force', async (t) => {
    const { guard, keystone } = await kit(t, { serviceType: 'rds' })
    keystone.put('svc', { roles: [{ name: 'service' }] })
    keystone.put('old', { expires_at: '2020-01-01T00:00:00.000000Z' })
    keystone.put('ac', { application_credential: { id: 'x', access_rules: [] } })
    assert.equal((await guard.check(sentOn('old', 'svc'))).outcome, 'refused')
    assert.equal((await guard.check(sentOn('ac', 'svc'))).outcome, 'refused')
    assert.equal(keystone.validations('svc'), 0)
  })

  it('401 a service token alone', async (t) => {
    const { guard, keystone } = await kit(t, { serviceRoles: ['service'] })
    keystone.put('svc', { roles: [{ name: 'service' }] })
    const outcome = await guard.check(call(undefined, { headers: { 'x-service-token': 'svc' } }))
    assert.ok(outcome.outcome === 'refused')
    assert.equal(outcome.reason, 'missing')
  })
})
