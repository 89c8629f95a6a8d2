/**
 * The exchange: a session becomes a token of an engine. It is the only moment at which the session, the import and the
 * roles can be looked at, because the engine's own software asks nobody; so all of it is looked at every time.
 */
import type { Context } from '../context.ts'
import { engineLimits } from '../core/engine-rules.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import { readAssumption } from '../methods/assume-role/method.ts'
import { appendAudit } from '../store/audit.ts'
import { type EngineAccount, findEngineAccount } from '../store/engine-accounts.ts'
import { type EngineRecord, findEngine, findNamespaceOwner } from '../store/engines.ts'
import { rolesOf } from '../store/grants.ts'
import { effectiveRolesOf } from './effective-roles.ts'
import { rolesOfEngine } from './engine-accounts.ts'
import { type EngineToken, engineToken } from './engine-tokens.ts'
import { namespaceAccount } from './namespace-rights.ts'

export interface Exchange {
  readonly session: Session
  readonly projectId: string
  readonly engineId: string
  readonly enterpriseProjectId: string
  /** '' is the public one. */
  readonly namespace: string
  readonly requestId: string
}

/** Every cause has a code and a text of its own; only the first is documented by Huawei Cloud. */
export const exchangeCauses = {
  noEngine: { wireCode: 'SVCSTG.00501116', message: 'Failed to find the engine instance.' },
  wrongProject: { wireCode: 'ENGINE.0403', message: 'The token is not scoped to the project of the path.' },
  narrowed: {
    wireCode: 'ENGINE.0404',
    message: 'The session is delegated in a way an engine cannot be told of.',
  },
  noAuthentication: { wireCode: 'ENGINE.0405', message: 'The engine has no security authentication.' },
  notImported: { wireCode: 'ENGINE.0406', message: 'The IAM user is not imported in the engine.' },
  inactive: { wireCode: 'ENGINE.0407', message: 'The account in the engine is not active.' },
  noRoles: { wireCode: 'ENGINE.0408', message: 'The account has no role in the engine.' },
} as const

type Cause = keyof typeof exchangeCauses

const no = (cause: Cause): never => refuse('bad_request', cause, exchangeCauses[cause])

/**
 * Exchanges a live session for a token of the engine, which lives no longer than the session and the engine allow.
 * Refuses `bad_request` with one of `exchangeCauses`; an engine of another project, or of another enterprise project, is
 * not there. Both outcomes are on the audit trail, in the session's chain, before this resolves.
 */
export async function exchangeEngineToken(ctx: Context, exchange: Exchange): Promise<EngineToken> {
  try {
    const { engine, account } = await decide(ctx, exchange)
    const { claims } = exchange.session
    const token = await engineToken(ctx, engine, {
      account,
      life: engineLimits.usualTokenLife,
      origin: { id: claims.auditIds[0] ?? '', expiresAt: claims.expiresAt },
    })
    await audit(ctx, exchange, 'success', `account ${account.name} token ${token.id}`)
    return token
  } catch (error) {
    if (error instanceof Refusal) await audit(ctx, exchange, 'refused', error.reason)
    throw error
  }
}

async function decide(
  ctx: Context,
  exchange: Exchange,
): Promise<{ readonly engine: EngineRecord; readonly account: EngineAccount }> {
  const { session, projectId, engineId, enterpriseProjectId, namespace } = exchange
  if (session.scope.kind !== 'project' || session.scope.project.id !== projectId) return no('wrongProject')
  if (!(await isWhole(ctx, session))) return no('narrowed')
  const engine = await findEngine(ctx.store.db, engineId)
  if (engine?.projectId !== projectId) return no('noEngine')
  const isNacos = engine.specType === 'Nacos2'
  // No policy speaks of what accounts may in ServiceComb; for Nacos `namespaceAccount` holds it against the rights.
  if (session.narrowedBy && !isNacos) return no('narrowed')
  const owner = isNacos
    ? ((await findNamespaceOwner(ctx.store.db, engine.id, namespace)) ?? engine.enterpriseProjectId)
    : engine.enterpriseProjectId
  if (owner !== enterpriseProjectId) return no('noEngine')
  if (engine.authType !== 'RBAC') return no('noAuthentication')
  const account = isNacos
    ? await namespaceAccount(ctx, engine, { ...exchange, enterpriseProjectId: owner })
    : await findEngineAccount(ctx.store.db, engine.id, {
        principalId: session.claims.userId,
        namespace: '',
      })
  if (!account) return no('notImported')
  if (account.status !== 'active') return no('inactive')
  const known = await rolesOfEngine(ctx, engine)
  const roles = account.roles.filter((role) => known.has(role))
  if (roles.length === 0) return no('noRoles')
  return { engine, account: { ...account, roles } }
}

/**
 * An engine's token carries all the roles of the account. A session that was narrowed (a trust's roles, an agency's or an
 * application credential's fewer roles, access rules, a signature's one request) would come out wider than it went in.
 */
async function isWhole(ctx: Context, { claims, delegation, roles }: Session): Promise<boolean> {
  if (
    claims.via.some(
      ({ kind }) => !['federation', 'agency', 'access_key', 'application_credential'].includes(kind),
    )
  )
    return false
  if (claims.via.some((link) => link.kind === 'agency' && readAssumption(link.session).onlyRoles.length > 0))
    return false
  if (claims.via.every(({ kind }) => kind !== 'application_credential')) return true
  const credential = delegation.applicationCredential
  if (credential?.unrestricted !== true || credential.accessRules !== null) return false
  const [held, known] = await Promise.all([
    effectiveRolesOf(ctx, { userId: claims.userId }, claims.scope),
    rolesOf(ctx.store),
  ])
  const carried = new Set(roles.map(({ id }) => id))
  return [...held].every((id) => carried.has(id) || known.byId.get(id)?.domainId !== '')
}

async function audit(ctx: Context, exchange: Exchange, outcome: string, reason: string): Promise<void> {
  const { session, engineId, requestId } = exchange
  await ctx.store.record((tx) =>
    appendAudit(tx, {
      at: ctx.now(),
      action: 'exchange_engine_token',
      outcome,
      chain: session.claims.auditIds.at(-1) ?? '',
      actor_id: session.user.id,
      target: `engine:${engineId}`,
      reason,
      request_id: requestId,
    }),
  )
}
