/** `npm run check`: types, lint and format, generated documents, tests. All of them run; the last line says which failed. */
import { runNode, toolOf } from './step.ts'

const colours = process.stdout.isTTY ? [] : ['--colors=off']

const checks: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['types', [toolOf('typescript', 'bin/tsc'), '-p', '.']],
  ['lint', [toolOf('@biomejs/biome', 'bin/biome'), 'check', '.', ...colours]],
  ['documents', ['-C', 'development', 'tools/docs.ts', '--check']],
  ['tests', ['-C', 'development', 'tools/test.ts']],
]

const wanted = process.argv.slice(2)
const chosen = checks.filter(([name]) => wanted.length === 0 || wanted.includes(name))
const failed = chosen.filter(([name, args]) => {
  console.log(`\n== ${name}`)
  return !runNode(args)
})
console.log(
  `\n${chosen.length - failed.length} passed, ${failed.length} failed${failed.map(([name]) => ` ${name}`).join('')}`,
)
process.exitCode = failed.length === 0 ? 0 : 1
