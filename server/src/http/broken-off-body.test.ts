import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildFace } from './face.ts'
import type { Operation } from './operation.ts'
import type { Rendered, Wire } from './wire.ts'

const BODY = '{"name":"whole"}'

/** Not `once`, which a reset connection would reject. */
const closing = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))

describe('a body that the client does not send to its end', () => {
  const handled: string[] = []
  const faults: unknown[] = []
  const statuses: number[] = []
  let face: FastifyInstance
  let url: string

  before(async () => {
    const operation: Operation<null, null> = {
      id: 'make',
      method: 'POST',
      path: '/things',
      policy: 'public',
      success: 201,
      refusals: [],
      handle: async ({ rawBody }) => {
        handled.push(rawBody.toString())
        return { body: {} }
      },
    }
    const status = (code: number) => (): Rendered => ({ status: code, headers: {}, body: '' })
    const wire: Wire<null, null> = {
      name: 'test',
      operations: [operation],
      identify: async () => null,
      permits: () => false,
      headers: () => ({}),
      refusal: (refusal) => status(refusal.code === 'bad_request' ? 400 : 500)(),
      badBody: status(400),
      unreadableBody: status(400),
      unknownPath: status(404),
      wrongMethod: status(405),
    }
    face = buildFace({
      ctx: null,
      wires: [wire],
      maxBodyBytes: 1000,
      onFault: (error) => faults.push(error),
      onDone: (done) => statuses.push(done.status),
    })
    url = await face.listen({ host: '127.0.0.1', port: 0 })
  })
  after(() => face.close())

  /** Sends a request's head and half of its body, lets `breakOff` do its work, and waits until the server is done with it. */
  const halfSent = async (
    head: string,
    half: string,
    breakOff: (socket: Socket) => void,
  ): Promise<string> => {
    handled.length = faults.length = statuses.length = 0
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let told = ''
    socket.on('data', (chunk) => {
      told += chunk
    })
    socket.on('error', () => undefined)
    const served = once(face.server, 'connection').then(([taken]) => closing(taken as Socket))
    const closed = [closing(socket), served]
    socket.write(`POST /things HTTP/1.1\r\nHost: ${hostname}\r\n${head}\r\n\r\n${half}`)
    // The server has begun to read before the rest does not come.
    await once(face.server, 'request')
    breakOff(socket)
    await Promise.all(closed)
    for (let turn = 0; turn < 100 && statuses.length === 0; turn++) await setImmediate()
    return told
  }

  /** Nothing was done, nobody is woken at night for it, and the next client is served. */
  const nothingHappened = async (): Promise<void> => {
    assert.deepEqual([handled, faults, statuses], [[], [], [400]])
    const next = await fetch(`${url}/things`, { method: 'POST', body: BODY })
    assert.deepEqual([next.status, handled], [201, [BODY]])
  }
  const sized = `Content-Length: ${BODY.length}`
  const half = BODY.slice(0, 8)

  it('is not acted on when the connection is reset', async () => {
    await halfSent(sized, half, (socket) => socket.resetAndDestroy())
    await nothingHappened()
  })

  it('is not acted on when the connection is closed, although what came is JSON', async () => {
    await halfSent(`Content-Length: ${BODY.length + 1}`, BODY, (socket) => socket.destroy())
    await nothingHappened()
  })

  it('400 when the client has nothing more to say and waits', async () => {
    const told = await halfSent(sized, half, (socket) => socket.end())
    assert.match(told, /^HTTP\/1\.1 400 /)
    await nothingHappened()
  })

  it('400 when a chunk is not what it says it is', async () => {
    const chunked = 'Transfer-Encoding: chunked'
    const told = await halfSent(chunked, `8\r\n${half}\r\n`, (socket) => socket.write('zz\r\n'))
    assert.match(told, /^HTTP\/1\.1 400 /)
    await nothingHappened()
  })
})
