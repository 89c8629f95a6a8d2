/** Which endpoints a project's catalog shows: single endpoints, and groups of them by filter. */
import type { Filter, Listed, Page } from './list.ts'
import { narrowed, paged } from './list.ts'
import { type Endpoint, listEndpoints } from './services.ts'
import type { Db } from './store.ts'

export interface EndpointGroup {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly filters: Readonly<Record<string, unknown>>
}

const toGroup = (row: {
  id: string
  name: string
  description: string | null
  filters: string
}): EndpointGroup => ({
  id: row.id,
  name: row.name,
  description: row.description,
  filters: JSON.parse(row.filters),
})

export async function findEndpointGroup(db: Db, id: string): Promise<EndpointGroup | undefined> {
  const row = await db.selectFrom('endpoint_group').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toGroup(row)
}

export async function listEndpointGroups(
  db: Db,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<EndpointGroup>> {
  const query = narrowed(db.selectFrom('endpoint_group').selectAll(), filters)
  const { items, ...rest } = await paged(query, 'id', page)
  return { items: items.map(toGroup), ...rest }
}

export async function putEndpointGroup(tx: Db, group: EndpointGroup): Promise<void> {
  const { id, name, description } = group
  const fields = { name, description, filters: JSON.stringify(group.filters) }
  await tx
    .insertInto('endpoint_group')
    .values({ id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute()
}

export async function deleteEndpointGroup(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('endpoint_group').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

export async function groupsOfProject(db: Db, projectId: string): Promise<readonly EndpointGroup[]> {
  const rows = await db
    .selectFrom('endpoint_group as g')
    .innerJoin('project_endpoint_group as pg', 'pg.endpoint_group_id', 'g.id')
    .selectAll('g')
    .where('pg.project_id', '=', projectId)
    .orderBy('g.id')
    .execute()
  return rows.map(toGroup)
}

const COLUMNS: Readonly<Record<string, string>> = {
  service_id: 'service_id',
  region_id: 'region_id',
  interface: 'interface',
}

/** The endpoints a group's filters select. */
export async function endpointsOfGroup(db: Db, group: EndpointGroup): Promise<readonly Endpoint[]> {
  const filters: Filter[] = []
  for (const [name, value] of Object.entries(group.filters)) {
    const column = COLUMNS[name]
    if (column === undefined || typeof value !== 'string') return []
    filters.push({ column, comparator: 'equals', value, caseSensitive: true })
  }
  return (await listEndpoints(db, filters, {})).items
}

/** Everything a project's catalog is limited to: its own endpoints, then those of its groups, each once. */
export async function endpointsOfProject(db: Db, projectId: string): Promise<readonly Endpoint[]> {
  const own = await db
    .selectFrom('project_endpoint')
    .select('endpoint_id')
    .where('project_id', '=', projectId)
    .execute()
  const ids = new Set(own.map((row) => row.endpoint_id))
  const shown = new Map<string, Endpoint>()
  for (const endpoint of (await listEndpoints(db, [], {})).items) {
    if (ids.has(endpoint.id)) shown.set(endpoint.id, endpoint)
  }
  for (const group of await groupsOfProject(db, projectId)) {
    for (const endpoint of await endpointsOfGroup(db, group)) shown.set(endpoint.id, endpoint)
  }
  return [...shown.values()]
}

/** What a project is associated with. */
export type Associated = 'endpoint' | 'group'

export async function isAssociated(
  db: Db,
  kind: Associated,
  id: string,
  projectId: string,
): Promise<boolean> {
  return (await projectsAssociated(db, kind, id)).includes(projectId)
}

export async function associate(tx: Db, kind: Associated, id: string, projectId: string): Promise<void> {
  if (kind === 'endpoint') {
    await tx.insertInto('project_endpoint').values({ endpoint_id: id, project_id: projectId }).execute()
  } else {
    await tx
      .insertInto('project_endpoint_group')
      .values({ endpoint_group_id: id, project_id: projectId })
      .execute()
  }
}

export async function dissociate(tx: Db, kind: Associated, id: string, projectId: string): Promise<boolean> {
  const { numDeletedRows } =
    kind === 'endpoint'
      ? await tx
          .deleteFrom('project_endpoint')
          .where('endpoint_id', '=', id)
          .where('project_id', '=', projectId)
          .executeTakeFirst()
      : await tx
          .deleteFrom('project_endpoint_group')
          .where('endpoint_group_id', '=', id)
          .where('project_id', '=', projectId)
          .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Ids of the projects an endpoint or a group is associated with. */
export async function projectsAssociated(db: Db, kind: Associated, id: string): Promise<readonly string[]> {
  const rows = await (kind === 'endpoint'
    ? db.selectFrom('project_endpoint').select('project_id').where('endpoint_id', '=', id)
    : db.selectFrom('project_endpoint_group').select('project_id').where('endpoint_group_id', '=', id)
  ).execute()
  return rows.map((row) => row.project_id)
}
