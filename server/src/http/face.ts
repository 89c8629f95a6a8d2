/**
 * A face: one listener with an ordered list of wires. This file is the pipeline that every operation goes through:
 * read the body, identify the caller, check the body, load, decide, handle, reply. It knows Fastify and no dialect.
 */
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIPv6 } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Refusal } from '../core/refusal.ts'
import { checkBody } from './body-check.ts'
import type { Call, Incoming, Operation, Query, Reply } from './operation.ts'
import { listeningUrl } from './own-url.ts'
import { isPassing } from './passing-fault.ts'
import type { BodyFault, Rendered, Wire } from './wire.ts'

/** Answers requests of one operation with 200 before the router sees them; false hands one on. */
export interface HotRoute {
  readonly operation: string
  readonly answers: (request: IncomingMessage, response: ServerResponse) => boolean
}

export interface FaceOptions<Ctx, Caller> {
  readonly ctx: Ctx
  /** The first wire that has an operation for a method and path answers it; the last one answers for unknown paths. */
  readonly wires: readonly Wire<Ctx, Caller>[]
  readonly maxBodyBytes: number
  /** Fixed base of links; follows the request's Host when absent. */
  readonly publicUrl?: string | undefined
  /** Addresses (CIDR too) whose X-Forwarded-* headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** Told of every fault of ours, with the request it happened in. */
  readonly onFault: (error: unknown, incoming: Incoming) => void
  /** Told of every finished request. Keep it cheap. */
  readonly onDone?: (done: { operation: string; status: number; ms: number }) => void
  readonly hot?: HotRoute | undefined
}

/** Builds a face ready to `listen`. Throws at start when two operations of one wire claim the same method and path. */
export function buildFace<Ctx, Caller>(options: FaceOptions<Ctx, Caller>): FastifyInstance {
  const fallback = options.wires.at(-1)
  if (!fallback) throw new Error('a face needs at least one wire')
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
    bodyLimit: options.maxBodyBytes,
    // What comes in over an open connection while the face closes is answered as ever, and the connection closed with it.
    return503OnClosing: false,
    serverFactory: (handler) => listener(options, handler),
    frameworkErrors: (_error, request, reply) => {
      const incoming = incomingOf(request, reply, options)
      send(reply, fallback.unknownPath(incoming), request.method)
    },
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(MALFORMED)
    },
  })
  // Bodies are read by the pipeline itself: signatures need the bytes, on every method.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined))

  const taken = new Map<string, string[]>()
  for (const wire of options.wires) {
    const own = new Set<string>()
    for (const operation of wire.operations) {
      const methods = taken.get(operation.path) ?? []
      if (own.has(`${operation.method} ${operation.path}`)) {
        throw new Error(`${wire.name} answers ${operation.method} ${operation.path} twice`)
      }
      own.add(`${operation.method} ${operation.path}`)
      if (methods.includes(operation.method)) continue
      taken.set(operation.path, [...methods, operation.method])
      app.route({
        method: operation.method,
        url: operation.path,
        // Answered before Fastify would look for a parser of the body, which the pipeline reads itself.
        onRequest: (request, reply) => answer(options, { wire, operation }, request, reply),
        handler: () => undefined,
      })
    }
  }
  const known = [...taken].map(([path, methods]) => ({ pattern: patternOf(path), methods }))
  app.setNotFoundHandler((request, reply) => {
    const incoming = incomingOf(request, reply, options)
    const matching = known.filter((k) => k.pattern.test(incoming.path))
    const allowed = [...new Set(matching.flatMap((k) => k.methods))]
    const rendered =
      allowed.length > 0 ? fallback.wrongMethod(allowed, incoming) : fallback.unknownPath(incoming)
    send(reply, rendered, request.method)
  })
  return app
}

/** Longer than a proxy keeps an idle connection, so that it is never this side that closes one being used. */
const KEEP_ALIVE_MS = 75_000

