/**
 * How fast is a token validated? `GET /v3/auth/tokens` with both tokens known, against a floor of bare node:http that
 * answers as many bytes; HEAD and `?nocatalog` beside it; `--peer URL` adds another Keystone v3 server.
 */
import { startFloor } from './kit/floor.ts'
import { median, newStates, requestBytes } from './kit/load.ts'
import { measuredTable, noFalseVerdicts, percent, report } from './kit/report.ts'
import { type Measured, type Row, runRounds } from './kit/rounds.ts'
import {
  ask,
  fillCatalog,
  login,
  manyTokens,
  peerFrom,
  revoke,
  startTokenhouse,
  type Target,
} from './kit/target.ts'

const TOKENS = 64
const CONNECTIONS = 8
/** What the real Keystone spends on a validation with its best cache: CPU milliseconds. */
const KEYSTONE_CPU_MS = 23.5

type Kind = { readonly name: string; readonly method: 'GET' | 'HEAD'; readonly query: string }
const KINDS: readonly Kind[] = [
  { name: 'validate', method: 'GET', query: '' },
  { name: 'validate HEAD', method: 'HEAD', query: '' },
  { name: 'validate ?nocatalog', method: 'GET', query: '?nocatalog' },
]

async function rowsOf(
  target: Target,
  kinds: readonly Kind[],
  floorOf: (kind: Kind, size: number) => string | undefined,
): Promise<Row[]> {
  const own = await login(target)
  return Promise.all(
    kinds.map(async (kind): Promise<Row> => {
      const tokens = await manyTokens(target, own, TOKENS)
      const states = newStates(TOKENS)
      const url = new URL(`${target.url}/auth/tokens${kind.query}`)
      const headersFor = (token: string) => ({ 'X-Auth-Token': own, 'X-Subject-Token': token })
      const sample = await ask(target, 'GET', `/auth/tokens${kind.query}`, {
        headers: headersFor(tokens[0] ?? ''),
      })
      const floor = floorOf(kind, Buffer.byteLength(sample.text))
      return {
        name: `${target.name}: ${kind.name}`,
        pids: target.pids,
        ...(floor !== undefined && { floor }),
        traffic: {
          url: target.url,
          requests: tokens.map((token) => requestBytes(kind.method, url, headersFor(token))),
          ok: [200],
          refused: [404],
          bodiless: kind.method === 'HEAD',
          connections: CONNECTIONS,
          awake: true,
          states,
        },
        midway: () => revoke(target, own, { token: tokens[7] ?? '', index: 7, states }),
      }
    }),
  )
}

/** CPU of one row in parts of another's, round by round: what else the machine did hits both sides. */
function costOf(a: Measured | undefined, b: Measured | undefined): number {
  return median((a?.cpuMsByRound ?? []).map((ms, round) => ms / (b?.cpuMsByRound[round] ?? Number.NaN)))
}

const target = await startTokenhouse()
await fillCatalog(target, await login(target))
const floor = await startFloor()
const peer = peerFrom(process.argv)
try {
  let size = 0
  const rows = await rowsOf(target, KINDS, (kind, bytes) => {
    if (kind.name === 'validate') size = bytes
    return 'floor'
  })
  const floorUrl = new URL(`${floor.url}/size/${size}`)
  const sameHeaders = { 'X-Auth-Token': 'x'.repeat(200), 'X-Subject-Token': 'x'.repeat(200) }
  const floorRow: Row = {
    name: 'floor',
    pids: [floor.pid],
    traffic: {
      url: floor.url,
      requests: [requestBytes('GET', floorUrl, sameHeaders)],
      ok: [200],
      refused: [],
      connections: CONNECTIONS,
      awake: true,
      states: newStates(1),
    },
  }
  const peerRows = peer === undefined ? [] : await rowsOf(peer, KINDS.slice(0, 1), () => 'floor')
  const measured = await runRounds([floorRow, ...rows, ...peerRows], { rounds: 41, sliceMs: 400 })
  const [, full, head, bare] = measured
  const goals = [
    { text: 'validate: at least 70 % of the floor', reached: (full?.share ?? 0) >= 0.7 },
    {
      text: `HEAD cheaper than GET (${percent(costOf(head, full))} of its CPU)`,
      reached: costOf(head, full) < 1,
    },
    {
      text: `?nocatalog cheaper than the full answer (${percent(costOf(bare, full))} of its CPU)`,
      reached: costOf(bare, full) < 1,
    },
    {
      text: 'at least 150 times less CPU than Keystone’s 23.5 ms',
      reached: KEYSTONE_CPU_MS / (full?.cpuMs ?? Infinity) >= 150,
    },
    noFalseVerdicts(measured.filter(({ name }) => !name.startsWith('peer'))),
  ]
  report(
    { question: 'Validate', setup: `${size} bytes, ${CONNECTIONS} connections` },
    measuredTable(measured),
    goals,
  )
} finally {
  await floor.stop()
  await target.stop()
}
