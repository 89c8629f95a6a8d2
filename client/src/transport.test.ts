import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { createTransport, Unreachable } from './transport.ts'

async function transportTo(test: TestContext, answer: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => answer(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`)
  const transport = createTransport({ baseUrl, timeoutMs: 5000, ca: undefined, maxSockets: 2 })
  test.after(() => {
    transport.close()
    server.close()
    server.closeAllConnections()
  })
  return transport
}

describe('answers of the token service', () => {
  it('up to 4 MB are read', async (t) => {
    const transport = await transportTo(t, (response) => response.end(Buffer.alloc(4 * 1024 * 1024, 97)))
    const reply = await transport.send({ method: 'GET', path: '', headers: {} })
    assert.equal(reply.body.length, 4 * 1024 * 1024)
  })

  it('larger ones are cut off', async (t) => {
    const transport = await transportTo(t, (response) => response.end(Buffer.alloc(4 * 1024 * 1024 + 1, 97)))
    await assert.rejects(transport.send({ method: 'GET', path: '', headers: {} }), Unreachable)
  })

  it('a token service that closes every connection is unreachable, not asked for ever', async (t) => {
    const transport = await transportTo(t, (response) => response.socket?.resetAndDestroy())
    await assert.rejects(transport.send({ method: 'GET', path: '', headers: {} }), Unreachable)
  })
})
