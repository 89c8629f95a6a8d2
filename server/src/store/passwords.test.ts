import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain, ensureUser } from './bootstrap.ts'
import { countFailedLogin, findUser } from './identity.ts'
import { currentPasswordId, insertPassword, lastPasswordHashes, replacePassword } from './passwords.ts'
import type { Store } from './store.ts'
import { usedAmong, useOnce } from './used-once.ts'

const NOW = 1_700_000_000_000_000
const password = (hash: string, expiresAt: number | null = null) => ({ hash, expiresAt, selfService: true })

async function withUser(store: Store): Promise<string> {
  return store.write(async (tx) => {
    await ensureDomain(tx, 'default', 'Default', NOW)
    return ensureUser(tx, 'u', 'default', NOW)
  })
}

forEachEngine('passwords', (open) => {
  it('are replaced: the newest counts, the others expire and are forgotten beyond what is kept', async () => {
    const store = await open()
    const id = await withUser(store)
    await store.write((tx) => insertPassword(tx, id, password('one', NOW - 5), NOW))
    for (const [index, hash] of ['two', 'three', 'four'].entries()) {
      const at = { now: NOW + index + 1, keep: 2 }
      await store.write((tx) => replacePassword(tx, id, password(hash), at))
    }
    assert.deepEqual(await lastPasswordHashes(store.db, id, 9), ['four', 'three', 'two'])
    assert.deepEqual(await lastPasswordHashes(store.db, id, 2), ['four', 'three'])
    assert.deepEqual(await lastPasswordHashes(store.db, id, 0), [])
    assert.equal((await findUser(store.db, { id }))?.password?.hash, 'four')
    const rows = await store.db.selectFrom('password').select(['hash', 'expires_at']).execute()
    assert.deepEqual(Object.fromEntries(rows.map((row) => [row.hash, row.expires_at])), {
      two: NOW + 2,
      three: NOW + 3,
      four: null,
    })
  })

  it('set in one and the same microsecond count in their order', async () => {
    const store = await open()
    const id = await withUser(store)
    for (const hash of ['one', 'two', 'three']) {
      await store.write((tx) => replacePassword(tx, id, password(hash), { now: NOW, keep: 3 }))
    }
    assert.deepEqual(await lastPasswordHashes(store.db, id, 3), ['three', 'two', 'one'])
    const current = await currentPasswordId(store.db, id)
    assert.equal(current, (await findUser(store.db, { id }))?.password?.id)
  })

  it('that were wrong are counted, and anew after a lock has passed', async () => {
    const store = await open()
    const id = await withUser(store)
    const rules = { lockoutFailureAttempts: 2, lockoutDuration: 10 }
    const fail = async (at: number) => {
      await store.record((tx) => countFailedLogin(tx, id, at, rules))
      return (await findUser(store.db, { id }))?.failedAuthCount
    }
    assert.equal(await fail(NOW), 1)
    assert.equal(await fail(NOW), 2)
    assert.equal(await fail(NOW + 1), 3)
    assert.equal(await fail(NOW + 10_000_001), 1)
    await store.record((tx) => countFailedLogin(tx, id, NOW, { ...rules, lockoutFailureAttempts: 0 }))
    assert.equal((await findUser(store.db, { id }))?.failedAuthCount, 2)
  })
})

forEachEngine('what may be used once', (open) => {
  const code = { space: 'totp:c', value: '7', expiresAt: NOW + 100 }

  it('is used by one of many who come at once (CVE-2026-1035)', async () => {
    const store = await open()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => store.record((tx) => useOnce(tx, code, NOW))),
    )
    assert.equal(outcomes.filter((first) => first).length, 1)
  })

  it('is remembered by space until its time has passed', async () => {
    const store = await open()
    assert.equal(await store.record((tx) => useOnce(tx, code, NOW)), true)
    assert.equal(await store.record((tx) => useOnce(tx, { ...code, space: 'totp:d' }, NOW)), true)
    assert.deepEqual(await usedAmong(store.db, 'totp:c', ['6', '7']), ['7'])
    assert.equal(await store.record((tx) => useOnce(tx, code, NOW + 100)), false)
    assert.equal(await store.record((tx) => useOnce(tx, code, NOW + 101)), true)
  })
})
