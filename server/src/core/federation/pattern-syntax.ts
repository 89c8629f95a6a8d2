/**
 * Reads regular expressions in Python's notation (`re`, texts; library reference "Regular Expression Syntax") into a tree.
 * Refused beside what Python refuses: what no automaton decides in linear time (references to groups, conditions on them,
 * possessive repetition and atomic groups) and characters by name.
 */
import {
  type Among,
  type Codes,
  categoryOf,
  characterRange,
  type Flags,
  oneCharacter,
  wordOf,
} from './pattern-characters.ts'

export type PatternNode =
  /** `parts`: how many things a character is held against, where it is not one. */
  | { readonly kind: 'character'; readonly among: Among; readonly parts?: number }
  | { readonly kind: 'at'; readonly holds: (text: Codes, place: number) => boolean }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number }
  | {
      readonly kind: 'look'
      readonly item: PatternNode
      readonly behind: boolean
      readonly negative: boolean
    }

/** Why a text is no pattern, in words. */
export class PatternFault extends Error {}

interface Reader {
  readonly text: readonly string[]
  at: number
  depth: number
  names: Set<string>
}

const DEEPEST = 100
const NEWLINE = 10

const peek = (reader: Reader): string | undefined => reader.text[reader.at]
const fault = (why: string): never => {
  throw new PatternFault(why)
}

function takeIf(reader: Reader, wanted: string): boolean {
  const isNext = [...wanted].every((character, index) => reader.text[reader.at + index] === character)
  if (isNext) reader.at += wanted.length
  return isNext
}

function takeWhile(reader: Reader, isWanted: (character: string) => boolean, most = Infinity): string {
  let taken = ''
  for (
    let next = peek(reader);
    next !== undefined && taken.length < most && isWanted(next);
    next = peek(reader)
  ) {
    taken += next
    reader.at++
  }
  return taken
}

function takeUntil(reader: Reader, end: string): string {
  const taken = takeWhile(reader, (character) => character !== end)
  if (!takeIf(reader, end)) fault(`missing ${end}`)
  return taken
}

/** The tree of a pattern. Throws `PatternFault`. */
export function parsePattern(pattern: string): PatternNode {
  const reader: Reader = { text: Array.from(pattern), at: 0, depth: 0, names: new Set() }
  const flags = globalFlags(reader)
  const tree = choice(reader, flags)
  if (peek(reader) !== undefined) fault('unbalanced parenthesis')
  return tree
}

const NO_FLAGS: Flags = { ignoreCase: false, multiLine: false, dotAll: false, ascii: false, verbose: false }

/** `(?im)` at the very start. */
function globalFlags(reader: Reader): Flags {
  let flags = NO_FLAGS
  for (;;) {
    const before = reader.at
    if (flags.verbose) skipVerbose(reader)
    if (takeIf(reader, '(?#')) {
      takeUntil(reader, ')')
      continue
    }
    const letters = takeIf(reader, '(?') ? takeWhile(reader, (character) => /[a-zA-Z]/.test(character)) : ''
    if (letters === '' || !takeIf(reader, ')')) {
      reader.at = before
      return flags
    }
    flags = withFlags(flags, letters)
  }
}

function withFlags(flags: Flags, add: string, remove = ''): Flags {
  if (!/^[aimsux]*$/.test(add) || !/^[imsx]*$/.test(remove)) fault('unknown flag')
  if ((add.includes('a') && add.includes('u')) || [...remove].some((letter) => add.includes(letter))) {
    fault('flags that exclude each other')
  }
  const turned = (letter: string, before: boolean): boolean =>
    add.includes(letter) || (before && !remove.includes(letter))
  return {
    ignoreCase: turned('i', flags.ignoreCase),
    multiLine: turned('m', flags.multiLine),
    dotAll: turned('s', flags.dotAll),
    verbose: turned('x', flags.verbose),
    ascii: add.includes('a') || (flags.ascii && !add.includes('u')),
  }
}

function choice(reader: Reader, flags: Flags): PatternNode {
  if (++reader.depth > DEEPEST) fault('nested too deep')
  const options = [sequence(reader, flags)]
  while (takeIf(reader, '|')) options.push(sequence(reader, flags))
  reader.depth--
  return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options }
}

function sequence(reader: Reader, flags: Flags): PatternNode {
  const items: PatternNode[] = []
  for (;;) {
    if (flags.verbose) skipVerbose(reader)
    const next = peek(reader)
    if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', items }
    const bounds = repetition(reader)
    if (bounds) {
      const item = items.pop()
      if (!item || item.kind === 'at') return fault('nothing to repeat')
      if (item.kind === 'repeat') return fault('multiple repeat')
      items.push({ kind: 'repeat', item, ...bounds })
    } else {
      const item = atom(reader, flags)
      if (item) items.push(item)
    }
  }
}

