/**
 * Sign-in by OpenID Connect: a token presented by a program, or a browser sent to the provider and back. Configurations
 * are opened here; what they and the tokens mean is decided in `methods/oidc`.
 */
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import { assertionOf } from '../methods/oidc/assertion.ts'
import { verifyBearer } from '../methods/oidc/bearer.ts'
import { beginCodeFlow, finishCodeFlow, type PendingSignIn, saidNo } from '../methods/oidc/code-flow.ts'
import { type OidcConfig, type OpenedOidcConfig, oidcConfigFault } from '../methods/oidc/config.ts'
import { type Verdict, verifyToken } from '../methods/oidc/verify.ts'
import { findOidcConfig, putOidcConfig } from '../store/federation-config.ts'
import { useOnce } from '../store/used-once.ts'
import { type Actor, change } from './change.ts'
import { auditSignIn } from './federated-audit.ts'
import {
  type Door,
  type DoorIds,
  type FederatedRequest,
  federatedLogin,
  openDoor,
} from './federated-login.ts'
import type { Issued } from './issue-token.ts'
import { type Proven, provenSignIn } from './proven-sign-in.ts'

const sealedAs = (idpId: string): string => `oidc_config:${idpId}`

/** The configuration of a provider with its secret; undefined when it has none. */
export async function oidcConfigOf(ctx: Context, idpId: string): Promise<OpenedOidcConfig | undefined> {
  const stored = await findOidcConfig(ctx.store.db, idpId)
  if (!stored) return undefined
  const { config, sealedClientSecret } = stored
  const clientSecret = sealedClientSecret === null ? null : ctx.keys.open(sealedClientSecret, sealedAs(idpId))
  return { ...(config as unknown as OidcConfig), clientSecret }
}

/** Writes a configuration. Refuses `bad_request` for one that cannot be meant. */
export async function saveOidcConfig(
  ctx: Context,
  by: Actor,
  idpId: string,
  { clientSecret, ...config }: OpenedOidcConfig,
): Promise<void> {
  const fault = oidcConfigFault(config)
  if (fault !== undefined) refuse('bad_request', fault, { message: fault })
  const sealedClientSecret = clientSecret === null ? null : ctx.keys.seal(clientSecret, sealedAs(idpId))
  await change(ctx, by, `identity_provider:${idpId}`, (tx) =>
    putOidcConfig(tx, { idpId, config: { ...config }, sealedClientSecret }),
  )
}

/**
 * Signs in who shows an ID token or an access token of the door's provider. `idOnly`: nothing but an ID token. Refuses as
 * `openDoor`, and `unsupported_method` where the provider has no configuration.
 */
export async function bearerLogin(
  ctx: Context,
  { idpId, protocolId }: DoorIds,
  shown: { readonly text: string; readonly idOnly?: boolean },
  request: FederatedRequest,
): Promise<Issued> {
  const { issued } = await provenSignIn(ctx, request, async (cameBy) => {
    const door = await openDoor(ctx, idpId, protocolId)
    cameBy(door)
    const config = await oidcConfigOf(ctx, idpId)
    if (!config) return refuse('unsupported_method', `${idpId} speaks no OpenID Connect`)
    const now = ctx.now()
    const verdict = await asked(
      shown.idOnly
        ? verifyToken(shown.text, config, { now, nonce: null, kind: 'id' })
        : verifyBearer(shown.text, config, now),
    )
    return believed(door, config, verdict)
  })
  return issued
}

/** An ID token that was believed, and the sign-in that it stands for. */
export interface BelievedIdToken {
  readonly claims: Readonly<Record<string, unknown>>
  readonly signIn: (request: FederatedRequest) => Promise<Issued>
}

/**
 * Believes an ID token of the door's provider, or says why not, and leaves nothing behind but the audit line of a refusal:
 * for who decides by its claims before anybody is signed in.
 */
