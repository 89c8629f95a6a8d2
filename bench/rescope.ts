/**
 * How fast is a token exchanged for another? `POST /v3/auth/tokens` with method `token`, against a floor that parses the same body
 * and answers as many bytes; `--peer URL` adds another Keystone v3 server.
 */
import { startFloor } from './kit/floor.ts'
import { newStates, requestBytes } from './kit/load.ts'
import { measuredTable, noFalseVerdicts, report } from './kit/report.ts'
import { type Row, runRounds } from './kit/rounds.ts'
import {
  ask,
  login,
  manyTokens,
  peerFrom,
  rescopeBody,
  revoke,
  startTokenhouse,
  type Target,
} from './kit/target.ts'

const TOKENS = 64
/** So many that what is measured is not how long a disk takes to sync: every answer waits for that. */
const CONNECTIONS = 64
/** What the real Keystone spends on a rescope with its best cache: CPU milliseconds. */
const KEYSTONE_CPU_MS = 14.8

async function rowOf(target: Target): Promise<{ row: Row; body: string; size: number }> {
  const own = await login(target)
  const tokens = await manyTokens(target, own, TOKENS)
  const states = newStates(TOKENS)
  const bodies = tokens.map((token) => JSON.stringify(rescopeBody(target, token)))
  const sample = await ask(target, 'POST', '/auth/tokens', { body: rescopeBody(target, tokens[0] ?? '') })
  const url = new URL(`${target.url}/auth/tokens`)
  const row: Row = {
    name: `${target.name}: rescope`,
    pids: target.pids,
    floor: 'floor (parses the body)',
    traffic: {
      url: target.url,
      requests: bodies.map((body) => requestBytes('POST', url, {}, body)),
      ok: [201],
      refused: [401, 404],
      connections: CONNECTIONS,
      states,
    },
    midway: () => revoke(target, own, { token: tokens[7] ?? '', index: 7, states }),
  }
  return { row, body: bodies[0] ?? '', size: Buffer.byteLength(sample.text) }
}

const target = await startTokenhouse()
const floor = await startFloor()
const peer = peerFrom(process.argv)
try {
  const { row, body, size } = await rowOf(target)
  const floorRow: Row = {
    name: 'floor (parses the body)',
    pids: [floor.pid],
    traffic: {
      url: floor.url,
      requests: [requestBytes('POST', new URL(`${floor.url}/parse/${size}`), {}, body)],
      ok: [201],
      refused: [],
      connections: CONNECTIONS,
      states: newStates(1),
    },
  }
  const peerRows = peer === undefined ? [] : [(await rowOf(peer)).row]
  const measured = await runRounds([floorRow, row, ...peerRows], { rounds: 7, sliceMs: 3000 })
  const ours = measured[1]
  const goals = [
    { text: 'rescope: at least 35 % of the floor', reached: (ours?.share ?? 0) >= 0.35 },
    {
      text: 'at least 60 times less CPU than Keystone’s 14.8 ms',
      reached: KEYSTONE_CPU_MS / (ours?.cpuMs ?? Infinity) >= 60,
    },
    noFalseVerdicts(measured.filter(({ name }) => !name.startsWith('peer'))),
  ]
  report(
    { question: 'Rescope', setup: `${size} bytes, ${CONNECTIONS} connections` },
    measuredTable(measured),
    goals,
  )
} finally {
  await floor.stop()
  await target.stop()
}
