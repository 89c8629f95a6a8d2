/** How identity providers are asked and believed. Secrets come in and go out sealed; `keys.ts` opens them. */
import type { Db } from './store.ts'

export interface StoredOidcConfig {
  readonly idpId: string
  /** As `methods/oidc` wrote it. */
  readonly config: Readonly<Record<string, unknown>>
  readonly sealedClientSecret: string | null
}

export async function findOidcConfig(db: Db, idpId: string): Promise<StoredOidcConfig | undefined> {
  const row = await db.selectFrom('oidc_config').selectAll().where('idp_id', '=', idpId).executeTakeFirst()
  return row && { idpId, config: JSON.parse(row.config), sealedClientSecret: row.client_secret }
}

/** Ids of the enabled providers that have this protocol and an OpenID Connect configuration. */
export async function providersWithOidc(db: Db, protocolId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('oidc_config as o')
    .innerJoin('federation_protocol as p', 'p.idp_id', 'o.idp_id')
    .innerJoin('identity_provider as i', 'i.id', 'o.idp_id')
    .select('o.idp_id')
    .where('p.id', '=', protocolId)
    .where('i.enabled', '=', 1)
    .orderBy('o.idp_id')
    .execute()
  return rows.map((row) => row.idp_id)
}

/** An account's provider that speaks OpenID Connect by the protocol `protocolId`. */
export interface OidcProviderRecord extends StoredOidcConfig {
  readonly description: string | null
  readonly enabled: boolean
  readonly mappingId: string
}

/** Those of an account (`name`: the one of that id), in order of id. */
export async function listOidcProviders(
  db: Db,
  of: { readonly domainId: string; readonly protocolId: string; readonly name?: string },
): Promise<readonly OidcProviderRecord[]> {
  const all = db
    .selectFrom('oidc_config as o')
    .innerJoin('federation_protocol as p', 'p.idp_id', 'o.idp_id')
    .innerJoin('identity_provider as i', 'i.id', 'o.idp_id')
    .select(['o.idp_id', 'o.config', 'o.client_secret', 'i.description', 'i.enabled', 'p.mapping_id'])
    .where('p.id', '=', of.protocolId)
    .where('i.domain_id', '=', of.domainId)
    .orderBy('o.idp_id')
  const rows = await (of.name === undefined ? all : all.where('o.idp_id', '=', of.name)).execute()
  return rows.map((row) => ({
    idpId: row.idp_id,
    config: JSON.parse(row.config),
    sealedClientSecret: row.client_secret,
    description: row.description,
    enabled: row.enabled === 1,
    mappingId: row.mapping_id,
  }))
}

/** Writes a configuration, new or changed. */
export async function putOidcConfig(
  tx: Db,
  { idpId, config, sealedClientSecret }: StoredOidcConfig,
): Promise<void> {
  const fields = { config: JSON.stringify(config), client_secret: sealedClientSecret }
  await tx
    .insertInto('oidc_config')
    .values({ idp_id: idpId, ...fields })
    .onConflict((c) => c.column('idp_id').doUpdateSet(fields))
    .execute()
}

export interface SamlMetadata {
  readonly idpId: string
  readonly protocolId: string
  readonly entityId: string
  readonly metadata: string
  readonly domainId: string
  readonly accountType: string
  /** Microseconds. */
  readonly updatedAt: number
}

export async function findSamlMetadata(
  db: Db,
  idpId: string,
  protocolId: string,
): Promise<SamlMetadata | undefined> {
  const row = await db
    .selectFrom('saml_metadata')
    .selectAll()
    .where('idp_id', '=', idpId)
    .where('protocol_id', '=', protocolId)
    .executeTakeFirst()
  return row && toSamlMetadata(row)
}

/** Of the provider, whatever its protocol is called; the first by name. */
export async function findSamlMetadataOfProvider(db: Db, idpId: string): Promise<SamlMetadata | undefined> {
  const row = await db
    .selectFrom('saml_metadata')
    .selectAll()
    .where('idp_id', '=', idpId)
    .orderBy('protocol_id')
    .executeTakeFirst()
  return row && toSamlMetadata(row)
}

/** Every door of the provider that calls itself so. */
export async function samlMetadataOfEntity(db: Db, entityId: string): Promise<readonly SamlMetadata[]> {
  const rows = await db
    .selectFrom('saml_metadata')
    .selectAll()
    .where('entity_id', '=', entityId)
    .orderBy('idp_id')
    .execute()
  return rows.map(toSamlMetadata)
}

const toSamlMetadata = (row: {
  idp_id: string
  protocol_id: string
  entity_id: string
  metadata: string
  domain_id: string
  account_type: string
  updated_at: number
}): SamlMetadata => ({
  idpId: row.idp_id,
  protocolId: row.protocol_id,
  entityId: row.entity_id,
  metadata: row.metadata,
  domainId: row.domain_id,
  accountType: row.account_type,
  updatedAt: row.updated_at,
})

/** Ids of the enabled providers that have this protocol and SAML metadata for it. */
export async function providersWithSaml(db: Db, protocolId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('saml_metadata as s')
    .innerJoin('federation_protocol as p', (join) =>
      join.onRef('p.idp_id', '=', 's.idp_id').onRef('p.id', '=', 's.protocol_id'),
    )
    .innerJoin('identity_provider as i', 'i.id', 's.idp_id')
    .select('s.idp_id')
    .where('s.protocol_id', '=', protocolId)
    .where('i.enabled', '=', 1)
    .orderBy('s.idp_id')
    .execute()
  return rows.map((row) => row.idp_id)
}

/** Writes metadata, new or changed. */
export async function putSamlMetadata(tx: Db, stored: SamlMetadata): Promise<void> {
  const fields = {
    entity_id: stored.entityId,
    metadata: stored.metadata,
    domain_id: stored.domainId,
    account_type: stored.accountType,
    updated_at: stored.updatedAt,
  }
  await tx
    .insertInto('saml_metadata')
    .values({ idp_id: stored.idpId, protocol_id: stored.protocolId, ...fields })
    .onConflict((c) => c.columns(['idp_id', 'protocol_id']).doUpdateSet(fields))
    .execute()
}
