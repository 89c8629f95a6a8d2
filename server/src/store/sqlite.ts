/**
 * SQLite through `node:sqlite`. Two connections to one file: a reader that can never write (`query_only`) and always
 * sees the last commit, and a writer that takes jobs from a queue. Jobs that wait together share one commit, each under
 * its own savepoint, so that one that fails takes nobody with it.
 *
 * A commit goes to the write-ahead log without a sync (`synchronous = normal`, the log stays consistent), and the log is
 * synced from libuv's threads before anybody is told: the same promise as `full`, without the event loop waiting for
 * the disk. Jobs that come while a sync is under way wait for its end and share the next commit: they could not have been
 * told earlier, and one commit of ten costs what one of one does.
 *
 * `PRAGMA data_version` on the writer changes when another process commits: it is the cheap question "has anything
 * happened" before the epoch row is read again. Of its own commits this process knows which of them were changes.
 */
import { randomUUID } from 'node:crypto'
import { close, fdatasync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type LimitNode,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { OperatorError } from '../core/operator-error.ts'
import { auditInsert, auditValues } from './audit.ts'
import type { Tables } from './schema.ts'
import type { Db, Store } from './store.ts'

const BATCH = 128
const STATEMENTS_KEPT = 1000
/** How long a change waits for another process to end its own, and how often it looks. */
const LOCKED_MS = 5000
const ASK_AGAIN_MS = 10
const SQLITE_BUSY = 5

/** Opens the file, or a private database for `:memory:`. Refuses a file that cannot be opened or is no database. */
export async function openSqlite(path: string): Promise<Store> {
  try {
    return open(path)
  } catch (error) {
    throw new OperatorError(`database ${path} cannot be opened: ${(error as Error).message}`)
  }
}

function open(path: string): Store {
  // A private in-memory database needs a shared cache for its two connections.
  const memory = path === ':memory:'
  const file = memory ? `file:th-${randomUUID()}?mode=memory&cache=shared` : path
  const writer = new DatabaseSync(file)
  writer.exec(`pragma busy_timeout = ${LOCKED_MS}`)
  if (!memory) writer.exec('pragma journal_mode = wal')
  writer.exec('pragma synchronous = normal')
  writer.exec('pragma foreign_keys = on')
  const reader = memory ? writer : new DatabaseSync(file)
  if (!memory)
    reader.exec(`pragma busy_timeout = ${LOCKED_MS}; pragma query_only = on; pragma cache_size = -4000`)

  const db = kyselyOn(reader)
  const tx = kyselyOn(writer)
  const log = memory ? undefined : syncerOf(`${file}-wal`)
  const epoch = epochOf(reader, writer)
  const queue = jobQueue({ writer, tx, log, advanced: epoch.advanced })
  return {
    engine: 'sqlite',
    db,
    migrationDb: tx,
    write: (change) => queue({ change, advances: true }),
    record: (change) => queue({ change, advances: false }),
    audit: (event) => queue({ insert: auditValues(event) }),
    epoch: epoch.read,
    close: async () => {
      await queue({ change: async () => undefined, advances: false })
      log?.close()
      if (!memory) reader.close()
      writer.close()
    },
  }
}

/** What a transaction is asked to do: a change by queries, or one audit line, which needs no savepoint. */
type Work<T> =
  | { readonly change: (tx: Db) => Promise<T>; readonly advances: boolean }
  | { readonly insert: readonly SQLInputValue[] }

interface Job {
  readonly work: Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Writing {
  readonly writer: DatabaseSync
  readonly tx: Db
  /** Undefined in memory. */
  readonly log: Syncer | undefined
  /** Told of commits that advanced the epoch. */
  readonly advanced: () => void
}

function jobQueue({ writer, tx, log, advanced }: Writing) {
  const commitTogether = committer(writer, tx, advanced)
  const waiting: Job[] = []
  let draining = false

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const jobs = waiting.splice(0, BATCH)
      const settle = await commitTogether(jobs)
      if (!log) settle()
      else await log.sync().then(settle, (error) => reject(jobs, error))
    }
    draining = false
  }

  return <T>(work: Work<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ work, resolve: resolve as (value: unknown) => void, reject })
      if (draining) return
      draining = true
      // One turn of the loop lets requests that arrived together commit together.
      setImmediate(() => void drain())
    })
}

function reject(jobs: readonly Job[], error: unknown): void {
  for (const job of jobs) job.reject(error)
}

/** Commits what it can of jobs; the answer tells each of them how it went, once the commit is on disk. */
function committer(
  writer: DatabaseSync,
  tx: Db,
  advanced: () => void,
): (jobs: readonly Job[]) => Promise<() => void> {
  const statements = prepare(writer)
  return async (jobs) => {
    const settle: (() => void)[] = []
    try {
      await statements.begin()
      let advances = false
      for (const { work, resolve, reject } of jobs) {
        try {
          if ('insert' in work) {
            statements.insert().run(...work.insert)
            settle.push(() => resolve(undefined))
          } else {
            statements.savepoint.run()
            const value = await work.change(tx)
            statements.release.run()
            advances ||= work.advances
            settle.push(() => resolve(value))
          }
        } catch (error) {
          // A full disk undoes the transaction as a whole, savepoints and all.
          if (!writer.isTransaction) throw error
          if ('change' in work) writer.exec('rollback to job; release job')
          settle.push(() => reject(error))
        }
      }
      if (advances) statements.advance().run()
      statements.commit.run()
      if (advances) advanced()
    } catch (error) {
      // Whatever became of the commit: the epoch is read again.
      advanced()
      // The transaction as a whole failed (disk full, database gone): nothing of it happened, nobody is told otherwise.
      try {
        if (writer.isTransaction) writer.exec('rollback')
      } catch {
        // SQLite had already rolled back by itself.
      }
      return () => reject(jobs, error)
    }
    return () => {
      for (const done of settle) done()
    }
  }
}

