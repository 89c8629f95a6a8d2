/** How the tools of the day run other programs: on this Node, in the repository, with its output shown. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'

export const root = dirname(import.meta.dirname)

/** The environment without the settings of whoever called: a test must not see another person's TOKENHOUSE_DATABASE_URL. */
export const cleanEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('TOKENHOUSE_')),
)

/** Runs Node with `args` in the repository or in `cwd`, `env` on top of the clean environment; true when it exits 0. */
export function runNode(
  args: readonly string[],
  { cwd = root, env = {} }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): boolean {
  const options = { cwd, env: { ...cleanEnvironment, ...env }, stdio: 'inherit' } as const
  return spawnSync(process.execPath, args, options).status === 0
}

/** A program of an installed package, as arguments for Node: `toolOf('typescript', 'bin/tsc')`. */
export function toolOf(packageName: string, file: string): string {
  return join(root, 'node_modules', ...packageName.split('/'), ...file.split('/'))
}
