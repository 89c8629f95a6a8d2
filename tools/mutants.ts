/**
 * `npm run mutants [-- FILE]`: takes each guard of guards.ts out of a copy of the repository and runs the tests that must
 * notice. A guard whose absence no test notices is protected by nothing: it is printed, and the run fails.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Guard, guards } from './guards.ts'
import { cleanEnvironment, root } from './step.ts'

/** Tests that wait for what a guard would have refused do not pass either. */
const PATIENCE_MS = 180_000

const wanted = process.argv[2]
const chosen = guards.filter(({ file }) => wanted === undefined || file.startsWith(wanted))
/** Tests that have passed with every guard in place. */
const sound = new Set<string>()
const copy = mkdtempSync(join(tmpdir(), 'tokenhouse-mutants-'))
try {
  copyRepository()
  const alive = chosen.filter((guard) => {
    const noticed = isNoticed(guard)
    console.log(`${noticed ? 'noticed' : 'NOT NOTICED'}  ${guard.file}  ${guard.code}`)
    return !noticed
  })
  console.log(`${chosen.length - alive.length} passed, ${alive.length} failed`)
  process.exitCode = alive.length === 0 ? 0 : 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}

/** Copies what git knows or would add, with the installed packages linked and the workspaces pointing into the copy. */
function copyRepository(): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const file of files.split('\n').filter((name) => name !== ''))
    cpSync(join(root, file), join(copy, file))
  const modules = join(copy, 'node_modules')
  mkdirSync(join(modules, '@tokenhouse'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.includes('tokenhouse')) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const name of ['tokens', 'client']) symlinkSync(join(copy, name), join(modules, '@tokenhouse', name))
}

/** True when the tests pass with the guard's file as it is and fail without the guard. */
function isNoticed(guard: Guard): boolean {
  const file = join(copy, guard.file)
  const whole = readFileSync(file, 'utf8')
  if (whole.split(guard.code).length !== 2) throw new Error(`${guard.file} does not hold once: ${guard.code}`)
  if (!sound.has(guard.tests) && !testsPass(guard.tests))
    throw new Error(`${guard.tests} fails with every guard in place`)
  sound.add(guard.tests)
  writeFileSync(
    file,
    whole.replace(guard.code, () => guard.without),
  )
  try {
    return !testsPass(guard.tests)
  } finally {
    writeFileSync(file, whole)
  }
}

function testsPass(tests: string): boolean {
  const args = ['-C', 'development', '--test', tests]
  const how = { cwd: copy, env: cleanEnvironment, stdio: 'ignore', timeout: PATIENCE_MS } as const
  return spawnSync(process.execPath, args, how).status === 0
}
