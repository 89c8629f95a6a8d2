/**
 * Does a login storm slow validation? The 99th percentile of `GET /v3/auth/tokens` with nothing else going on, and while
 * everybody logs in at once: a hundred times as many logins under way as are hashed at once, by argon2id and by bcrypt with
 * 12 rounds. Beside it bare node:http that hashes as many under the same traffic: what the machine, which also runs the
 * callers and the crowd, leaves of such a ratio.
 */
import { setTimeout as rest } from 'node:timers/promises'
import { type Floor, startFloor } from './kit/floor.ts'
import type { Hash } from './kit/kdf-floor.ts'
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
import { ask, login, manyTokens, passwordBody, revoke, startTokenhouse, type Target } from './kit/target.ts'

const TOKENS = 64
const ROUNDS = 7
const SLICE_MS = 2000
/** Validation at a pace that leaves the machine idle most of the time: 4 callers that rest between questions. */
const CALLERS = 4
const PAUSE_MS = 4
const STORM_CONNECTIONS = 128
const HASHES: readonly Hash[] = ['argon2id', 'bcrypt']

/** One server under test: what the callers ask of it and what the crowd does. */
interface Stormed {
  readonly name: string
  readonly validation: Traffic
  readonly storm: Traffic
  readonly idle: SliceResult[]
  readonly stormy: SliceResult[]
  readonly logins: SliceResult[]
}

/** Two that hash alike, and what takes one of our tokens back. */
interface Pair {
  readonly hash: Hash
  readonly bare: Stormed
  readonly ours: Stormed
  readonly takeOneBack: () => Promise<void>
}

const stormed = (name: string, validation: Traffic, storm: Traffic): Stormed => ({
  name,
  validation,
  storm,
  idle: [],
  stormy: [],
  logins: [],
})

/** A tokenhouse that hashes so, and bare node:http that sends as many bytes and hashes so too. */
async function pairOf(hash: Hash, target: Target, floor: Floor): Promise<Pair> {
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
    leaves: true,
    states: newStates(1),
  }
  const { text } = await ask(target, 'GET', '/auth/tokens', {
    headers: { 'X-Auth-Token': own, 'X-Subject-Token': tokens[0] ?? '' },
  })
  const bare = (method: string, path: string, sent?: string): Uint8Array =>
    requestBytes(method, new URL(floor.url + path), {}, sent)
  const bareValidation: Traffic = {
    ...validation,
    url: floor.url,
    requests: [bare('GET', `/size/${Buffer.byteLength(text)}`)],
    states: newStates(1),
  }
  const bareStorm = { ...storm, url: floor.url, requests: [bare('POST', `/${hash}/200`, body)] }
  return {
    hash,
    bare: stormed(`bare node:http that hashes by ${hash}`, bareValidation, bareStorm),
    ours: stormed(`tokenhouse, ${hash}`, validation, storm),
    takeOneBack: () => revoke(target, own, { token: tokens[7] ?? '', index: 7, states }),
  }
}

const p99 = ({ latenciesMs }: SliceResult): number => percentile(latenciesMs, 0.99)
const ratioOf = ({ idle, stormy }: Stormed): number =>
  median(stormy.map((slice, n) => p99(slice) / p99(idle[n]!)))

const floor = await startFloor()
const callers = createLoad()
const crowd = createLoad()
const targets: Target[] = []
try {
  const pairs: Pair[] = []
  for (const hash of HASHES) {
    const target = await startTokenhouse(['--password-hash', hash])
    targets.push(target)
    pairs.push(await pairOf(hash, target, floor))
  }
  await callers.slice(pairs[0]!.ours.validation, SLICE_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const { bare, ours, takeOneBack } of pairs) {
      for (const each of [bare, ours]) {
        each.idle.push(await callers.slice(each.validation, SLICE_MS))
        const storming = crowd.slice(each.storm, SLICE_MS + 1000)
        await rest(500)
        const measuring = callers.slice(each.validation, SLICE_MS)
        if (each === ours && round === ROUNDS >> 1) await takeOneBack()
        each.stormy.push(await measuring)
        each.logins.push(await storming)
        // The hash that is under way when the crowd leaves ends before the next is measured.
        await rest(500)
      }
    }
  }
  const row = (name: string, slices: readonly SliceResult[]): string[] => [
    name,
    median(slices.map(({ count, seconds }) => count / seconds)).toFixed(0),
    median(slices.map(({ latenciesMs }) => percentile(latenciesMs, 0.5))).toFixed(2),
    median(slices.map(p99)).toFixed(2),
    ...(['falseAccepts', 'falseRejects', 'errors'] as const).map((what) =>
      String(slices.reduce((sum, slice) => sum + slice[what], 0)),
    ),
  ]
  const wrong = pairs
    .flatMap(({ ours }) => [...ours.idle, ...ours.stormy, ...ours.logins])
    .reduce((sum, slice) => sum + slice.falseAccepts + slice.falseRejects + slice.errors, 0)
  report(
    { question: 'Validation in a login storm', setup: `${CALLERS} callers, ${STORM_CONNECTIONS} logging in` },
    [
      ['row', 'req/s', 'p50 ms', 'p99 ms', 'false accepts', 'false rejects', 'errors'],
      ...pairs
        .flatMap(({ bare, ours }) => [bare, ours])
        .flatMap(({ name, idle, stormy, logins }) => [
          row(`${name}: validate, idle`, idle),
          row(`${name}: validate, in the storm`, stormy),
          row(`${name}: the storm itself`, logins),
        ]),
    ],
    [
      ...pairs.map(({ hash, bare, ours }) => ({
        text:
          `${hash}: p99 in the storm at most twice the idle one (${ratioOf(ours).toFixed(2)} times, median of ` +
          `rounds; bare node:http that hashes ${ratioOf(bare).toFixed(2)} times)`,
        reached: ratioOf(ours) <= 2,
      })),
      { text: 'no false accept, no false reject, no error', reached: wrong === 0 },
    ],
  )
} finally {
  await callers.stop()
  await crowd.stop()
  await floor.stop()
  for (const target of targets) await target.stop()
}
