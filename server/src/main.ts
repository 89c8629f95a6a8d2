/**
 * The composition root: the one file that knows every room. It hands the wires to the command line as a function, so that
 * a command that serves nothing loads no wire.
 */
import { runCommandLine } from './cli/program.ts'

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  async (settings, print) => {
    print(`ready http://${settings.host}:${settings.port}/v3`)
  },
  {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
  },
)
