/**
 * Session tokens as Keystone's Fernet provider writes them: claims in a payload, the payload in a Fernet container.
 * For whoever holds the keys; a token is opaque to everybody else. Whether the session still holds (expired, revoked,
 * its user disabled) is not decided here.
 */
import type { Claims } from '../claims.ts'
import { checkedClaims, claimsFault } from '../claims-fault.ts'
import { fromKeystoneFields, toKeystoneFields } from '../keystone-fields.ts'
import { decodeMsgpack, encodeMsgpack } from '../msgpack.ts'
import { Malformed, orRefused, type Refused } from '../refused.ts'
import { type AuthMethods, authMethods, defaultAuthMethods } from './auth-methods.ts'
import { chainVersion, fromChainPayload, toChainPayload } from './chain-payload.ts'
import { type FernetKeyring, openFernet, sealFernet } from './fernet.ts'
import { fromKeystonePayload, toKeystonePayload } from './keystone-payload.ts'
import { asArray } from './payload-values.ts'

export interface FernetOptions {
  /** The server's method list; by default Keystone's. Every server that shares keys needs the same. */
  readonly methods?: AuthMethods
  /** 16 bytes, only to repeat a known answer; by default random. */
  readonly iv?: Uint8Array
}

const keystoneMethods = authMethods(defaultAuthMethods)

/**
 * The token for claims: 204 characters for a project session with 32-digit ids and a chain. Throws RangeError when
 * the claims cannot be a token (`claimsFault` says which field) or would make one longer than 8192 characters; that
 * is the caller's fault, not a stranger's.
 */
export function encodeFernet(claims: Claims, keyring: FernetKeyring, options: FernetOptions = {}): string {
  const checked = checkedClaims(claims)
  const fields = toKeystoneFields(checked)
  const payload = fields && toKeystonePayload(fields, options.methods ?? keystoneMethods)
  const at = { seconds: checked.issuedAt, ...(options.iv && { iv: options.iv }) }
  return sealFernet(encodeMsgpack(payload ?? toChainPayload(checked)), keyring.primary, at)
}

/**
 * The claims of a token, or why it is none. Never throws, whatever the text is. Times are not compared with any clock:
 * an expired token decodes.
 */
export function decodeFernet(
  text: string,
  keyring: FernetKeyring,
  options: FernetOptions = {},
): Claims | Refused {
  return orRefused(() => {
    const { plaintext, sealedAt } = openFernet(text, keyring)
    const payload = asArray(decodeMsgpack(plaintext))
    const claims =
      payload[0] === chainVersion
        ? fromChainPayload(payload, sealedAt)
        : fromKeystoneFields(fromKeystonePayload(payload, options.methods ?? keystoneMethods), sealedAt)
    const fault = claimsFault(claims)
    if (fault !== null) throw new Malformed(fault)
    return claims
  })
}
