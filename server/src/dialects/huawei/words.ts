/** Huawei Cloud IAM's words and forms for everything that is refused. Facts: its published error tables. */
import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import type { Incoming } from '../../http/operation.ts'
import type { Rendered } from '../../http/wire.ts'

interface Words {
  readonly status: number
  readonly title: string
  /** Code in the forms that have one. */
  readonly code: string
  readonly text: string
}

const WORDS = {
  bad_request: { status: 400, title: 'Bad Request', code: 'IAM.0011', text: 'Request body is invalid.' },
  unauthenticated: {
    status: 401,
    title: 'Unauthorized',
    code: 'IAM.0001',
    text: 'The request you have made requires authentication.',
  },
  unsupported_method: {
    status: 401,
    title: 'Unauthorized',
    code: 'IAM.0001',
    text: 'Attempted to authenticate with an unsupported method.',
  },
  more_factors_needed: {
    status: 401,
    title: 'Unauthorized',
    code: 'IAM.0001',
    text: 'Additional authentications steps required.',
  },
  password_expired: {
    status: 401,
    title: 'Unauthorized',
    code: 'IAM.0001',
    text: 'The password is expired and needs to be changed.',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    code: 'IAM.0002',
    text: 'You are not authorized to perform the requested action.',
  },
  not_found: {
    status: 404,
    title: 'Not Found',
    code: 'IAM.0004',
    text: 'The requested resource could not be found.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    code: 'IAM.0005',
    text: 'Conflict occurred when attempting to store the resource.',
  },
  gone: { status: 410, title: 'Gone', code: 'IAM.0004', text: 'Gone' },
  too_large: {
    status: 413,
    title: 'Request Entity Too Large',
    code: 'IAM.0011',
    text: 'Request body is too large.',
  },
  busy: {
    status: 429,
    title: 'Too Many Requests',
    code: 'IAM.0012',
    text: 'The throttling threshold has been reached.',
  },
  not_implemented: {
    status: 501,
    title: 'Not Implemented',
    code: 'IAM.0501',
    text: 'The action you have requested has not been implemented.',
  },
  unavailable: {
    status: 503,
    title: 'Service Unavailable',
    code: 'IAM.0006',
    text: 'The server is currently unavailable. Please try again later.',
  },
  internal: {
    status: 500,
    title: 'Internal Server Error',
    code: 'IAM.0006',
    text: 'An unexpected error prevented the server from fulfilling your request.',
  },
} satisfies Record<RefusalCode, Words>

const WRONG_METHOD: Words = {
  status: 405,
  title: 'Method Not Allowed',
  code: 'IAM.0011',
  text: 'The method is not allowed for the requested URL.',
}

/** How a path answers what it refuses. */
export type ErrorForm = 'error' | 'code' | 'v5'

const CODED = [
  /^\/v3\.0\/OS-(SECURITYPOLICY|QUOTA|MFA|USER|AUTH\/id-token)(\/|$)/,
  /\/openid-connect-config$/,
  /^\/v3\/OS-INHERIT\/domains\/[^/]+\/groups\/[^/]+\/roles\/[^/]+\/inherited_to_projects$/,
]

export function errorFormOf({ path, method }: Pick<Incoming, 'path' | 'method'>): ErrorForm {
  if (/^\/v5(\/|$)/.test(path)) return 'v5'
  const coded = CODED.some((pattern) => pattern.test(path))
  return coded && (method === 'DELETE' || !path.startsWith('/v3/OS-INHERIT/')) ? 'code' : 'error'
}

const TOKENS = /^\/v3\/auth\/tokens\/?$/

/** What the issuing and checking of tokens says in words of its own. */
function tokenText(refusal: Refusal, { method, path, headers }: Incoming): string | undefined {
  if (!TOKENS.test(path)) return undefined
  const { code, detail } = refusal
  if (method !== 'POST') {
    return code === 'not_found' ? 'X-Subject-Token is invalid in the request' : undefined
  }
  if (code === 'bad_request') return 'The request body is invalid'
  if (code === 'forbidden') return 'You have no right to do this action'
  if (code === 'not_found') return WORDS.not_found.text
  if (code !== 'unauthenticated') return undefined
  const { subject } = detail
  if (subject?.kind === 'caller' && subject.id === 'signature') return BAD_SIGNATURE
  if (subject?.kind === 'caller' || subject?.kind === 'token') return 'The X-Auth-Token is invalid!'
  return headers.authorization?.startsWith('SDK-') ? BAD_SIGNATURE : 'The username or password is wrong.'
}

const BAD_SIGNATURE = 'Incorrect IAM authentication information: verify aksk signature fail'

function textOf(refusal: Refusal, incoming: Incoming): string {
  const { code, detail } = refusal
  const own = tokenText(refusal, incoming)
  if (own !== undefined) return own
  if (detail.message !== undefined) return detail.message
  if (code === 'unauthenticated' && detail.subject?.kind === 'caller' && detail.subject.id === 'signature') {
    return BAD_SIGNATURE
  }
  if (code === 'not_found' && detail.subject?.id) {
    return `Could not find ${detail.subject.kind}: ${detail.subject.id}.`
  }
  if (code === 'forbidden' && detail.rule !== undefined && errorFormOf(incoming) === 'code') {
    return `Policy doesn't allow ${detail.rule} to be performed.`
  }
  return WORDS[code].text
}

/** A refusal in the form of its path. */
export function renderRefusal(refusal: Refusal, incoming: Incoming): Rendered {
  const words: Words = WORDS[refusal.code]
  const text = textOf(refusal, incoming)
  const headers: Record<string, string> = { 'content-type': 'application/json', ...headersOf(incoming) }
  const { retryAfter, receipt } = refusal.detail
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter)
  if (receipt) headers['openstack-auth-receipt'] = receipt.text
  const rule = refusal.code === 'forbidden' && refusal.detail.rule !== undefined
  const ruled = rule && errorFormOf(incoming) === 'code' ? 'IAM.0003' : words.code
  const shown = { ...words, code: refusal.detail.wireCode ?? ruled, text }
  return { status: words.status, headers, body: JSON.stringify(bodyOf(shown, incoming)) }
}

/** A method that the path does not have. */
export function renderWrongMethod(incoming: Incoming) {
  const headers = { 'content-type': 'application/json', ...headersOf(incoming) }
  return { status: WRONG_METHOD.status, headers, body: JSON.stringify(bodyOf(WRONG_METHOD, incoming)) }
}

function bodyOf({ status, title, code, text }: Words, incoming: Incoming): object {
  const form = errorFormOf(incoming)
  if (form === 'error') return { error: { code: status, message: text, title } }
  const coded = { error_code: code, error_msg: text }
  return form === 'v5' ? { ...coded, request_id: requestIdOf(incoming) } : coded
}

/** Huawei's request ids are 32 hex digits. */
export function requestIdOf({ requestId }: Pick<Incoming, 'requestId'>): string {
  return requestId.replace(/^req-/, '').replaceAll('-', '')
}

export function headersOf(incoming: Pick<Incoming, 'requestId'>): Record<string, string> {
  return { 'x-request-id': requestIdOf(incoming) }
}
