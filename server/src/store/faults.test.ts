import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { refuseUnready } from '../context.ts'
import { migratedDatabase } from '../testing/engines.ts'
import { type House, openHouse } from '../testing/house.ts'
import { startPostgres } from '../testing/postgres.ts'
import { openStore } from './store.ts'

const login = (house: House, password: string) =>
  house.call('POST', '/v3/auth/tokens', {
    body: {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', domain: { id: 'default' }, password } },
        },
      },
    },
  })
const create = (house: House, token: string, name: string) =>
  house.call('POST', '/v3/users', { token, body: { user: { name, description: 'x'.repeat(4000) } } })

/** Our fault in Keystone's words, never somebody's bad token. */
function assertUnavailable(answer: { status: number; body: { error: { code: number; title: string } } }) {
  assert.equal(answer.status, 503)
  assert.equal(answer.body.error.code, 503)
  assert.equal(answer.body.error.title, 'Service Unavailable')
}

describe('faults of ours', () => {
  const closing: (() => Promise<unknown> | unknown)[] = []
  after(async () => {
    for (const close of closing.reverse()) await close()
  })
  // What the house would print is what these tests provoke.
  const quietly = async (act: () => Promise<void>) => {
    const { error } = console
    console.error = () => undefined
    try {
      await act()
    } finally {
      console.error = error
    }
  }

  it('503 while the disk is full, nothing half-done, and goes on by itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-full-'))
    const house = await openHouse({ databaseUrl: `sqlite:${join(folder, 'full.db')}` })
    closing.push(() => rmSync(folder, { recursive: true }), house.close)
    const token = await house.admin()
    const { migrationDb, db } = house.ctx.store
    const limit = (pages: number) =>
      sql`pragma max_page_count = ${sql.raw(String(pages))}`.execute(migrationDb)
    await limit(1)
    await quietly(async () => {
      const made: string[] = []
      let answer = await create(house, token, 'u0')
      for (let n = 1; answer.status === 201; n++) {
        made.push(answer.body.user.name)
        answer = await create(house, token, `u${n}`)
      }
      assertUnavailable(answer)
      const there = await db.selectFrom('user').select('name').where('name', 'like', 'u%').execute()
      assert.deepEqual(there.map(({ name }) => name).sort(), made.sort())
      // What is left of the last page holds a few more audit lines.
      let signedIn = await login(house, house.adminPassword)
      while (signedIn.status === 201) signedIn = await login(house, house.adminPassword)
      assertUnavailable(signedIn)
      assertUnavailable(await login(house, 'wrong'))
    })
    await limit(1_000_000)
    assert.equal((await create(house, token, 'after')).status, 201)
    assert.equal((await login(house, house.adminPassword)).status, 201)
    assert.equal((await login(house, 'wrong')).status, 401)
  })

  it('503 while PostgreSQL is away, for good and bad passwords and tokens, and goes on by itself', async () => {
    const shared = process.env['TEST_POSTGRES_URL']
    const server = shared ? undefined : await startPostgres()
    if (server) closing.push(server.stop)
    const url = await migratedDatabase(shared ?? server?.url ?? '')
    const house = await openHouse({ databaseUrl: url })
    closing.push(house.close)
    const token = await house.admin()
    const name = new URL(url).pathname.slice(1)
    const maintenance = new URL(url)
    maintenance.pathname = '/postgres'
    const operator = new pg.Client({ connectionString: maintenance.href })
    await operator.connect()
    closing.push(() => operator.end())
    await operator.query(`alter database "${name}" allow_connections false`)
    await operator.query('select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1', [
      name,
    ])
    await assert.rejects(refuseUnready(house.ctx))
    await quietly(async () => {
      for (const password of [house.adminPassword, 'wrong']) assertUnavailable(await login(house, password))
      for (const shown of [token, `${token.slice(0, -4)}AAAA`]) {
        const headers = { 'x-subject-token': shown }
        const { status } = await house.call('GET', '/v3/auth/tokens', { token, headers })
        assert.equal(status, 503)
      }
    })
    await operator.query(`alter database "${name}" allow_connections true`)
    assert.equal((await login(house, house.adminPassword)).status, 201)
    assert.equal((await login(house, 'wrong')).status, 401)
  })

  it('503 for a change that PostgreSQL breaks off between two statements, and the next one is made', async () => {
    const shared = process.env['TEST_POSTGRES_URL']
    const server = shared ? undefined : await startPostgres()
    if (server) closing.push(server.stop)
    const house = await openHouse({ databaseUrl: await migratedDatabase(shared ?? server?.url ?? '') })
    closing.push(house.close)
    const token = await house.admin()
    const { store } = house.ctx
    const brokenOff: typeof store.write = (change) =>
      store.write(async (tx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
        await sql`select pg_terminate_backend(${rows[0]?.pid}::int, 10000)`.execute(store.db)
        return change(tx)
      })
    await quietly(async () => {
      Object.assign(house.ctx, { store: { ...store, write: brokenOff } })
      assertUnavailable(await create(house, token, 'broken-off'))
      Object.assign(house.ctx, { store })
    })
    assert.equal((await create(house, token, 'broken-off')).status, 201)
  })

  it('a query under way when PostgreSQL goes away is refused, and ends nothing else', async () => {
    const shared = process.env['TEST_POSTGRES_URL']
    const server = shared ? undefined : await startPostgres()
    if (server) closing.push(server.stop)
    const url = await migratedDatabase(shared ?? server?.url ?? '')
    const store = await openStore(url)
    closing.push(store.close)
    const operator = new pg.Client({ connectionString: url, application_name: 'operator' })
    await operator.connect()
    closing.push(() => operator.end())
    const waiting = sql`select pg_sleep(60)`.execute(store.db)
    const others = `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`
    const refused = assert.rejects(waiting)
    while ((await operator.query(others)).rowCount === 0);
    await refused
    // The refusal may arrive before the end of the connection, which one more query then runs into.
    const ask = () => sql`select 1`.execute(store.db)
    assert.equal((await ask().catch(ask)).rows.length, 1)
  })

  it('500 or 503 without signing keys, for good and bad passwords', async () => {
    const house = await openHouse()
    closing.push(house.close)
    await house.ctx.store.write((tx) => tx.deleteFrom('sealed_key').execute())
    await quietly(async () => {
      const answer = await login(house, house.adminPassword)
      assert.ok([500, 503].includes(answer.status), String(answer.status))
      assert.equal((await login(house, 'wrong')).status, 401)
    })
  })
})
