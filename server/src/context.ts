import { existsSync } from 'node:fs'
import { createClock } from './clock.ts'
import type { Settings } from './config.ts'
import { OperatorError } from './core/operator-error.ts'
import { createKdfPool, type KdfPool } from './hashing/kdf-pool.ts'
import { type Keys, openKeys, readRootKey, refuseOtherRootKey } from './keys.ts'
import { isEmptyDatabase, migrate } from './store/migrate.ts'
import { listSealedKeys } from './store/sealed-keys.ts'
import { openStore, type Store } from './store/store.ts'

/** What every flow needs of the world. Five fields; a sixth needs an argument. */
export interface Context {
  readonly store: Store
  readonly keys: Keys
  readonly settings: Settings
  /** Password hashing: a bounded capacity beside the event loop. */
  readonly kdf: KdfPool
  /** Microseconds since the epoch. The one clock; tests set it. */
  readonly now: () => number
}

/**
 * Opens the database, brings it to the newest schema and opens the keys. Throws when the database cannot be reached, is
 * newer than this program, or holds sealed values while the root key is missing or another one; and when its file lies there
 * without a table beside a root key, since what was in it is lost, and a new cloud in its place would hide that.
 */
export async function openContext(settings: Settings): Promise<Context> {
  const file = /^sqlite:(.+)$/.exec(settings.databaseUrl)?.[1]
  const wasThere = file !== undefined && existsSync(file) && existsSync(settings.rootKeyFile)
  const store = await openStore(settings.databaseUrl)
  try {
    if (wasThere && (await isEmptyDatabase(store))) {
      throw new OperatorError(
        `database ${file} is empty, and there is a root key: restore the database, or remove the file to begin anew`,
      )
    }
    await migrate(store)
    const sealed = await listSealedKeys(store.db)
    const { rootKeyFile } = settings
    const keys = openKeys(store, readRootKey(rootKeyFile, sealed.length === 0))
    refuseOtherRootKey(keys, sealed, rootKeyFile)
    return {
      store,
      keys,
      settings,
      kdf: createKdfPool({ threads: settings.kdfThreads, queue: settings.kdfQueue }),
      now: createClock(),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

export function closeContext(ctx: Context): Promise<void> {
  return ctx.store.close()
}

/** Resolves when requests can be served; throws what stands in the way. */
export async function refuseUnready({ store, keys }: Pick<Context, 'store' | 'keys'>): Promise<void> {
  // First, since it is known at once: from a database that vanished without a word no answer comes for long.
  if (Number.isNaN(store.epoch())) throw new Error('the database cannot be followed')
  // Keys may be remembered: only asking shows whether there is a connection to answer requests by.
  await listSealedKeys(store.db, 'fernet')
  await keys.tokens()
}
