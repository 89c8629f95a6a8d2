/**
 * Sign-in by SAML: a program carries our request to its provider and the answer back (ECP), or brings an answer nobody
 * asked for (IdP-initiated). Metadata is imported, never fetched. What is believed is decided in `methods/saml`.
 */
import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { parseXml, SamlFault, textOf } from '../methods/saml/document.ts'
import { type OwnEntity, type ProviderMetadata, readMetadata } from '../methods/saml/metadata.ts'
import { ecpRequest, responseIn } from '../methods/saml/request.ts'
import { type VerifiedSaml, verifySaml } from '../methods/saml/verify.ts'
import {
  findSamlMetadata,
  findSamlMetadataOfProvider,
  putSamlMetadata,
  type SamlMetadata,
  samlMetadataOfEntity,
} from '../store/federation-config.ts'
import { useOnce } from '../store/used-once.ts'
import { type Actor, change } from './change.ts'
import { type Door, type FederatedRequest, openDoor } from './federated-login.ts'
import type { Issued } from './issue-token.ts'
import { type Proven, provenSignIn } from './proven-sign-in.ts'
import { storedKeys } from './saml-keys.ts'

export type { OwnEntity } from '../methods/saml/metadata.ts'

/** How long a provider may take to answer a request. */
export const REQUEST_SECONDS = 600
/** Longer than any clock skew that is allowed: until then a used assertion is remembered. */
const MARGIN_SECONDS = 120

export type NewMetadata = Pick<SamlMetadata, 'idpId' | 'protocolId' | 'metadata' | 'domainId' | 'accountType'>

/** Imports what a provider says of itself. Refuses `bad_request` for what is no metadata of one provider. */
export async function importMetadata(ctx: Context, by: Actor, sent: NewMetadata): Promise<ProviderMetadata> {
  const read = await readMetadata(sent.metadata).catch((error: unknown) => {
    if (!(error instanceof SamlFault)) throw error
    return refuse('bad_request', error.message, { message: `The metadata cannot be used: ${error.message}.` })
  })
  await change(ctx, by, `identity_provider:${sent.idpId}`, (tx) =>
    putSamlMetadata(tx, { ...sent, entityId: read.entityId, updatedAt: ctx.now() }),
  )
  return read
}

/** A request for the provider behind a door, in its envelope. Refuses `unsupported_method` for a door without metadata. */
export async function beginEcp(ctx: Context, door: Door, own: OwnEntity): Promise<string> {
  const stored = await findSamlMetadata(ctx.store.db, door.provider.id, door.protocol.id)
  if (!stored) return refuse('unsupported_method', `${door.provider.id} has no metadata`)
  const asked: Asked = {
    idp: door.provider.id,
    protocol: door.protocol.id,
    until: ctx.now() + REQUEST_SECONDS * 1e6,
  }
  // The id is our own note, sealed: nothing is kept for requests that nobody answers.
  return ecpRequest(own, { id: `_${ctx.keys.seal(JSON.stringify(asked), 'saml-request')}`, now: ctx.now() })
}

interface Asked {
  readonly idp: string
  readonly protocol: string
  /** Microseconds. */
  readonly until: number
}

/**
 * An answer to a request of ours, in its envelope. Refuses `bad_request` for an envelope without one, `unauthenticated` for
 * an answer to no request, to an old one, or a second one.
 */
export async function finishEcp(
  ctx: Context,
  brought: { readonly envelope: string; readonly own: OwnEntity },
  request: FederatedRequest,
): Promise<Issued> {
  const xml = responseIn(brought.envelope)
  if (xml === undefined)
    return refuse('bad_request', 'no Response', { message: 'The envelope has no Response.' })
  const { issued } = await provenSignIn(ctx, request, async (cameBy) => {
    const inResponseTo = await answeredRequest(xml)
    const asked = askedBy(ctx, inResponseTo)
    await useRequestOnce(ctx, inResponseTo, asked.until)
    const stored = await findSamlMetadata(ctx.store.db, asked.idp, asked.protocol)
    const place = { recipient: brought.own.paosUrl, audience: brought.own.entityId, inResponseTo }
    return proveSaml(ctx, stored, { xml, ...place }, cameBy)
  })
  return issued
}

/** Refuses `unauthenticated` an answer to a request that was answered, or is older than `until` (microseconds). */
export async function useRequestOnce(ctx: Context, requestId: string, until: number): Promise<void> {
  const once = { space: 'saml-request', value: digest(requestId), expiresAt: until }
  const isFirst = until > ctx.now() && (await ctx.store.record((tx) => useOnce(tx, once, ctx.now())))
  if (!isFirst) refuse('unauthenticated', 'an answer to a request that is over')
}

