/** How much memory does it take? Resident memory with 10,000 users, after start, and after 10,000 different tokens were validated, one of which is revoked in the middle. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLoad, newStates, requestBytes, type SliceResult, type Traffic } from './kit/load.ts'
import { memoryOf } from './kit/machine.ts'
import { noFalseVerdicts, report } from './kit/report.ts'
import { ask, login, manyTokens, revoke, startTokenhouse } from './kit/target.ts'

const USERS = 10_000
const TOKENS = 10_000
const GOAL_MB = 150

const dataDir = mkdtempSync(join(tmpdir(), 'tokenhouse-bench-'))
try {
  let target = await startTokenhouse([], dataDir)
  const token = await login(target)
  for (let made = 0; made < USERS; made += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const body = { user: { name: `bench-${made + n}`, domain_id: 'default', enabled: true } }
        const { status, text } = await ask(target, 'POST', '/users', {
          headers: { 'X-Auth-Token': token },
          body,
        })
        if (status !== 201) throw new Error(`no user: ${status} ${text}`)
      }),
    )
  }
  const filled = memoryOf(target.pids[0] ?? 0)
  await target.stop()

  target = await startTokenhouse([], dataDir)
  const pid = target.pids[0] ?? 0
  const started = memoryOf(pid)
  const own = await login(target)
  const tokens = await manyTokens(target, own, TOKENS)
  const url = new URL(`${target.url}/auth/tokens`)
  const load = createLoad()
  const states = newStates(TOKENS)
  const traffic: Traffic = {
    url: target.url,
    requests: tokens.map((subject) =>
      requestBytes('GET', url, { 'X-Auth-Token': own, 'X-Subject-Token': subject }),
    ),
    ok: [200],
    refused: [404],
    connections: 16,
    states,
  }
  const slices: SliceResult[] = []
  const sum = (what: 'count' | 'falseAccepts' | 'falseRejects' | 'errors'): number =>
    slices.reduce((total, slice) => total + slice[what], 0)
  while (sum('count') < TOKENS) slices.push(await load.slice(traffic, 2000))
  const [during] = await Promise.all([
    load.slice(traffic, 2000),
    revoke(target, own, { token: tokens[7] ?? '', index: 7, states }),
  ])
  slices.push(during)
  while (sum('count') < 3 * TOKENS) slices.push(await load.slice(traffic, 2000))
  await load.stop()
  const loaded = memoryOf(pid)
  await target.stop()

  const verdicts = {
    falseAccepts: sum('falseAccepts'),
    falseRejects: sum('falseRejects'),
    errors: sum('errors'),
  }
  const row = (name: string, { nowMb, peakMb }: typeof loaded, judged?: typeof verdicts): string[] => [
    name,
    nowMb.toFixed(0),
    peakMb.toFixed(0),
    ...(judged ? Object.values(judged).map(String) : ['-', '-', '-']),
  ]
  const most = Math.max(filled.peakMb, loaded.peakMb)
  report(
    { question: 'Memory', setup: `${USERS} users` },
    [
      ['row', 'resident MB', 'peak MB', 'false accepts', 'false rejects', 'errors'],
      row(`after ${USERS} users were made`, filled),
      row('started again on that database', started),
      row(`after ${sum('count')} validations of ${TOKENS} tokens`, loaded, verdicts),
    ],
    [
      { text: `at most ${GOAL_MB} MB at any time (${most.toFixed(0)} MB)`, reached: most <= GOAL_MB },
      noFalseVerdicts([verdicts]),
    ],
  )
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
