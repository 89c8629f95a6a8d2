/** What went wrong in other people's tokens, and does not here. One test for each lesson, named for its advisory. */
import assert from 'node:assert/strict'
import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import type { Claims } from './claims.ts'
import { fernetKeyring, sealFernet } from './fernet/fernet.ts'
import { newFernetKey, parseFernetKey } from './fernet/fernet-key.ts'
import { decodeFernet, encodeFernet } from './fernet/fernet-token.ts'
import { signCompact, verifyCompact } from './jws/compact.ts'
import { decodeJws, encodeJws } from './jws/jws-token.ts'
import { type JwsKey, jwsKey, jwsKeyring } from './jws/keys.ts'

const claims: Claims = {
  userId: 'd3f5a0c1b2e4968778695a4b3c2d1e0f',
  methods: ['password'],
  scope: { kind: 'project', id: '0123456789abcdef0123456789abcdef' },
  via: [],
  auditIds: ['AAECAwQFBgcICQoLDA0ODw', '8PHy8_T19vf4-fr7_P3-_w'],
  issuedAt: 1700000000,
  expiresAt: 1700086400,
}

const fernetKey = parseFernetKey(newFernetKey())
const fernetRing = fernetKeyring([fernetKey])
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const es256 = jwsKey('ES256', ec.privateKey, 'es')
const rs512 = jwsKey('RS512', rsa.privateKey)
const jwsRing = jwsKeyring([es256])

/** Both formats: whatever holds for one has to hold for the other. */
const formats = [
  {
    name: 'fernet',
    encode: (session: Claims) => encodeFernet(session, fernetRing),
    decode: (text: string) => decodeFernet(text, fernetRing),
  },
  {
    name: 'jws',
    encode: (session: Claims) => encodeJws(session, jwsRing),
    decode: (text: string) => decodeJws(text, jwsRing),
  },
]

function base64url(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url')
}

/** A compact JWS of any header and payload text, signed for real. */
function forge(header: string, payload: string, key: JwsKey): string {
  const signed = `${base64url(header)}.${base64url(payload)}`
  return `${signed}.${base64url(key.algorithm.sign(Buffer.from(signed), key.signing as KeyObject))}`
}

function payloadOf(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
}

function assertRefused(result: object, why?: string): void {
  assert.ok('refused' in result, why)
}