function skipVerbose(reader: Reader): void {
  for (;;) {
    takeWhile(reader, (character) => ' \t\n\r\v\f'.includes(character))
    if (!takeIf(reader, '#')) return
    takeWhile(reader, (character) => character !== '\n')
  }
}

const isDigit = (character: string): boolean => character >= '0' && character <= '9'

/** `*`, `+`, `?`, `{2,5}`, lazy or not, which is one for whether there is a match; undefined when none is next. */
function repetition(reader: Reader): { readonly min: number; readonly max: number } | undefined {
  const bounds = takeIf(reader, '*')
    ? { min: 0, max: Infinity }
    : takeIf(reader, '+')
      ? { min: 1, max: Infinity }
      : takeIf(reader, '?')
        ? { min: 0, max: 1 }
        : counted(reader)
  if (!bounds) return undefined
  if (bounds.max < bounds.min) fault('min repeat greater than max repeat')
  if (!takeIf(reader, '?') && takeIf(reader, '+')) fault('possessive repetition')
  return bounds
}

/** Braces that are no repetition stand for themselves. */
function counted(reader: Reader) {
  const before = reader.at
  if (!takeIf(reader, '{') || peek(reader) === '}') {
    reader.at = before
    return undefined
  }
  const low = takeWhile(reader, isDigit)
  const high = takeIf(reader, ',') ? takeWhile(reader, isDigit) : low
  if (!takeIf(reader, '}')) {
    reader.at = before
    return undefined
  }
  return { min: Number(low), max: high === '' ? Infinity : Number(high) }
}

function atom(reader: Reader, flags: Flags): PatternNode | undefined {
  const character = reader.text[reader.at++] ?? ''
  if (character === '(') return group(reader, flags)
  if (character === '[') return bracket(reader, flags)
  if (character === '\\') return escaped(reader, flags)
  if (character === '.') return { kind: 'character', among: (code) => flags.dotAll || code !== NEWLINE }
  if (character === '^') {
    return at((text, place) => place === 0 || (flags.multiLine && text[place - 1] === NEWLINE))
  }
  if (character === '$') {
    return at((text, place) => {
      const left = text.length - place
      return left === 0 || (text[place] === NEWLINE && (left === 1 || flags.multiLine))
    })
  }
  return literal(character.codePointAt(0) ?? 0, flags)
}

const at = (holds: (text: Codes, place: number) => boolean): PatternNode => ({ kind: 'at', holds })
const literal = (code: number, flags: Flags): PatternNode => ({
  kind: 'character',
  among: oneCharacter(code, flags),
})

/** What stands in parentheses, the opening one already read; undefined for a comment. */
function group(reader: Reader, flags: Flags): PatternNode | undefined {
  if (!takeIf(reader, '?')) return closed(reader, flags)
  if (takeIf(reader, '#')) {
    takeUntil(reader, ')')
    return undefined
  }
  if (takeIf(reader, ':')) return closed(reader, flags)
  for (const [mark, behind, negative] of LOOKS) {
    if (takeIf(reader, mark)) return look(closed(reader, flags), behind, negative)
  }
  if (takeIf(reader, 'P<')) {
    const name = takeUntil(reader, '>')
    if (!/^[\p{L}\p{Nl}_][\p{L}\p{N}\p{M}_]*$/u.test(name) || reader.names.has(name)) fault('bad group name')
    reader.names.add(name)
    return closed(reader, flags)
  }
  const letters = takeWhile(reader, (character) => /[a-zA-Z]/.test(character))
  const gone = takeIf(reader, '-') ? takeWhile(reader, (character) => /[a-zA-Z]/.test(character)) : undefined
  if ((letters === '' && !gone) || gone === '' || !takeIf(reader, ':')) {
    return fault('a group of a kind that is not known, or not served')
  }
  return closed(reader, withFlags(flags, letters, gone))
}

const LOOKS = [
  ['=', false, false],
  ['!', false, true],
  ['<=', true, false],
  ['<!', true, true],
] as const

function closed(reader: Reader, flags: Flags): PatternNode {
  const inner = choice(reader, flags)
  if (!takeIf(reader, ')')) fault('missing ), unterminated subpattern')
  // Wrapped, so that repeating a group is never repeating what is in it.
  return { kind: 'choice', options: [inner] }
}

