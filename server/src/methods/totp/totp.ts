/**
 * Time-based one-time passwords, RFC 6238 as Keystone's `totp` plugin has them: HMAC-SHA-1, six digits, steps of 30
 * seconds counted from the epoch, the secret in base32 (RFC 4648) as the blob of a credential of type `totp`.
 *
 * For checking one passcode against one secret. Not for finding the credentials, for remembering the used step (the
 * caller must store it in one conditional update, so that two requests at once cannot both use it) or for counting
 * wrong guesses, of which one in about 500,000 is right.
 *
 * Difference to Keystone: a passcode is good once (RFC 6238, section 5.2); there it is good until its window ends.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'

export interface TotpAttempt {
  /** The credential's blob: base32, upper case, padding optional. */
  readonly secret: string
  /** What the user typed. */
  readonly passcode: string
  /** Seconds since the epoch. */
  readonly now: number
  /** How many steps before the current one are accepted too; Keystone's `included_previous_windows`, there 1. */
  readonly previousWindows: number
  /** The newest step that was used with this secret; null when none was. Neither it nor an older one is good again. */
  readonly lastUsedStep: number | null
}

export const TOTP_STEP_SECONDS = 30
const DIGITS = 6
/** RFC 4226, requirement R6. A shorter secret is no secret; Keystone's library refuses it as well. */
const MIN_SECRET_BYTES = 16
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Gives the step whose passcode was typed, to be stored as the next `lastUsedStep`, or null when the passcode is wrong,
 * too old, from the future, used before, not six digits, or the secret is no base32 of 128 bits or more. Compares with
 * every accepted step in constant time.
 */
export function acceptTotp(attempt: TotpAttempt): number | null {
  const key = decodeBase32(attempt.secret)
  if (key === null || key.length < MIN_SECRET_BYTES) return null
  if (!/^[0-9]{6}$/.test(attempt.passcode)) return null
  const typed = Buffer.from(attempt.passcode)
  const current = Math.floor(attempt.now / TOTP_STEP_SECONDS)
  const oldest = Math.max(0, current - attempt.previousWindows, (attempt.lastUsedStep ?? -1) + 1)
  let accepted: number | null = null
  for (let step = oldest; step <= current; step += 1)
    if (timingSafeEqual(typed, Buffer.from(passcodeOf(key, step)))) accepted = step
  return accepted
}

/** Whether `passcode` is that of a step, compared in constant time. */
export function isPasscodeOf(key: Uint8Array, step: number, passcode: string): boolean {
  const [given, right] = [Buffer.from(passcode), Buffer.from(passcodeOf(key, step))]
  return given.length === right.length && timingSafeEqual(given, right)
}

/** Base32 (RFC 4648) of whole groups of five bytes, which need no padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let bits = 0n
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte)
  const count = (bytes.length * 8) / 5
  return Array.from(
    { length: count },
    (_, i) => ALPHABET[Number((bits >> BigInt(5 * (count - 1 - i))) & 31n)],
  ).join('')
}

/** The passcode of a step (`floor(seconds / 30)`) for a key: RFC 4226, section 5.3. */
export function passcodeOf(key: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = mac[mac.length - 1]! & 0x0f
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * Base32 of RFC 4648, upper case, padded or not; null for other characters and for a length that no bytes have. Bits
 * after the last byte are ignored, as Keystone does: many people's secrets are random letters.
 */
export function decodeBase32(text: string): Uint8Array | null {
  const digits = text.replace(/={1,6}$/, '')
  if (digits.length !== text.length && text.length % 8 !== 0) return null
  const bytes = new Uint8Array(Math.floor((digits.length * 5) / 8))
  let pending = 0
  let bits = 0
  let filled = 0
  for (const digit of digits) {
    const value = ALPHABET.indexOf(digit)
    if (value < 0) return null
    pending = (pending << 5) | value
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[filled] = pending >> bits
    pending &= (1 << bits) - 1
    filled += 1
  }
  return bits < 5 ? bytes : null
}
