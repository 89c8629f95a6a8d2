/** `npm run bench [-- NAME ARGUMENTS]`: runs bench/NAME.ts; without a name lists the questions that bench/ answers. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, runNode } from './step.ts'

const folder = join(root, 'bench')
const [name, ...args] = process.argv.slice(2)
if (name === undefined) {
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (/^[a-z-]+\.ts$/.test(file)) console.log(file.slice(0, -'.ts'.length))
  }
} else if (/^[a-z-]+$/.test(name) && existsSync(join(folder, `${name}.ts`))) {
  // As `npm start` has it.
  const env = { MALLOC_ARENA_MAX: '1' }
  process.exitCode = runNode(['-C', 'development', join(folder, `${name}.ts`), ...args], { env }) ? 0 : 1
} else {
  console.error(`no bench/${name}.ts`)
  process.exitCode = 2
}
