/**
 * How fast are logins? `POST /v3/auth/tokens` with a password, against what the password hash alone allows on as many threads
 * as there are cores (`kdf-threads`); argon2id, and bcrypt with 12 rounds. `--peer URL` adds another Keystone v3 server.
 * Beside the logins a few tokens are validated now and then, one of which is revoked in the middle.
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
/** What the real Keystone spends on a bcrypt-12 login: CPU milliseconds. */
const KEYSTONE_CPU_MS = 295

interface Validation {
  readonly own: string
  readonly tokens: readonly string[]
  readonly traffic: Traffic
  readonly slices: SliceResult[]
}

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
  return { own, tokens, traffic, slices: [] }
}

async function revokeOne(target: Target, { own, tokens, traffic }: Validation): Promise<void> {
  await revoke(target, own, { token: tokens[3] ?? '', index: 3, states: traffic.states })
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
const beside = createLoad()
try {
  const validations = new Map<Login, Validation>()
  for (const each of logins) validations.set(each, await validationOf(each.target))
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of logins) {
      const { target, hash, kdf, alone, aloneCpuMs, slices } = each
      const validation = validations.get(each)!
      const aloneBefore = cpuMsOfAll([kdf.pid])
      const floor = await kdf.slice(SLICE_MS[hash])
      alone.push(floor.count / floor.seconds)
      aloneCpuMs.push((cpuMsOfAll([kdf.pid]) - aloneBefore) / floor.count)
      const cpuBefore = cpuMsOfAll(target.pids)
      const acting = round === ROUNDS >> 1 ? revokeOne(target, validation) : undefined
      const [result, validated] = await Promise.all([
        load.slice(trafficOf(target), SLICE_MS[hash]),
        beside.slice(validation.traffic, SLICE_MS[hash]),
        acting,
      ])
      validation.slices.push(validated)
      const cpuMs =
        target.pids.length === 0 ? Number.NaN : (cpuMsOfAll(target.pids) - cpuBefore) / result.count
      slices.push({ ...result, cpuMs })
    }
  }
  const rows = logins.map((each) => {
    const { target, hash, alone, aloneCpuMs, slices } = each
    const all = [...slices, ...(validations.get(each)?.slices ?? [])]
    const sum = (what: 'falseAccepts' | 'falseRejects' | 'errors'): number =>
      all.reduce((total, slice) => total + slice[what], 0)
    return {
      name: `${target.name}: password ${hash}`,
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
    noFalseVerdicts(ours),
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
  for (const { target, kdf } of logins) {
    await kdf.stop()
    await target.stop()
  }
}
