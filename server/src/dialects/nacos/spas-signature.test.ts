import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { configTextsToSign, isTimely, readListened, readNamingData, writeChanged } from '../../core/spas.ts'
import type { Incoming } from '../../http/operation.ts'
import { fromGbk, toGbk } from './gbk.ts'
import { readParameters } from './parameters.ts'
import { isSignedBy, spasSignature } from './spas-signature.ts'

const folder = join(import.meta.dirname, 'fixtures')

interface Captured {
  readonly server: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly body_base64: string
}

const captures = readdirSync(folder)
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  .flatMap(({ name, credential, requests }) =>
    (requests as Captured[])
      .filter(({ server }) => server === 'data-server')
      .map((request) => ({
        name: String(name),
        secretKey: credential.secretKey as string | undefined,
        request,
      })),
  )

function headersOf({ rawHeaders }: Captured): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers[rawHeaders[at]!.toLowerCase()] = rawHeaders[at + 1]!
  return headers
}

function verify(request: Captured, secretKey: string): boolean {
  const headers = headersOf(request)
  const rawBody = Buffer.from(request.body_base64, 'base64')
  const parameters = readParameters({ url: request.url, headers, rawBody } as unknown as Incoming)
  const data = parameters.get('data')
  if (data !== undefined) {
    const { timestamp } = readNamingData(data)
    return isSignedBy(parameters.get('signature')!, [data], { secretKey, timestamp })
  }
  const timestamp = headers['timestamp']!
  const texts = configTextsToSign(
    { tenant: parameters.get('tenant'), group: parameters.get('group') },
    timestamp,
  )
  return isSignedBy(headers['spas-signature']!, texts, { secretKey, timestamp })
}

describe('Spas signatures', () => {
  for (const { name, secretKey, request } of captures.filter((capture) => capture.secretKey)) {
    it(`verifies what was captured: ${name} ${request.url.split('?')[0]}`, () => {
      assert.ok(verify(request, secretKey!))
      assert.equal(verify(request, `${secretKey}x`), false)
    })
  }

  it('covers every kind of call that was captured', () => {
    assert.ok(captures.filter(({ secretKey }) => secretKey).length >= 16)
  })

  it('derives a key for version 4 by day, region and product', () => {
    const signing = { secretKey: 'secret', timestamp: '1795331032957' }
    const v4 = spasSignature('tenant+group+1795331032957', { ...signing, region: 'cn-shenzhen' })
    assert.equal(v4, 'ULgAouDSrsNQhoXo+fym751YiUI=')
    assert.notEqual(v4, spasSignature('tenant+group+1795331032957', signing))
    assert.notEqual(v4, spasSignature('tenant+group+1795331032957', { ...signing, region: 'cn-beijing' }))
  })

  it('holds the window of sixty seconds both ways, and takes digits only', () => {
    const now = 1_795_331_032_957
    assert.ok(isTimely(String(now - 60_000), now))
    assert.ok(isTimely(String(now + 60_000), now))
    assert.equal(isTimely(String(now - 60_001), now), false)
    assert.equal(isTimely(String(now + 60_001), now), false)
    for (const odd of ['', ' 1795331032957', '1795331032957.0', '1.795331032957e12', 'NaN', '-1'])
      assert.equal(isTimely(odd, now), false, odd)
  })

  it('reads the lines of a long poll, or none of them', () => {
    const line = (...parts: string[]): string => `${parts.join('\u0002')}\u0001`
    assert.deepEqual(readListened(line('a', 'g', 'm', 't') + line('b', 'g', '')), [
      { dataId: 'a', group: 'g', md5: 'm', tenant: 't' },
      { dataId: 'b', group: 'g', md5: '', tenant: '' },
    ])
    for (const odd of [
      'a',
      line('a'),
      line('a', 'g'),
      line('a', 'g', 'm', 't', 'u'),
      `${line('a', 'g', 'm')}b`,
    ])
      assert.equal(readListened(odd), undefined, JSON.stringify(odd))
    assert.equal(
      writeChanged([{ dataId: 'a', group: 'g', md5: '', tenant: 't' }]),
      encodeURIComponent(line('a', 'g', 't')),
    )
  })
})

describe('GBK', () => {
  it('reads back what it writes', () => {
    const text = 'a: 1\nb: 值 配置中心 €'
    assert.equal(fromGbk(toGbk(text)), text)
    assert.deepEqual([...toGbk('值')], [0xd6, 0xb5])
    assert.deepEqual([...toGbk('😀')], [0x3f])
  })

  it('refuses a parameter that comes twice, and bytes that are no text', () => {
    const read = (url: string): unknown =>
      readParameters({ url, headers: {}, rawBody: Buffer.from('tenant=b') } as unknown as Incoming)
    assert.throws(() => read('/x?tenant=a'), { code: 'bad_request' })
    assert.throws(() => read('/x?a=%ff'), { code: 'bad_request' })
    assert.throws(() => read('/x?a=%2'), { code: 'bad_request' })
  })
})
