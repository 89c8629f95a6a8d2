/**
 * Regular expressions of mappings against Python's own `re`: the same patterns are patterns, and each is found in the same
 * texts. Patterns that no automaton decides may be refused here and not there; how many were is told.
 *
 *   node -C development e2e/mapping-diff/patterns.ts [--count 20000] [--seed N] [--python /usr/bin/python3] [--write FILE]
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { searchPattern } from '../../server/src/core/federation/search-pattern.ts'

export type PatternCase = readonly [
  pattern: string,
  texts: readonly string[],
  found: readonly boolean[] | null,
]

/** References, possessive repetition and atomic groups. */
const BEYOND = /\\1|\(\?P=|[*+?}]\+|\(\?>/

/** `same`, `refused` (here, and not by Python, for a reason that is documented) or `differs`. */
export function comparedWithPython([pattern, texts, found]: PatternCase): 'same' | 'refused' | 'differs' {
  const own = searchPattern(pattern)
  if (!own) return found === null ? 'same' : BEYOND.test(pattern) ? 'refused' : 'differs'
  return found !== null && texts.every((text, index) => own.test(text) === found[index]) ? 'same' : 'differs'
}

function main(): void {
  const { values: args } = parseArgs({
    options: {
      count: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      python: { type: 'string', default: '/usr/bin/python3' },
      write: { type: 'string' },
    },
  })
  const judged = spawnSync(args.python, [`${import.meta.dirname}/patterns.py`, args.seed, args.count], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (judged.status !== 0) throw new Error(`the reference cannot run: ${judged.stderr}`)
  const lines = judged.stdout.trimEnd().split('\n')
  const seen = { same: 0, refused: 0, differs: 0 }
  for (const line of lines) {
    const outcome = comparedWithPython(JSON.parse(line) as PatternCase)
    if (outcome === 'differs' && seen.differs < 5) console.log(line)
    seen[outcome]++
  }
  console.log(`seed ${args.seed}: ${lines.length} patterns`, seen)
  if (args.write !== undefined) writeFileSync(args.write, `[\n${lines.join(',\n')}\n]\n`)
  process.exitCode = seen.differs === 0 ? 0 : 1
}

if (import.meta.main) main()
