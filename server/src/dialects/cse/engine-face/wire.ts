/** service-center's words: `{"errorCode","errorMessage","detail"}`, the code a text of six digits, the first three the status. */
import type { Context } from '../../../context.ts'
import { permitsEngine } from '../../../core/engine-permissions.ts'
import { Refusal, type RefusalCode, refuse } from '../../../core/refusal.ts'
import { permissionsOf } from '../../../flows/engine-accounts.ts'
import { type EngineTokenFault, readEngineToken } from '../../../flows/engine-tokens.ts'
import type { Incoming, Operation } from '../../../http/operation.ts'
import type { Rendered, Wire } from '../../../http/wire.ts'
import { type EngineSession, engineMeant } from './operation.ts'

interface Words {
  readonly code: string
  readonly text: string
}

const INVALID = { code: '400001', text: 'Invalid parameter(s)' }
const UNAUTHORIZED = { code: '401201', text: 'Request unauthorized' }
const FAULT = { code: '500003', text: 'Internal server error' }

const WORDS = {
  bad_request: INVALID,
  unauthenticated: UNAUTHORIZED,
  unsupported_method: UNAUTHORIZED,
  more_factors_needed: UNAUTHORIZED,
  password_expired: UNAUTHORIZED,
  forbidden: { code: '403205', text: 'No permission(s)' },
  not_found: INVALID,
  conflict: { code: '409200', text: 'Conflict' },
  gone: INVALID,
  too_large: { code: '413001', text: 'Request is too large' },
  busy: { code: '429001', text: 'Too many requests' },
  not_implemented: INVALID,
  unavailable: FAULT,
  internal: FAULT,
} satisfies Record<RefusalCode, Words>

const TOKEN_FAULTS: Readonly<Record<EngineTokenFault, { wireCode: string; message: string }>> = {
  invalid: { wireCode: '401201', message: 'Request unauthorized' },
  expired: { wireCode: '401205', message: 'Token is expired' },
  account_gone: { wireCode: '401206', message: 'The account that owns the token is deleted' },
}

/** The account of the token in Authorization: one scheme word of any kind, one space, the token. */
async function identify(ctx: Context, incoming: Incoming): Promise<EngineSession> {
  const engine = await engineMeant(ctx, incoming, 'CSE2')
  const { authorization } = incoming.headers
  if (authorization === undefined || authorization === '') {
    return refuse('unauthenticated', 'no Authorization', {
      wireCode: '401204',
      message: 'No authorization header',
    })
  }
  const [, text] = /^\S+ (\S+)$/.exec(authorization) ?? []
  const caller = text === undefined ? 'invalid' : await readEngineToken(ctx, engine, text)
  if (typeof caller === 'string') return refuse('unauthenticated', caller, TOKEN_FAULTS[caller])
  return { ...caller, perms: await permissionsOf(ctx.store.db, engine, caller.roles) }
}

function renderRefusal({ code, detail: { wireCode, message, rule, retryAfter } }: Refusal): Rendered {
  const words: Words = WORDS[code]
  const said = wireCode ?? words.code
  const text = message ?? words.text
  const body = { errorCode: said, errorMessage: text, detail: rule ?? text }
  const retry = retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) }
  return {
    status: Number(said.slice(0, 3)),
    headers: { 'content-type': 'application/json', ...retry },
    body: JSON.stringify(body),
  }
}

export function engineWire(
  operations: readonly Operation<Context, EngineSession>[],
): Wire<Context, EngineSession> {
  const bad = (why: string): Rendered => renderRefusal(new Refusal('bad_request', why))
  return {
    name: 'service-center',
    operations,
    identify,
    permits: (_ctx, rule, { perms }) => {
      const [type = '', verb = ''] = rule.split(':')
      return permitsEngine(perms, type, verb)
    },
    headers: () => ({}),
    refusal: renderRefusal,
    badBody: ({ field }) => bad(field),
    unreadableBody: (why) => (why === 'too-large' ? renderRefusal(new Refusal('too_large', why)) : bad(why)),
    unknownPath: () => plain(404, {}),
    wrongMethod: (allowed) => plain(405, { allow: allowed.join(', ') }),
  }
}

const plain = (status: number, headers: Readonly<Record<string, string>>): Rendered => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({
    errorCode: `${status}001`,
    errorMessage: status === 404 ? 'Not found' : 'Method not allowed',
    detail: '',
  }),
})
