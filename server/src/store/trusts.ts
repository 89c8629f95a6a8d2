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
  readonly redelegationCount: number | null
  readonly roleIds: readonly string[]
}

/** A trust that has not been deleted; whether it has expired is for the caller to see. */
export async function findTrust(db: Db, id: string): Promise<TrustRecord | undefined> {
  const [row, roles] = await Promise.all([
    db
      .selectFrom('trust')
      .selectAll()
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst(),
    db.selectFrom('trust_role').select('role_id').where('trust_id', '=', id).execute(),
  ])
  return (
    row && {
      id: row.id,
      trustorUserId: row.trustor_user_id,
      trusteeUserId: row.trustee_user_id,
      projectId: row.project_id,
      impersonation: row.impersonation === 1,
      expiresAt: row.expires_at,
      remainingUses: row.remaining_uses,
      redelegatedTrustId: row.redelegated_trust_id,
      redelegationCount: row.redelegation_count,
      roleIds: roles.map((r) => r.role_id),
    }
  )
}
