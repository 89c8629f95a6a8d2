/** No token of ours is longer: it has to fit a request head beside a second token and everything else. */
export const maxTokenLength = 8192

const uuidHex = /^[0-9a-f]{32}$/

/** 32 lower-case hex digits: the only spelling that 16 raw bytes can stand for without loss. */
export function isUuidHex(text: string): boolean {
  return uuidHex.test(text)
}

/** An id or a name: 1 to 255 bytes of UTF-8, no lone surrogates (they would not survive the encoding). */
export function isText(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false
  return value.isWellFormed() && Buffer.byteLength(value) <= 255
}

/**
 * Bytes of an unpadded base64url text, or null. Only the one spelling an encoder produces is accepted (RFC 4648
 * section 3.5): no padding, no `+` or `/`, no white space, no spare bits in the last character. A token that can be
 * written in two ways escapes whoever remembers it by its text.
 */
export function decodeBase64url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text of UTF-8 bytes, or null when they are not UTF-8. A byte order mark is kept as a character. */
export function decodeUtf8(bytes: Buffer): string | null {
  for (let at = 0; at < bytes.length; at++) {
    if ((bytes[at] as number) < 0x80) continue
    try {
      return utf8.decode(bytes)
    } catch {
      return null
    }
  }
  return bytes.toString('latin1')
}
