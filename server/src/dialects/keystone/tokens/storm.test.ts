import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createKdfPool, type KdfPool } from '../../../hashing/kdf-pool.ts'
import { type House, openHouse } from '../../../testing/house.ts'

/** A login under way from an address of this machine. */
interface Login {
  readonly sent: ClientRequest
  readonly status: Promise<number | undefined>
}

describe('a storm of logins', {
  skip: process.platform !== 'linux' && 'one machine with many addresses',
}, () => {
  let house: House
  let pool: KdfPool
  let port: number
  /** Lets the hash that runs come to its end. */
  let release: () => void
  const opening = Promise.withResolvers<void>()
  const logins: Login[] = []
  /** When the server saw the end of each login, in the order they came. */
  const ended: Promise<unknown>[] = []

  before(async () => {
    house = await openHouse()
    pool = createKdfPool({ threads: 1, queue: 3 })
    // Nothing gets out of the pool until it is opened.
    void pool.run(() => opening.promise)
    release = opening.resolve
    Object.assign(house.ctx, { kdf: pool })
    house.face.server.on('request', (_, response) => ended.push(once(response, 'close')))
    await house.face.listen({ host: '127.0.0.1', port: 0 })
    port = (house.face.server.address() as AddressInfo).port
  })
  after(async () => {
    release()
    for (const { sent } of logins) sent.destroy()
    await house.close()
  })

  const login = (localAddress: string): Login => {
    const user = { name: 'admin', domain: { id: 'default' }, password: house.adminPassword }
    const body = JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } } } })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const path = '/v3/auth/tokens'
    const sent = request({
      host: '127.0.0.1',
      port,
      localAddress,
      method: 'POST',
      path,
      headers,
      agent: false,
    })
    const status = once(sent, 'response').then(
      ([response]: IncomingMessage[]) => response?.resume().statusCode,
      () => undefined,
    )
    sent.end(body)
    logins.push({ sent, status })
    return { sent, status }
  }
  const waiting = async (count: number): Promise<void> => {
    while (pool.stats().waiting !== count) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  it('from one address keeps nobody out who comes from another, and nobody is hashed for who has left', async () => {
    const flood: Login[] = []
    for (let n = 1; n <= 3; n++) {
      flood.push(login('127.0.0.2'))
      await waiting(n)
    }
    assert.equal(await login('127.0.0.2').status, 429, 'no place for more of the flood')
    const other = login('127.0.0.3')
    const first = await Promise.race([
      flood[2]?.status.then((status) => `the last of the flood: ${status}`),
      other.status.then((status) => `the other: ${status}`),
    ])
    assert.equal(first, 'the last of the flood: 429', 'it gives up its place')
    await waiting(3)

    flood[1]?.sent.destroy()
    await ended[1]
    assert.deepEqual([pool.stats().waiting, pool.stats().gone], [2, 1])

    release()
    assert.deepEqual([await flood[0]?.status, await other.status], [201, 201])
  })
})
