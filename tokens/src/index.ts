/**
 * Token bytes to claims and back: Keystone's Fernet and JWS formats, and the signed tokens of service engines. This room
 * knows bytes and keys; it has no clock, no store and no opinion on who may do what. A decoded token is authentic and
 * whole, which is not yet a session: ask the token service.
 */
export type { Claims, Link, Scope } from './claims.ts'
export { claimsFault } from './claims-fault.ts'
export { type AuthMethods, authMethods, defaultAuthMethods } from './fernet/auth-methods.ts'
export { type FernetKeyring, fernetKeyring } from './fernet/fernet.ts'
export { type FernetKey, newFernetKey, parseFernetKey } from './fernet/fernet-key.ts'
export { decodeFernet, encodeFernet, type FernetOptions } from './fernet/fernet-token.ts'
export { decodeReceipt, encodeReceipt, type Receipt } from './fernet/receipt.ts'
export { signCompact, type VerifiedJws, verifyCompact } from './jws/compact.ts'
export { decodeJws, encodeJws } from './jws/jws-token.ts'
export {
  type JwsAlgorithm,
  type JwsAlgorithmName,
  type JwsKey,
  type JwsKeyring,
  jwsKey,
  jwsKeyring,
  type PublicJwk,
  parseJwsKey,
  publicJwks,
} from './jws/keys.ts'
export type { Refused, RefusedReason } from './refused.ts'
export { maxTokenLength } from './text.ts'
