/** Issuing: prove, choose the scope, make claims within every bound, load them as a session, write the bytes. */
import { type Claims, encodeFernet, encodeJws, type Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import { isIdle } from '../core/security-compliance.ts'
import type { Session } from '../core/session.ts'
import { isBoundToAddresses } from '../store/accounts.ts'
import { consumeTrustUse } from '../store/trusts.ts'
import { accountsBehind, demandOrigin, rulesFor } from './account-security.ts'
import { NO_AGENCY } from './assume-agency.ts'
import { authMethods } from './auth-methods.ts'
import { authenticate, type Identity, type Presenter } from './authenticate.ts'
import { meetFactors } from './factors.ts'
import { stampOf } from './issued-at.ts'
import { loadLinks } from './links/index.ts'
import { loadSession, voidUpTo } from './load-session.ts'
import type { Proof } from './proof.ts'
import { resolveScope, type WishedScope } from './resolve-scope.ts'
import { asWritten } from './trust-holder.ts'

export interface IssueRequest {
  readonly identity: Identity
  readonly scope: WishedScope
  readonly presenter: Presenter
  /** Text of an authentication receipt: factors that an earlier request has shown. */
  readonly receipt?: string | undefined
  /** Seconds a token lives when nothing bounds it shorter. */
  readonly ttl: number
  readonly requestId: string
  /** Where the request came from; absent on the machine itself. */
  readonly address?: string
}

export interface Issued {
  readonly text: string
  readonly session: Session
}

/**
 * Issues a token. Refuses `unauthenticated` alike for a wrong secret, an unknown scope and a scope without a role;
 * `forbidden` where a delegated session asks for more, `more_factors_needed` with a receipt where the user's rules want
 * another factor. Both outcomes are on the audit trail before the answer.
 */
export async function issueToken(ctx: Context, request: IssueRequest): Promise<Issued> {
  const begunAt = ctx.now()
  try {
    const { address } = request
    const shown = await authenticate(ctx, request.identity, { ...request.presenter, address })
    if (address !== undefined) await demandAddresses(ctx, shown, request.presenter, address)
    const { receipt, identity } = request
    const proof = await meetFactors(ctx, shown, { receipt, methods: identity.methods })
    const issued = await issueFor(ctx, proof, { ...request, begunAt }).catch(inOwnWords(proof))
    await audit(ctx, request, 'success', issued.session)
    return issued
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'busy') await audit(ctx, request, 'refused', error)
    throw error
  }
}

/** Whose token it will be and, where an agency is taken on, who does. */
async function demandAddresses(
  ctx: Context,
  { user }: Proof,
  { session }: Presenter,
  address: string,
): Promise<void> {
  for (const domainId of new Set([user.domain.id, ...(session ? accountsBehind(session) : [])])) {
    if (isBoundToAddresses(ctx.store, domainId) === false) continue
    await demandOrigin(ctx, domainId, { address, way: 'program' })
  }
}

/** To who may act as an agency its scopes that are not there, not its account's, or without a grant are all one. */
function inOwnWords(proof: Proof) {
  return (error: unknown): never => {
    const isAgency = proof.via.at(-1)?.kind === 'agency'
    if (!isAgency || !(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
    throw new Refusal('not_found', error.reason, { subject: NO_AGENCY })
  }
}

/**
 * The same from a proof already made. `begunAt`: microseconds, before the first fact behind the proof was read. What
 * changed since, while a password was being hashed for instance, voids the token.
 */
export async function issueFor(
  ctx: Context,
  proof: Proof,
  request: Pick<IssueRequest, 'scope' | 'ttl'> & { readonly begunAt: number },
): Promise<Issued> {
  const { scope, record, via, user = proof.user } = await resolveScope(ctx, proof, request.scope)
  const userId = user.id
  const findings = await loadLinks(ctx, via, { userId, scope })
  const now = Math.floor(request.begunAt / 1e6)
  const rules = await rulesFor(ctx, proof.user.domain.id)
  if (proof.user.kind === 'local' && isIdle(proof.user, rules, ctx.now())) {
    return refuse('unauthenticated', 'disabled after days without activity')
  }
  // What has seen a change says that it came after it.
  const issuedAt = Math.max(request.begunAt, voidUpTo(user, record, findings) + 1)
  const bounds = [proof.expiresAt, ...findings.map((f) => f.expiresAt ?? null)].filter((b) => b !== null)
  const expiresAt = Math.min(
    proof.expiresAt === null ? now + request.ttl : Number.POSITIVE_INFINITY,
    ...bounds,
  )
  if (expiresAt <= Math.floor(ctx.now() / 1e6))
    return refuse('unauthenticated', 'what it derives from has expired')
  const claims: Claims = {
    userId,
    methods: proof.methods,
    scope,
    via,
    ...stampOf(issuedAt, proof.chain),
    expiresAt,
  }
  const known = { user, scope: record, findings, fresh: true }
  const session = await loadSession(ctx, claims, known)
  if (request.scope.kind === 'trust') await useTrust(ctx, request.scope.id)
  return { text: await writeToken(ctx, claims), session }
}

/** Takes one of a trust's remaining uses; of two that race for the last one gets it. */
async function useTrust(ctx: Context, id: string): Promise<void> {
  const taken = await ctx.store.record((tx) => consumeTrustUse(tx, id))
  if (!taken) refuse('unauthenticated', `trust ${id} is used up`)
}

/** Token text in the configured format. */
export async function writeToken(ctx: Context, claims: Claims): Promise<string> {
  const keys = await ctx.keys.tokens()
  const written = await asWritten(ctx, claims)
  return ctx.settings.tokenFormat === 'jws'
    ? encodeJws(written, keys.jws)
    : encodeFernet(written, keys.fernet, { methods: authMethods(ctx.settings) })
}

function audit(
  ctx: Context,
  request: IssueRequest,
  outcome: string,
  about: Session | Refusal,
): Promise<void> {
  const session = about instanceof Refusal ? undefined : about
  const refusal = about instanceof Refusal ? about : undefined
  return ctx.store.audit({
    at: ctx.now(),
    action: 'issue_token',
    outcome,
    chain: session?.claims.auditIds.at(-1) ?? '',
    actor_id: session?.user.id ?? refusal?.detail.subject?.id ?? '',
    target: session ? scopeText(session.claims.scope) : '',
    reason: refusal?.reason ?? request.identity.methods.join(','),
    request_id: request.requestId,
  })
}

function scopeText(scope: Scope): string {
  return 'id' in scope ? `${scope.kind}:${scope.id}` : scope.kind
}
