import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createConnectionServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { EgressError, guardedFetch, guardedLookup, isInside } from './egress.ts'

describe('requests to configured addresses', () => {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end()
    else if (request.url === '/large') response.end('x'.repeat(2 << 20))
    else response.end(JSON.stringify({ host: request.headers.host, method: request.method }))
  })
  let port = 0
  before(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    port = (server.address() as AddressInfo).port
  })
  after(() => server.close())

  it('ServiceComb CVE-2023-44313, Logto CVE-2026-56739: loopback, private, link-local and disguised addresses are inside', () => {
    const inside = [
      '127.0.0.1',
      '127.8.8.8',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      '255.255.255.255',
      '224.0.0.1',
      '::1',
      '::',
      'fe80::1',
      'fe80::1%eth0',
      'fc00::1',
      'fd12::1',
      'ff02::1',
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:0:1::',
      'localhost',
      '',
    ]
    for (const address of inside) assert.equal(isInside(address), true, address)
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111'])
      assert.equal(isInside(address), false, address)
  })

  it('refuses addresses inside without asking them, in every notation a URL has', async () => {
    const ask = guardedFetch({ allowPrivate: false })
    const before = asked
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      'localhost',
      '169.254.169.254',
    ]) {
      await assert.rejects(
        ask(`https://${host}:${port}/`),
        (error: Error) => /address inside|certificate|inside/.test(error.message),
        host,
      )
    }
    assert.equal(asked, before)
  })

  it('refuses plain HTTP and other schemes', async () => {
    const ask = guardedFetch({ allowPrivate: false })
    for (const url of ['http://example.org/', 'file:///etc/passwd', 'ftp://example.org/'])
      await assert.rejects(ask(url), EgressError)
    await assert.rejects(guardedFetch({ allowPrivate: true })('file:///etc/passwd'), EgressError)
  })

  it('DNS rebinding: connects to the very address that was held against the list', async () => {
    const answers = [['8.8.8.8'], ['8.8.8.8', '127.0.0.1'], ['127.0.0.1']]
    const resolver = ((_host: string, _options: object, callback: (error: null, found: object[]) => void) => {
      callback(
        null,
        (answers.shift() ?? []).map((address) => ({ address, family: 4 })),
      )
    }) as never
    const look = guardedLookup(resolver)
    const once = () =>
      new Promise((done) => look('rebind.example', { all: true }, (error, found) => done(error ?? found)))
    assert.deepEqual(await once(), [{ address: '8.8.8.8', family: 4 }])
    // One bad address among good ones is enough: which would be tried is chance.
    assert.ok((await once()) instanceof EgressError)
    assert.ok((await once()) instanceof EgressError)
  })

  it('no answer that an address chooses to give ends the process', async () => {
    const answers = [
      '700 Odd',
      '099 Odd',
      '600 Odd',
      '205 Reset',
      '101 Switching\r\nConnection: upgrade\r\nUpgrade: odd',
      '200 OK',
    ]
    let next = 0
    const odd = createConnectionServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () =>
        socket.end(
          `HTTP/1.1 ${answers[next]}\r\nContent-Length: 2\r\nX-Odd: \u0080\u00e9\r\n\r\n{}`,
          'latin1',
        ),
      )
    })
    await new Promise<void>((done) => odd.listen(0, '127.0.0.1', done))
    const address = `http://127.0.0.1:${(odd.address() as AddressInfo).port}/`
    const seen: unknown[] = []
    for (; next < answers.length; next++) {
      const outcome = guardedFetch({ allowPrivate: true })(address)
      seen.push(await outcome.then(({ status }) => status).catch((error: Error) => error instanceof Error))
    }
    odd.close()
    assert.deepEqual(seen, [true, true, true, 205, true, 200])
  })

  it('asks inside when that is allowed, follows no redirect and bounds the answer', async () => {
    const ask = guardedFetch({ allowPrivate: true })
    const answer = await ask(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'b' }),
    })
    assert.deepEqual(await answer.json(), { host: `127.0.0.1:${port}`, method: 'POST' })
    assert.equal((await ask(`http://127.0.0.1:${port}/redirect`)).status, 302)
    await assert.rejects(ask(`http://127.0.0.1:${port}/large`))
  })
})
