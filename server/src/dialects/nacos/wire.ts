/** What every wire of this dialect shares: the gate by tenant, the words of refusals, and the brake on them. */
import type { Context } from '../../context.ts'
import { Refusal, type RefusalCode } from '../../core/refusal.ts'
import { type Call as AnyCall, type Incoming, operationsOf } from '../../http/operation.ts'
import type { Rendered, Wire } from '../../http/wire.ts'
import type { Proved } from './guard.ts'
import type { RefusalBrake } from './refusal-brake.ts'

export interface Caller extends Proved {
  readonly address: string
}

export const { operation, publicOperation } = operationsOf<Context, Caller>()
export type Operation = Wire<Context, Caller>['operations'][number]
export type Call = AnyCall<Context, Caller>

/** The rule of every guarded operation: each tenant that the request names is the one of the caller's key. */
export const IN_TENANT = 'nacos:in_tenant'

interface WireParts {
  readonly name: string
  readonly operations: readonly Operation[]
  readonly identify: (ctx: Context, incoming: Incoming) => Promise<Proved>
  readonly brake: RefusalBrake
}

export function nacosWire({ name, operations, identify, brake }: WireParts): Wire<Context, Caller> {
  return {
    name,
    operations,
    identify: async (ctx, incoming) => {
      const { remoteAddress: address } = incoming
      try {
        const caller = { ...(await identify(ctx, incoming)), address }
        if (brake.isOn(strayerOf(caller), ctx.now())) await brake.hold()
        return caller
      } catch (error) {
        const proofMissing = error instanceof Refusal && error.code === 'unauthenticated'
        if (!proofMissing || !brake.note(address, ctx.now())) throw error
        await brake.hold()
        throw new Refusal('busy', error.reason, { retryAfter: 1 })
      }
    },
    permits: (ctx, _rule, caller, { tenants }) => {
      const own = (tenant: unknown): boolean => tenant === caller.tenantId
      const allowed = Array.isArray(tenants) && tenants.length > 0 && tenants.every(own)
      if (!allowed) brake.note(strayerOf(caller), ctx.now())
      return allowed
    },
    headers: () => ({}),
    refusal: rendered,
    badBody: () => rendered(new Refusal('bad_request', 'body')),
    unreadableBody: (why) => rendered(new Refusal(why === 'too-large' ? 'too_large' : 'bad_request', why)),
    unknownPath: () => rendered(new Refusal('not_found', 'no such path')),
    wrongMethod: () => ({ ...rendered(new Refusal('bad_request', 'method')), status: 405 }),
  }
}

const strayerOf = ({ accessKey, address }: Caller): string => `${accessKey} ${address}`

/** Clients read the status alone: 404 is "no such configuration", 403 "not yours". */
const WORDS = {
  bad_request: [400, 'invalid parameter'],
  unauthenticated: [403, 'authorization failed!'],
  unsupported_method: [403, 'authorization failed!'],
  more_factors_needed: [403, 'authorization failed!'],
  password_expired: [403, 'authorization failed!'],
  forbidden: [403, 'authorization failed!'],
  not_found: [404, 'not found'],
  conflict: [409, 'conflict'],
  gone: [404, 'not found'],
  too_large: [413, 'content too large'],
  busy: [429, 'too many requests'],
  not_implemented: [501, 'not implemented'],
  unavailable: [503, 'server is DOWN now, please try again later!'],
  internal: [500, 'server error'],
} as const satisfies Record<RefusalCode, readonly [number, string]>

function rendered({ code, detail }: Refusal): Rendered {
  const [status, words] = WORDS[code]
  const headers = {
    'content-type': 'text/plain;charset=UTF-8',
    ...(detail.retryAfter === undefined ? {} : { 'retry-after': String(detail.retryAfter) }),
  }
  return { status, headers, body: detail.message ?? words }
}
