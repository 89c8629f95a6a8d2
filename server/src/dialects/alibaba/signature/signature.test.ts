import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Refusal } from '../../../core/refusal.ts'
import { readSignedRequest } from './read.ts'
import type { RawRequest } from './signed-request.ts'

interface Capture {
  readonly name: string
  readonly scheme: string
  readonly credential: {
    readonly accessKeyId: string
    readonly accessKeySecret: string
    readonly securityToken?: string
  }
  readonly request: {
    readonly method: string
    readonly url: string
    readonly rawHeaders: readonly string[]
    readonly body_base64: string
  }
}

/** Requests recorded from the official SDKs, with invented keys. */
const captures: readonly Capture[] = readdirSync(`${import.meta.dirname}/fixtures`)
  .sort()
  .map((file) => JSON.parse(readFileSync(`${import.meta.dirname}/fixtures/${file}`, 'utf8')))
const signed = captures.filter(({ name }) => !name.includes('anonymous'))

const NAMES = new Set(['NamespaceId', 'Id', 'RegionTag', 'RegionName', 'Description', 'DebugEnable', 'Empty'])

type Editable = { method: string; url: string; headers: Record<string, string>; rawBody: Buffer }

function requestOf({ request }: Capture): Editable {
  const headers: Record<string, string> = {}
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers[request.rawHeaders[i]!.toLowerCase()] = request.rawHeaders[i + 1]!
  }
  const rawBody = Buffer.from(request.body_base64, 'base64')
  return { method: request.method, url: request.url, headers, rawBody }
}

/** `verified`, `SignatureDoesNotMatch` or the code that reading refused with. */
function verdict(request: RawRequest, { credential }: Capture): string {
  try {
    const read = readSignedRequest(request, NAMES)
    if (read.accessKeyId !== credential.accessKeyId) return 'InvalidAccessKeyId.NotFound'
    return read.isSignedWith({ secret: credential.accessKeySecret }) ? 'verified' : 'SignatureDoesNotMatch'
  } catch (error) {
    if (error instanceof Refusal) return String(error.detail.wireCode)
    throw error
  }
}

/** Headers that a scheme signs, as far as they are sent. */
function isCovered(scheme: string, name: string): boolean {
  if (scheme.startsWith('RPC')) return false
  if (name.startsWith('x-acs-') || name === 'authorization' || name === 'content-type') return true
  return scheme.startsWith('ACS3') ? name === 'host' : ['accept', 'content-md5', 'date'].includes(name)
}

const REFUSED = new Set([
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'InvalidAccessKeyId.NotFound',
  'InvalidTimeStamp.Format',
  'InvalidParameter',
])
const isRefusal = (code: string): boolean =>
  REFUSED.has(code) || code.startsWith('Missing') || code.startsWith('InvalidParameter.')

