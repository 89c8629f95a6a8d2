/** Assuming a RAM role by nothing but an ID token of an identity provider that the role trusts. */
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import { assumeRole, auditAssumption, type RoleAssumption } from './assume-role.ts'
import type { Door } from './federated-login.ts'
import type { TemporaryKey } from './key-session.ts'
import type { BelievedIdToken } from './oidc-login.ts'
import { mayAssumeByProvider } from './role-trust.ts'

/** Neither a shared secret nor a word about who is behind it comes with a token. */
export type OidcAssumption = Omit<RoleAssumption, 'provider' | 'externalId' | 'sourceIdentity' | 'ttl'> & {
  /** Asked once the role trusts who asks: it may refuse, and would tell that the role is there. */
  readonly ttl: () => number
  /** Where the request came from. */
  readonly address: string
}

/**
 * Assumes a role for whom the provider's mapping says the token is. Trust is decided by the token's claims before anybody
 * is signed in, which may make a user. Refuses `forbidden` where the role does not trust the provider or the mapping admits
 * nobody. Both outcomes are on the audit trail.
 */
export async function assumeRoleWithIdToken(
  ctx: Context,
  door: Door,
  { claims, signIn }: BelievedIdToken,
  wish: OidcAssumption,
): Promise<TemporaryKey> {
  const provider = door.provider.id
  const facts = {
    ...wish.facts,
    'oidc:iss': textsOf(claims['iss']),
    'oidc:aud': textsOf(claims['aud']),
    'oidc:sub': textsOf(claims['sub']),
  }
  const { role, requestId } = wish
  if (!role.domain.enabled || !(await mayAssumeByProvider(ctx, role, provider, facts))) {
    const reason = `role ${role.id} does not trust this token of ${provider}`
    await auditAssumption(ctx, null, wish, { outcome: 'refused', reason })
    return refuse('forbidden', reason)
  }
  const ttl = wish.ttl()
  const { session } = await signIn({ ttl, requestId, from: { address: wish.address, way: 'program' } }).catch(
    (error: unknown) => {
      if (!(error instanceof Refusal) || !NOT_ADMITTED.includes(error.code)) throw error
      return refuse('forbidden', error.reason)
    },
  )
  const none = { externalId: undefined, sourceIdentity: undefined }
  return assumeRole(ctx, session, { ...wish, ...none, ttl, facts, provider })
}

const NOT_ADMITTED: readonly string[] = ['unauthenticated', 'more_factors_needed']

/** A claim as texts: `aud` may hold several. */
export const textsOf = (claim: unknown): readonly string[] =>
  [claim].flat().filter((text) => typeof text === 'string')