const EMPTY = Buffer.alloc(0)
const MALFORMED = (() => {
  const body = '{"error":{"code":400,"message":"The HTTP request could not be read.","title":"Bad Request"}}'
  return `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
})()

function listener<Ctx, Caller>(
  options: FaceOptions<Ctx, Caller>,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
) {
  const { hot, onDone } = options
  const entry = hot
    ? (request: IncomingMessage, response: ServerResponse) => {
        const begun = performance.now()
        if (!hot.answers(request, response)) handler(request, response)
        else onDone?.({ operation: hot.operation, status: 200, ms: performance.now() - begun })
      }
    : handler
  const server = options.tls ? createTlsServer({ ...options.tls }, entry) : createServer(entry)
  // Fastify sets this only on servers of its own making.
  server.keepAliveTimeout = KEEP_ALIVE_MS
  // An Expect that is not 100-continue changes nothing; Node's own answer would be an empty 417.
  return server.on('checkExpectation', entry)
}

async function answer<Ctx, Caller>(
  options: FaceOptions<Ctx, Caller>,
  { wire, operation }: { readonly wire: Wire<Ctx, Caller>; readonly operation: Operation<Ctx, Caller> },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const begun = performance.now()
  let incoming = incomingOf(request, reply, options)
  let rendered: Rendered
  try {
    const raw = await readBody(request.raw, options.maxBodyBytes)
    if (raw) {
      incoming = raw.length > 0 ? { ...incoming, rawBody: raw } : incoming
      rendered = await perform(options, wire, operation, incoming)
    } else {
      rendered = wire.unreadableBody('too-large', incoming)
      rendered = { ...rendered, headers: { ...rendered.headers, connection: 'close' } }
    }
  } catch (error) {
    rendered = renderError(error, wire, incoming, options)
  }
  send(reply, rendered, request.method, (error) => options.onFault(error, incoming))
  options.onDone?.({
    operation: operation.id,
    status: rendered.status,
    ms: performance.now() - begun,
  })
  return reply
}

async function perform<Ctx, Caller>(
  options: FaceOptions<Ctx, Caller>,
  wire: Wire<Ctx, Caller>,
  operation: Operation<Ctx, Caller>,
  incoming: Incoming,
): Promise<Rendered> {
  const { ctx } = options
  if (hasNul(incoming)) throw new Refusal('bad_request', 'NUL in the path or query')
  const isPublic = operation.policy === 'public'
  const caller = isPublic ? (null as Caller) : await wire.identify(ctx, incoming)
  if (!isPublic) wire.admits?.(caller, operation)
  let body: unknown
  let fault: BodyFault | undefined
  if (operation.body) {
    const parsed = parseJson(incoming)
    if ('why' in parsed) return wire.unreadableBody(parsed.why, incoming)
    fault = await checkBody(operation.body, parsed.value)
    if (fault && operation.bodyFaults !== 'after-policy') return wire.badBody(fault, incoming)
    if (!fault) body = parsed.value
  }
  const call: Call<Ctx, Caller> = { ...incoming, ctx, caller, body, operationId: operation.id }
  const facts = operation.load && (await operation.load(call))
  if (!isPublic && operation.policy !== 'authenticated') {
    const rule = operation.ruleFor?.(facts, call) ?? operation.policy
    const target = operation.target?.(facts, call) ?? {}
    if (!wire.permits(ctx, rule, caller, target)) {
      throw new Refusal('forbidden', `policy ${rule}`, { rule })
    }
  }
  if (fault) return wire.badBody(fault, incoming)
  const reply = await operation.handle(call, facts)
  return renderReply(reply, operation, wire, incoming)
}

function renderReply<Ctx, Caller>(
  reply: Reply,
  operation: Operation<Ctx, Caller>,
  wire: Wire<Ctx, Caller>,
  incoming: Incoming,
): Rendered {
  const status = reply.status ?? operation.success
  const { body } = reply
  const text =
    body === undefined
      ? ''
      : typeof body === 'string' || Buffer.isBuffer(body) || isInParts(body)
        ? body
        : JSON.stringify(body)
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  return { status, headers: { ...type, ...wire.headers(incoming), ...reply.headers }, body: text }
}

function renderError<Ctx, Caller>(
  error: unknown,
  wire: Wire<Ctx, Caller>,
  incoming: Incoming,
  options: FaceOptions<Ctx, Caller>,
): Rendered {
  if (error instanceof Refusal && error.code !== 'internal' && error.code !== 'unavailable') {
    return wire.refusal(error, incoming)
  }
  options.onFault(error, incoming)
  if (error instanceof Refusal) return wire.refusal(error, incoming)
  const code = isPassing(error) ? 'unavailable' : 'internal'
  return wire.refusal(new Refusal(code, 'fault', { retryAfter: 1 }), incoming)
}

/** Written past Fastify's own reply, which would add a charset that the wires do not have, and costs as much again. */
function send(
  reply: FastifyReply,
  { status, headers, body }: Rendered,
  method: string,
  onBroken: (error: Error) => void = () => undefined,
): void {
  const { raw } = reply
  if (isInParts(body)) {
    raw.writeHead(status, headers)
    reply.hijack()
    if (method === 'HEAD') raw.end()
    else {
      pipeline(Readable.from(body, { objectMode: false }), raw, (error) => {
        if (error && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') onBroken(error)
      })
    }
    return
  }
  const length = Buffer.byteLength(body)
  // A 204 has no length, not even none (RFC 9110, 8.6): an empty header field makes the whole answer unreadable.
  raw.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': String(length) })
  reply.hijack()
  if (method === 'HEAD' || length === 0) raw.end()
  // A text goes out with the head in one piece, and one that is ASCII needs no encoding.
  else raw.end(body, length === body.length ? 'latin1' : 'utf8')
}

function isInParts(body: unknown): body is AsyncIterable<string> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

function incomingOf<Ctx, Caller>(
  request: FastifyRequest,
  reply: FastifyReply,
  options: FaceOptions<Ctx, Caller>,
): Incoming {
  const cut = request.url.indexOf('?')
  const baseUrl = options.publicUrl ?? `${schemeOf(request)}://${hostOf(request)}`
  return {
    method: request.method,
    url: request.url,
    path: cut === -1 ? request.url : request.url.slice(0, cut),
    headers: request.headers,
    params: (request.params ?? {}) as Record<string, string>,
    query: (request.query ?? {}) as Query,
    baseUrl,
    ownUrl: () => options.publicUrl ?? listeningUrl(baseUrl, request.socket),
    remoteAddress: request.ip,
    left: () => leaving(reply.raw),
    requestId: `req-${randomUUID()}`,
    rawBody: EMPTY,
  }
}

function leaving(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (response.destroyed) controller.abort()
  else response.once('close', () => response.writableFinished || controller.abort())
  return controller.signal
}

/** How the client came; what a proxy passes on and is no scheme of ours is not repeated into links. */
function schemeOf({ protocol, socket }: FastifyRequest): 'http' | 'https' {
  if (protocol === 'http' || protocol === 'https') return protocol
  return 'encrypted' in socket ? 'https' : 'http'
}

/** The Host the client used, as its proxy or itself says; what is no host of a URL is not repeated into links. */
function hostOf(request: FastifyRequest): string {
  const named = [request.host, request.headers.host].find((host) => host !== undefined && isHost(host))
  if (named !== undefined) return named
  const { localAddress = '', localPort } = request.socket
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`
}

/** The last Host that was one: nearly all requests name the same. */
let lastHost: string | undefined

function isHost(text: string): boolean {
  if (text === lastHost) return true
  const isSpelt = /^[A-Za-z0-9.\-_]+(:\d+)?$|^\[[0-9a-fA-F:.]+\](:\d+)?$/.test(text)
  // `1.2.3.4.5` and `x:99999` are spelt like hosts and are none.
  if (!isSpelt || !URL.canParse(`http://${text}`)) return false
  lastHost = text
  return true
}

/** The whole body, or undefined when it is larger than `limit` bytes. */
function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> | Buffer | undefined {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limit) return undefined
  if (declared === 0 && request.headers['transfer-encoding'] === undefined) return EMPTY
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else resolve(undefined)
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    // Either of them after the end changes nothing; before it, it is the client's doing and no fault of ours.
    const brokenOff = (): void => reject(new Refusal('bad_request', 'the client broke off its body'))
    request.on('error', brokenOff)
    request.on('close', brokenOff)
  })
}