interface Statements {
  /** Waits while another process writes. */
  readonly begin: () => Promise<void>
  readonly commit: StatementSync
  readonly savepoint: StatementSync
  readonly release: StatementSync
  /** Those that need tables, which a new database has only once it is migrated. */
  readonly insert: () => StatementSync
  readonly advance: () => StatementSync
}

function prepare(writer: DatabaseSync): Statements {
  let insert: StatementSync | undefined
  let advance: StatementSync | undefined
  return {
    begin: waitingBegin(writer),
    commit: writer.prepare('commit'),
    savepoint: writer.prepare('savepoint job'),
    release: writer.prepare('release job'),
    insert: () => (insert ??= writer.prepare(auditInsert)),
    advance: () => (advance ??= writer.prepare('update epoch set n = n + 1 where id = 1')),
  }
}

/**
 * Begins a transaction. While another process is in one, SQLite would wait by itself, and everything else with it: reads that
 * nothing stands in the way of, and who asks whether the service is alive. Migrations, before anything is served, wait so.
 */
function waitingBegin(writer: DatabaseSync): () => Promise<void> {
  const statement = writer.prepare('begin immediate')
  let waitsByItself = true
  return async () => {
    if (waitsByItself) writer.exec('pragma busy_timeout = 0')
    waitsByItself = false
    const end = performance.now() + LOCKED_MS
    for (;;) {
      try {
        statement.run()
        return
      } catch (error) {
        if ((error as { errcode?: unknown }).errcode !== SQLITE_BUSY || performance.now() > end) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    }
  }
}

interface Syncer {
  /** Resolves once everything that was written before the call is on disk. */
  readonly sync: () => Promise<void>
  readonly close: () => void
}

/** Syncs a file without the event loop. */
function syncerOf(path: string): Syncer {
  let file: number | undefined
  return {
    sync: () =>
      new Promise((resolve, reject) => {
        // SQLite makes the file with the first commit and keeps it as long as a connection is open.
        file ??= openSync(path, 'r')
        fdatasync(file, (error) => (error ? reject(error) : resolve()))
      }),
    close: () => {
      if (file !== undefined) close(file)
    },
  }
}

interface Epoch {
  readonly read: () => number
  /** Told of this process's own changes. */
  readonly advanced: () => void
}

/** The epoch, asked of the database once a turn of the event loop: what comes in later is handled in a later turn. */
function epochOf(reader: DatabaseSync, writer: DatabaseSync): Epoch {
  const version = writer.prepare('pragma data_version')
  // Asked at nearly every request: a row as an array is made a fifth faster.
  version.setReturnArrays(true)
  let current: StatementSync | undefined
  let seen: number | undefined
  let known = Number.NaN
  let asked = false
  const forget = (): void => {
    asked = false
  }
  return {
    advanced() {
      asked = false
      // A connection does not see its own commits as a new version.
      seen = undefined
    },
    read() {
      if (asked) return known
      asked = true
      setImmediate(forget)
      try {
        const [now] = version.get() as unknown as [number]
        if (now === seen) return known
        current ??= reader.prepare('select n from epoch where id = 1')
        known = (current.get() as { n: number }).n
        seen = now
      } catch {
        known = Number.NaN
        seen = undefined
      }
      return known
    },
  }
}

function kyselyOn(database: DatabaseSync): Db {
  const connection = connectionTo(database)
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: async () => database.exec('begin immediate'),
    commitTransaction: async () => database.exec('commit'),
    rollbackTransaction: async () => database.exec('rollback'),
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  }
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new QueryCompiler(),
    },
  })
}

class Adapter extends SqliteAdapter {
  /** Tables are made in transactions like anything else: migrations happen wholly or not at all, and in one process at a time. */
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class QueryCompiler extends SqliteQueryCompiler {
  /** SQLite plans a statement anew for every value that is bound as its limit, which costs more than running it; not in a sum. */
  protected override visitLimit({ limit }: LimitNode): void {
    this.append('limit 0 + ')
    this.visitNode(limit)
  }
}

/** Preparing costs more than running: statements are kept by their text. */
function connectionTo(database: DatabaseSync): DatabaseConnection {
  const kept = new Map<string, { statement: StatementSync; returnsRows: boolean }>()
  return {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
      let entry = kept.get(query.sql)
      if (!entry) {
        const statement = database.prepare(query.sql)
        entry = { statement, returnsRows: statement.columns().length > 0 }
        if (kept.size >= STATEMENTS_KEPT) kept.clear()
        kept.set(query.sql, entry)
      }
      const parameters = query.parameters as SQLInputValue[]
      if (entry.returnsRows) return { rows: entry.statement.all(...parameters) as R[] }
      const { changes, lastInsertRowid } = entry.statement.run(...parameters)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    },
    streamQuery: () => {
      throw new Error('streaming is not used')
    },
  }
}
