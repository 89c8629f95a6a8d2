/** Trusts: what a trustor lets a trustee do on a project. */
import type { Flag, TrustRow } from './schema.ts'
import type { Db } from './store.ts'

export interface TrustRecord {
  readonly id: string
  readonly trustorUserId: string
  readonly trusteeUserId: string
  readonly projectId: string | null
  readonly impersonation: boolean
  /** Microseconds. */
  readonly expiresAt: number | null
  readonly remainingUses: number | null
  readonly redelegatedTrustId: string | null
  /** How often it may still be passed on. */
  readonly redelegationCount: number
  readonly extra: Readonly<Record<string, unknown>>
  readonly roleIds: readonly string[]
}

function toTrust(row: TrustRow, roleIds: readonly string[]): TrustRecord {
  return {
    id: row.id,
    trustorUserId: row.trustor_user_id,
    trusteeUserId: row.trustee_user_id,
    projectId: row.project_id,
    impersonation: row.impersonation === 1,
    expiresAt: row.expires_at,
    remainingUses: row.remaining_uses,
    redelegatedTrustId: row.redelegated_trust_id,
    redelegationCount: row.redelegation_count ?? 0,
    extra: JSON.parse(row.extra),
    roleIds,
  }
}

/** A trust that has not been deleted; whether it has expired or is used up is for the caller to see. */
export async function findTrust(db: Db, id: string): Promise<TrustRecord | undefined> {
  const [row, roles] = await Promise.all([
    db
      .selectFrom('trust')
      .selectAll()
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst(),
    db.selectFrom('trust_role').select('role_id').where('trust_id', '=', id).orderBy('role_id').execute(),
  ])
  return (
    row &&
    toTrust(
      row,
      roles.map((r) => r.role_id),
    )
  )
}

/** Trusts in order of id, those of a trustor or of a trustee only when one is named. Without their roles. */
export async function listTrusts(
  db: Db,
  by: { readonly trustorUserId?: string; readonly trusteeUserId?: string },
): Promise<readonly TrustRecord[]> {
  let query = db.selectFrom('trust').selectAll().where('deleted_at', 'is', null).orderBy('id')
  if (by.trustorUserId !== undefined) query = query.where('trustor_user_id', '=', by.trustorUserId)
  if (by.trusteeUserId !== undefined) query = query.where('trustee_user_id', '=', by.trusteeUserId)
  return (await query.execute()).map((row) => toTrust(row, []))
}

export async function insertTrust(tx: Db, trust: TrustRecord): Promise<void> {
  const flag: Flag = trust.impersonation ? 1 : 0
  await tx
    .insertInto('trust')
    .values({
      id: trust.id,
      trustor_user_id: trust.trustorUserId,
      trustee_user_id: trust.trusteeUserId,
      project_id: trust.projectId,
      impersonation: flag,
      expires_at: trust.expiresAt,
      remaining_uses: trust.remainingUses,
      redelegated_trust_id: trust.redelegatedTrustId,
      redelegation_count: trust.redelegationCount,
      deleted_at: null,
      extra: JSON.stringify(trust.extra),
    })
    .execute()
  if (trust.roleIds.length === 0) return
  await tx
    .insertInto('trust_role')
    .values(trust.roleIds.map((role_id) => ({ trust_id: trust.id, role_id })))
    .execute()
}

/** Deletes a trust and every trust that was made from it. */
export async function deleteTrust(tx: Db, id: string, now: number): Promise<void> {
  const open = [id]
  for (const next of open) {
    const children = await tx
      .selectFrom('trust')
      .select('id')
      .where('redelegated_trust_id', '=', next)
      .where('deleted_at', 'is', null)
      .execute()
    open.push(...children.map((child) => child.id).filter((child) => !open.includes(child)))
  }
  await tx.updateTable('trust').set({ deleted_at: now }).where('id', 'in', open).execute()
}

/** Takes one use of a trust that counts them; false when none is left. Atomic: of two for the last use, one gets it. */
export async function consumeTrustUse(tx: Db, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('trust')
    .set((eb) => ({ remaining_uses: eb('remaining_uses', '-', 1) }))
    .where('id', '=', id)
    .where('remaining_uses', '>', 0)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return true
  const unlimited = await tx
    .selectFrom('trust')
    .select('id')
    .where('id', '=', id)
    .where('remaining_uses', 'is', null)
    .executeTakeFirst()
  return unlimited !== undefined
}
