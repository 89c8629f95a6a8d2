/** A refusal as it goes over the wire: Keystone's error body unless the service has its own words. */
import type { ServerResponse } from 'node:http'
import type { Refused, Unavailable } from './guard.ts'
import type { RenderedRefusal } from './options.ts'

export interface Answer {
  readonly status: 401 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * 401 carries `WWW-Authenticate` (RFC 9110 section 11.6.1), 503 carries `Retry-After` in seconds (section 10.2.3),
 * whatever `render` says; neither is to be stored by caches.
 */
export function renderAnswer(
  refusal: Refused | Unavailable,
  publicAuthUrl: string,
  render: ((refusal: Refused | Unavailable) => RenderedRefusal) | undefined,
): Answer {
  const { headers, body }: RenderedRefusal = render?.(refusal) ?? { body: keystoneError(refusal) }
  const own: Record<string, string> =
    refusal.outcome === 'refused'
      ? { 'WWW-Authenticate': `Keystone uri="${publicAuthUrl}"` }
      : { 'Retry-After': String(refusal.retryAfterSeconds) }
  return {
    status: refusal.status,
    headers: merged({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }, { ...headers }, own),
    body: JSON.stringify(body),
  }
}

/** The last one of a name counts, however it is written: node:http would send them both. */
function merged(...lists: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const fields = lists.flatMap((list) => Object.entries(list))
  return Object.fromEntries(new Map(fields.map((field) => [field[0].toLowerCase(), field])).values())
}

/** One text for every reason: why a token is refused is nothing its sender needs to know. */
function keystoneError(refusal: Refused | Unavailable): unknown {
  return refusal.outcome === 'refused'
    ? error(401, 'Unauthorized', 'The request you have made requires authentication.')
    : error(503, 'Service Unavailable', 'The token service cannot be asked now. Try again later.')
}

function error(code: number, title: string, message: string): unknown {
  return { error: { code, message, title } }
}

/** Sends the answer on a response of node:http or Express. */
export function writeAnswer(response: ServerResponse, answer: Answer): void {
  const length = { 'Content-Length': String(Buffer.byteLength(answer.body)) }
  response.writeHead(answer.status, merged(answer.headers, length))
  response.end(answer.body)
}
