/**
 * The part of msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md) a token payload needs, byte for byte as
 * Python's msgpack 1.x packs it. Strict in both directions: one value has one encoding, the shortest; a decoder that
 * accepted another would accept two payloads for one session. Not for anything else: no maps, no extensions, no
 * negative numbers, no 32-bit floats, nothing longer than a token.
 *
 *   nil c0 | false c2 | true c3 | integer 00-7f, cc u8, cd u16, ce u32, cf u64 | float cb f64
 *   bin c4 u8 | str a0-bf, d9 u8 | array 90-9f, dc u16          (all big-endian)
 */
import { Malformed } from './refused.ts'
import { decodeUtf8, maxTokenLength } from './text.ts'

/** A 64-bit float. Marked, because JavaScript cannot tell 1.0 from 1 and msgpack does. */
export interface Float64 {
  readonly float64: number
}

export type MsgpackValue = null | boolean | number | string | Float64 | Uint8Array | readonly MsgpackValue[]

const maxDepth = 8
const twoTo32 = 2 ** 32

interface Writer {
  bytes: Buffer
  length: number
}

/**
 * Packs a value. Throws RangeError on what has no encoding here (negative or unsafe integers, text or bytes over 255
 * bytes, arrays over 65535, more than a token's length in all): claims that large are refused before they get here.
 */
export function encodeMsgpack(value: MsgpackValue): Buffer {
  const out: Writer = { bytes: Buffer.allocUnsafe(256), length: 0 }
  write(out, value)
  return out.bytes.subarray(0, out.length)
}

/** Makes room for `count` bytes and returns where they go. */
function reserve(out: Writer, count: number): number {
  const at = out.length
  out.length += count
  if (out.length > maxTokenLength) throw new RangeError('payload longer than a token may be')
  if (out.length > out.bytes.length) {
    const grown = Buffer.allocUnsafe(Math.max(out.length, out.bytes.length * 2))
    out.bytes.copy(grown, 0, 0, at)
    out.bytes = grown
  }
  return at
}

function writeByte(out: Writer, byte: number): void {
  const at = reserve(out, 1)
  out.bytes[at] = byte
}

function write(out: Writer, value: MsgpackValue): void {
  if (value === null) writeByte(out, 0xc0)
  else if (typeof value === 'boolean') writeByte(out, value ? 0xc3 : 0xc2)
  else if (typeof value === 'number') writeInteger(out, value)
  else if (typeof value === 'string') writeText(out, value)
  else if (value instanceof Uint8Array) writeBytes(out, value)
  else if ('float64' in value) {
    const at = reserve(out, 9)
    out.bytes[at] = 0xcb
    out.bytes.writeDoubleBE(value.float64, at + 1)
  } else {
    writeArrayHead(out, value.length)
    for (const item of value) write(out, item)
  }
}

function writeInteger(out: Writer, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a non-negative integer')
  if (value < 0x80) writeByte(out, value)
  else if (value < 0x100) {
    const at = reserve(out, 2)
    out.bytes[at] = 0xcc
    out.bytes[at + 1] = value
  } else if (value < 0x10000) {
    const at = reserve(out, 3)
    out.bytes[at] = 0xcd
    out.bytes.writeUInt16BE(value, at + 1)
  } else if (value < twoTo32) {
    const at = reserve(out, 5)
    out.bytes[at] = 0xce
    out.bytes.writeUInt32BE(value, at + 1)
  } else {
    const at = reserve(out, 9)
    out.bytes[at] = 0xcf
    out.bytes.writeUInt32BE(Math.floor(value / twoTo32), at + 1)
    out.bytes.writeUInt32BE(value % twoTo32, at + 5)
  }
}

function writeText(out: Writer, value: string): void {
  const size = Buffer.byteLength(value)
  if (size > 255) throw new RangeError('text longer than 255 bytes')
  if (size < 32) writeByte(out, 0xa0 | size)
  else {
    writeByte(out, 0xd9)
    writeByte(out, size)
  }
  const at = reserve(out, size)
  out.bytes.write(value, at, 'utf8')
}

