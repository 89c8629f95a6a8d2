/**
 * `npm run e2e [-- NAMES]`: proves the service with software that nobody here wrote: each folder of e2e/ that has a run.sh,
 * or those named. A run.sh installs what it needs, fails with a non-zero exit, and leaves nothing running.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { cleanEnvironment, root } from './step.ts'

const folder = join(root, 'e2e')
const wanted = process.argv.slice(2)
const names = readdirSync(folder)
  .filter((name) => existsSync(join(folder, name, 'run.sh')))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
const missing = wanted.filter((name) => !names.includes(name))
if (missing.length > 0) console.error(`no e2e/${missing.join('/run.sh, no e2e/')}/run.sh`)

const env = {
  ...cleanEnvironment,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
}
const outcomes = names.map((name) => {
  console.log(`\n== e2e ${name}`)
  const began = performance.now()
  const { status } = spawnSync('bash', [join(folder, name, 'run.sh')], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return { name, passed: status === 0, seconds: Math.round((performance.now() - began) / 1000) }
})

console.log('')
for (const { name, passed, seconds } of outcomes)
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name} (${seconds} s)`)
const failed = outcomes.filter(({ passed }) => !passed).length + missing.length
console.log(`${outcomes.length - failed + missing.length} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
