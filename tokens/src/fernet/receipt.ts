/**
 * Authentication receipts as Keystone writes them: proof that some factors of a sign-in were shown, for the request that
 * brings the others. A receipt is no token: it has keys of its own, so that neither can ever be taken for the other.
 *
 *   a Fernet container around the msgpack array   user methods expires
 *
 *   user     [true, 16 bytes] for 32 lower-case hex digits, else [false, text]
 *   methods  integer, see auth-methods.ts
 *   expires  64-bit float, seconds since the epoch
 *
 * The time of issue is the container's. Whether it still holds is not decided here.
 */
import { decodeMsgpack, encodeMsgpack } from '../msgpack.ts'
import { Malformed, orRefused, type Refused } from '../refused.ts'
import { isText } from '../text.ts'
import { type AuthMethods, integerToMethods, methodsToInteger } from './auth-methods.ts'
import { type FernetKeyring, openFernet, sealFernet } from './fernet.ts'
import { asInteger, asTuple, packId, readId } from './payload-values.ts'

export interface Receipt {
  readonly userId: string
  /** Factors that were shown. */
  readonly methods: readonly string[]
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/**
 * The text of a receipt. `iv` only to repeat a known answer. Throws RangeError when the user id is no id, a method has
 * no bit, or a time is no whole number of seconds.
 */
export function encodeReceipt(
  receipt: Receipt,
  keyring: FernetKeyring,
  options: { readonly methods: AuthMethods; readonly iv?: Uint8Array },
): string {
  const { userId, issuedAt, expiresAt } = receipt
  const methods = methodsToInteger(receipt.methods, options.methods)
  if (!isText(userId) || methods === null) throw new RangeError('no receipt can say that')
  if (![issuedAt, expiresAt].every((at) => Number.isSafeInteger(at) && at >= 0))
    throw new RangeError('times of a receipt are whole seconds')
  const payload = encodeMsgpack([packId(userId), methods, { float64: expiresAt }])
  return sealFernet(payload, keyring.primary, {
    seconds: issuedAt,
    ...(options.iv && { iv: options.iv }),
  })
}

/** What a receipt says, or why it is none. Never throws, whatever the text is; an expired one decodes. */
export function decodeReceipt(
  text: string,
  keyring: FernetKeyring,
  options: { readonly methods: AuthMethods },
): Receipt | Refused {
  return orRefused(() => {
    const { plaintext, sealedAt } = openFernet(text, keyring)
    const [user, methods, expires] = asTuple(decodeMsgpack(plaintext), 3)
    if (typeof expires !== 'object' || expires === null || !('float64' in expires))
      throw new Malformed('float expected')
    const expiresAt = Math.floor(expires.float64)
    if (!Number.isSafeInteger(expiresAt) || expiresAt < 0) throw new Malformed('time out of range')
    return {
      userId: readId(user as NonNullable<typeof user>),
      methods: integerToMethods(asInteger(methods), options.methods),
      issuedAt: sealedAt,
      expiresAt,
    }
  })
}
