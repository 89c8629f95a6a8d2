/**
 * Passwords: checked, hashed and verified, always in the pool and never on the event loop.
 *
 * For every secret a person chose and the service keeps only a hash of (user passwords, application credential
 * secrets). Not for access keys and tokens, which are random and need no slow hash, and not for lockout or password
 * history, which need the store.
 *
 * Differences to Keystone: a new hash is argon2id (or bcrypt of a keyed pre-hash), so no byte of a long password is
 * ignored; a password that is too long is refused, not cut. Hashes that Keystone wrote verify as Keystone would:
 * `$2b$` looks at the first 72 bytes only. Call `needsRehash` after a successful login and store the new form.
 */

import { hash as hashArgon2 } from '@node-rs/argon2'
import { refuse } from '../core/refusal.ts'
import { bcrypt } from './bcrypt.ts'
import type { KdfRunner } from './kdf-pool.ts'
import { bcryptPrehash, isBcryptRounds, readStoredHash } from './stored-formats.ts'

export interface PasswordSettings {
  /** Which form new hashes take. */
  readonly passwordHash: 'argon2id' | 'bcrypt'
  /** log2 of bcrypt's rounds, 4 to 16; not used by argon2id. */
  readonly bcryptRounds: number
  /** Longest password accepted, in bytes of UTF-8; 4096 (Keystone's default) when not given. */
  readonly maxPasswordLength?: number
}

/** Why a text is no password. Decided from the text alone, before any hash is computed. */
export type PasswordFault = 'empty' | 'nul' | 'ill_formed' | 'too_long'

const FAULTS: Readonly<Record<PasswordFault, string>> = {
  empty: 'The password must not be empty.',
  nul: 'The password must not contain NUL.',
  ill_formed: 'The password must be well-formed Unicode.',
  too_long: 'The password is too long.',
}

interface Writer {
  /** How every hash written under these settings begins. */
  readonly prefix: (settings: PasswordSettings) => string
  readonly write: (password: Uint8Array, settings: PasswordSettings) => Promise<string>
  /** Salt and digest of a hash of nobody's password. */
  readonly nobody: string
}

/** The least of OWASP's password storage cheat sheet. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const DEFAULTS: PasswordSettings = { passwordHash: 'argon2id', bcryptRounds: 12 }
const MAX_PASSWORD_BYTES = 4096

const writers: Readonly<Record<PasswordSettings['passwordHash'], Writer>> = {
  argon2id: {
    prefix: () => `$argon2id$v=19$m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=${ARGON2ID.parallelism}$`,
    write: (password) => hashArgon2(password, ARGON2ID),
    nobody: `${'A'.repeat(22)}$${'A'.repeat(43)}`,
  },
  bcrypt: {
    prefix: (settings) => `$bcrypt-sha256$v=2,t=2b,r=${settings.bcryptRounds}$`,
    write: async (password, settings) => {
      const setting = await bcrypt().genSalt({ cost: settings.bcryptRounds, version: '2b' })
      const salt = setting.slice(-22)
      const inner = await bcrypt().hash(bcryptPrehash(salt, password), { salt: setting })
      return `${writers.bcrypt.prefix(settings)}${salt}$${inner.slice(-31)}`
    },
    nobody: `${'.'.repeat(22)}$${'.'.repeat(31)}`,
  },
}

/**
 * Whether a text may be a password at all: not empty and without NUL (CVE-2013-2157: an empty password became an
 * anonymous bind; C libraries end at NUL), well-formed Unicode (else two different texts have the same UTF-8), and at
 * most `maxPasswordLength` bytes (CVE-2012-1572: a megabyte reached the hash). Gives its UTF-8 bytes, or what is wrong.
 *
 * Ask before looking the user up, so that the answer takes the same time for every user.
 */
export function readPassword(
  password: string,
  settings: Pick<PasswordSettings, 'maxPasswordLength'>,
): Uint8Array | PasswordFault {
  const most = settings.maxPasswordLength ?? MAX_PASSWORD_BYTES
  if (password === '') return 'empty'
  // A UTF-16 unit takes at least one byte, so this bounds the work of what follows.
  if (password.length > most) return 'too_long'
  if (password.includes('\0')) return 'nul'
  if (!password.isWellFormed()) return 'ill_formed'
  const bytes = Buffer.from(password, 'utf8')
  return bytes.length > most ? 'too_long' : bytes
}

/**
 * Makes the text to store for a new password, in the form the settings name. Refuses what `readPassword` faults as
 * `bad_request` without computing anything, and with `busy` when the pool is full.
 */
export async function hashPassword(
  pool: KdfRunner,
  password: string,
  settings: PasswordSettings,
): Promise<string> {
  if (!isBcryptRounds(settings.bcryptRounds)) throw new RangeError('bcryptRounds must be 4 to 16')
  const bytes = readPassword(password, settings)
  if (typeof bytes === 'string')
    return refuse('bad_request', `password: ${bytes}`, { message: FAULTS[bytes] })
  return pool.run(() => writers[settings.passwordHash].write(bytes, settings))
}

/**
 * Tells whether `password` is the one `stored` was made from; reads every form of `stored-formats.ts`. Null (a user
 * without a password) and a text that is no known hash are as slow as a wrong password. What `readPassword` faults is
 * never right and computes nothing. Refuses with `busy` when the pool is full.
 */
export async function verifyPassword(
  pool: KdfRunner,
  stored: string | null,
  password: string,
  settings: PasswordSettings = DEFAULTS,
): Promise<boolean> {
  const bytes = readPassword(password, settings)
  if (typeof bytes === 'string') return false
  const verifier = stored === null ? null : readStoredHash(stored)
  if (verifier !== null) return pool.run(() => verifier(bytes))
  await burnPassword(pool, settings)
  return false
}

/**
 * Spends what verifying a password costs, for a user who does not exist: same algorithm, same parameters, same pool
 * as a hash written under these settings. Refuses with `busy` when the pool is full.
 */
export async function burnPassword(pool: KdfRunner, settings: PasswordSettings): Promise<void> {
  const writer = writers[settings.passwordHash]
  const verifier = readStoredHash(writer.prefix(settings) + writer.nobody)
  if (verifier === null) throw new RangeError('bcryptRounds must be 4 to 16')
  await pool.run(() => verifier(Buffer.from('nobody')))
}

/** Whether a stored hash has another form or other parameters than a new one would; ask after a successful login. */
export function needsRehash(stored: string, settings: PasswordSettings): boolean {
  return !stored.startsWith(writers[settings.passwordHash].prefix(settings))
}
