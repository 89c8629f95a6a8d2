/** Revocations, found by what they name: one indexed look-up however many there are. */
import type { Db } from './store.ts'

export interface Revocation {
  readonly kind: string
  readonly id: string
  /** Microseconds: tokens issued up to then are void. */
  readonly revokedAt: number
}

/** Those among `named` that are revoked. */
export async function findRevocations(
  db: Db,
  named: readonly { readonly kind: string; readonly id: string }[],
): Promise<readonly Revocation[]> {
  const rows = await db
    .selectFrom('revocation')
    .select(['kind', 'id', 'revoked_at'])
    .where(
      'id',
      'in',
      named.map((n) => n.id),
    )
    .execute()
  return rows
    .filter((row) => named.some((n) => n.kind === row.kind && n.id === row.id))
    .map((row) => ({ kind: row.kind, id: row.id, revokedAt: row.revoked_at }))
}

/**
 * Voids every token of `kind` and `id` issued up to `at`. `until`: when the last of them would have expired anyway.
 * A later revocation of the same thing moves both moments forward, never back (revocations combine by maximum).
 */
export async function revoke(tx: Db, revocation: Revocation & { readonly until: number }): Promise<void> {
  const { kind, id, revokedAt, until } = revocation
  await tx
    .insertInto('revocation')
    .values({ kind, id, revoked_at: revokedAt, expires_at: until })
    .onConflict((c) =>
      c.columns(['id', 'kind']).doUpdateSet((eb) => ({
        revoked_at: eb
          .case()
          .when('revocation.revoked_at', '>', revokedAt)
          .then(eb.ref('revocation.revoked_at'))
          .else(revokedAt)
          .end(),
        expires_at: eb
          .case()
          .when('revocation.expires_at', '>', until)
          .then(eb.ref('revocation.expires_at'))
          .else(until)
          .end(),
      })),
    )
    .execute()
}

/** Those made at or after `since` (microseconds), oldest first. */
export async function listRevocations(db: Db, since: number): Promise<readonly Revocation[]> {
  const rows = await db
    .selectFrom('revocation')
    .select(['kind', 'id', 'revoked_at'])
    .where('revoked_at', '>=', since)
    .orderBy('revoked_at')
    .execute()
  return rows.map((row) => ({ kind: row.kind, id: row.id, revokedAt: row.revoked_at }))
}

/** Drops revocations whose tokens have all expired. */
export async function forgetOldRevocations(tx: Db, now: number): Promise<void> {
  await tx.deleteFrom('revocation').where('expires_at', '<', now).execute()
}
