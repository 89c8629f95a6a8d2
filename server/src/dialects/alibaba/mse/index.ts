/**
 * What a namespace's registry fields need of MSE (2019-05-31): which instances an account has, and where each is. An
 * instance is a Nacos engine of one of the account's projects; it is made, changed and deleted on the other faces.
 */
import { type EngineRecord, listAccountEngines } from '../../../store/engines.ts'
import { noSuch } from '../errors.ts'
import { type Call, type Operation, operation, required } from '../operation.ts'

const VERSION = '2019-05-31'
const MOST_PAGE = 100

/** The Nacos engines of the caller's account. */
export const mseInstances = (call: Call): Promise<readonly EngineRecord[]> =>
  listAccountEngines(call.ctx.store.db, call.principal.account.id, 'Nacos2')

/** `nacos.example` and `8848` of an engine's address; empty where it has none. */
export function whereabouts({ address }: Pick<EngineRecord, 'address'>): {
  readonly host: string
  readonly port: string
} {
  const url = address === null ? null : URL.parse(address)
  if (!url) return { host: '', port: '' }
  return { host: url.hostname, port: url.port || (url.protocol === 'https:' ? '443' : '80') }
}

const success = (call: Call, payload: object) => ({
  body: { Success: true, ErrorCode: '', HttpCode: '200', Message: '', RequestId: call.answerId, ...payload },
})

const arn = (call: Call, id: string): string => `acs:mse:*:${call.principal.account.number}:instance/${id}`

function clusterBody(engine: EngineRecord) {
  const { host } = whereabouts(engine)
  return {
    InstanceId: engine.id,
    ClusterName: engine.name,
    ClusterAliasName: engine.name,
    ClusterType: 'Nacos-Ans',
    IntranetDomain: host,
    IntranetAddress: host,
    InternetDomain: '',
    InternetAddress: '',
    InitStatus: 'INIT_SUCCESS',
    CreateTime: new Date(engine.createdAt / 1000).toISOString().replace(/\.\d+/, ''),
  }
}

const queryClusterDetail = operation<void>({
  action: 'QueryClusterDetail',
  version: VERSION,
  parameters: ['InstanceId'],
  actions: ['mse:QueryClusterDetail'],
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  asks: (call) => [{ action: 'mse:QueryClusterDetail', resource: arn(call, required(call, 'InstanceId')) }],
  handle: async (call) => {
    const id = required(call, 'InstanceId')
    const engine = (await mseInstances(call)).find((each) => each.id === id) ?? noSuch('Instance', `no ${id}`)
    const { port } = whereabouts(engine)
    return success(call, { Data: { ...clusterBody(engine), IntranetPort: port, InternetPort: '' } })
  },
})

const listClusters = operation<void>({
  action: 'ListClusters',
  version: VERSION,
  parameters: ['PageNum', 'PageSize'],
  actions: ['mse:ListClusters'],
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  asks: (call) => [{ action: 'mse:ListClusters', resource: arn(call, '*') }],
  handle: async (call) => {
    const page = countOf(call, 'PageNum', 1)
    const size = Math.min(countOf(call, 'PageSize', 10), MOST_PAGE)
    const all = await mseInstances(call)
    return success(call, {
      PageNumber: page,
      PageSize: size,
      TotalCount: all.length,
      Data: all.slice((page - 1) * size, page * size).map(clusterBody),
    })
  },
})

/** A whole number from 1; what is none counts as not given. */
function countOf({ parameters }: Call, name: string, fallback: number): number {
  const text = parameters[name] ?? ''
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : fallback
}

/** Every operation of MSE that is spoken here. */
export const mseOperations: readonly Operation[] = [queryClusterDetail, listClusters]
