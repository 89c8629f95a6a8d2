import type { AccessRuleFacts } from '../core/session.ts'
import type { Db } from './store.ts'

export interface ApplicationCredentialRecord {
  readonly id: string
  readonly userId: string
  readonly projectId: string
  readonly name: string
  readonly description: string | null
  readonly secretHash: string
  readonly unrestricted: boolean
  /** Microseconds. */
  readonly expiresAt: number | null
  readonly roleIds: readonly string[]
  /** null when it carries none. */
  readonly accessRules: readonly AccessRuleFacts[] | null
}

export async function findApplicationCredential(
  db: Db,
  id: string,
): Promise<ApplicationCredentialRecord | undefined> {
  const [row, roles, rules] = await Promise.all([
    db.selectFrom('application_credential').selectAll().where('id', '=', id).executeTakeFirst(),
    db
      .selectFrom('application_credential_role')
      .select('role_id')
      .where('application_credential_id', '=', id)
      .execute(),
    db
      .selectFrom('application_credential_access_rule as l')
      .innerJoin('access_rule as r', 'r.id', 'l.access_rule_id')
      .select(['r.id', 'r.service', 'r.path', 'r.method'])
      .where('l.application_credential_id', '=', id)
      .execute(),
  ])
  return (
    row && {
      id: row.id,
      userId: row.user_id,
      projectId: row.project_id,
      name: row.name,
      description: row.description,
      secretHash: row.secret_hash,
      unrestricted: row.unrestricted === 1,
      expiresAt: row.expires_at,
      roleIds: roles.map((r) => r.role_id),
      accessRules: rules.length > 0 ? rules : null,
    }
  )
}
