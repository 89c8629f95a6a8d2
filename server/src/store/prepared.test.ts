import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { sql } from 'kysely'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain, ensureProject } from './bootstrap.ts'
import { prepared } from './prepared.ts'
import type { Db, Store } from './store.ts'

const NOW = 1_700_000_000_123_456

forEachEngine('a prepared query', (open) => {
  let store: Store
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', NOW)
      for (const name of ['a', 'b']) await ensureProject(tx, name, 'd1', NOW)
    })
  })
  let built = 0
  const named = prepared((db: Db) => {
    built++
    const projects = db.selectFrom('project').select('name').where('is_domain', '=', sql.lit(0))
    return projects.where('domain_id', '=', '').where('name', '=', '').limit(sql.lit(1))
  })

  const names = async (db: Db, ...values: string[]) => (await named(db, ...values)).map(({ name }) => name)

  it('is built once and run with the values of each call', async () => {
    built = 0
    assert.deepEqual(await names(store.db, 'd1', 'a'), ['a'])
    assert.deepEqual(await names(store.db, 'd1', 'b'), ['b'])
    assert.deepEqual(await names(store.db, 'd2', 'b'), [])
    assert.equal(built, 1)
  })

  it('sees inside a transaction what the transaction wrote', async () => {
    await store.write(async (tx) => {
      await ensureProject(tx, 'c', 'd1', NOW)
      assert.deepEqual(await names(tx, 'd1', 'c'), ['c'])
    })
  })

  it('takes values for what they are, whatever is written in them', async () => {
    assert.deepEqual(await names(store.db, 'd1', "a' or '1'='1"), [])
  })

  it('is not run with fewer values than it takes, or more', async () => {
    await assert.rejects(named(store.db, 'd1'), /not the values of select/)
    await assert.rejects(named(store.db, 'd1', 'a', 'b'), /not the values of select/)
  })
})
