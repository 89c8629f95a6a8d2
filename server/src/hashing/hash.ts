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

import { refuse } from '../core/refusal.ts'
import type { KdfRunner } from './kdf-pool.ts'
import { computeBeside } from './kdf-threads.ts'
import { hashOfNobody, type PasswordSettings } from './new-hash.ts'
import { isBcryptRounds, readStoredHash } from './stored-formats.ts'

/** Why a text is no password. Decided from the text alone, before any hash is computed. */
export type PasswordFault = 'empty' | 'nul' | 'ill_formed' | 'too_long'

const FAULTS: Readonly<Record<PasswordFault, string>> = {
  empty: 'The password must not be empty.',
  nul: 'The password must not contain NUL.',
  ill_formed: 'The password must be well-formed Unicode.',
  too_long: 'The password is too long.',
}

const DEFAULTS: PasswordSettings = { passwordHash: 'argon2id', bcryptRounds: 12 }
const MAX_PASSWORD_BYTES = 4096
const NOBODY = Buffer.from('nobody')

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
  return pool.run(() => computeBeside({ write: settings, password: bytes }))
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
  if (stored !== null && readStoredHash(stored) !== null)
    return pool.run(() => computeBeside({ verify: stored, password: bytes }))
  await burnPassword(pool, settings)
  return false
}

/**
 * Spends what verifying a password costs, for a user who does not exist: same algorithm, same parameters, same pool
 * as a hash written under these settings. Refuses with `busy` when the pool is full.
 */
export async function burnPassword(pool: KdfRunner, settings: PasswordSettings): Promise<void> {
  if (!isBcryptRounds(settings.bcryptRounds)) throw new RangeError('bcryptRounds must be 4 to 16')
  await pool.run(() => computeBeside({ verify: hashOfNobody(settings), password: NOBODY }))
}
