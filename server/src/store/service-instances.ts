/** Instances of services in namespaces. An ephemeral one lives as long as it says so. */
import type { ServiceInstanceRow } from './schema.ts'
import type { Db } from './store.ts'

export interface ServiceReference {
  readonly tenantId: string
  /** `DEFAULT_GROUP@@name` */
  readonly service: string
}

export interface InstanceReference extends ServiceReference {
  readonly cluster: string
  readonly ip: string
  readonly port: number
}

export interface ServiceInstance extends InstanceReference {
  readonly weight: number
  readonly enabled: boolean
  readonly healthy: boolean
  readonly ephemeral: boolean
  readonly metadata: Readonly<Record<string, string>>
  /** Microseconds: when it last said that it lives. */
  readonly beatAt: number
}

const flag = (value: boolean): 0 | 1 => (value ? 1 : 0)

const toInstance = (row: ServiceInstanceRow): ServiceInstance => ({
  tenantId: row.tenant_id,
  service: row.service,
  cluster: row.cluster,
  ip: row.ip,
  port: row.port,
  weight: row.weight,
  enabled: row.enabled === 1,
  healthy: row.healthy === 1,
  ephemeral: row.ephemeral === 1,
  metadata: JSON.parse(row.metadata),
  beatAt: row.beat_at,
})

/** Those of one service that are not ephemeral, or have said since `since` (microseconds) that they live; by address. */
export async function listServiceInstances(
  db: Db,
  { tenantId, service }: ServiceReference,
  since: number,
): Promise<readonly ServiceInstance[]> {
  const rows = await db
    .selectFrom('service_instance')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('service', '=', service)
    .where((eb) => eb.or([eb('ephemeral', '=', 0), eb('beat_at', '>', since)]))
    .orderBy('ip')
    .orderBy('port')
    .execute()
  return rows.map(toInstance)
}

/** Names of the services of a tenant that have instances, in order; see `listServiceInstances` for `since`. */
export async function listServiceNames(db: Db, tenantId: string, since: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('service_instance')
    .select('service')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where((eb) => eb.or([eb('ephemeral', '=', 0), eb('beat_at', '>', since)]))
    .orderBy('service')
    .execute()
  return rows.map((row) => row.service)
}

/** Writes an instance, over what was there, and forgets the ephemeral ones of its tenant silent since `before`. */
export async function putServiceInstance(tx: Db, instance: ServiceInstance, before: number): Promise<void> {
  await tx
    .deleteFrom('service_instance')
    .where('tenant_id', '=', instance.tenantId)
    .where('ephemeral', '=', 1)
    .where('beat_at', '<=', before)
    .execute()
  const written = {
    weight: instance.weight,
    enabled: flag(instance.enabled),
    healthy: flag(instance.healthy),
    ephemeral: flag(instance.ephemeral),
    metadata: JSON.stringify(instance.metadata),
    beat_at: instance.beatAt,
  }
  const { tenantId, service, cluster, ip, port } = instance
  await tx
    .insertInto('service_instance')
    .values({ tenant_id: tenantId, service, cluster, ip, port, ...written })
    .onConflict((c) => c.columns(['tenant_id', 'service', 'cluster', 'ip', 'port']).doUpdateSet(written))
    .execute()
}

/** Notes that an instance lives; false when it is not there. */
export async function noteBeat(tx: Db, of: InstanceReference, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('service_instance')
    .set({ beat_at: at })
    .where('tenant_id', '=', of.tenantId)
    .where('service', '=', of.service)
    .where('cluster', '=', of.cluster)
    .where('ip', '=', of.ip)
    .where('port', '=', of.port)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function deleteServiceInstance(tx: Db, of: InstanceReference): Promise<void> {
  await tx
    .deleteFrom('service_instance')
    .where('tenant_id', '=', of.tenantId)
    .where('service', '=', of.service)
    .where('cluster', '=', of.cluster)
    .where('ip', '=', of.ip)
    .where('port', '=', of.port)
    .execute()
}

export async function countServiceInstances(db: Db, tenantId: string): Promise<number> {
  const { n } = await db
    .selectFrom('service_instance')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow()
  return Number(n)
}
