/** The forms a new hash takes; `stored-formats.ts` reads them and the imported ones. */
import { argon2, bcrypt } from './native.ts'
import { bcryptPrehash } from './stored-formats.ts'

export interface PasswordSettings {
  /** Which form new hashes take. */
  readonly passwordHash: 'argon2id' | 'bcrypt'
  /** log2 of bcrypt's rounds, 4 to 16; not used by argon2id. */
  readonly bcryptRounds: number
  /** Longest password accepted, in bytes of UTF-8; 4096 (Keystone's default) when not given. */
  readonly maxPasswordLength?: number
}

interface Form {
  /** How every hash written under these settings begins. */
  readonly prefix: (settings: PasswordSettings) => string
  readonly write: (password: Uint8Array, settings: PasswordSettings) => string
  /** Salt and digest of a hash of nobody's password. */
  readonly nobody: string
}

/** The least of OWASP's password storage cheat sheet. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

const forms: Readonly<Record<PasswordSettings['passwordHash'], Form>> = {
  argon2id: {
    prefix: () => `$argon2id$v=19$m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=${ARGON2ID.parallelism}$`,
    write: (password) => argon2().hashSync(password, ARGON2ID),
    nobody: `${'A'.repeat(22)}$${'A'.repeat(43)}`,
  },
  bcrypt: {
    prefix: (settings) => `$bcrypt-sha256$v=2,t=2b,r=${settings.bcryptRounds}$`,
    write: (password, settings) => {
      const setting = bcrypt().genSaltSync({ cost: settings.bcryptRounds, version: '2b' })
      const salt = setting.slice(-22)
      const inner = bcrypt().hashSync(bcryptPrehash(salt, password), { salt: setting })
      return `${forms.bcrypt.prefix(settings)}${salt}$${inner.slice(-31)}`
    },
    nobody: `${'.'.repeat(22)}$${'.'.repeat(31)}`,
  },
}

/** The text to store for a password (UTF-8), salted. It burns tens of milliseconds of the thread that calls it. */
export function writeHash(password: Uint8Array, settings: PasswordSettings): string {
  return forms[settings.passwordHash].write(password, settings)
}

/** A hash of nobody's password that is as slow to verify as one written under these settings. */
export function hashOfNobody(settings: PasswordSettings): string {
  const { prefix, nobody } = forms[settings.passwordHash]
  return prefix(settings) + nobody
}

/** Whether a stored hash has another form or other parameters than a new one would; ask after a successful login. */
export function needsRehash(stored: string, settings: PasswordSettings): boolean {
  return !stored.startsWith(forms[settings.passwordHash].prefix(settings))
}
