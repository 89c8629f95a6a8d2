/**
 * Somebody else's identity providers, their protocols, and the mapping each protocol uses. What a sign-in leaves behind
 * is in `federated-sessions.ts` and `federated-users.ts`.
 */
import { type Filter, type Listed, narrowed, type Page, paged } from './list.ts'
import type { Db } from './store.ts'
import { afterAllIssued, afterFormer } from './void-tokens.ts'

export interface IdentityProvider {
  readonly id: string
  readonly enabled: boolean
  readonly description: string | null
  /** Where its users live. */
  readonly domainId: string
  /** Minutes a group membership lasts that it confirmed; null: as the server is set. */
  readonly authorizationTtl: number | null
  /** What it calls itself: an entity id, an issuer. In order of the text. */
  readonly remoteIds: readonly string[]
}

export interface Protocol {
  readonly id: string
  readonly idpId: string
  readonly mappingId: string
  readonly remoteIdAttribute: string | null
}

export async function findIdentityProvider(db: Db, id: string): Promise<IdentityProvider | undefined> {
  const row = await db.selectFrom('identity_provider').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const [provider] = await withRemoteIds(db, [row])
  return provider
}

/** Ordered by id. */
export async function listIdentityProviders(
  db: Db,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<IdentityProvider>> {
  const query = narrowed(db.selectFrom('identity_provider').selectAll(), filters)
  const { items, ...rest } = await paged(query, 'identity_provider.id', page)
  return { items: await withRemoteIds(db, items), ...rest }
}

interface Row {
  id: string
  enabled: 0 | 1
  description: string | null
  domain_id: string
  authorization_ttl: number | null
}

async function withRemoteIds(db: Db, rows: readonly Row[]): Promise<IdentityProvider[]> {
  if (rows.length === 0) return []
  const remotes = await db
    .selectFrom('idp_remote_id')
    .selectAll()
    .where(
      'idp_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('remote_id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    enabled: row.enabled === 1,
    description: row.description,
    domainId: row.domain_id,
    authorizationTtl: row.authorization_ttl,
    remoteIds: remotes.filter((remote) => remote.idp_id === row.id).map((remote) => remote.remote_id),
  }))
}

/** The provider that calls itself so. */
export async function findProviderByRemoteId(
  db: Db,
  remoteId: string,
): Promise<IdentityProvider | undefined> {
  const row = await db
    .selectFrom('idp_remote_id')
    .select('idp_id')
    .where('remote_id', '=', remoteId)
    .executeTakeFirst()
  return row && findIdentityProvider(db, row.idp_id)
}

/** The first of `remoteIds` that a provider other than `idpId` has. */
export async function takenRemoteId(
  db: Db,
  remoteIds: readonly string[],
  idpId: string,
): Promise<string | undefined> {
  if (remoteIds.length === 0) return undefined
  const rows = await db
    .selectFrom('idp_remote_id')
    .select('remote_id')
    .where('remote_id', 'in', [...remoteIds])
    .where('idp_id', '<>', idpId)
    .execute()
  return rows[0]?.remote_id
}

/** Throws a unique violation when the id or a remote id is taken. */
export async function insertIdentityProvider(tx: Db, provider: IdentityProvider): Promise<void> {
  await tx
    .insertInto('identity_provider')
    .values({ id: provider.id, domain_id: provider.domainId, extra: '{}', ...columnsOf(provider) })
    .execute()
  await insertRemoteIds(tx, provider)
}

/** Writes everything but the id and the domain. Throws a unique violation when a remote id is taken. */
export async function updateIdentityProvider(tx: Db, provider: IdentityProvider): Promise<void> {
  await tx.updateTable('identity_provider').set(columnsOf(provider)).where('id', '=', provider.id).execute()
  await tx.deleteFrom('idp_remote_id').where('idp_id', '=', provider.id).execute()
  await insertRemoteIds(tx, provider)
}

function columnsOf({ enabled, description, authorizationTtl }: IdentityProvider) {
  return {
    enabled: enabled ? (1 as const) : (0 as const),
    description,
    authorization_ttl: authorizationTtl,
  }
}

