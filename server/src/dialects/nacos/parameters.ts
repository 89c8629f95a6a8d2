/** Parameters of Nacos and ACM requests: query and form together, each name once. */
import { refuse } from '../../core/refusal.ts'
import type { Incoming } from '../../http/operation.ts'
import { fromGbk } from './gbk.ts'

export type Parameters = ReadonlyMap<string, string>

/** Many more than any operation takes. To read what a body has room for takes a tenth of a second, before anybody proved a key. */
const MOST = 256

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the query and a form body, in the body's charset (UTF-8 or GBK). Refuses a name that comes twice: what is checked
 * and what is acted on must be one value; and more names than any operation takes.
 */
export function readParameters({ url, headers, rawBody }: Incoming): Parameters {
  const decode = /charset\s*=\s*"?gbk/i.test(headers['content-type'] ?? '') ? fromGbk : utf8.decode.bind(utf8)
  const at = url.indexOf('?')
  const parts = [at === -1 ? '' : url.slice(at + 1), rawBody.toString('latin1')]
  const pairs = parts.flatMap((part) => part.split('&')).filter((part) => part !== '')
  if (pairs.length > MOST) refuse('bad_request', `${pairs.length} parameters`)
  const read = new Map<string, string>()
  for (const pair of pairs) {
    const cut = pair.indexOf('=')
    const name = decoded(cut === -1 ? pair : pair.slice(0, cut), decode)
    if (read.has(name)) refuse('bad_request', 'a parameter is given twice')
    read.set(name, decoded(cut === -1 ? '' : pair.slice(cut + 1), decode))
  }
  return read
}

function decoded(text: string, decode: (bytes: Uint8Array) => string): string {
  const bytes = Buffer.from(
    text
      .replaceAll('+', ' ')
      .replace(/%([0-9a-fA-F]{2})?/g, (_whole, digits?: string) =>
        digits === undefined
          ? refuse('bad_request', 'percent encoding')
          : String.fromCharCode(Number.parseInt(digits, 16)),
      ),
    'latin1',
  )
  let value: string
  try {
    value = decode(bytes)
  } catch {
    return refuse('bad_request', 'charset')
  }
  return value.includes('\0') ? refuse('bad_request', 'NUL in a parameter') : value
}

/** The characters of data ids, groups and names of services, as Nacos checks them. */
const NAME = /^[a-zA-Z0-9_.:-]{1,256}$/

/** A parameter that names something. Refuses `bad_request` when it is missing or holds other characters. */
export function nameOf(parameters: Parameters, name: string, pattern = NAME): string {
  const value = parameters.get(name) ?? ''
  if (!pattern.test(value))
    refuse('bad_request', `parameter ${name}`, { message: `Param '${name}' is illegal.` })
  return value
}
