/**
 * PostgreSQL 13 or newer. Every change advances the epoch row inside its own transaction (the row's lock orders
 * changes, so a node that has seen epoch n has seen every change up to n) and notifies the other nodes on commit.
 * A poll stands behind the notification; while the listening connection is down and the poll fails, `epoch()` is NaN
 * and nothing remembered is used.
 */
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { appendAudit } from './audit.ts'
import type { Tables } from './schema.ts'
import type { Db, Store } from './store.ts'

const CHANNEL = 'tokenhouse_epoch'
const POLL_MS = 500

// bigint columns hold microseconds and counters, far below 2^53.
const INT8 = 20
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
}

export async function openPostgres(url: string): Promise<Store> {
  const pool = new pg.Pool({ connectionString: url, max: 10, types })
  // A connection that breaks is replaced by the pool at the next query. Without a listener it would end the process: the
  // pool's own serves idle ones, each connection's the ones in use, whose query is refused besides.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db: Db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const news = await followEpoch(url, db)

  return {
    engine: 'postgres',
    db,
    migrationDb: db,
    write: async (change) => {
      const { value, n } = await db.transaction().execute(async (tx) => {
        const value = await change(tx)
        const { n } = await tx
          .updateTable('epoch')
          .set((eb) => ({ n: eb('n', '+', 1) }))
          .where('id', '=', 1)
          .returning('n')
          .executeTakeFirstOrThrow()
        await sql`select pg_notify(${CHANNEL}, ${String(n)})`.execute(tx)
        return { value, n }
      })
      news.learn(n)
      return value
    },
    record: (change) => db.transaction().execute(change),
    audit: (event) => appendAudit(db, event),
    epoch: news.epoch,
    close: async () => {
      await news.stop()
      await db.destroy()
    },
  }
}

async function followEpoch(url: string, db: Db) {
  let known = Number.NaN
  let stopped = false
  let listener: pg.Client | undefined

  const learn = (n: number): void => {
    if (!(n < known)) known = n
  }
  const poll = async (): Promise<void> => {
    try {
      const row = await db.selectFrom('epoch').select('n').where('id', '=', 1).executeTakeFirst()
      if (row) learn(row.n)
    } catch {
      known = Number.NaN
    }
  }
  const listen = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    client.on('notification', ({ payload }) => learn(Number(payload)))
    const lost = (): void => {
      if (listener === client) listener = undefined
    }
    client.on('error', lost)
    client.on('end', lost)
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
      listener = client
    } catch {
      await client.end().catch(() => undefined)
    }
  }

  await listen()
  await poll()
  const timer = setInterval(() => {
    if (!listener && !stopped) void listen()
    void poll()
  }, POLL_MS)
  timer.unref()

  return {
    learn,
    epoch: () => known,
    stop: async () => {
      stopped = true
      clearInterval(timer)
      await listener?.end()
    },
  }
}
