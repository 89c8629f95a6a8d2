import { createRequire } from 'node:module'

type Bcrypt = typeof import('@node-rs/bcrypt')

let loaded: Bcrypt | undefined

/**
 * The native bcrypt, loaded when a hash first needs it: argon2id, the default, does without, and so does a platform that
 * has no build of it. There a bcrypt hash cannot be checked; the error says what is missing.
 */
export function bcrypt(): Bcrypt {
  loaded ??= createRequire(import.meta.url)('@node-rs/bcrypt') as Bcrypt
  return loaded
}
