/**
 * How fast are logins? `POST /v3/auth/tokens` with a password, against what the password hash alone allows on as many threads
 * as there are cores (`kdf-threads`); argon2id, and bcrypt with 12 rounds. `--peer URL` adds another Keystone v3 server.
 * Beside the logins a few tokens are validated now and then, one of which is revoked in the middle. Bare node:http that
 * hashes tells what a caller and a socket leave of the hash alone on this machine.
 */
import { availableParallelism } from 'node:os'
import { startFloor } from './kit/floor.ts'
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
import { type Goal, noFalseVerdicts, percent, report } from './kit/report.ts'
import {
  login,
  manyTokens,
  passwordBody,
  peerFrom,
  revoke,
  startTokenhouse,
  type Target,
} from './kit/target.ts'

const ROUNDS = 7
/** Long enough for a dozen logins at least. */
const SLICE_MS: Readonly<Record<Hash, number>> = { argon2id: 3000, bcrypt: 8000 }
const CORES = availableParallelism()
const TOKENS = 8
const PAUSE_MS = 50
/** An answer with the catalog of a new service, about. */
const ANSWER_BYTES = 1200
/** What the real Keystone spends on a bcrypt-12 login: CPU milliseconds. */
const KEYSTONE_CPU_MS = 295

interface Validation {
  readonly target: Target
  readonly own: string
  readonly tokens: readonly string[]
  readonly traffic: Traffic
  readonly slices: SliceResult[]
}

interface Login {
  readonly name: string
  readonly pids: readonly number[]
  readonly hash: Hash
  readonly traffic: Traffic
  /** None where there are no tokens. */
  readonly validation?: Validation
  readonly alone: number[]
  readonly aloneCpuMs: number[]
  readonly slices: (SliceResult & { readonly cpuMs: number })[]
}

const nothingYet = (): Pick<Login, 'alone' | 'aloneCpuMs' | 'slices'> => ({
  alone: [],
  aloneCpuMs: [],
  slices: [],
})

async function loginTo(target: Target, hash: Hash): Promise<Login> {
  return {
    name: target.name,
    pids: target.pids,
    hash,
    traffic: trafficOf(`${target.url}/auth/tokens`, JSON.stringify(passwordBody(target))),
    validation: await validationOf(target),
    ...nothingYet(),
  }
}

function trafficOf(url: string, body: string): Traffic {
  return {
    url,
    requests: [requestBytes('POST', new URL(url), {}, body)],
    ok: [201],
    refused: [401],
    connections: CORES * 2,
    states: newStates(1),
  }
}

/** Two callers that rest between questions: too few to be felt, enough to notice a revocation that is not. */
async function validationOf(target: Target): Promise<Validation> {
  const own = await login(target)
  const tokens = await manyTokens(target, own, TOKENS)
  const url = new URL(`${target.url}/auth/tokens`)
  const traffic: Traffic = {
    url: target.url,
    requests: tokens.map((token) =>
      requestBytes('GET', url, { 'X-Auth-Token': own, 'X-Subject-Token': token }),
    ),
    ok: [200],
    refused: [404],
    connections: 2,
    pauseMs: PAUSE_MS,
    states: newStates(TOKENS),
  }
  return { target, own, tokens, traffic, slices: [] }
}

async function revokeOne({ target, own, tokens, traffic }: Validation): Promise<void> {
  await revoke(target, own, { token: tokens[3] ?? '', index: 3, states: traffic.states })
}

/** Validates beside the logins for as long as they last. */
async function validate({ traffic, slices }: Validation, durationMs: number): Promise<void> {
  slices.push(await beside.slice(traffic, durationMs))
}

