/**
 * Reads the settings: a flag wins over an environment variable, that over the config file, that over the default. What is
 * unknown or malformed is refused by name, never skipped. Not for defining them: that is settings.ts.
 */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { UnreadableValue } from './setting-kinds.ts'
import { type Setting, type SettingGroup, type Settings, settingsTable } from './settings.ts'

export type { Settings } from './settings.ts'

/** A setting that cannot be used: `setting` is its name as the user wrote it. */
export class SettingsError extends Error {
  readonly setting: string
  constructor(setting: string, reason: string) {
    super(`${setting} ${reason}`)
    this.setting = setting
  }
}

export interface SettingsSources {
  /** By field name (`dataDir`), and `config`, as the command line gives them; a flag without a value is `true`. */
  readonly flags?: Readonly<Record<string, string | boolean | undefined>>
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What relative paths of flags and environment are relative to; those in a config file are relative to the file. */
  readonly cwd?: string
}

/** One row of the documentation of settings. */
export interface SettingDescription {
  readonly field: string
  readonly name: string
  readonly flag: string
  readonly env: string
  readonly group: SettingGroup
  readonly shape: string
  readonly help: string
  readonly initial: string
  readonly secret: boolean
}

interface Given {
  readonly text: string
  /** What the user wrote: `--port`, `TOKENHOUSE_PORT`, `port in /etc/tokenhouse.toml`. */
  readonly as: string
  readonly folder: string
}

const rows: ReadonlyMap<string, Setting> = new Map(Object.entries(settingsTable))
const envPrefix = 'TOKENHOUSE_'

/** `dataDir` -> `data-dir`: the name in flags, config files and messages. */
export function settingName(field: string): string {
  return field.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)
}

const envName = (field: string): string => envPrefix + settingName(field).replaceAll('-', '_').toUpperCase()

/**
 * All settings, from where they are given.
 * Throws `SettingsError` for an unknown name, a value that is not of its kind, and a config file that cannot be read.
 */
export function loadSettings(sources: SettingsSources = {}): Settings {
  const { flags = {}, env = {}, cwd = process.cwd() } = sources
  const given = new Map<string, Given>()
  const file = typeof flags['config'] === 'string' ? flags['config'] : env[`${envPrefix}CONFIG`]
  if (file === '') throw new SettingsError('config', 'is empty: name a file or leave it out')
  if (file !== undefined) collectFile(resolve(cwd, file), given)
  collectEnvironment(env, cwd, given)
  collectFlags(flags, cwd, given)

  const values: Record<string, unknown> = {}
  for (const [field, row] of rows) {
    const found = given.get(field)
    // `dataDir` is the table's first row, so that it is known when a later default needs it.
    if (found) values[field] = read(row, found)
    else if (typeof row.initial === 'function') values[field] = row.initial(values['dataDir'])
    else values[field] = field === 'dataDir' ? resolve(cwd, String(row.initial)) : row.initial
  }
  return values as Settings
}

function collectFlags(
  flags: NonNullable<SettingsSources['flags']>,
  folder: string,
  given: Map<string, Given>,
): void {
  for (const [field, value] of Object.entries(flags)) {
    if (value === undefined || field === 'config') continue
    const as = `--${settingName(field)}`
    if (!rows.has(field)) throw unknown(as, field)
    given.set(field, { text: String(value), as, folder })
  }
}

function collectEnvironment(
  env: NonNullable<SettingsSources['env']>,
  folder: string,
  given: Map<string, Given>,
): void {
  const fields = new Map([...rows.keys()].map((field) => [envName(field), field]))
  for (const [as, text] of Object.entries(env)) {
    if (!as.startsWith(envPrefix) || text === undefined || as === `${envPrefix}CONFIG`) continue
    const field = fields.get(as)
    if (field === undefined) throw unknown(as, camelCase(as.slice(envPrefix.length).toLowerCase()))
    given.set(field, { text, as, folder })
  }
}