async function insertRemoteIds(tx: Db, { id, remoteIds }: IdentityProvider): Promise<void> {
  if (remoteIds.length === 0) return
  const rows = remoteIds.map((remote) => ({ idp_id: id, remote_id: remote }))
  await tx.insertInto('idp_remote_id').values(rows).execute()
}

/**
 * Removes a provider with its protocols, configuration and the identities and memberships it gave; false when there was
 * none. Its users stay, as rows that nobody can sign in to; their sessions end for good, though another provider takes
 * the id.
 */
export async function deleteIdentityProvider(tx: Db, id: string, now: number): Promise<boolean> {
  await endSessions(tx, { idpId: id, now })
  await tx.deleteFrom('federated_user').where('idp_id', '=', id).execute()
  await tx.deleteFrom('expiring_membership').where('idp_id', '=', id).execute()
  const { numDeletedRows } = await tx.deleteFrom('identity_provider').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

async function endSessions(
  tx: Db,
  of: { readonly idpId: string; readonly protocolId?: string; readonly now: number },
): Promise<void> {
  const people = tx.selectFrom('federated_user').select('user_id').where('idp_id', '=', of.idpId)
  await tx
    .updateTable('user')
    .set({ tokens_valid_from: afterAllIssued(of.now) })
    .where('id', 'in', of.protocolId === undefined ? people : people.where('protocol_id', '=', of.protocolId))
    .where('kind', '=', 'federated')
    .execute()
}

/** Ends the sessions by every protocol that uses the mapping for good, though another mapping takes its id. */
export async function endSessionsByMapping(tx: Db, mappingId: string, now: number): Promise<void> {
  await tx
    .updateTable('federation_protocol')
    .set({ tokens_valid_from: afterAllIssued(now) })
    .where('mapping_id', '=', mappingId)
    .execute()
}

export async function findProtocol(db: Db, idpId: string, id: string): Promise<Protocol | undefined> {
  const row = await db
    .selectFrom('federation_protocol')
    .selectAll()
    .where('idp_id', '=', idpId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && toProtocol(row)
}

/** In order of id. */
export async function listProtocols(db: Db, idpId: string): Promise<readonly Protocol[]> {
  const rows = await db
    .selectFrom('federation_protocol')
    .selectAll()
    .where('idp_id', '=', idpId)
    .orderBy('id')
    .execute()
  return rows.map(toProtocol)
}

const toProtocol = (row: {
  id: string
  idp_id: string
  mapping_id: string
  remote_id_attribute: string | null
}): Protocol => ({
  id: row.id,
  idpId: row.idp_id,
  mappingId: row.mapping_id,
  remoteIdAttribute: row.remote_id_attribute,
})

/**
 * Throws a unique violation when the provider has a protocol of that id. Whoever signed in by one that had the id before
 * does not come back with it.
 */
export async function insertProtocol(tx: Db, protocol: Protocol, now: number): Promise<void> {
  await tx
    .insertInto('federation_protocol')
    .values({
      id: protocol.id,
      idp_id: protocol.idpId,
      mapping_id: protocol.mappingId,
      remote_id_attribute: protocol.remoteIdAttribute,
      tokens_valid_from: afterFormer(now),
    })
    .execute()
}

export async function updateProtocol(tx: Db, protocol: Protocol): Promise<void> {
  await tx
    .updateTable('federation_protocol')
    .set({ mapping_id: protocol.mappingId, remote_id_attribute: protocol.remoteIdAttribute })
    .where('idp_id', '=', protocol.idpId)
    .where('id', '=', protocol.id)
    .execute()
}

/** Removes a protocol with the identities it gave, their sessions and its metadata; false when there was none. */
export async function deleteProtocol(
  tx: Db,
  { idpId, id }: { readonly idpId: string; readonly id: string },
  now: number,
): Promise<boolean> {
  await endSessions(tx, { idpId, protocolId: id, now })
  await tx.deleteFrom('saml_metadata').where('idp_id', '=', idpId).where('protocol_id', '=', id).execute()
  await tx.deleteFrom('federated_user').where('idp_id', '=', idpId).where('protocol_id', '=', id).execute()
  const { numDeletedRows } = await tx
    .deleteFrom('federation_protocol')
    .where('idp_id', '=', idpId)
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows > 0n
}