export async function believeIdToken(
  ctx: Context,
  door: Door,
  text: string,
  request: Pick<FederatedRequest, 'requestId'>,
): Promise<BelievedIdToken | Extract<Verdict, { readonly refused: string }>> {
  const no = async <T extends { readonly refused: string }>(verdict: T): Promise<T> => {
    await auditSignIn(ctx, door, request, notBelieved(door, verdict.refused))
    return verdict
  }
  const config = await oidcConfigOf(ctx, door.provider.id)
  if (!config) return no({ refused: 'speaks no OpenID Connect' })
  const verdict = await asked(verifyToken(text, config, { now: ctx.now(), nonce: null, kind: 'id' }))
  if ('refused' in verdict) return no(verdict)
  const { assertion } = believed(door, config, verdict)
  return {
    claims: verdict.claims,
    signIn: (signIn) => federatedLogin(ctx, door, assertion, signIn),
  }
}

/** A browser's way to the provider: where to send it, and the sealed cookie it comes back with. */
export async function beginBrowserLogin(
  ctx: Context,
  door: Door,
  target: { readonly redirectUri: string; readonly origin: string },
): Promise<{ readonly url: string; readonly cookie: string }> {
  const config = await browserConfig(ctx, door)
  const { url, pending } = await asked(beginCodeFlow(config, target.redirectUri))
  const state: BrowserState = {
    ...pending,
    idp: door.provider.id,
    protocol: door.protocol.id,
    origin: target.origin,
    until: ctx.now() + BROWSER_SECONDS * 1e6,
  }
  return { url, cookie: ctx.keys.seal(JSON.stringify(state), 'websso') }
}

/** How long a browser may take at the provider. */
export const BROWSER_SECONDS = 600

interface BrowserState extends PendingSignIn {
  readonly idp: string
  readonly protocol: string
  readonly origin: string
  /** Microseconds. */
  readonly until: number
}

/**
 * The browser is back. Refuses `unauthenticated` when the cookie is none of ours, too old, used, or another provider's, and
 * when the provider's answer does not fit it.
 */
export async function finishBrowserLogin(
  ctx: Context,
  { idpId, protocolId }: DoorIds,
  back: { readonly currentUrl: string; readonly cookie: string },
  request: FederatedRequest,
): Promise<{ readonly issued: Issued; readonly origin: string }> {
  const { issued, proven } = await provenSignIn(ctx, request, async (cameBy) => {
    const door = await openDoor(ctx, idpId, protocolId)
    cameBy(door)
    const config = await browserConfig(ctx, door)
    const state = browserState(ctx, back.cookie)
    if (state.idp !== door.provider.id || state.protocol !== door.protocol.id) {
      return refuse('unauthenticated', `an answer for ${state.idp} at ${door.provider.id}`)
    }
    const once = { space: 'websso', value: state.state, expiresAt: state.until }
    const isFirst = state.until > ctx.now() && (await ctx.store.record((tx) => useOnce(tx, once, ctx.now())))
    if (!isFirst) return refuse('unauthenticated', 'a sign-in that is over')
    const verdict = await asked(finishCodeFlow(config, back.currentUrl, state, ctx.now()))
    return { ...believed(door, config, verdict), origin: state.origin }
  })
  return { issued, origin: proven.origin }
}

async function browserConfig(ctx: Context, door: Door): Promise<OpenedOidcConfig> {
  const config = await oidcConfigOf(ctx, door.provider.id)
  if (config?.accessMode === 'program_console') return config
  return refuse('unauthenticated', `${door.provider.id} signs in no browsers`)
}

function browserState(ctx: Context, cookie: string): BrowserState {
  try {
    return JSON.parse(ctx.keys.open(cookie, 'websso')) as BrowserState
  } catch {
    return refuse('unauthenticated', 'a cookie that is none of ours')
  }
}

/** What a verdict proves; refuses `unauthenticated` one that proves nothing. */
function believed(door: Door, { issuer }: OpenedOidcConfig, verdict: Verdict): Proven {
  if ('refused' in verdict) throw notBelieved(door, verdict.refused)
  const attributes = assertionOf({ iss: issuer, ...verdict.claims })
  return { door, assertion: { attributes, issuer, expiresAt: null } }
}

function notBelieved({ provider }: Door, why: string): Refusal {
  return new Refusal('unauthenticated', `${provider.id}: ${why}`)
}

/** What a provider answers; one that cannot be reached is a fault of ours that passes. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    const { message, cause } = error as Error
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message
    if (saidNo(error)) return refuse('unauthenticated', `the provider refuses: ${why}`)
    return refuse('unavailable', `the provider cannot be asked: ${why}`, { retryAfter: 5 })
  })
}
