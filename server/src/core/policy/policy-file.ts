/**
 * The operator's policy file: JSON, or the flat part of YAML that oslo.policy's files are written in.
 *
 *   # a comment
 *   "identity:list_users": "rule:admin_required or
 *       role:auditor"                                     a quoted or plain text, continued on indented lines
 *   identity:get_region: ""                               names may be plain too
 *   'identity:create_user': [["role:admin"], ["role:hr"]] the older lists, in brackets
 *
 * Anything else of YAML is refused, with the line: anchors, tags, block texts, block lists, documents. So are texts that
 * mean something else in YAML than they say: a plain `!` is a tag and an empty text, which admits everybody, and a
 * missing value is null, which oslo.policy takes for "everybody" as well. A name given twice is refused; YAML would take
 * the last.
 */

import { type CheckSource, PolicyError } from './check.ts'

/** One entry of the file. */
export interface Override {
  readonly name: string
  readonly check: CheckSource
  /** Counted from 1. */
  readonly line: number
}

const MAX_LENGTH = 1_048_576
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
])

interface Reader {
  readonly text: string
  at: number
}

/** Reads the text of a policy file. Throws PolicyError, naming the line, for what is not understood. */
export function parsePolicyFile(text: string): readonly Override[] {
  if (text.length > MAX_LENGTH) throw new PolicyError(`is longer than ${MAX_LENGTH} characters`)
  const reader: Reader = { text: text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'), at: 0 }
  const entries = /^\s*\{/.test(reader.text) ? readJson(reader) : readYaml(reader)
  const lines = new Map<string, number>()
  for (const { name, line } of entries) {
    const earlier = lines.get(name)
    if (earlier !== undefined)
      throw new PolicyError(`is given on line ${earlier} already`, { rule: name, line })
    lines.set(name, line)
  }
  return entries
}

function fail(reader: Reader, problem: string, at = reader.at): never {
  throw new PolicyError(problem, { line: lineAt(reader, at) })
}

function lineAt({ text }: Reader, at: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line += 1
  return line
}

/** Passes over what the pattern (sticky) matches at the place reached, and gives it; '' when it does not. */
function take(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)?.[0] ?? ''
  reader.at += found.length
  return found
}

const SPACE = /\s*/y
const BLANK_LINES = /(?:[ ]*(?:#[^\n]*)?\n)*(?:[ ]*(?:#[^\n]*)?$)?/y
const REST_OF_LINE = /[ ]*(?:[ ]#[^\n]*)?(?:\n|$)/y

function readJson(reader: Reader): readonly Override[] {
  const entries: Override[] = []
  const expect = (character: string): void => {
    take(reader, SPACE)
    if (reader.text[reader.at] !== character) fail(reader, `${character} is expected`)
    reader.at += 1
    take(reader, SPACE)
  }
  expect('{')
  while (reader.text[reader.at] !== '}') {
    if (entries.length > 0) expect(',')
    const line = lineAt(reader, reader.at)
    const name = readQuoted(reader) ?? fail(reader, 'a name in double quotes is expected')
    expect(':')
    entries.push({ name, line, check: readQuoted(reader) ?? readList(reader) })
    take(reader, SPACE)
  }
  reader.at += 1
  take(reader, SPACE)
  if (reader.at < reader.text.length) fail(reader, 'nothing is expected after }')
  return entries
}

function readYaml(reader: Reader): readonly Override[] {
  const entries: Override[] = []
  take(reader, BLANK_LINES)
  take(reader, /---[ ]*(?:\n|$)/y)
  take(reader, BLANK_LINES)
  while (reader.at < reader.text.length) {
    const line = lineAt(reader, reader.at)
    const name = readQuoted(reader) ?? readPlainName(reader)
    if (take(reader, /[ ]*:(?=[ \n]|$)[ ]*/y) === '')
      fail(reader, 'a colon and a space are expected after the name')
    // A long value may begin on the next line, indented.
    take(reader, /(?:#[^\n]*)?\n[ ]+(?=[^ \n#])/y)
    const quoted = readQuoted(reader)
    if (quoted === undefined && reader.text[reader.at] !== '[') {
      entries.push({ name, line, check: readPlainText(reader) })
    } else {
      entries.push({ name, line, check: quoted ?? readList(reader) })
      const end = reader.at
      take(reader, REST_OF_LINE)
      if (reader.at === end && end < reader.text.length) fail(reader, 'nothing is expected after the value')
    }
    take(reader, BLANK_LINES)
  }
  return entries
}

function readPlainName(reader: Reader): string {
  if (reader.text[reader.at] === ' ') return fail(reader, 'an entry must not be indented')
  const name = take(reader, /[A-Za-z_](?:[\w.-]|:(?![ \n]|$))*/y)
  return name === '' ? fail(reader, 'a name is expected; other forms of YAML are not read') : name
}

/** A plain text to the end of its line, and of the indented lines after it. */
function readPlainText(reader: Reader): string {
  const start = reader.at
  const lines: string[] = []
  do {
    const line = take(reader, /[^\n]*(?:\n|$)/y)
    lines.push(line.replace(/(?:^|\s)#.*$/s, '').trim())
  } while (/^[ ]+[^ \n#]/.test(reader.text.slice(reader.at, reader.at + 200)))
  const text = lines.filter((line) => line !== '').join(' ')
  if (text === '') return fail(reader, 'a value is missing; write "" or "@" to admit everybody', start)
  if (/^(?:true|false|yes|no|on|off|null|~|[-+.]?\d.*)$/i.test(text)) {
    return fail(reader, `${text} is no text; put it in quotes`, start)
  }
  if (/^[^A-Za-z_(]/.test(text) || /: |:$/.test(text)) {
    return fail(
      reader,
      `${JSON.stringify(text)} must be in quotes, or is a form of YAML that is not read`,
      start,
    )
  }
  return text
}

/** A text in double or single quotes; undefined when none begins here. Line ends inside become one space. */
function readQuoted(reader: Reader): string | undefined {
  const quote = reader.text[reader.at]
  if (quote !== '"' && quote !== "'") return undefined
  const start = reader.at
  reader.at += 1
  let text = ''
  for (;;) {
    const character = reader.text[reader.at]
    if (character === undefined) return fail(reader, `a text lacks its closing ${quote}`, start)
    reader.at += 1
    if (character === '\n') {
      if (take(reader, /[ ]+(?=[^ \n])/y) === '') fail(reader, `a text lacks its closing ${quote}`, start)
      text = `${text.replace(/[ ]+$/, '')} `
    } else if (quote === '"' && character === '\\') text += readEscape(reader)
    else if (character !== quote) text += character
    else if (quote === "'" && reader.text[reader.at] === "'") {
      text += quote
      reader.at += 1
    } else return text
  }
}

function readEscape(reader: Reader): string {
  const letter = take(reader, /[^\n]/y)
  if (letter === 'u') {
    const code = take(reader, /[0-9A-Fa-f]{4}/y)
    return code === ''
      ? fail(reader, 'four hexadecimal digits are expected after \\u')
      : String.fromCharCode(parseInt(code, 16))
  }
  return ESCAPES.get(letter) ?? fail(reader, `\\${letter} is not known`)
}

/** `["…", ["…", "…"]]`: texts in quotes, and lists of them. */
function readList(reader: Reader): readonly (string | readonly string[])[] {
  return readBracketed(reader, () => readQuoted(reader) ?? readTexts(reader))
}

function readTexts(reader: Reader): readonly string[] {
  return readBracketed(reader, () => readQuoted(reader) ?? fail(reader, 'a text in quotes is expected'))
}

function readBracketed<T>(reader: Reader, member: () => T): readonly T[] {
  if (reader.text[reader.at] !== '[')
    return fail(reader, 'a text in quotes or a list in brackets is expected')
  reader.at += 1
  const members: T[] = []
  take(reader, SPACE)
  while (reader.text[reader.at] !== ']') {
    if (members.length > 0 && take(reader, /,\s*/y) === '') fail(reader, ', or ] is expected')
    members.push(member())
    take(reader, SPACE)
  }
  reader.at += 1
  return members
}
