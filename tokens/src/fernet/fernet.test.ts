import assert from 'node:assert/strict'
import { createCipheriv, createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Claims } from '../claims.ts'
import { Malformed } from '../refused.ts'
import { authMethods, defaultAuthMethods } from './auth-methods.ts'
import { fernetKeyring, openFernet, sealFernet } from './fernet.ts'
import { newFernetKey, parseFernetKey } from './fernet-key.ts'
import { decodeFernet, encodeFernet } from './fernet-token.ts'

/** The specification's own example (generate.json and verify.json of github.com/fernet/spec). */
const example = {
  token:
    'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
  secret: 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=',
  seconds: 499162800,
  iv: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  plaintext: Buffer.from('hello'),
}

const claims: Claims = {
  userId: 'd3f5a0c1b2e4968778695a4b3c2d1e0f',
  methods: ['password'],
  scope: { kind: 'project', id: '0123456789abcdef0123456789abcdef' },
  via: [],
  auditIds: ['AAECAwQFBgcICQoLDA0ODw', '8PHy8_T19vf4-fr7_P3-_w'],
  issuedAt: 1700000000,
  expiresAt: 1700086400,
}

describe('the Fernet container', () => {
  const key = parseFernetKey(example.secret)
  const keyring = fernetKeyring([key])

  it('is the example of the specification, without its padding', () => {
    const text = sealFernet(example.plaintext, key, example)
    assert.equal(text, example.token.replaceAll('=', ''))
    assert.deepEqual(openFernet(text, keyring), { plaintext: example.plaintext, sealedAt: example.seconds })
  })

  it('holds plaintexts of every length', () => {
    for (let length = 0; length < 50; length++) {
      const plaintext = Buffer.alloc(length, length)
      assert.deepEqual(openFernet(sealFernet(plaintext, key, { seconds: 1 }), keyring).plaintext, plaintext)
    }
  })

  it('is different each time for the same bytes', () => {
    const texts = new Set(
      Array.from({ length: 600 }, () => sealFernet(example.plaintext, key, { seconds: 1 })),
    )
    assert.equal(texts.size, 600)
  })

  it('refuses an authentic container whose padding is wrong', () => {
    const raw = Buffer.from(example.secret, 'base64url')
    const cipher = createCipheriv('aes-128-cbc', raw.subarray(16), example.iv).setAutoPadding(false)
    const head = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(8), example.iv])
    const signed = Buffer.concat([head, cipher.update(Buffer.alloc(16)), cipher.final()])
    const mac = createHmac('sha256', raw.subarray(0, 16)).update(signed).digest()
    assert.throws(() => openFernet(Buffer.concat([signed, mac]).toString('base64url'), keyring), Malformed)
  })

  it('refuses an authentic container of another version', () => {
    const raw = Buffer.from(example.secret, 'base64url')
    const signed = Buffer.from(example.token, 'base64url').subarray(0, -32)
    signed[0] = 0x81
    const mac = createHmac('sha256', raw.subarray(0, 16)).update(signed).digest()
    assert.throws(() => openFernet(Buffer.concat([signed, mac]).toString('base64url'), keyring), Malformed)
  })

  it('tries every key of the ring and seals with the first', () => {
    const old = parseFernetKey(newFernetKey())
    const ring = fernetKeyring([key, old])
    assert.equal(openFernet(sealFernet(example.plaintext, old, { seconds: 1 }), ring).sealedAt, 1)
    assert.deepEqual(decodeFernet(encodeFernet(claims, ring), keyring), claims)
    assert.throws(() => fernetKeyring([]), RangeError)
  })

  it('refuses a text longer than a token may be without looking at it', () => {
    assert.throws(
      () => openFernet(sealFernet(Buffer.alloc(6000), key, { seconds: 1 }).padEnd(8193, 'A'), keyring),
      {
        reason: 'malformed',
        message: 'longer than a token may be',
      },
    )
    assert.throws(() => sealFernet(Buffer.alloc(6100), key, { seconds: 1 }), RangeError)
  })
})

describe('a Fernet key', () => {
  it('is 44 characters of base64url; white space around it is ignored', () => {
    const text = newFernetKey()
    assert.match(text, /^[A-Za-z0-9_-]{43}=$/)
    const token = encodeFernet(claims, fernetKeyring([parseFernetKey(` ${text}\n`)]))
    assert.deepEqual(decodeFernet(token, fernetKeyring([parseFernetKey(text)])), claims)
  })

  it('is refused when it is anything else, and the error does not repeat it', () => {
    const text = newFernetKey()
    const wrong = [
      '',
      text.slice(0, 43),
      `${text}=`,
      text.slice(4),
      `${text.slice(0, 42)}==`,
      `${'A'.repeat(42)}B=`,
    ]
    for (const bad of [...wrong, `${'+'.repeat(42)}A=`, 'A'.repeat(44)])
      assert.throws(
        () => parseFernetKey(bad),
        (error: Error) => error instanceof TypeError && !error.message.includes(bad || 'x x'),
      )
  })
})

describe('a Fernet token', () => {
  const keyring = fernetKeyring([parseFernetKey(newFernetKey())])

  it('stays under 255 characters for a project session, and for one of an agency', () => {
    assert.equal(encodeFernet(claims, keyring).length, 204)
    const by = { assumedBy: 'fedcba9876543210fedcba9876543210', session: '' }
    const agency: Claims = {
      ...claims,
      methods: ['assume_role'],
      via: [{ kind: 'agency', id: claims.userId, ...by }],
    }
    assert.equal(encodeFernet(agency, keyring).length, 226)
    for (const link of [
      { kind: 'trust', id: claims.userId },
      { kind: 'application_credential', id: claims.userId },
      { kind: 'oauth1', id: claims.userId },
      { kind: 'credential', id: claims.userId },
      { kind: 'access_key', id: 'LTAI5tQnKxJrV2hW8sXy1234' },
      { kind: 'agency', id: claims.userId, ...by, session: 'ci-runner-17' },
    ] as const)
      assert.ok(encodeFernet({ ...claims, via: [link] }, keyring).length < 255, link.kind)
  })

  it('keeps ids apart that differ only in case or dashes', () => {
    const ids = [
      'ABCDEF0123456789ABCDEF0123456789',
      'abcdef01-2345-6789-abcd-ef0123456789',
      '{abcdef0123456789abcdef0123456789}',
    ]
    for (const userId of ids) {
      const decoded = decodeFernet(encodeFernet({ ...claims, userId }, keyring), keyring)
      assert.deepEqual(decoded, { ...claims, userId })
    }
  })

  it('stays valid when a method joins the end of the list', () => {
    const longer = authMethods([...defaultAuthMethods, 'totp', 'site_sso'])
    for (const methods of [['password'], ['totp'], ['ec2credential']]) {
      const via = methods[0] === 'ec2credential' ? [{ kind: 'credential', id: '' } as const] : []
      const session = { ...claims, methods, via }
      assert.deepEqual(decodeFernet(encodeFernet(session, keyring), keyring, { methods: longer }), session)
    }
  })

  it('has no method list with a name twice, a fixed name, an empty name or 33 names', () => {
    for (const names of [
      ['password', 'password'],
      ['ec2credential'],
      [''],
      Array.from({ length: 33 }, (_, at) => `m${at}`),
    ])
      assert.throws(() => authMethods(names), RangeError)
  })
})
