/**
 * Sign-in by WS-Trust, as keystoneauth's `v3adfspassword` does it: a program has signed in at its provider, brings the
 * answer to our consumer, gets a cookie for it, and asks with that at the door. What is believed is decided in
 * `methods/saml`; the cookie is our own note of it, sealed, for one door, for two minutes and for once.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { readMetadata } from '../methods/saml/metadata.ts'
import { verifyTokenResponse } from '../methods/saml/token-response.ts'
import { findSamlMetadata } from '../store/federation-config.ts'
import { newId } from '../store/ids.ts'
import { useOnce } from '../store/used-once.ts'
import { type DoorIds, type FederatedRequest, openDoor, type VerifiedAssertion } from './federated-login.ts'
import type { Issued } from './issue-token.ts'
import { audited, provenSignIn } from './proven-sign-in.ts'
import { asRefusal, useAssertionOnce } from './saml-login.ts'

/** How long a program may take from the consumer to the door. */
export const PASS_SECONDS = 120
/** Of the sealed note: with more it would not fit into a request's header. */
const MOST_CHARACTERS = 8192
const SEALED_AS = 'token-response'

interface Pass {
  readonly id: string
  readonly idp: string
  readonly protocol: string
  readonly assertion: VerifiedAssertion
  /** Microseconds. */
  readonly until: number
}

/**
 * Takes a provider's answer; gives the sealed note to come back with. `audiences`: names of ours that the assertion may be
 * for. Refuses `unauthenticated` when anything about it is wrong, and an assertion that was used; `forbidden` one that says
 * more than can be carried.
 */
export async function takeTokenResponse(
  ctx: Context,
  { idpId, protocolId }: DoorIds,
  brought: { readonly xml: string; readonly audiences: readonly string[] },
  request: Pick<FederatedRequest, 'requestId'>,
): Promise<string> {
  return audited(ctx, request, async (cameBy) => {
    const door = await openDoor(ctx, idpId, protocolId)
    cameBy(door)
    const stored = await findSamlMetadata(ctx.store.db, idpId, protocolId)
    if (!stored) return refuse('unsupported_method', `${idpId} has no metadata`)
    const provider = await readMetadata(stored.metadata)
    const { xml, audiences } = brought
    const verified = await verifyTokenResponse(xml, { provider, audiences, now: ctx.now() }).catch(asRefusal)
    await useAssertionOnce(ctx, stored.entityId, verified)
    const { attributes, sessionNotOnOrAfter: expiresAt } = verified
    const pass: Pass = {
      id: newId(),
      idp: idpId,
      protocol: protocolId,
      assertion: { attributes, issuer: stored.entityId, expiresAt },
      until: ctx.now() + PASS_SECONDS * 1e6,
    }
    const note = deflateRawSync(JSON.stringify(pass)).toString('base64')
    const sealed = ctx.keys.seal(note, SEALED_AS)
    if (sealed.length <= MOST_CHARACTERS) return sealed
    const message = 'The assertion has more attributes than can be carried.'
    return refuse('forbidden', 'an assertion with too many attributes', { message })
  })
}

/**
 * Signs in who comes with such a note. Refuses `unauthenticated` one that is none of ours, of another door, too old or used,
 * and when the provider is no longer the one that was believed.
 */
export async function redeemTokenResponse(
  ctx: Context,
  { idpId, protocolId }: DoorIds,
  sealed: string,
  request: FederatedRequest,
): Promise<Issued> {
  const { issued } = await provenSignIn(ctx, request, async (cameBy) => {
    const door = await openDoor(ctx, idpId, protocolId)
    cameBy(door)
    const { id, idp, protocol, assertion, until } = passOf(ctx, sealed)
    if (idp !== idpId || protocol !== protocolId) return refuse('unauthenticated', `a note for ${idp}`)
    const once = { space: SEALED_AS, value: id, expiresAt: until }
    const isFirst = until > ctx.now() && (await ctx.store.record((tx) => useOnce(tx, once, ctx.now())))
    if (!isFirst) return refuse('unauthenticated', 'a note that is over')
    const stored = await findSamlMetadata(ctx.store.db, idpId, protocolId)
    if (stored?.entityId !== assertion.issuer) return refuse('unauthenticated', 'a note of another provider')
    return { door, assertion }
  })
  return issued
}

function passOf(ctx: Context, sealed: string): Pass {
  try {
    const note = Buffer.from(ctx.keys.open(sealed, SEALED_AS), 'base64')
    return JSON.parse(inflateRawSync(note).toString('utf8')) as Pass
  } catch {
    return refuse('unauthenticated', 'a note that is none of ours')
  }
}