type Parsed = { readonly value: unknown } | { readonly why: 'content-type' | 'syntax' | 'not-an-object' }

function parseJson(incoming: Incoming): Parsed {
  const { rawBody } = incoming
  if (rawBody.length === 0) return { value: {} }
  const type = incoming.headers['content-type']
  if (type !== undefined && !/^\s*application\/json\s*(;|$)/i.test(type) && type.trim() !== '') {
    return { why: 'content-type' }
  }
  if (!isUtf8(rawBody)) return { why: 'syntax' }
  const text = rawBody.toString('utf8')
  if (isTooDeep(text)) return { why: 'syntax' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { why: 'syntax' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { why: 'not-an-object' }
  // A NUL cannot be stored, and a key that reaches prototypes is never honest.
  if (text.includes('\\u') || text.includes('__proto__')) {
    if (!isHonest(value)) return { why: 'syntax' }
  }
  return { value }
}

/** Deeper than anything honest, and deep enough to exhaust the stack of whoever walks it. */
function isTooDeep(text: string): boolean {
  // What opens no more than that often is not deeper, and is all that an honest client sends.
  if (count(text, '{') + count(text, '[') <= MAX_DEPTH) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 0x5c) i++
      else if (c === 0x22) inString = false
    } else if (c === 0x22) inString = true
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > MAX_DEPTH) return true
    } else if (c === 0x5d || c === 0x7d) depth--
  }
  return false
}

const MAX_DEPTH = 64

/** How often a character occurs, as far as that matters for {@link MAX_DEPTH}. */
function count(text: string, character: string): number {
  let found = 0
  for (
    let at = text.indexOf(character);
    at !== -1 && found <= MAX_DEPTH;
    at = text.indexOf(character, at + 1)
  ) {
    found++
  }
  return found
}

function isHonest(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  return Object.keys(value).every(
    (key) => key !== '__proto__' && !key.includes('\0') && isHonest((value as Record<string, unknown>)[key]),
  )
}

function hasNul(incoming: Incoming): boolean {
  return incoming.url.includes('%00') || incoming.url.includes('\0')
}

function patternOf(path: string): RegExp {
  const source = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.$]/g, '\\$&')))
    .join('/')
  return new RegExp(`^${source}/?$`)
}
