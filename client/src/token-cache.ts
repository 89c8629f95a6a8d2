/**
 * Answers of the token service, kept for seconds. Keyed by SHA-256, so that a memory dump holds no bearer tokens, and
 * bounded: past its size the entries that were used longest ago go. Valid and refused tokens are kept apart, so that a
 * flood of made-up tokens cannot push out those of real callers.
 */
import { createHash } from 'node:crypto'

export interface BoundedCache<V> {
  /** The value, unless its time has passed. Counts as a use. */
  readonly get: (key: string, nowMs: number) => V | undefined
  readonly set: (key: string, value: V, untilMs: number) => void
  readonly size: () => number
}

/**
 * Two generations: what is used moves into the young one; when that is half of everything, it becomes the old one and
 * the former old one is dropped whole. (A Map in order of use costs a walk over its own holes at each eviction.)
 *
 * @param maxEntries at least 2, or 0 to keep nothing. Times are milliseconds of one clock of the caller's choice.
 */
export function createBoundedCache<V>(maxEntries: number): BoundedCache<V> {
  const half = Math.floor(maxEntries / 2)
  let young = new Map<string, Entry<V>>()
  let old = new Map<string, Entry<V>>()

  function put(key: string, entry: Entry<V>): void {
    if (half === 0) return
    if (young.size >= half && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, entry)
    old.delete(key)
  }

  return {
    get(key, nowMs) {
      const entry = young.get(key) ?? old.get(key)
      if (entry === undefined || nowMs >= entry.untilMs) return undefined
      if (!young.has(key)) put(key, entry)
      return entry.value
    },
    set: (key, value, untilMs) => put(key, { value, untilMs }),
    size: () => young.size + old.size,
  }
}

interface Entry<V> {
  readonly value: V
  readonly untilMs: number
}

/** SHA-256 of the token, base64; with a mark for a check in which expired tokens count, which is another question. */
export function tokenKey(token: string, allowExpired: boolean): string {
  const digest = createHash('sha256').update(token).digest('base64')
  return allowExpired ? `${digest}+expired` : digest
}
