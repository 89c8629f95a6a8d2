/** Policies of services, kept for them and not understood here, and which endpoint each is for. */
import { newId } from './ids.ts'
import type { Filter, Listed, Page } from './list.ts'
import { narrowed, paged } from './list.ts'
import type { Db } from './store.ts'

export interface StoredPolicy {
  readonly id: string
  readonly type: string
  readonly blob: string
  readonly extra: Readonly<Record<string, unknown>>
}

const toPolicy = (row: { id: string; type: string; blob: string; extra: string }): StoredPolicy => ({
  ...row,
  extra: JSON.parse(row.extra),
})

export async function findPolicy(db: Db, id: string): Promise<StoredPolicy | undefined> {
  const row = await db.selectFrom('policy').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toPolicy(row)
}

export async function listPolicies(
  db: Db,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<StoredPolicy>> {
  const { items, ...rest } = await paged(narrowed(db.selectFrom('policy').selectAll(), filters), 'id', page)
  return { items: items.map(toPolicy), ...rest }
}

export async function putPolicy(tx: Db, policy: StoredPolicy): Promise<void> {
  const { id, type, blob } = policy
  const fields = { type, blob, extra: JSON.stringify(policy.extra) }
  await tx
    .insertInto('policy')
    .values({ id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute()
}

export async function deletePolicy(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('policy').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

/** What a policy is for: one endpoint, a service everywhere, or a service in a region. */
export interface PolicyPlace {
  readonly endpointId: string | null
  readonly serviceId: string | null
  readonly regionId: string | null
}

export async function policyAt(db: Db, place: PolicyPlace): Promise<string | undefined> {
  const row = await db
    .selectFrom('policy_association')
    .select('policy_id')
    .where('endpoint_id', 'is not distinct from', place.endpointId)
    .where('service_id', 'is not distinct from', place.serviceId)
    .where('region_id', 'is not distinct from', place.regionId)
    .executeTakeFirst()
  return row?.policy_id
}

/** Makes the policy the one for the place, instead of any other. */
export async function setPolicyAt(tx: Db, policyId: string, place: PolicyPlace): Promise<void> {
  await clearPolicyAt(tx, undefined, place)
  await tx
    .insertInto('policy_association')
    .values({
      id: newId(),
      policy_id: policyId,
      endpoint_id: place.endpointId,
      service_id: place.serviceId,
      region_id: place.regionId,
    })
    .execute()
}

/** Clears the place of the policy, or of any when none is named; false when it was not there. */
export async function clearPolicyAt(
  tx: Db,
  policyId: string | undefined,
  place: PolicyPlace,
): Promise<boolean> {
  let query = tx
    .deleteFrom('policy_association')
    .where('endpoint_id', 'is not distinct from', place.endpointId)
    .where('service_id', 'is not distinct from', place.serviceId)
    .where('region_id', 'is not distinct from', place.regionId)
  if (policyId !== undefined) query = query.where('policy_id', '=', policyId)
  const { numDeletedRows } = await query.executeTakeFirst()
  return numDeletedRows > 0n
}

export async function placesOfPolicy(db: Db, policyId: string): Promise<readonly PolicyPlace[]> {
  const rows = await db
    .selectFrom('policy_association')
    .select(['endpoint_id', 'service_id', 'region_id'])
    .where('policy_id', '=', policyId)
    .execute()
  return rows.map((row) => ({
    endpointId: row.endpoint_id,
    serviceId: row.service_id,
    regionId: row.region_id,
  }))
}
