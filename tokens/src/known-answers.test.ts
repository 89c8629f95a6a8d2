/** Tokens that Python Keystone made, read and written here. How they were made: vectors/README.md. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Claims } from './claims.ts'
import { authMethods, defaultAuthMethods, integerToMethods, methodsToInteger } from './fernet/auth-methods.ts'
import { fernetKeyring } from './fernet/fernet.ts'
import { parseFernetKey } from './fernet/fernet-key.ts'
import { decodeFernet, encodeFernet } from './fernet/fernet-token.ts'
import { decodeJws } from './jws/jws-token.ts'
import { parseJwsKey } from './jws/keys.ts'
import { decodeMsgpack, encodeMsgpack, type MsgpackValue } from './msgpack.ts'

interface Known {
  readonly name: string
  readonly claims: Claims
  readonly token: string
}

interface FernetVectors {
  readonly key: string
  readonly iv: string
  readonly tokens: readonly Known[]
  readonly readOnly: readonly Known[]
  readonly withTotp: Omit<Known, 'name'>
  readonly methodIntegers: readonly (readonly [string[], number])[]
  readonly msgpack: {
    readonly values: readonly (readonly [MsgpackValue, string])[]
    readonly floats: readonly (readonly [number, string])[]
    readonly bytes: readonly (readonly [string, string])[]
  }
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./vectors/${name}`, import.meta.url), 'utf8')) as T
}

describe('Fernet tokens of Python Keystone', () => {
  const vectors = load<FernetVectors>('fernet.json')
  const keyring = fernetKeyring([parseFernetKey(vectors.key)])
  const iv = Buffer.from(vectors.iv, 'hex')

  for (const { name, claims, token } of vectors.tokens) {
    it(`${name}: read`, () => {
      assert.deepEqual(decodeFernet(token, keyring), claims)
    })
    it(`${name}: written byte for byte`, () => {
      assert.equal(encodeFernet(claims, keyring, { iv }), token)
    })
  }

  for (const { name, claims, token } of vectors.readOnly)
    it(`${name}: read`, () => {
      assert.deepEqual(decodeFernet(token, keyring), claims)
    })

  it('a seventh configured method: read and written by a server with the same list', () => {
    const methods = authMethods([...defaultAuthMethods, 'totp'])
    const { claims, token } = vectors.withTotp
    assert.deepEqual(decodeFernet(token, keyring, { methods }), claims)
    assert.equal(encodeFernet(claims, keyring, { methods, iv }), token)
  })

  it('a seventh configured method: refused by a server without it, not read as other methods', () => {
    const result = decodeFernet(vectors.withTotp.token, keyring)
    assert.ok('refused' in result && result.refused === 'unknown_method')
  })

  it('a method without a bit is kept, in a payload of our own', () => {
    const { claims } = vectors.withTotp
    const ordered = { ...claims, methods: ['password', 'totp'] }
    assert.deepEqual(decodeFernet(encodeFernet(ordered, keyring), keyring), ordered)
  })

  it('methods are the integers Keystone makes of them', () => {
    const known = authMethods(defaultAuthMethods)
    for (const [methods, integer] of vectors.methodIntegers) {
      assert.equal(methodsToInteger(methods, known), integer)
      assert.deepEqual(integerToMethods(integer, known), methods)
    }
    for (const integer of [64, 65, 2 ** 31, 2 ** 34, 2 ** 34 + 1, Number.MAX_SAFE_INTEGER])
      assert.throws(() => integerToMethods(integer, known), { reason: 'unknown_method' })
  })

  it('msgpack is packed as Python packs it', () => {
    for (const [value, hex] of vectors.msgpack.values) {
      assert.equal(encodeMsgpack(value).toString('hex'), hex)
      assert.deepEqual(decodeMsgpack(Buffer.from(hex, 'hex')), value)
    }
    for (const [float64, hex] of vectors.msgpack.floats) {
      assert.equal(encodeMsgpack({ float64 }).toString('hex'), hex)
      assert.deepEqual(decodeMsgpack(Buffer.from(hex, 'hex')), { float64 })
    }
    for (const [bytes, hex] of vectors.msgpack.bytes) {
      assert.equal(encodeMsgpack(Buffer.from(bytes, 'hex')).toString('hex'), hex)
      assert.deepEqual(decodeMsgpack(Buffer.from(hex, 'hex')), Buffer.from(bytes, 'hex'))
    }
  })
})

describe('JWS tokens of Python Keystone', () => {
  const vectors = load<{ publicKey: string; tokens: readonly Known[] }>('jws.json')
  const key = parseJwsKey(vectors.publicKey)

  for (const { name, claims, token } of vectors.tokens)
    it(`${name}: read`, () => {
      assert.deepEqual(decodeJws(token, { all: [key] }), claims)
    })
})
