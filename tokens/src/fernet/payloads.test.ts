/** Payloads made by hand and sealed with the real key: what a holder of the keys could get past the encryption. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Claims, Link } from '../claims.ts'
import { encodeMsgpack, type MsgpackValue } from '../msgpack.ts'
import type { Refused } from '../refused.ts'
import { fernetKeyring, openFernet, sealFernet } from './fernet.ts'
import { newFernetKey, parseFernetKey } from './fernet-key.ts'
import { decodeFernet, encodeFernet } from './fernet-token.ts'

const key = parseFernetKey(newFernetKey())
const keyring = fernetKeyring([key])

function decode(payload: MsgpackValue): Claims | Refused {
  return decodeFernet(sealFernet(encodeMsgpack(payload), key, { seconds: 1700000000 }), keyring)
}

/** `good` has to decode and every change of one item has to be refused. */
function assertEachRefused(
  good: readonly MsgpackValue[],
  changes: readonly (readonly [number, MsgpackValue])[],
): void {
  const decoded = decode(good)
  assert.ok('userId' in decoded, JSON.stringify(decoded))
  for (const [index, value] of changes)
    assert.ok('refused' in decode(good.with(index, value)), `${index}: ${JSON.stringify(value)}`)
  for (let length = 0; length < good.length; length++)
    assert.ok('refused' in decode(good.slice(0, length)), `${length}`)
  assert.ok('refused' in decode([...good, null]), 'one item more')
}

const hex = 'd3f5a0c1b2e4968778695a4b3c2d1e0f'
const bytes = Buffer.from(hex, 'hex')
const short = bytes.subarray(1)
const long = Buffer.alloc(17, 1)
const expires = { float64: 1700086400 }
const audits = [bytes, Buffer.alloc(16)]
const badIds: readonly MsgpackValue[] = [
  null,
  'text without a flag',
  bytes,
  [],
  [true],
  [true, short],
  [true, long],
  [true, hex],
  [false, bytes],
  [false, hex],
  [false, ''],
  [false, null],
  [false, 'x'.repeat(255), 0],
  [1, bytes],
  [null, 'x'],
  [0, 'x'],
]
const badTimes: readonly MsgpackValue[] = [null, 1700086400, '1700086400', { float64: -1 }].concat(
  [Number.NaN, Infinity, -Infinity, 253402300800, 1e300].map((float64) => ({ float64 })),
)
const badAudits: readonly MsgpackValue[] = [
  null,
  [],
  bytes,
  [short],
  [long],
  ['AAECAwQFBgcICQoLDA0ODw'],
  [...audits, bytes],
]

function at(index: number, values: readonly MsgpackValue[]): (readonly [number, MsgpackValue])[] {
  return values.map((value) => [index, value] as const)
}

describe("Keystone's payloads", () => {
  it('version 2 takes nothing but ids, methods, a time and audit ids', () => {
    assertEachRefused(
      [2, [true, bytes], 2, [false, 'x'], expires, audits],
      [
        ...at(0, [3, 11, 63, 65, 200, null, '2', { float64: 2 }]),
        ...at(1, badIds),
        ...at(2, [null, 'password', [2], { float64: 2 }, 64, 2 ** 31, 2 ** 40]),
        ...at(3, badIds),
        ...at(4, badTimes),
        ...at(5, badAudits),
      ],
    )
  })

  it('version 1 takes a domain id without a flag', () => {
    const bad = [null, '', hex, short, long, [true, bytes], 'x'.repeat(255).split('')]
    assertEachRefused([1, [true, bytes], 2, 'default', expires, audits], at(3, bad))
  })

  it('version 3 takes a trust id of 16 bytes and no other', () => {
    assertEachRefused(
      [3, [true, bytes], 2, [true, bytes], expires, audits, bytes],
      at(6, [null, hex, short, long, [true, bytes], 'trust']),
    )
  })

  it('versions 4 to 6 take groups, a provider and a protocol', () => {
    const groups = at(4, [null, 'x', bytes, [bytes], ['x'], [[true, short]], [[false, hex]]])
    const rest = [...at(5, badIds), ...at(6, [null, '', bytes, [false, 'saml2'], 7])]
    for (const version of [5, 6]) {
      const good = [
        version,
        [true, bytes],
        16,
        [true, bytes],
        [
          [true, bytes],
          [false, 'g'],
        ],
        [false, 'idp'],
        'saml2',
        expires,
        audits,
      ]
      assertEachRefused(good, [...groups, ...rest, ...at(3, badIds)])
    }
    const unscoped = [4, [true, bytes], 16, [], [false, 'idp'], 'saml2', expires, audits]
    assertEachRefused(unscoped, [...at(3, [null, [bytes]]), ...at(4, badIds), ...at(5, [null, ''])])
  })

  it('versions 7 and 9 take the id of their credential', () => {
    assertEachRefused([7, [true, bytes], 8, [true, bytes], [true, bytes], expires, audits], at(4, badIds))
    assertEachRefused([9, [true, bytes], 32, [true, bytes], expires, audits, [true, bytes]], at(6, badIds))
  })

  it('version 8 takes the whole system and no part of it', () => {
    assertEachRefused(
      [8, [true, bytes], 2, 'all', expires, audits],
      at(3, [null, true, '', 'some', 'ALL', ['all'], bytes]),
    )
  })

  it('version 10 takes at most one scope, and a thumbprint', () => {
    const none: MsgpackValue = [false, null]
    const good = [10, [true, bytes], 2, [true, bytes], none, expires, audits, [false, 'x5t']]
    assertEachRefused(good, [
      ...at(
        3,
        badIds.filter((id) => JSON.stringify(id) !== '[false,null]'),
      ),
      ...at(4, [[true, bytes], [false, 'default'], null, [true, null], [false, null, null]]),
      ...at(7, [null, 'x5t', [true, bytes], [true, 'x5t'], none, [false, '']]),
    ])
  })

  it('a trust whose id is not 16 bytes goes into a payload of our own', () => {
    const decoded = decode([3, [true, bytes], 2, [true, bytes], expires, audits, bytes]) as Claims
    const claims: Claims = { ...decoded, via: [{ kind: 'trust', id: 'trust-1' }] }
    assert.deepEqual(decodeFernet(encodeFernet(claims, keyring), keyring), claims)
  })
})