describe('signatures of official SDKs', () => {
  for (const capture of signed) {
    it(`verifies ${capture.name}`, () => {
      const request = requestOf(capture)
      assert.equal(verdict(request, capture), 'verified')
      const read = readSignedRequest(request, NAMES)
      assert.equal(read.securityToken, capture.credential.securityToken)
      assert.ok(read.nonce.length >= 16)
      assert.equal(new Date(read.signedAt * 1000).toISOString().slice(0, 10), '2026-11-22')
      assert.match(read.version, /^\d{4}-\d{2}-\d{2}$/)
    })

    it(`refuses ${capture.name} with any byte changed`, () => {
      const whole = requestOf(capture)
      const meaning = (request: Editable): string => {
        try {
          return JSON.stringify(Object.entries(readSignedRequest(request, NAMES).parameters))
        } catch {
          return ''
        }
      }
      const before = meaning(whole)
      const refused = (changed: Editable, what: string): void => {
        const code = verdict(changed, capture)
        // `%3a` for `%3A` is another spelling of the same request.
        if (code === 'verified' && what.startsWith('url') && meaning(changed) === before) return
        if (code === 'verified' && what.startsWith('body') && meaning(changed) === before) return
        assert.ok(isRefusal(code), `${what}: ${code}`)
      }
      for (let i = 1; i < whole.url.length; i++) {
        refused({ ...whole, url: flipped(whole.url, i) }, `url ${i}`)
      }
      for (let i = 0; i < whole.rawBody.length; i++) {
        const rawBody = Buffer.from(flipped(whole.rawBody.toString('latin1'), i), 'latin1')
        refused({ ...whole, rawBody }, `body ${i}`)
      }
      refused({ ...whole, method: whole.method === 'GET' ? 'POST' : 'GET' }, 'method')
      if (!capture.scheme.startsWith('RPC') && !capture.name.startsWith('openapi-client-0.4.15-ROA')) {
        refused({ ...whole, rawBody: Buffer.concat([whole.rawBody, Buffer.from('x')]) }, 'a longer body')
      }
      for (const [name, value] of Object.entries(whole.headers)) {
        if (!isCovered(capture.scheme, name)) continue
        for (let i = 0; i < value.length; i++) {
          refused({ ...whole, headers: { ...whole.headers, [name]: flipped(value, i) } }, `${name} ${i}`)
        }
        const { [name]: _, ...others } = whole.headers
        refused({ ...whole, headers: others }, `no ${name}`)
      }
      if (!capture.scheme.startsWith('RPC')) {
        refused({ ...whole, headers: { ...whole.headers, 'x-acs-more': '1' } }, 'another x-acs header')
      }
    })
  }

  it('tells which byte matters by its code, and takes no header that is not signed (Vault GHSA-fp52)', () => {
    const capture = signed.find(
      ({ name }) => name.includes('ACS3') && name.endsWith('longterm-GetSecureToken'),
    )!
    const whole = requestOf(capture)
    const authorization = whole.headers['authorization']!
    const codes = (from: string, to: string): string =>
      verdict(
        { ...whole, headers: { ...whole.headers, authorization: authorization.replace(from, to) } },
        capture,
      )
    assert.equal(codes('ACS3-HMAC-SHA256', 'ACS3-HMAC-SHA255'), 'IncompleteSignature')
    assert.equal(codes('ACS3-HMAC-SHA256', 'ACS4-HMAC-SHA256'), 'IncompleteSignature')
    assert.equal(codes('Credential=TEST', 'Credential=TEXT'), 'InvalidAccessKeyId.NotFound')
    assert.equal(codes('SignedHeaders=host;', 'SignedHeaders='), 'IncompleteSignature')
    assert.equal(codes('x-acs-action;', ''), 'IncompleteSignature')
    assert.equal(codes('Signature=f', 'Signature=0'), 'SignatureDoesNotMatch')
    const { 'x-acs-signature-nonce': _, ...others } = whole.headers
    assert.equal(verdict({ ...whole, headers: others }, capture), 'Missingx-acs-signature-nonce')
    const port = { ...whole.headers, host: '127.0.0.1' }
    assert.equal(verdict({ ...whole, headers: port }, capture), 'SignatureDoesNotMatch')
  })

  it('refuses an unsigned request', () => {
    const capture = captures.find(({ name }) => name.includes('anonymous'))!
    assert.equal(verdict(requestOf(capture), capture), 'MissingAccessKeyId')
  })
})