describe('advisories about token bytes', () => {
  it('CVE-2026-44394, CVE-2012-3426: without an expiry there is no token', () => {
    for (const { encode } of formats) {
      const { expiresAt: _, ...endless } = claims
      assert.throws(() => encode(endless as Claims), RangeError)
    }
    const { exp: _, ...body } = JSON.parse(payloadOf(encodeJws(claims, jwsRing))) as Record<string, unknown>
    assertRefused(decodeJws(signCompact(body, es256), jwsRing))
  })

  it('CVE-2013-4294: one session has one identity in every spelling of its token', () => {
    const texts = [encodeFernet(claims, fernetRing), encodeFernet(claims, fernetRing)]
    const signed = [encodeJws(claims, jwsRing), encodeJws(claims, jwsRing)]
    assert.equal(new Set([...texts, ...signed]).size, 4)
    for (const decoded of [
      ...texts.map((text) => decodeFernet(text, fernetRing)),
      ...signed.map((text) => decodeJws(text, jwsRing)),
    ])
      assert.deepEqual(decoded, claims)
  })

  it('CVE-2014-2828: a method repeated ten thousand times is one method', () => {
    for (const { encode, decode } of formats)
      assert.deepEqual(decode(encode({ ...claims, methods: Array(10_000).fill('password') })), claims)
  })

  it('CVE-2014-5251: times come back as they went in, to the second', () => {
    for (const { encode, decode } of formats)
      for (const second of [0, 1, 2 ** 31, 2 ** 32, 253402300799]) {
        const session = { ...claims, issuedAt: second, expiresAt: second }
        assert.deepEqual(decode(encode(session)), session)
      }
  })

  it('CVE-2015-7546: re-encoded base64 is refused', () => {
    for (const { encode, decode } of formats)
      for (let round = 0; round < 40; round++) {
        const text = encode(claims)
        const respelled = [
          `${text}=`,
          `${text}==`,
          text.replaceAll('-', '+'),
          text.replaceAll('_', '/'),
          ` ${text}`,
        ]
        for (const other of [...respelled, `${text}\n`, text.replaceAll('-', '%2D'), text.toLowerCase()])
          if (other !== text) assertRefused(decode(other), other)
      }
  })

  it('CVE-2015-7546: flipped bits are refused', () => {
    for (const { encode, decode } of formats) {
      const segments = encode(claims).split('.')
      segments.forEach((segment, index) => {
        const bytes = Buffer.from(segment, 'base64url')
        for (let bit = 0; bit < bytes.length * 8; bit += 5) {
          const flipped = Buffer.from(bytes)
          flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
          assertRefused(decode(segments.with(index, base64url(flipped)).join('.')))
        }
      })
    }
  })

  it('CVE-2015-7546: the twin of an ECDSA signature says the same session, so revoking it revokes both', () => {
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
    const text = encodeJws(claims, jwsRing)
    const [header, payload, signature] = text.split('.')
    const bytes = Buffer.from(signature ?? '', 'base64url')
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
    const other = `${header}.${payload}.${base64url(twin)}`
    assert.notEqual(other, text)
    assert.deepEqual(decodeJws(other, jwsRing), claims)
  })

  it('CVE-2016-4911: the audit chain survives every format', () => {
    let session: Claims = { ...claims, auditIds: claims.auditIds.slice(1) }
    for (let step = 0; step < 20; step++) {
      const { encode, decode } = formats[step % 2] as (typeof formats)[number]
      const decoded = decode(encode(session))
      assert.ok(!('refused' in decoded))
      const own = base64url(Buffer.alloc(16, step))
      session = { ...decoded, auditIds: [own, decoded.auditIds.at(-1) as string] }
    }
    assert.equal(session.auditIds[1], claims.auditIds[1])
  })

  it('CVE-2026-80182: a session of an EC2 credential never looks like its user in person', () => {
    const unnamed: Claims = { ...claims, methods: ['ec2credential'], via: [{ kind: 'credential', id: '' }] }
    for (const { encode, decode } of formats) {
      assert.deepEqual(decode(encode(unnamed)), unnamed)
      assert.throws(() => encode({ ...unnamed, via: [] }), RangeError)
    }
    const body = JSON.parse(payloadOf(encodeJws(claims, jwsRing))) as Record<string, unknown>
    const lost = decodeJws(signCompact({ ...body, openstack_methods: [] }, es256), jwsRing)
    assert.deepEqual('via' in lost && lost.via, [{ kind: 'credential', id: '' }])
  })

  it('QVD-2023-6271: the public null key is no key', () => {
    assert.throws(() => parseFernetKey(`${'A'.repeat(43)}=`), TypeError)
  })

  it('CVE-2015-9235, CVE-2016-10555: a public key is not a shared secret', () => {
    const body = payloadOf(encodeJws(claims, jwsRing))
    for (const [key, publicKey] of [
      [es256, ec.publicKey],
      [rs512, rsa.publicKey],
    ] as const)
      for (const spelling of spellingsOf(publicKey))
        for (const alg of ['HS256', 'HS384', 'HS512']) {
          const signed = `${base64url(JSON.stringify({ alg, typ: 'JWT' }))}.${base64url(body)}`
          const mac = createHmac(`sha${alg.slice(2)}`, spelling)
            .update(signed)
            .digest('base64url')
          assertRefused(verifyCompact(`${signed}.${mac}`, [key]))
          assertRefused(decodeJws(`${signed}.${mac}`, jwsRing))
        }
  })

  it('CVE-2023-48223, CVE-2023-48238: no spelling of a PEM becomes a secret, and a key object has one algorithm', () => {
    for (const publicKey of [ec.publicKey, rsa.publicKey])
      for (const spelling of spellingsOf(publicKey).filter((bytes) => bytes.includes('-----BEGIN')))
        assert.throws(() => jwsKey('HS256', createSecretKey(spelling)), TypeError)
    assert.throws(() => jwsKey('HS256', rsa.publicKey), TypeError)
    assert.throws(() => jwsKey('HS256', ec.privateKey), TypeError)
    assert.throws(() => jwsKey('ES256', createSecretKey(Buffer.alloc(64, 1))), TypeError)
  })

  it('CVE-2018-0114: keys in the header are refused, even under a good signature', () => {
    const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = attacker.publicKey.export({ format: 'jwk' })
    const body = payloadOf(encodeJws(claims, jwsRing))
    const members = {
      jwk,
      jku: 'https://attacker.example/keys',
      x5u: 'https://attacker.example/cert',
      x5c: ['MIIB'],
      x5t: 'AAAA',
      'x5t#S256': 'AAAA',
      crit: ['exp'],
      b64: false,
      url: 'https://attacker.example',
    }
    assert.ok('userId' in decodeJws(forge('{"alg":"ES256","typ":"JWT"}', body, es256), jwsRing))
    for (const [name, value] of Object.entries(members)) {
      const header = JSON.stringify({ alg: 'ES256', typ: 'JWT', [name]: value })
      assertRefused(decodeJws(forge(header, body, es256), jwsRing), name)
      assertRefused(decodeJws(forge(header, body, jwsKey('ES256', attacker.privateKey)), jwsRing), name)
    }
    assertRefused(decodeJws(forge('{"alg":"ES256","kid":["es"]}', body, es256), jwsRing), 'kid')
    assertRefused(decodeJws(forge('{"alg":"ES256","kid":"../../dev/null"}', body, es256), jwsRing), 'kid')
  })

  it('CVE-2022-23539, CVE-2022-23541: a key that does not fit its algorithm is no key', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    const ed = generateKeyPairSync('ed25519')
    for (const key of [small.privateKey, small.publicKey, ec.publicKey, pss.privateKey, ed.publicKey])
      assert.throws(() => jwsKey('RS512', key), TypeError)
    for (const key of [p384.privateKey, k256.publicKey, rsa.publicKey, ed.privateKey])
      assert.throws(() => jwsKey('ES256', key), TypeError)
    for (const secret of [Buffer.alloc(0), Buffer.alloc(31, 1)])
      assert.throws(() => jwsKey('HS256', createSecretKey(secret)), TypeError)
  })

  it('CVE-2022-23540: none is no algorithm, in any spelling', () => {
    const spellings = [
      'none',
      'None',
      'NONE',
      'nOnE',
      '',
      null,
      undefined,
      0,
      [],
      ['ES256'],
      'es256',
      'ES256 ',
    ]
    const body = payloadOf(encodeJws(claims, jwsRing))
    for (const alg of [...spellings, 'ES384', 'RS512', 'HS256', '__proto__', 'toString']) {
      const header = JSON.stringify({ alg, typ: 'JWT' })
      for (const signature of ['', 'AA', base64url(Buffer.alloc(64))])
        assertRefused(decodeJws(`${base64url(header)}.${base64url(body)}.${signature}`, jwsRing), header)
      assertRefused(decodeJws(forge(header, body, es256), jwsRing), `${header}, signed with ES256`)
    }
  })

  it('CVE-2022-21449: a signature of zeros signs nothing', () => {
    const [header, payload] = encodeJws(claims, jwsRing).split('.')
    for (const size of [0, 1, 63, 64, 65, 70])
      assertRefused(decodeJws(`${header}.${payload}.${base64url(Buffer.alloc(size))}`, jwsRing))
    const [, , signature] = encodeJws(claims, jwsRing).split('.')
    const der = sign('sha256', Buffer.from(`${header}.${payload}`), ec.privateKey)
    assert.ok(signature)
    assertRefused(decodeJws(`${header}.${payload}.${base64url(der)}`, jwsRing))
  })

  it('CVE-2022-36083: no key is derived because a token asks for two thousand million rounds', () => {
    const header = JSON.stringify({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'c2FsdA' })
    assertRefused(decodeJws(`${base64url(header)}.a.b.c.d`, jwsRing))
    assertRefused(decodeJws(forge(header, '{}', es256), jwsRing))
    const signed = JSON.stringify({ alg: 'ES256', p2c: 2 ** 31 })
    assertRefused(decodeJws(forge(signed, payloadOf(encodeJws(claims, jwsRing)), es256), jwsRing))
  })

  it('CVE-2024-28176: nothing is inflated, and nothing longer than a token is looked at', () => {
    const bomb = deflateRawSync(Buffer.alloc(1_000_000, 32))
    const signed = `${base64url('{"alg":"ES256","zip":"DEF"}')}.${base64url(bomb)}`
    assertRefused(
      decodeJws(`${signed}.${base64url(es256.algorithm.sign(Buffer.from(signed), ec.privateKey))}`, jwsRing),
    )
    for (const { decode } of formats)
      assert.deepEqual(decode('A'.repeat(50_000_000)), {
        refused: 'malformed',
        detail: 'longer than a token may be',
      })
  })

  it('CVE-2026-27840: no prefix of a token is a token', () => {
    for (const { encode, decode } of formats) {
      const text = encode(claims)
      for (let length = 0; length < text.length; length++) assertRefused(decode(text.slice(0, length)))
    }
  })

  it('CVE-2025-49825: a token inside a token is no token', () => {
    const inner = formats.map(({ encode }) => encode(claims))
    for (const text of inner) {
      assertRefused(decodeFernet(sealFernet(Buffer.from(text), fernetKey, { seconds: 1 }), fernetRing))
      assertRefused(decodeJws(forge('{"alg":"ES256","typ":"JWT","cty":"JWT"}', text, es256), jwsRing))
      assertRefused(decodeJws(forge('{"alg":"ES256","typ":"JWT"}', text, es256), jwsRing))
      assertRefused(decodeJws(forge('{"alg":"ES256"}', JSON.stringify(text), es256), jwsRing))
    }
    assertRefused(decodeFernet(inner[1] as string, fernetRing))
    assertRefused(decodeJws(inner[0] as string, jwsRing))
  })

  it('CVE-2025-49825: a token signed for another purpose is no session', () => {
    const body = JSON.parse(payloadOf(encodeJws(claims, jwsRing))) as Record<string, unknown>
    const others = [
      { account: 'root', roles: ['admin'], exp: 2000000000 },
      { ...body, aud: 'https://other.example' },
      { ...body, aud: ['tokenhouse'] },
      { ...body, aud: 'tokenhouse' },
      { ...body, tokenhouse_via: [] },
      { ...body, roles: ['admin'] },
      { ...body, openstack_system: 'all' },
      { ...body, openstack_system: 'some' },
      { ...body, openstack_trust_id: 't', aud: 'tokenhouse', tokenhouse_via: [] },
      { ...body, openstack_idp_id: 'idp' },
    ]
    for (const other of others)
      assertRefused(decodeJws(signCompact(other, es256), jwsRing), JSON.stringify(other))
    for (const typ of ['at+jwt', 'logout+jwt', 'jwt+dpop', '', null, 1])
      assertRefused(
        decodeJws(forge(JSON.stringify({ alg: 'ES256', typ }), JSON.stringify(body), es256), jwsRing),
        `${typ}`,
      )
    assertRefused(decodeJws(signCompact(body, rs512), { all: [es256, rs512] }), 'a key of an engine')
  })

  it('CVE-2025-4658: only the compact form is read, and only what is signed', () => {
    const text = encodeJws(claims, jwsRing)
    const [header = '', payload = '', signature = ''] = text.split('.')
    const forms = [
      JSON.stringify({ protected: header, payload, signature }),
      JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
      `${text}.`,
      `.${text}`,
      `${text}.${signature}`,
      `${header}.${payload}.${payload}.${signature}`,
      `${header}.${payload}`,
      `${text}\n${text}`,
    ]
    for (const form of forms) {
      const result = decodeJws(form, jwsRing)
      assert.equal('refused' in result && result.refused, 'malformed', form)
    }
    assertRefused(decodeJws(`${header}..${signature}`, jwsRing))
  })

  it('CVE-2025-4658: a JSON key named twice has no meaning, however it is signed', () => {
    const body = payloadOf(encodeJws(claims, jwsRing))
    const twice = [
      body.replace('{', '{"sub":"root",'),
      body.replace(/}$/, ',"sub":"root"}'),
      body.replace(/}$/, ',"s\\u0075b":"root"}'),
      body.replace(/}$/, `,"sub":"${claims.userId}"}`),
    ]
    for (const text of twice) assertRefused(decodeJws(forge('{"alg":"ES256"}', text, es256), jwsRing), text)
    for (const header of ['{"alg":"none","alg":"ES256"}', '{"alg":"ES256","typ":"JWT","typ":"JWT"}'])
      assertRefused(decodeJws(forge(header, body, es256), jwsRing), header)
  })
})

/** The bytes somebody might hand a verifier as "the key": PEM in its forms, DER, JSON. */
function spellingsOf(publicKey: KeyObject): Buffer[] {
  const spki = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const pems =
    publicKey.asymmetricKeyType === 'rsa'
      ? [spki, publicKey.export({ type: 'pkcs1', format: 'pem' }) as string]
      : [spki]
  const texts = pems.flatMap((pem) => [
    pem,
    pem.trimEnd(),
    ` ${pem}`,
    `\n\n\t${pem}`,
    `\ufeff${pem}`,
    pem.replaceAll('\n', '\r\n'),
    pem.replaceAll('\n', ''),
  ])
  const others = [
    JSON.stringify(publicKey.export({ format: 'jwk' })),
    publicKey.export({ type: 'spki', format: 'der' }),
  ]
  return [...texts, ...others].map((spelling) => Buffer.from(spelling as string))
}
