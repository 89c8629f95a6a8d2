/**
 * Rights on one namespace of a Nacos engine by an IAM policy: `cse:namespace:get` reads, `cse:namespace:write` writes, asked
 * with the namespace's enterprise project as `g:EnterpriseProjectId`. A token of Nacos says neither namespace nor right, so
 * who has one gets a user of Nacos for it, changed and removed as the policies change, each time a token is asked for.
 * Importing a user gives rights too (engine-lifecycle); an explicit Deny counts against those as well.
 */
import type { Context } from '../context.ts'
import { withImplied } from '../core/assignments.ts'
import { nacosName } from '../core/engine-rules.ts'
import { type AccessRequest, evaluate } from '../core/policy/statements/evaluate.ts'
import type { StatementPolicy } from '../core/policy/statements/statement.ts'
import { Refusal } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import { type EngineAccount, findEngineAccount } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { groupIdsOf, rolesOf } from '../store/grants.ts'
import { listHeldPolicies } from '../store/statement-policies.ts'
import { statementsOf } from './agencies.ts'
import { effectiveRolesOf } from './effective-roles.ts'
import { createAccounts, removeAccount, updateAccount } from './engine-accounts.ts'

/** Names of users that a policy made begin with it; nobody imports under such a name. */
const PREFIX = 'policy'

export const isMadeByPolicy = ({ name }: Pick<EngineAccount, 'name'>): boolean =>
  name.startsWith(`${PREFIX}-`)

export interface NamespaceWish {
  readonly session: Session
  /** '' is the public one. */
  readonly namespace: string
  /** Of the namespace. */
  readonly enterpriseProjectId: string
  readonly requestId: string
}

const ACTIONS = { r: 'cse:namespace:get', w: 'cse:namespace:write' } as const

type Effects = Readonly<Record<keyof typeof ACTIONS, 'allow' | 'deny' | 'implicit_deny'>>

/**
 * The user of Nacos whose token the session may have: one that was imported, unless a policy denies what it may; else the one
 * of the policies, made or brought up to date. undefined when there is none.
 */
export async function namespaceAccount(
  ctx: Context,
  engine: EngineRecord,
  wish: NamespaceWish,
): Promise<EngineAccount | undefined> {
  const { session, namespace } = wish
  const who = { principalId: session.claims.userId, namespace }
  const request = requestOf(ctx, engine, wish)
  const [found, effects] = await Promise.all([
    findEngineAccount(ctx.store.db, engine.id, who),
    effectsOf(ctx, session, request),
  ])
  const account =
    found && !isMadeByPolicy(found) ? found : await byPolicy(ctx, engine, { wish, found, effects })
  if (!account || isDenied(account, effects)) return undefined
  // Its token carries all that the user may: a session that was narrowed to less gets none.
  const { narrowedBy } = session
  return narrowedBy && isDenied(account, decided([narrowedBy], request)) ? undefined : account
}

interface Followed {
  readonly wish: NamespaceWish
  readonly found: EngineAccount | undefined
  readonly effects: Effects
}

async function byPolicy(
  ctx: Context,
  engine: EngineRecord,
  { wish, found: account, effects }: Followed,
): Promise<EngineAccount | undefined> {
  const { session, namespace } = wish
  const right = `${effects.r === 'allow' ? 'r' : ''}${effects.w === 'allow' ? 'w' : ''}`
  if (account?.roles.join() === right) return account
  // By an application credential nothing changes that the person has.
  if (session.delegation.applicationCredential) return undefined
  await follow(ctx, engine, { wish, account, right })
  return findEngineAccount(ctx.store.db, engine.id, { principalId: session.claims.userId, namespace })
}

const isDenied = ({ roles }: EngineAccount, effects: Effects): boolean =>
  (['r', 'w'] as const).some(
    (right) => effects[right] === 'deny' && roles.some((role) => role.includes(right)),
  )

async function follow(
  ctx: Context,
  engine: EngineRecord,
  asked: {
    readonly wish: NamespaceWish
    readonly account: EngineAccount | undefined
    readonly right: string
  },
): Promise<void> {
  const { wish, account, right } = asked
  const { session, namespace, requestId } = wish
  const by = { session, action: 'follow_namespace_policy', requestId }
  if (account) {
    const { name } = account
    if (right === '') await removeAccount(ctx, engine, { name, self: '' }, by)
    else await updateAccount(ctx, engine, { name, self: '', roles: [right] }, by)
  } else if (right !== '') {
    const principalId = session.claims.userId
    const name = nacosName(PREFIX, principalId, namespace)
    try {
      await createAccounts(ctx, engine, [{ name, roles: [right], principalId, namespace }], by)
    } catch (error) {
      // Two first exchanges at once: the other one has made it.
      if (!(error instanceof Refusal) || error.code !== 'conflict') throw error
    }
  }
}

type Request = Pick<AccessRequest, 'resource' | 'facts'>

function requestOf(ctx: Context, engine: EngineRecord, wish: NamespaceWish): Request {
  const { session, namespace, enterpriseProjectId } = wish
  const { user, claims, scope } = session
  const facts = {
    'g:CurrentTime': new Date(ctx.now() / 1000).toISOString(),
    'g:DomainName': user.domain.name,
    'g:EnterpriseProjectId': enterpriseProjectId,
    'g:MFAPresent': String(claims.methods.includes('totp')),
    'g:ProjectName': scope.kind === 'project' ? scope.project.name : undefined,
    'g:UserId': user.id,
    // The name that a provider says may be that of a local user.
    'g:UserName': user.kind === 'local' ? user.name : undefined,
  }
  const resource = `cse:*:${user.domain.id}:namespace:${engine.id}/${namespace === '' ? 'public' : namespace}`
  return { facts, resource }
}

async function effectsOf(ctx: Context, session: Session, { resource, facts }: Request): Promise<Effects> {
  const identity = await policiesOf(ctx, session)
  const effect = (action: string) => evaluate({ identity }, { action, resource, facts }).effect
  return { r: effect(ACTIONS.r), w: effect(ACTIONS.w) }
}

/** What a session policy leaves: whatever it does not allow is denied. */
function decided(identity: readonly StatementPolicy[], { resource, facts }: Request): Effects {
  const effect = (action: string) =>
    evaluate({ identity }, { action, resource, facts }).allowed ? ('allow' as const) : ('deny' as const)
  return { r: effect(ACTIONS.r), w: effect(ACTIONS.w) }
}

/** What whoever acts holds on the session's scope; by an application credential, only what its roles bring. */
async function policiesOf(ctx: Context, session: Session) {
  const { db } = ctx.store
  const { user, claims, delegation, scope } = session
  const isCredential = claims.via.some(({ kind }) => kind === 'application_credential')
  const given = delegation.federation?.groups.map(({ id }) => id) ?? []
  const [stored, roles] = await Promise.all([groupIdsOf(db, user.id), rolesOf(ctx.store)])
  const groups = delegation.agency ? [] : [...given, ...stored]
  const ofSession = session.roles.map(({ id }) => id)
  const held =
    isCredential || delegation.agency
      ? ofSession
      : [...ofSession, ...(await effectiveRolesOf(ctx, { userId: user.id, groups: given }, claims.scope))]
  const records = await listHeldPolicies(db, {
    actor: { kind: delegation.agency ? 'agency' : 'user', id: user.id },
    groups,
    roles: [...withImplied(held, roles.implied)],
    language: 'huawei',
    projectId: scope.kind === 'project' ? scope.project.id : null,
  })
  return records.map(statementsOf)
}
