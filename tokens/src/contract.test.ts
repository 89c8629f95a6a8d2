/**
 * What every token format promises. A new format joins by one more entry in `formats`.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Claims, Link, Scope } from './claims.ts'
import { claimsFault } from './claims-fault.ts'
import { fernetKeyring, sealFernet } from './fernet/fernet.ts'
import { newFernetKey, parseFernetKey } from './fernet/fernet-key.ts'
import { decodeFernet, encodeFernet } from './fernet/fernet-token.ts'
import { decodeJws, encodeJws } from './jws/jws-token.ts'
import { type JwsKey, jwsKey, jwsKeyring } from './jws/keys.ts'
import { encodeMsgpack, type MsgpackValue } from './msgpack.ts'
import type { Refused } from './refused.ts'

interface Format {
  readonly name: string
  readonly encode: (claims: Claims) => string
  readonly decode: (text: string) => Claims | Refused
  /** With a key that made nothing. */
  readonly decodeWithOtherKey: (text: string) => Claims | Refused
  /** With a newer key in front of the one `encode` uses. */
  readonly decodeAfterRotation: (text: string) => Claims | Refused
  /** Any content, made authentic with the real key. */
  readonly seal: (content: Buffer) => string
  /** Content that is nearly right. */
  readonly content: fc.Arbitrary<Buffer>
}

const always = { seed: 20260101, numRuns: 300 }

const hex = fc.stringMatching(/^[0-9a-f]{32}$/)
const anyId = fc.oneof(
  { weight: 4, arbitrary: hex },
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.constantFrom(
    'default',
    'A'.repeat(32),
    '0123456789ABCDEF0123456789ABCDEF',
    'uid=x,dc=y',
    'b'.repeat(255),
  ),
  fc.uuid(),
)
const method = fc.constantFrom(
  'password',
  'token',
  'mapped',
  'totp',
  'assume_role',
  'ec2credential',
  'site_sso',
  'oauth1',
)
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.constant({ kind: 'unscoped' } as const),
  fc.constant({ kind: 'system' } as const),
  fc.record({ kind: fc.constantFrom('project', 'domain'), id: anyId }),
)
const link: fc.Arbitrary<Link> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('trust', 'application_credential', 'oauth1', 'credential', 'access_key'),
    id: anyId,
  }),
  fc.record({ kind: fc.constant('oauth2'), thumbprint: anyId }),
  fc.record({
    kind: fc.constant('federation'),
    idp: anyId,
    protocol: anyId,
    groups: fc.array(anyId, { maxLength: 20 }),
  }),
  fc.record({
    kind: fc.constant('agency'),
    id: anyId,
    assumedBy: anyId,
    session: fc.oneof(fc.constant(''), anyId),
  }),
)
const chain: fc.Arbitrary<readonly Link[]> = fc.oneof(
  fc.array(link, { maxLength: 1 }),
  fc.array(link, { maxLength: 3 }),
  fc.constant([{ kind: 'credential', id: '' } as const]),
)
const auditId = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((id) => Buffer.from(id).toString('base64url'))
const second = fc.oneof(
  fc.integer({ min: 1_600_000_000, max: 2_000_000_000 }),
  fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 253402300799),
)

const arbitraryClaims: fc.Arbitrary<Claims> = fc
  .record({
    userId: anyId,
    methods: fc.uniqueArray(method, { minLength: 1, maxLength: 4 }),
    scope,
    via: chain,
    auditIds: fc.array(auditId, { minLength: 1, maxLength: 2 }),
    issuedAt: second,
    expiresAt: second,
  })
  .map((claims) => ({ ...claims, via: claims.via.map((step) => agencyOfUser(step, claims.userId)) }))
  .map((claims) => structuredClone(claims))
  .filter((claims) => claimsFault(claims) === null)

/** Some agencies are the user itself, as in real sessions of an agency. */
function agencyOfUser(step: Link, userId: string): Link {
  return step.kind === 'agency' && step.session === '' ? { ...step, id: userId } : step
}

/** The claims with methods in one order: formats are free to return the set in another. */
function sorted(claims: Claims | Refused): Claims | Refused {
  return 'refused' in claims ? claims : { ...claims, methods: [...claims.methods].sort() }
}

function isRefused(result: Claims | Refused): result is Refused {
  return 'refused' in result
}

const sample: Claims = {
  userId: 'd3f5a0c1b2e4968778695a4b3c2d1e0f',
  methods: ['password'],
  scope: { kind: 'project', id: '0123456789abcdef0123456789abcdef' },
  via: [],
  auditIds: ['AAECAwQFBgcICQoLDA0ODw', '8PHy8_T19vf4-fr7_P3-_w'],
  issuedAt: 1700000000,
  expiresAt: 1700086400,
}
const agencySample: Claims = {
  ...sample,
  methods: ['assume_role'],
  via: [{ kind: 'agency', id: sample.userId, assumedBy: 'fedcba9876543210fedcba9876543210', session: '' }],
}

const fernetKey = parseFernetKey(newFernetKey())
const fernetRing = fernetKeyring([fernetKey])
const otherFernetKey = parseFernetKey(newFernetKey())

