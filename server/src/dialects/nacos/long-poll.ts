/** The long poll of configuration clients: answered when something they listen to differs, or when its time is up. */
import type { Context } from '../../context.ts'
import { refuse } from '../../core/refusal.ts'
import { type Listened, readListened } from '../../core/spas.ts'
import { findUsableKey } from '../../flows/namespaces.ts'
import type { ConfigRegistry } from './registry.ts'
import type { Call } from './wire.ts'

/** Milliseconds: the longest that a poll is held, and how much earlier than its client gives up it is answered. */
const LONGEST = 30_000
const MARGIN = 500
/** How often it looks for what another process wrote. */
const LOOK_AGAIN = 2_000
/** Polls that one tenant may have open. */
const MOST_OPEN = 1_000
const MOST_LINES = 3_000

/** Every line of the poll, each of which the gate has to allow. */
export function listenedOf(call: Call, parameter: string): readonly Listened[] {
  const listened = readListened(call.caller.parameters.get(parameter) ?? '')
  if (!listened || listened.length === 0 || listened.length > MOST_LINES)
    return refuse('bad_request', 'lines of a long poll')
  return listened
}

/** How long the client waits, by its header; no header: it does not. */
export function patienceOf({ headers }: Pick<Call, 'headers'>): number {
  const said = headers['long-pulling-timeout'] ?? headers['longpullingtimeout']
  const ms = Number(typeof said === 'string' && /^\d{1,7}$/.test(said) ? said : 0)
  return Math.max(0, Math.min(ms, LONGEST) - MARGIN)
}

export interface LongPolls {
  wait(
    call: Call,
    listened: readonly Listened[],
    digest: (content: string) => string,
  ): Promise<readonly Listened[]>
  /** Answers all that are open, for good: the service stops. */
  stop(): void
}

/** The caller's key has to be good when a poll ends as when it began. */
export function longPolls(ctx: Context, config: ConfigRegistry): LongPolls {
  const open = new Map<string, number>()
  let stopped = false
  const wait: LongPolls['wait'] = async (call, listened, digest) => {
    const { accessKey, tenantId } = call.caller
    const deadline = performance.now() + patienceOf(call)
    for (;;) {
      const changed = await config.changed(tenantId, listened, digest)
      const left = deadline - performance.now()
      if (changed.length > 0 || left <= 0 || stopped) return changed
      await config.pause(tenantId, Math.min(left, LOOK_AGAIN))
      const key = await findUsableKey(ctx, accessKey)
      if (key?.tenantId !== tenantId) refuse('unauthenticated', 'the key ended while it waited')
    }
  }
  return {
    wait: async (call, listened, digest) => {
      const { tenantId } = call.caller
      const count = open.get(tenantId) ?? 0
      if (count >= MOST_OPEN) refuse('busy', `${count} polls are open`, { retryAfter: 5 })
      open.set(tenantId, count + 1)
      try {
        return await wait(call, listened, digest)
      } finally {
        const left = (open.get(tenantId) ?? 1) - 1
        if (left === 0) open.delete(tenantId)
        else open.set(tenantId, left)
      }
    },
    stop: () => {
      stopped = true
    },
  }
}
