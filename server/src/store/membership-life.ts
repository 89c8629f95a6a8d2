/** How long a membership lasts that a mapping gave. */
import { type RawBuilder, sql } from 'kysely'

/** Minutes: fifty years, which as seconds and as a moment in microseconds are still integers of both engines and of ours. */
const MOST_MINUTES = 26_280_000

/** SQL for microseconds, of the identity provider that is joined as `i`. `defaultTtl`: seconds, where it does not say. */
export function membershipLife(defaultTtl: number): RawBuilder<number> {
  const most = sql.lit(MOST_MINUTES)
  const minutes = sql`case when i.authorization_ttl > ${most} then ${most} else i.authorization_ttl end`
  return sql`coalesce(${minutes} * 60, cast(${defaultTtl} as integer)) * cast(1000000 as bigint)`
}
