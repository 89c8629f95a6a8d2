/**
 * Numbers for Prometheus, in its text format 0.0.4. Counted in memory, written out when asked; labels come from code
 * (operation ids, face names, status codes), never from a request, so their number is bounded.
 */

/** Upper bounds of the duration buckets, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export interface Finished {
  readonly operation: string
  readonly status: number
  readonly ms: number
}

export interface RequestMetrics {
  readonly observe: (face: string, finished: Finished) => void
  /** A request that ended in a fault of ours. */
  readonly fault: (face: string) => void
  readonly render: () => string
}

/** A number as it is at the moment of asking. */
export interface Gauge {
  readonly name: string
  readonly help: string
  readonly kind: 'gauge' | 'counter'
  readonly value: () => number
}

interface Series {
  readonly face: string
  readonly operation: string
  readonly statuses: Map<number, number>
  seconds: number
  /** How many took longer than the bound before, but not than this one; the last has no bound. */
  readonly buckets: number[]
}

export function requestMetrics(): RequestMetrics {
  const faces = new Map<string, Map<string, Series>>()
  const faults = new Map<string, number>()

  const seriesOf = (face: string, operation: string): Series => {
    const operations = faces.get(face) ?? new Map<string, Series>()
    faces.set(face, operations)
    const made = {
      face,
      operation,
      statuses: new Map(),
      seconds: 0,
      buckets: new Array(BUCKETS.length + 1).fill(0),
    }
    operations.set(operation, made)
    return made
  }

  return {
    observe: (face, { operation, status, ms }) => {
      const series = faces.get(face)?.get(operation) ?? seriesOf(face, operation)
      series.statuses.set(status, (series.statuses.get(status) ?? 0) + 1)
      const seconds = ms / 1000
      series.seconds += seconds
      let at = 0
      while (at < BUCKETS.length && seconds > BUCKETS[at]!) at++
      series.buckets[at]! += 1
    },
    fault: (face) => faults.set(face, (faults.get(face) ?? 0) + 1),
    render: () => {
      const all = [...faces.values()].flatMap((operations) => [...operations.values()])
      return [
        ...family('tokenhouse_requests_total', 'counter', 'Requests answered.'),
        ...all.flatMap((series) =>
          [...series.statuses].map(
            ([status, n]) => `tokenhouse_requests_total{${labelsOf(series)},status="${status}"} ${n}`,
          ),
        ),
        ...family('tokenhouse_faults_total', 'counter', 'Requests that ended in a fault of the service.'),
        ...[...faults].map(([face, n]) => `tokenhouse_faults_total{face="${face}"} ${n}`),
        ...family('tokenhouse_request_seconds', 'histogram', 'Time from the first byte read to the answer.'),
        ...all.flatMap(histogram),
        '',
      ].join('\n')
    },
  }
}

/** Gauges and counters that others keep, as text. */
export function renderGauges(gauges: readonly Gauge[]): string {
  return gauges
    .flatMap(({ name, help, kind, value }) => [...family(name, kind, help), `${name} ${value()}`])
    .concat('')
    .join('\n')
}

function family(name: string, kind: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`]
}

function labelsOf({ face, operation }: Series): string {
  return `face="${face}",operation="${operation}"`
}

function histogram(series: Series): string[] {
  const name = 'tokenhouse_request_seconds'
  const labels = labelsOf(series)
  let count = 0
  const bounded = [...BUCKETS, '+Inf'].map((bound, at) => {
    count += series.buckets[at] ?? 0
    return `${name}_bucket{${labels},le="${bound}"} ${count}`
  })
  return [...bounded, `${name}_sum{${labels}} ${series.seconds}`, `${name}_count{${labels}} ${count}`]
}
