import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { CompactSign, exportJWK, FlattenedSign, type JWTPayload, SignJWT } from 'jose'
import { assertionOf } from './assertion.ts'
import { type OpenedOidcConfig, oidcConfigFault } from './config.ts'
import { verifyToken } from './verify.ts'

const ISSUER = 'https://idp.example'
const NOW = 1_800_000_000

describe('ID tokens', () => {
  let key: KeyObject
  let publicKey: KeyObject
  let config: OpenedOidcConfig
  before(async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    key = pair.privateKey
    publicKey = pair.publicKey
    config = await configWith(publicKey)
  })
  const configWith = async (verifying: KeyObject, more: Partial<OpenedOidcConfig> = {}) => ({
    accessMode: 'program' as const,
    issuer: ISSUER,
    clientId: 'us',
    authorizationEndpoint: null,
    scope: 'openid',
    responseType: 'id_token',
    responseMode: 'form_post',
    signingKey: JSON.stringify({ keys: [{ ...(await exportJWK(verifying)), kid: 'k1' }] }),
    algorithms: ['RS256'],
    audiences: [],
    introspection: false,
    allowPrivateAddresses: false,
    clientSecret: null,
    ...more,
  })
  const CLAIMS: JWTPayload = { iss: ISSUER, aud: 'us', sub: 'bob', iat: NOW - 10, exp: NOW + 300 }
  const sign = (claims: JWTPayload = CLAIMS, header: object = {}, by = key) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(by)
  const expected = { now: NOW * 1e6, nonce: null, kind: 'id' as const }
  const outcome = async (text: string, using = config, more = {}) => {
    const verdict = await verifyToken(text, using, { ...expected, ...more })
    return 'claims' in verdict ? 'believed' : verdict.refused
  }
  const refused = async (text: string, using = config, more = {}) => {
    const said = await outcome(text, using, more)
    assert.notEqual(said, 'believed', text)
    return said
  }

  it('believes a good one, whole', async () => {
    const verdict = await verifyToken(await sign(), config, expected)
    assert.ok('claims' in verdict)
    assert.equal(verdict.claims.sub, 'bob')
  })

  it('refuses missing or wrong iss, aud, exp, iat and sub', async () => {
    for (const name of ['iss', 'aud', 'exp', 'iat', 'sub']) {
      const { [name]: _, ...rest } = CLAIMS
      await refused(await sign(rest))
    }
    await refused(await sign({ ...CLAIMS, iss: `${ISSUER}/` }))
    await refused(await sign({ ...CLAIMS, exp: NOW - 31 }))
    await refused(await sign({ ...CLAIMS, nbf: NOW + 60 }))
    await refused(await sign({ ...CLAIMS, iat: NOW + 60 }))
    await refused(await sign({ ...CLAIMS, exp: '9999999999' as never }))
  })

  it('refuses times that no calendar has', async () => {
    for (const times of [{ exp: 1e300 }, { exp: 9e12 }, { iat: -1e300 }])
      await refused(await sign({ ...CLAIMS, ...times }))
  })

  it('CVE-2026-55669: a foreign audience is refused, and one of several without azp', async () => {
    await refused(await sign({ ...CLAIMS, aud: 'somebody-else' }))
    await refused(await sign({ ...CLAIMS, aud: [] }))
    await refused(await sign({ ...CLAIMS, aud: ['us', 'somebody-else'] }))
    await refused(await sign({ ...CLAIMS, azp: 'somebody-else' }))
    assert.equal(await outcome(await sign({ ...CLAIMS, aud: ['us', 'x'], azp: 'us' })), 'believed')
  })

  it('takes an audience that is configured beside the client id', async () => {
    const using = { ...config, audiences: ['https://cluster.example'] }
    assert.equal(await outcome(await sign({ ...CLAIMS, aud: 'https://cluster.example' }), using), 'believed')
  })

  it('CVE-2015-9235, CVE-2016-10555, CVE-2023-48223, CVE-2023-48238, fast-jwt #589: HS256 with the public key as secret is refused, in every spelling of it', async () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const spellings = [
      pem,
      ` ${pem}`,
      `\n${pem}`,
      pem.trim(),
      pem.replaceAll('\n', '\r\n'),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
    ]
    for (const secret of spellings) {
      const parts = [{ alg: 'HS256', kid: 'k1' }, CLAIMS].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      )
      const mac = createHmac('sha256', secret).update(parts.join('.')).digest('base64url')
      await refused(`${parts.join('.')}.${mac}`)
    }
  })

  it('CVE-2022-23540: alg none is refused in every spelling, with and without a signature', async () => {
    const [, , signature] = (await sign()).split('.')
    for (const alg of ['none', 'None', 'NONE', '', 'nOnE']) {
      const parts = [{ alg, kid: 'k1' }, CLAIMS].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      )
      await refused(`${parts.join('.')}.`)
      await refused(`${parts.join('.')}.${signature}`)
    }
  })

  it('refuses an algorithm that is not configured, though the key could verify it', async () => {
    const text = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS512', kid: 'k1' }).sign(key)
    await refused(text)
    assert.equal(await outcome(text, { ...config, algorithms: ['RS512'] }), 'believed')
  })

  it('CVE-2018-0114: keys in the header (jwk, jku, x5c, x5u) are not looked at', async () => {
    const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = await exportJWK(own.publicKey)
    for (const header of [
      { jwk },
      { jwk, kid: undefined },
      { jku: 'https://evil.example/jwks' },
      { x5u: 'https://evil.example/cert' },
      { x5c: [own.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
    ]) {
      await refused(await sign(CLAIMS, header, own.privateKey))
    }
  })

  it('CVE-2022-23541: an RSA key of 1024 bits verifies nothing', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const parts = [{ alg: 'RS256', kid: 'k1' }, CLAIMS].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    const { createSign } = await import('node:crypto')
    const signature = createSign('sha256').update(parts.join('.')).sign(weak.privateKey, 'base64url')
    const using = await configWith(weak.publicKey)
    assert.match(oidcConfigFault(using) ?? '', /too short/)
    await assert.rejects(verifyToken(`${parts.join('.')}.${signature}`, using, expected))
  })

  it('CVE-2025-4658: JSON-serialised and detached signatures are no tokens', async () => {
    const bytes = new TextEncoder().encode(JSON.stringify(CLAIMS))
    const flattened = await new FlattenedSign(bytes).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(key)
    await refused(JSON.stringify(flattened))
    await refused(JSON.stringify({ payload: flattened.payload, signatures: [flattened] }))
    const [header, , signature] = (await sign()).split('.')
    await refused(`${header}..${signature}`)
    await refused(`${await sign()}.${signature}`)
    const crit = await new CompactSign(bytes)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', crit: ['b64'], b64: false })
      .sign(key)
      .catch(() => 'x.y.z')
    await refused(crit)
  })

  it('CVE-2022-36083, CVE-2024-28176: encrypted tokens are not opened', async () => {
    const header = { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'x', zip: 'DEF' }
    const head = Buffer.from(JSON.stringify(header)).toString('base64url')
    await refused(`${head}.AAAA.AAAA.AAAA.AAAA`)
  })

  it('CVE-2026-27840: every prefix and every changed character of a token is refused', async () => {
    const text = await sign()
    for (let length = 0; length < text.length; length += 7) await refused(text.slice(0, length))
    for (let at = 0; at < text.length; at += 11) {
      const other = text[at] === 'A' ? 'B' : 'A'
      await refused(`${text.slice(0, at)}${other}${text.slice(at + 1)}`)
    }
    await refused('x'.repeat(20_000))
    assert.equal(await refused(await sign({ ...CLAIMS, padding: 'x'.repeat(20_000) })), 'too long')
  })

  it('CVE-2025-4658: of members that are there twice none is chosen that the signature does not cover', async () => {
    const [, body = '', signature = ''] = (await sign()).split('.')
    for (const text of [
      '{"alg":"RS256","alg":"none","kid":"k1"}',
      '{"alg":"none","alg":"RS256","kid":"k1"}',
    ]) {
      await refused(`${Buffer.from(text).toString('base64url')}.${body}.${signature}`)
      await refused(`${Buffer.from(text).toString('base64url')}.${body}.`)
    }
  })

  it('refuses tokens of another kind: logout, access, and an ID token as access token', async () => {
    await refused(await sign(CLAIMS, { typ: 'logout+jwt' }))
    await refused(await sign(CLAIMS, { typ: 'at+jwt' }))
    await refused(await sign(), config, { kind: 'access' })
    assert.equal(await outcome(await sign(CLAIMS, { typ: 'JWT' })), 'believed')
    assert.equal(await outcome(await sign(CLAIMS, { typ: 'at+jwt' }), config, { kind: 'access' }), 'believed')
  })

  it('refuses the nonce of another sign-in, and none where one is expected', async () => {
    const more = { nonce: 'mine' }
    await refused(await sign(), config, more)
    await refused(await sign({ ...CLAIMS, nonce: 'theirs' }), config, more)
    assert.equal(await outcome(await sign({ ...CLAIMS, nonce: 'mine' }), config, more), 'believed')
  })

  it('a configuration takes public keys and asymmetric algorithms only', async () => {
    const { clientSecret: _, ...plain } = config
    assert.equal(oidcConfigFault(plain), undefined)
    assert.match(oidcConfigFault({ ...plain, algorithms: ['HS256'] }) ?? '', /HS256/)
    assert.match(oidcConfigFault({ ...plain, algorithms: ['none'] }) ?? '', /none/)
    for (const text of [
      '{',
      '{}',
      '{"keys":[]}',
      '{"keys":[{"kty":"oct","k":"AA"}]}',
      JSON.stringify({ keys: [key.export({ format: 'jwk' })] }),
    ]) {
      assert.match(oidcConfigFault({ ...plain, signingKey: text }) ?? '', /signing_key/)
    }
    assert.match(oidcConfigFault({ ...plain, issuer: 'http://idp.example' }) ?? '', /https/)
    assert.equal(createPublicKey(key).asymmetricKeyType, 'rsa')
  })

  it('shows claims to a mapping under three names, and lets none pose as another', () => {
    const assertion = assertionOf({
      'OIDC-sub': 'admin',
      HTTP_OIDC_SUB: 'admin',
      sub: 'bob',
      groups: ['a', 'b'],
      age: 7,
      nested: { x: ['y'] },
      gone: null,
    })
    assert.deepEqual(
      [assertion['sub'], assertion['OIDC-sub'], assertion['HTTP_OIDC_SUB']],
      [['bob'], ['bob'], ['bob']],
    )
    assert.deepEqual(assertion['OIDC-groups'], ['a', 'b'])
    assert.deepEqual([assertion['age'], assertion['nested.x'], assertion['gone']], [['7'], ['y'], undefined])
  })
})
