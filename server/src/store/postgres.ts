/**
 * PostgreSQL 13 or newer. Every change begins by advancing the epoch row: its lock lets one change at a time run on all
 * nodes, so that what a change reads stays as it read it (as on SQLite, and without retries), and a node that has seen
 * epoch n has seen every change up to n. Each node keeps one connection for its changes: those that wait leave the others
 * to who reads, and a change may wait for a reader without both waiting for ever.
 *
 * On commit the other nodes are notified. A poll stands behind the notification, on the connection that listens; when
 * neither has been heard of for a while, because the database is down or the network swallows what is sent, `epoch()` is
 * NaN and nothing remembered is used.
 */
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { OperatorError } from '../core/operator-error.ts'
import { appendAudit } from './audit.ts'
import type { Tables } from './schema.ts'
import type { Db, Store } from './store.ts'

const CHANNEL = 'tokenhouse_epoch'
const POLL_MS = 500
/**
 * How long a change may leave the database waiting for its next statement: a machine that vanished in the middle of one
 * would keep all others from changing anything until its connection is given up, which takes hours.
 */
const HELD_MS = 10_000
/**
 * How long an answer of the database is waited for, longer than any takes: of one that vanished without a word none comes,
 * and who asks waits for hours otherwise. Its connections are in use no longer than a few minutes.
 */
const SILENT_MS = 30_000
const USED_SECONDS = 300
/** Silence for which what is known still counts: some polls long, because a busy process polls late. */
const TRUSTED_MS = 2000

// bigint columns hold microseconds and counters, far below 2^53.
const INT8 = 20
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
}

export async function openPostgres(url: string, silentMs = SILENT_MS): Promise<Store> {
  const bounded = {
    connectionString: url,
    query_timeout: silentMs,
    connectionTimeoutMillis: silentMs,
    maxLifetimeSeconds: USED_SECONDS,
  }
  const db = connected({ ...bounded, max: 10 })
  const changes = connected({ ...bounded, max: 1, idle_in_transaction_session_timeout: HELD_MS })
  // A migration takes as long as there are rows.
  const migrationDb = connected({ connectionString: url, max: 1 })
  await refuseUnreachable(db).catch(async (error) => {
    await Promise.all([changes, migrationDb, db].map((each) => each.destroy()))
    throw error
  })
  const news = await followEpoch(url)

  return {
    engine: 'postgres',
    db,
    migrationDb,
    write: async (change) => {
      const { value, n } = await changes.transaction().execute(async (tx) => {
        const { n } = await tx
          .updateTable('epoch')
          .set((eb) => ({ n: eb('n', '+', 1) }))
          .where('id', '=', 1)
          .returning('n')
          .executeTakeFirstOrThrow()
        const value = await change(tx)
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
      await Promise.all([changes, migrationDb, db].map((each) => each.destroy()))
    },
  }
}

/** What is wrong with the address, the role or its password is for the operator to mend, and told so. */
async function refuseUnreachable(db: Db): Promise<void> {
  try {
    await sql`select 1`.execute(db)
  } catch (error) {
    throw new OperatorError(`PostgreSQL cannot be used: ${(error as Error).message}`)
  }
}

function connected(config: pg.PoolConfig): Db {
  const pool = new pg.Pool({ ...config, types })
  // A connection that breaks is replaced by the pool at the next query. Without a listener it would end the process: the
  // pool's own serves idle ones, each connection's the ones in use, whose query is refused besides.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

async function followEpoch(url: string) {
  let known = Number.NaN
  let heardAt = 0
  let stopped = false
  let polling = false
  let listener: pg.Client | undefined

  const learn = (n: number): void => {
    heardAt = performance.now()
    if (!(n < known)) known = n
  }
  const listen = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      connectionString: url,
      types,
      connectionTimeoutMillis: TRUSTED_MS,
      query_timeout: TRUSTED_MS,
    })
    client.on('notification', ({ payload }) => learn(Number(payload)))
    const lost = (): void => {
      if (listener === client) listener = undefined
    }
    client.on('error', lost)
    client.on('end', lost)
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
      return client
    } catch (error) {
      hangUp(client)
      throw error
    }
  }
  const poll = async (): Promise<void> => {
    if (polling) return
    polling = true
    try {
      listener ??= await listen()
      const { rows } = await listener.query<{ n: number }>('select n from epoch where id = 1')
      if (rows[0]) learn(rows[0].n)
    } catch {
      known = Number.NaN
      if (listener) hangUp(listener)
      listener = undefined
    } finally {
      polling = false
    }
    if (stopped && listener) hangUp(listener)
  }

  await poll()
  const timer = setInterval(() => void poll(), POLL_MS)
  timer.unref()

  return {
    learn,
    epoch: () => (performance.now() - heardAt < TRUSTED_MS ? known : Number.NaN),
    stop: async () => {
      stopped = true
      clearInterval(timer)
      await listener?.end()
    },
  }
}

/** Ends a connection without waiting for an answer that may never come. */
function hangUp(client: pg.Client): void {
  void client.end().catch(() => undefined)
}
