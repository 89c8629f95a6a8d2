/**
 * Slows down who is refused again and again: clients of Nacos try a refused request again at once, hundreds of times a
 * second. Who proves a key is not slowed down by a neighbour: an address counts for those who prove none, and a key at an
 * address for those who ask for another's tenant.
 */

export interface RefusalBrake {
  /** Counts a refusal of whoever `who` stands for; true once there are too many. `now` in microseconds. */
  note(who: string, now: number): boolean
  /** Whether there are too many. */
  isOn(who: string, now: number): boolean
  /** Waits before a refusal is told; at once when too many wait already. */
  hold(): Promise<void>
}

export interface BrakeLimits {
  /** Refusals of one `who` within `windowMicros` that are told at once. */
  readonly free: number
  readonly windowMicros: number
  readonly holdMs: number
  readonly mostHeld: number
}

const LIMITS: BrakeLimits = { free: 20, windowMicros: 60e6, holdMs: 1000, mostHeld: 256 }
const MOST_KNOWN = 10_000

export function refusalBrake({ free, windowMicros, holdMs, mostHeld }: BrakeLimits = LIMITS): RefusalBrake {
  const counts = new Map<string, { readonly since: number; count: number }>()
  let held = 0
  return {
    note: (who, now) => {
      const known = counts.get(who)
      if (known && known.since + windowMicros > now) {
        known.count += 1
        return known.count > free
      }
      if (counts.size >= MOST_KNOWN) {
        for (const [key, { since }] of counts) if (since + windowMicros <= now) counts.delete(key)
        if (counts.size >= MOST_KNOWN) counts.clear()
      }
      counts.set(who, { since: now, count: 1 })
      return false
    },
    isOn: (who, now) => {
      const known = counts.get(who)
      return known !== undefined && known.since + windowMicros > now && known.count > free
    },
    hold: async () => {
      if (held >= mostHeld) return
      held += 1
      await new Promise((resolve) => setTimeout(resolve, holdMs))
      held -= 1
    },
  }
}
