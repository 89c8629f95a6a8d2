/** Operations of an engine's own face: which engine is meant, and who calls by a token of that engine. */
import type { Context } from '../../../context.ts'
import type { EnginePermission } from '../../../core/engine-permissions.ts'
import { refuse } from '../../../core/refusal.ts'
import { refuseEngine } from '../../../flows/engine-accounts.ts'
import type { EngineCaller } from '../../../flows/engine-tokens.ts'
import { type Call as AnyCall, type Incoming, operationsOf } from '../../../http/operation.ts'
import { type EngineRecord, findEngine, findLoneEngine } from '../../../store/engines.ts'
import { findProjectScope } from '../../../store/scopes.ts'

export interface EngineSession extends EngineCaller {
  readonly perms: readonly EnginePermission[]
}

export const { operation, publicOperation } = operationsOf<Context, EngineSession>()

export type Call<Body = unknown> = AnyCall<Context, EngineSession, Body>

/**
 * The engine that a request means: X-Engine-Id, else the first label of Host when an engine has that id, else the only
 * engine of its kind; of a project that is enabled. Refuses `bad_request`: clients take 401, 403 and 404 for an answer
 * about themselves.
 */
export async function engineMeant(
  { store }: Pick<Context, 'store'>,
  { headers }: Pick<Incoming, 'headers'>,
  specType: EngineRecord['specType'],
): Promise<EngineRecord> {
  const said = headers['x-engine-id']
  const named = typeof said === 'string' && said !== '' ? said : undefined
  const label = (headers.host ?? '').split(/[.:]/)[0] ?? ''
  const engine =
    named === undefined
      ? ((await findEngine(store.db, label)) ?? (await findLoneEngine(store.db, specType)))
      : await findEngine(store.db, named)
  if (engine?.specType !== specType) return refuseEngine('invalid', 'no engine is meant')
  const project = await findProjectScope(store.db, { id: engine.projectId })
  if (project?.alive !== true) return refuseEngine('invalid', 'the project of the engine is disabled')
  if (engine.authType !== 'RBAC') return refuse('bad_request', 'engine without authentication', NO_RBAC)
  return engine
}

const NO_RBAC = { wireCode: '400001', message: 'Invalid parameter(s)' }

export const actorOf = (call: Pick<Call, 'operationId' | 'requestId'>) => ({
  session: null,
  action: `engine_${call.operationId}`,
  requestId: call.requestId,
})
