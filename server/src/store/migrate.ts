import { sql } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration'
import { OperatorError } from '../core/operator-error.ts'
import * as directory from './migrations/0001-directory.ts'
import * as catalog from './migrations/0002-catalog.ts'
import * as accounts from './migrations/0003-accounts.ts'
import * as federation from './migrations/0004-federation.ts'
import * as namespaces from './migrations/0005-namespaces.ts'
import * as engines from './migrations/0006-engines.ts'
import * as nacos from './migrations/0007-nacos.ts'
import * as accountMappings from './migrations/0008-account-mappings.ts'
import * as protocolTimes from './migrations/0009-protocol-times.ts'
import * as groupTimes from './migrations/0010-group-times.ts'
import type { Store } from './store.ts'

/** In order; a new one is added at the end, a released one never changes. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-directory': directory,
  '0002-catalog': catalog,
  '0003-accounts': accounts,
  '0004-federation': federation,
  '0005-namespaces': namespaces,
  '0006-engines': engines,
  '0007-nacos': nacos,
  '0008-account-mappings': accountMappings,
  '0009-protocol-times': protocolTimes,
  '0010-group-times': groupTimes,
}

/**
 * Brings the database to the newest schema; safe when several processes start at once.
 * Returns the names of the migrations it applied. Throws when the database is newer than this program.
 */
export async function migrate(store: Store): Promise<readonly string[]> {
  await refuseNewer(store)
  const { error, results } = await migratorOf(store).migrateToLatest()
  if (error) throw error
  // An empty change, so that this process knows the epoch of a database that had none when it was opened.
  if (results?.length) await store.write(async () => undefined)
  return (results ?? []).filter((r) => r.status === 'Success').map((r) => r.migrationName)
}

/** Names of the migrations still to be applied. Throws when the database is newer than this program. */
export async function pendingMigrations(store: Store): Promise<readonly string[]> {
  await refuseNewer(store)
  const all = await migratorOf(store).getMigrations()
  return all.filter((m) => !m.executedAt).map((m) => m.name)
}

/** Whether there is no table at all. */
export async function isEmptyDatabase({ db }: Store): Promise<boolean> {
  return (await db.introspection.getTables({ withInternalKyselyTables: true })).length === 0
}

async function refuseNewer({ db }: Store): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return
  const applied = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(
    db,
  )
  const unknown = applied.rows.map(({ name }) => name).filter((name) => !(name in MIGRATIONS))
  if (unknown.length > 0)
    throw new OperatorError(`the database is newer than this program: it has ${unknown.sort().join(', ')}`)
}

function migratorOf(store: Store): Migrator {
  return new Migrator({
    db: store.migrationDb,
    provider: { getMigrations: async () => MIGRATIONS },
  })
}
