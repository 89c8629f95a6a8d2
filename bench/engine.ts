/**
 * How fast does a session become a token of an engine? The exchange while the engine's token is remembered, against what
 * signing one each time would cost: RS512 with 3072 bits, alone on one core. Every exchange looks at session, import and
 * roles, and writes its audit line.
 */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLoad, median, newStates, percentile, requestBytes, type SliceResult } from './kit/load.ts'
import { cpuMsOfAll } from './kit/machine.ts'
import { noFalseVerdicts, percent, report } from './kit/report.ts'
import { ask, bundle, login, manyTokens, revoke, startTokenhouse } from './kit/target.ts'

const TOKENS = 64
const CONNECTIONS = 8
const ROUNDS = 7
const SLICE_MS = 1000
const BITS = 3072

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: BITS })

/** Signs for a while; signatures a second and CPU milliseconds each. */
function signAlone(): { readonly perSecond: number; readonly cpuMs: number } {
  const data = Buffer.alloc(200, 'a')
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()]
  let count = 0
  for (; performance.now() - began < SLICE_MS; count++) sign('sha512', data, privateKey)
  const cpu = process.cpuUsage(cpuBefore)
  return {
    perSecond: (count * 1000) / (performance.now() - began),
    cpuMs: (cpu.user + cpu.system) / 1000 / count,
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'tokenhouse-bench-'))
const target = await startTokenhouse([], dataDir)
const load = createLoad()
try {
  const command = (...args: readonly string[]) =>
    JSON.parse(
      execFileSync(process.execPath, [bundle, ...args, '--data-dir', dataDir, '--json'], {
        encoding: 'utf8',
      }),
    )
  const { id: engineId, project } = command('engine', 'create', 'bench', '--project', 'admin')
  command('engine', 'import-user', '--engine', 'bench', '--user', 'admin', '--role', 'developer')
  const own = await login(target)
  const tokens = await manyTokens(target, own, TOKENS)
  const url = new URL(`${target.server.faces['huawei']}/v2/${project}/enginemgr/engines/${engineId}/tokens`)
  const states = newStates(TOKENS)
  const traffic = {
    url: url.origin,
    requests: tokens.map((token) => requestBytes('POST', url, { 'X-Auth-Token': token }, '{}')),
    ok: [200],
    refused: [401],
    connections: CONNECTIONS,
    states,
  }
  const probe = await ask({ ...target, url: url.origin }, 'POST', url.pathname, {
    headers: { 'X-Auth-Token': tokens[0] ?? '' },
    body: {},
  })
  if (probe.status !== 200) throw new Error(`no exchange: ${probe.status} ${probe.text}`)
  const alone: ReturnType<typeof signAlone>[] = []
  const slices: (SliceResult & { readonly perSecond: number; readonly cpuMs: number })[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const floor = signAlone()
    const cpuBefore = cpuMsOfAll(target.pids)
    const acting =
      round === ROUNDS >> 1 ? revoke(target, own, { token: tokens[7] ?? '', index: 7, states }) : undefined
    const [result] = await Promise.all([load.slice(traffic, SLICE_MS), acting])
    const cpuMs = (cpuMsOfAll(target.pids) - cpuBefore) / result.count
    // The first round warms up.
    if (round === 0) continue
    alone.push(floor)
    slices.push({ ...result, cpuMs, perSecond: result.count / result.seconds })
  }
  const sum = (what: 'falseAccepts' | 'falseRejects' | 'errors'): number =>
    slices.reduce((total, slice) => total + slice[what], 0)
  const row = {
    alone: median(alone.map(({ perSecond }) => perSecond)),
    aloneCpuMs: median(alone.map(({ cpuMs }) => cpuMs)),
    perSecond: median(slices.map(({ perSecond }) => perSecond)),
    p50Ms: median(slices.map(({ latenciesMs }) => percentile(latenciesMs, 0.5))),
    cpuMs: median(slices.map(({ cpuMs }) => cpuMs)),
    cpuShare: median(slices.map(({ cpuMs }, n) => (alone[n]?.cpuMs ?? Number.NaN) / cpuMs)),
    falseAccepts: sum('falseAccepts'),
    falseRejects: sum('falseRejects'),
    errors: sum('errors'),
  }
  report(
    { question: "Exchange for an engine's token", setup: `RSA ${BITS}, ${CONNECTIONS} connections` },
    [
      [
        'row',
        'signatures alone/s',
        'exchanges/s',
        'p50 ms',
        'CPU ms/signature',
        'CPU ms/exchange',
        'of that CPU',
        'false accepts',
        'false rejects',
        'errors',
      ],
      [
        `${target.name}: exchange, remembered`,
        row.alone.toFixed(0),
        row.perSecond.toFixed(0),
        row.p50Ms.toFixed(2),
        row.aloneCpuMs.toFixed(2),
        row.cpuMs.toFixed(2),
        percent(row.cpuShare),
        String(row.falseAccepts),
        String(row.falseRejects),
        String(row.errors),
      ],
    ],
    [
      {
        text: 'an exchange costs at most two thirds of the CPU of a signature',
        reached: row.cpuShare >= 1.5,
      },
      noFalseVerdicts([row]),
    ],
  )
} finally {
  await load.stop()
  await target.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
