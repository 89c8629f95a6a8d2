import type { CallerIdentity } from './identity.ts'

/** What a guard's adapter leaves on a request it let through. */
export interface IdentifiedRequest {
  /** Undefined on public paths only. */
  identity?: CallerIdentity | undefined
  serviceIdentity?: CallerIdentity | undefined
}

/**
 * The caller of a request that passed a guard. Throws when there is none: no guard ran, or the path is public;
 * a handler that asks must never go on without.
 */
export function identityOf(request: object): CallerIdentity {
  const identity = (request as IdentifiedRequest).identity
  if (identity === undefined)
    throw new Error('no identity on this request: no guard ran before, or the path is public')
  return identity
}
