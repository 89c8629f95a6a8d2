/**
 * Whom an agency of Huawei Cloud trusts: one account by its id, or, of those that the v5 API makes, whom its trust policy
 * names. That alone lets nobody in: who assumes needs a right of their own (`agencies.ts`).
 */
import type { RequestFacts } from '../core/policy/statements/condition.ts'
import { HUAWEI_TRUST, isTrusted, parseTrustPolicy } from '../core/policy/statements/trust.ts'
import type { UserFacts } from '../core/session.ts'
import { type AgencyRecord, agencyPath, isTrustAgency } from '../store/agencies.ts'

/** The action that a trust policy lets people take, and an identity policy too. */
export const STS_ASSUME = 'sts:agencies:assume'

/** `iam::ACCOUNT:agency:PATH/NAME` */
export function agencyUrn(agency: Pick<AgencyRecord, 'domain' | 'name' | 'extra'>): string {
  return `iam::${agency.domain.id}:agency:${agencyPath(agency)}${agency.name}`
}

type TrustedPerson = Pick<UserFacts, 'name' | 'kind'> & { readonly domain: { readonly id: string } }

/**
 * Whether the agency trusts the person. By name it trusts the account's own users alone: the name of who signs in
 * elsewhere is what their provider says, and may be the name of somebody else here. `facts`: of the request; null for a
 * session that was let in by them before.
 */
export function trusts(
  agency: Pick<AgencyRecord, 'kind' | 'trustDomainId' | 'trustPolicy'>,
  { name, kind, domain }: TrustedPerson,
  facts: RequestFacts | null,
): boolean {
  if (agency.kind !== 'agency') return false
  if (!isTrustAgency(agency)) return agency.trustDomainId === domain.id
  const trust = parseTrustPolicy(agency.trustPolicy, HUAWEI_TRUST)
  if ('problem' in trust) return false
  const named = kind === 'local' ? [`iam::${domain.id}:user:${name}`] : []
  const arns = [domain.id, `iam::${domain.id}:root`, ...named]
  return isTrusted(trust, { action: STS_ASSUME, arns, facts })
}

/** Ids of the accounts that an agency speaks of in its trust, allowed or denied. */
export function accountsTrusted(
  agency: Pick<AgencyRecord, 'kind' | 'trustDomainId' | 'trustPolicy'>,
): readonly string[] {
  if (!isTrustAgency(agency)) return agency.trustDomainId === null ? [] : [agency.trustDomainId]
  const trust = parseTrustPolicy(agency.trustPolicy, HUAWEI_TRUST)
  if ('problem' in trust) return []
  const named = trust.flatMap(({ principals }) => principals)
  return [...new Set(named.map((principal) => /^iam::([^:]+):/.exec(principal)?.[1] ?? principal))]
}
