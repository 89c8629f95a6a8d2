/** The guard as an Express middleware (also connect, Polka). Express itself is not a dependency: its shape is. */
import type { ServerResponse } from 'node:http'
import { writeAnswer } from './answer.ts'
import type { Guard, GuardedRequest } from './guard.ts'
import type { IdentifiedRequest } from './identity-of.ts'

export type ExpressMiddleware = (
  request: GuardedRequest & IdentifiedRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * `app.use(expressGuard(guard))` before the routes; sets `request.identity` (read it with `identityOf`).
 */
export function expressGuard(guard: Guard): ExpressMiddleware {
  return (request, response, next) => {
    guard
      .check(request)
      .then((outcome) => {
        if (outcome.outcome === 'accepted') {
          request.identity = outcome.identity
          request.serviceIdentity = outcome.serviceIdentity
          next()
        } else if (outcome.outcome === 'public') next()
        else writeAnswer(response, guard.answer(outcome))
      })
      .catch(next)
  }
}
