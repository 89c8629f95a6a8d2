/** Services and their endpoints. */
import type { Filter, Listed, Page } from './list.ts'
import { narrowed, paged } from './list.ts'
import type { EndpointRow, Flag, ServiceRow } from './schema.ts'
import type { Db } from './store.ts'

export interface Service {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly enabled: boolean
  readonly extra: Readonly<Record<string, unknown>>
}

export interface Endpoint {
  readonly id: string
  readonly serviceId: string
  readonly regionId: string | null
  readonly interface: string
  readonly url: string
  readonly enabled: boolean
  readonly extra: Readonly<Record<string, unknown>>
}

const flag = (value: boolean): Flag => (value ? 1 : 0)

const toService = (row: ServiceRow): Service => ({
  id: row.id,
  type: row.type,
  name: row.name ?? '',
  enabled: row.enabled === 1,
  extra: JSON.parse(row.extra),
})

const toEndpoint = (row: EndpointRow): Endpoint => ({
  id: row.id,
  serviceId: row.service_id,
  regionId: row.region_id,
  interface: row.interface,
  url: row.url,
  enabled: row.enabled === 1,
  extra: JSON.parse(row.extra),
})

export async function findService(db: Db, id: string): Promise<Service | undefined> {
  const row = await db.selectFrom('service').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toService(row)
}

export async function listServices(db: Db, filters: readonly Filter[], page: Page): Promise<Listed<Service>> {
  const { items, ...rest } = await paged(narrowed(db.selectFrom('service').selectAll(), filters), 'id', page)
  return { items: items.map(toService), ...rest }
}

/** Writes a service, new or changed. */
export async function putService(tx: Db, service: Service): Promise<void> {
  const { id, type, name } = service
  const fields = {
    type,
    name,
    description: null,
    enabled: flag(service.enabled),
    extra: JSON.stringify(service.extra),
  }
  await tx
    .insertInto('service')
    .values({ id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute()
}

/** Deletes a service with its endpoints; false when it was not there. */
export async function deleteService(tx: Db, id: string): Promise<boolean> {
  const endpoints = await tx.selectFrom('endpoint').select('id').where('service_id', '=', id).execute()
  await deleteEndpoints(
    tx,
    endpoints.map((e) => e.id),
  )
  await tx.deleteFrom('policy_association').where('service_id', '=', id).execute()
  const { numDeletedRows } = await tx.deleteFrom('service').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

export async function findEndpoint(db: Db, id: string): Promise<Endpoint | undefined> {
  const row = await db.selectFrom('endpoint').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toEndpoint(row)
}

export async function listEndpoints(
  db: Db,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<Endpoint>> {
  const { items, ...rest } = await paged(narrowed(db.selectFrom('endpoint').selectAll(), filters), 'id', page)
  return { items: items.map(toEndpoint), ...rest }
}

export async function putEndpoint(tx: Db, endpoint: Endpoint): Promise<void> {
  const fields = {
    service_id: endpoint.serviceId,
    region_id: endpoint.regionId,
    interface: endpoint.interface,
    url: endpoint.url,
    enabled: flag(endpoint.enabled),
    extra: JSON.stringify(endpoint.extra),
  }
  await tx
    .insertInto('endpoint')
    .values({ id: endpoint.id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute()
}

/** Deletes endpoints and what names them; how many there were. */
export async function deleteEndpoints(tx: Db, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0
  await tx
    .deleteFrom('policy_association')
    .where('endpoint_id', 'in', [...ids])
    .execute()
  const { numDeletedRows } = await tx
    .deleteFrom('endpoint')
    .where('id', 'in', [...ids])
    .executeTakeFirst()
  return Number(numDeletedRows)
}
