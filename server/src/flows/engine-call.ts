/**
 * Calls to an engine's own software. Made only at addresses that the operator's configuration lists (`engine-addresses`),
 * to the letter and without following redirects, so that nobody who may make engines chooses what is called
 * (CVE-2023-44313); with a token of root that lives a minute. Nor does whoever answers for a listed name choose: the
 * machine's link is never called, and this machine only where it is listed as itself.
 */
import { isIP } from 'node:net'
import type { Context } from '../context.ts'
import { engineLimits } from '../core/engine-rules.ts'
import { refuse } from '../core/refusal.ts'
import { guardedFetch, isLinkLocal, isLoopback } from '../methods/oidc/egress.ts'
import type { EngineRecord } from '../store/engines.ts'
import { rootToken } from './engine-tokens.ts'

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as a form; in the query where there is no body. */
  readonly form?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly body: unknown
}

/** Whether calls go out for this engine at all. */
export function isMirrored(engine: EngineRecord): engine is EngineRecord & { readonly address: string } {
  return engine.address !== null
}

/** Refuses an address that the operator has not listed. */
export function refuseUnlisted(ctx: Pick<Context, 'settings'>, address: string): void {
  if (ctx.settings.engineAddresses.includes(address)) return
  refuse('bad_request', `address ${address} is not listed`, {
    wireCode: 'ENGINE.0412',
    message: 'The address of the engine is not among those that the operator allows.',
  })
}

/** Asks as root and gives whatever is answered. Refuses `unavailable` when nothing is, or too much. */
export async function ask(ctx: Context, engine: EngineRecord, asked: Asked): Promise<Answered> {
  const address = engine.address ?? ''
  refuseUnlisted(ctx, address)
  const token = await rootToken(ctx, engine, engineLimits.rootTokenLife)
  const form = asked.form && String(new URLSearchParams(asked.form))
  const inQuery = form !== undefined && (asked.method === 'GET' || asked.method === 'DELETE')
  const json = asked.body === undefined ? undefined : JSON.stringify(asked.body)
  const body = inQuery ? undefined : (form ?? json)
  const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded'
  try {
    const fetch = guardedFetch({ allowPrivate: true, isRefused: refusedAt(address) })
    const response = await fetch(`${address}${asked.path}${inQuery ? `?${form}` : ''}`, {
      method: asked.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': type }),
      },
      body,
    })
    return { status: response.status, body: parsed(await response.text()) }
  } catch (error) {
    return unreachable(engine, (error as Error).message)
  }
}

/** Names that were listed may stand for any machine but this one; this one is listed by its own address or name. */
function refusedAt(address: string): (resolved: string) => boolean {
  const { hostname } = new URL(address)
  const isItself = hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
  return (resolved) => isLinkLocal(resolved) || (isLoopback(resolved) && !isItself)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function unreachable(engine: EngineRecord, why: string): never {
  return refuse('unavailable', `engine ${engine.id} at ${engine.address}: ${why}`, {
    message: 'The engine cannot be reached.',
  })
}

/** Asks, and refuses `bad_request` when the answer is not one that `fine` takes. */
export async function told(
  ctx: Context,
  engine: EngineRecord,
  asked: Asked,
  fine: (a: Answered) => boolean = isFine,
): Promise<Answered> {
  const answered = await ask(ctx, engine, asked)
  return fine(answered) ? answered : refusedBy(answered)
}

export const isFine = ({ status }: Answered): boolean => status >= 200 && status < 300

export function refusedBy(answered: Answered): never {
  const code = errorCodeOf(answered)
  return refuse('bad_request', `engine answered ${answered.status} ${code}`, {
    wireCode: 'ENGINE.0413',
    message: `The engine refused the change (${answered.status}${code === '' ? '' : `, ${code}`}).`,
  })
}

/** service-center's number of an error, or ''. */
export function errorCodeOf({ body }: Answered): string {
  const code = (body as { errorCode?: unknown } | null | undefined)?.errorCode
  return typeof code === 'string' && /^\d{6}$/.test(code) ? code : ''
}
