/** A million made-up tokens through one cache, in a thread of its own: the test runner's bookkeeping would be measured too. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import type { CallerIdentity } from '../src/identity.ts'
import { createTokenCheck } from '../src/token-check.ts'

export interface MillionTokens {
  readonly sizes: { readonly valid: number; readonly refused: number; readonly pending: number }
  /** Between the first hundred thousand and the end. */
  readonly grownBytes: number
}

const TOKENS = 1_000_000
const WARM = 100_000

/** Bytes in use once everything that can be collected is. */
function settledHeap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

const identity = { expiresAt: 1 } as CallerIdentity
const tokens = createTokenCheck(
  async (token) =>
    token === 'real' ? { kind: 'valid', token: { identity, accessRules: undefined } } : { kind: 'invalid' },
  { cacheMs: 10_000, cacheSize: 10_000, maxPending: 1000 },
  { wallMs: () => 0, monotonicMs: () => 0 },
)
await tokens.check('real', false)
let warm = 0
for (let n = 0; n < TOKENS; n++) {
  await tokens.check(`made-up-${n}`, false)
  if (n === WARM) warm = settledHeap()
}
parentPort?.postMessage({ sizes: tokens.size(), grownBytes: settledHeap() - warm } satisfies MillionTokens)
