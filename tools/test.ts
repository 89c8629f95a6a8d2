/** `npm test [-- FILES]`: the unit and store tests of every room, or of the files named. */
import { startPostgres } from '../server/src/testing/postgres.ts'
import { runNode } from './step.ts'

const rooms = ['bin', 'tokens', 'client', 'server', 'tools', 'examples', 'bench']
const everyTest = ['*.test.ts', ...rooms.map((room) => `${room}/**/*.test.ts`)]
const given = process.argv.slice(2)

// One database server for all files; each store test makes a database of its own in it.
const postgres = await startPostgres()
const env = { TEST_POSTGRES_URL: postgres.url }
const files = given.length > 0 ? given : everyTest
process.exitCode = runNode(['-C', 'development', '--test', ...files], { env }) ? 0 : 1
await postgres.stop()
