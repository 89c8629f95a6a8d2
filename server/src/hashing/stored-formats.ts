/**
 * The text forms of a stored password hash, read and checked. One entry of the table per form.
 *
 *   $argon2id$v=19$m=19456,t=2,p=1$SALT$DIGEST          PHC string, base64 without padding. Written here
 *   $bcrypt-sha256$v=2,t=2b,r=12$SALT22$DIGEST31        bcrypt(base64(HMAC-SHA256(key=SALT22, password))). Written here
 *   $2b$12$SALT22DIGEST31  (also $2a$, $2y$)            bcrypt of the first 72 bytes. Imported
 *   $scrypt$ln=16,r=8,p=1$SALT$DIGEST                   base64 without padding. Imported
 *   $pbkdf2-sha512$25000$SALT$DIGEST                    base64 with `.` for `+`, without padding. Imported
 *   $6$rounds=10000$SALT$DIGEST86                       SHA-crypt, of Keystone before Pike. Imported
 *
 * The forms after the first are those of passlib 1.7.4, which Keystone uses. The parameters of an imported hash are
 * bounded: a hash that asks for hours or gigabytes is not one that Keystone's defaults made, and reading it would let
 * whoever can import a user stop the service.
 */

import { createHmac, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { verify as verifyArgon2 } from '@node-rs/argon2'
import { bcrypt } from './bcrypt.ts'
import { sha512Crypt } from './sha512-crypt.ts'

/** Tells whether the password (its UTF-8 bytes) is the one the hash was made from. */
export type Verifier = (password: Uint8Array) => Promise<boolean>

type Reader = (stored: string) => Verifier | null

/** bcrypt reads no more than this; Keystone cuts there (72 since Xena) and so must who verifies its hashes. */
const BCRYPT_BYTES = 72
/** 2^16 rounds take about four seconds. */
const MAX_BCRYPT_ROUNDS = 16
const MAX_ARGON2_KIBIBYTES = 262_144
const MAX_ARGON2_PASSES = 16
const MAX_ARGON2_LANES = 16
const MAX_SCRYPT_BYTES = 268_435_456
const MAX_SCRYPT_PARALLELISM = 16
const MAX_PBKDF2_ROUNDS = 5_000_000
const PBKDF2_SHA512_BYTES = 64
/** Keystone wrote 10,000 (its `crypt_strength`), 40,000 in its first releases. */
const MAX_SHA_CRYPT_ROUNDS = 100_000
const DEFAULT_SHA_CRYPT_ROUNDS = 5000
const SCRYPT_BYTES = 32

const scryptAsync = promisify<Uint8Array, Uint8Array, number, object, Buffer>(scrypt)
const pbkdf2Async = promisify(pbkdf2)

/**
 * What bcrypt is given in place of the password, so that every byte of it counts: 44 characters of base64, below
 * bcrypt's 72 and free of NUL. Keyed by the salt (its 22 characters) so that a table of plain SHA-256 is of no use.
 */
export function bcryptPrehash(salt: string, password: Uint8Array): string {
  return createHmac('sha256', salt).update(password).digest('base64')
}

const readArgon2id: Reader = (stored) => {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/.exec(
      stored,
    )
  if (match === null) return null
  const [kibibytes, passes, lanes] = match.slice(1).map(Number)
  if (kibibytes! > MAX_ARGON2_KIBIBYTES || passes! > MAX_ARGON2_PASSES || lanes! > MAX_ARGON2_LANES)
    return null
  return (password) => verifyArgon2(stored, password)
}

const readBcrypt: Reader = (stored) => {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(stored)
  if (match === null || !isBcryptRounds(Number(match[1]))) return null
  return (password) => bcrypt().verify(password.subarray(0, BCRYPT_BYTES), stored)
}

const readBcryptSha256: Reader = (stored) => {
  const match = /^\$bcrypt-sha256\$v=2,t=2b,r=([1-9]\d?)\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/.exec(
    stored,
  )
  if (match === null || !isBcryptRounds(Number(match[1]))) return null
  const [, rounds = '', salt = '', digest = ''] = match
  const inner = `$2b$${rounds.padStart(2, '0')}$${salt}${digest}`
  return (password) => bcrypt().verify(bcryptPrehash(salt, password), inner)
}

const readScrypt: Reader = (stored) => {
  const match =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]{43})$/.exec(stored)
  if (match === null) return null
  const [logN, r, p] = match.slice(1, 4).map(Number) as [number, number, number]
  const salt = decodeBase64(match[4]!)
  const digest = decodeBase64(match[5]!)
  if (salt === null || digest === null || logN < 1 || r < 1 || p < 1) return null
  const bytes = 128 * 2 ** logN * r
  if (bytes > MAX_SCRYPT_BYTES || p > MAX_SCRYPT_PARALLELISM) return null
  // OpenSSL counts the blocks of all lanes and some slack besides the big array.
  const maxmem = bytes + 128 * r * p + 1_048_576
  return async (password) =>
    timingSafeEqual(digest, await scryptAsync(password, salt, SCRYPT_BYTES, { N: 2 ** logN, r, p, maxmem }))
}

const readPbkdf2: Reader = (stored) => {
  const match = /^\$pbkdf2-sha512\$([1-9]\d{0,6})\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]{86})$/.exec(stored)
  if (match === null) return null
  const rounds = Number(match[1])
  const salt = decodeBase64(match[2]!.replaceAll('.', '+'))
  const digest = decodeBase64(match[3]!.replaceAll('.', '+'))
  if (salt === null || digest === null || rounds > MAX_PBKDF2_ROUNDS) return null
  return async (password) =>
    timingSafeEqual(digest, await pbkdf2Async(password, salt, rounds, PBKDF2_SHA512_BYTES, 'sha512'))
}

const readSha512Crypt: Reader = (stored) => {
  const match = /^\$6\$(?:rounds=([1-9]\d{3,5})\$)?([./A-Za-z0-9]{0,16})\$([./A-Za-z0-9]{86})$/.exec(stored)
  if (match === null) return null
  const [, written, salt = '', digest = ''] = match
  const rounds = written === undefined ? DEFAULT_SHA_CRYPT_ROUNDS : Number(written)
  if (rounds > MAX_SHA_CRYPT_ROUNDS) return null
  return async (password) =>
    timingSafeEqual(Buffer.from(digest), Buffer.from(await sha512Crypt(password, Buffer.from(salt), rounds)))
}

const readers: ReadonlyMap<string, Reader> = new Map([
  ['argon2id', readArgon2id],
  ['2a', readBcrypt],
  ['2b', readBcrypt],
  ['2y', readBcrypt],
  ['bcrypt-sha256', readBcryptSha256],
  ['scrypt', readScrypt],
  ['pbkdf2-sha512', readPbkdf2],
  ['6', readSha512Crypt],
])

/**
 * Takes a stored hash and gives the function that verifies a password against it; null for a form that is not in the
 * table, malformed text, or parameters beyond the bounds. Computes nothing yet.
 */
export function readStoredHash(stored: string): Verifier | null {
  const name = stored.split('$', 2)[1] ?? ''
  return readers.get(name)?.(stored) ?? null
}

/** Whether a bcrypt cost (log2 of the rounds) is one this service computes. */
export function isBcryptRounds(rounds: number): boolean {
  return Number.isSafeInteger(rounds) && rounds >= 4 && rounds <= MAX_BCRYPT_ROUNDS
}

/** Base64 without padding; null when it is not the one way to write its bytes. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64').replace(/=+$/, '') === text ? bytes : null
}