const msgpackLeaf: fc.Arbitrary<MsgpackValue> = fc.oneof(
  fc.constantFrom<MsgpackValue>(
    null,
    true,
    false,
    0,
    2,
    64,
    'all',
    'default',
    [true, Buffer.alloc(16)],
    [false, null],
  ),
  fc.nat(70),
  fc.maxSafeNat(),
  fc.string({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 33 }),
  fc.constant(Buffer.alloc(16, 7)),
  fc.double().map((float64) => ({ float64 })),
)
const msgpackTree: fc.Arbitrary<MsgpackValue> = fc.letrec<{ tree: MsgpackValue }>((tie) => ({
  tree: fc.oneof({ weight: 3, arbitrary: msgpackLeaf }, fc.array(tie('tree'), { maxLength: 8 })),
})).tree
const fernetContent = fc.oneof(
  fc
    .tuple(fc.oneof(fc.nat(12), fc.constant(64)), fc.array(msgpackTree, { maxLength: 9 }))
    .map(([version, items]) => encodeMsgpack([version, ...items])),
  msgpackTree.map(encodeMsgpack),
)

function newJwsKeyPair(kid: string): JwsKey {
  return jwsKey('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, kid)
}

const signer = newJwsKeyPair('one')
const jwsRing = jwsKeyring([signer])
const otherSigner = newJwsKeyPair('two')

function sealJws(content: Buffer): string {
  const signed = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${content.toString('base64url')}`
  return `${signed}.${signer.algorithm.sign(Buffer.from(signed), signer.signing!).toString('base64url')}`
}

const jsonTree = fc.jsonValue({ maxDepth: 3 })
const claimNames = [
  [
    'sub',
    'iat',
    'exp',
    'openstack_methods',
    'openstack_audit_ids',
    'openstack_system',
    'openstack_domain_id',
  ],
  [
    'openstack_project_id',
    'openstack_trust_id',
    'openstack_group_ids',
    'openstack_idp_id',
    'aud',
    'tokenhouse_via',
  ],
].flat()
const goodBody = {
  sub: sample.userId,
  iat: 1,
  exp: 2,
  openstack_methods: ['password'],
  openstack_audit_ids: sample.auditIds,
  aud: 'tokenhouse',
  tokenhouse_via: [{ kind: 'trust', id: 'x' }],
}
const jwsContent = fc.oneof(
  jsonTree.map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .dictionary(fc.constantFrom(...claimNames), jsonTree, { maxKeys: 3 })
    .map((changes) => Buffer.from(JSON.stringify({ ...goodBody, ...changes }))),
  fc
    .dictionary(fc.constantFrom('kind', 'id', 'groups', 'x', '__proto__'), jsonTree, { maxKeys: 3 })
    .map((step) =>
      Buffer.from(JSON.stringify({ ...goodBody, tokenhouse_via: [{ kind: 'trust', id: 'x', ...step }] })),
    ),
)

const formats: readonly Format[] = [
  {
    name: 'fernet',
    encode: (claims) => encodeFernet(claims, fernetRing),
    decode: (text) => decodeFernet(text, fernetRing),
    decodeWithOtherKey: (text) => decodeFernet(text, fernetKeyring([otherFernetKey])),
    decodeAfterRotation: (text) => decodeFernet(text, fernetKeyring([otherFernetKey, fernetKey])),
    seal: (content) => sealFernet(content, fernetKey, { seconds: 1700000000 }),
    content: fernetContent,
  },
  {
    name: 'jws',
    encode: (claims) => encodeJws(claims, jwsRing),
    decode: (text) => decodeJws(text, jwsRing),
    decodeWithOtherKey: (text) => decodeJws(text, jwsKeyring([otherSigner])),
    decodeAfterRotation: (text) => decodeJws(text, jwsKeyring([otherSigner, signer])),
    seal: sealJws,
    content: jwsContent,
  },
]

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

for (const format of formats) {
  describe(`every token format: ${format.name}`, () => {
    const token = format.encode(sample)

    it('claims of every kind come back as they went in', () => {
      fc.assert(
        fc.property(arbitraryClaims, (claims) => {
          const decoded = format.decode(format.encode(claims))
          assert.deepEqual(sorted(decoded), sorted(claims))
          if (!isRefused(decoded)) assert.deepEqual(format.decode(format.encode(decoded)), decoded)
        }),
        always,
      )
    })

    it('a method named twice is there once', () => {
      const decoded = format.decode(format.encode({ ...sample, methods: Array(1000).fill('password') }))
      assert.deepEqual(decoded, sample)
    })

    it('an expired token decodes: no clock is read', () => {
      const old = { ...sample, issuedAt: 1, expiresAt: 2 }
      assert.deepEqual(format.decode(format.encode(old)), old)
    })

    it('no character can be changed', () => {
      for (const text of [token, format.encode(agencySample)]) {
        for (let at = 0; at < text.length; at++) {
          const value = alphabet.indexOf(text[at] as string)
          for (const other of [alphabet[value ^ 1], alphabet[value ^ 32], '.'])
            if (other !== undefined && other !== text[at])
              assert.ok(
                isRefused(format.decode(text.slice(0, at) + other + text.slice(at + 1))),
                `at ${at}: ${other}`,
              )
        }
      }
    })

    it('no character can be left out or put in', () => {
      for (let at = 0; at <= token.length; at++) {
        if (at < token.length) assert.ok(isRefused(format.decode(token.slice(0, at) + token.slice(at + 1))))
        assert.ok(isRefused(format.decode(`${token.slice(0, at)}A${token.slice(at)}`)))
      }
    })

    it('no beginning and no end of a token is a token', () => {
      for (let length = 0; length < token.length; length++) {
        assert.ok(isRefused(format.decode(token.slice(0, length))))
        assert.ok(isRefused(format.decode(token.slice(token.length - length))))
      }
    })

    it('a token has one spelling: padding, other alphabets, white space and spare bits are refused', () => {
      const spellings = new Set<string>()
      for (const claims of [sample, agencySample, { ...sample, auditIds: sample.auditIds.slice(1) }]) {
        const text = format.encode(claims)
        for (const padding of ['=', '==', '===', '%3D', '\n', ' ', '\0'])
          spellings.add(text + padding).add(padding + text)
        spellings
          .add(text.replaceAll('-', '+'))
          .add(text.replaceAll('_', '/'))
          .add(text.replaceAll('.', '=.'))
        spellings.add(`${text.slice(0, 40)}\n${text.slice(40)}`).add(`${text.slice(0, 40)}*${text.slice(40)}`)
        const last = alphabet.indexOf(text.at(-1) as string)
        for (const bit of [1, 2, 3]) spellings.add(text.slice(0, -1) + alphabet[last ^ bit])
        spellings.delete(text)
      }
      for (const spelling of spellings) assert.ok(isRefused(format.decode(spelling)), spelling)
    })

    it('a token of another key is refused', () => {
      const result = format.decodeWithOtherKey(token)
      assert.equal(isRefused(result) && result.refused, 'not_authentic')
    })

    it('a token outlives the rotation of its key to second place', () => {
      assert.deepEqual(format.decodeAfterRotation(token), sample)
    })

    it('any text is claims or refused, never an exception', () => {
      fc.assert(
        fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.base64String()), (text) =>
          isRefused(format.decode(text)),
        ),
        always,
      )
    })

    it('random bytes made authentic are refused, never an exception', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (content) =>
          isRefused(format.decode(format.seal(Buffer.from(content)))),
        ),
        always,
      )
    })

    it('nearly right content made authentic is whole claims or refused, never an exception', () => {
      fc.assert(
        fc.property(format.content, (content) => {
          const result = format.decode(format.seal(content))
          assert.equal(isRefused(result) ? null : claimsFault(result), null)
        }),
        { ...always, numRuns: 1500 },
      )
    })

    it('claims that cannot be a token are refused before they are one', () => {
      const faults: readonly (readonly [string, Partial<Record<keyof Claims, unknown>>])[] = [
        ['no user', { userId: '' }],
        ['a user id of 256 bytes', { userId: 'x'.repeat(256) }],
        ['a lone surrogate', { userId: 'x\ud800' }],
        ['an id that is a number', { userId: 7 }],
        ['no scope id', { scope: { kind: 'project', id: '' } }],
        ['no method', { methods: [] }],
        ['an EC2 credential without its link', { methods: ['ec2credential'] }],
        ['17 methods', { methods: Array.from({ length: 17 }, (_, index) => `m${index}`) }],
        ['no audit id', { auditIds: [] }],
        ['three audit ids', { auditIds: [...sample.auditIds, sample.auditIds[0]] }],
        ['a short audit id', { auditIds: ['AAECAwQFBgcICQoLDA0OD'] }],
        ['an audit id with spare bits', { auditIds: ['AAECAwQFBgcICQoLDA0ODx'] }],
        ['no expiry', { expiresAt: undefined }],
        ['parts of a second', { expiresAt: 1700000000.5 }],
        ['an endless expiry', { expiresAt: Infinity }],
        ['an issue before the epoch', { issuedAt: -1 }],
        ['nine links', { via: Array(9).fill({ kind: 'trust', id: 'x' }) }],
        ['a link to nothing', { via: [{ kind: 'trust', id: '' }] }],
        ['no thumbprint', { via: [{ kind: 'oauth2', thumbprint: '' }] }],
        ['no provider', { via: [{ kind: 'federation', idp: '', protocol: 'p', groups: [] }] }],
        ['no protocol', { via: [{ kind: 'federation', idp: 'i', protocol: '', groups: [] }] }],
        ['nobody who assumed', { via: [{ kind: 'agency', id: 'a', assumedBy: '', session: '' }] }],
        ['an unnamed credential proved by a password', { via: [{ kind: 'credential', id: '' }] }],
        [
          'more groups than fit',
          { via: [{ kind: 'federation', idp: 'i', protocol: 'p', groups: Array(400).fill('g'.repeat(32)) }] },
        ],
      ]
      for (const [name, change] of faults)
        assert.throws(() => format.encode({ ...sample, ...change } as Claims), RangeError, name)
    })
  })
}
