/**
 * HTTP to the token service over kept connections: one answer within one time limit and one size limit, or
 * {@link Unreachable}. Redirects are not followed: they would carry the service's own token to somewhere else.
 */
import http from 'node:http'
import https from 'node:https'

/** Enough for a token with a large catalog; more than this is no token. */
const MAX_BODY_BYTES = 4 * 1024 * 1024

export interface TransportOptions {
  /** `http://` or `https://`, ending in `/v3`. */
  readonly baseUrl: URL
  readonly timeoutMs: number
  /** Certificate authority in PEM, beside the ones Node trusts when undefined. */
  readonly ca: string | Buffer | undefined
  readonly maxSockets: number
}

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Below the base URL, with its leading slash. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Reply {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export interface Transport {
  /** Rejects with {@link Unreachable}. */
  readonly send: (call: Call) => Promise<Reply>
  readonly close: () => void
}

/** There was no answer: connection refused or broken, time over, body too large. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly retryAfterSeconds: number | undefined
  constructor(message: string, retryAfterSeconds?: number) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** What an answer asks to wait, from a second to five minutes. */
export function retryAfterIn(reply: Reply): number | undefined {
  const wait = Number(reply.headers['retry-after'])
  return wait >= 1 && wait <= 300 ? Math.ceil(wait) : undefined
}

export function createTransport(options: TransportOptions): Transport {
  const { request, Agent } = options.baseUrl.protocol === 'https:' ? https : http
  const agent = new Agent({
    keepAlive: true,
    maxSockets: options.maxSockets,
    scheduling: 'lifo',
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  })

  function once(call: Call): Promise<Reply> {
    const { promise, resolve, reject } = withResolvers<Reply>()
    const outgoing = request(options.baseUrl.href + call.path, {
      agent,
      method: call.method,
      headers: {
        ...call.headers,
        ...(call.body && { 'Content-Length': String(Buffer.byteLength(call.body)) }),
      },
    })
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(
        outgoing.reusedSocket && isBrokenPipe(error) ? new StaleConnection() : new Unreachable(error.message),
      )
    }
    // Says so itself: a request that Node gave up (an answer of 101) emits nothing any more.
    const timer = setTimeout(() => {
      reject(new Unreachable(`no answer within ${options.timeoutMs} ms`))
      outgoing.destroy()
    }, options.timeoutMs)
    outgoing.on('error', fail)
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = []
      let size = 0
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > MAX_BODY_BYTES) outgoing.destroy(new Error('the answer is too large'))
      })
      incoming.on('error', (error) => {
        clearTimeout(timer)
        reject(new Unreachable(error.message))
      })
      incoming.on('end', () => {
        clearTimeout(timer)
        const body = Buffer.concat(chunks).toString('utf8')
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
      })
    })
    outgoing.end(call.body)
    return promise
  }

  return {
    async send(call) {
      for (let staleLeft = options.maxSockets; ; staleLeft--) {
        try {
          return await once(call)
        } catch (error) {
          // The service closed an idle connection at the moment it was used again: nothing was processed.
          if (!(error instanceof StaleConnection)) throw error
          if (staleLeft === 0) throw new Unreachable('every kept connection was closed by the token service')
        }
      }
    },
    close: () => agent.destroy(),
  }
}

class StaleConnection extends Error {
  override readonly name = 'StaleConnection'
}

function isBrokenPipe(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** `Promise.withResolvers`, which Node 20 lacks. */
export function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined
  let reject: (reason: Error) => void = () => undefined
  const promise = new Promise<T>((res, rej) => {
    resolve = res
    reject = rej
  })
  return { promise, resolve, reject }
}
