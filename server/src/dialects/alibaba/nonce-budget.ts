/** How many nonces one key may use in the time they are remembered, so that what is remembered has a bound. */
const WINDOW = 1_800e6
const MOST = 1_000_000

export interface NonceBudget {
  /** False once the key has used all of its budget. `now` in microseconds. */
  take(accessKeyId: string, now: number): boolean
}

/** Only keys whose signature matched are counted, so there are never more than there are keys. */
export function nonceBudget(most = MOST): NonceBudget {
  const used = new Map<string, { since: number; count: number }>()
  return {
    take: (accessKeyId, now) => {
      const known = used.get(accessKeyId)
      if (!known || known.since + WINDOW <= now) {
        for (const [key, { since }] of used) if (since + WINDOW <= now) used.delete(key)
        used.set(accessKeyId, { since: now, count: 1 })
        return true
      }
      known.count += 1
      return known.count <= most
    },
  }
}
