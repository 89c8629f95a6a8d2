import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listeningUrl } from './own-url.ts'

describe('the address a service listens at', () => {
  const at = (localAddress: string | undefined, localPort: number | undefined, url: string) =>
    listeningUrl(url, { localAddress, localPort })

  it('is its own when the client came by it', () => {
    for (const [address, port, url] of [
      ['127.0.0.1', 5000, 'http://127.0.0.1:5000'],
      ['127.0.0.1', 5000, 'http://localhost:5000'],
      ['::ffff:10.1.2.3', 5000, 'http://10.1.2.3:5000'],
      ['::1', 5000, 'http://[::1]:5000'],
      ['::1', 5000, 'http://localhost:5000'],
      ['10.1.2.3', 443, 'https://10.1.2.3'],
      ['10.1.2.3', 80, 'http://10.1.2.3'],
    ] as const) {
      assert.equal(at(address, port, url), url)
    }
  })

  it('is nobody’s when only the client says so', () => {
    for (const [address, port, url] of [
      ['127.0.0.1', 5000, 'http://evil.test:5000'],
      ['127.0.0.1', 5000, 'http://127.0.0.1:5001'],
      ['127.0.0.1', 5000, 'http://127.0.0.1'],
      ['10.1.2.3', 5000, 'http://localhost:5000'],
      ['10.1.2.3', 5000, 'http://10.1.2.4:5000'],
      ['10.1.2.3', 443, 'http://10.1.2.3'],
      [undefined, undefined, 'http://127.0.0.1:5000'],
    ] as const) {
      assert.equal(at(address, port, url), undefined, url)
    }
  })
})
