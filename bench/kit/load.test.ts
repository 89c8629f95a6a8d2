import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import {
  createLoad,
  median,
  newStates,
  percentile,
  REVOKED,
  REVOKING,
  requestBytes,
  type Traffic,
} from './load.ts'

/** Traffic of two tokens, 0 and 1, on a server that answers as it is told. */
async function trafficTo(test: TestContext, answer: RequestListener, more: Partial<Traffic> = {}) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const load = createLoad()
  test.after(async () => {
    await load.stop()
    server.close()
    server.closeAllConnections()
  })
  const traffic: Traffic = {
    url,
    requests: [0, 1].map((token) =>
      requestBytes('GET', new URL(`${url}/x`), { 'X-Auth-Token': String(token) }),
    ),
    ok: [200],
    refused: [404],
    connections: 4,
    states: newStates(2),
    ...more,
  }
  return { traffic, run: () => load.slice(traffic, 200) }
}

describe('the load generator', () => {
  it('counts answers, and nothing wrong with a right server', async (t) => {
    const { run } = await trafficTo(t, (_request, response) => response.end('ok'))
    const { count, falseAccepts, falseRejects, errors, latenciesMs } = await run()
    assert.ok(count > 0)
    assert.deepEqual([falseAccepts, falseRejects, errors, latenciesMs.length], [0, 0, 0, count])
  })

  it('sees a revoked token accepted', async (t) => {
    const { run, traffic } = await trafficTo(t, (_request, response) => response.end('ok'))
    Atomics.store(new Int32Array(traffic.states), 1, REVOKED)
    const { count, falseAccepts } = await run()
    assert.ok(Math.abs(falseAccepts - count / 2) <= 4)
  })

  it('sees a good token refused', async (t) => {
    const { run } = await trafficTo(t, (request, response) => {
      response.writeHead(request.headers['x-auth-token'] === '1' ? 404 : 200).end()
    })
    const { count, falseRejects } = await run()
    assert.ok(Math.abs(falseRejects - count / 2) <= 4)
  })

  it('has no opinion while a revocation is under way', async (t) => {
    const { run, traffic } = await trafficTo(t, (_request, response) => {
      response.writeHead(Math.random() < 0.5 ? 404 : 200).end()
    })
    new Int32Array(traffic.states).fill(REVOKING)
    const { falseAccepts, falseRejects, errors } = await run()
    assert.deepEqual([falseAccepts, falseRejects, errors], [0, 0, 0])
  })

  it('leaves at the end with who still waits, or stays until they have their answer', async (t) => {
    const late: RequestListener = (_request, response) => void setTimeout(() => response.end('ok'), 400)
    const patient = await trafficTo(t, late)
    const answered = await patient.run()
    assert.deepEqual([answered.count, answered.errors], [4, 0])
    const hasty = await trafficTo(t, late, { leaves: true })
    const left = await hasty.run()
    assert.deepEqual([left.count, left.errors], [0, 0])
  })

  it('counts 5xx and broken connections as errors', async (t) => {
    const { run } = await trafficTo(t, (request, response) => {
      if (request.headers['x-auth-token'] === '1') response.destroy()
      else response.writeHead(500).end()
    })
    const { count, errors } = await run()
    assert.ok(errors > count && count > 0)
  })

  it('reads answers with a length, in chunks, without a body, and on connections that close', async (t) => {
    const long = 'x'.repeat(100_000)
    const shapes: readonly (readonly [RequestListener, Partial<Traffic>])[] = [
      [(_request, response) => response.end(long), {}],
      [(_request, response) => response.writeHead(200).write(long, () => response.end(long)), {}],
      [
        (_request, response) =>
          response.writeHead(200, { 'Content-Length': '5', Connection: 'close' }).end('close'),
        {},
      ],
      [
        (_request, response) => response.writeHead(200, { 'Content-Length': '1000' }).end(),
        { bodiless: true },
      ],
    ]
    for (const [answer, more] of shapes) {
      const headed = more.bodiless === true
      const { run, traffic } = await trafficTo(t, answer, more)
      if (headed) {
        const head = requestBytes('HEAD', new URL(`${traffic.url}/x`), {})
        Object.assign(traffic, { requests: [head, head] })
      }
      const { count, errors, falseRejects } = await run()
      assert.ok(count > 0)
      assert.deepEqual([errors, falseRejects], [0, 0])
    }
  })
})

describe('medians and percentiles', () => {
  it('are of the values given', () => {
    assert.equal(median([3, 1, 2]), 2)
    assert.equal(median([4, 1, 2, 3]), 2.5)
    assert.equal(percentile(Float64Array.from([5, 1, 4, 2, 3]), 0.5), 3)
    assert.equal(
      percentile(
        Float64Array.from({ length: 100 }, (_, n) => n),
        0.99,
      ),
      99,
    )
  })
})
