/**
 * The mapping engine against Keystone's own rule processor (Debian's python3-keystone) on random mappings and
 * assertions: the same verdict, user, groups and projects.
 *
 *   node -C development e2e/mapping-diff/run.ts [--count 4000] [--seed N] [--python /usr/bin/python3]
 *   node -C development e2e/mapping-diff/run.ts --count 400 --seed 1 --write server/src/core/federation/vectors/mapping.json
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { casesFrom } from './cases.ts'
import { ours, theirs } from './compare.ts'

const { values: args } = parseArgs({
  options: {
    count: { type: 'string', default: '4000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    python: { type: 'string', default: '/usr/bin/python3' },
    write: { type: 'string' },
  },
})
const cases = casesFrom(Number(args.seed), Number(args.count))
const judged = spawnSync(args.python, [`${import.meta.dirname}/judge.py`], {
  input: cases.map((each) => JSON.stringify(each)).join('\n'),
  encoding: 'utf8',
  maxBuffer: 1 << 28,
})
if (judged.status !== 0) throw new Error(`the reference cannot run: ${judged.stderr}`)
const verdicts = judged.stdout.trimEnd().split('\n')
let failed = 0
const kinds: Record<string, number> = {}
for (const [index, each] of cases.entries()) {
  const expected = theirs(verdicts[index] ?? '')
  const kind = Object.keys(expected ?? { broken: true })[0] ?? ''
  kinds[kind] = (kinds[kind] ?? 0) + 1
  const found = ours(each)
  if (expected === undefined || isDeepStrictEqual(found, expected)) continue
  if (failed++ < 5)
    console.log(JSON.stringify({ ...each, expected, reference: verdicts[index], found }, null, 1))
}
console.log(`seed ${args.seed}: ${cases.length} cases`, kinds, `${failed} differ`)
if (args.write !== undefined) {
  const lines = cases
    .map((each, index) => ({ ...each, expected: theirs(verdicts[index] ?? '') }))
    .filter((each) => each.expected !== undefined)
    .map((each) => JSON.stringify(each))
  writeFileSync(args.write, `[\n${lines.join(',\n')}\n]\n`)
}
process.exitCode = failed === 0 ? 0 : 1
