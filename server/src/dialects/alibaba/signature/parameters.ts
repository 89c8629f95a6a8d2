/** Parameters as requests carry them: in the query, in a form body, or in both. */
import { invalidParameter, refuseGateway } from '../errors.ts'

export type Parameters = Readonly<Record<string, string>>

/** `bare`: sent as `name`, without an equals sign. */
export type Pair = readonly [name: string, value: string, bare?: boolean]

/** RFC 3986: only letters, digits and `-_.~` stay as they are. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Many more than any operation takes. To sort and encode what a body has room for takes a tenth of a second. */
const MOST_PAIRS = 256

/**
 * The pairs of a query or a form, decoded; `+` is a space. Refuses `InvalidParameter` for what does not decode, and for
 * more than any operation takes: nobody has signed in yet.
 */
export function pairsOf(encoded: string): readonly Pair[] {
  const pairs = encoded.split('&').filter((pair) => pair !== '')
  if (pairs.length > MOST_PAIRS) refuseGateway('InvalidParameter', `${pairs.length} parameters`)
  return pairs.map((pair) => {
    const equals = pair.indexOf('=')
    return equals === -1
      ? [decoded(pair), '', true]
      : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))]
  })
}

function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text.replaceAll('+', '%20'))
    if (!plain.includes('\0')) return plain
  } catch {
    // Told below.
  }
  return refuseGateway('InvalidParameter', 'a parameter does not decode')
}

/**
 * The pairs by name. Refuses a name that comes twice: which of the two counts is a question that two programs on a
 * request's way answer differently.
 */
export function byName(pairs: readonly Pair[]): Parameters {
  const parameters: Record<string, string> = Object.create(null)
  for (const [name, value] of pairs) {
    if (name in parameters) invalidParameter(name.slice(0, 64), 'is given more than once')
    parameters[name] = value
  }
  return parameters
}

/** In order of name, then value, by code unit. */
export function sorted(pairs: readonly Pair[]): readonly Pair[] {
  return [...pairs].sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
