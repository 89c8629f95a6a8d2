/**
 * `@tokenhouse/client`: check an X-Auth-Token inside your own service.
 *
 * `createGuard` makes the guard; `fastifyGuard`, `expressGuard` and `nodeGuard` put it in front of your handlers;
 * `identityOf(request)` says who is calling.
 */
export type { AccessRule } from './access-rules.ts'
export type { Answer } from './answer.ts'
export {
  type AcceptedEngineToken,
  createEngineVerifier,
  createNacosVerifier,
  type EngineAccountFacts,
  type EngineVerifier,
  type EngineVerifierOptions,
  type RefusedEngineToken,
} from './engine-verifier.ts'
export { type ExpressMiddleware, expressGuard } from './express.ts'
export { fastifyGuard } from './fastify.ts'
export {
  type Accepted,
  createGuard,
  type Guard,
  type GuardedRequest,
  type Outcome,
  type Public,
  type Refused,
  type Unavailable,
} from './guard.ts'
export type { CallerIdentity, Delegation } from './identity.ts'
export {
  IDENTITY_HEADERS,
  isIdentityHeader,
  setIdentityHeaders,
  stripIdentityHeaders,
} from './identity-headers.ts'
export { type IdentifiedRequest, identityOf } from './identity-of.ts'
export { type NodeGuardOptions, type NodeHandler, nodeGuard } from './node.ts'
export type {
  ApplicationCredentialCredentials,
  GuardOptions,
  PasswordCredentials,
  Problem,
  RenderedRefusal,
  ServiceCredentials,
  TokenCredentials,
} from './options.ts'
