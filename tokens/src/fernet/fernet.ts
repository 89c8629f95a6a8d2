/**
 * The Fernet container (https://github.com/fernet/spec/blob/master/Spec.md), as Keystone writes it: without the `=`
 * padding. It keeps bytes secret and unchanged and says when they were sealed; what the bytes mean is not its business.
 *
 *   0      1 byte    80
 *   1      8 bytes   seconds since the epoch, big-endian
 *   9     16 bytes   initialisation vector
 *   25    16 n       AES-128-CBC of the plaintext with PKCS #7 padding
 *   end   32 bytes   HMAC-SHA256 of everything before it
 */
import { timingSafeEqual } from 'node:crypto'
import { Malformed } from '../refused.ts'
import { decodeBase64url, maxTokenLength } from '../text.ts'
import type { FernetKey } from './fernet-key.ts'

/** `primary` seals; all of `all`, the primary among them, open. Made by `fernetKeyring`. */
export interface FernetKeyring {
  readonly primary: FernetKey
  readonly all: readonly FernetKey[]
}

/** Bytes of a container and when it was sealed (seconds since the epoch). */
export interface Opened {
  readonly plaintext: Buffer
  readonly sealedAt: number
}

const overhead = 1 + 8 + 16 + 32
const twoTo32 = 2 ** 32

/**
 * A keyring of keys in the order they are tried; the first seals. For a Keystone key repository: highest number first,
 * key 0 (staged) last. Throws RangeError when there is none.
 */
export function fernetKeyring(keys: readonly FernetKey[]): FernetKeyring {
  const primary = keys[0]
  if (primary === undefined) throw new RangeError('a keyring needs a key')
  return { primary, all: [...keys] }
}

/**
 * Seals bytes. `iv` is 16 unpredictable bytes, by default from the system's generator; give one only to repeat a known
 * answer. Throws RangeError when the text would be longer than a token may be.
 */
export function sealFernet(
  plaintext: Uint8Array,
  key: FernetKey,
  at: { readonly seconds: number; readonly iv?: Uint8Array },
): string {
  const sealed = key.encrypt(plaintext, at.iv)
  const signed = 9 + sealed.length
  const bytes = Buffer.allocUnsafe(signed + 32)
  bytes[0] = 0x80
  bytes.writeUInt32BE(Math.floor(at.seconds / twoTo32), 1)
  bytes.writeUInt32BE(at.seconds % twoTo32, 5)
  bytes.set(sealed, 9)
  bytes.set(key.sign(bytes.subarray(0, signed)), signed)
  const text = bytes.toString('base64url')
  if (text.length > maxTokenLength) throw new RangeError('claims too large for a token')
  return text
}

/**
 * Opens a container. Throws Malformed: not the one base64url spelling of such bytes, or sealed with none of the keys.
 * Nothing is decrypted before the whole text is authenticated. Age is not judged here.
 */
export function openFernet(text: string, keyring: FernetKeyring): Opened {
  if (text.length > maxTokenLength) throw new Malformed('longer than a token may be', 'malformed')
  const bytes = decodeBase64url(text)
  if (bytes === null) throw new Malformed('not canonical base64url', 'malformed')
  const size = bytes.length - overhead
  if (size < 16 || bytes[0] !== 0x80) throw new Malformed('not a Fernet container', 'malformed')
  const signed = bytes.length - 32
  const key = keyOf(bytes.subarray(0, signed), bytes.subarray(signed), keyring)
  if (key === undefined) throw new Malformed('sealed with none of our keys', 'not_authentic')
  const sealedAt = bytes.readUInt32BE(1) * twoTo32 + bytes.readUInt32BE(5)
  try {
    return { plaintext: key.decrypt(bytes.subarray(9, signed)), sealedAt }
  } catch {
    throw new Malformed('blocks or padding of the plaintext')
  }
}

function keyOf(signed: Buffer, mac: Buffer, keyring: FernetKeyring): FernetKey | undefined {
  return keyring.all.find((key) => timingSafeEqual(key.sign(signed), mac))
}
