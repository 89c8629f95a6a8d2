import type { Context } from '../../context.ts'
import { effectiveRoleIds } from '../../core/assignments.ts'
import { refuse } from '../../core/refusal.ts'
import { readAssumption } from '../../methods/assume-role/method.ts'
import { type AgencyRecord, agencyGrants, findAgency } from '../../store/agencies.ts'
import { rolesOf } from '../../store/grants.ts'
import { findUser, userFacts } from '../../store/identity.ts'
import { agencyUser, mayAct, type Person } from '../agencies.ts'
import { readRoleSession } from '../role-session.ts'
import { mayAssumeByProvider, mayAssumeRole } from '../role-trust.ts'
import type { LinkClaims, LoadLink } from './link.ts'

const NOTHING_IMPLIED = new Map<string, readonly string[]>()

/**
 * An agency that somebody assumed: its own grants on the scope and nobody else's. Looked up at every validation: the
 * agency lives and still trusts the account, both accounts and the user are enabled, and the user may still act as it.
 * What voids the user's tokens voids these.
 */
export const loadAgency: LoadLink<'agency'> = async (ctx, link, claims) => {
  const { db } = ctx.store
  const [agency, user] = await Promise.all([
    findAgency(db, { id: link.id }),
    findUser(db, { id: link.assumedBy }),
  ])
  if (!agency || claims.userId !== agency.id) return refuse('unauthenticated', `agency ${link.id} is gone`)
  if (!user?.enabled || !user.domain.enabled) {
    return refuse('unauthenticated', `user ${link.assumedBy} of agency ${link.id} is gone or disabled`)
  }
  if (agency.expiresAt !== null && agency.expiresAt <= ctx.now()) {
    return refuse('unauthenticated', `agency ${link.id} has expired`)
  }
  const groups = claims.via.flatMap((other) => (other.kind === 'federation' ? other.groups : []))
  const isRole = agency.kind === 'role'
  const person = { user, groups }
  if (
    !(isRole
      ? await mayStillAssume(ctx, agency, { ...person, session: link.session, via: claims.via })
      : await mayAct(ctx, agency, person))
  ) {
    return refuse('unauthenticated', `user ${user.id} may no longer act as agency ${link.id}`)
  }
  // A session policy speaks of RAM's actions only, so nothing else is left to a session that has one.
  const isNarrowed = isRole && readRoleSession(link.session).policyHash !== undefined
  const grants = isNarrowed ? [] : await agencyGrants(db, agency.id, claims.scope)
  const { onlyRoles } = readAssumption(link.session)
  return {
    facts: { agency: { id: agency.id, name: agency.name, assumedBy: userFacts(user) } },
    actsAs: agencyUser(agency),
    tokensValidFrom: user.tokensValidFrom,
    grantedRoles: [...effectiveRoleIds(grants, NOTHING_IMPLIED)],
    ...(onlyRoles.length > 0 ? { onlyRoles: await roleIds(ctx, onlyRoles) } : {}),
    ...(agency.expiresAt === null ? {} : { expiresAt: Math.floor(agency.expiresAt / 1e6) }),
  }
}

/** Who came by a provider's word goes on by that provider's word, and by no other way. */
async function mayStillAssume(
  ctx: Context,
  role: AgencyRecord,
  { session, via, ...person }: Person & Pick<LinkClaims, 'via'> & { readonly session: string },
): Promise<boolean> {
  const { provider } = readRoleSession(session)
  if (provider === undefined) return mayAssumeRole(ctx, role, person, null)
  const isSignedIn = via.some((link) => link.kind === 'federation' && link.idp === provider)
  return isSignedIn && (await mayAssumeByProvider(ctx, role, provider, null))
}

async function roleIds(ctx: Context, named: readonly string[]): Promise<readonly string[]> {
  const { byId } = await rolesOf(ctx.store)
  return [...byId.values()]
    .filter((role) => named.includes(role.id) || (role.domainId === '' && named.includes(role.name)))
    .map((role) => role.id)
}
