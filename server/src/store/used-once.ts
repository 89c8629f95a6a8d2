/** What may be used once: one-time codes, receipts, signatures. A row outlives whatever it guards against. */
import type { Db } from './store.ts'

export interface UsedOnce {
  /** What kind of thing, and whose: values of different spaces never meet. */
  readonly space: string
  readonly value: string
  /** Microseconds: from then on the value is refused for its age anyway. */
  readonly expiresAt: number
}

/**
 * True for the first who uses the value, false for everybody after, however many come at once. Rows whose time has
 * passed at `now` go.
 */
export async function useOnce(tx: Db, used: UsedOnce, now: number): Promise<boolean> {
  await tx.deleteFrom('used_once').where('expires_at', '<', now).execute()
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('used_once')
    .values({ space: used.space, value: used.value, expires_at: used.expiresAt })
    .onConflict((c) => c.columns(['value', 'space']).doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Those of `values` that were used already, as far as they are remembered. */
export async function usedAmong(
  db: Db,
  space: string,
  values: readonly string[],
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('used_once')
    .select('value')
    .where('value', 'in', [...values])
    .where('space', '=', space)
    .execute()
  return rows.map((row) => row.value)
}
