/** How payloads write the values they share: ids and audit ids. */

import type { MsgpackValue } from '../msgpack.ts'
import { Malformed } from '../refused.ts'
import { isText, isUuidHex } from '../text.ts'

export function asArray(value: MsgpackValue | undefined): readonly MsgpackValue[] {
  if (!Array.isArray(value)) throw new Malformed('array expected')
  return value as readonly MsgpackValue[]
}

/** Exactly `count` items. */
export function asTuple(value: MsgpackValue | undefined, count: number): readonly MsgpackValue[] {
  const items = asArray(value)
  if (items.length !== count) throw new Malformed('wrong number of items')
  return items
}

export function asInteger(value: MsgpackValue | undefined): number {
  if (typeof value !== 'number') throw new Malformed('integer expected')
  return value
}

export function asText(value: MsgpackValue | undefined): string {
  if (!isText(value)) throw new Malformed('text expected')
  return value
}

export function asBytes(value: MsgpackValue | undefined): Buffer {
  if (!Buffer.isBuffer(value)) throw new Malformed('bytes expected')
  return value
}

/** 16 bytes for 32 lower-case hex digits, text for any other id. */
export function packCompactId(id: string): MsgpackValue {
  return isUuidHex(id) ? Buffer.from(id, 'hex') : id
}

/** Reads `packCompactId`; text that has a shorter form is refused. */
export function readCompactId(value: MsgpackValue | undefined): string {
  if (Buffer.isBuffer(value)) return bytesToId(value)
  const id = asText(value)
  if (isUuidHex(id)) throw new Malformed('id not in its shortest form')
  return id
}

/** [true, 16 bytes] for 32 lower-case hex digits, [false, text] for any other id, [false, nil] for none. */
export function packId(id: string | undefined): MsgpackValue {
  if (id === undefined) return [false, null]
  return isUuidHex(id) ? [true, Buffer.from(id, 'hex')] : [false, id]
}

/** Reads `packId`; none, and text that has a shorter form, are refused. */
export function readId(value: MsgpackValue): string {
  const [isBytes, id] = asTuple(value, 2)
  if (isBytes === true) return bytesToId(asBytes(id))
  if (isBytes !== false) throw new Malformed('flag expected')
  const text = asText(id)
  if (isUuidHex(text)) throw new Malformed('id not in its shortest form')
  return text
}

export function bytesToId(bytes: Buffer): string {
  if (bytes.length !== 16) throw new Malformed('id of 16 bytes expected')
  return bytes.toString('hex')
}

export function packAuditId(id: string): Buffer {
  return Buffer.from(id, 'base64url')
}

/** Reads `packAuditId`. Other lengths give texts that `claimsFault` refuses. */
export function readAuditId(bytes: Buffer): string {
  return bytes.toString('base64url')
}