const HASHES = ['argon2id', 'bcrypt'] as const
const peer = peerFrom(process.argv)
const kdfs: Record<Hash, KdfFloor> = {
  argon2id: startKdfFloor('argon2id', CORES),
  bcrypt: startKdfFloor('bcrypt', CORES),
}
const floor = await startFloor(CORES)
const targets = new Map<Target, Hash>()
for (const hash of HASHES) {
  const flags = ['--password-hash', hash, '--kdf-threads', String(CORES)]
  targets.set(await startTokenhouse(flags), hash)
}
if (peer) targets.set(peer, 'bcrypt')
const load = createLoad()
const beside = createLoad()
try {
  const logins: Login[] = []
  let body = ''
  for (const [target, hash] of targets) {
    logins.push(await loginTo(target, hash))
    body ||= JSON.stringify(passwordBody(target))
  }
  for (const hash of HASHES) {
    logins.push({
      name: 'bare node:http that hashes',
      pids: [floor.pid],
      hash,
      traffic: trafficOf(`${floor.url}/${hash}/${ANSWER_BYTES}`, body),
      ...nothingYet(),
    })
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { pids, hash, traffic, validation, alone, aloneCpuMs, slices } of logins) {
      const kdf = kdfs[hash]
      const aloneBefore = cpuMsOfAll([kdf.pid])
      const { count, seconds } = await kdf.slice(SLICE_MS[hash])
      alone.push(count / seconds)
      aloneCpuMs.push((cpuMsOfAll([kdf.pid]) - aloneBefore) / count)
      const cpuBefore = cpuMsOfAll(pids)
      const [result] = await Promise.all([
        load.slice(traffic, SLICE_MS[hash]),
        validation && validate(validation, SLICE_MS[hash]),
        validation && round === ROUNDS >> 1 ? revokeOne(validation) : undefined,
      ])
      const cpuMs = pids.length === 0 ? Number.NaN : (cpuMsOfAll(pids) - cpuBefore) / result.count
      slices.push({ ...result, cpuMs })
    }
  }
  const rows = logins.map(({ name, hash, validation, alone, aloneCpuMs, slices }) => {
    const all = [...slices, ...(validation?.slices ?? [])]
    const sum = (what: 'falseAccepts' | 'falseRejects' | 'errors'): number =>
      all.reduce((total, slice) => total + slice[what], 0)
    return {
      name: `${name}: password ${hash}`,
      alone: median(alone),
      perSecond: median(slices.map(({ count, seconds }) => count / seconds)),
      share: median(slices.map(({ count, seconds }, n) => count / seconds / (alone[n] ?? Number.NaN))),
      p50Ms: median(slices.map(({ latenciesMs }) => percentile(latenciesMs, 0.5))),
      cpuMs: median(slices.map(({ cpuMs }) => cpuMs)),
      aloneCpuMs: median(aloneCpuMs),
      cpuShare: median(slices.map(({ cpuMs }, n) => (aloneCpuMs[n] ?? Number.NaN) / cpuMs)),
      falseAccepts: sum('falseAccepts'),
      falseRejects: sum('falseRejects'),
      errors: sum('errors'),
    }
  })
  const ours = rows.filter(({ name }) => name.startsWith('tokenhouse'))
  const goals: Goal[] = [
    ...ours.map(({ name, share }) => ({
      text: `${name}: at least 95 % of the hash alone`,
      reached: share >= 0.95,
    })),
    {
      text: 'bcrypt: at least 1.1 times less CPU than Keystone’s 295 ms',
      reached: KEYSTONE_CPU_MS / (ours[1]?.cpuMs ?? Infinity) >= 1.1,
    },
    noFalseVerdicts(ours),
  ]
  report(
    { question: 'Password', setup: `${CORES} threads, ${CORES * 2} connections` },
    [
      [
        'row',
        'hash alone/s',
        'logins/s',
        'of the hash',
        'p50 ms',
        'CPU ms/login',
        'CPU ms/hash alone',
        'of that CPU',
        'false accepts',
        'false rejects',
        'errors',
      ],
      ...rows.map((row) => [
        row.name,
        row.alone.toFixed(1),
        row.perSecond.toFixed(1),
        percent(row.share),
        row.p50Ms.toFixed(0),
        Number.isNaN(row.cpuMs) ? '-' : row.cpuMs.toFixed(1),
        row.aloneCpuMs.toFixed(1),
        percent(row.cpuShare),
        String(row.falseAccepts),
        String(row.falseRejects),
        String(row.errors),
      ]),
    ],
    goals,
  )
} finally {
  await load.stop()
  await beside.stop()
  await floor.stop()
  for (const kdf of Object.values(kdfs)) await kdf.stop()
  for (const target of targets.keys()) await target.stop()
}
