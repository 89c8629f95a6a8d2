/**
 * Sessions of access keys, for every wire that signs requests. Whoever calls these has checked the signature with
 * `accessSecret`; here is decided whose session it is and where.
 */
import type { Claims, Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import type { AssumeRolePayload } from '../methods/assume-role/method.ts'
import { findAccessKey, noteAccessKeyUse } from '../store/access-keys.ts'
import { appendAudit } from '../store/audit.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import { findProjectScope } from '../store/scopes.ts'
import { isTemporaryAccess, newTemporaryAccess, temporarySecret } from './access-keys.ts'
import { accountsBehind, consoleSeconds, demandOrigin } from './account-security.ts'
import { assumeAgency, NO_AGENCY } from './assume-agency.ts'
import { issueFor, writeToken } from './issue-token.ts'
import { issuedMicros, stampOf } from './issued-at.ts'
import { loadSession, voidUpTo } from './load-session.ts'
import { joinSecurityToken, narrowedTo } from './role-session.ts'
import { narrowed } from './session-policy.ts'
import { validateToken } from './validate-token.ts'

/** Where a request wants to act, as its headers say, signed or not: a hint that is held against the key's account. */
export interface ScopeHint {
  readonly projectId?: string | undefined
  readonly domainId?: string | undefined
  /**
   * The account as a whole even where a project is named, if there is a role on it: `first` for what manages the account
   * itself, `last` for what the project is only preferred for.
   */
  readonly whole?: 'first' | 'last'
}

export interface KeyUse {
  readonly access: string
  /** Of a temporary key. */
  readonly securityToken?: string | undefined
  /** Text of the session policy that came with the token, bound to it by the signature. */
  readonly policy?: string | undefined
  readonly hint: ScopeHint
}

/** Seconds for which a use of a permanent key may be handed on, as a token or a temporary key. */
const HANDED_ON = 86_400
const MINUTE = 60e6

/** The session of a verified signature. Refuses `unauthenticated` for keys that are off, of nobody, or elsewhere's. */
export async function openKeySession(ctx: Context, use: KeyUse): Promise<Session> {
  if (isTemporaryAccess(use.access)) return narrowed(await temporarySession(ctx, use), use.policy)
  if (use.securityToken !== undefined)
    return refuse('unauthenticated', 'a permanent key with a security token')
  const key = await findAccessKey(ctx.store.db, use.access)
  const user = key && (await findUser(ctx.store.db, { id: key.userId }))
  if (key?.status !== 'Active' || !user)
    return refuse('unauthenticated', `access key ${use.access} is gone or off`)
  const session = await sessionOf(ctx, use, user)
  const now = ctx.now()
  if ((key.lastUsedAt ?? 0) < now - MINUTE) {
    await ctx.store.record((tx) => noteAccessKeyUse(tx, key.id, now))
  }
  return session
}

async function sessionOf(ctx: Context, use: KeyUse, user: UserRecord): Promise<Session> {
  const now = ctx.now()
  const claims: Claims = {
    userId: user.id,
    methods: ['access_key'],
    scope: { kind: 'unscoped' },
    via: [{ kind: 'access_key', id: use.access }],
    ...stampOf(Math.max(now, voidUpTo(user, undefined) + 1), null),
    expiresAt: Math.floor(now / 1e6) + HANDED_ON,
  }
  const scopes = await scopesOf(ctx, user.domain.id, use.hint)
  return firstThatLoads(scopes, (scope) => loadSession(ctx, { ...claims, scope }, { user, fresh: true }))
}

/** Where a key may act, in order; refuses what is not its account's. */
async function scopesOf(ctx: Context, accountId: string, hint: ScopeHint): Promise<readonly Scope[]> {
  if (hint.domainId !== undefined && hint.domainId !== accountId) {
    return refuse('unauthenticated', 'X-Domain-Id of another account')
  }
  const whole = { kind: 'domain', id: accountId } as const
  // Whoever has no role on their account as a whole still signs requests about themselves.
  if (hint.projectId === undefined) return [whole, { kind: 'unscoped' }]
  const named = { kind: 'project', id: await projectIn(ctx, accountId, hint.projectId) } as const
  if (hint.whole === undefined) return [named]
  return hint.whole === 'first' ? [whole, named] : [named, whole]
}

/** The project's id, when it is one of the account's. */
async function projectIn(ctx: Context, accountId: string, id: string): Promise<string> {
  const project = await findProjectScope(ctx.store.db, { id })
  return project?.domain.id === accountId ? id : refuse('unauthenticated', 'X-Project-Id of another account')
}

/** The session on the first scope that it can have; the last one's refusal when there is none. */
async function firstThatLoads(
  [scope, ...others]: readonly Scope[],
  load: (scope: Scope) => Promise<Session>,
): Promise<Session> {
  if (!scope) return refuse('unauthenticated', 'no scope for a key')
  try {
    return await load(scope)
  } catch (error) {
    const isRefused = error instanceof Refusal && error.code === 'unauthenticated'
    if (!isRefused || others.length === 0) throw error
    return firstThatLoads(others, load)
  }
}

async function temporarySession(ctx: Context, { access, securityToken, hint }: KeyUse): Promise<Session> {
  if (securityToken === undefined) return refuse('unauthenticated', 'a temporary key without its token')
  const session = await validateToken(ctx, securityToken, { signedBy: access })
  const { scope, user } = session
  if (scope.kind === 'unscoped') return scopedByHint(ctx, session, hint)
  const account = scope.kind === 'project' ? scope.project.domain.id : user.domain.id
  if (hint.domainId !== undefined && hint.domainId !== account) {
    return refuse('unauthenticated', 'X-Domain-Id of another account')
  }
  if (hint.projectId === undefined) return session
  if (scope.kind === 'project' && hint.projectId !== scope.project.id) {
    return refuse('unauthenticated', 'X-Project-Id of another project')
  }
  if (scope.kind !== 'project') await projectIn(ctx, account, hint.projectId)
  return session
}

/** A key that was had for no scope in particular acts where the request says, as permanent keys do. */
async function scopedByHint(ctx: Context, session: Session, hint: ScopeHint): Promise<Session> {
  const scopes = await scopesOf(ctx, session.user.domain.id, hint)
  return firstThatLoads(scopes, (scope) => loadSession(ctx, { ...session.claims, scope }))
}

/**
 * A temporary key of the agency that a session's person takes on, for no scope in particular. Refuses as `assumeAgency`
 * does. Both outcomes are on the audit trail.
 */
export async function issueAgencyKey(
  ctx: Context,
  session: Session,
  request: Omit<KeyWish, 'ttl'> & { readonly payload: AssumeRolePayload; readonly ttl: number },
): Promise<TemporaryKey & { readonly session: Session }> {
  try {
    const begunAt = ctx.now()
    const proof = await assumeAgency(ctx, session, request.payload)
    const { address } = request.payload
    if (address !== undefined) await demandOrigin(ctx, proof.user.domain.id, { address, way: 'program' })
    const agency = await issueFor(ctx, proof, { scope: { kind: 'unscoped' }, ttl: request.ttl, begunAt })
    const key = await issueTemporaryKey(ctx, agency.session, request)
    return { ...key, session: agency.session }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await audit(ctx, session, request.requestId, { outcome: 'refused', target: '', reason: error.reason })
    if (error.code !== 'unauthenticated') throw error
    throw new Refusal('not_found', error.reason, { subject: NO_AGENCY })
  }
}

function audit(
  ctx: Context,
  session: Session,
  requestId: string,
  about: { readonly outcome: string; readonly target: string; readonly reason: string },
): Promise<void> {
  return ctx.store.record((tx) =>
    appendAudit(tx, {
      at: ctx.now(),
      action: 'issue_temporary_key',
      chain: session.claims.auditIds.at(-1) ?? '',
      actor_id: session.user.id,
      request_id: requestId,
      ...about,
    }),
  )
}

export interface TemporaryKey {
  readonly access: string
  readonly secret: string
  readonly securityToken: string
  /** Seconds. */
  readonly expiresAt: number
}

export interface KeyWish {
  /** Seconds. */
  readonly ttl: number
  /** Text of a session policy. */
  readonly policy?: string | undefined
  readonly requestId: string
}

/**
 * A temporary key for what a session may, for `ttl` seconds and never beyond the session, narrowed to `policy`. Refuses
 * `forbidden` for a session that is one already: keys are not renewed by themselves.
 */
export async function issueTemporaryKey(
  ctx: Context,
  session: Session,
  { ttl, policy, requestId }: KeyWish,
): Promise<TemporaryKey> {
  const { claims } = session
  const through = claims.via.find((link) => !['federation', 'access_key', 'agency'].includes(link.kind))
  if (through) return refuse('forbidden', `a session through ${through.kind} makes a key`)
  if (claims.via.some((link) => link.kind === 'access_key' && isTemporaryAccess(link.id))) {
    return refuse('forbidden', 'a temporary key makes another')
  }
  const access = newTemporaryAccess()
  const derived: Claims = {
    ...claims,
    via: [...claims.via, { kind: 'access_key', id: access }],
    ...derivedStamp(ctx, claims),
    expiresAt: Math.min(claims.expiresAt, Math.floor(ctx.now() / 1e6) + ttl),
  }
  await loadSession(ctx, derived)
  await audit(ctx, session, requestId, { outcome: 'success', target: `access_key:${access}`, reason: '' })
  return {
    access,
    secret: temporarySecret(ctx, access, policy),
    securityToken: joinSecurityToken(await writeToken(ctx, derived), policy),
    expiresAt: derived.expiresAt,
  }
}

/**
 * A login token of a temporary key's session: it proves the session to a console and, without a signature, nothing to
 * this service. It ends with what the accounts behind the session let a console's session last.
 */
export async function issueLoginToken(
  ctx: Context,
  session: Session,
  ttl: number,
  requestId: string,
): Promise<{ readonly text: string; readonly expiresAt: number }> {
  // Who reads the login token could not see the narrowing.
  if (session.narrowedBy) return refuse('forbidden', 'a narrowed key makes a login token')
  if (narrowedTo(session) !== undefined) return refuse('forbidden', 'a narrowed role makes a login token')
  const { claims } = session
  const seconds = Math.min(ttl, (await consoleSeconds(ctx, accountsBehind(session))) ?? ttl)
  const derived: Claims = {
    ...claims,
    ...derivedStamp(ctx, claims),
    expiresAt: Math.min(claims.expiresAt, Math.floor(ctx.now() / 1e6) + seconds),
  }
  await audit(ctx, session, requestId, { outcome: 'success', target: 'login_token', reason: '' })
  return { text: await writeToken(ctx, derived), expiresAt: derived.expiresAt }
}

/** Issued no earlier than what it derives from, on the same audit chain. */
function derivedStamp(ctx: Context, claims: Claims) {
  return stampOf(Math.max(ctx.now(), issuedMicros(claims)), claims.auditIds.at(-1) ?? null)
}
