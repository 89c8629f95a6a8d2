import type { Named } from '../core/session.ts'
import type { Db } from './store.ts'

/**
 * What is left of a federated sign-in: undefined when its provider is gone, disabled or lost the protocol; else those
 * of its groups that still exist.
 */
export async function findFederationFacts(
  db: Db,
  link: { readonly idp: string; readonly protocol: string; readonly groups: readonly string[] },
): Promise<{ readonly groups: readonly Named[] } | undefined> {
  const provider = await db
    .selectFrom('identity_provider as i')
    .innerJoin('federation_protocol as p', 'p.idp_id', 'i.id')
    .innerJoin('mapping as m', 'm.id', 'p.mapping_id')
    .select('i.id')
    .where('i.id', '=', link.idp)
    .where('i.enabled', '=', 1)
    .where('p.id', '=', link.protocol)
    .executeTakeFirst()
  if (!provider) return undefined
  if (link.groups.length === 0) return { groups: [] }
  const groups = await db
    .selectFrom('group')
    .select(['id', 'name'])
    .where('id', 'in', [...link.groups])
    .orderBy('id')
    .execute()
  return { groups }
}