describe('variants of V3', () => {
  const base = { accessKeyId: 'AK', version: '2017-08-01' }
  const unsigned = (): Editable => ({
    method: 'GET',
    url: '/pop/v5/secure_token?NamespaceId=cn-shenzhen%3Aprod',
    headers: {
      host: '127.0.0.1:5002',
      'x-acs-version': base.version,
      'x-acs-date': '2026-11-22T06:56:30Z',
      'x-acs-signature-nonce': '0123456789abcdef',
    },
    rawBody: Buffer.alloc(0),
  })
  const signedBy = (algorithm: string, make: (text: string) => string): Editable => {
    const request = unsigned()
    const hash = algorithm.endsWith('SM3') ? 'sm3' : 'sha256'
    request.headers['x-acs-content-sha256'] = createHash(hash).update('').digest('hex')
    const listed = Object.keys(request.headers).sort().join(';')
    const claim = (signature: string): string =>
      `${algorithm} Credential=AK,SignedHeaders=${listed},Signature=${signature}`
    request.headers['authorization'] = claim('00')
    const { stringToSign } = readSignedRequest(request, NAMES)
    request.headers['authorization'] = claim(make(stringToSign))
    return request
  }

  it('RSA-SHA256 verifies under the public key of the pair, which itself signs nothing', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    const request = signedBy('ACS3-RSA-SHA256', (text) =>
      sign('sha256', Buffer.from(text), privateKey).toString('hex'),
    )
    assert.equal(readSignedRequest(request, NAMES).isSignedWith({ publicKey: pem }), true)
    const authorization = request.headers['authorization']!
    for (const spelling of [`${authorization}0`, `${authorization}00`, authorization.slice(0, -2)]) {
      const respelled = { ...request, headers: { ...request.headers, authorization: spelling } }
      assert.equal(readSignedRequest(respelled, NAMES).isSignedWith({ publicKey: pem }), false)
    }
    assert.equal(
      readSignedRequest(request, NAMES).isSignedWith({
        publicKey: other.export({ type: 'spki', format: 'pem' }).toString(),
      }),
      false,
    )
    assert.equal(readSignedRequest(request, NAMES).isSignedWith({ secret: 'a secret' }), false)
    const { createHmac } = await import('node:crypto')
    const confused = signedBy('ACS3-HMAC-SHA256', (text) =>
      createHmac('sha256', pem).update(text).digest('hex'),
    )
    assert.equal(readSignedRequest(confused, NAMES).isSignedWith({ publicKey: pem }), false)
  })

  it('refuses a body hash that is signed and is not the body’s', async () => {
    const request = signedBy('ACS3-HMAC-SHA256', () => '00')
    const headers = { ...request.headers, 'x-acs-content-sha256': 'UNSIGNED-PAYLOAD' }
    assert.throws(() => readSignedRequest({ ...request, headers }, NAMES), {
      detail: { wireCode: 'SignatureDoesNotMatch' },
    })
  })

  it('HMAC-SM3 verifies', async () => {
    const { createHmac } = await import('node:crypto')
    const request = signedBy('ACS3-HMAC-SM3', (text) =>
      createHmac('sm3', 'secret').update(text).digest('hex'),
    )
    assert.equal(readSignedRequest(request, NAMES).isSignedWith({ secret: 'secret' }), true)
    assert.equal(readSignedRequest(request, NAMES).isSignedWith({ secret: 'secreT' }), false)
  })
})

describe('ambiguity of ROA', () => {
  const capture = signed.find(({ name }) => name === 'pop-core-roa-longterm-InsertRegion')!
  it('takes one of the requests that share a signature, never two', () => {
    const readings = [
      ['/pop/v5/user_region_def?Description=a%20%26%20b', 'SignatureDoesNotMatch'],
      ['/pop/v5/user_region_def?Description=a%20&%20b', 'InvalidParameter. b'],
      ['/pop/v5/user_region_def?Description=hi&Id=7279', 'SignatureDoesNotMatch'],
      ['/pop/v5/user_region_def?Description=hi%26Id%3D7279', 'IncompleteSignature'],
      ['/pop/v5/user_region_def?Description=hi%26Id', 'IncompleteSignature'],
      ['/pop/v5/user_region_def?Description%3Dhi=1', 'InvalidParameter.Description=hi'],
      ['/pop/v5/user_region_def?=1', 'InvalidParameter.'],
    ] as const
    for (const [url, code] of readings) {
      assert.equal(verdict({ ...requestOf(capture), url }, capture), code, url)
    }
  })

  it('refuses a parameter that comes twice', () => {
    const url = '/pop/v5/secure_token?NamespaceId=a&NamespaceId=b'
    assert.equal(verdict({ ...requestOf(capture), url }, capture), 'InvalidParameter.NamespaceId')
  })
})

/** Another character in place `i`, of the same kind where there is one. */
function flipped(text: string, i: number): string {
  const code = text.charCodeAt(i)
  const other = /[0-9A-Za-z]/.test(text[i]!)
    ? String.fromCharCode(text[i] === 'z' || text[i] === 'Z' || text[i] === '9' ? code - 1 : code + 1)
    : 'Q'
  return text.slice(0, i) + other + text.slice(i + 1)
}
