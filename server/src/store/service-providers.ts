/** Other clouds that trust this one's users: kept and shown in tokens; assertions for them are not made. */
import { type Filter, type Listed, narrowed, type Page, paged } from './list.ts'
import { perEpoch } from './per-epoch.ts'
import type { Db, Store } from './store.ts'

export interface ServiceProvider {
  readonly id: string
  readonly authUrl: string
  readonly spUrl: string
  readonly description: string | null
  readonly enabled: boolean
  readonly relayStatePrefix: string
}

/** What a token shows of an enabled one. */
export type ShownServiceProvider = Pick<ServiceProvider, 'id' | 'authUrl' | 'spUrl'>

interface Row {
  id: string
  auth_url: string
  sp_url: string
  description: string | null
  enabled: 0 | 1
  relay_state_prefix: string
}

const toServiceProvider = (row: Row): ServiceProvider => ({
  id: row.id,
  authUrl: row.auth_url,
  spUrl: row.sp_url,
  description: row.description,
  enabled: row.enabled === 1,
  relayStatePrefix: row.relay_state_prefix,
})

const columnsOf = (provider: ServiceProvider) => ({
  auth_url: provider.authUrl,
  sp_url: provider.spUrl,
  description: provider.description,
  enabled: provider.enabled ? (1 as const) : (0 as const),
  relay_state_prefix: provider.relayStatePrefix,
})

export async function findServiceProvider(db: Db, id: string): Promise<ServiceProvider | undefined> {
  const row = await db.selectFrom('service_provider').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toServiceProvider(row)
}

/** Ordered by id. */
export async function listServiceProviders(
  db: Db,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<ServiceProvider>> {
  const query = narrowed(db.selectFrom('service_provider').selectAll(), filters)
  const { items, ...rest } = await paged(query, 'service_provider.id', page)
  return { items: items.map(toServiceProvider), ...rest }
}

/** The enabled ones, remembered until something changes: every token answer shows them. */
export const enabledServiceProviders: (store: Store) => Promise<readonly ShownServiceProvider[]> = perEpoch(
  async ({ db }) => {
    const query = db.selectFrom('service_provider').selectAll().where('enabled', '=', 1).orderBy('id')
    return (await query.execute()).map(toServiceProvider)
  },
)

/** Throws a unique violation when the id is taken. */
export async function insertServiceProvider(tx: Db, provider: ServiceProvider): Promise<void> {
  await tx
    .insertInto('service_provider')
    .values({ id: provider.id, ...columnsOf(provider) })
    .execute()
}

export async function updateServiceProvider(tx: Db, provider: ServiceProvider): Promise<void> {
  await tx.updateTable('service_provider').set(columnsOf(provider)).where('id', '=', provider.id).execute()
}

/** False when there was none. */
export async function deleteServiceProvider(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('service_provider').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}
