/**
 * Identity providers of OpenID Connect as an account of Alibaba Cloud makes them: an issuer, the clients whose tokens are
 * taken, and no word about who its people are here. They are rows of the one table: a provider made here is an identity
 * provider with a protocol `oidc` and a mapping of the account's, by which the subject of a token is a user without any
 * rights of their own. Not for sign-ins: those are `oidc-login.ts`.
 */
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { audiencesOf, type OidcConfig, oidcConfigFault } from '../methods/oidc/config.ts'
import { holdsGrantsByProvider } from '../store/federated-users.ts'
import { listOidcProviders, type OidcProviderRecord, putOidcConfig } from '../store/federation-config.ts'
import {
  deleteIdentityProvider,
  findIdentityProvider,
  insertIdentityProvider,
  insertProtocol,
  listProtocols,
  updateIdentityProvider,
} from '../store/identity-providers.ts'
import { newId } from '../store/ids.ts'
import { deleteMapping, findMapping, insertMapping, usesOnlyMappingsOf } from '../store/mappings.ts'
import type { Db } from '../store/store.ts'
import { isUniqueViolation } from '../store/unique.ts'
import { type Actor, change } from './change.ts'

/** Of a provider's protocols, the one whose mapping says whose a token is. */
export const OIDC_PROTOCOL = 'oidc'
const MOST_PROVIDERS = 100

export interface OidcProvider {
  readonly name: string
  readonly description: string
  readonly issuer: string
  readonly clientIds: readonly string[]
  /** SHA-1 of certificates, in lower-case hex. */
  readonly fingerprints: readonly string[]
  /** Hours; undefined: as long as a token itself says. */
  readonly issuanceLimitHours: number | undefined
  /** Microseconds; undefined where it was made on another face. */
  readonly createdAt: number | undefined
  readonly updatedAt: number | undefined
}

export type NewOidcProvider = Omit<OidcProvider, 'createdAt' | 'updatedAt' | 'issuanceLimitHours'> & {
  readonly issuanceLimitHours: number
}

/** Times are kept beside the configuration, which has none of its own. */
interface Stored extends OidcConfig {
  readonly createdAt?: number
  readonly updatedAt?: number
}

const storedOf = ({ config }: OidcProviderRecord): Stored => config as unknown as Stored

function shown(record: OidcProviderRecord): OidcProvider {
  const config = storedOf(record)
  return {
    name: record.idpId,
    description: record.description ?? '',
    issuer: config.issuer,
    clientIds: audiencesOf(config),
    fingerprints: config.fingerprints ?? [],
    issuanceLimitHours: config.issuanceLimitHours,
    createdAt: config.createdAt,
    updatedAt: config.updatedAt,
  }
}

const rowsOf = (db: Db, domainId: string, name?: string): Promise<readonly OidcProviderRecord[]> =>
  listOidcProviders(db, { domainId, protocolId: OIDC_PROTOCOL, ...(name === undefined ? {} : { name }) })

/** An account's, in order of name. */
export async function oidcProvidersOf(ctx: Context, domainId: string): Promise<readonly OidcProvider[]> {
  return (await rowsOf(ctx.store.db, domainId)).map(shown)
}

/** The account's provider of that name. */
export async function findOidcProvider(
  ctx: Context,
  domainId: string,
  name: string,
): Promise<OidcProvider | undefined> {
  const [record] = await rowsOf(ctx.store.db, domainId, name)
  return record && shown(record)
}

/** Who a token is about is who it says, and in no group. */
const BY_SUBJECT = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'OIDC-sub' }] }]

/**
 * Makes a provider. Names are the cloud's, issuers the account's. Refuses `conflict` (wire code `.Url` for an issuer) for
 * what is taken, and `bad_request` beyond 100 providers or for an issuer that is no address.
 */
