/**
 * What one mapping may cost. Its rules come from who administers an account, the values from anybody a provider knows, and
 * everybody else waits meanwhile: so what they cost together is bounded, not only what each of them costs.
 */

/** Counted down: about one for each step of a pattern at a character. */
export interface Effort {
  left: number
}

/** Thrown when there is nothing left. */
export class EffortSpent extends Error {}

/** For one mapping: a fraction of a second, a hundred times what large ones need. */
export const newEffort = (): Effort => ({ left: 20_000_000 })

export function spend(effort: Effort, steps: number): void {
  effort.left -= steps
  if (effort.left < 0) throw new EffortSpent('the rules take too long')
}
