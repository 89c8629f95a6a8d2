/** Acting for another account: who may, and what that makes of the agency. */
import type { Context } from '../context.ts'
import { withImplied } from '../core/assignments.ts'
import type { RequestFacts } from '../core/policy/statements/condition.ts'
import { applies, evaluate, withoutConditions } from '../core/policy/statements/evaluate.ts'
import { parseDocument } from '../core/policy/statements/parse.ts'
import { HUAWEI, type Statement, type StatementPolicy } from '../core/policy/statements/statement.ts'
import type { Session } from '../core/session.ts'
import type { AgencyRecord } from '../store/agencies.ts'
import { groupIdsOf, roleIdsWithin, rolesOf } from '../store/grants.ts'
import type { UserRecord } from '../store/identity.ts'
import { listHeldPolicies, type StatementPolicyRecord } from '../store/statement-policies.ts'
import { agencyUrn, STS_ASSUME, trusts } from './agency-trust.ts'
import { effectiveRolesOf } from './effective-roles.ts'

/** Roles that let their holder act as any agency that trusts their account: Agent Operator, and the cloud's own admin. */
const AGENT_ROLES: readonly string[] = ['te_agency', 'admin']

const ASSUME = 'iam:agencies:assume'

/** A user with the groups a sign-in elsewhere gave them. */
export interface Person {
  readonly user: UserRecord
  readonly groups: readonly string[]
}

/** The agency as the one whose session it is: `ACCOUNT/agency`, without a password, of the account that made it. */
export function agencyUser(agency: AgencyRecord): UserRecord {
  return {
    id: agency.id,
    name: `${agency.domain.name}/${agency.name}`,
    kind: 'federated',
    enabled: true,
    domain: agency.domain,
    defaultProjectId: null,
    options: {},
    tokensValidFrom: agency.tokensValidFrom,
    createdAt: agency.createdAt,
    lastActiveAt: null,
    failedAuthCount: 0,
    failedAuthAt: 0,
    password: null,
  }
}

/** Whether the agency trusts the person's account and the person may still act as it, by what they hold anywhere in theirs. */
export async function mayAct(ctx: Context, agency: AgencyRecord, person: Person): Promise<boolean> {
  if (!trusts(agency, person.user, null)) return false
  const everywhere = await heldWithin(ctx, person)
  return (await rightsFrom(ctx, person, { granted: everywhere, everywhere }, null)).allows(agency)
}

/** Ids of the roles that somebody holds anywhere in their own account. */
function heldWithin(ctx: Context, { user, groups }: Holder): Promise<readonly string[]> {
  const grantee = {
    userId: user.id,
    groups,
    now: ctx.now(),
    defaultMembershipTtl: ctx.settings.defaultAuthorizationTtl,
  }
  return roleIdsWithin(ctx.store.db, grantee, user.domain.id)
}

export interface AgentRights {
  /** Whether there is any agency at all that they might act as. */
  readonly some: boolean
  allows(agency: Pick<AgencyRecord, 'id' | 'domain' | 'name' | 'extra'>): boolean
}

/** What a session may act as, by what its person holds on its scope. `facts`: of the request that asks. */
export async function agentRights(ctx: Context, session: Session, facts: RequestFacts): Promise<AgentRights> {
  const { user, claims, delegation } = session
  const groups = delegation.federation?.groups.map(({ id }) => id) ?? []
  const [granted, everywhere] = await Promise.all([
    effectiveRolesOf(ctx, { userId: user.id, groups }, claims.scope),
    heldWithin(ctx, { user, groups }),
  ])
  return rightsFrom(ctx, { user, groups }, { granted, everywhere }, facts)
}

/** Whose rights: a user, with the groups a sign-in elsewhere gave them. */
interface Holder {
  readonly user: { readonly id: string; readonly domain: { readonly id: string } }
  readonly groups: readonly string[]
}

/** Role ids: what counts for the session, and what the person holds anywhere in their account. */
interface Held {
  readonly granted: Iterable<string>
  readonly everywhere: Iterable<string>
}

/**
 * All agencies by one of `AGENT_ROLES`, or those that a policy allows `iam:agencies:assume` on (`/iam/agencies/<id>`) or
 * `sts:agencies:assume` (their URN). An explicit Deny of either counts against all of it, wherever in their account it is
 * held: nobody chooses a scope to be rid of it. `facts`: null for a session whose conditions were decided when it began.
 */
async function rightsFrom(
  ctx: Context,
  { user, groups }: Holder,
  { granted, everywhere }: Held,
  facts: RequestFacts | null,
): Promise<AgentRights> {
  const { db } = ctx.store
  const [roles, stored] = await Promise.all([rolesOf(ctx.store), groupIdsOf(db, user.id)])
  const held = withImplied(granted, roles.implied)
  const denying = withImplied(everywhere, roles.implied).difference(held)
  const byRole = [...held].some((id) => {
    const role = roles.byId.get(id)
    return role?.domainId === '' && AGENT_ROLES.includes(role.name)
  })
  const records = await listHeldPolicies(db, {
    actor: { kind: 'user', id: user.id },
    groups: [...groups, ...stored],
    roles: [...held, ...denying],
    language: 'huawei',
    projectId: null,
  })
  const stated = records.map((record) => {
    const { name, statements } = statementsOf(record)
    return {
      name,
      statements: statements.filter(({ effect }) => effect === 'Deny' || !denying.has(record.id)),
    }
  })
  const policies = facts === null ? stated.map(withoutConditions) : stated
  return {
    some: byRole || policies.some(({ statements }) => statements.some(mayAllowAssuming)),
    allows: (agency) => {
      const requests = [
        { action: ASSUME, resource: `/iam/agencies/${agency.id}` },
        { action: STS_ASSUME, resource: agencyUrn(agency) },
      ]
      const effects = requests.map(
        (request) => evaluate({ identity: policies }, { ...request, facts: facts ?? {} }).effect,
      )
      return !effects.includes('deny') && (byRole || effects.includes('allow'))
    },
  }
}

/** A stored document as the evaluator takes it. One that cannot be read any more denies everything. */
export function statementsOf(record: Pick<StatementPolicyRecord, 'name' | 'document'>): StatementPolicy {
  const statements = parseDocument(record.document, HUAWEI)
  const denied = { effect: 'Deny', actions: ['*'], conditions: [] } as const
  return { name: record.name, statements: 'problem' in statements ? [denied] : statements }
}

function mayAllowAssuming({ effect, actions, notActions }: Statement): boolean {
  if (effect !== 'Allow') return false
  const named = { effect, conditions: [], ...(actions ? { actions } : { notActions: notActions ?? [] }) }
  return [ASSUME, STS_ASSUME].some((action) => applies(named, { action, resource: '', facts: {} }))
}