function collectFile(file: string, given: Map<string, Given>): void {
  for (const [name, value] of Object.entries(parseFile(file))) {
    const as = `${name} in ${file}`
    const field = camelCase(name)
    if (!rows.has(field) || settingName(field) !== name) throw unknown(as, field)
    const text =
      Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(',') : value
    if (!['string', 'number', 'boolean'].includes(typeof text)) {
      throw new SettingsError(as, 'must be a string, a number, true, false or a list of strings')
    }
    given.set(field, { text: String(text), as, folder: dirname(file) })
  }
}

function parseFile(file: string): Record<string, unknown> {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new SettingsError(`config file ${file}`, `cannot be used: ${faultIn(error as Error)}`)
  }
}

/** Why, and where. The parser's message goes on with the lines of the file, which may hold secrets. */
function faultIn(error: Error): string {
  const [reason = ''] = error.message.split('\n')
  return error instanceof TomlError ? `line ${error.line}, column ${error.column}: ${reason}` : reason
}

function read(row: Setting, given: Given): unknown {
  if (given.text === '') throw new SettingsError(given.as, 'is empty: give a value or leave it out')
  if (given.text.includes('\0')) throw new SettingsError(given.as, 'holds a NUL byte')
  try {
    return row.read(given.text, given.folder)
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error
    throw new SettingsError(given.as, row.secret ? `must be ${row.shape}` : error.message)
  }
}

function unknown(as: string, field: string): SettingsError {
  const letters = (name: string) => new Set(name.toLowerCase())
  const near = [...rows.keys()]
    .map((known) => ({
      known,
      shared: letters(known).intersection(letters(field)).size / letters(known).union(letters(field)).size,
    }))
    .toSorted((a, b) => b.shared - a.shared)[0]
  const hint = near && near.shared >= 0.7 ? `; ${settingName(near.known)} is one` : ''
  return new SettingsError(as, `is no setting${hint}`)
}

function camelCase(name: string): string {
  return name.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * Refuses to send passwords and tokens over a network in the clear: an address other than loopback needs TLS, proxies that
 * speak it, or the explicit word of the operator.
 */
export function refusePlainHttp(settings: Settings): void {
  const { host, tlsCert, tlsKey, trustedProxies, insecureHttp } = settings
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new SettingsError(
      tlsCert === undefined ? 'tls-cert' : 'tls-key',
      'is missing: TLS needs both tls-cert and tls-key',
    )
  }
  if (isLoopback(host) || tlsCert !== undefined || trustedProxies.length > 0 || insecureHttp) return
  throw new SettingsError(
    'host',
    `is ${host}, which is not loopback: give tls-cert and tls-key, trusted-proxies, or insecure-http`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** The password an operator chose for the first user, from either setting; undefined when none was. */
export function chosenAdminPassword(settings: Settings): string | undefined {
  const { adminPassword, adminPasswordFile } = settings
  if (adminPasswordFile === undefined) return adminPassword
  if (adminPassword !== undefined)
    throw new SettingsError('admin-password-file', 'and admin-password are both given')
  try {
    const password = readFileSync(adminPasswordFile, 'utf8').replace(/\r?\n$/, '')
    if (password !== '') return password
  } catch (error) {
    throw new SettingsError('admin-password-file', `cannot be read: ${(error as Error).message}`)
  }
  throw new SettingsError('admin-password-file', 'is empty')
}

/** Every setting in the table's order, for documentation and help. */
export function describeSettings(): readonly SettingDescription[] {
  return [...rows].map(([field, row]) => ({
    field,
    name: settingName(field),
    flag: `--${settingName(field)}`,
    env: envName(field),
    group: row.group,
    shape: row.shape,
    help: row.help,
    initial: row.initialText ?? (row.initial === undefined ? '' : String(row.initial)),
    secret: row.secret ?? false,
  }))
}
