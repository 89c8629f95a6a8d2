/**
 * A Fernet key at work: 32 bytes of which the first 16 sign and the last 16 encrypt. It makes no object of the
 * cryptography library for each token, because those cost more than the cryptography does and are collected late.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto'
import { decodeBase64url } from '../text.ts'

/** Functions only: whoever prints a key sees none of its bytes. */
export interface FernetKey {
  /** HMAC-SHA256, 32 bytes. */
  readonly sign: (bytes: Uint8Array) => Buffer
  /** A fresh initialisation vector (16 bytes) and the ciphertext after it; with `iv` those of that vector. */
  readonly encrypt: (plaintext: Uint8Array, iv?: Uint8Array) => Buffer
  /** The plaintext of what `encrypt` gave. Throws when blocks or padding are wrong: authenticate first. */
  readonly decrypt: (sealed: Uint8Array) => Buffer
}

const CIPHER = 'aes-128-cbc'
const CIPHER_BLOCK = 16
const HASH_BLOCK = 64
const HASH_SIZE = 32

/** A new key as text, the 44 characters Keystone's key files hold. */
export function newFernetKey(): string {
  return `${randomBytes(32).toString('base64url')}=`
}

/**
 * A key from its text: 44 characters of base64url with padding, as in Keystone's key files; white space around it is
 * ignored. Throws TypeError, without the text, on anything else and on 32 zero bytes (Keystone's public null key).
 */
export function parseFernetKey(text: string): FernetKey {
  const trimmed = text.trim()
  const bytes = trimmed.length === 44 && trimmed.endsWith('=') ? decodeBase64url(trimmed.slice(0, 43)) : null
  if (bytes === null) throw new TypeError('a Fernet key is 32 bytes as 44 characters of base64url')
  if (bytes.every((byte) => byte === 0))
    throw new TypeError('the Fernet key of zero bytes is public, make a new one')
  const encryption = createSecretKey(bytes.subarray(16))
  const key: FernetKey = {
    sign: hmacSha256(bytes.subarray(0, 16)),
    encrypt: encrypter(encryption),
    decrypt: (sealed) => {
      const decipher = createDecipheriv(CIPHER, encryption, sealed.subarray(0, CIPHER_BLOCK))
      const body = decipher.update(sealed.subarray(CIPHER_BLOCK))
      const end = decipher.final()
      return end.length === 0 ? body : Buffer.concat([body, end])
    },
  }
  bytes.fill(0)
  return key
}

/**
 * RFC 2104 with the one-shot hash. The key is not longer than a block of the hash. Digests are taken as text of one
 * character for each byte: a buffer of the library's own costs four times as much as the hash does.
 */
function hmacSha256(key: Uint8Array): (bytes: Uint8Array) => Buffer {
  const outer = Buffer.alloc(HASH_BLOCK + HASH_SIZE, 0x5c).fill(0, HASH_BLOCK)
  let inner = Buffer.alloc(HASH_BLOCK + 512, 0x36)
  for (const [at, byte] of key.entries()) {
    outer[at] = 0x5c ^ byte
    inner[at] = 0x36 ^ byte
  }
  return (bytes) => {
    const end = HASH_BLOCK + bytes.length
    if (end > inner.length) inner = Buffer.concat([inner.subarray(0, HASH_BLOCK)], end)
    inner.set(bytes, HASH_BLOCK)
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), HASH_BLOCK, 'binary')
    return Buffer.from(hash('sha256', outer, 'binary'), 'binary')
  }
}

/**
 * One cipher for the life of the key. In CBC mode a block's ciphertext is the vector of what follows it, so a block of
 * random bytes ahead of each plaintext becomes its vector: encrypted, and so as unpredictable as it was.
 */
function encrypter(key: KeyObject): FernetKey['encrypt'] {
  const endless = createCipheriv(CIPHER, key, randomBytes(CIPHER_BLOCK)).setAutoPadding(false)
  return (plaintext, iv) => {
    if (iv !== undefined) {
      const cipher = createCipheriv(CIPHER, key, iv)
      return Buffer.concat([iv, cipher.update(plaintext), cipher.final()])
    }
    // PKCS #7: as many bytes as are missing, each of them that number; a whole block when none is.
    const padding = CIPHER_BLOCK - (plaintext.length % CIPHER_BLOCK)
    const blocks = Buffer.allocUnsafe(CIPHER_BLOCK + plaintext.length + padding)
    blocks.set(freshBlock())
    blocks.set(plaintext, CIPHER_BLOCK)
    blocks.fill(padding, CIPHER_BLOCK + plaintext.length)
    return endless.update(blocks)
  }
}

// The system's generator is asked for 256 blocks at a time: one call costs as much as sealing half a token.
const randomPool = Buffer.alloc(CIPHER_BLOCK * 256)
let poolUsed = randomPool.length

/** 16 random bytes that are handed out once. */
function freshBlock(): Buffer {
  if (poolUsed === randomPool.length) {
    randomFillSync(randomPool)
    poolUsed = 0
  }
  poolUsed += CIPHER_BLOCK
  return randomPool.subarray(poolUsed - CIPHER_BLOCK, poolUsed)
}