export async function createOidcProvider(
  ctx: Context,
  by: Actor,
  domainId: string,
  chosen: NewOidcProvider,
): Promise<OidcProvider> {
  const { name: id, description, issuer, clientIds, fingerprints, issuanceLimitHours } = chosen
  const [clientId = '', ...audiences] = clientIds
  const now = ctx.now()
  const config: Stored = {
    ...{ accessMode: 'program', issuer, clientId, audiences, authorizationEndpoint: null, scope: 'openid' },
    ...{ responseType: 'id_token', responseMode: 'form_post', signingKey: null, algorithms: ['RS256'] },
    ...{ introspection: false, allowPrivateAddresses: false, fingerprints, issuanceLimitHours },
    ...{ createdAt: now, updatedAt: now },
  }
  const fault = oidcConfigFault(config)
  if (fault !== undefined) {
    const wireCode = 'InvalidParameter.IssuerUrl'
    return refuse('bad_request', fault, { wireCode, message: `The parameter IssuerUrl: ${fault}.` })
  }
  const record = { idpId: id, config: { ...config }, sealedClientSecret: null }
  await change(ctx, by, `identity_provider:${id}`, async (tx) => {
    const others = await rowsOf(tx, domainId)
    if (others.length >= MOST_PROVIDERS) {
      return refuse('conflict', 'too many providers', {
        wireCode: 'LimitExceeded.OIDCProvider',
        message: `An account has at most ${MOST_PROVIDERS} OIDC providers.`,
      })
    }
    if (await findIdentityProvider(tx, id)) return taken('')
    if (others.some((other) => storedOf(other).issuer === issuer)) return taken('.Url')
    const mapping = { id: newId(), domainId, rules: BY_SUBJECT, schemaVersion: 'account' }
    const provider = { id, domainId, description, enabled: true, authorizationTtl: null, remoteIds: [] }
    await insertIdentityProvider(tx, provider)
    await insertMapping(tx, mapping)
    const door = { id: OIDC_PROTOCOL, idpId: id, mappingId: mapping.id, remoteIdAttribute: null }
    await insertProtocol(tx, door, ctx.now())
    return putOidcConfig(tx, record)
  }).catch((error: unknown) => {
    // Two at once: the second finds out when it writes.
    if (!isUniqueViolation(error)) throw error
    return taken('')
  })
  return { ...chosen, createdAt: now, updatedAt: now }
}

function taken(what: '' | '.Url'): never {
  return refuse('conflict', `OIDC provider${what}`, {
    wireCode: `EntityAlreadyExists.OIDCProvider${what}`,
    message: what === '' ? 'The OIDC provider already exists.' : 'Another OIDC provider has this issuer.',
  })
}

export type OidcProviderChange = Partial<
  Pick<OidcProvider, 'description' | 'clientIds' | 'fingerprints' | 'issuanceLimitHours'>
>

/**
 * Changes a provider by what `make` makes of it as it is now. undefined when the account has none of that name. What was
 * set on other faces stays.
 */
export async function changeOidcProvider(
  ctx: Context,
  by: Actor,
  { domainId, name }: { readonly domainId: string; readonly name: string },
  make: (before: OidcProvider) => OidcProviderChange,
): Promise<OidcProvider | undefined> {
  const now = ctx.now()
  return change(ctx, by, `identity_provider:${name}`, async (tx) => {
    const [record] = await rowsOf(tx, domainId, name)
    const provider = record && (await findIdentityProvider(tx, name))
    if (!record || !provider) return undefined
    const { description, clientIds, ...rest } = make(shown(record))
    const [clientId = '', ...audiences] = clientIds ?? audiencesOf(storedOf(record))
    const config = { ...record.config, ...rest, clientId, audiences, updatedAt: now }
    await putOidcConfig(tx, { idpId: name, config, sealedClientSecret: record.sealedClientSecret })
    if (description !== undefined) await updateIdentityProvider(tx, { ...provider, description })
    const [after] = await rowsOf(tx, domainId, name)
    return after && shown(after)
  })
}

/** Removes a provider, and its mapping where that is one as this room makes. False when the account has none so named. */
export async function deleteOidcProvider(
  ctx: Context,
  by: Actor,
  { domainId, name }: { readonly domainId: string; readonly name: string },
): Promise<boolean> {
  return change(ctx, by, `identity_provider:${name}`, async (tx) => {
    const [record] = await rowsOf(tx, domainId, name)
    if (!record) return false
    const { mappingId } = record
    await deleteIdentityProvider(tx, name, ctx.now())
    if (await isBySubject(tx, domainId, mappingId)) await deleteMapping(tx, mappingId)
    return true
  })
}

async function isBySubject(db: Db, domainId: string, mappingId: string): Promise<boolean> {
  const mapping = await findMapping(db, mappingId)
  return mapping?.domainId === domainId && JSON.stringify(mapping.rules) === JSON.stringify(BY_SUBJECT)
}

/**
 * How far a provider reaches. `subjects`: it proves people who have nothing but roles that trust it. `account`: its
 * mappings, or grants of people it proved, give more, all of the account's. `cloud`: the cloud's own mappings are used.
 * Whoever decides whose tokens it believes decides who gets all of that.
 */
export async function reachOfProvider(
  ctx: Context,
  { domainId, name }: { readonly domainId: string; readonly name: string },
): Promise<'subjects' | 'account' | 'cloud'> {
  const { db } = ctx.store
  if (!(await usesOnlyMappingsOf(db, name, domainId))) return 'cloud'
  for (const { mappingId } of await listProtocols(db, name)) {
    if (!(await isBySubject(db, domainId, mappingId))) return 'account'
  }
  return (await holdsGrantsByProvider(db, name)) ? 'account' : 'subjects'
}
