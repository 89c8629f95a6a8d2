/** What a user's, project's or domain's row says to void the tokens that stand on it, without a list of them. */
import { type RawBuilder, sql } from 'kysely'

/**
 * Microseconds beyond the clock. A change is dated before it commits, and whoever issues a token meanwhile has not seen
 * it: their token is dated no later than this.
 */
const SETTLING = 1_000_000

/** The `tokens_valid_from` of a row made at `now` (microseconds) in the place of another that tokens may stand on. */
export function afterFormer(now: number): number {
  return now + SETTLING
}

/**
 * The new `tokens_valid_from` of a row changed at `now` (microseconds): after every token issued so far, those included
 * that had to be dated after an earlier change.
 */
export function afterAllIssued(now: number): RawBuilder<number> {
  const until = now + SETTLING
  return sql<number>`case when tokens_valid_from >= ${until} then tokens_valid_from + 1 else ${until} end`
}
