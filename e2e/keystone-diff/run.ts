/**
 * Differential run: the same scripted calls, good and bad, against a reference Keystone and against Tokenhouse, side by
 * side. What is compared: status, Content-Type, Allow, WWW-Authenticate, Vary, Location, presence of the token,
 * receipt and request-id headers, and the parsed body; ids, times, tokens and links by where they first appeared.
 * Lists compare as sets, and leave out what the run did not make. Not for speed and not for concurrency.
 *
 *   node -C development e2e/keystone-diff/run.ts --reference URL --subject URL [--family users,roles] [-v]
 *   node -C development e2e/keystone-diff/run.ts --reference URL --record DIR [--family users]
 *
 * URLs are the servers' roots (a trailing /v3 is dropped). Both need user `admin` (project `admin`, domain `default`);
 * passwords: --reference-password [adminpw], --subject-password [adminpw]. Every remaining difference must have its row
 * in explained.tsv, and every row must still be needed, or the run fails.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Difference, differences, explain, parseExplanations } from './compare.ts'
import { align, setup } from './families/setup.ts'
import { families } from './families.ts'
import { learn, type Memory, newMemory, normalise } from './normalise.ts'
import { recordOf } from './record.ts'
import { routeOf, routes } from './routes.ts'
import { type Answer, perform, type Side } from './side.ts'
import type { Family, Step } from './step.ts'

const { values: args } = parseArgs({
  options: {
    reference: { type: 'string' },
    subject: { type: 'string' },
    family: { type: 'string' },
    record: { type: 'string' },
    'reference-password': { type: 'string', default: 'adminpw' },
    'subject-password': { type: 'string', default: 'adminpw' },
    verbose: { type: 'boolean', short: 'v', default: false },
    list: { type: 'boolean', default: false },
  },
})

type Party = { side: Side; memory: Memory }
type Outcome = { steps: number; found: Difference[]; records: string[] }

const root = (url: string): string => url.replace(/\/+$/, '').replace(/\/v3$/, '')
const newParty = (url: string, password: string, patient: boolean): Party => {
  const tag = `f${randomBytes(4).toString('hex')}`
  return {
    side: { base: root(url), vars: { tag, adminpw: password }, patient },
    memory: newMemory(root(url), tag),
  }
}

/** A step's name in reports and in explained.tsv: `GET /v3/users/{alice} (note)`, numbered when repeated. */
const nameSteps = (steps: readonly Step[]): [string, Step][] => {
  const seen = new Map<string, number>()
  return steps.map((step) => {
    const who = step.as === 'admin' ? '' : ` as ${step.as ?? 'nobody'}`
    const plain = `${step.method} ${step.path}${step.note ? ` (${step.note})` : ''}${who}`
    const count = (seen.get(plain) ?? 0) + 1
    seen.set(plain, count)
    return [count === 1 ? plain : `${plain} #${count}`, step]
  })
}

const play = async (party: Party, step: Step): Promise<Answer> => {
  const answer = await perform(party.side, step)
  for (const name of Object.keys(step.save ?? {})) {
    const value = party.side.vars[name]
    if (value !== undefined) learn(party.memory, name, value)
  }
  return answer
}

const touched = new Set<string>()
const touch = (step: Step, answer: Answer): void => {
  const route = routeOf(answer.sent.path)
  if (route) touched.add(`${step.method} ${route}`)
}

/** Plays one family on the reference and, when there is one, on the subject. */
const playFamily = async (family: Family): Promise<Outcome> => {
  const reference = newParty(args.reference ?? '', args['reference-password'], true)
  const subject = args.subject ? newParty(args.subject, args['subject-password'], false) : undefined
  const outcome: Outcome = { steps: 0, found: [], records: [] }
  for (const [name, step] of nameSteps([...setup, ...family.steps])) {
    const answers = await Promise.all([play(reference, step), subject ? play(subject, step) : undefined])
    touch(step, answers[0])
    outcome.steps += 1
    if (args.record) outcome.records.push(recordOf(name, answers[0]))
    if (!subject || !answers[1]) continue
    const a = normalise(reference.memory, step, answers[0])
    const b = normalise(subject.memory, step, answers[1])
    outcome.found.push(...differences(family.name, name, a, b))
  }
  return outcome
}

/** Whole documents are shown only when asked for. */
const clipped = (text: string): string =>
  args.verbose || text.length <= 300 ? text : `${text.slice(0, 300)}…`

const wanted = args.family?.split(',')
const chosen = families.filter((family) => !wanted || wanted.includes(family.name))

const main = async (): Promise<number> => {
  if (args.list) {
    for (const family of families)
      console.log(`${family.name.padEnd(18)} ${family.steps.length} steps  ${family.about}`)
    return 0
  }
  if (!args.reference || (!args.subject && !args.record)) {
    console.error(
      '--reference URL and one of --subject URL, --record DIR are needed (see the head of run.ts)',
    )
    return 2
  }
  if (wanted && chosen.length !== wanted.length) {
    console.error(`unknown family; one of: ${families.map((family) => family.name).join(' ')}`)
    return 2
  }
  await align(newParty(args.reference, args['reference-password'], true).side)
  const rows = parseExplanations(readFileSync(new URL('explained.tsv', import.meta.url), 'utf8'))
  const used = new Set<number>()
  let passed = 0
  let failed = 0
  for (const family of chosen) {
    const { steps, found, records } = await playFamily(family)
    if (args.record) {
      mkdirSync(args.record, { recursive: true })
      writeFileSync(
        `${args.record}/${family.name}.txt`,
        `# ${family.name}: ${family.about}\n\n${records.join('\n')}`,
      )
    }
    const unexplained = found.filter((difference) => {
      const row = explain(rows, difference)
      if (row) used.add(row.line)
      return !row
    })
    const bad = new Set(unexplained.map((difference) => difference.step))
    passed += steps - bad.size
    failed += bad.size
    console.log(
      `${family.name}: ${steps} steps, ${bad.size} differ${found.length > unexplained.length ? `, ${found.length - unexplained.length} explained differences` : ''}`,
    )
    for (const d of args.verbose ? unexplained : unexplained.slice(0, 40))
      console.log(
        `  ${d.step}\n    ${d.where}\n      reference ${clipped(d.reference)}\n      subject   ${clipped(d.subject)}`,
      )
    if (!args.verbose && unexplained.length > 40)
      console.log(`  … ${unexplained.length - 40} more (-v shows all)`)
  }
  if (args.subject) {
    const inFamilies = rows.filter((row) => !wanted || wanted.includes(row.family))
    for (const row of inFamilies.filter((row) => !used.has(row.line))) {
      failed += 1
      console.log(
        `explained.tsv line ${row.line}: this difference is gone, remove the row (${row.step} ${row.where})`,
      )
    }
  }
  if (!wanted) {
    const missed = routes.flatMap(({ path, methods }) =>
      methods.map((method) => `${method} ${path}`).filter((operation) => !touched.has(operation)),
    )
    for (const operation of missed) console.log(`never called: ${operation}`)
    failed += missed.length
    console.log(`${touched.size} operations called`)
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
