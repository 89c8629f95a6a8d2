/** What a domain has beyond a project: it is listed, and it takes everything that lives in it when it goes. */
import { sql } from 'kysely'
import { type Filter, type Listed, narrowed, type Page, paged } from './list.ts'
import { type Project, projects, toProject } from './projects.ts'
import { removeAgencies, removeGroups, removeProjects, removeUsers } from './removal.ts'
import type { Db } from './store.ts'

/** A domain; a project that is none is not found here. */
export async function findDomain(db: Db, id: string): Promise<Project | undefined> {
  const row = await projects(db)
    .where('project.id', '=', id)
    .where('project.is_domain', '=', 1)
    .executeTakeFirst()
  return row && toProject(row)
}

export async function listDomains(db: Db, filters: readonly Filter[], page: Page): Promise<Listed<Project>> {
  // Domains are the rows of no domain: that is indexed.
  const domains = projects(db).where('project.domain_id', '=', '').where('project.is_domain', '=', 1)
  const { items, next } = await paged(narrowed(domains, filters), 'project.id', page)
  return { items: items.map(toProject), ...(next === undefined ? {} : { next }) }
}

/** The id of a project of the domain that may not be removed, if there is one. */
export async function findImmutableProject(db: Db, domainId: string): Promise<string | undefined> {
  const rows = await db
    .selectFrom('project')
    .select(['id', 'options'])
    .where('domain_id', '=', domainId)
    .where('options', '<>', '{}')
    .execute()
  return rows.find((row) => (JSON.parse(row.options) as { immutable?: unknown }).immutable === true)?.id
}

/** The domain with its projects, users, groups, roles, identity providers, configuration, and all that hangs on them. */
export async function removeDomain(tx: Db, id: string, now: number): Promise<void> {
  await removeProjects(tx, sql<string>`(select id from project where domain_id = ${id})`, now)
  await removeGroups(tx, sql<string>`(select id from "group" where domain_id = ${id})`)
  await removeUsers(tx, sql<string>`(select id from "user" where domain_id = ${id})`, now)
  await removeAgencies(tx, sql<string>`(select id from agency where domain_id = ${id})`)
  await tx.deleteFrom('statement_policy').where('domain_id', '=', id).execute()
  const providers = sql<string>`(select id from identity_provider where domain_id = ${id})`
  await tx.deleteFrom('federated_user').where('idp_id', 'in', providers).execute()
  await tx.deleteFrom('expiring_membership').where('idp_id', 'in', providers).execute()
  await tx.deleteFrom('identity_provider').where('domain_id', '=', id).execute()
  await tx.deleteFrom('role').where('domain_id', '=', id).execute()
  await tx.deleteFrom('assignment').where('target_kind', '=', 'domain').where('target_id', '=', id).execute()
  await tx.deleteFrom('own_limit').where('domain_id', '=', id).execute()
  await removeProjects(tx, [id], now)
}
