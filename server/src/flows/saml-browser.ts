/**
 * Sign-in by SAML in a browser (SAML 2.0 Profiles, 4.1): off to the provider with a request, back with an answer. What binds
 * the two is a sealed cookie: the answer has to be to the request of this very browser, and is taken once.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { type OwnEntity, readMetadata } from '../methods/saml/metadata.ts'
import { browserRequest, type Errand } from '../methods/saml/request.ts'
import { findSamlMetadata } from '../store/federation-config.ts'
import { newId } from '../store/ids.ts'
import type { Door, FederatedRequest } from './federated-login.ts'
import type { Issued } from './issue-token.ts'
import { provenSignIn } from './proven-sign-in.ts'
import { samlKeys } from './saml-keys.ts'
import { answeredRequest, proveSaml, REQUEST_SECONDS, useRequestOnce } from './saml-login.ts'

interface BrowserState {
  readonly idp: string
  readonly protocol: string
  readonly origin: string
  readonly requestId: string
  readonly relayState: string
  /** Microseconds. */
  readonly until: number
}

const SEALED_AS = 'saml-websso'

/**
 * Where to send a browser, and the sealed cookie it has to come back with; undefined when the door has no metadata (and then
 * `own`, who we are, is not asked). Refuses
 * `unauthenticated` for a provider that signs in no browsers.
 */
export async function beginSamlLogin(
  ctx: Context,
  door: Door,
  target: { readonly own: () => OwnEntity; readonly origin: string },
): Promise<{ readonly errand: Errand; readonly cookie: string } | undefined> {
  const stored = await findSamlMetadata(ctx.store.db, door.provider.id, door.protocol.id)
  if (!stored) return undefined
  const state: BrowserState = {
    idp: door.provider.id,
    protocol: door.protocol.id,
    origin: target.origin,
    requestId: `_${newId()}`,
    relayState: newId(),
    until: ctx.now() + REQUEST_SECONDS * 1e6,
  }
  const { requestId: id, relayState } = state
  const key = async (): Promise<string> => (await samlKeys(ctx))[0].privateKey
  const request = { id, relayState, now: ctx.now(), key }
  const errand = await browserRequest(target.own(), await readMetadata(stored.metadata), request)
  if (!errand) return refuse('unauthenticated', `${door.provider.id} signs in no browsers`)
  return { errand, cookie: ctx.keys.seal(JSON.stringify(state), SEALED_AS) }
}

export interface BroughtBack {
  /** The Response. */
  readonly xml: string
  readonly relayState: string
  readonly cookie: string
  readonly own: OwnEntity
}

/**
 * The browser is back. Refuses `unauthenticated` for a cookie that is none of ours, for an answer that is not to its request
 * or of another provider, and for one that comes late or twice.
 */
export async function finishSamlLogin(
  ctx: Context,
  { xml, relayState, cookie, own }: BroughtBack,
  request: FederatedRequest,
): Promise<{ readonly issued: Issued; readonly origin: string }> {
  const { issued, proven } = await provenSignIn(ctx, request, async (cameBy) => {
    const state = browserState(ctx, cookie)
    if (!same(relayState, state.relayState)) return refuse('unauthenticated', 'another browser’s RelayState')
    const answers = await answeredRequest(xml)
    if (!same(answers, state.requestId)) return refuse('unauthenticated', 'an answer to another request')
    await useRequestOnce(ctx, state.requestId, state.until)
    const stored = await findSamlMetadata(ctx.store.db, state.idp, state.protocol)
    const place = { recipient: own.postUrl, audience: own.entityId, inResponseTo: state.requestId }
    return { ...(await proveSaml(ctx, stored, { xml, ...place }, cameBy)), origin: state.origin }
  })
  return { issued, origin: proven.origin }
}

function browserState(ctx: Context, cookie: string): BrowserState {
  try {
    return JSON.parse(ctx.keys.open(cookie, SEALED_AS)) as BrowserState
  } catch {
    return refuse('unauthenticated', 'a cookie that is none of ours')
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
