/** `npm test [-- FILES]`: the unit and store tests of every room, or of the files named. */
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { root, runNode } from './step.ts'

const rooms = ['bin', 'tokens', 'client', 'server', 'tools', 'examples', 'bench']
const everyTest = ['*.test.ts', ...rooms.map((room) => `${room}/**/*.test.ts`)]
const exclude = ['**/node_modules/**', '**/dist/**']
const given = process.argv.slice(2)
// More at once than there are cores: tests wait for the database and for programs they start.
const atOnce = 2 * availableParallelism()

/**
 * Writes modules that import some of `files` each. A process for each file would load the service almost two hundred times,
 * which took a third of the time of all; a file named by hand has a process of its own.
 */
function dealtOut(files: readonly string[], folder: string): string[] {
  const hands = Array.from({ length: atOnce }, () => '')
  for (const [index, file] of files.entries())
    hands[index % hands.length] += `import ${JSON.stringify(pathToFileURL(join(root, file)).href)}\n`
  return hands.map((imports, index) => {
    const module = join(folder, `${index}.test.mjs`)
    writeFileSync(module, imports)
    return module
  })
}

const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-tests-'))
// One database server for all files; each store test makes a database of its own in it.
const postgres = await startPostgres()
// Processes load the same modules: their code is compiled once.
const compiled = join(root, 'node_modules', '.cache', 'compiled-for-tests')
const env = { TEST_POSTGRES_URL: postgres.url, NODE_COMPILE_CACHE: compiled }
const files = given.length > 0 ? given : dealtOut(globSync(everyTest, { cwd: root, exclude }).sort(), folder)
const args = ['-C', 'development', '--test', `--test-concurrency=${atOnce}`]
process.exitCode = runNode([...args, ...files], { env }) ? 0 : 1
await postgres.stop()
rmSync(folder, { recursive: true })
