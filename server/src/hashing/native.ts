import { createRequire } from 'node:module'

type Argon2 = typeof import('@node-rs/argon2')
type Bcrypt = typeof import('@node-rs/bcrypt')

const require = createRequire(import.meta.url)

let loadedArgon2: Argon2 | undefined
let loadedBcrypt: Bcrypt | undefined

/** The native argon2, loaded when a hash first needs it, and so by the threads that hash and by nobody else. */
export function argon2(): Argon2 {
  loadedArgon2 ??= require('@node-rs/argon2') as Argon2
  return loadedArgon2
}

/**
 * The native bcrypt, loaded in the same way: argon2id, the default, does without, and so does a platform that has no build
 * of it. There a bcrypt hash cannot be checked; the error says what is missing.
 */
export function bcrypt(): Bcrypt {
  loadedBcrypt ??= require('@node-rs/bcrypt') as Bcrypt
  return loadedBcrypt
}
