/** Unified limits: registered defaults, and what single projects and domains have instead. */
import { newId } from './ids.ts'
import type { Filter, Listed, Page } from './list.ts'
import { narrowed, paged } from './list.ts'
import type { Db } from './store.ts'

export interface RegisteredLimit {
  readonly id: string
  readonly serviceId: string
  readonly regionId: string | null
  readonly resourceName: string
  readonly defaultLimit: number
  readonly description: string | null
}

/** A project's or a domain's own limit, with what it is a limit of. */
export interface Limit {
  readonly id: string
  readonly registeredLimitId: string
  readonly projectId: string | null
  readonly domainId: string | null
  readonly resourceLimit: number
  readonly description: string | null
  readonly serviceId: string
  readonly regionId: string | null
  readonly resourceName: string
  /** Of the project, '' when the limit is a domain's. */
  readonly projectDomainId: string
}

function registered(db: Db) {
  return db
    .selectFrom('registered_limit')
    .select([
      'id',
      'service_id as serviceId',
      'region_id as regionId',
      'resource_name as resourceName',
      'default_limit as defaultLimit',
      'description',
    ])
}

export function findRegisteredLimit(db: Db, id: string): Promise<RegisteredLimit | undefined> {
  return registered(db).where('id', '=', id).executeTakeFirst()
}

export function listRegisteredLimits(
  db: Db,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<RegisteredLimit>> {
  return paged(narrowed(registered(db), filters), 'id', page)
}

/** The registered limit of a service's resource in a region (null: in every region). */
export function registeredLimitOf(
  db: Db,
  of: Pick<RegisteredLimit, 'serviceId' | 'regionId' | 'resourceName'>,
): Promise<RegisteredLimit | undefined> {
  return registered(db)
    .where('service_id', '=', of.serviceId)
    .where('region_id', 'is not distinct from', of.regionId)
    .where('resource_name', '=', of.resourceName)
    .executeTakeFirst()
}

export async function putRegisteredLimit(tx: Db, limit: RegisteredLimit): Promise<void> {
  const fields = {
    service_id: limit.serviceId,
    region_id: limit.regionId,
    resource_name: limit.resourceName,
    default_limit: limit.defaultLimit,
    description: limit.description,
  }
  await tx
    .insertInto('registered_limit')
    .values({ id: limit.id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute()
}

export async function isLimitInUse(db: Db, registeredLimitId: string): Promise<boolean> {
  const row = await db
    .selectFrom('own_limit')
    .select('id')
    .where('registered_limit_id', '=', registeredLimitId)
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteRegisteredLimit(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('registered_limit').where('id', '=', id).execute()
}

function limits(db: Db) {
  return db
    .selectFrom('own_limit')
    .innerJoin('registered_limit as r', 'r.id', 'own_limit.registered_limit_id')
    .leftJoin('project as p', 'p.id', 'own_limit.project_id')
    .select([
      'own_limit.id',
      'own_limit.registered_limit_id as registeredLimitId',
      'own_limit.project_id as projectId',
      'own_limit.domain_id as domainId',
      'own_limit.resource_limit as resourceLimit',
      'own_limit.description',
      'r.service_id as serviceId',
      'r.region_id as regionId',
      'r.resource_name as resourceName',
    ])
    .select((eb) => eb.fn.coalesce('p.domain_id', eb.val('')).as('projectDomainId'))
}

export function findLimit(db: Db, id: string): Promise<Limit | undefined> {
  return limits(db).where('own_limit.id', '=', id).executeTakeFirst()
}

/** Whose limits a list shows. */
export type LimitView =
  | { readonly kind: 'all' }
  | { readonly kind: 'project'; readonly id: string }
  /** A domain's own and those of the projects in it. */
  | { readonly kind: 'domain'; readonly id: string }

export async function listLimits(
  db: Db,
  view: LimitView,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<Limit>> {
  let query = limits(db)
  if (view.kind === 'project') query = query.where('own_limit.project_id', '=', view.id)
  if (view.kind === 'domain') {
    query = query.where((eb) =>
      eb.or([eb('own_limit.domain_id', '=', view.id), eb('p.domain_id', '=', view.id)]),
    )
  }
  return paged(narrowed(query, filters), 'own_limit.id', page)
}

export async function hasLimit(
  db: Db,
  of: Pick<Limit, 'registeredLimitId' | 'projectId' | 'domainId'>,
): Promise<boolean> {
  const row = await db
    .selectFrom('own_limit')
    .select('id')
    .where('registered_limit_id', '=', of.registeredLimitId)
    .where('project_id', 'is not distinct from', of.projectId)
    .where('domain_id', 'is not distinct from', of.domainId)
    .executeTakeFirst()
  return row !== undefined
}

/** Adds a limit; gives its id. */
export async function insertLimit(
  tx: Db,
  limit: Pick<Limit, 'registeredLimitId' | 'projectId' | 'domainId' | 'resourceLimit' | 'description'>,
): Promise<string> {
  const id = newId()
  await tx
    .insertInto('own_limit')
    .values({
      id,
      registered_limit_id: limit.registeredLimitId,
      project_id: limit.projectId,
      domain_id: limit.domainId,
      resource_limit: limit.resourceLimit,
      description: limit.description,
    })
    .execute()
  return id
}

export async function updateLimit(
  tx: Db,
  id: string,
  fields: { readonly resourceLimit: number; readonly description: string | null },
): Promise<void> {
  await tx
    .updateTable('own_limit')
    .set({ resource_limit: fields.resourceLimit, description: fields.description })
    .where('id', '=', id)
    .execute()
}

export async function deleteLimit(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('own_limit').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}