describe('our payload, version 64', () => {
  const good: readonly MsgpackValue[] = [
    64,
    bytes,
    [1, 'site_sso'],
    [2, bytes],
    1700086400,
    Buffer.concat(audits),
    [[1, 'trust-1']],
  ]
  const badCompactIds: readonly MsgpackValue[] = [
    null,
    '',
    hex,
    short,
    long,
    7,
    [true, bytes],
    'x'.repeat(255).split(''),
  ]

  it('takes nothing but what its head says', () => {
    assertEachRefused(good, [
      ...at(0, [65, 255]),
      ...at(1, badCompactIds),
      ...at(2, [null, 2, 'password', ['password'], [13], [200], [''], [1, 1], [null], ['a', 'a']]),
      ...at(3, [null, 2, 'x', [], [2], [2, bytes, bytes], [0, bytes], [1, bytes], [4, bytes]]),
      ...at(
        3,
        badCompactIds.map((id) => [3, id]),
      ),
      ...at(4, [null, { float64: 1700086400 }, 253402300800, '1']),
      ...at(5, [null, Buffer.alloc(0), short, long, Buffer.alloc(31), Buffer.alloc(48), [bytes]]),
      ...at(6, [null, bytes, 1, [1], [[]], [['1', bytes]], [[0, bytes]], [[9, bytes]]]),
    ])
  })

  it('tells a method it does not know from a broken payload', () => {
    const result = decode(good.with(2, [1, 200]))
    assert.equal('refused' in result && result.refused, 'unknown_method')
  })

  it('takes links as its head says, and each in its shortest form', () => {
    const links: readonly (readonly [readonly MsgpackValue[], Link])[] = [
      [[1, bytes], { kind: 'trust', id: hex }],
      [[2, bytes], { kind: 'application_credential', id: hex }],
      [[3, 'key'], { kind: 'oauth1', id: 'key' }],
      [[4, 'x5t'], { kind: 'oauth2', thumbprint: 'x5t' }],
      [
        [5, 'idp', 'saml2', [bytes, 'g']],
        { kind: 'federation', idp: 'idp', protocol: 'saml2', groups: [hex, 'g'] },
      ],
      [[6, bytes], { kind: 'credential', id: hex }],
      [[7, 'AK'], { kind: 'access_key', id: 'AK' }],
      [[8, null, 'u', null], { kind: 'agency', id: hex, assumedBy: 'u', session: '' }],
      [[8, 'other', 'u', 's'], { kind: 'agency', id: 'other', assumedBy: 'u', session: 's' }],
    ]
    for (const [packed, link] of links) {
      const decoded = decode(good.with(6, [packed]))
      assert.deepEqual('via' in decoded && decoded.via, [link])
      for (let index = 1; index < packed.length; index++)
        for (const bad of ['', hex, short, long, 7, [], true] as const)
          if (!(isTextItem(packed, index) && bad === hex) && !(isGroups(packed, index) && Array.isArray(bad)))
            assert.ok(
              'refused' in decode(good.with(6, [packed.with(index, bad)])),
              JSON.stringify([packed, index, bad]),
            )
      assert.ok('refused' in decode(good.with(6, [[...packed, null]])), 'one item more')
      assert.ok('refused' in decode(good.with(6, [packed.slice(0, -1)])), 'one item less')
    }
    for (const groups of [['', 'g'], [hex], [short], [['g']], [null]])
      assert.ok('refused' in decode(good.with(6, [[5, 'idp', 'saml2', groups]])), 'groups')
    assert.ok('refused' in decode(good.with(6, [[8, bytes, 'u', null]])), 'the id of the user written out')
    assert.ok(
      'refused' in decode(good.with(6, [[6, null]])),
      'a credential without a name, proved by a token',
    )
    assert.ok('refused' in decode(good.with(6, Array(9).fill([1, bytes]))), 'nine links')
  })

  it('is not used for what a Keystone can say', () => {
    for (const via of [[], [{ kind: 'trust', id: hex } as const]]) {
      const claims = { ...(decode(good) as Claims), methods: ['password'], via }
      const { plaintext } = openFernet(encodeFernet(claims, keyring), keyring)
      assert.equal(plaintext[1], via.length === 0 ? 2 : 3)
    }
  })
})

/** Items that are text whatever they look like. */
function isTextItem(packed: readonly MsgpackValue[], index: number): boolean {
  return packed[0] === 4 || (packed[0] === 5 && index === 2) || (packed[0] === 8 && index === 3)
}

function isGroups(packed: readonly MsgpackValue[], index: number): boolean {
  return packed[0] === 5 && index === 3
}
