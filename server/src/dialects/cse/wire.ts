/**
 * CSE's words. Two forms that must not be mixed: a missing or bad X-Auth-Token is refused by the gateway in front
 * (`error_msg`, `error_code`, `request_id`, 401), all else by the service (`error_code`, `error_msg`, `detail`).
 * The exchange is documented with 200, 400 and 500 only, so its refusals are `bad_request`.
 */
import type { Context } from '../../context.ts'
import { Refusal, type RefusalCode, refuse } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import { demandAddress } from '../../flows/account-security.ts'
import { readToken, validateToken } from '../../flows/validate-token.ts'
import type { Incoming, Operation } from '../../http/operation.ts'
import type { Rendered, Wire } from '../../http/wire.ts'

interface Words {
  readonly status: number
  readonly code: string
  readonly text: string
}

const GATEWAY = { status: 401, code: 'APIGW.0301', text: 'Incorrect IAM authentication information' }
const WRONG = { status: 400, code: 'ENGINE.0400', text: 'Bad Request' }
const FAULT = { status: 500, code: 'ENGINE.0500', text: 'Internal Server Error' }

const WORDS = {
  bad_request: WRONG,
  unauthenticated: GATEWAY,
  unsupported_method: GATEWAY,
  more_factors_needed: GATEWAY,
  password_expired: GATEWAY,
  forbidden: { status: 403, code: 'ENGINE.0401', text: 'Forbidden' },
  not_found: { status: 400, code: 'SVCSTG.00501116', text: 'Failed to find the engine instance.' },
  conflict: { status: 400, code: 'ENGINE.0409', text: 'Conflict' },
  gone: WRONG,
  too_large: { status: 413, code: 'ENGINE.0413', text: 'Request Entity Too Large' },
  busy: { status: 429, code: 'ENGINE.0429', text: 'Too Many Requests' },
  not_implemented: WRONG,
  unavailable: FAULT,
  internal: FAULT,
} satisfies Record<RefusalCode, Words>

/** The session of X-Auth-Token, each way of being bad told apart as the gateway does. */
export async function identifyByToken(ctx: Context, incoming: Incoming): Promise<Session> {
  const text = incoming.headers['x-auth-token']
  if (typeof text !== 'string' || text === '') {
    return refuse('unauthenticated', 'no X-Auth-Token', { message: 'x-auth-token not found' })
  }
  try {
    return await validateToken(ctx, text)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
    return refuse('unauthenticated', error.reason, await gatewayWords(ctx, text))
  }
}

async function gatewayWords(ctx: Context, text: string): Promise<{ message?: string; wireCode?: string }> {
  const claims = await readToken(ctx, text).catch(() => undefined)
  if (!claims) return { message: 'decrypt token fail' }
  if (claims.expiresAt * 1e6 > ctx.now()) return { wireCode: 'APIGW.0307' }
  return { message: `token expires, expires_at: ${new Date(claims.expiresAt * 1000).toISOString()}` }
}

function renderRefusal(refusal: Refusal, incoming: Incoming): Rendered {
  const words: Words = WORDS[refusal.code]
  const { message, wireCode, rule, retryAfter } = refusal.detail
  if (words === GATEWAY) return gateway(incoming, wireCode, message)
  const detail = message ?? (rule === undefined ? words.text : `No permission: ${rule}`)
  const rendered = json(words.status, { error_code: wireCode ?? words.code, error_msg: words.text, detail })
  if (retryAfter === undefined) return rendered
  return { ...rendered, headers: { ...rendered.headers, 'retry-after': String(retryAfter) } }
}

function gateway({ requestId }: Incoming, wireCode = GATEWAY.code, message = ''): Rendered {
  const text = wireCode === 'APIGW.0307' ? 'The token must be updated' : `${GATEWAY.text}: ${message}`
  return json(401, { error_msg: text, error_code: wireCode, request_id: requestId })
}

function json(status: number, body: object): Rendered {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** What a rule of this wire asks of the caller's roles on the project of the path. */
const READERS = [
  'admin',
  'te_admin',
  'manager',
  'member',
  'reader',
  'CSE FullAccess',
  'CSE ReadOnlyAccess',
  'CSE Admin',
]
const WRITERS = ['admin', 'te_admin', 'CSE FullAccess', 'CSE Admin']

function permits(rule: string, caller: Session, projectId: unknown): boolean {
  if (caller.scope.kind !== 'project' || caller.scope.project.id !== projectId) return false
  // Access rules name calls to services one by one, and none of these is among them.
  if (caller.delegation.applicationCredential?.accessRules) return false
  // What a signature was exchanged for is for the service that asked.
  if (caller.claims.via.some(({ kind }) => kind === 'credential')) return false
  const wanted = rule.endsWith(':get') || rule.endsWith(':list') ? READERS : WRITERS
  return caller.roles.some(({ name }) => wanted.includes(name))
}

export interface CseOptions {
  /** Tells who calls by the signature of an access key, where the face has that. */
  readonly identifySigned?: Wire<Context, Session>['identify']
  readonly operations: readonly Operation<Context, Session>[]
}

export function cseWire(options: CseOptions): Wire<Context, Session> {
  const bad = (incoming: Incoming, message: string): Rendered =>
    renderRefusal(new Refusal('bad_request', message, { message }), incoming)
  return {
    name: 'cse',
    operations: options.operations,
    identify: async (ctx, incoming) => {
      const signed = incoming.headers.authorization?.startsWith('SDK-HMAC-SHA256 ')
      const session = await (signed && options.identifySigned
        ? options.identifySigned(ctx, incoming)
        : identifyByToken(ctx, incoming))
      await demandAddress(ctx, session, incoming.remoteAddress)
      return session
    },
    permits: (_ctx, rule, caller, target) => permits(rule, caller, target['project_id']),
    headers: () => ({}),
    refusal: renderRefusal,
    badBody: ({ field, message }, incoming) => bad(incoming, `The field ${field || 'body'} ${message}.`),
    unreadableBody: (why, incoming) =>
      why === 'too-large'
        ? renderRefusal(new Refusal('too_large', why), incoming)
        : bad(
            incoming,
            why === 'content-type' ? 'Content-Type must be application/json.' : 'The body is not JSON.',
          ),
    unknownPath: ({ requestId }) =>
      json(404, {
        error_msg: 'The API does not exist or has not been published in the environment',
        error_code: 'APIGW.0101',
        request_id: requestId,
      }),
    wrongMethod: (allowed, { requestId }) => {
      const rendered = json(405, {
        error_msg: 'The method is not allowed',
        error_code: 'APIGW.0101',
        request_id: requestId,
      })
      return { ...rendered, headers: { ...rendered.headers, allow: allowed.join(', ') } }
    },
  }
}
