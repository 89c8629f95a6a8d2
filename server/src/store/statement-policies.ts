/**
 * Policies in JSON statements, of Huawei Cloud and of Alibaba RAM alike, with their versions, and to whom they are
 * attached. A policy belongs to one account (`domainId`) or, with '', to the cloud. It speaks one language, `huawei` or
 * `ram`: documents of the other are never asked about. core/policy/statements reads and decides them.
 *
 * Two ways bring a policy to somebody. An attachment names user, group or agency, and where it counts (`account`: in
 * the whole account; `project`: there): RAM's way, and Huawei's v5. Or the policy shares its id with a role of its
 * account, and whoever holds that role by a grant holds the policy: that is how Huawei's classic custom policies are
 * granted, by the very operations that grant roles. `listHeldPolicies` joins both.
 */
import { sql } from 'kysely'
import type { PolicyAttachmentRow, StatementPolicyRow } from './schema.ts'
import type { Db } from './store.ts'

export interface StatementPolicyRecord {
  readonly id: string
  /** '' for the cloud's own. */
  readonly domainId: string
  readonly language: StatementPolicyRow['language']
  readonly kind: StatementPolicyRow['kind']
  readonly name: string
  readonly description: string
  readonly defaultVersion: string
  /** Parsed JSON of the default version. */
  readonly document: unknown
  readonly extra: Readonly<Record<string, unknown>>
  /** Microseconds. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface PolicyVersion {
  readonly version: string
  readonly document: unknown
  readonly createdAt: number
}

export interface PolicyActor {
  readonly kind: PolicyAttachmentRow['actor_kind']
  readonly id: string
}

export interface Attachment {
  readonly policyId: string
  readonly actor: PolicyActor
  readonly scope: { readonly kind: PolicyAttachmentRow['scope_kind']; readonly id: string }
  readonly createdAt: number
}

function policies(db: Db) {
  return db
    .selectFrom('statement_policy as p')
    .innerJoin('statement_policy_version as v', (join) =>
      join.onRef('v.policy_id', '=', 'p.id').onRef('v.version', '=', 'p.default_version'),
    )
    .selectAll('p')
    .select('v.document')
}

const toPolicy = (row: StatementPolicyRow & { document: string }): StatementPolicyRecord => ({
  id: row.id,
  domainId: row.domain_id,
  language: row.language,
  kind: row.kind,
  name: row.name,
  description: row.description,
  defaultVersion: row.default_version,
  document: JSON.parse(row.document),
  extra: JSON.parse(row.extra),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export type PolicyReference =
  | { readonly id: string }
  | { readonly domainId: string; readonly language: StatementPolicyRow['language']; readonly name: string }

export async function findStatementPolicy(
  db: Db,
  reference: PolicyReference,
): Promise<StatementPolicyRecord | undefined> {
  const query =
    'id' in reference
      ? policies(db).where('p.id', '=', reference.id)
      : policies(db)
          .where('p.domain_id', '=', reference.domainId)
          .where('p.language', '=', reference.language)
          .where('p.name', '=', reference.name)
  const row = await query.executeTakeFirst()
  return row && toPolicy(row)
}

/** Those of `ids` that exist, in order of id. */
export async function findStatementPolicies(
  db: Db,
  ids: readonly string[],
): Promise<readonly StatementPolicyRecord[]> {
  if (ids.length === 0) return []
  const rows = await policies(db)
    .where('p.id', 'in', [...ids])
    .orderBy('p.id')
    .execute()
  return rows.map(toPolicy)
}

/** The policies of one account (or, with '', of the cloud) in one language, in order of id. */
export async function listStatementPolicies(
  db: Db,
  of: { readonly domainId: string; readonly language: StatementPolicyRow['language'] },
): Promise<readonly StatementPolicyRecord[]> {
  const rows = await policies(db)
    .where('p.domain_id', '=', of.domainId)
    .where('p.language', '=', of.language)
    .orderBy('p.id')
    .execute()
  return rows.map(toPolicy)
}

/** With its first version. Fails as `isUniqueViolation` when the account has a policy of that name in that language. */
export async function insertStatementPolicy(tx: Db, policy: StatementPolicyRecord): Promise<void> {
  await tx
    .insertInto('statement_policy')
    .values({
      id: policy.id,
      domain_id: policy.domainId,
      language: policy.language,
      kind: policy.kind,
      name: policy.name,
      description: policy.description,
      default_version: policy.defaultVersion,
      extra: JSON.stringify(policy.extra),
      created_at: policy.createdAt,
      updated_at: policy.updatedAt,
    })
    .execute()
  await insertPolicyVersion(tx, policy.id, {
    version: policy.defaultVersion,
    document: policy.document,
    createdAt: policy.createdAt,
  })
}

/** Everything but id, account, language, kind and age. The document replaces that of the default version. */
export async function updateStatementPolicy(tx: Db, policy: StatementPolicyRecord): Promise<void> {
  await tx
    .updateTable('statement_policy')
    .set({
      name: policy.name,
      description: policy.description,
      default_version: policy.defaultVersion,
      extra: JSON.stringify(policy.extra),
      updated_at: policy.updatedAt,
    })
    .where('id', '=', policy.id)
    .execute()
  await tx
    .updateTable('statement_policy_version')
    .set({ document: JSON.stringify(policy.document) })
    .where('policy_id', '=', policy.id)
    .where('version', '=', policy.defaultVersion)
    .execute()
}

/** With its versions and attachments. */
export async function deleteStatementPolicy(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('statement_policy').where('id', '=', id).execute()
}

/** Oldest first. */
export async function listPolicyVersions(db: Db, policyId: string): Promise<readonly PolicyVersion[]> {
  const rows = await db
    .selectFrom('statement_policy_version')
    .selectAll()
    .where('policy_id', '=', policyId)
    .orderBy('created_at')
    .orderBy('version')
    .execute()
  return rows.map((row) => ({
    version: row.version,
    document: JSON.parse(row.document),
    createdAt: row.created_at,
  }))
}

export async function insertPolicyVersion(tx: Db, policyId: string, version: PolicyVersion): Promise<void> {
  await tx
    .insertInto('statement_policy_version')
    .values({
      policy_id: policyId,
      version: version.version,
      document: JSON.stringify(version.document),
      created_at: version.createdAt,
    })
    .execute()
}

/** The version that counts. */
export async function setDefaultVersion(tx: Db, id: string, version: string, now: number): Promise<void> {
  await tx
    .updateTable('statement_policy')
    .set({ default_version: version, updated_at: now })
    .where('id', '=', id)
    .execute()
}

export async function deletePolicyVersion(tx: Db, policyId: string, version: string): Promise<void> {
  await tx
    .deleteFrom('statement_policy_version')
    .where('policy_id', '=', policyId)
    .where('version', '=', version)
    .execute()
}

/** True when it was not attached there before. */
export async function attachPolicy(tx: Db, attachment: Attachment): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('policy_attachment')
    .values({
      policy_id: attachment.policyId,
      actor_kind: attachment.actor.kind,
      actor_id: attachment.actor.id,
      scope_kind: attachment.scope.kind,
      scope_id: attachment.scope.id,
      created_at: attachment.createdAt,
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** True when it was attached there. */
export async function detachPolicy(tx: Db, attachment: Omit<Attachment, 'createdAt'>): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('policy_attachment')
    .where('actor_id', '=', attachment.actor.id)
    .where('policy_id', '=', attachment.policyId)
    .where('scope_id', '=', attachment.scope.id)
    .where('actor_kind', '=', attachment.actor.kind)
    .where('scope_kind', '=', attachment.scope.kind)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** To whom a policy is attached, and what is attached to somebody; oldest first. */
export async function listAttachments(
  db: Db,
  filter: { readonly policyId?: string; readonly actor?: PolicyActor },
): Promise<readonly Attachment[]> {
  let query = db.selectFrom('policy_attachment').selectAll().orderBy('created_at').orderBy('policy_id')
  if (filter.policyId !== undefined) query = query.where('policy_id', '=', filter.policyId)
  if (filter.actor !== undefined) {
    query = query.where('actor_kind', '=', filter.actor.kind).where('actor_id', '=', filter.actor.id)
  }
  return (await query.execute()).map((row) => ({
    policyId: row.policy_id,
    actor: { kind: row.actor_kind, id: row.actor_id },
    scope: { kind: row.scope_kind, id: row.scope_id },
    createdAt: row.created_at,
  }))
}

/** Whose policies: an actor with, for a user, the groups they are in, and the roles they hold by grants. */
export interface PolicyHolder {
  readonly actor: PolicyActor
  readonly groups: readonly string[]
  /** Ids of the effective roles, those of the account included. */
  readonly roles: readonly string[]
  readonly language: StatementPolicyRow['language']
  /** Where they act; null: in the account as a whole. */
  readonly projectId: string | null
}

/** The policies that somebody holds there, by attachment or by a role, each once, in order of id. */
export async function listHeldPolicies(
  db: Db,
  holder: PolicyHolder,
): Promise<readonly StatementPolicyRecord[]> {
  const { actor, groups, roles, language, projectId } = holder
  const rows = await policies(db)
    .where('p.language', '=', language)
    .where((eb) =>
      eb.or([
        ...(roles.length > 0 ? [eb('p.id', 'in', roles)] : []),
        eb(
          'p.id',
          'in',
          eb
            .selectFrom('policy_attachment as a')
            .select('a.policy_id')
            .where((at) =>
              at.or([
                at.and([at('a.actor_kind', '=', actor.kind), at('a.actor_id', '=', actor.id)]),
                ...(groups.length > 0
                  ? [at.and([at('a.actor_kind', '=', 'group'), at('a.actor_id', 'in', groups)])]
                  : []),
              ]),
            )
            .where((at) =>
              at.or([
                at('a.scope_kind', '=', 'account'),
                ...(projectId === null
                  ? []
                  : [at.and([at('a.scope_kind', '=', 'project'), at('a.scope_id', '=', projectId)])]),
              ]),
            ),
        ),
      ]),
    )
    .orderBy('p.id')
    .execute()
  return rows.map(toPolicy)
}

/** An attachment with the name of whom it is to. */
export interface NamedAttachment {
  readonly policyId: string
  readonly actor: PolicyActor & { readonly name: string }
  /** What is said of whom it is to: a user's display name, the description of a group or an agency; '' when nothing is. */
  readonly about: string
  readonly createdAt: number
}

/** What is attached, anywhere, to the users, groups and agencies of one account; oldest first. */
export async function listAttachmentsWithin(
  db: Db,
  domainId: string,
  policyId?: string,
): Promise<readonly NamedAttachment[]> {
  const one = policyId === undefined ? sql`` : sql`and a.policy_id = ${policyId}`
  const { rows } = await sql<{
    policy_id: string
    kind: PolicyActor['kind']
    id: string
    name: string
    about: string | null
    created_at: number
  }>`
    select a.policy_id, t.kind, t.id, t.name, t.about, a.created_at from policy_attachment a
    join (
      select 'user' as kind, id, name, extra as about from "user" where domain_id = ${domainId}
      union all select 'group', id, name, description from "group" where domain_id = ${domainId}
      union all select 'agency', id, name, description from agency where domain_id = ${domainId}
    ) t on t.kind = a.actor_kind and t.id = a.actor_id
    where 1 = 1 ${one}
    order by a.created_at, t.name`.execute(db)
  return rows.map((row) => ({
    policyId: row.policy_id,
    actor: { kind: row.kind, id: row.id, name: row.name },
    about: row.kind === 'user' ? displayNameIn(row.about) : (row.about ?? ''),
    createdAt: row.created_at,
  }))
}

function displayNameIn(extra: string | null): string {
  const { display_name: name } = JSON.parse(extra ?? '{}') as { display_name?: unknown }
  return typeof name === 'string' ? name : ''
}
