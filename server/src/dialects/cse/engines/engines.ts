/** Engines as a resource of CSE: made, listed, shown, removed, and the jobs of that. */
import { missing } from '../../../core/refusal.ts'
import { createEngine, removeEngine } from '../../../flows/engine-lifecycle.ts'
import { type EngineRecord, findEngine, listEngineJobs, listEngines } from '../../../store/engines.ts'
import { ALL_ENTERPRISE_PROJECTS, readHeaders } from '../headers.ts'
import { type Call, operation } from '../operation.ts'
import { engineInFull, engineInList, jobBody, NewEngineBody, shownOnly } from './engine-body.ts'

const PATH = '/v2/:project_id/enginemgr/engines'

const inProject = (_facts: unknown, call: Pick<Call, 'params'>) => ({ project_id: call.params['project_id'] })

export const actorOf = (call: Pick<Call, 'caller' | 'operationId' | 'requestId'>) => ({
  session: call.caller,
  action: call.operationId,
  requestId: call.requestId,
})

/** The engine of the id, if it is the project's and of the enterprise project asked for; refuses as if it were not there. */
export async function engineOf(
  call: Pick<Call, 'ctx' | 'params' | 'headers'>,
  id: string,
): Promise<EngineRecord> {
  const { projectId, enterpriseProjectId } = readHeaders(call)
  const engine = await findEngine(call.ctx.store.db, id)
  const fits = engine?.projectId === projectId && engine.enterpriseProjectId === enterpriseProjectId
  return engine && fits ? engine : missing('engine', id)
}

const create = operation({
  id: 'create_engine',
  method: 'POST',
  path: PATH,
  policy: 'cse:engine:create',
  target: inProject,
  body: NewEngineBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const { projectId, enterpriseProjectId } = readHeaders(call)
    const { name, description, specType, authType = 'RBAC', auth_cred: root } = call.body
    const extra = Object.fromEntries(shownOnly.map((field) => [field, call.body[field]]))
    const { engine, jobId } = await createEngine(
      call.ctx,
      {
        projectId,
        enterpriseProjectId,
        name,
        specType,
        authType,
        extra,
        rootPassword: root?.pwd,
        ...(description !== undefined && { description }),
      },
      actorOf(call),
    )
    return { body: { id: engine.id, name: engine.name, jobId } }
  },
})

const list = operation({
  id: 'list_engines',
  method: 'GET',
  path: PATH,
  policy: 'cse:engine:list',
  target: inProject,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const { projectId, enterpriseProjectId: wanted } = readHeaders(call, { all: true })
    const engines = (await listEngines(call.ctx.store.db, projectId)).filter(
      (engine) => wanted === ALL_ENTERPRISE_PROJECTS || engine.enterpriseProjectId === wanted,
    )
    const from = numberIn(call, 'offset', 0)
    const shown = engines.slice(from, from + numberIn(call, 'limit', 100))
    return { body: { total: engines.length, data: shown.map(engineInList) } }
  },
})

function numberIn({ query }: Pick<Call, 'query'>, name: string, usual: number): number {
  const said = query[name]
  return typeof said === 'string' && /^\d{1,4}$/.test(said) ? Number(said) : usual
}

const show = operation({
  id: 'show_engine',
  method: 'GET',
  path: `${PATH}/:engine_id`,
  policy: 'cse:engine:get',
  target: inProject,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const engine = await engineOf(call, call.params['engine_id']!)
    return { body: engineInFull(engine, await listEngineJobs(call.ctx.store.db, engine.id)) }
  },
})

const remove = operation({
  id: 'delete_engine',
  method: 'DELETE',
  path: `${PATH}/:engine_id`,
  policy: 'cse:engine:delete',
  target: inProject,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const engine = await engineOf(call, call.params['engine_id']!)
    const jobId = await removeEngine(call.ctx, engine, actorOf(call))
    return { body: { id: engine.id, name: engine.name, jobId } }
  },
})

const showJob = operation({
  id: 'show_engine_job',
  method: 'GET',
  path: `${PATH}/:engine_id/jobs/:job_id`,
  policy: 'cse:engine:get',
  target: inProject,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { projectId } = readHeaders(call)
    const { engine_id: engineId = '', job_id: jobId = '' } = call.params
    const jobs = await listEngineJobs(call.ctx.store.db, engineId)
    const job = jobs.find((one) => String(one.id) === jobId && one.projectId === projectId)
    return { body: jobBody(job ?? missing('job', jobId)) }
  },
})

export const engineOperations = [create, list, show, remove, showJob]
