/**
 * What goes when a project, a user, a group or an agency goes: one list for each, so that removing one, or all of a domain's,
 * forgets nothing. Foreign keys take what cannot mean anything without its parent (passwords, memberships, tags);
 * here is the rest. Who may remove what, and when, is decided before.
 */
import type { Expression } from 'kysely'
import type { Db } from './store.ts'

/** Ids, or a bracketed subquery that gives them. It is asked several times, while its rows are still there. */
export type Ids = readonly string[] | Expression<string>

/** Projects with their grants, credentials, delegations, limits and places in the catalog. */
export async function removeProjects(tx: Db, ids: Ids, now: number): Promise<void> {
  await tx
    .deleteFrom('assignment')
    .where('target_kind', '=', 'project')
    .where('target_id', 'in', ids)
    .execute()
  await tx.deleteFrom('credential').where('project_id', 'in', ids).execute()
  await tx.deleteFrom('application_credential').where('project_id', 'in', ids).execute()
  await tx
    .updateTable('trust')
    .set({ deleted_at: now })
    .where('deleted_at', 'is', null)
    .where('project_id', 'in', ids)
    .execute()
  await tx.deleteFrom('oauth_access_token').where('project_id', 'in', ids).execute()
  await tx.deleteFrom('oauth_request_token').where('requested_project_id', 'in', ids).execute()
  await tx
    .deleteFrom('policy_attachment')
    .where('scope_kind', '=', 'project')
    .where('scope_id', 'in', ids)
    .execute()
  await tx.deleteFrom('own_limit').where('project_id', 'in', ids).execute()
  await tx.deleteFrom('project_endpoint').where('project_id', 'in', ids).execute()
  await tx.deleteFrom('project_endpoint_group').where('project_id', 'in', ids).execute()
  await tx
    .updateTable('user')
    .set({ default_project_id: null })
    .where('default_project_id', 'in', ids)
    .execute()
  await tx.deleteFrom('project').where('id', 'in', ids).execute()
}

/** Users with their grants, credentials and delegations, given and received. */
export async function removeUsers(tx: Db, ids: Ids, now: number): Promise<void> {
  await tx.deleteFrom('assignment').where('actor_kind', '=', 'user').where('actor_id', 'in', ids).execute()
  await detachPolicies(tx, 'user', ids)
  await tx.deleteFrom('credential').where('user_id', 'in', ids).execute()
  await tx.deleteFrom('application_credential').where('user_id', 'in', ids).execute()
  await tx
    .updateTable('trust')
    .set({ deleted_at: now })
    .where('deleted_at', 'is', null)
    .where((eb) => eb.or([eb('trustor_user_id', 'in', ids), eb('trustee_user_id', 'in', ids)]))
    .execute()
  await tx.deleteFrom('oauth_access_token').where('authorizing_user_id', 'in', ids).execute()
  await tx.deleteFrom('oauth_request_token').where('authorizing_user_id', 'in', ids).execute()
  await tx.deleteFrom('user').where('id', 'in', ids).execute()
}

/** Groups with their grants. */
export async function removeGroups(tx: Db, ids: Ids): Promise<void> {
  await tx.deleteFrom('assignment').where('actor_kind', '=', 'group').where('actor_id', 'in', ids).execute()
  await detachPolicies(tx, 'group', ids)
  await tx.deleteFrom('group').where('id', 'in', ids).execute()
}

/** Agencies and roles with what they may; sessions through them end with them. */
export async function removeAgencies(tx: Db, ids: Ids): Promise<void> {
  await tx.deleteFrom('assignment').where('actor_kind', '=', 'agency').where('actor_id', 'in', ids).execute()
  await detachPolicies(tx, 'agency', ids)
  await tx.deleteFrom('agency').where('id', 'in', ids).execute()
}

async function detachPolicies(tx: Db, kind: 'user' | 'group' | 'agency', ids: Ids): Promise<void> {
  await tx
    .deleteFrom('policy_attachment')
    .where('actor_kind', '=', kind)
    .where('actor_id', 'in', ids)
    .execute()
}
