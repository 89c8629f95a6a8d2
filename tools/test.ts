/** `npm test [-- FILES]`: the unit and store tests of every room, or of the files named. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { root, runNode } from './step.ts'

const rooms = ['bin', 'tokens', 'client', 'server', 'tools', 'examples', 'bench']
const everyTest = ['*.test.ts', ...rooms.map((room) => `${room}/**/*.test.ts`)]
const given = process.argv.slice(2)

// One database server for all files; each store test makes a database of its own in it.
const postgres = await startPostgres()
// Each file is a process that loads the same modules: their code is compiled once.
const compiled = join(root, 'node_modules', '.cache', 'compiled-for-tests')
const env = { TEST_POSTGRES_URL: postgres.url, NODE_COMPILE_CACHE: compiled }
const files = given.length > 0 ? given : everyTest
// Node's own choice leaves a core idle, which on two is half of them.
const atOnce = `--test-concurrency=${availableParallelism()}`
process.exitCode = runNode(['-C', 'development', '--test', atOnce, ...files], { env }) ? 0 : 1
await postgres.stop()
