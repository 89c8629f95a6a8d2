/** Configuration as ACM's HTTP API has it: `/diamond-server/*.co` and `*.do`. GBK, on the wire and in digests. */
import { createHash } from 'node:crypto'
import { refuse } from '../../core/refusal.ts'
import { writeChanged } from '../../core/spas.ts'
import { actorOf, contentOf, referenceOf, tenantsOf } from './config.ts'
import { toGbk } from './gbk.ts'
import { type LongPolls, listenedOf } from './long-poll.ts'
import type { ConfigRegistry } from './registry.ts'
import { type Call, IN_TENANT, type Operation, operation } from './wire.ts'

const TEXT = { 'content-type': 'text/plain;charset=GBK' }
const gbkMd5 = (text: string): string => createHash('md5').update(toGbk(text)).digest('hex')

/** The several operations of one path are told apart by `method`. */
function demandMethod({ caller: { parameters } }: Call, method: string): void {
  if (parameters.get('method') !== method) refuse('not_implemented', `method ${parameters.get('method')}`)
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
    operation({
      ...shared,
      id: 'acm_listen_config',
      method: 'POST',
      path: '/diamond-server/config.co',
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'busy'],
      load: async (call) => listenedOf(call, 'Probe-Modify-Request'),
      target: (listened, { caller: { parameters } }) => {
        const named = parameters.get('tenant')
        const lines = listened.map(({ tenant }) => tenant)
        return { tenants: named === undefined ? lines : [named, ...lines] }
      },
      handle: async (call, listened) => ({
        headers: TEXT,
        body: writeChanged(await polls.wait(call, listened, gbkMd5)),
      }),
    }),
  ]
}
