import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { call, kit } from '../test/guard-kit.ts'
import type { MillionTokens } from '../test/million-tokens.ts'
import { tokenKey } from './token-cache.ts'

describe('the cache of a guard', () => {
  it('asks once for a token within 10 seconds, again after', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    keystone.put('good')
    for (let n = 0; n < 5; n++) await guard.check(call('good'))
    assert.equal(keystone.validations(), 1)
    pass(9.9)
    await guard.check(call('good'))
    assert.equal(keystone.validations(), 1)
    pass(0.2)
    await guard.check(call('good'))
    assert.equal(keystone.validations(), 2)
  })

  it('a revoked token is refused after at most 10 seconds', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    keystone.put('good')
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    keystone.revoke('good')
    pass(10)
    assert.equal((await guard.check(call('good'))).outcome, 'refused')
  })

  it('setting the clock back does not make it last longer', async (t) => {
    const { guard, keystone, pass, setWall } = await kit(t)
    keystone.put('good')
    await guard.check(call('good'))
    keystone.revoke('good')
    setWall(-3600)
    pass(10)
    assert.equal((await guard.check(call('good'))).outcome, 'refused')
  })

  it('never outlives the token', async (t) => {
    const { guard, keystone, setWall } = await kit(t)
    keystone.put('good')
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
    setWall(3601)
    const outcome = await guard.check(call('good'))
    assert.ok(outcome.outcome === 'refused')
    assert.equal(outcome.reason, 'expired')
    assert.equal(keystone.validations(), 1)
  })

  it('does not remember that the token service was away', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('good')
    keystone.answerWith((seen, response) => {
      if (seen.method !== 'GET') return false
      keystone.answerWith(undefined)
      response.writeHead(500).end()
      return true
    })
    assert.equal((await guard.check(call('good'))).outcome, 'unavailable')
    assert.equal((await guard.check(call('good'))).outcome, 'accepted')
  })

  it('counts from when the question was asked, not from the answer', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    keystone.put('good')
    keystone.answerWith((seen) => {
      if (seen.method === 'GET') pass(8)
      return false
    })
    await guard.check(call('good'))
    pass(3)
    await guard.check(call('good'))
    assert.equal(keystone.validations(), 2)
  })

  it('cacheSeconds 0 asks every time', async (t) => {
    const { guard, keystone } = await kit(t, { cacheSeconds: 0 })
    keystone.put('good')
    await guard.check(call('good'))
    await guard.check(call('good'))
    assert.equal(keystone.validations(), 2)
    assert.deepEqual(guard.size(), { valid: 0, refused: 0, pending: 0 })
  })

  it('checks of one token that arrive together are one question', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('good')
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => guard.check(call('good'))))
    assert.ok(outcomes.every(({ outcome }) => outcome === 'accepted'))
    assert.equal(keystone.validations(), 1)
    assert.equal(keystone.logins(), 1)
  })

  it('a refused token is asked about again after 2 seconds', async (t) => {
    const { guard, keystone, pass } = await kit(t)
    await guard.check(call('later'))
    await guard.check(call('later'))
    assert.equal(keystone.validations(), 1)
    keystone.put('later')
    pass(2)
    assert.equal((await guard.check(call('later'))).outcome, 'accepted')
  })

  it('an answer for an expired token, asked for with a service token, is not reused without one', async (t) => {
    const { guard, keystone } = await kit(t, { serviceRoles: ['service'] })
    keystone.put('svc', { roles: [{ name: 'service' }] })
    keystone.put('old', { expires_at: '2020-01-01T00:00:00.000000Z' })
    const sentOn = call('old', { headers: { 'x-auth-token': 'old', 'x-service-token': 'svc' } })
    assert.equal((await guard.check(sentOn)).outcome, 'accepted')
    assert.equal((await guard.check(call('old'))).outcome, 'refused')
  })

  it('holds at most cacheSize tokens, the longest unused goes first', async (t) => {
    const { guard, keystone } = await kit(t, { cacheSize: 2 })
    for (const token of ['a', 'b', 'c']) keystone.put(token)
    for (const token of ['a', 'b', 'a', 'c']) await guard.check(call(token))
    assert.equal(guard.size().valid, 2)
    await guard.check(call('a'))
    assert.equal(keystone.validations('a'), 1)
    await guard.check(call('b'))
    assert.equal(keystone.validations('b'), 2)
  })

  it('a million made-up tokens leave memory flat and real callers in the cache', async () => {
    const worker = new Worker(new URL('../test/million-tokens.ts', import.meta.url))
    const [{ sizes, grownBytes }] = (await once(worker, 'message')) as [MillionTokens]
    assert.equal(sizes.valid, 1)
    assert.equal(sizes.pending, 0)
    assert.ok(sizes.refused <= 1000)
    assert.ok(grownBytes < 4 * 1024 * 1024, `grew by ${grownBytes} bytes`)
  })

  it('503 when too many different tokens are being checked at once', async (t) => {
    const { guard, keystone, problems } = await kit(t, { maxPending: 3 })
    for (let n = 0; n < 4; n++) keystone.put(`t${n}`)
    const outcomes = await Promise.all([0, 1, 2, 3].map((n) => guard.check(call(`t${n}`))))
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['accepted', 'accepted', 'accepted', 'unavailable'],
    )
    assert.equal(problems[0]?.code, 'overloaded')
    assert.equal((await guard.check(call('t3'))).outcome, 'accepted')
  })

  it('keys hold no token, and tell the two questions apart', () => {
    assert.match(tokenKey('good', false), /^[\w+/]{43}=$/)
    assert.notEqual(tokenKey('good', false), tokenKey('good', true))
  })
})

