/** Keystone's words for everything the pipeline decides. Facts: recorded answers of Keystone 22.0.2. */
import type { Context } from '../../context.ts'
import type { CompiledPolicy } from '../../core/policy/compile.ts'
import { Refusal, type RefusalCode, refuse } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import { mayAdministerAccount, prepareAccountAdministration } from '../../flows/account-administration.ts'
import { demandAddress } from '../../flows/account-security.ts'
import { validateToken } from '../../flows/validate-token.ts'
import type { Incoming, Operation } from '../../http/operation.ts'
import type { BodyFault, Rendered, Wire } from '../../http/wire.ts'
import { credentialsOf } from './policy-credentials.ts'
import { receiptBody } from './tokens/receipt-body.ts'

interface Words {
  readonly status: number
  readonly title: string
  readonly text: (refusal: Refusal) => string
}

const COMPLY =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.'
const UNAUTHENTICATED = 'The request you have made requires authentication.'

const WORDS = {
  bad_request: { status: 400, title: 'Bad Request', text: (r) => r.detail.message ?? COMPLY },
  unauthenticated: { status: 401, title: 'Unauthorized', text: unauthenticatedText },
  unsupported_method: {
    status: 401,
    title: 'Unauthorized',
    text: () => 'Attempted to authenticate with an unsupported method.',
  },
  more_factors_needed: {
    status: 401,
    title: 'Unauthorized',
    text: (r) => r.detail.message ?? 'Additional authentications steps required.',
  },
  password_expired: {
    status: 401,
    title: 'Unauthorized',
    text: (r) => `The password is expired and needs to be changed for user: ${r.detail.subject?.id ?? ''}.`,
  },
  forbidden: { status: 403, title: 'Forbidden', text: forbiddenText },
  not_found: { status: 404, title: 'Not Found', text: notFoundText },
  conflict: { status: 409, title: 'Conflict', text: (r) => r.detail.message ?? 'Conflict' },
  gone: { status: 410, title: 'Gone', text: (r) => r.detail.message ?? 'Gone' },
  too_large: { status: 413, title: 'Request Entity Too Large', text: (r) => r.detail.message ?? COMPLY },
  busy: {
    status: 429,
    title: 'Too Many Requests',
    text: () => 'Sign-ins are at their limit. Try again later.',
  },
  not_implemented: {
    status: 501,
    title: 'Not Implemented',
    text: (r) => r.detail.message ?? 'The action you have requested has not been implemented.',
  },
  unavailable: {
    status: 503,
    title: 'Service Unavailable',
    text: () => 'The server is currently unavailable. Please try again later.',
  },
  internal: {
    status: 500,
    title: 'Internal Server Error',
    text: () => 'An unexpected error prevented the server from fulfilling your request.',
  },
} satisfies Record<RefusalCode, Words>

/** The same for every cause. Of a receipt Keystone says so; whoever sent it has proved the first factor by then. */
function unauthenticatedText({ detail: { subject } }: Refusal): string {
  return subject?.kind === 'receipt' ? `Could not find auth receipt: ${subject.id}.` : UNAUTHENTICATED
}

function forbiddenText(refusal: Refusal): string {
  const { rule, message } = refusal.detail
  if (rule !== undefined) return `You are not authorized to perform the requested action: ${rule}.`
  if (message === undefined) return 'You are not authorized to perform the requested action.'
  return message
}

function notFoundText(refusal: Refusal): string {
  const { message, subject } = refusal.detail
  if (message !== undefined) return message
  return subject ? `Could not find ${subject.kind}: ${subject.id}.` : 'Could not find the requested resource.'
}

/** `{"error": ...}` with a newline, as Keystone writes it. */
export function errorBody(status: number, title: string, message: string, extra: object = {}): string {
  return `${JSON.stringify({ error: { code: status, ...extra, message, title } })}\n`
}

function headersOf(incoming: Incoming): Record<string, string> {
  return { vary: 'X-Auth-Token', 'x-openstack-request-id': incoming.requestId }
}

function renderRefusal(refusal: Refusal, incoming: Incoming, methods: readonly string[]): Rendered {
  const words: Words = WORDS[refusal.code]
  const headers: Record<string, string> = { 'content-type': 'application/json', ...headersOf(incoming) }
  if (refusal.detail.retryAfter !== undefined) headers['retry-after'] = String(refusal.detail.retryAfter)
  let extra = {}
  if (refusal.code === 'unsupported_method') extra = { identity: { methods } }
  const { receipt } = refusal.detail
  if (receipt) {
    headers['openstack-auth-receipt'] = receipt.text
    return { status: words.status, headers, body: JSON.stringify(receiptBody(receipt)) }
  }
  if (words.status === 401) headers['www-authenticate'] = `Keystone uri="${incoming.baseUrl}/v3"`
  return {
    status: words.status,
    headers,
    body: errorBody(words.status, words.title, words.text(refusal), extra),
  }
}

