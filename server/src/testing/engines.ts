/** Store tests run on both engines: SQLite in memory, and a database of their own in a real PostgreSQL. */
import { randomBytes } from 'node:crypto'
import { after, before, describe } from 'node:test'
import pg from 'pg'
import { migrate } from '../store/migrate.ts'
import { openStore, type Store } from '../store/store.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

/** `npm test` starts one server for all files and names it here; a file run alone starts its own. */
const SHARED = 'TEST_POSTGRES_URL'

/**
 * Runs `suite` once per engine. `open()` gives a migrated, empty store that is closed and dropped after the suite; call
 * it inside a test or a `before`.
 */
export function forEachEngine(name: string, suite: (open: () => Promise<Store>) => void): void {
  forEachDatabase(name, (newUrl) => {
    const opened: Store[] = []
    after(async () => {
      for (const store of opened) await store.close()
    })
    suite(async () => {
      const store = await openStore(await newUrl())
      opened.push(store)
      await migrate(store)
      return store
    })
  })
}

/** The same for who opens the database itself: `newUrl()` gives that of an empty one. Close it in an `after` of the suite. */
export function forEachDatabase(name: string, suite: (newUrl: () => Promise<string>) => void): void {
  describe(`${name} on SQLite`, () => suite(async () => 'sqlite::memory:'))
  describe(`${name} on PostgreSQL`, () => {
    let server: TestPostgres | undefined
    let url = process.env[SHARED] ?? ''
    before(async () => {
      if (url !== '') return
      server = await startPostgres()
      url = server.url
    })
    suite(() => migratedDatabase(url))
    // After the suite's own, which closes what it opened.
    after(async () => server?.stop())
  })
}

const TEMPLATE = 'migrated_template'

/**
 * The URL of a new, migrated database on the server at `url`: a copy of one that was migrated once, whichever test file
 * came first.
 */
export async function migratedDatabase(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock(1)')
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [TEMPLATE])
    if (rowCount === 0) {
      await client.query('create database in_the_making')
      const store = await openStore(databaseUrl(url, 'in_the_making'))
      await migrate(store)
      await store.close()
      await client.query(`alter database in_the_making rename to ${TEMPLATE}`)
    }
    const name = `t_${randomBytes(8).toString('hex')}`
    await client.query(`create database ${name} template ${TEMPLATE}`)
    return databaseUrl(url, name)
  } finally {
    await client.end()
  }
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
