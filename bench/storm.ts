/**
 * Does a login storm slow validation? The 99th percentile of `GET /v3/auth/tokens` with nothing else going on, and while
 * everybody logs in at once: more logins under way than the pool of password hashes has places.
 */
import {
  createLoad,
  median,
  newStates,
  percentile,
  requestBytes,
  type SliceResult,
  type Traffic,
} from './kit/load.ts'
import { report } from './kit/report.ts'
import { login, manyTokens, passwordBody, revoke, startTokenhouse } from './kit/target.ts'

const TOKENS = 64
const ROUNDS = 9
const SLICE_MS = 2000
/** Validation at a pace that leaves the machine idle most of the time: 4 callers that rest between questions. */
const CALLERS = 4
const PAUSE_MS = 4
const STORM_CONNECTIONS = 128

const target = await startTokenhouse()
const callers = createLoad()
const crowd = createLoad()
try {
  const own = await login(target)
  const tokens = await manyTokens(target, own, TOKENS)
  const url = new URL(`${target.url}/auth/tokens`)
  const states = newStates(TOKENS)
  const validation: Traffic = {
    url: target.url,
    requests: tokens.map((token) =>
      requestBytes('GET', url, { 'X-Auth-Token': own, 'X-Subject-Token': token }),
    ),
    ok: [200],
    refused: [404],
    connections: CALLERS,
    pauseMs: PAUSE_MS,
    states,
  }
  const storm: Traffic = {
    url: target.url,
    requests: [requestBytes('POST', url, {}, JSON.stringify(passwordBody(target)))],
    // A full pool answers 429 with Retry-After: honest, and no error.
    ok: [201, 429],
    refused: [401],
    connections: STORM_CONNECTIONS,
    pauseMs: 50,
    states: newStates(1),
  }
  const idle: SliceResult[] = []
  const stormy: SliceResult[] = []
  const logins: SliceResult[] = []
  await callers.slice(validation, SLICE_MS)
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(await callers.slice(validation, SLICE_MS))
    const storming = crowd.slice(storm, SLICE_MS + 1000)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const measuring = callers.slice(validation, SLICE_MS)
    if (round === ROUNDS >> 1) await revoke(target, own, { token: tokens[7] ?? '', index: 7, states })
    stormy.push(await measuring)
    logins.push(await storming)
  }
  const p99 = ({ latenciesMs }: SliceResult): number => percentile(latenciesMs, 0.99)
  const ratio = median(stormy.map((slice, n) => p99(slice) / p99(idle[n]!)))
  const row = (name: string, slices: readonly SliceResult[]): string[] => [
    name,
    median(slices.map(({ count, seconds }) => count / seconds)).toFixed(0),
    median(slices.map(({ latenciesMs }) => percentile(latenciesMs, 0.5))).toFixed(2),
    median(slices.map(p99)).toFixed(2),
    ...(['falseAccepts', 'falseRejects', 'errors'] as const).map((what) =>
      String(slices.reduce((sum, slice) => sum + slice[what], 0)),
    ),
  ]
  const wrong = [...idle, ...stormy, ...logins].reduce(
    (sum, slice) => sum + slice.falseAccepts + slice.falseRejects + slice.errors,
    0,
  )
  report(
    `Validation in a login storm (${CALLERS} callers, ${STORM_CONNECTIONS} logging in)`,
    [
      ['row', 'req/s', 'p50 ms', 'p99 ms', 'false accepts', 'false rejects', 'errors'],
      row('validate, idle', idle),
      row('validate, in the storm', stormy),
      row('the storm itself (201 and 429)', logins),
    ],
    [
      {
        text: `p99 in the storm at most twice the idle one (${ratio.toFixed(2)} times, median of rounds)`,
        reached: ratio <= 2,
      },
      { text: 'no false accept, no false reject, no error', reached: wrong === 0 },
    ],
  )
} finally {
  await callers.stop()
  await crowd.stop()
  await target.stop()
}