/** Schema faults in jsonschema's manner; clients can rely on the status only. */
function badBodyText(fault: BodyFault): string {
  const { field, keyword, message, params } = fault
  if (keyword === 'required') return `'${String(params['missingProperty'])}' is a required property`
  if (keyword === 'additionalProperties') {
    return `Additional properties are not allowed ('${String(params['additionalProperty'])}' was unexpected)`
  }
  const value = JSON.stringify(fault.value)?.slice(0, 80)
  return `Invalid input for field '${field}': ${value} ${message}`
}

/** The session of X-Auth-Token. */
export async function identifyByToken(ctx: Context, incoming: Incoming): Promise<Session> {
  const token = incoming.headers['x-auth-token']
  if (typeof token !== 'string' || token === '') return refuse('unauthenticated', 'no X-Auth-Token')
  const session = await validateToken(ctx, token)
  // What a signature was exchanged for is for the service that asked, not for managing anything here.
  if (session.claims.via.some((link) => link.kind === 'credential')) {
    return refuse('forbidden', 'EC2 session as caller', {
      message: 'EC2 credential tokens cannot be used for authorization.',
    })
  }
  return session
}

export interface KeystoneOptions {
  /** Another way to tell who calls than by X-Auth-Token alone. */
  readonly identify?: Wire<Context, Session>['identify']
  /** Named in the answer to a method that is not offered. */
  readonly authMethods: readonly string[]
  readonly operations: readonly Operation<Context, Session>[]
  readonly policy: CompiledPolicy
}

export function keystoneWire(options: KeystoneOptions): Wire<Context, Session> {
  const methods = options.authMethods
  const bad = (message: string, incoming: Incoming): Rendered =>
    renderRefusal(new Refusal('bad_request', message, { message }), incoming, methods)
  return {
    name: 'keystone',
    operations: options.operations,
    identify: async (ctx, incoming) => {
      const session = await (options.identify ?? identifyByToken)(ctx, incoming)
      await demandAddress(ctx, session, incoming.remoteAddress)
      await prepareAccountAdministration(ctx, session)
      return session
    },
    permits: (_ctx, rule, caller, target) =>
      options.policy.decide(rule, credentialsOf(caller), target).allowed ||
      mayAdministerAccount(caller, rule, target),
    headers: headersOf,
    refusal: (refusal, incoming) => renderRefusal(refusal, incoming, methods),
    badBody: (fault, incoming) => bad(badBodyText(fault), incoming),
    unreadableBody: (why, incoming) => {
      if (why === 'too-large') return tooLarge(incoming)
      const wanted =
        why === 'content-type' ? 'application/json in Content-Type header' : 'valid JSON in request body'
      return bad(`Expecting to find ${wanted}. ${COMPLY}`, incoming)
    },
    unknownPath: (incoming) => html(404, 'Not Found', UNKNOWN, incoming),
    wrongMethod,
  }
}

const UNKNOWN =
  'The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.'
const METHOD = 'The method is not allowed for the requested URL.'

/** Werkzeug's page, which Keystone answers unknown paths with. */
function html(status: number, title: string, text: string, incoming: Incoming): Rendered {
  const page = `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n<p>${text}</p>\n`
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...headersOf(incoming) },
    body: page,
  }
}

function wrongMethod(allowed: readonly string[], incoming: Incoming): Rendered {
  const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  if (incoming.method === 'OPTIONS') {
    const type = { 'content-type': 'text/html; charset=utf-8' }
    return { status: 200, headers: { ...type, allow, ...headersOf(incoming) }, body: '' }
  }
  // The version documents are plain pages in Keystone, all else speaks JSON.
  if (/^\/(v3\/?)?$/.test(incoming.path)) {
    const page = html(405, 'Method Not Allowed', METHOD, incoming)
    return { ...page, headers: { ...page.headers, allow } }
  }
  const type = { 'content-type': 'application/json' }
  return {
    status: 405,
    headers: { ...type, allow, ...headersOf(incoming) },
    body: `{"message": "${METHOD}"}\n`,
  }
}

/** The one error that Keystone answers from outside its own error handling: no Vary, no request id, a string code. */
function tooLarge(_incoming: Incoming): Rendered {
  const body = JSON.stringify({
    message: 'Request is too large. Larger than max_request_body_size (114688).<br /><br />\n\n\n',
    code: '413 Request Entity Too Large',
    title: 'Request Entity Too Large',
  })
  return { status: 413, headers: { 'content-type': 'application/json' }, body }
}
