import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { isS3TextSignedBy, isSignedBy, s3ExpiresAt, s3SignedAt, signedAt } from './signature.ts'
import vectors from './vectors/keystoneclient.json' with { type: 'json' }

const { secret } = vectors

describe('EC2 signatures', () => {
  for (const { name, request, signature } of vectors.vectors) {
    const { body_hash, params, headers, ...rest } = request
    const signed = {
      ...rest,
      access: 'a',
      signature,
      params: params as unknown as Record<string, string>,
      headers: headers as unknown as Record<string, string>,
      bodyHash: body_hash,
    }
    it(`${name} is what the other implementation signs`, () => {
      assert.equal(isSignedBy(secret, signed), true)
      assert.equal(isSignedBy('another secret', signed), false)
    })

    it(`${name} breaks with any change of what it covers`, () => {
      assert.equal(isSignedBy(secret, { ...signed, signature: `${signature}x` }), false)
      assert.equal(isSignedBy(secret, { ...signed, signature: '' }), false)
      if (name === 'version 0') return
      const changed =
        name === 'version 4 header' ? { path: '/other' } : { params: { ...signed.params, Action: 'Other' } }
      assert.equal(isSignedBy(secret, { ...signed, ...changed }), false)
    })

    it(`${name} tells when it was made`, () => {
      assert.equal(signedAt(signed), Date.parse('2026-11-22T10:00:00Z') / 1000)
    })
  }

  it('CVE-2020-12692: only what is signed tells the time', () => {
    const [early, late] = ['2026-11-22T10:00:00Z', '2026-11-22T23:00:00Z']
    const posted = { params: { Timestamp: late }, headers: { 'X-Amz-Date': '20261122T100000Z' } }
    assert.equal(signedAt(posted), Date.parse(early) / 1000)
    const headers = { 'X-Amz-Date': '20261122T230000Z' }
    assert.equal(signedAt({ params: { SignatureVersion: '2', Expires: early }, headers }), undefined)
    assert.equal(signedAt({ params: { SignatureVersion: '2', 'X-Amz-Date': late }, headers: {} }), undefined)
  })

  it('no version, an unknown one, and a date outside the scope are no signatures', () => {
    const request = {
      access: 'a',
      signature: '',
      verb: 'GET',
      host: 'h',
      path: '/',
      headers: {},
      bodyHash: '',
    }
    assert.equal(isSignedBy(secret, { ...request, params: {} }), false)
    assert.equal(isSignedBy(secret, { ...request, params: { SignatureVersion: '3' } }), false)
    assert.equal(isSignedBy(secret, { ...request, params: { SignatureVersion: '__proto__' } }), false)
  })
})

describe('S3 signatures', () => {
  const old = 'GET\n\n\nSun, 22 Nov 2026 10:00:00 GMT\n/bucket/key'
  const scope = '20261122/r1/s3/aws4_request'
  const text = `AWS4-HMAC-SHA256\n20261122T100000Z\n${scope}\n${'0'.repeat(64)}`
  const v4 = (of: string, parts: readonly string[]) => {
    let key: Buffer = Buffer.from(`AWS4${secret}`)
    for (const part of parts) key = createHmac('sha256', key).update(part).digest()
    return createHmac('sha256', key).update(of).digest('hex')
  }

  it('the old form and version 4 are accepted, with their times', () => {
    const signature = createHmac('sha1', secret).update(old).digest('base64')
    assert.equal(isS3TextSignedBy(secret, old, signature), true)
    assert.equal(isS3TextSignedBy(secret, text, v4(text, scope.split('/'))), true)
    assert.equal(s3SignedAt(old), Date.parse('2026-11-22T10:00:00Z') / 1000)
    assert.equal(s3SignedAt(text), Date.parse('2026-11-22T10:00:00Z') / 1000)
  })

  it('CVE-2025-65073: a pre-signed URL of the old form tells its end, and not that it is fresh', () => {
    const url = 'GET\n\n\n1795344000\n/bucket/key'
    assert.equal(s3SignedAt(url), undefined)
    assert.equal(s3ExpiresAt(url), 1795344000)
    assert.equal(s3ExpiresAt(old), undefined)
    assert.equal(s3ExpiresAt('GET\n\n\n\n/bucket/1795344000'), undefined)
  })

  it('a text of version 4 may be of a URL that lasts a week', () => {
    assert.equal(s3ExpiresAt(text), Date.parse('2026-11-29T10:00:00Z') / 1000)
    assert.equal(s3ExpiresAt(text.replace('20261122T100000Z', 'today')), undefined)
  })

  it('another service’s scope is refused', () => {
    const other = text.replace('/s3/', '/ec2/')
    assert.equal(isS3TextSignedBy(secret, other, v4(other, ['20261122', 'r1', 'ec2', 'aws4_request'])), false)
  })
})
