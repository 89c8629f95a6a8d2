/** The guard around a plain node:http handler, and in front of a service that reads Keystone's identity headers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { writeAnswer } from './answer.ts'
import type { Guard } from './guard.ts'
import { setIdentityHeaders } from './identity-headers.ts'
import type { IdentifiedRequest } from './identity-of.ts'

export type NodeHandler = (request: IncomingMessage & IdentifiedRequest, response: ServerResponse) => unknown

export interface NodeGuardOptions {
  /** Put the caller into X-User-Id, X-Roles and the other identity headers, for the service behind a proxy. */
  readonly identityHeaders?: boolean
}

/**
 * `createServer(nodeGuard(guard, handler))`: the handler runs for accepted requests (with `request.identity`) and for
 * public ones (without). A handler that throws or rejects is answered 500. Upgrades (WebSocket) do not come through
 * here: call `guard.check` in the server's `upgrade` event.
 */
export function nodeGuard(
  guard: Guard,
  handler: NodeHandler,
  options: NodeGuardOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  async function handle(
    request: IncomingMessage & IdentifiedRequest,
    response: ServerResponse,
  ): Promise<void> {
    const outcome = await guard.check(request)
    if (outcome.outcome === 'refused' || outcome.outcome === 'unavailable') {
      writeAnswer(response, guard.answer(outcome))
      return
    }
    if (outcome.outcome === 'accepted') {
      request.identity = outcome.identity
      request.serviceIdentity = outcome.serviceIdentity
      if (options.identityHeaders === true)
        setIdentityHeaders(request, outcome.identity, outcome.serviceIdentity)
    }
    await handler(request, response)
  }
  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      process.emitWarning(error instanceof Error ? error : String(error))
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'Content-Length': '0' }).end()
    })
  }
}
