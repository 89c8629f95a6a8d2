import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { OpenedOidcConfig } from './config.ts'
import { verifyToken } from './verify.ts'

const ISSUER = 'https://idp.example'
const NOW = 1_800_000_000
const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const config: OpenedOidcConfig = {
  accessMode: 'program',
  issuer: ISSUER,
  clientId: 'us',
  authorizationEndpoint: null,
  scope: 'openid',
  responseType: 'id_token',
  responseMode: 'form_post',
  signingKey: JSON.stringify({ keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k' }] }),
  algorithms: ['ES256'],
  audiences: ['cluster'],
  introspection: false,
  allowPrivateAddresses: false,
  clientSecret: null,
}
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Honest members with up to two replaced by ones that nearly are, by anything at all, or left out. */
const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values)
function members(
  honest: Readonly<Record<string, unknown>>,
  odd: Readonly<Record<string, readonly unknown[]>>,
) {
  const replaced = oneOf(...Object.keys(odd)).chain((name) =>
    fc
      .oneof({ weight: 4, arbitrary: oneOf(...(odd[name] ?? [])) }, fc.jsonValue({ maxDepth: 1 }))
      .map((value) => [name, value] as const),
  )
  return fc.array(replaced, { maxLength: 2 }).map((pairs): Record<string, unknown> => {
    return { ...honest, ...Object.fromEntries(pairs) }
  })
}
const headers = members(
  { alg: 'ES256', kid: 'k' },
  {
    alg: ['none', 'HS256', 'RS256', 'ES384', 'es256', '', undefined],
    kid: ['other', '', undefined],
    typ: ['JWT', 'at+jwt', 'logout+jwt', 'application/jwt', ''],
    jwk: [other.publicKey.export({ format: 'jwk' }), {}],
    jku: ['https://evil.example/jwks', 'http://169.254.169.254/'],
    x5u: ['https://evil.example/cert'],
    crit: [['b64'], ['exp'], []],
    b64: [true, false],
    zip: ['DEF'],
  },
)
const claimSets = members(
  { iss: ISSUER, aud: 'us', sub: 'bob', iat: NOW - 10, exp: NOW + 300, nonce: 'mine' },
  {
    iss: [`${ISSUER}/`, 'https://evil.example', [ISSUER], undefined],
    aud: [['us'], ['us', 'them'], 'them', 'cluster', [], '', undefined],
    azp: ['us', 'cluster', 'them', ['us'], null],
    sub: ['', 7, null, undefined],
    iat: [NOW + 29, NOW + 31, NOW + 1e6, -1, '1', undefined],
    exp: [NOW - 29, NOW - 31, 0, 1e300, '9999999999', null, undefined],
    nbf: [NOW - 10, NOW + 31, '0'],
    nonce: ['theirs', undefined],
  },
)
const signers = oneOf(...Array(8).fill('own'), 'other', 'none', 'mac', 'cut', 'turned')

function signed(text: string, by: string): string {
  const ec = (key: KeyObject): string =>
    sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  const good = ec(own.privateKey)
  if (by === 'own') return good
  if (by === 'other') return ec(other.privateKey)
  if (by === 'mac') {
    const secret = own.publicKey.export({ type: 'spki', format: 'pem' })
    return createHmac('sha256', secret).update(text).digest('base64url')
  }
  if (by === 'cut') return good.slice(0, -3)
  return by === 'turned' ? `${good.startsWith('A') ? 'B' : 'A'}${good.slice(1)}` : ''
}

/** What may be believed, told another way than the code tells it. */
function isHonest(header: Record<string, unknown>, claims: Record<string, unknown>, by: string): boolean {
  const { alg, typ, kid, crit, b64 } = header
  const { iss, aud, azp, sub, iat, exp, nbf } = claims
  const audience = [aud].flat()
  const ours = ['us', 'cluster']
  return (
    by === 'own' &&
    alg === 'ES256' &&
    // The one extension that is understood, as long as it changes nothing (RFC 7797).
    (crit === undefined || (String(crit) === 'b64' && b64 === true)) &&
    (kid === undefined || kid === 'k') &&
    (typ === undefined || /^(application\/)?jwt$/i.test(String(typ))) &&
    iss === ISSUER &&
    audience.some((name) => ours.includes(name as string)) &&
    (azp === undefined || ours.includes(String(azp))) &&
    (audience.length === 1 || azp !== undefined) &&
    sub !== undefined &&
    typeof iat === 'number' &&
    iat <= NOW + 30 &&
    typeof exp === 'number' &&
    exp > NOW - 30 &&
    (nbf === undefined || (typeof nbf === 'number' && nbf <= NOW + 30))
  )
}

describe('ID tokens of all sorts', () => {
  it('are believed only when everything about them is honest, and never break anything', async () => {
    const seen = { believed: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        headers,
        claimSets,
        signers,
        oneOf(null, 'mine'),
        async (header, claims, by, nonce) => {
          const text = `${part(header)}.${part(claims)}`
          const verdict = await verifyToken(`${text}.${signed(text, by)}`, config, {
            now: NOW * 1e6,
            nonce,
            kind: 'id',
          })
          if ('refused' in verdict) {
            seen.refused++
            return
          }
          seen.believed++
          assert.ok(
            isHonest(header, claims as Record<string, unknown>, by),
            JSON.stringify({ header, claims, by }),
          )
          assert.ok(nonce === null || claims.nonce === nonce)
        },
      ),
      { seed: 5, numRuns: 1500 },
    )
    assert.ok(seen.believed > 100 && seen.refused > 500, JSON.stringify(seen))
  })

  it('are refused whatever their bytes are', async () => {
    const good = `${part({ alg: 'ES256', kid: 'k' })}.${part({ iss: ISSUER })}`
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(fc.base64String({ maxLength: 80 }), { maxLength: 6 }).map((parts) => parts.join('.')),
      fc.string({ maxLength: 40 }).map((tail) => `${good}.${signed(good, 'own')}${tail}`),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const verdict = await verifyToken(text, config, { now: NOW * 1e6, nonce: null, kind: 'id' })
        assert.ok('refused' in verdict)
      }),
      { seed: 5, numRuns: 200 },
    )
  })
})
