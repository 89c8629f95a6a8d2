import type { Filter, Listed, Page } from './list.ts'
import { narrowed, paged } from './list.ts'
import type { Tables } from './schema.ts'
import type { Db } from './store.ts'

export interface Region {
  readonly id: string
  readonly description: string
  readonly parentRegionId: string | null
  /** Attributes beyond these. */
  readonly extra: Readonly<Record<string, unknown>>
}

const toRegion = (row: Tables['region']): Region => ({
  id: row.id,
  description: row.description,
  parentRegionId: row.parent_region_id,
  extra: JSON.parse(row.extra) as Record<string, unknown>,
})

export async function findRegion(db: Db, id: string): Promise<Region | undefined> {
  const row = await db.selectFrom('region').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toRegion(row)
}

export async function listRegions(db: Db, filters: readonly Filter[], page: Page): Promise<Listed<Region>> {
  const { items, ...rest } = await paged(narrowed(db.selectFrom('region').selectAll(), filters), 'id', page)
  return { items: items.map(toRegion), ...rest }
}

export async function insertRegion(tx: Db, region: Region): Promise<void> {
  const { id, description, parentRegionId, extra } = region
  await tx
    .insertInto('region')
    .values({ id, description, parent_region_id: parentRegionId, extra: JSON.stringify(extra) })
    .execute()
}

export async function updateRegion(tx: Db, region: Region): Promise<void> {
  await tx
    .updateTable('region')
    .set({
      description: region.description,
      parent_region_id: region.parentRegionId,
      extra: JSON.stringify(region.extra),
    })
    .where('id', '=', region.id)
    .execute()
}

/** Ids of the region and of everything below it. */
export async function regionSubtree(db: Db, id: string): Promise<readonly string[]> {
  const rows = await db
    .withRecursive('down(id)', (q) =>
      q
        .selectFrom('region')
        .select('id')
        .where('id', '=', id)
        .union(
          q.selectFrom('region as r').innerJoin('down as d', 'd.id', 'r.parent_region_id').select('r.id'),
        ),
    )
    .selectFrom('down')
    .select('id')
    .execute()
  return rows.map((row) => row.id)
}

export async function countEndpointsIn(db: Db, regionIds: readonly string[]): Promise<number> {
  const { n } = await db
    .selectFrom('endpoint')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('region_id', 'in', [...regionIds])
    .executeTakeFirstOrThrow()
  return Number(n)
}

export async function deleteRegions(tx: Db, ids: readonly string[]): Promise<void> {
  await tx
    .deleteFrom('policy_association')
    .where('region_id', 'in', [...ids])
    .execute()
  await tx
    .deleteFrom('region')
    .where('id', 'in', [...ids])
    .execute()
}
