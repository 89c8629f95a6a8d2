/**
 * Namespaces of EDAS and their keys. A namespace belongs to an account (a domain) and a region; its keys are the
 * namespace's own, of nobody's person: whoever holds one acts in that namespace and nowhere else. Secrets lie sealed for
 * the purpose `namespace_key:<access key>`.
 */
import type { NamespaceKeyRow, NamespaceRow } from './schema.ts'
import type { Db } from './store.ts'

export interface MseRegistry {
  readonly instanceId: string
  readonly internetAddress: string
  readonly intranetAddress: string
}

export interface NamespaceRecord {
  readonly id: number
  readonly domainId: string
  /** `cn-shenzhen:prod`, or `cn-shenzhen` for the region's default namespace. */
  readonly regionId: string
  readonly name: string
  readonly description: string
  readonly debugEnable: boolean
  /** UUID */
  readonly tenantId: string
  readonly registryType: NamespaceRow['registry_type']
  /** Empty strings where the registry is the shared one. */
  readonly mse: MseRegistry
  /** Microseconds. */
  readonly createdAt: number
}

export interface NamespaceKeyRecord {
  /** 32 hex digits. */
  readonly accessKey: string
  readonly namespaceId: number
  readonly sealedSecret: string
  /** Microseconds. */
  readonly createdAt: number
  /** null: the current key. Another is good until then. */
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
}

const toNamespace = (row: NamespaceRow): NamespaceRecord => ({
  id: row.id,
  domainId: row.domain_id,
  regionId: row.region_id,
  name: row.name,
  description: row.description,
  debugEnable: row.debug_enable === 1,
  tenantId: row.tenant_id,
  registryType: row.registry_type,
  mse: {
    instanceId: row.mse_instance_id,
    internetAddress: row.mse_internet_address,
    intranetAddress: row.mse_intranet_address,
  },
  createdAt: row.created_at,
})

const toKey = (row: NamespaceKeyRow): NamespaceKeyRecord => ({
  accessKey: row.access_key,
  namespaceId: row.namespace_id,
  sealedSecret: row.secret,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
})

export type NamespaceReference = { readonly id: number } | { readonly regionId: string }

/** A namespace of an account, by number or by `cn-shenzhen:prod`. Never another account's. */
export async function findNamespace(
  db: Db,
  domainId: string,
  reference: NamespaceReference,
): Promise<NamespaceRecord | undefined> {
  const query = db.selectFrom('namespace').selectAll().where('domain_id', '=', domainId)
  const row = await ('id' in reference
    ? query.where('id', '=', reference.id)
    : query.where('region_id', '=', reference.regionId)
  ).executeTakeFirst()
  return row && toNamespace(row)
}

/** In order of `regionId`. */
export async function listNamespaces(
  db: Db,
  domainId: string,
  filter: { readonly debugEnable?: boolean } = {},
): Promise<readonly NamespaceRecord[]> {
  let query = db.selectFrom('namespace').selectAll().where('domain_id', '=', domainId).orderBy('region_id')
  if (filter.debugEnable !== undefined) query = query.where('debug_enable', '=', filter.debugEnable ? 1 : 0)
  return (await query.execute()).map(toNamespace)
}

/** Fails as `isUniqueViolation` when the account has that namespace. */
export async function insertNamespace(tx: Db, namespace: NamespaceRecord): Promise<void> {
  await tx
    .insertInto('namespace')
    .values({
      id: namespace.id,
      domain_id: namespace.domainId,
      region_id: namespace.regionId,
      tenant_id: namespace.tenantId,
      created_at: namespace.createdAt,
      ...changeable(namespace),
    })
    .execute()
}

/** Everything but number, account, region, tenant and age. */
export async function updateNamespace(tx: Db, namespace: NamespaceRecord): Promise<void> {
  await tx.updateTable('namespace').set(changeable(namespace)).where('id', '=', namespace.id).execute()
}

function changeable({ name, description, debugEnable, registryType, mse }: NamespaceRecord) {
  return {
    name,
    description,
    debug_enable: debugEnable ? (1 as const) : (0 as const),
    registry_type: registryType,
    mse_instance_id: mse.instanceId,
    mse_internet_address: mse.internetAddress,
    mse_intranet_address: mse.intranetAddress,
  }
}

/** With its keys. */
export async function deleteNamespace(tx: Db, id: number): Promise<void> {
  await tx.deleteFrom('namespace').where('id', '=', id).execute()
}

/** The current key first, then those still good at `now`, newest first. */
export async function listNamespaceKeys(
  db: Db,
  namespaceId: number,
  now: number,
): Promise<readonly NamespaceKeyRecord[]> {
  const rows = await db
    .selectFrom('namespace_key')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .execute()
  const rank = (row: NamespaceKeyRow): number => row.expires_at ?? Number.POSITIVE_INFINITY
  return rows.sort((a, b) => (rank(a) < rank(b) ? 1 : -1)).map(toKey)
}

/** A key that is good at `now`, with the namespace it is bound to and whether its account is enabled. */
export async function findNamespaceKey(
  db: Db,
  accessKey: string,
  now: number,
): Promise<
  | { readonly key: NamespaceKeyRecord; readonly namespace: NamespaceRecord; readonly alive: boolean }
  | undefined
> {
  const row = await db
    .selectFrom('namespace_key as k')
    .innerJoin('namespace as n', 'n.id', 'k.namespace_id')
    .innerJoin('project as p', 'p.id', 'n.domain_id')
    .selectAll('n')
    .select(['k.access_key', 'k.secret', 'k.expires_at', 'k.last_used_at', 'p.enabled'])
    .select('k.created_at as key_created_at')
    .where('k.access_key', '=', accessKey)
    .where((eb) => eb.or([eb('k.expires_at', 'is', null), eb('k.expires_at', '>', now)]))
    .executeTakeFirst()
  if (!row) return undefined
  const key = toKey({ ...row, namespace_id: row.id, created_at: row.key_created_at })
  return { key, namespace: toNamespace(row), alive: row.enabled === 1 }
}

export async function insertNamespaceKey(tx: Db, key: NamespaceKeyRecord): Promise<void> {
  await tx
    .insertInto('namespace_key')
    .values({
      access_key: key.accessKey,
      namespace_id: key.namespaceId,
      secret: key.sealedSecret,
      created_at: key.createdAt,
      expires_at: key.expiresAt,
      last_used_at: key.lastUsedAt,
    })
    .execute()
}

/** Ends the current key at `until`, forgetting those that ended before `now`. Call it before the new one is inserted. */
export async function retireNamespaceKeys(
  tx: Db,
  namespaceId: number,
  { until, now }: { readonly until: number; readonly now: number },
): Promise<void> {
  const keys = tx.deleteFrom('namespace_key').where('namespace_id', '=', namespaceId)
  await keys.where('expires_at', '<=', now).execute()
  await tx
    .updateTable('namespace_key')
    .set((eb) => ({
      expires_at: eb
        .case()
        .when('expires_at', 'is', null)
        .then(until)
        .when('expires_at', '>', until)
        .then(until)
        .else(eb.ref('expires_at'))
        .end(),
    }))
    .where('namespace_id', '=', namespaceId)
    .execute()
}

export async function noteNamespaceKeyUse(tx: Db, accessKey: string, at: number): Promise<void> {
  await tx
    .updateTable('namespace_key')
    .set({ last_used_at: at })
    .where('access_key', '=', accessKey)
    .execute()
}