function writeBytes(out: Writer, value: Uint8Array): void {
  if (value.length > 255) throw new RangeError('more than 255 bytes')
  const at = reserve(out, 2 + value.length)
  out.bytes[at] = 0xc4
  out.bytes[at + 1] = value.length
  out.bytes.set(value, at + 2)
}

function writeArrayHead(out: Writer, count: number): void {
  if (count < 16) writeByte(out, 0x90 | count)
  else {
    if (count > 0xffff) throw new RangeError('array longer than 65535')
    const at = reserve(out, 3)
    out.bytes[at] = 0xdc
    out.bytes.writeUInt16BE(count, at + 1)
  }
}

interface Reader {
  readonly bytes: Buffer
  at: number
}

/**
 * Unpacks exactly one value. Throws Malformed on anything else: trailing or missing bytes, other types, longer
 * spellings of a value, text that is not UTF-8, nesting deeper than any payload's. Byte strings are copies of nothing:
 * they point into `bytes`.
 */
export function decodeMsgpack(bytes: Buffer): MsgpackValue {
  const from: Reader = { bytes, at: 0 }
  const value = read(from, 0)
  if (from.at !== bytes.length) throw new Malformed('bytes after the payload')
  return value
}

/** Moves past `count` bytes and returns where they began. */
function take(from: Reader, count: number): number {
  const at = from.at
  if (at + count > from.bytes.length) throw new Malformed('payload ends early')
  from.at = at + count
  return at
}

function read(from: Reader, depth: number): MsgpackValue {
  const head = from.bytes[take(from, 1)] as number
  if (head < 0x80) return head
  if (head >= 0xa0 && head < 0xc0) return readText(from, head & 0x1f)
  if (head >= 0x90 && head < 0xa0) return readArray(from, head & 0x0f, depth)
  switch (head) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4: {
      const size = from.bytes[take(from, 1)] as number
      const at = take(from, size)
      return from.bytes.subarray(at, at + size)
    }
    case 0xcb:
      return { float64: from.bytes.readDoubleBE(take(from, 8)) }
    case 0xcc:
      return atLeast(0x80, from.bytes[take(from, 1)] as number)
    case 0xcd:
      return atLeast(0x100, from.bytes.readUInt16BE(take(from, 2)))
    case 0xce:
      return atLeast(0x10000, from.bytes.readUInt32BE(take(from, 4)))
    case 0xcf: {
      const at = take(from, 8)
      const value = from.bytes.readUInt32BE(at) * twoTo32 + from.bytes.readUInt32BE(at + 4)
      if (!Number.isSafeInteger(value)) throw new Malformed('integer too large')
      return atLeast(twoTo32, value)
    }
    case 0xd9:
      return readText(from, atLeast(32, from.bytes[take(from, 1)] as number))
    case 0xdc:
      return readArray(from, atLeast(16, from.bytes.readUInt16BE(take(from, 2))), depth)
    default:
      throw new Malformed('msgpack type not used by tokens')
  }
}

function atLeast(least: number, value: number): number {
  if (value < least) throw new Malformed('msgpack value not in its shortest form')
  return value
}

function readText(from: Reader, size: number): string {
  const at = take(from, size)
  const text = decodeUtf8(from.bytes.subarray(at, at + size))
  if (text === null) throw new Malformed('text is not UTF-8')
  return text
}

function readArray(from: Reader, count: number, depth: number): MsgpackValue[] {
  if (depth >= maxDepth) throw new Malformed('nested too deep')
  // Every item takes a byte at least: a count the bytes cannot hold ends the reading, and nothing is allocated for it.
  const items: MsgpackValue[] = []
  for (let index = 0; index < count; index++) items.push(read(from, depth + 1))
  return items
}