/** Which request a response claims to answer; '' for none. Refuses `unauthenticated` what is no XML. */
export async function answeredRequest(xml: string): Promise<string> {
  return (await envelopeOf(xml)).inResponseTo
}

/** Whether a response claims to answer a request; what is no XML answers none. */
export async function answersRequest(xml: string): Promise<boolean> {
  const parsed = await parseXml(xml).catch(() => undefined)
  return Boolean(parsed?.documentElement?.getAttribute('InResponseTo'))
}

function askedBy(ctx: Context, id: string): Asked {
  try {
    return JSON.parse(ctx.keys.open(id.slice(1), 'saml-request')) as Asked
  } catch {
    return refuse('unauthenticated', 'an answer to a request that is none of ours')
  }
}

/** An answer nobody asked for, of the named provider, or of the only one that calls itself like its issuer. */
export async function unsolicitedLogin(
  ctx: Context,
  brought: { readonly xml: string; readonly own: OwnEntity; readonly idpId?: string | undefined },
  request: FederatedRequest,
): Promise<Issued> {
  const { db } = ctx.store
  const { issued } = await provenSignIn(ctx, request, async (cameBy) => {
    const found =
      brought.idpId === undefined
        ? await samlMetadataOfEntity(db, (await envelopeOf(brought.xml)).issuer)
        : [await findSamlMetadataOfProvider(db, brought.idpId)]
    if (found.length > 1) return refuse('unauthenticated', 'several providers call themselves so')
    const place = { recipient: brought.own.postUrl, audience: brought.own.entityId, inResponseTo: null }
    return proveSaml(ctx, found[0], { xml: brought.xml, ...place }, cameBy)
  })
  return issued
}

interface Brought {
  readonly xml: string
  readonly recipient: string
  readonly audience: string
  readonly inResponseTo: string | null
}

/**
 * What the response proves, when it is the provider's of that metadata. Refuses `unauthenticated` when anything about it is
 * wrong, and an assertion that was used.
 */
export async function proveSaml(
  ctx: Context,
  stored: SamlMetadata | undefined,
  brought: Brought,
  cameBy: (door: Door) => void,
): Promise<Proven> {
  if (!stored) return refuse('unauthenticated', 'no metadata of that provider')
  const door = await openDoor(ctx, stored.idpId, stored.protocolId)
  cameBy(door)
  const provider = await readMetadata(stored.metadata)
  const { recipient, audience, inResponseTo } = brought
  const keys = (await storedKeys(ctx)).map(({ privateKey }) => privateKey)
  const expected = { provider, recipient, audience, inResponseTo, keys, now: ctx.now() }
  const verified = await verifySaml(brought.xml, expected).catch(asRefusal)
  await useAssertionOnce(ctx, stored.entityId, verified)
  const { attributes, sessionNotOnOrAfter } = verified
  const assertion = { attributes, issuer: stored.entityId, expiresAt: sessionNotOnOrAfter }
  return { door, assertion }
}

/** Refuses `unauthenticated` an assertion of that entity that was used already. */
export async function useAssertionOnce(
  ctx: Context,
  entityId: string,
  verified: VerifiedSaml,
): Promise<void> {
  const once = {
    space: 'saml-assertion',
    value: digest(`${entityId} ${verified.assertionId}`),
    expiresAt: (verified.notOnOrAfter + MARGIN_SECONDS) * 1e6,
  }
  if (!(await ctx.store.record((tx) => useOnce(tx, once, ctx.now())))) {
    refuse('unauthenticated', 'an assertion that was used already')
  }
}

/** What the response says of itself before anything is verified: which door to try, no more. */
async function envelopeOf(xml: string): Promise<{ readonly issuer: string; readonly inResponseTo: string }> {
  const root = (await parseXml(xml).catch(asRefusal)).documentElement
  const issuer = root?.getElementsByTagNameNS('urn:oasis:names:tc:SAML:2.0:assertion', 'Issuer').item(0)
  return { issuer: textOf(issuer ?? undefined), inResponseTo: root?.getAttribute('InResponseTo') ?? '' }
}

/** What cannot be believed as a refusal; nothing of what was brought is in its reason. */
export function asRefusal(error: unknown): never {
  if (!(error instanceof SamlFault)) throw error
  return refuse('unauthenticated', error.fault)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
