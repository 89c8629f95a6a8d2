/**
 * Numbers for Prometheus, in its text format 0.0.4. Counted in memory, written out when asked; labels come from code
 * (operation ids, face names, status codes), never from a request, so their number is bounded.
 */

/** Upper bounds of the duration buckets, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export interface Finished {
  readonly face: string
  readonly operation: string
  readonly status: number
  readonly ms: number
}

export interface RequestMetrics {
  readonly observe: (finished: Finished) => void
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
  count: number
  seconds: number
  readonly buckets: number[]
}

export function requestMetrics(): RequestMetrics {
  const counts = new Map<string, number>()
  const durations = new Map<string, Series>()
  const faults = new Map<string, number>()

  return {
    observe: ({ face, operation, status, ms }) => {
      const labels = `face="${face}",operation="${operation}"`
      add(counts, `${labels},status="${status}"`)
      const series = durations.get(labels) ?? { count: 0, seconds: 0, buckets: BUCKETS.map(() => 0) }
      durations.set(labels, series)
      series.count++
      series.seconds += ms / 1000
      for (let at = BUCKETS.length - 1; at >= 0 && ms / 1000 <= BUCKETS[at]!; at--) series.buckets[at]! += 1
    },
    fault: (face) => add(faults, `face="${face}"`),
    render: () =>
      [
        ...family('tokenhouse_requests_total', 'counter', 'Requests answered.'),
        ...[...counts].map(([labels, n]) => `tokenhouse_requests_total{${labels}} ${n}`),
        ...family('tokenhouse_faults_total', 'counter', 'Requests that ended in a fault of the service.'),
        ...[...faults].map(([labels, n]) => `tokenhouse_faults_total{${labels}} ${n}`),
        ...family('tokenhouse_request_seconds', 'histogram', 'Time from the first byte read to the answer.'),
        ...[...durations].flatMap(([labels, series]) => histogram(labels, series)),
        '',
      ].join('\n'),
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

function histogram(labels: string, { count, seconds, buckets }: Series): string[] {
  const name = 'tokenhouse_request_seconds'
  return [
    ...BUCKETS.map((bound, at) => `${name}_bucket{${labels},le="${bound}"} ${buckets[at]}`),
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${seconds}`,
    `${name}_count{${labels}} ${count}`,
  ]
}

function add(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1)
}
