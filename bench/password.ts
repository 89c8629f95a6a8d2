/**
 * How fast are logins? `POST /v3/auth/tokens` with a password, against what the password hash alone allows on as many threads
 * as there are cores (`kdf-threads`); argon2id, and bcrypt with 12 rounds. `--peer URL` adds another Keystone v3 server.
 */
import { availableParallelism } from 'node:os'
import { type Hash, type KdfFloor, startKdfFloor } from './kit/kdf-floor.ts'
import {
  createLoad,
  median,
  newStates,
  percentile,
  requestBytes,
  type SliceResult,
  type Traffic,
} from './kit/load.ts'
import { cpuMsOfAll } from './kit/machine.ts'
import { type Goal, percent, report } from './kit/report.ts'
import { login, passwordBody, peerFrom, startTokenhouse, type Target } from './kit/target.ts'

const ROUNDS = 7
/** Long enough for a dozen logins at least. */
const SLICE_MS: Readonly<Record<Hash, number>> = { argon2id: 3000, bcrypt: 8000 }
const CORES = availableParallelism()
/** What the real Keystone spends on a bcrypt-12 login: CPU milliseconds. */
const KEYSTONE_CPU_MS = 295

interface Login {
  readonly target: Target
  readonly hash: Hash
  readonly kdf: KdfFloor
  readonly alone: number[]
  readonly aloneCpuMs: number[]
  readonly slices: (SliceResult & { readonly cpuMs: number })[]
}

function trafficOf(target: Target): Traffic {
  const url = new URL(`${target.url}/auth/tokens`)
  return {
    url: target.url,
    requests: [requestBytes('POST', url, {}, JSON.stringify(passwordBody(target)))],
    ok: [201],
    refused: [401],
    connections: CORES * 2,
    states: newStates(1),
  }
}

const flags = (hash: Hash): string[] => ['--password-hash', hash, '--kdf-threads', String(CORES)]
const peer = peerFrom(process.argv)
const logins: Login[] = []
for (const hash of ['argon2id', 'bcrypt'] as const) {
  logins.push({
    target: await startTokenhouse(flags(hash)),
    hash,
    kdf: startKdfFloor(hash, CORES),
    alone: [],
    aloneCpuMs: [],
    slices: [],
  })
}
if (peer !== undefined) {
  logins.push({
    target: peer,
    hash: 'bcrypt',
    kdf: startKdfFloor('bcrypt', CORES),
    alone: [],
    aloneCpuMs: [],
    slices: [],
  })
}
const load = createLoad()
try {
  for (const { target } of logins) await login(target)
  for (let round = 0; round < ROUNDS; round++) {
    for (const { target, hash, kdf, alone, aloneCpuMs, slices } of logins) {
      const aloneBefore = cpuMsOfAll([kdf.pid])
      const floor = await kdf.slice(SLICE_MS[hash])
      alone.push(floor.count / floor.seconds)
      aloneCpuMs.push((cpuMsOfAll([kdf.pid]) - aloneBefore) / floor.count)
      const cpuBefore = cpuMsOfAll(target.pids)
      const result = await load.slice(trafficOf(target), SLICE_MS[hash])
      const cpuMs =
        target.pids.length === 0 ? Number.NaN : (cpuMsOfAll(target.pids) - cpuBefore) / result.count
      slices.push({ ...result, cpuMs })
    }
  }
  const rows = logins.map(({ target, hash, alone, aloneCpuMs, slices }) => ({
    name: `${target.name}: password ${hash}`,
    alone: median(alone),
    perSecond: median(slices.map(({ count, seconds }) => count / seconds)),
    share: median(slices.map(({ count, seconds }, n) => count / seconds / (alone[n] ?? Number.NaN))),
    p50Ms: median(slices.map(({ latenciesMs }) => percentile(latenciesMs, 0.5))),
    cpuMs: median(slices.map(({ cpuMs }) => cpuMs)),
    aloneCpuMs: median(aloneCpuMs),
    wrong: slices.reduce(
      (sum, { falseAccepts, falseRejects, errors }) => sum + falseAccepts + falseRejects + errors,
      0,
    ),
  }))
  const ours = rows.filter(({ name }) => !name.startsWith('peer'))
  const goals: Goal[] = [
    ...ours.map(({ name, share }) => ({
      text: `${name}: at least 95 % of the hash alone`,
      reached: share >= 0.95,
    })),
    {
      text: 'bcrypt: at least 1.1 times less CPU than Keystone’s 295 ms',
      reached: KEYSTONE_CPU_MS / (ours[1]?.cpuMs ?? Infinity) >= 1.1,
    },
    { text: 'no false reject, no error', reached: ours.every(({ wrong }) => wrong === 0) },
  ]
  report(
    `Password (${CORES} threads, ${CORES * 2} connections)`,
    [
      [
        'row',
        'hash alone/s',
        'logins/s',
        'of the hash',
        'p50 ms',
        'CPU ms/login',
        'CPU ms/hash alone',
        'false rejects and errors',
      ],
      ...rows.map((row) => [
        row.name,
        row.alone.toFixed(1),
        row.perSecond.toFixed(1),
        percent(row.share),
        row.p50Ms.toFixed(0),
        Number.isNaN(row.cpuMs) ? '-' : row.cpuMs.toFixed(1),
        row.aloneCpuMs.toFixed(1),
        String(row.wrong),
      ]),
    ],
    goals,
  )
} finally {
  await load.stop()
  for (const { target, kdf } of logins) {
    await kdf.stop()
    await target.stop()
  }
}
