import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeMsgpack, encodeMsgpack, type MsgpackValue } from './msgpack.ts'
import { Malformed } from './refused.ts'

function decodeHex(hex: string): MsgpackValue {
  return decodeMsgpack(Buffer.from(hex, 'hex'))
}

describe('msgpack', () => {
  it('refuses bytes after the value', () => {
    assert.throws(() => decodeHex('00c0'), Malformed)
    assert.throws(() => decodeHex('9000'), Malformed)
  })

  it('refuses missing bytes', () => {
    for (const hex of [
      '',
      'cc',
      'cd01',
      'ce010000',
      'cf00000001000000',
      'cb00',
      'a161'.slice(0, 2),
      'd920',
      'c41000',
    ])
      assert.throws(() => decodeHex(hex), Malformed, hex)
  })

  it('refuses an array longer than the bytes there are', () => {
    assert.throws(() => decodeHex('dcffff'), Malformed)
    assert.throws(() => decodeHex(`9f${'00'.repeat(14)}`), Malformed)
  })

  it('refuses every longer spelling of a value', () => {
    const longer = [
      'cc7f',
      'cd00ff',
      'ce0000ffff',
      'cf00000000ffffffff',
      `d91f${'61'.repeat(31)}`,
      'dc000100',
    ]
    for (const hex of longer) assert.throws(() => decodeHex(hex), Malformed, hex)
  })

  it('refuses types no token uses: maps, extensions, negative numbers, short floats, 32-bit lengths', () => {
    const types = [
      '80',
      '8100c0',
      'de0000',
      'df00000000',
      'd40100',
      'c70001',
      'ff',
      'e0',
      'd0ff',
      'd1ff00',
      'd3',
      'c1',
    ]
    const lengths = ['ca3f800000', 'c5000161', 'c600000000', 'da000161', 'db00000000', 'dd00000000']
    for (const hex of [...types, ...lengths]) assert.throws(() => decodeHex(hex), Malformed, hex)
  })

  it('refuses integers that a number cannot hold', () => {
    assert.throws(() => decodeHex('cf0020000000000000'), Malformed)
    assert.throws(() => decodeHex('cfffffffffffffffff'), Malformed)
  })

  it('refuses text that is not UTF-8', () => {
    for (const hex of ['a180', 'a2c3', 'a2c080', 'a3eda080', 'a4f4908080'])
      assert.throws(() => decodeHex(hex), Malformed)
  })

  it('refuses deep nesting, so that no payload exhausts the stack', () => {
    assert.deepEqual(decodeHex(`${'91'.repeat(7)}90`), [[[[[[[[]]]]]]]])
    assert.throws(() => decodeHex(`${'91'.repeat(8)}90`), Malformed)
    assert.throws(() => decodeHex(`${'91'.repeat(6000)}90`), Malformed)
  })

  it('reads only what it would write', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1, maxLength: 12 }))
    fc.assert(
      fc.property(bytes, (content) => {
        let value: MsgpackValue
        try {
          value = decodeMsgpack(Buffer.from(content))
        } catch (error) {
          return error instanceof Malformed
        }
        return encodeMsgpack(value).equals(content) || JSON.stringify(value).includes('"float64":null')
      }),
      { seed: 7, numRuns: 3000 },
    )
  })

  it('writes no value that has no encoding', () => {
    const values = [-1, 0.5, Number.NaN, 2 ** 53, 'x'.repeat(256), Buffer.alloc(256), Array(70000).fill(0)]
    for (const value of values) assert.throws(() => encodeMsgpack(value), RangeError)
    assert.throws(() => encodeMsgpack(Array(50).fill('x'.repeat(200))), RangeError)
  })
})
