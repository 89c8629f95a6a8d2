import type { Store } from './store.ts'

/**
 * Remembers what `load` gave for as long as nothing changed in the database, for this process or any other.
 * Callers that come while it loads share one load. The value is one per store.
 */
export function perEpoch<T>(load: (store: Store) => Promise<T>): (store: Store) => Promise<T> {
  const kept = new WeakMap<Store, { epoch: number; value: Promise<T> }>()
  return (store) => {
    const epoch = store.epoch()
    const entry = kept.get(store)
    if (entry && entry.epoch === epoch) return entry.value
    const value = load(store)
    kept.set(store, { epoch, value })
    value.catch(() => kept.delete(store))
    return value
  }
}
