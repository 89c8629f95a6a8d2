import { Malformed } from '../refused.ts'
import { decodeUtf8 } from '../text.ts'

/**
 * A JSON object of UTF-8 bytes, or null: not UTF-8, not JSON, not an object, or an object anywhere in it that names a
 * key twice. RFC 7515 section 4 leaves duplicates to the reader; two readers that choose differently read two tokens,
 * so there is no choosing.
 */
export function parseJsonObject(bytes: Buffer): Record<string, unknown> | null {
  const text = decodeUtf8(bytes)
  if (text === null) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return hasDuplicateKey(text) ? null : (value as Record<string, unknown>)
}

/** Walks a text that is known to be JSON. Keys are compared after their escapes are read: `"\u0061"` is `"a"`. */
function hasDuplicateKey(text: string): boolean {
  const open: (Set<string> | null)[] = []
  let keyNext = false
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
        open.push(new Set())
        keyNext = true
        break
      case '[':
        open.push(null)
        keyNext = false
        break
      case '}':
      case ']':
        open.pop()
        keyNext = false
        break
      case ',':
        keyNext = open.at(-1) !== null
        break
      case '"': {
        const start = at
        at = endOfString(text, at)
        if (!keyNext) break
        const keys = open.at(-1)
        const key = JSON.parse(text.slice(start, at + 1)) as string
        if (keys?.has(key)) return true
        keys?.add(key)
        keyNext = false
      }
    }
  }
  return false
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed('object expected')
  return value as Readonly<Record<string, unknown>>
}

export function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed('array expected')
  return value
}

export function asString(value: unknown): string {
  if (typeof value !== 'string') throw new Malformed('text expected')
  return value
}

export function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw new Malformed('number expected')
  return value
}
