import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { buildFace } from './face.ts'
import type { Operation } from './operation.ts'
import type { Rendered, Wire } from './wire.ts'

const no = (): Rendered => ({ status: 500, headers: {}, body: 'no' })

/** A face that answers with its own address, on `/slow` once `released`. */
async function listeningFace(released: Promise<void> = Promise.resolve()) {
  const operationAt = (path: string, ready: Promise<void>): Operation<null, null> => ({
    id: path,
    method: 'GET',
    path,
    policy: 'public',
    success: 200,
    refusals: [],
    handle: async ({ baseUrl }) => {
      await ready
      return { body: `${path} at ${baseUrl}\n` }
    },
  })
  const wire: Wire<null, null> = {
    name: 'test',
    operations: [operationAt('/slow', released), operationAt('/quick', Promise.resolve())],
    identify: async () => null,
    permits: () => false,
    headers: () => ({}),
    refusal: no,
    badBody: no,
    unreadableBody: no,
    unknownPath: no,
    wrongMethod: no,
  }
  const face = buildFace({ ctx: null, wires: [wire], maxBodyBytes: 1000, onFault: () => undefined })
  await face.listen({ host: '127.0.0.1', port: 0 })
  return { face, port: (face.server.address() as AddressInfo).port }
}

describe('a connection', () => {
  it('is told the address it came in at when it names no host, as HTTP/1.0 may', async () => {
    const { face, port } = await listeningFace()
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.write('GET /quick HTTP/1.0\r\n\r\n')
    assert.match(await text(socket), new RegExp(`/quick at http://127\\.0\\.0\\.1:${port}\\n$`))
    await face.close()
  })

  it('200 what it asks for while the face closes, and it is closed then', async () => {
    let release = (): void => undefined
    const { face, port } = await listeningFace(new Promise((resolve) => (release = resolve)))
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    const asked = once(face.server, 'request')
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    await asked
    const closed = face.close()
    while (face.server.listening) await turn()
    const askedAgain = once(face.server, 'request')
    socket.write('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n')
    await askedAgain
    release()
    const answers = await text(socket)
    assert.deepEqual(answers.match(/HTTP\/1.1 \d+|\/(slow|quick) at \S+/g), [
      'HTTP/1.1 200',
      '/slow at http://a',
      'HTTP/1.1 200',
      '/quick at http://a',
    ])
    await closed
  })
})
