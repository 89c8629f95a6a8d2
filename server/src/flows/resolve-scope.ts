/** From the scope a request wishes for to one that exists, with its row and the links that come with it. */
import type { Link, Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import type { DomainReference, ProjectReference } from '../store/scopes.ts'
import { findTrust } from '../store/trusts.ts'
import { effectiveRolesOf } from './effective-roles.ts'
import type { ScopeRecord } from './load-session.ts'
import type { Proof } from './proof.ts'
import { recallDomain, recallProject } from './recall.ts'

export type WishedScope =
  /** Nothing said: the user's default project when they may, else unscoped. */
  | { readonly kind: 'default' }
  /** The account (domain) of who signs in, or of the agency that is assumed. */
  | { readonly kind: 'account' }
  | { readonly kind: 'unscoped' }
  | { readonly kind: 'system' }
  /** By name alone: in that account. */
  | { readonly kind: 'project'; readonly project: ProjectReference | { readonly name: string } }
  | { readonly kind: 'domain'; readonly domain: DomainReference }
  | { readonly kind: 'trust'; readonly id: string }

export interface ResolvedScope {
  readonly scope: Scope
  readonly record: ScopeRecord | undefined
  readonly via: readonly Link[]
  /** Who the session acts as, when the scope says so (the trustor of an impersonating trust). */
  readonly user?: UserRecord
}

/**
 * Refuses `unauthenticated` for a scope that does not exist or is disabled (existence is not told to who has no role
 * there), `forbidden` for a session that may not change its scope.
 */
export async function resolveScope(ctx: Context, proof: Proof, wished: WishedScope): Promise<ResolvedScope> {
  if (proof.onlyScope) return pinned(ctx, proof, proof.onlyScope, wished)
  const { via } = proof
  const resolved = await resolveFreely(ctx, proof, wished)
  // What an agency opens is its own account's.
  const elsewhere = resolved.scope.kind !== 'unscoped' && accountOf(resolved.record) !== proof.user.domain.id
  if (via.at(-1)?.kind === 'agency' && elsewhere) {
    return refuse('unauthenticated', 'a scope outside the agency’s account')
  }
  return resolved
}

function accountOf(record: ScopeRecord | undefined): string | undefined {
  return record && ('domain' in record ? record.domain.id : record.id)
}

async function resolveFreely(ctx: Context, proof: Proof, wished: WishedScope): Promise<ResolvedScope> {
  const { via } = proof
  switch (wished.kind) {
    case 'account':
      refuseFromSystem(proof)
      return { ...(await account(ctx, proof)), via }
    case 'unscoped':
      return { scope: { kind: 'unscoped' }, record: undefined, via }
    case 'system':
      return { scope: { kind: 'system' }, record: undefined, via }
    case 'project':
      refuseFromSystem(proof)
      return { ...(await project(ctx, inAccount(wished.project, proof))), via }
    case 'domain':
      refuseFromSystem(proof)
      return { ...(await domain(ctx, wished.domain)), via }
    case 'trust':
      return throughTrust(ctx, proof, wished.id)
    case 'default':
      return { ...(await byDefault(ctx, proof)), via }
  }
}

function inAccount(reference: ProjectReference | { readonly name: string }, proof: Proof): ProjectReference {
  if ('id' in reference || 'domain' in reference) return reference
  return { name: reference.name, domain: { id: proof.user.domain.id } }
}

async function project(ctx: Context, reference: ProjectReference) {
  const record = await recallProject(ctx, reference)
  if (!record?.alive) return refuse('unauthenticated', 'project is gone or disabled')
  return { scope: { kind: 'project', id: record.id } as const, record }
}

async function domain(ctx: Context, reference: DomainReference) {
  const record = await recallDomain(ctx, reference)
  if (!record?.alive) return refuse('unauthenticated', 'domain is gone or disabled')
  return { scope: { kind: 'domain', id: record.id } as const, record }
}

function refuseFromSystem(proof: Proof): void {
  if (proof.parent?.claims.scope.kind !== 'system') return
  const rule = 'Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.'
  refuse('forbidden', 'system-scoped token rescoped', { rule })
}

/** The account as a whole; for a user without a role there what they would get by default. */
async function account(ctx: Context, proof: Proof) {
  const whole = await domain(ctx, { id: proof.user.domain.id })
  if (proof.via.at(-1)?.kind === 'agency') return whole
  const roles = await effectiveRolesOf(ctx, { userId: proof.user.id }, whole.scope)
  return roles.size > 0 ? whole : byDefault(ctx, proof)
}

async function byDefault(ctx: Context, proof: Proof) {
  const unscoped = { scope: { kind: 'unscoped' } as const, record: undefined }
  const id = proof.user.defaultProjectId
  if (id === null || proof.via.length > 0) return unscoped
  const record = await recallProject(ctx, { id })
  if (!record?.alive) return unscoped
  const scope = { kind: 'project', id: record.id } as const
  const roles = await effectiveRolesOf(ctx, { userId: proof.user.id }, scope)
  return roles.size > 0 ? { scope, record } : unscoped
}

/** A delegation with one scope of its own takes no wish for another, nor for the same. */
async function pinned(ctx: Context, proof: Proof, only: Scope, wished: WishedScope): Promise<ResolvedScope> {
  if (wished.kind !== 'default') return refuse('unauthenticated', 'a delegation asked for a scope')
  const { via } = proof
  if (only.kind !== 'project') return { scope: only, record: undefined, via }
  return { ...(await project(ctx, { id: only.id })), via }
}

/** `OS-TRUST:trust`: the trustee proves themself and acts on the trust's project. */
async function throughTrust(ctx: Context, proof: Proof, id: string): Promise<ResolvedScope> {
  const trust = await findTrust(ctx.store.db, id)
  if (!trust || trust.remainingUses === 0) return refuse('unauthenticated', `trust ${id} is gone or used up`)
  if (proof.user.id !== trust.trusteeUserId) return refuse('forbidden', `trust ${id} is for another trustee`)
  const via: readonly Link[] = [...proof.via, { kind: 'trust', id }]
  const trustor = trust.impersonation ? await findUser(ctx.store.db, { id: trust.trustorUserId }) : proof.user
  const user = trustor ?? refuse('unauthenticated', `the trustor of ${id} is gone`)
  if (trust.projectId === null) return { scope: { kind: 'unscoped' }, record: undefined, via, user }
  return { ...(await project(ctx, { id: trust.projectId })), via, user }
}
