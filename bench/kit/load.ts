/** Load on one address, as slices of time, from threads beside the measuring one. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** States of the token in a request: good; being revoked, any answer is right; revoked, and the revocation acknowledged. */
export const LIVE = 0
export const REVOKING = 1
export const REVOKED = 2

/** What is sent: whole HTTP requests, taken in turn. */
export interface Traffic {
  readonly url: string
  readonly requests: readonly Uint8Array[]
  /** Statuses of an answer that accepts the token, and of one that refuses it; any other is an error. */
  readonly ok: readonly number[]
  readonly refused: readonly number[]
  /** Answers have no body (HEAD). */
  readonly bodiless?: boolean
  readonly connections: number
  /** Between an answer and the next request of a connection, on average, so that they do not march in step; 0 when left out. */
  readonly pauseMs?: number
  /** Who still waits for an answer at the end of a slice goes away without it, unjudged. */
  readonly leaves?: boolean
  /**
   * The generator never sleeps while a slice runs. One that does has to be woken by the server with an answer, and on a
   * virtual machine that can cost more than the answer: a faster server, which keeps it busy, pays that less often.
   * For servers of one thread: it takes a core for itself.
   */
  readonly awake?: boolean
  /** One state for each request, shared with whoever revokes. */
  readonly states: SharedArrayBuffer
}

export interface SliceOrder {
  readonly host: string
  readonly port: number
  readonly requests: readonly Uint8Array[]
  readonly ok: readonly number[]
  readonly refused: readonly number[]
  readonly bodiless: boolean
  readonly connections: number
  readonly durationMs: number
  readonly pauseMs: number
  readonly leaves: boolean
  readonly awake: boolean
  readonly states: SharedArrayBuffer
  /** Index of the request to begin with. */
  readonly first: number
}

export interface SliceResult {
  readonly count: number
  readonly falseAccepts: number
  readonly falseRejects: number
  readonly errors: number
  readonly latenciesMs: Float64Array
  readonly seconds: number
}

export interface Load {
  readonly slice: (traffic: Traffic, durationMs: number) => Promise<SliceResult>
  readonly stop: () => Promise<unknown>
}

/** One generator thread. Slices are run one after the other. */
export function createLoad(): Load {
  const worker = new Worker(new URL('./load-worker.ts', import.meta.url))
  let first = 0
  return {
    async slice(traffic, durationMs) {
      const { hostname, port } = new URL(traffic.url)
      const {
        requests,
        ok,
        refused,
        connections,
        states,
        bodiless = false,
        pauseMs = 0,
        leaves = false,
        awake = false,
      } = traffic
      const order: SliceOrder = {
        host: hostname.replace(/^\[|\]$/g, ''),
        port: Number(port),
        requests,
        ok,
        refused,
        bodiless,
        connections,
        durationMs,
        pauseMs,
        leaves,
        awake,
        states,
        first,
      }
      worker.postMessage(order)
      const [result] = (await once(worker, 'message')) as [SliceResult]
      first += result.count
      return result
    },
    stop: () => worker.terminate(),
  }
}

export function newStates(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT)
}

/** A whole request as bytes. */
export function requestBytes(
  method: string,
  target: URL,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Uint8Array {
  const length =
    body === undefined
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ Host: target.host, ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return Buffer.from(
    `${method} ${target.pathname}${target.search} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`,
  )
}

/** The value below which a share of the sorted values lies. */
export function percentile(values: Float64Array, share: number): number {
  return values.toSorted()[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
