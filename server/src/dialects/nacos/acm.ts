/** Configuration as ACM's HTTP API has it: `/diamond-server/*.co` and `*.do`. GBK, on the wire and in digests. */
import { createHash } from 'node:crypto'
import { refuse } from '../../core/refusal.ts'
import { writeChanged } from '../../core/spas.ts'
import { actorOf, contentOf, referenceOf, tenantsOf } from './config.ts'
import { toGbk } from './gbk.ts'
import { type LongPolls, listenedOf } from './long-poll.ts'
import { nameOf } from './parameters.ts'
import type { ConfigRegistry } from './registry.ts'
import { type Call, IN_TENANT, type Operation, operation } from './wire.ts'

const TEXT = { 'content-type': 'text/plain;charset=GBK' }
const gbkMd5 = (text: string): string => createHash('md5').update(toGbk(text)).digest('hex')

/** The several operations of one path are told apart by `method`. */
function demandMethod({ caller: { parameters } }: Call, method: string): void {
  if (parameters.get('method') !== method) refuse('not_implemented', `method ${parameters.get('method')}`)
}

const isBatch = ({ caller: { parameters } }: Call): boolean => parameters.has('method')

/** Data ids that one batch may name. */
const MOST_BATCH = 100
const EXISTS = 1
const MISSING = 2

/** The texts of several data ids of one group, each with whether it is there. */
async function readBatch(call: Call, config: ConfigRegistry, method: string) {
  demandMethod(call, method)
  const { parameters, tenantId } = call.caller
  const group = nameOf(parameters, 'group')
  const dataIds = (parameters.get('dataIds') ?? '').split('\u0002')
  if (dataIds.length > MOST_BATCH) refuse('too_large', `${dataIds.length} data ids`)
  const entries = []
  for (const named of dataIds) {
    const dataId = nameOf(new Map([['dataIds', named]]), 'dataIds')
    const found = await config.find({ tenantId, group, dataId })
    entries.push({
      dataId,
      group,
      status: found ? EXISTS : MISSING,
      ...(found && { content: found.content }),
    })
  }
  return { headers: TEXT, body: toGbk(JSON.stringify(entries)) }
}

export function acmOperations(config: ConfigRegistry, polls: LongPolls): readonly Operation[] {
  const shared = { policy: IN_TENANT, success: 200, target: tenantsOf } as const
  const done = { headers: TEXT, body: 'OK' }
  return [
    operation({
      ...shared,
      id: 'acm_get_config',
      method: 'GET',
      path: '/diamond-server/config.co',
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'not_implemented', 'busy'],
      handle: async (call) => {
        if (call.caller.parameters.has('method')) refuse('not_implemented', 'batches')
        const found = await config.find(referenceOf(call))
        if (!found) return refuse('not_found', 'no such configuration', { message: 'config data not exist' })
        const body = toGbk(found.content)
        return { headers: { ...TEXT, 'content-md5': gbkMd5(found.content) }, body }
      },
    }),
    operation({
      ...shared,
      id: 'acm_publish_config',
      method: 'POST',
      path: '/diamond-server/basestone.do',
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'too_large', 'not_implemented', 'busy'],
      handle: async (call) => {
        demandMethod(call, 'syncUpdateAll')
        await config.publish(referenceOf(call), { content: contentOf(call), type: '' }, actorOf(call))
        return done
      },
    }),
    operation({
      ...shared,
      id: 'acm_delete_config',
      method: 'POST',
      path: '/diamond-server/datum.do',
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_implemented', 'busy'],
      handle: async (call) => {
        demandMethod(call, 'deleteAllDatums')
        await config.remove(referenceOf(call), actorOf(call))
        return done
      },
    }),
    // The long poll, and by its `method` a batch, which names its tenant as a single reading does.
    operation({
      ...shared,
      id: 'acm_listen_config',
      method: 'POST',
      path: '/diamond-server/config.co',
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'too_large', 'not_implemented', 'busy'],
      load: async (call) => (isBatch(call) ? [] : listenedOf(call, 'Probe-Modify-Request')),
      target: (listened, call) => {
        const named = call.caller.parameters.get('tenant')
        const lines = listened.map(({ tenant }) => tenant)
        if (isBatch(call)) return tenantsOf(undefined, call)
        return { tenants: named === undefined ? lines : [named, ...lines] }
      },
      handle: async (call, listened) =>
        isBatch(call)
          ? readBatch(call, config, 'batchGetConfig')
          : { headers: TEXT, body: writeChanged(await polls.wait(call, listened, gbkMd5)) },
    }),
    operation({
      ...shared,
      id: 'acm_query_configs',
      method: 'POST',
      path: '/diamond-server/admin.do',
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'too_large', 'not_implemented', 'busy'],
      handle: async (call) => readBatch(call, config, 'batchQuery'),
    }),
  ]
}
