/**
 * The command line: what the user typed becomes one command's run and an exit code: 0 done, 1 failed, 2 called wrongly.
 * Not for doing anything: each command is a file of this folder, listed in commands.ts.
 */
import { Command, CommanderError } from 'commander'
import { describeSettings, loadSettings, SettingsError } from '../config.ts'
import { OperatorError } from '../core/operator-error.ts'
import { Refusal } from '../core/refusal.ts'
import { settingGroups } from '../settings.ts'
import { type CommandRow, type Serve, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { makePrint } from './print.ts'

export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

/** Runs the command that `argv` (without node and program) names. Gives the exit code. */
export async function runCommandLine(
  argv: readonly string[],
  serve: Serve,
  terminal: Terminal,
): Promise<number> {
  let exitCode = 0
  const program = new Command('tokenhouse')
    .description('A token service: Keystone v3, Huawei Cloud IAM, Alibaba RAM and STS on one session core')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(add --help for help)')
    .helpCommand(false)
  for (const row of commands) {
    addCommand(program, row).action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command
      const { json, ...flags } = command.opts<Record<string, string | boolean | undefined>>()
      const own = new Set((row.options ?? []).map(([form]) => optionField(form)))
      const settings = loadSettings({
        flags: pick(flags, (field) => !own.has(field)),
        env: terminal.env,
        cwd: terminal.cwd,
      })
      const print = makePrint(terminal.out, json === true)
      const { run } = await row.load()
      const fine = await run({
        settings,
        args: command.args,
        options: pick(flags, (field) => own.has(field)),
        print,
        serve,
      })
      if (fine === false) exitCode = 1
    })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return tell(error, terminal)
  }
}

/** Every command with its options, for generated documentation. */
export function describeCommands(): readonly { name: string; help: string }[] {
  return commands.map((row) => {
    const program = new Command('tokenhouse')
    const command = addCommand(program, row).configureHelp({ helpWidth: 110 })
    let help = ''
    command
      .configureOutput({
        writeOut: (text) => {
          help += text
        },
      })
      .outputHelp()
    return { name: row.name, help }
  })
}

function addCommand(program: Command, row: CommandRow): Command {
  const words = row.name.split(' ')
  const parent = words.slice(0, -1).reduce((at, _word, i) => family(at, words.slice(0, i + 1)), program)
  const command = parent.command(words.at(-1)!).summary(row.summary).description(sentence(row.summary))
  for (const [form, help] of row.args ?? []) command.argument(form, help)
  for (const [form, help] of row.options ?? []) command.option(form, help)
  if (row.printsData) command.option('--json', 'print JSON')
  command.option('--config <FILE>', 'read settings from a TOML file (TOKENHOUSE_CONFIG)')
  const groups = new Set(['data', ...(row.settings ?? [])])
  for (const { flag, env, group, shape, help, initial } of describeSettings().filter((s) =>
    groups.has(s.group),
  )) {
    const value = shape === 'true|false' ? `[${shape}]` : `<${shape}>`
    command.optionsGroup(`${settingGroups[group]}:`)
    command.option(`${flag} ${value}`, `${help} (${env}${initial === '' ? '' : `, default ${initial}`})`)
  }
  return command.addHelpText(
    'after',
    `\nExamples:\n${row.examples.map((line) => `  $ ${line}`).join('\n')}\n`,
  )
}

/** The parent of `keys list` and `keys rotate`, or of `engine keys export`; alone it shows its help and counts as called wrongly. */
function family(parent: Command, words: readonly string[]): Command {
  const name = words.join(' ')
  const known = parent.commands.find((command) => command.name() === words.at(-1))
  if (known) return known
  const members = commands
    .filter((row) => row.name.startsWith(`${name} `))
    .map((row) => row.name.split(' ')[words.length])
  return parent
    .command(words.at(-1)!)
    .helpCommand(false)
    .description(`${[...new Set(members)].join(', ')}: see tokenhouse ${name} --help`)
}

function tell(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof Error)) throw error
  terminal.err(`tokenhouse: ${error.message}\n`)
  if (error instanceof SettingsError || error instanceof UsageError) return 2
  // What the user can do something about speaks for itself; anything else is for who repairs it.
  if (!isUnderstood(error)) terminal.err(`${error.stack}\n`)
  return 1
}

function isUnderstood(error: Error): boolean {
  if (error instanceof OperatorError || error instanceof Refusal) return true
  const { code } = error as NodeJS.ErrnoException
  // The operating system, SQLite, or a PostgreSQL that has answered.
  return 'syscall' in error || code === 'ERR_SQLITE_ERROR' || 'severity' in error
}

/** `--domain <NAME>` -> `domain`, `--dry-run` -> `dryRun` */
function optionField(form: string): string {
  return /--([a-z-]+)/.exec(form)![1]!.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function pick<V>(record: Readonly<Record<string, V>>, wanted: (name: string) => boolean): Record<string, V> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name)))
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}
