import { existsSync } from 'node:fs'
import { migrate, pendingMigrations } from '../store/migrate.ts'
import { openStore } from '../store/store.ts'
import type { CommandInput } from './command.ts'
import { databaseFile, makeDataFolders } from './with-context.ts'

/** `tokenhouse migrate [--check]` */
export async function run({ settings, options, print }: CommandInput): Promise<boolean> {
  const file = databaseFile(settings)
  // Opening a file that is missing makes it; all there is to say of it is known from any empty database.
  const isMissing = file !== undefined && !existsSync(file)
  if (!options['check']) makeDataFolders(settings)
  const store = await openStore(options['check'] && isMissing ? 'sqlite::memory:' : settings.databaseUrl)
  try {
    if (options['check']) {
      const pending = await pendingMigrations(store)
      print.record({ pending })
      return pending.length === 0
    }
    print.record({ applied: await migrate(store) })
    return true
  } finally {
    await store.close()
  }
}
