import { migrate, pendingMigrations } from '../store/migrate.ts'
import { openStore } from '../store/store.ts'
import type { CommandInput } from './command.ts'
import { makeDataFolders } from './with-context.ts'

/** `tokenhouse migrate [--check]` */
export async function run({ settings, options, print }: CommandInput): Promise<boolean> {
  makeDataFolders(settings)
  const store = await openStore(settings.databaseUrl)
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
