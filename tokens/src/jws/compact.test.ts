import assert from 'node:assert/strict'
import {
  createHmac,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  verify,
} from 'node:crypto'
import { describe, it } from 'node:test'
import { signCompact, verifyCompact } from './compact.ts'
import { parseJsonObject } from './json.ts'
import { type JwsKey, jwsKey, jwsKeyring, parseJwsKey, publicJwks } from './keys.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const secret = randomBytes(32)
const es256 = jwsKey('ES256', ec.privateKey)
const rs512 = jwsKey('RS512', rsa.privateKey)
const hs256 = jwsKey('HS256', createSecretKey(secret))
const all = [es256, rs512, hs256]
const claims = { account: 'root', roles: ['admin'], exp: 1700000000, name: 'Jürgen' }

function headerOf(token: string): string {
  return Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()
}

function publicHalf(key: JwsKey): JwsKey {
  return jwsKey(key.algorithm.name, key.verifying, key.kid)
}

describe('compact JWS', () => {
  for (const key of all)
    it(`${key.algorithm.name}: claims come back, with the key that vouches for them`, () => {
      const verified = verifyCompact(signCompact(claims, key), all)
      assert.deepEqual(verified, { claims, key })
    })

  it('HS256 is the example of RFC 7515 appendix A.1', () => {
    const jwk = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow'
    const key = jwsKey('HS256', createSecretKey(Buffer.from(jwk, 'base64url')))
    const text = [
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9',
      'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
      'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    ].join('.')
    const expected = { iss: 'joe', exp: 1300819380, 'http://example.com/is_root': true }
    assert.deepEqual(verifyCompact(text, [key]), { claims: expected, key })
  })

  it('ES256 verifies the example of RFC 7515 appendix A.3', () => {
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    }
    const key = jwsKey('ES256', createPublicKey({ key: jwk, format: 'jwk' }))
    const text = [
      'eyJhbGciOiJFUzI1NiJ9',
      'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
      'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    ].join('.')
    assert.ok('claims' in verifyCompact(text, [key]))
  })

  it('the header is what the reader compares: engines want alg and typ, Nacos alg alone', () => {
    assert.equal(headerOf(signCompact(claims, rs512)), '{"alg":"RS512","typ":"JWT"}')
    assert.equal(headerOf(signCompact(claims, hs256, { typ: null })), '{"alg":"HS256"}')
    const named = jwsKey('ES256', ec.privateKey, 'k1')
    assert.equal(headerOf(signCompact(claims, named)), '{"alg":"ES256","typ":"JWT","kid":"k1"}')
  })

  it('RS512 and HS256 signatures are the ones any library makes', () => {
    const token = signCompact(claims, rs512)
    const at = token.lastIndexOf('.')
    const signature = Buffer.from(token.slice(at + 1), 'base64url')
    assert.ok(verify('sha512', Buffer.from(token.slice(0, at)), rsa.publicKey, signature))
    const other = signCompact(claims, hs256)
    const cut = other.lastIndexOf('.')
    assert.equal(
      createHmac('sha256', secret).update(other.slice(0, cut)).digest('base64url'),
      other.slice(cut + 1),
    )
  })

  it('a key id chooses the key, and an unknown one chooses none', () => {
    const [one, two] = [jwsKey('ES256', ec.privateKey, 'one'), jwsKey('ES256', ec.privateKey, 'two')]
    assert.deepEqual(verifyCompact(signCompact(claims, two), [one, two]), { claims, key: two })
    assert.ok('refused' in verifyCompact(signCompact(claims, two), [one]))
    assert.ok('claims' in verifyCompact(signCompact(claims, es256), [one, two]))
  })

  it('a signature of another length is refused, not an exception', () => {
    for (const key of all) {
      const [header, payload, signature = ''] = signCompact(claims, key).split('.')
      for (const other of [
        '',
        'AA',
        signature.slice(0, -4),
        `${signature}AAAA`,
        Buffer.alloc(300, 1).toString('base64url'),
      ])
        assert.ok('refused' in verifyCompact(`${header}.${payload}.${other}`, all))
    }
  })

  it('a public key verifies and does not sign', () => {
    const key = publicHalf(es256)
    assert.ok('claims' in verifyCompact(signCompact(claims, es256), [key]))
    assert.throws(() => signCompact(claims, key), TypeError)
    assert.throws(() => jwsKeyring([key]), TypeError)
    assert.throws(() => jwsKeyring([es256, rs512]), TypeError)
    assert.throws(() => jwsKeyring([]), TypeError)
  })

  it('a text longer than a token may be is neither made nor read', () => {
    assert.throws(() => signCompact({ blob: 'x'.repeat(7000) }, hs256), RangeError)
    assert.deepEqual(verifyCompact('a'.repeat(8193), all), {
      refused: 'malformed',
      detail: 'longer than a token may be',
    })
  })
})

describe('a JSON object of a token', () => {
  function parse(text: string): Record<string, unknown> | null {
    return parseJsonObject(Buffer.from(text))
  }

  it('is read when no key is named twice', () => {
    const texts = [
      '{}',
      '{"a":[{"b":1},{"b":2}],"c":{"a":"{\\"a\\":1,\\"a\\":2}"}}',
      '{"a":["a","a",","],"b":"a"}',
      '{"\\\\":1,"\\"":2}',
    ]
    for (const text of texts) assert.deepEqual(parse(text), JSON.parse(text))
  })

  it('is refused when a key is named twice, however it is written and however deep', () => {
    const texts = [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":1}',
      '{"x":{"a":[],"a":{}}}',
      '{"x":[0,{"a":1,"b":{},"a":1}]}',
      '{"a":[],"b":2,"a":3}',
    ]
    for (const text of texts) assert.equal(parse(text), null, text)
  })

  it('is refused when it is not an object in UTF-8', () => {
    for (const text of ['', 'null', '[]', '"a"', '1', '{"a":1', '{"a":1}{}', '\ufeff{}', "{'a':1}"])
      assert.equal(parse(text), null)
    assert.equal(parseJsonObject(Buffer.from('7b22ff223a317d', 'hex')), null)
  })
})

describe('the published key set', () => {
  it('holds public halves only, each under its key id', () => {
    const named = jwsKey('ES256', ec.privateKey, 'k1')
    const { keys } = publicJwks([named, rs512])
    const { x, y } = ec.publicKey.export({ format: 'jwk' })
    const { n, e } = rsa.publicKey.export({ format: 'jwk' })
    const kid = keys[1]?.kid
    assert.match(kid ?? '', /^[A-Za-z0-9_-]{43}$/)
    assert.deepEqual(keys, [
      { crv: 'P-256', kty: 'EC', x, y, use: 'sig', alg: 'ES256', kid: 'k1' },
      { e, kty: 'RSA', n, use: 'sig', alg: 'RS512', kid },
    ])
  })

  it('never holds a shared secret', () => {
    assert.throws(() => publicJwks([hs256]), TypeError)
  })

  it('names a key by the thumbprint of RFC 7638', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn' +
      'jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM' +
      'QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    const key = jwsKey('RS512', createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' }))
    assert.equal(publicJwks([key]).keys[0]?.kid, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it('names a session key the same from either half of it', () => {
    const fromPrivate = parseJwsKey(ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    const fromPublic = parseJwsKey(ec.publicKey.export({ type: 'spki', format: 'pem' }) as string)
    assert.equal(fromPrivate.kid, fromPublic.kid)
    assert.equal(publicJwks([fromPublic]).keys[0]?.kid, fromPublic.kid)
    assert.equal(fromPublic.signing, undefined)
    assert.throws(() => parseJwsKey('-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----'), TypeError)
  })
})
