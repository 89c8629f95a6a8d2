/**
 * Measuring on a machine that others use too: every row gets a short slice in each round, rows take turns, and what is told is
 * the median over rounds of the ratio to the floor of the *same* round. Noise that lasts longer than a round hits
 * both sides of a ratio.
 */
import { createLoad, median, percentile, type SliceResult, type Traffic } from './load.ts'
import { cpuMsOfAll } from './machine.ts'

export interface Row {
  readonly name: string
  readonly traffic: Traffic
  readonly pids: readonly number[]
  /** Name of the row that this one is compared with; none for a floor. */
  readonly floor?: string
  /** Called once, in the middle of the run, while this row's slice is under way. */
  readonly midway?: () => Promise<void>
}

export interface Measured {
  readonly name: string
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU of the server per request; NaN when its processes are not known. */
  readonly cpuMs: number
  /** Requests per second, of the floor's. */
  readonly share: number
  /** CPU per request of the floor, of this row's. */
  readonly cpuShare: number
  /** CPU per request in each round. */
  readonly cpuMsByRound: readonly number[]
  readonly falseAccepts: number
  readonly falseRejects: number
  readonly errors: number
}

export interface RoundsOptions {
  readonly rounds: number
  readonly sliceMs: number
}

interface Slice extends SliceResult {
  readonly perSecond: number
  readonly cpuMs: number
}

/** Runs all rows round by round. The first round warms up and counts for its false accepts and rejects only. */
export async function runRounds(
  rows: readonly Row[],
  { rounds, sliceMs }: RoundsOptions,
): Promise<Measured[]> {
  const load = createLoad()
  const slices = new Map<string, Slice[]>(rows.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const row of rows) {
      const cpuBefore = cpuMsOfAll(row.pids)
      const acting = round === Math.ceil(rounds / 2) ? soon(row.midway, sliceMs / 2) : undefined
      const [result] = await Promise.all([load.slice(row.traffic, sliceMs), acting])
      const cpuMs = row.pids.length === 0 ? Number.NaN : (cpuMsOfAll(row.pids) - cpuBefore) / result.count
      slices.get(row.name)?.push({ ...result, perSecond: result.count / result.seconds, cpuMs })
    }
  }
  await load.stop()
  return rows.map((row) => summarise(row, slices))
}

async function soon(act: (() => Promise<void>) | undefined, ms: number): Promise<void> {
  if (act === undefined) return
  await new Promise((resolve) => setTimeout(resolve, ms))
  await act()
}

function summarise(row: Row, slices: ReadonlyMap<string, readonly Slice[]>): Measured {
  const all = slices.get(row.name) ?? []
  const warm = all.slice(1)
  const floor = slices.get(row.floor ?? row.name)?.slice(1) ?? []
  const of = (value: (slice: Slice) => number): number => median(warm.map(value))
  const sum = (value: (slice: Slice) => number): number =>
    all.reduce((total, slice) => total + value(slice), 0)
  return {
    name: row.name,
    perSecond: of((slice) => slice.perSecond),
    p50Ms: of((slice) => percentile(slice.latenciesMs, 0.5)),
    p99Ms: of((slice) => percentile(slice.latenciesMs, 0.99)),
    cpuMs: of((slice) => slice.cpuMs),
    share: median(warm.map((slice, n) => slice.perSecond / (floor[n]?.perSecond ?? Number.NaN))),
    cpuShare: median(warm.map((slice, n) => (floor[n]?.cpuMs ?? Number.NaN) / slice.cpuMs)),
    cpuMsByRound: warm.map((slice) => slice.cpuMs),
    falseAccepts: sum((slice) => slice.falseAccepts),
    falseRejects: sum((slice) => slice.falseRejects),
    errors: sum((slice) => slice.errors),
  }
}
