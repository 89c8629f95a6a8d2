/** Characters as Python's `re` sees them in texts: code points, classes by Unicode, case by simple mapping. */

/** A text as code points. */
export type Codes = readonly number[]

/** Whether a character is among those meant. */
export type Among = (code: number) => boolean

export interface Flags {
  readonly ignoreCase: boolean
  readonly multiLine: boolean
  readonly dotAll: boolean
  readonly ascii: boolean
  readonly verbose: boolean
}

export function codesOf(text: string): Codes {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
}

const inPattern =
  (pattern: RegExp): Among =>
  (code) =>
    pattern.test(String.fromCodePoint(code))

const WORD = inPattern(/[\p{L}\p{N}_]/u)
const ASCII_WORD = inPattern(/[A-Za-z0-9_]/)
const DIGIT = inPattern(/\p{Nd}/u)
const ASCII_DIGIT = inPattern(/[0-9]/)
const SPACE = inPattern(/[\t-\r\x1c-\x20\x85\p{Z}]/u)
const ASCII_SPACE = inPattern(/[\t-\r ]/)

export function wordOf({ ascii }: Pick<Flags, 'ascii'>): Among {
  return ascii ? ASCII_WORD : WORD
}

/** `\d`, `\D`, `\s`, `\S`, `\w`, `\W`; undefined for other letters. */
export function categoryOf(letter: string, flags: Flags): Among | undefined {
  const lower = letter.toLowerCase()
  const among =
    lower === 'd'
      ? flags.ascii
        ? ASCII_DIGIT
        : DIGIT
      : lower === 's'
        ? flags.ascii
          ? ASCII_SPACE
          : SPACE
        : lower === 'w'
          ? wordOf(flags)
          : undefined
  if (!among || letter === lower) return among
  return (code) => !among(code)
}

const DOTTED_I = 0x130

function mapped(code: number, map: (text: string) => string): number {
  const text = map(String.fromCodePoint(code))
  const single = text.codePointAt(0) ?? code
  return String.fromCodePoint(single) === text ? single : code
}

const upper = (code: number): number => mapped(code, (text) => text.toUpperCase())

/** One of the characters that differ by case alone, the same for all of them. */
function folded(code: number, { ascii }: Flags): number {
  if (code < 0x80 || ascii) return code >= 0x41 && code <= 0x5a ? code + 32 : code
  return code === DOTTED_I ? 0x69 : mapped(upper(code), (text) => text.toLowerCase())
}

export function oneCharacter(wanted: number, flags: Flags): Among {
  if (!flags.ignoreCase) return (code) => code === wanted
  const fold = folded(wanted, flags)
  return (code) => code === wanted || folded(code, flags) === fold
}

export function characterRange(from: number, to: number, flags: Flags): Among {
  const within: Among = (code) => code >= from && code <= to
  if (!flags.ignoreCase) return within
  const isAscii = (code: number): boolean => code < 0x80
  return (code) => {
    if (within(code)) return true
    if (flags.ascii && !isAscii(code)) return false
    const lower = folded(code, flags)
    return within(lower) || within(upper(lower))
  }
}
