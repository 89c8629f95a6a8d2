import assert from 'node:assert/strict'
import { createDecipheriv, createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { newFernetKey, parseFernetKey } from './fernet-key.ts'

const text = newFernetKey()
const raw = Buffer.from(text, 'base64url')
const key = parseFernetKey(text)
const bytesOf = (length: number): Buffer => Buffer.alloc(length, length % 251)

describe('a Fernet key', () => {
  it('signs as HMAC-SHA256 does, whatever the length and whatever was signed before', () => {
    for (const length of [0, 1, 63, 64, 65, 511, 512, 513, 8192, 7]) {
      const expected = createHmac('sha256', raw.subarray(0, 16)).update(bytesOf(length)).digest()
      assert.deepEqual(key.sign(bytesOf(length)), expected, String(length))
    }
  })

  it('encrypts what AES-128-CBC decrypts under the vector that comes first, for every padding', () => {
    for (let length = 0; length <= 48; length++) {
      const sealed = key.encrypt(bytesOf(length))
      const decipher = createDecipheriv('aes-128-cbc', raw.subarray(16), sealed.subarray(0, 16))
      const opened = Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()])
      assert.deepEqual(opened, bytesOf(length))
      assert.deepEqual(key.decrypt(sealed), bytesOf(length))
    }
  })

  it('never uses a vector twice, within a key and between two readings of it', () => {
    const again = parseFernetKey(text)
    const vectors = Array.from({ length: 1000 }, (_, n) =>
      (n % 2 ? key : again).encrypt(bytesOf(5)).toString('hex', 0, 16),
    )
    assert.equal(new Set(vectors).size, 1000)
  })

  it('makes no two texts of a plaintext that tell they hold the same', () => {
    const one = key.encrypt(bytesOf(64))
    const two = key.encrypt(bytesOf(64))
    for (let at = 16; at < one.length; at += 16) {
      assert.notDeepEqual(one.subarray(at, at + 16), two.subarray(at, at + 16))
    }
  })

  it('shows none of its bytes to whoever prints it', () => {
    const shown = `${inspect(key, { depth: 9, showHidden: true })}${JSON.stringify(key)}`
    for (const part of [raw.subarray(0, 16), raw.subarray(16)]) {
      assert.ok(!shown.includes(part.toString('hex')) && !shown.includes(part.toString('base64')))
      assert.ok(!shown.includes([...part.subarray(0, 4)].join(',')))
    }
  })
})
