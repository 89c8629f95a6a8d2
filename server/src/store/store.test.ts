import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { sql } from 'kysely'
import { forEachDatabase, forEachEngine } from '../testing/engines.ts'
import { migrate, pendingMigrations } from './migrate.ts'
import { openStore } from './store.ts'

const region = (id: string) => ({ id, description: '', parent_region_id: null, extra: '{}' })

forEachEngine('the store', (open) => {
  it('is at the newest schema after migrate, and migrating again does nothing', async () => {
    const store = await open()
    assert.deepEqual(await pendingMigrations(store), [])
    assert.deepEqual(await migrate(store), [])
  })

  it('is refused when a newer program has migrated it', async () => {
    const store = await open()
    const [name, timestamp] = ['9999-later', '2030-01-01']
    await sql`insert into kysely_migration (name, timestamp) values (${name}, ${timestamp})`.execute(
      store.migrationDb,
    )
    for (const looked of [pendingMigrations, migrate])
      await assert.rejects(looked(store), /newer than this program: it has 9999-later/)
  })

  it('shows a write to the reader once it is acknowledged, and advances the epoch', async () => {
    const store = await open()
    const before = store.epoch()
    await store.write((tx) => tx.insertInto('region').values(region('a')).execute())
    assert.equal(store.epoch(), before + 1)
    const rows = await store.db.selectFrom('region').select('id').execute()
    assert.deepEqual(
      rows.map((r) => r.id),
      ['a'],
    )
  })

  it('leaves the epoch alone for bookkeeping', async () => {
    const store = await open()
    const before = store.epoch()
    await store.record((tx) => tx.insertInto('region').values(region('a')).execute())
    assert.equal(store.epoch(), before)
  })

  it('undoes a change that throws and keeps those that wait with it', async () => {
    const store = await open()
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'a'].map((id) =>
        store.write(async (tx) => {
          await tx
            .insertInto('region')
            .values(region(`${id}-first`))
            .execute()
          if (id === 'b') throw new Error('refused')
          await tx.insertInto('region').values(region(id)).execute()
        }),
      ),
    )
    const [first, b, c, second] = outcomes.map((o) => o.status)
    assert.deepEqual([b, c], ['rejected', 'fulfilled'])
    // On PostgreSQL either of the two that want the same id may come first.
    assert.deepEqual([first, second].sort(), ['fulfilled', 'rejected'])
    const rows = await store.db.selectFrom('region').select('id').orderBy('id').execute()
    assert.deepEqual(
      rows.map((r) => r.id),
      ['a', 'a-first', 'c', 'c-first'],
    )
  })

  it('keeps audit lines beside changes that fail, and leaves the epoch alone', async () => {
    const store = await open()
    const before = store.epoch()
    const line = (action: string) => ({
      at: 1,
      action,
      outcome: 'success',
      chain: '',
      actor_id: '',
      target: '',
      reason: '',
      request_id: '',
    })
    const outcomes = await Promise.allSettled([
      store.audit(line('first')),
      store.record(async () => {
        throw new Error('refused')
      }),
      store.audit({ ...line('broken'), target: null as unknown as string }),
      store.audit(line('last')),
    ])
    assert.deepEqual(
      outcomes.map((o) => o.status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
    const rows = await store.db.selectFrom('audit_event').select('action').orderBy('action').execute()
    assert.deepEqual(
      rows.map((r) => r.action),
      ['first', 'last'],
    )
    assert.equal(store.epoch(), before)
  })
})

forEachDatabase('two processes on one store', (newUrl) => {
  const closing: (() => unknown)[] = []
  after(async () => {
    for (const close of closing.reverse()) await close()
  })

  it('let no two changes decide by the same facts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-store-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    const given = await newUrl()
    const url = given.startsWith('sqlite:') ? `sqlite:${join(folder, 'store.db')}` : given
    const stores = [await openStore(url), await openStore(url)]
    closing.push(...stores.map((store) => store.close))
    await migrate(stores[0]!)
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        stores[i % 2]!.write(async (tx) => {
          const there = await tx.selectFrom('region').select('id').execute()
          if (there.length >= 2) return false
          await tx
            .insertInto('region')
            .values(region(`r${i}`))
            .execute()
          return true
        }),
      ),
    )
    assert.equal(made.filter((one) => one).length, 2)
  })
})
