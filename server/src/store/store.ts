/**
 * The store: all SQL, once, on SQLite (embedded) and PostgreSQL. Other rooms call the functions of the files beside
 * this one; only this room knows Kysely. Decisions do not live here: a store function loads facts or writes them.
 *
 * Reads go through `db` and see what is committed. Changes go through `write`, which is one transaction and advances
 * the epoch with it, so that every process drops what it remembered about the old truth. Bookkeeping that changes
 * nobody's rights (audit lines, failure counters) goes through `record`, which leaves the epoch alone. Both resolve
 * only once the commit is on disk.
 */
import { type Kysely, PostgresAdapter } from 'kysely'
import { openPostgres } from './postgres.ts'
import type { AuditEventRow, Tables } from './schema.ts'
import { openSqlite } from './sqlite.ts'

/** A handle that queries run on: the store's own for reads, a transaction's inside `write`. */
export type Db = Kysely<Tables>

export interface Store {
  readonly engine: 'sqlite' | 'postgres'
  readonly db: Db
  /** Runs `change` in one transaction and advances the epoch. Never await anything slow inside. */
  write<T>(change: (tx: Db) => Promise<T>): Promise<T>
  /** The same without advancing the epoch: for rows no cached decision depends on. */
  record<T>(change: (tx: Db) => Promise<T>): Promise<T>
  /** One audit line that belongs to no change: the most frequent write of all, and the cheapest. */
  audit(event: AuditEventRow): Promise<void>
  /**
   * The number of the last change this process knows of. Read it before loading facts and keep it beside what you
   * cache: another value later means the cached thing may be stale. NaN (equal to nothing) while news from other
   * nodes cannot be trusted.
   */
  epoch(): number
  /** Where migrations run: able to change the schema. */
  readonly migrationDb: Db
  close(): Promise<void>
}

/**
 * Opens `sqlite:PATH` (`sqlite::memory:` for tests) or `postgres://...`. Does not migrate; see `migrate`.
 * Refuses other URLs with an Error that names the setting.
 */
export async function openStore(url: string): Promise<Store> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length))
  if (url.startsWith('postgres://') || url.startsWith('postgresql://')) return openPostgres(url)
  throw new Error('database-url must begin with sqlite: or postgres://')
}

/** For the few statements that the engines have no common words for. */
export function isPostgres(db: Db): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}
