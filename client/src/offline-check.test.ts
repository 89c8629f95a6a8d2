import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  type Claims,
  encodeJws,
  type JwsKey,
  jwsKey,
  jwsKeyring,
  publicJwks,
  signCompact,
} from '@tokenhouse/tokens'
import { call, kit } from '../test/guard-kit.ts'

function newKey(kid: string): JwsKey {
  return jwsKey('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, kid)
}

function claims(more: Partial<Claims> = {}): Claims {
  const issuedAt = Math.floor(Date.now() / 1000)
  return {
    userId: '0f5f3c1e8f5b4f0d9c0f5b6a7d8e9f00',
    methods: ['password'],
    scope: { kind: 'project', id: '1f5f3c1e8f5b4f0d9c0f5b6a7d8e9f00' },
    via: [],
    auditIds: ['dTAmZrDtTbO9u7v8Qq1AkQ'],
    issuedAt,
    expiresAt: issuedAt + 3600,
    ...more,
  }
}

const token = (key: JwsKey, more: Partial<Claims> = {}) => encodeJws(claims(more), jwsKeyring([key]))

/** A key set on a real server, and a guard that checks with it. */
async function offlineKit(test: TestContext, keys: JwsKey[]) {
  let fetched = 0
  let isHeld = false
  const server = createServer((_request, response) => {
    fetched++
    if (isHeld) return
    response.end(JSON.stringify(publicJwks(keys)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.after(() => server.close())
  const offlineKeysUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  /** From now on the key set is asked for and never given. */
  const hold = (): void => {
    isHeld = true
  }
  return { ...(await kit(test, { offlineKeysUrl })), fetched: () => fetched, stop, hold }
}

describe('checking signed tokens offline', () => {
  it('accepts with the published keys alone, and says that it was offline', async (t) => {
    const key = newKey('k1')
    const { guard, keystone, fetched } = await offlineKit(t, [key])
    for (let n = 0; n < 3; n++) {
      const outcome = await guard.check(call(token(key)))
      assert.ok(outcome.outcome === 'accepted')
      assert.equal(outcome.identity.checked, 'offline')
      assert.equal(outcome.identity.userId, '0f5f3c1e8f5b4f0d9c0f5b6a7d8e9f00')
      assert.equal(outcome.identity.projectId, '1f5f3c1e8f5b4f0d9c0f5b6a7d8e9f00')
      assert.deepEqual(outcome.identity.roles, [])
    }
    assert.equal(fetched(), 1)
    assert.equal(keystone.seen.length, 0)
  })

  it('is off unless asked for: a signed token is checked online', async (t) => {
    const { guard, keystone } = await kit(t)
    const signed = token(newKey('k1'))
    assert.equal((await guard.check(call(signed))).outcome, 'refused')
    assert.equal(keystone.validations(signed), 1)
  })

  it('401 an expired one', async (t) => {
    const key = newKey('k1')
    const { guard, pass } = await offlineKit(t, [key])
    pass(3601)
    const outcome = await guard.check(call(token(key)))
    assert.ok(outcome.outcome === 'refused')
    assert.equal(outcome.reason, 'expired')
  })

  it('401 one signed with another key, altered, cut, unsigned: none is accepted offline', async (t) => {
    const key = newKey('k1')
    const { guard } = await offlineKit(t, [key])
    const good = token(key)
    const [header = '', body = '', signature = ''] = good.split('.')
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const forged = [
      token(newKey('k1')),
      token(newKey('k2')),
      `${header}.${Buffer.from(JSON.stringify({ sub: 'admin' })).toString('base64url')}.${signature}`,
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
      good.slice(0, -1),
      `${good}A`,
      signCompact({ sub: 'u', exp: 9e9, iat: 1, admin: true }, key),
    ]
    for (const bad of forged) assert.equal((await guard.check(call(bad))).outcome, 'refused', bad)
  })

  it('asks online about Fernet tokens, and about every delegated session', async (t) => {
    const key = newKey('k1')
    const { guard, keystone } = await offlineKit(t, [key])
    const delegated = [
      token(key, { via: [{ kind: 'application_credential', id: '2f5f3c1e8f5b4f0d9c0f5b6a7d8e9f00' }] }),
      token(key, { via: [{ kind: 'trust', id: '2f5f3c1e8f5b4f0d9c0f5b6a7d8e9f00' }] }),
      'gAAAAABg',
    ]
    for (const one of delegated) {
      assert.equal((await guard.check(call(one))).outcome, 'refused')
      assert.equal(keystone.validations(one), 1)
    }
  })

  it('a token from the future is asked about online', async (t) => {
    const key = newKey('k1')
    const { guard, keystone } = await offlineKit(t, [key])
    const issuedAt = Math.floor(Date.now() / 1000) + 600
    const early = token(key, { issuedAt, expiresAt: issuedAt + 3600 })
    assert.equal((await guard.check(call(early))).outcome, 'refused')
    assert.equal(keystone.validations(early), 1)
  })

  it('learns a new key when it meets one, not for every made-up token', async (t) => {
    const keys = [newKey('k1')]
    const { guard, fetched, pass } = await offlineKit(t, keys)
    assert.equal((await guard.check(call(token(keys[0]!)))).outcome, 'accepted')
    keys.push(newKey('k2'))
    assert.equal((await guard.check(call(token(keys[1]!)))).outcome, 'refused')
    pass(10)
    assert.equal((await guard.check(call(token(keys[1]!)))).outcome, 'accepted')
    for (let n = 0; n < 10; n++) await guard.check(call(token(newKey('kx'))))
    assert.equal(fetched(), 2)
  })

  it('nobody with a known key waits while the key of a made-up token is looked for', async (t) => {
    const key = newKey('k1')
    const { guard, hold, stop, pass } = await offlineKit(t, [key])
    assert.equal((await guard.check(call(token(key)))).outcome, 'accepted')
    pass(10)
    hold()
    const madeUp = guard.check(call(token(newKey('kx'))))
    await setImmediate()
    let outcome = 'waits'
    guard.check(call(token(key))).then((judged) => {
      outcome = judged.outcome
    })
    await setImmediate()
    assert.equal(outcome, 'accepted')
    stop()
    assert.equal((await madeUp).outcome, 'refused')
  })

  it('a withdrawn key is out after five minutes', async (t) => {
    const keys = [newKey('k1'), newKey('k2')]
    const { guard, pass } = await offlineKit(t, keys)
    const signed = token(keys[0]!)
    assert.equal((await guard.check(call(signed))).outcome, 'accepted')
    keys.shift()
    pass(300)
    assert.equal((await guard.check(call(signed))).outcome, 'refused')
  })

  it('goes on for an hour with the keys it has when the key set is away, and then no longer', async (t) => {
    const key = newKey('k1')
    const { guard, keystone, stop, pass } = await offlineKit(t, [key])
    const issuedAt = Math.floor(Date.now() / 1000)
    const long = token(key, { expiresAt: issuedAt + 86_400 })
    assert.equal((await guard.check(call(long))).outcome, 'accepted')
    stop()
    await keystone.close()
    pass(3599)
    assert.equal((await guard.check(call(long))).outcome, 'accepted')
    pass(2)
    assert.equal((await guard.check(call(long))).outcome, 'unavailable')
  })
})
