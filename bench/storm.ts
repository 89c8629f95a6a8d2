/**
 * Does a login storm slow validation? The 99th percentile of `GET /v3/auth/tokens` with nothing else going on, and while
 * everybody logs in at once: a hundred times as many logins under way as are hashed at once. Beside it bare node:http that
 * hashes as many under the same traffic: what the machine, which also runs the callers and the crowd, leaves of such a ratio.
 */
import { startFloor } from './kit/floor.ts'
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
import { ask, login, manyTokens, passwordBody, revoke, startTokenhouse } from './kit/target.ts'

const TOKENS = 64
const ROUNDS = 9
const SLICE_MS = 2000
/** Validation at a pace that leaves the machine idle most of the time: 4 callers that rest between questions. */
const CALLERS = 4
const PAUSE_MS = 4
const STORM_CONNECTIONS = 128

/** One server under test: what the callers ask of it and what the crowd does. */
interface Stormed {
  readonly name: string
  readonly validation: Traffic
  readonly storm: Traffic
  readonly idle: SliceResult[]
  readonly stormy: SliceResult[]
  readonly logins: SliceResult[]
}

const stormed = (name: string, validation: Traffic, storm: Traffic): Stormed => ({
  name,
  validation,
  storm,
  idle: [],
  stormy: [],
  logins: [],
})

const target = await startTokenhouse()
const floor = await startFloor()
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
  const body = JSON.stringify(passwordBody(target))
  const storm: Traffic = {
    url: target.url,
    requests: [requestBytes('POST', url, {}, body)],
    // A full pool answers 429 with Retry-After: honest, and no error.
    ok: [201, 429],
    refused: [401],
    connections: STORM_CONNECTIONS,
    pauseMs: 50,
    states: newStates(1),
  }
  const { text } = await ask(target, 'GET', '/auth/tokens', {
    headers: { 'X-Auth-Token': own, 'X-Subject-Token': tokens[0] ?? '' },
  })
  const bare = (method: string, path: string, sent?: string): Uint8Array =>
    requestBytes(method, new URL(floor.url + path), {}, sent)
  const ours = stormed('tokenhouse', validation, storm)
  const bareHttp = stormed(
    'bare node:http that hashes',
    {
      ...validation,
      url: floor.url,
      requests: [bare('GET', `/size/${Buffer.byteLength(text)}`)],
      states: newStates(1),
    },
    { ...storm, url: floor.url, requests: [bare('POST', '/argon2id/200', body)] },
  )
  await callers.slice(validation, SLICE_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of [bareHttp, ours]) {
      each.idle.push(await callers.slice(each.validation, SLICE_MS))
      const storming = crowd.slice(each.storm, SLICE_MS + 1000)
      await new Promise((resolve) => setTimeout(resolve, 500))
      const measuring = callers.slice(each.validation, SLICE_MS)
      if (each === ours && round === ROUNDS >> 1)
        await revoke(target, own, { token: tokens[7] ?? '', index: 7, states })
      each.stormy.push(await measuring)
      each.logins.push(await storming)
    }
  }
  const p99 = ({ latenciesMs }: SliceResult): number => percentile(latenciesMs, 0.99)
  const ratioOf = ({ idle, stormy }: Stormed): number =>
    median(stormy.map((slice, n) => p99(slice) / p99(idle[n]!)))
  const row = (name: string, slices: readonly SliceResult[]): string[] => [
    name,
    median(slices.map(({ count, seconds }) => count / seconds)).toFixed(0),
    median(slices.map(({ latenciesMs }) => percentile(latenciesMs, 0.5))).toFixed(2),
    median(slices.map(p99)).toFixed(2),
    ...(['falseAccepts', 'falseRejects', 'errors'] as const).map((what) =>
      String(slices.reduce((sum, slice) => sum + slice[what], 0)),
    ),
  ]
  const wrong = [...ours.idle, ...ours.stormy, ...ours.logins].reduce(
    (sum, slice) => sum + slice.falseAccepts + slice.falseRejects + slice.errors,
    0,
  )
  const ratio = ratioOf(ours)
  report(
    { question: 'Validation in a login storm', setup: `${CALLERS} callers, ${STORM_CONNECTIONS} logging in` },
    [
      ['row', 'req/s', 'p50 ms', 'p99 ms', 'false accepts', 'false rejects', 'errors'],
      ...[bareHttp, ours].flatMap(({ name, idle, stormy, logins }) => [
        row(`${name}: validate, idle`, idle),
        row(`${name}: validate, in the storm`, stormy),
        row(`${name}: the storm itself`, logins),
      ]),
    ],
    [
      {
        text:
          `p99 in the storm at most twice the idle one (${ratio.toFixed(2)} times, median of rounds; ` +
          `bare node:http that hashes ${ratioOf(bareHttp).toFixed(2)} times)`,
        reached: ratio <= 2,
      },
      { text: 'no false accept, no false reject, no error', reached: wrong === 0 },
    ],
  )
} finally {
  await callers.stop()
  await crowd.stop()
  await floor.stop()
  await target.stop()
}
