/**
 * The kinds of value a setting can have: how each is written, and how text becomes a value. Used by settings.ts alone.
 */
import { isIP } from 'node:net'
import { isAbsolute, join, resolve } from 'node:path'

/** Why a text is no value of its kind; continues the sentence that begins with the setting's name. */
export class UnreadableValue extends Error {}

/** `Value` is what reading gives; `Initial` what holds without a value: a value, nothing, or something below the data folder. */
export interface Kind<Value, Initial> {
  /** How help and documentation write the value. */
  readonly shape: string
  readonly initial: Initial
  /** The default in words, where it is computed. */
  readonly initialText?: string
  /** Text to value; relative paths are taken from `folder`. Throws `UnreadableValue`. */
  readonly read: (text: string, folder: string) => Value
}

/** A default that lies in the data folder. */
export type InDataDir = (dataDir: string) => string

export const text = <const I>(initial: I, shape = 'TEXT'): Kind<string, I> => ({
  shape,
  initial,
  read: (given) => given,
})

export const path = <const I>(initial: I): Kind<string, I> => ({
  shape: 'PATH',
  initial,
  read: (given, folder) => resolve(folder, given),
})

export const pathInDataDir = (name: string): Kind<string, InDataDir> => ({
  ...path((dataDir: string) => join(dataDir, name)),
  initialText: `<data-dir>/${name}`,
})

export const databaseUrl = (name: string): Kind<string, InDataDir> => ({
  shape: 'sqlite:PATH|postgres://...',
  initial: (dataDir) => `sqlite:${join(dataDir, name)}`,
  initialText: `sqlite:<data-dir>/${name}`,
  read: (given, folder) => {
    if (/^postgres(ql)?:\/\/./.test(given)) {
      if (isPostgresUrl(given)) return given
      throw new UnreadableValue('is no address of a PostgreSQL')
    }
    const file = /^sqlite:(.+)$/.exec(given)?.[1]
    if (file === undefined) throw new UnreadableValue('must begin with sqlite: or postgres://')
    return file === ':memory:' || isAbsolute(file) ? given : `sqlite:${resolve(folder, file)}`
  },
})

/** As the PostgreSQL driver reads it: blanks may stand, and no host in front of the path means a socket. */
function isPostgresUrl(given: string): boolean {
  const written = given.replaceAll(' ', '%20')
  return URL.canParse(written) || URL.canParse(written.replace('@/', '@socket/'))
}

/** A whole number from `least` to `most`. */
export const integer = <const I>(
  initial: I,
  bounds: { least: number; most?: number; shape?: string },
): Kind<number, I> => ({
  shape: bounds.shape ?? 'NUMBER',
  initial,
  read: (given) => {
    const { least, most = 2 ** 31 - 1 } = bounds
    const value = Number(given)
    if (!/^\d{1,15}$/.test(given) || value < least || value > most) {
      throw new UnreadableValue(
        `must be a whole number from ${least} to ${most}, not ${JSON.stringify(given)}`,
      )
    }
    return value
  },
})

export const seconds = <const I>(initial: I, least = 1): Kind<number, I> =>
  integer(initial, { least, shape: 'SECONDS' })

/** `off` closes the listener; 0 takes any free port. */
export const port = <const I extends number | 'off'>(initial: I): Kind<number | 'off', I> => ({
  shape: 'PORT|0|off',
  initial,
  read: (given) => {
    if (given === 'off') return 'off'
    if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given)
    throw new UnreadableValue(`must be a port, 0 for any free one, or off, not ${JSON.stringify(given)}`)
  },
})

/** Only `true` and `false`: a hopeful `False`, `0` or `no` must not quietly mean its opposite. */
export const truth = (initial: boolean): Kind<boolean, boolean> => ({
  shape: 'true|false',
  initial,
  read: (given) => {
    if (given === 'true' || given === 'false') return given === 'true'
    throw new UnreadableValue(`must be true or false, not ${JSON.stringify(given)}`)
  },
})

export const choice = <const C extends readonly string[]>(
  choices: C,
  initial: C[number],
): Kind<C[number], C[number]> => ({
  shape: choices.join('|'),
  initial,
  read: (given) => {
    if (choices.includes(given)) return given
    throw new UnreadableValue(`must be one of ${choices.join(', ')}, not ${JSON.stringify(given)}`)
  },
})

export const listOf = (
  initial: readonly string[],
  shape: string,
): Kind<readonly string[], readonly string[]> => ({
  shape,
  initial,
  read: (given) =>
    given
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
})

/**
 * Names of authentication methods in the order of their bits. Others than `known` may be among them, whose bits are those of
 * another server's methods, but not alone: nobody could sign in.
 */
export const methodNames = (known: readonly string[]): Kind<readonly string[], readonly string[]> => {
  const list = listOf(known, 'METHOD,...')
  return {
    ...list,
    read: (given, folder) => {
      const names = list.read(given, folder)
      const bad = names.find((name) => !/^[a-z]\w{0,63}$/i.test(name))
      if (bad !== undefined) throw new UnreadableValue(`must be names of methods, not ${JSON.stringify(bad)}`)
      const twice = names.find((name, at) => names.indexOf(name) < at || FIXED_BITS.includes(name))
      if (twice !== undefined) throw new UnreadableValue(`gives ${twice} two bits`)
      if (names.length > MOST_METHODS)
        throw new UnreadableValue(`has no bits for more than ${MOST_METHODS} methods`)
      if (names.some((name) => known.includes(name))) return names
      throw new UnreadableValue(`must name one of ${known.join(', ')}`)
    },
  }
}

const MOST_METHODS = 32
/** Methods that have bits of their own beyond the list's. */
const FIXED_BITS = ['ec2credential', 'oauth2_credential']

/** IP addresses, and networks as ADDRESS/BITS. */
export const networks = (): Kind<readonly string[], readonly string[]> => {
  const list = listOf([], 'ADDRESS,...')
  return {
    ...list,
    read: (given, folder) => {
      const items = list.read(given, folder)
      const bad = items.find((item) => !isNetwork(item))
      if (bad === undefined) return items
      throw new UnreadableValue(`must be addresses or networks (10.0.0.0/8), not ${JSON.stringify(bad)}`)
    },
  }
}

function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  if (most < 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
}

export const httpUrl = <const I>(initial: I): Kind<string, I> => ({
  shape: 'URL',
  initial,
  read: (given) => {
    const url = URL.parse(given)
    if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password) {
      throw new UnreadableValue(
        `must be an http or https address without user, query or fragment, not ${JSON.stringify(given)}`,
      )
    }
    return given.replace(/\/+$/, '')
  },
})

export const regularExpression = <const I>(initial: I): Kind<string, I> => ({
  shape: 'REGEX',
  initial,
  read: (given) => {
    try {
      new RegExp(given)
    } catch (error) {
      throw new UnreadableValue(`is no regular expression: ${(error as Error).message}`)
    }
    return given
  },
})
