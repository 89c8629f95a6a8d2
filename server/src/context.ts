import type { Settings } from './config.ts'
import type { Keys } from './keys.ts'
import type { KdfPool } from './methods/password/kdf-pool.ts'
import type { Store } from './store/store.ts'

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
