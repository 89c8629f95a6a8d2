/**
 * The load generator, in a thread of its own: prebuilt requests over kept connections, written and read as bytes. node:http's
 * own client costs more than the server it would measure; this costs a third of it, so that the server is what is slow.
 *
 * Every answer is judged: see {@link Judged}.
 */
import { connect, type Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'
import type { SliceOrder, SliceResult } from './load.ts'
import { LIVE, REVOKED } from './load.ts'

interface Connection {
  socket: Socket
  /** Index of the request under way, -1 when idle. */
  item: number
  sentAtMs: number
  /** State of the token when the request was sent. */
  sentState: number
  chunks: Buffer[]
  size: number
  /** Total length of the answer, 0 while it is not known. */
  total: number
}

interface Judged {
  count: number
  /** Answered as good although the token was revoked before the request was sent. */
  falseAccepts: number
  /** Refused although the token was good until the answer came. */
  falseRejects: number
  /** Neither: 5xx, 429, broken connections. */
  errors: number
  readonly latenciesMs: number[]
}

function runSlice(order: SliceOrder): Promise<SliceResult> {
  const { host, port, requests, ok, refused, connections, durationMs, pauseMs, leaves, awake } = order
  const states = new Int32Array(order.states)
  const judged: Judged = { count: 0, falseAccepts: 0, falseRejects: 0, errors: 0, latenciesMs: [] }
  const began = performance.now()
  const endsAt = began + durationMs
  let next = order.first
  let open = 0

  return new Promise((resolve) => {
    const finish = (connection: Connection): void => {
      connection.socket.destroy()
      if (--open === 0)
        resolve({
          ...judged,
          latenciesMs: Float64Array.from(judged.latenciesMs),
          seconds: (performance.now() - began) / 1000,
        })
    }

    const sendNext = (connection: Connection): void => {
      if (performance.now() >= endsAt) {
        finish(connection)
        return
      }
      const item = next++ % requests.length
      connection.item = item
      connection.sentState = Atomics.load(states, item)
      connection.chunks = []
      connection.size = 0
      connection.total = 0
      connection.sentAtMs = performance.now()
      connection.socket.write(requests[item] as Uint8Array)
    }

    const judge = (connection: Connection, status: number): void => {
      judged.count++
      judged.latenciesMs.push(performance.now() - connection.sentAtMs)
      if (ok.includes(status)) {
        if (connection.sentState === REVOKED) judged.falseAccepts++
      } else if (refused.includes(status)) {
        if (Atomics.load(states, connection.item) === LIVE) judged.falseRejects++
      } else judged.errors++
    }

    const answered = (connection: Connection, head: string): void => {
      judge(connection, Number(head.slice(9, 12)))
      connection.item = -1
      const again = (): void =>
        /\r\nconnection: close/i.test(head) ? reconnect(connection) : sendNext(connection)
      if (pauseMs > 0) setTimeout(again, pauseMs * 2 * Math.random())
      else again()
    }

    const read = (connection: Connection, chunk: Buffer): void => {
      connection.chunks.push(chunk)
      connection.size += chunk.length
      if (connection.total > 0 && connection.size < connection.total) return
      const data = connection.chunks.length === 1 ? chunk : Buffer.concat(connection.chunks)
      connection.chunks = [data]
      const headEnd = data.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const head = data.toString('latin1', 0, headEnd)
      const total = lengthOf(head, data, headEnd + 4, order.bodiless)
      if (connection.size >= total) answered(connection, head)
      else if (total !== Number.POSITIVE_INFINITY) connection.total = total
    }

    const reconnect = (connection: Connection): void => {
      connection.socket.destroy()
      connection.socket = dial(connection)
    }

    const dial = (connection: Connection): Socket => {
      const socket = connect({ host, port, noDelay: true })
      socket.on('connect', () => sendNext(connection))
      socket.on('data', (chunk) => read(connection, chunk))
      socket.on('error', () => undefined)
      socket.on('close', () => {
        if (connection.socket !== socket || connection.item === -1) return
        judged.errors++
        connection.item = -1
        if (performance.now() >= endsAt) finish(connection)
        else setTimeout(() => reconnect(connection), 10)
      })
      return socket
    }

    const all: Connection[] = []
    for (; open < connections; open++) {
      const connection = {
        item: -1,
        sentAtMs: 0,
        sentState: LIVE,
        chunks: [],
        size: 0,
        total: 0,
      } as unknown as Connection
      connection.socket = dial(connection)
      all.push(connection)
    }
    const leave = (): void => {
      for (const connection of all) {
        if (connection.item === -1) continue
        connection.item = -1
        finish(connection)
      }
    }
    if (leaves) setTimeout(leave, durationMs)

    const stayAwake = (): void => {
      if (open > 0) setImmediate(stayAwake)
    }
    if (awake) stayAwake()
  })
}

/** Length of the whole answer; infinite while a chunked body has not ended. */
function lengthOf(head: string, data: Buffer, bodyAt: number, bodiless: boolean): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (bodiless || (length === undefined && !/\r\ntransfer-encoding: *chunked/i.test(head))) return bodyAt
  if (length !== undefined) return bodyAt + Number(length)
  return data.subarray(-5).equals(LAST_CHUNK) ? data.length : Number.POSITIVE_INFINITY
}

const LAST_CHUNK = Buffer.from('0\r\n\r\n')

parentPort?.on('message', (order: SliceOrder) => {
  runSlice(order).then((result) => parentPort?.postMessage(result))
})
