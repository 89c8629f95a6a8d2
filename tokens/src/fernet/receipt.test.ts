import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeMsgpack, type MsgpackValue } from '../msgpack.ts'
import { authMethods } from './auth-methods.ts'
import { fernetKeyring, sealFernet } from './fernet.ts'
import { newFernetKey, parseFernetKey } from './fernet-key.ts'
import { decodeFernet, encodeFernet } from './fernet-token.ts'
import { decodeReceipt, encodeReceipt, type Receipt } from './receipt.ts'

interface Vectors {
  readonly key: string
  readonly iv: string
  readonly methods: readonly string[]
  readonly receipts: readonly { readonly name: string; readonly receipt: Receipt; readonly text: string }[]
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/receipts.json', import.meta.url), 'utf8'),
)
const keyring = fernetKeyring([parseFernetKey(vectors.key)])
const methods = authMethods(vectors.methods)

describe('receipts of Python Keystone', () => {
  for (const { name, receipt, text } of vectors.receipts) {
    it(`reads and writes ${name}`, () => {
      assert.equal(encodeReceipt(receipt, keyring, { methods, iv: Buffer.from(vectors.iv, 'hex') }), text)
      assert.deepEqual(decodeReceipt(text, keyring, { methods }), receipt)
    })
  }
})

describe('receipts', () => {
  const receipt: Receipt = {
    userId: 'f'.repeat(32),
    methods: ['totp', 'password'],
    issuedAt: 1_700_000_000,
    expiresAt: 1_700_000_300,
  }
  const text = encodeReceipt(receipt, keyring, { methods })
  const refusalOf = (given: string, keys = keyring): string => {
    const decoded = decodeReceipt(given, keys, { methods })
    return 'refused' in decoded ? decoded.refused : 'accepted'
  }

  it('are refused when a character is changed, cut off or added', () => {
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A'
      assert.notEqual(refusalOf(`${text.slice(0, at)}${other}${text.slice(at + 1)}`), 'accepted')
      assert.notEqual(refusalOf(text.slice(0, at)), 'accepted')
    }
    assert.notEqual(refusalOf(`${text}A`), 'accepted')
    assert.notEqual(refusalOf(`${text}=`), 'accepted')
  })

  it('are refused under another key, and read under the key before', () => {
    const other = fernetKeyring([parseFernetKey(newFernetKey())])
    assert.equal(refusalOf(text, other), 'not_authentic')
    assert.equal(refusalOf(text, fernetKeyring([...other.all, ...keyring.all])), 'accepted')
  })

  it('are no tokens, and tokens are no receipts, even under one key', () => {
    const claims = { ...receipt, scope: { kind: 'unscoped' } as const, via: [], auditIds: ['A'.repeat(22)] }
    const token = encodeFernet(claims, keyring, { methods })
    assert.equal(refusalOf(token), 'bad_payload')
    assert.ok('refused' in decodeFernet(text, keyring, { methods }))
  })

  it('never throw and never say something else, whatever is sealed in them', () => {
    const value: fc.Arbitrary<MsgpackValue> = fc.oneof(
      fc.constantFrom<MsgpackValue>(null, true, false, 2, 66, 4096, 'user', [true, Buffer.alloc(16)]),
      fc.constantFrom<MsgpackValue>([false, 'x'], [false, null], [true, 'x'], [false, 'a'.repeat(32)]),
      fc.constantFrom<MsgpackValue>({ float64: 1e9 }, { float64: -1 }, { float64: Number.NaN }),
    )
    const payload = fc.oneof(
      fc.array(value, { maxLength: 4 }).map((items) => encodeMsgpack(items)),
      fc.tuple(value, value, value).map((items) => encodeMsgpack(items)),
      fc.uint8Array({ maxLength: 60 }),
    )
    fc.assert(
      fc.property(payload, (bytes) => {
        const sealed = sealFernet(bytes, keyring.primary, { seconds: 1_700_000_000 })
        const decoded = decodeReceipt(sealed, keyring, { methods })
        if ('refused' in decoded) return
        const again = encodeReceipt(decoded, keyring, { methods })
        assert.deepEqual(decodeReceipt(again, keyring, { methods }), decoded)
      }),
      { seed: 20260101, numRuns: 500 },
    )
  })

  it('cannot be made of what a receipt cannot say', () => {
    const bad: readonly Partial<Receipt>[] = [
      { userId: '' },
      { methods: ['nonsense'] },
      { expiresAt: 1.5 },
      { issuedAt: -1 },
    ]
    for (const part of bad) {
      assert.throws(() => encodeReceipt({ ...receipt, ...part }, keyring, { methods }), RangeError)
    }
  })
})