describe('CVE-2014-0105: identities mixed between requests', () => {
  it('200 parallel users, 1000 validations each: every answer is the asker’s own', async (t) => {
    const { guard, keystone } = await kit(t, { maxSockets: 16 })
    const users = Array.from({ length: 200 }, (_, n) => `u${n}`)
    for (const user of users) {
      keystone.put(`token-of-${user}`, {
        user: { id: user, name: user },
        project: { id: `p-${user}`, name: user },
      })
    }
    let mixed = 0
    await Promise.all(
      users.map(async (user) => {
        for (let n = 0; n < 1000; n++) {
          // Answers from the cache need no turn of the event loop; those of the token service do.
          if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
          const outcome = await guard.check(call(`token-of-${user}`))
          if (outcome.outcome !== 'accepted' || outcome.identity.userId !== user) mixed++
          else if (outcome.identity.projectId !== `p-${user}`) mixed++
        }
      }),
    )
    assert.equal(mixed, 0)
    assert.equal(keystone.validations(), 200)
  })

  it('the same without a cache, answers coming back in another order', async (t) => {
    const { guard, keystone } = await kit(t, { cacheSeconds: 0, maxSockets: 16 })
    const users = Array.from({ length: 200 }, (_, n) => `u${n}`)
    for (const user of users) keystone.put(`token-of-${user}`, { user: { id: user, name: user } })
    let mixed = 0
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        users.map(async (user) => {
          const outcome = await guard.check(call(`token-of-${user}`))
          if (outcome.outcome !== 'accepted' || outcome.identity.userId !== user) mixed++
        }),
      )
    }
    assert.equal(mixed, 0)
  })

  it('what one request does to its identity, another does not see', async (t) => {
    const { guard, keystone } = await kit(t)
    keystone.put('good')
    const first = await guard.check(call('good'))
    assert.ok(first.outcome === 'accepted')
    assert.throws(() => (first.identity.roles as string[]).push('admin'), TypeError)
    assert.throws(() => Object.assign(first.identity, { userId: 'root' }), TypeError)
    const second = await guard.check(call('good'))
    assert.ok(second.outcome === 'accepted')
    assert.deepEqual(second.identity.roles, ['member', 'reader'])
  })
})
