/** Values as Python writes them (`['a', "it's"]`): mappings turn lists to text and back in that notation. */

/** A JSON value in Python's notation. */
export function pythonText(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${pythonText(item)}`)
  return `{${entries.join(', ')}}`
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'"
  // Line and paragraph separators, joiners and controls: what Python does not print as it is.
  const inner = text.replace(/[\\\p{C}\p{Z}]/gu, (character) => {
    if (character === ' ') return character
    const code = character.codePointAt(0) ?? 0
    if (code < 0x100) return NAMED[character] ?? `\\x${code.toString(16).padStart(2, '0')}`
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`
  })
  return `${mark}${inner.replaceAll(mark, `\\${mark}`)}${mark}`
}

/** The strings of a list literal (`['a', "b"]`, JSON's too); undefined when the text is none. */
export function readList(text: string): readonly string[] | undefined {
  const trimmed = text.trim()
  if (!trimmed.startsWith('[') || !trimmed.endsWith(']')) return undefined
  const items: string[] = []
  let rest = trimmed.slice(1, -1).trim()
  while (rest !== '') {
    const item = LITERAL.exec(rest)
    if (!item) return undefined
    const value = unquoted(item[1] ?? item[2] ?? '')
    if (value === undefined) return undefined
    items.push(value)
    rest = rest.slice(item[0].length)
    if (rest === '') break
    if (!rest.startsWith(',')) return undefined
    rest = rest.slice(1).trimStart()
  }
  return items
}

const LITERAL = /^(?:'((?:[^'\\\n]|\\[\s\S])*)'|"((?:[^"\\\n]|\\[\s\S])*)")\s*/
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g
const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '/': '/' }

function unquoted(inner: string): string | undefined {
  let isFaulty = false
  const text = inner.replace(ESCAPE, (_whole, x?: string, u?: string, long?: string, other?: string) => {
    const code = Number.parseInt(x ?? u ?? long ?? 'NaN', 16)
    if (code <= 0x10ffff) return String.fromCodePoint(code)
    if (other === undefined || /[0-9xuUN]/.test(other)) {
      isFaulty = true
      return ''
    }
    if (other === '\\' || other === "'" || other === '"') return other
    return LETTERS[other] ?? `\\${other}`
  })
  return isFaulty ? undefined : text
}
