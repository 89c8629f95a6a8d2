import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { migrate } from './migrate.ts'
import { openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'

const region = (id: string) => ({ id, description: '', parent_region_id: null, extra: '{}' })
const add = (store: Store, id: string) =>
  store.write((tx) => tx.insertInto('region').values(region(id)).execute())
const line = {
  at: 1,
  action: 'issue_token',
  outcome: 'success',
  chain: '',
  actor_id: '',
  target: '',
  reason: '',
  request_id: '',
}

describe('the epoch on SQLite, two processes on one file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-epoch-'))
  after(() => rmSync(folder, { recursive: true }))
  const opened = async (name: string): Promise<readonly [Store, Store]> => {
    const path = join(folder, name)
    const one = await openSqlite(path)
    await migrate(one)
    const other = await openSqlite(path)
    after(async () => {
      await one.close()
      await other.close()
    })
    return [one, other]
  }

  it('is seen to advance a turn after another process changed something', async () => {
    const [one, other] = await opened('changes.db')
    const before = one.epoch()
    await add(other, 'a')
    await nextTurn()
    assert.equal(one.epoch(), before + 1)
    assert.equal(other.epoch(), before + 1)
  })

  it('is seen to advance when both change something in turn', async () => {
    const [one, other] = await opened('both.db')
    const before = one.epoch()
    for (let n = 1; n <= 6; n++) {
      await add(n % 2 === 0 ? one : other, `r${n}`)
      await nextTurn()
      assert.deepEqual([one.epoch(), other.epoch()], [before + n, before + n])
    }
  })

  it('stays where it is while either only keeps books', async () => {
    const [one, other] = await opened('books.db')
    const before = one.epoch()
    await one.audit(line)
    await other.audit(line)
    await nextTurn()
    assert.deepEqual([one.epoch(), other.epoch()], [before, before])
  })

  it('counts no change that was refused', async () => {
    const [one] = await opened('failed.db')
    const before = one.epoch()
    await assert.rejects(
      one.write(async (tx) => {
        await tx.insertInto('region').values(region('a')).execute()
        throw new Error('refused')
      }),
      /refused/,
    )
    await add(one, 'b')
    await nextTurn()
    assert.equal(one.epoch(), before + 1)
  })
})

describe('a change on SQLite while another process is in one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-locked-'))
  after(() => rmSync(folder, { recursive: true }))

  it('waits for its end, and reads and all else go on meanwhile', async () => {
    const path = join(folder, 'locked.db')
    const store = await openSqlite(path)
    after(store.close)
    await migrate(store)
    const other = new DatabaseSync(path)
    after(() => other.close())
    other.exec('begin immediate')
    const regions = async () =>
      (await store.db.selectFrom('region').select('id').where('id', '=', 'a').execute()).map(({ id }) => id)
    const changed = add(store, 'a')
    // As many turns as the change needs to come to the lock: where it waited by itself, it would fail in one of them.
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    assert.deepEqual(await regions(), [])
    other.exec('commit')
    await changed
    assert.deepEqual(await regions(), ['a'])
  })
})

describe('migrations on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-migrations-'))
  after(() => rmSync(folder, { recursive: true }))

  it('leave nothing half-done when they break off, and can be run again', async () => {
    const store = await openSqlite(join(folder, 'broken-off.db'))
    after(store.close)
    await sql`create table engine_lock (in_the_way text)`.execute(store.migrationDb)
    await assert.rejects(migrate(store), /engine_lock/)
    const { rows } = await sql<{ name: string }>`select name from sqlite_master where name = 'user'`.execute(
      store.db,
    )
    assert.equal(rows.length, 0)
    await sql`drop table engine_lock`.execute(store.migrationDb)
    assert.ok((await migrate(store)).length > 0)
    await add(store, 'a')
  })
})
