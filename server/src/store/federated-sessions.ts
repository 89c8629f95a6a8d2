import { sql } from 'kysely'
import type { Named } from '../core/session.ts'
import type { Db } from './store.ts'

/** Whose sign-in it was, and when it is asked about (microseconds). */
export interface SignedIn {
  readonly userId: string
  readonly now: number
}

/** What a sign-in still gives, and the moment (microseconds) up to which sign-ins by its protocol are void. */
export interface Standing {
  readonly groups: readonly Named[]
  readonly tokensValidFrom: number
}

/**
 * What is left of a federated sign-in: undefined when its provider is gone, disabled or lost the protocol; else those
 * of its groups that still exist. Where the provider has an `authorization_ttl` they count for a federated user only while
 * the provider's last word about them holds; a local user whom a mapping means has no such word here.
 */
export async function findFederationFacts(
  db: Db,
  link: { readonly idp: string; readonly protocol: string; readonly groups: readonly string[] },
  { userId, now }: SignedIn,
): Promise<Standing | undefined> {
  const provider = await db
    .selectFrom('identity_provider as i')
    .innerJoin('federation_protocol as p', 'p.idp_id', 'i.id')
    .innerJoin('mapping as m', 'm.id', 'p.mapping_id')
    .select(['i.authorization_ttl as minutes', 'p.tokens_valid_from as tokensValidFrom'])
    .where('i.id', '=', link.idp)
    .where('i.enabled', '=', 1)
    .where('p.id', '=', link.protocol)
    .executeTakeFirst()
  if (!provider) return undefined
  const { minutes, tokensValidFrom } = provider
  if (link.groups.length === 0) return { groups: [], tokensValidFrom }
  const existing = db
    .selectFrom('group')
    .select(['id', 'name'])
    .where('id', 'in', [...link.groups])
    .orderBy('id')
  // Without a time of the provider's own they last as long as the token that they are in.
  if (!minutes) return { groups: await existing.execute(), tokensValidFrom }
  const since = now - minutes * 60e6
  const groups = await existing
    .where(
      sql<boolean>`(not exists (select 1 from federated_user f where f.user_id = ${userId})
        or exists (select 1 from expiring_membership e where e.user_id = ${userId} and e.idp_id = ${link.idp}
          and e.group_id = "group".id and e.last_verified_at > ${since}))`,
    )
    .execute()
  return { groups, tokensValidFrom }
}
