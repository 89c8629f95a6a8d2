import type { Context } from '../context.ts'
import type { RequestFacts } from '../core/policy/statements/condition.ts'
import { refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import {
  type AssumeRolePayload,
  assumptionText,
  guardFault,
  presenterFault,
} from '../methods/assume-role/method.ts'
import { type AgencyRecord, agencyPath, findAgency, isTrustAgency } from '../store/agencies.ts'
import { findDomainScope } from '../store/scopes.ts'
import { agencyUser, agentRights } from './agencies.ts'
import { trusts } from './agency-trust.ts'
import type { Proof } from './proof.ts'

/** Names the one refusal of everything that is not there for the asker. */
export const NO_AGENCY = { kind: 'agency', id: '' } as const

/** Bytes that a link of a token's chain holds. */
const LONGEST_ASSUMPTION = 255

/**
 * A session's person takes on an agency. Refuses `forbidden` before anything is looked up when they may act as no agency
 * at all; `bad_request` when the account's id and name disagree, more time is asked for than the agency gives, or more
 * roles are named than a token holds; otherwise one `not_found` for no such account, no such agency, one that trusts
 * others, one they may not act as, and one that has ended. The new session ends with the presented one at the latest, and
 * goes on its audit chain.
 */
export async function assumeAgency(
  ctx: Context,
  session: Session,
  payload: AssumeRolePayload,
): Promise<Proof> {
  const fault = presenterFault(session)
  if (fault !== undefined) return refuse('forbidden', `${fault} acts as an agency`)
  const facts = assumptionFacts(ctx, session, payload)
  const rights = await agentRights(ctx, session, facts)
  if (!rights.some) return refuse('forbidden', 'no right to act as any agency')
  const agency = await trustedAgency(ctx, session, payload, facts)
  const { claims } = session
  if (!agency || !rights.allows(agency))
    return refuse('not_found', 'not to be acted as', { subject: NO_AGENCY })
  const unmet = guardFault(session, agency, payload, Math.floor(ctx.now() / 1e6))
  if (unmet !== undefined) return refuse('not_found', `guard of the agency: ${unmet}`, { subject: NO_AGENCY })
  if (payload.v5 && payload.v5.seconds > agency.maxSessionSeconds) {
    const message = `duration_seconds exceeds the ${agency.maxSessionSeconds} seconds of the agency.`
    return refuse('bad_request', 'longer than the agency lets sessions last', { message })
  }
  const assumedBy = session.user.id
  const assumption = assumptionText(payload)
  if (Buffer.byteLength(assumption) > LONGEST_ASSUMPTION) {
    return refuse('bad_request', 'restricted to more roles than a token can name')
  }
  return {
    user: agencyUser(agency),
    methods: ['assume_role'],
    via: [...claims.via, { kind: 'agency', id: agency.id, assumedBy, session: assumption }],
    expiresAt: claims.expiresAt,
    chain: claims.auditIds.at(-1) ?? null,
    parent: null,
    onlyScope: null,
  }
}

async function trustedAgency(
  ctx: Context,
  session: Session,
  payload: AssumeRolePayload,
  facts: RequestFacts,
): Promise<AgencyRecord | undefined> {
  const { db } = ctx.store
  const { account, agency: name, v5 } = payload
  const domain = await findDomainScope(db, 'id' in account ? { id: account.id } : account)
  if (!domain) return undefined
  if ('id' in account && account.name !== undefined && account.name !== domain.name) {
    return refuse('bad_request', 'id and name of the account disagree')
  }
  const agency = await findAgency(db, { domainId: domain.id, name })
  if (!agency || !domain.alive) return undefined
  const isNamed = v5 ? agencyPath(agency) === v5.path : !isTrustAgency(agency)
  return isNamed && trusts(agency, session.user, facts) ? agency : undefined
}

/** What conditions may ask about, of the agency's trust policy and of the person's own; by name of local users alone. */
function assumptionFacts(
  ctx: Context,
  { user, claims }: Session,
  { externalId, sourceIdentity, address }: AssumeRolePayload,
): RequestFacts {
  const isLocal = user.kind === 'local'
  return {
    'g:CurrentTime': new Date(ctx.now() / 1000).toISOString(),
    'g:DomainId': user.domain.id,
    'g:DomainName': user.domain.name,
    'g:MFAPresent': String(claims.methods.includes('totp')),
    'g:PrincipalAccount': user.domain.id,
    'g:PrincipalUrn': isLocal ? `iam::${user.domain.id}:user:${user.name}` : undefined,
    'g:SourceIp': address,
    'g:UserId': user.id,
    'g:UserName': isLocal ? user.name : undefined,
    'sts:ExternalId': externalId,
    'sts:SourceIdentity': sourceIdentity,
  }
}
