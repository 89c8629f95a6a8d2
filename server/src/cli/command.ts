/** What a command of the command line is: a row that tells about it, and a function that does it. */
import { OperatorError } from '../core/operator-error.ts'
import type { SettingGroup, Settings } from '../settings.ts'

/** Serves until it is told to stop; given by main, the only one that knows the wires. */
export type Serve = (settings: Settings, print: (line: string) => void) => Promise<void>

export interface CommandInput {
  readonly settings: Settings
  /** Positional arguments, in order; missing optional ones are absent. */
  readonly args: readonly string[]
  /** The command's own options, by camelCase name. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly print: Print
  readonly serve: Serve
}

export interface Print {
  /** A line on stdout; not for data. */
  readonly line: (text: string) => void
  /** One thing with named fields, or with --json an object. */
  readonly record: (record: Readonly<Record<string, unknown>>) => void
  /** A text in a format of its own, or with --json the object it was made of. */
  readonly text: (text: string, record: Readonly<Record<string, unknown>>) => void
  /** Things with the same fields, or with --json a list of objects. */
  readonly table: (rows: readonly object[]) => void
  /** A picture made of characters, or with --json the things it shows. */
  readonly picture: (text: string, rows: readonly object[]) => void
}

export interface CommandModule {
  /** Does the command; false when it looked and found fault (exit code 1). Throws what went wrong. */
  readonly run: (input: CommandInput) => Promise<boolean | undefined> | Promise<void>
}

export interface CommandRow {
  /** `version`, or with its family `keys rotate`. */
  readonly name: string
  readonly summary: string
  /** In commander's form: `<file>` is required, `[file]` is not. */
  readonly args?: readonly (readonly [form: string, help: string])[]
  readonly options?: readonly (readonly [form: string, help: string])[]
  /** Groups of settings that matter to it, beside `data`, which every command takes. */
  readonly settings?: readonly SettingGroup[]
  /** It prints data, so it takes --json. */
  readonly printsData?: boolean
  readonly examples: readonly string[]
  readonly load: () => Promise<CommandModule>
}

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {}

/** The command could not do it, for a reason the user understands: exit code 1, without a stack. */
export class CommandError extends OperatorError {}