function look(item: PatternNode, behind: boolean, negative: boolean): PatternNode {
  const [least, most] = widthOf(item)
  if (behind && least !== most) fault('look-behind requires fixed-width pattern')
  return { kind: 'look', item, behind, negative }
}

function widthOf(node: PatternNode): readonly [number, number] {
  if (node.kind === 'character') return [1, 1]
  if (node.kind === 'at' || node.kind === 'look') return [0, 0]
  if (node.kind === 'repeat') {
    const [least, most] = widthOf(node.item)
    return [least * node.min, most === 0 || node.max === 0 ? 0 : most * node.max]
  }
  const widths = (node.kind === 'sequence' ? node.items : node.options).map(widthOf)
  if (node.kind === 'choice') {
    return [Math.min(...widths.map(([least]) => least)), Math.max(...widths.map(([, most]) => most))]
  }
  return widths.reduce(([a, b], [least, most]) => [a + least, b + most], [0, 0])
}

function escaped(reader: Reader, flags: Flags): PatternNode {
  const letter = reader.text[reader.at++] ?? fault('bad escape (end of pattern)')
  if (letter === 'A') return at((_text, place) => place === 0)
  if (letter === 'Z') return at((text, place) => place === text.length)
  if (letter === 'b' || letter === 'B') {
    const isWord = wordOf(flags)
    const wordAt = (text: Codes, place: number): boolean => place in text && isWord(text[place] ?? 0)
    // In a text without characters Python finds neither.
    return at((text, place) => {
      if (text.length === 0) return false
      return (wordAt(text, place - 1) !== wordAt(text, place)) === (letter === 'b')
    })
  }
  const among = categoryOf(letter, flags)
  if (among) return { kind: 'character', among }
  if (letter >= '1' && letter <= '9') {
    const digits = reader.text.slice(reader.at - 1, reader.at + 2).join('')
    if (!/^[0-7]{3}$/.test(digits)) return fault('a reference to a group')
    reader.at += 2
    return literal(octal(digits), flags)
  }
  return literal(codeOf(reader, letter), flags)
}

const SINGLE: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** The character an escape stands for, inside brackets and outside; its letter already read. */
function codeOf(reader: Reader, letter: string): number {
  const single = SINGLE[letter]
  if (single !== undefined) return single
  const length = HEX_DIGITS[letter]
  if (length !== undefined) {
    const digits = takeWhile(reader, (character) => /[0-9a-fA-F]/.test(character), length)
    const code = Number.parseInt(digits, 16)
    return digits.length === length && code <= 0x10ffff ? code : fault('incomplete escape')
  }
  if (letter === '0') return octal(`0${takeWhile(reader, (character) => /[0-7]/.test(character), 2)}`)
  if (/[A-Za-z]/.test(letter)) fault(`bad escape \\${letter}`)
  return letter.codePointAt(0) ?? 0
}

function octal(digits: string): number {
  const code = Number.parseInt(digits, 8)
  return code <= 0o377 ? code : fault('octal escape outside of range 0-0o377')
}

/** The characters of `[...]`, the opening bracket already read. */
function bracket(reader: Reader, flags: Flags): PatternNode {
  const negated = takeIf(reader, '^')
  const parts: Among[] = []
  for (let isFirst = true; isFirst || peek(reader) !== ']'; isFirst = false) {
    const from = bracketItem(reader, flags)
    const isRange = peek(reader) === '-' && reader.text[reader.at + 1] !== ']'
    if (!isRange) {
      parts.push(typeof from === 'number' ? oneCharacter(from, flags) : from)
      continue
    }
    reader.at++
    const to = bracketItem(reader, flags)
    if (typeof from !== 'number' || typeof to !== 'number' || to < from) return fault('bad character range')
    parts.push(characterRange(from, to, flags))
  }
  reader.at++
  const among: Among = (code) => parts.some((part) => part(code))
  return { kind: 'character', among: negated ? (code) => !among(code) : among, parts: parts.length }
}

function bracketItem(reader: Reader, flags: Flags): number | Among {
  const character = reader.text[reader.at++] ?? fault('unterminated character set')
  if (character !== '\\') return character.codePointAt(0) ?? 0
  const letter = reader.text[reader.at++] ?? fault('bad escape (end of pattern)')
  const among = categoryOf(letter, flags)
  if (among) return among
  if (letter === 'b') return 8
  if (/[0-7]/.test(letter)) {
    return octal(`${letter}${takeWhile(reader, (next) => /[0-7]/.test(next), 2)}`)
  }
  return isDigit(letter) ? fault(`bad escape \\${letter}`) : codeOf(reader, letter)
}
