/** Configuration as Nacos' HTTP API has it (v1): `/nacos/v1/cs/configs` and its listener. UTF-8. */
import { createHash } from 'node:crypto'
import { refuse } from '../../core/refusal.ts'
import { writeChanged } from '../../core/spas.ts'
import type { ConfigReference } from '../../store/config-entries.ts'
import { type LongPolls, listenedOf } from './long-poll.ts'
import { nameOf } from './parameters.ts'
import type { ConfigRegistry, RegistryActor } from './registry.ts'
import { type Call, IN_TENANT, type Operation, operation } from './wire.ts'

const PATH = '/nacos/v1/cs/configs'
const LONGEST_CONTENT = 102_400
const TEXT = { 'content-type': 'text/plain;charset=UTF-8' }

/** The types that Nacos knows, and what it sends them as. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['json', 'application/json;charset=UTF-8'],
  ['xml', 'application/xml;charset=UTF-8'],
  ['html', 'text/html;charset=UTF-8'],
])

const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex')

/** The tenant that a request names; the gate compares it. */
export const tenantsOf = (_facts: unknown, { caller }: Call) => ({
  tenants: [caller.parameters.get('tenant') ?? ''],
})

/** Which configuration is meant, in the tenant of the caller's key. Refuses names that Nacos does not take. */
export function referenceOf({ caller: { parameters, tenantId } }: Call): ConfigReference {
  return { tenantId, group: nameOf(parameters, 'group'), dataId: nameOf(parameters, 'dataId') }
}

/** What is to be published. Refuses an empty text, and one of more than 100 KiB. */
export function contentOf({ caller: { parameters } }: Call): string {
  const content = parameters.get('content') ?? ''
  if (content === '') refuse('bad_request', 'no content', { message: "Param 'content' is illegal." })
  if (Buffer.byteLength(content) > LONGEST_CONTENT) refuse('too_large', 'content')
  return content
}

export const actorOf = ({ caller, operationId, requestId }: Call): RegistryActor => ({
  accessKey: caller.accessKey,
  action: `nacos:${operationId}`,
  requestId,
})

export function configOperations(config: ConfigRegistry, polls: LongPolls): readonly Operation[] {
  const shared = { policy: IN_TENANT, success: 200, target: tenantsOf } as const
  return [
    operation({
      ...shared,
      id: 'get_config',
      method: 'GET',
      path: PATH,
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'busy'],
      handle: async (call) => {
        const found = await config.find(referenceOf(call))
        if (!found) return refuse('not_found', 'no such configuration', { message: 'config data not exist' })
        const { content, type } = found
        return {
          headers: {
            'content-type': TYPES.get(type) ?? TEXT['content-type'],
            'config-type': type || 'text',
            'content-md5': md5(content),
          },
          body: Buffer.from(content),
        }
      },
    }),
    operation({
      ...shared,
      id: 'publish_config',
      method: 'POST',
      path: PATH,
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'too_large', 'busy'],
      handle: async (call) => {
        const type = call.caller.parameters.get('type') ?? ''
        if (!/^[a-z]{0,16}$/.test(type)) refuse('bad_request', 'type')
        await config.publish(referenceOf(call), { content: contentOf(call), type }, actorOf(call))
        return { headers: TEXT, body: 'true' }
      },
    }),
    operation({
      ...shared,
      id: 'delete_config',
      method: 'DELETE',
      path: PATH,
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'busy'],
      handle: async (call) => {
        await config.remove(referenceOf(call), actorOf(call))
        return { headers: TEXT, body: 'true' }
      },
    }),
    operation({
      ...shared,
      id: 'listen_config',
      method: 'POST',
      path: `${PATH}/listener`,
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'busy'],
      load: async (call) => listenedOf(call, 'Listening-Configs'),
      target: (listened, { caller: { parameters } }) => {
        const named = parameters.get('tenant')
        const lines = listened.map(({ tenant }) => tenant)
        return { tenants: named === undefined ? lines : [named, ...lines] }
      },
      handle: async (call, listened) => ({
        headers: TEXT,
        body: writeChanged(await polls.wait(call, listened, md5)),
      }),
    }),
  ]
}
