/**
 * Who may assume a RAM role: whom its trust policy names and whose own policies let them, both, always. And who shows a
 * token of an identity provider that the trust policy names: of them nothing else is asked, as they have no policies.
 */
import type { Context } from '../context.ts'
import type { RequestFacts } from '../core/policy/statements/condition.ts'
import { evaluate, withoutConditions } from '../core/policy/statements/evaluate.ts'
import { isTrusted, parseTrustPolicy } from '../core/policy/statements/trust.ts'
import { findAccountNumber } from '../store/accounts.ts'
import type { AgencyRecord } from '../store/agencies.ts'
import { groupIdsOf, rolesOf } from '../store/grants.ts'
import { findIdentityProvider } from '../store/identity-providers.ts'
import type { Person } from './agencies.ts'
import { effectiveRolesOf } from './effective-roles.ts'
import { heldRamPolicies } from './ram-policies.ts'

const ASSUME = 'sts:AssumeRole'

/** `acs:ram::ACCOUNT:role/NAME` */
export const roleArn = (account: string, name: string): string => `acs:ram::${account}:role/${name}`

/**
 * Whether somebody may assume the role. `facts` of the request that assumes it; null for a session that has assumed it
 * already: conditions were decided then, trust and policies are looked up again.
 */
export async function mayAssumeRole(
  ctx: Context,
  role: AgencyRecord,
  person: Person,
  facts: RequestFacts | null,
): Promise<boolean> {
  return (await isTrustedByRole(ctx, role, person, facts)) && (await isLetAssume(ctx, role, person, facts))
}

/** `acs:ram::ACCOUNT:oidc-provider/NAME` */
export const oidcProviderArn = (account: string, name: string): string =>
  `acs:ram::${account}:oidc-provider/${name}`

/**
 * Whether the role trusts an identity provider, which has to be of the role's own account and enabled. `facts` hold what
 * the token says (`oidc:iss`, `oidc:aud`, `oidc:sub`); null as for `mayAssumeRole`.
 */
export async function mayAssumeByProvider(
  ctx: Context,
  role: AgencyRecord,
  idpId: string,
  facts: RequestFacts | null,
): Promise<boolean> {
  const { db } = ctx.store
  const [provider, number] = await Promise.all([
    findIdentityProvider(db, idpId),
    findAccountNumber(db, role.domain.id),
  ])
  if (!provider?.enabled || provider.domainId !== role.domain.id || number === undefined) return false
  const trust = role.kind === 'role' ? parseTrustPolicy(role.trustPolicy) : []
  if ('problem' in trust) return false
  return isTrusted(trust, { action: ASSUME, arns: [oidcProviderArn(number, provider.id)], facts })
}

async function isTrustedByRole(
  ctx: Context,
  role: AgencyRecord,
  { user }: Person,
  facts: RequestFacts | null,
): Promise<boolean> {
  const trust = role.kind === 'role' ? parseTrustPolicy(role.trustPolicy) : []
  if ('problem' in trust) return false
  const number = await findAccountNumber(ctx.store.db, user.domain.id)
  if (number === undefined) return false
  // The name of who signs in elsewhere is what their provider says, and may be the name of a user of RAM's.
  const named = user.kind === 'local' ? [`acs:ram::${number}:user/${user.name}`] : []
  const arns = [`acs:ram::${number}:root`, ...named]
  return isTrusted(trust, { action: ASSUME, arns, facts })
}

async function isLetAssume(
  ctx: Context,
  role: AgencyRecord,
  { user, groups }: Person,
  facts: RequestFacts | null,
): Promise<boolean> {
  const { db } = ctx.store
  const number = await findAccountNumber(db, role.domain.id)
  if (number === undefined) return false
  if (await isAccountUser(ctx, { user, groups })) return true
  const stored = await groupIdsOf(db, user.id)
  const policies = await heldRamPolicies(ctx, { kind: 'user', id: user.id }, [...groups, ...stored])
  const identity = facts === null ? policies.map(withoutConditions) : policies
  const request = { action: ASSUME, resource: roleArn(number, role.name), facts: facts ?? {} }
  return evaluate({ identity }, request).allowed
}

/** Whether somebody acts as their account itself, whom policies do not bind: by the admin role on all of it. */
export async function isAccountUser(ctx: Context, { user, groups }: Person): Promise<boolean> {
  const scope = { kind: 'domain', id: user.domain.id } as const
  const [held, roles] = await Promise.all([
    effectiveRolesOf(ctx, { userId: user.id, groups }, scope),
    rolesOf(ctx.store),
  ])
  return [...held].some((id) => {
    const role = roles.byId.get(id)
    return role?.name === 'admin' && role.domainId === ''
  })
}
