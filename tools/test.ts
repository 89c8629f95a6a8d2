/** `npm test [-- FILES]`: the unit and store tests of every room, or of the files named. */
import { runNode } from './step.ts'

const rooms = ['bin', 'tokens', 'client', 'server', 'tools', 'examples', 'bench']
const everyTest = ['*.test.ts', ...rooms.map((room) => `${room}/**/*.test.ts`)]
const given = process.argv.slice(2)

process.exitCode = runNode(['-C', 'development', '--test', ...(given.length > 0 ? given : everyTest)]) ? 0 : 1
