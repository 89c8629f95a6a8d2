/**
 * Sessions of access keys, for every wire that signs requests. Whoever calls these has checked the signature with
 * `accessSecret`; here is decided whose session it is and where.
 */
import { randomBytes } from 'node:crypto'
import type { Claims, Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import { findAccessKey, noteAccessKeyUse } from '../store/access-keys.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import { findProjectScope } from '../store/scopes.ts'
import { isTemporaryAccess, newTemporaryAccess } from './access-keys.ts'
import { writeToken } from './issue-token.ts'
import { loadSession, voidBefore } from './load-session.ts'
import { validateToken } from './validate-token.ts'

/** Where a request wants to act, as its headers say, signed or not: a hint that is held against the key's account. */
export interface ScopeHint {
  readonly projectId?: string | undefined
  readonly domainId?: string | undefined
}

export interface KeyUse {
  readonly access: string
  /** Of a temporary key. */
  readonly securityToken?: string | undefined
  readonly hint: ScopeHint
}

/** Seconds for which a use of a permanent key may be handed on, as a token or a temporary key. */
const HANDED_ON = 86_400
const MINUTE = 60e6

/** The session of a verified signature. Refuses `unauthenticated` for keys that are off, of nobody, or elsewhere's. */
export async function openKeySession(ctx: Context, use: KeyUse): Promise<Session> {
  if (isTemporaryAccess(use.access)) return temporarySession(ctx, use)
  if (use.securityToken !== undefined)
    return refuse('unauthenticated', 'a permanent key with a security token')
  const key = await findAccessKey(ctx.store.db, use.access)
  const user = key && (await findUser(ctx.store.db, { id: key.userId }))
  if (key?.status !== 'Active' || !user)
    return refuse('unauthenticated', `access key ${use.access} is gone or off`)
  const session = await sessionOn(ctx, use, user, await scopeOf(ctx, user.domain.id, use.hint))
  const now = ctx.now()
  if ((key.lastUsedAt ?? 0) < now - MINUTE) {
    await ctx.store.record((tx) => noteAccessKeyUse(tx, key.id, now))
  }
  return session
}

async function sessionOn(ctx: Context, use: KeyUse, user: UserRecord, scope: Scope): Promise<Session> {
  const now = Math.floor(ctx.now() / 1e6)
  const claims: Claims = {
    userId: user.id,
    methods: ['access_key'],
    scope,
    via: [{ kind: 'access_key', id: use.access }],
    auditIds: [newAuditId()],
    issuedAt: Math.max(now, voidBefore(user, undefined) + 1),
    expiresAt: now + HANDED_ON,
  }
  try {
    return await loadSession(ctx, claims, { user, fresh: true })
  } catch (error) {
    // Whoever has no role on their account as a whole still signs requests about themselves.
    const named = use.hint.projectId !== undefined || scope.kind === 'unscoped'
    if (named || !(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
    return loadSession(ctx, { ...claims, scope: { kind: 'unscoped' } }, { user, fresh: true })
  }
}

async function scopeOf(ctx: Context, accountId: string, hint: ScopeHint): Promise<Scope> {
  if (hint.domainId !== undefined && hint.domainId !== accountId) {
    return refuse('unauthenticated', 'X-Domain-Id of another account')
  }
  if (hint.projectId === undefined) return { kind: 'domain', id: accountId }
  const project = await findProjectScope(ctx.store.db, { id: hint.projectId })
  if (project?.domain.id !== accountId) return refuse('unauthenticated', 'X-Project-Id of another account')
  return { kind: 'project', id: project.id }
}

async function temporarySession(ctx: Context, { access, securityToken, hint }: KeyUse): Promise<Session> {
  if (securityToken === undefined) return refuse('unauthenticated', 'a temporary key without its token')
  const session = await validateToken(ctx, securityToken, { signedBy: access })
  const { scope, user } = session
  const account = scope.kind === 'project' ? scope.project.domain.id : user.domain.id
  if (hint.domainId !== undefined && hint.domainId !== account) {
    return refuse('unauthenticated', 'X-Domain-Id of another account')
  }
  if (scope.kind === 'project' && hint.projectId !== undefined && hint.projectId !== scope.project.id) {
    return refuse('unauthenticated', 'X-Project-Id of another project')
  }
  return session
}

export interface TemporaryKey {
  readonly access: string
  readonly secret: string
  readonly securityToken: string
  /** Seconds. */
  readonly expiresAt: number
}

/**
 * A temporary key for what a session may, for `ttl` seconds and never beyond the session. Refuses `forbidden` for a
 * session that is one already: keys are not renewed by themselves.
 */
export async function issueTemporaryKey(ctx: Context, session: Session, ttl: number): Promise<TemporaryKey> {
  const { claims } = session
  if (claims.via.some((link) => link.kind === 'access_key' && isTemporaryAccess(link.id))) {
    return refuse('forbidden', 'a temporary key makes another')
  }
  const access = newTemporaryAccess()
  const now = Math.floor(ctx.now() / 1e6)
  const derived: Claims = {
    ...claims,
    via: [...claims.via, { kind: 'access_key', id: access }],
    auditIds: [newAuditId(), claims.auditIds.at(-1) ?? newAuditId()],
    issuedAt: Math.max(now, claims.issuedAt),
    expiresAt: Math.min(claims.expiresAt, now + ttl),
  }
  await loadSession(ctx, derived)
  return {
    access,
    secret: ctx.keys.derive(`temporary_access_key:${access}`),
    securityToken: await writeToken(ctx, derived),
    expiresAt: derived.expiresAt,
  }
}

function newAuditId(): string {
  return randomBytes(16).toString('base64url')
}
