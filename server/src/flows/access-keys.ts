/**
 * Access keys: made, and opened to check a signature. A permanent key is a row with its secret sealed, or with the public
 * key of a pair whose private key stays with its user; a temporary one
 * is a session of its own, told by its token, and has no row: its secret follows from its id under the root key, and its
 * id stands in the token's chain as the last link. Deleting, disabling or revoking anything the session stands on ends
 * the key.
 */
import { createHash, createPublicKey, type KeyObject, randomInt } from 'node:crypto'
import type { Context } from '../context.ts'
import { found, refuse } from '../core/refusal.ts'
import { findAccessKey, insertAccessKey, listAccessKeys } from '../store/access-keys.ts'
import { findUserById } from '../store/users.ts'
import { type Actor, change } from './change.ts'

const PERMANENT = 'HPUA'
const TEMPORARY = 'HSTA'
/** Of role sessions. No permanent key's id has a dot. */
const STS = 'STS.'
const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const SECRET_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

const random = (letters: string, count: number): string =>
  Array.from({ length: count }, () => letters[randomInt(letters.length)]).join('')

/** Whether an access key's id is one of a temporary key; permanent ones never are. */
export function isTemporaryAccess(access: string): boolean {
  return access.startsWith(TEMPORARY) || access.startsWith(STS)
}

export function newTemporaryAccess(): string {
  return `${TEMPORARY}${random(ID_LETTERS, 16)}`
}

export function newStsAccess(): string {
  return `${STS}${random(ID_LETTERS, 24)}`
}

/**
 * The secret of a temporary key, which follows from its id and from the policy that narrows it, if one does: without the
 * very same policy beside its token no signature of the key is right.
 */
export function temporarySecret(ctx: Context, access: string, policy?: string): string {
  const bound = policy === undefined ? '' : `:${createHash('sha256').update(policy).digest('base64url')}`
  return ctx.keys.derive(`temporary_access_key:${access}${bound}`)
}

export interface NewAccessKey {
  readonly access: string
  /** Given back this once. */
  readonly secret: string
  readonly createdAt: number
}

interface NewKeyOf {
  readonly userId: string
  readonly description: string
  readonly limit: number
  /** How its id begins, where a cloud's users know their keys by it. */
  readonly prefix?: 'LTAI'
}

/** Makes an access key of a user. Refuses `bad_request` (`akSkNumExceed`) beyond `limit` keys, `not_found` for nobody's. */
export async function createAccessKey(ctx: Context, by: Actor, of: NewKeyOf): Promise<NewAccessKey> {
  const secret = random(SECRET_LETTERS, 40)
  return { ...(await keepAccessKey(ctx, by, of, secret)), secret }
}

/** What a public key of a pair begins with, and no secret that is made here. */
const PUBLIC_KEY = '-----BEGIN PUBLIC KEY-----'
const LEAST_BITS = 2048
const MOST_BITS = 8192

/**
 * Keeps the public key of an RSA pair as an access key of a user, who signs with the private one. `text` is PEM: a public
 * key or a certificate. Refuses `bad_request` for anything else, a private key above all, and for RSA below 2048 bits.
 */
export async function createPairAccessKey(
  ctx: Context,
  by: Actor,
  of: NewKeyOf,
  text: string,
): Promise<Omit<NewAccessKey, 'secret'> & { readonly bits: number; readonly fingerprint: string }> {
  const { key, bits } = publicKeyOf(text)
  const der = key.export({ type: 'spki', format: 'der' })
  const fingerprint = `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`
  const pem = key.export({ type: 'spki', format: 'pem' }).toString()
  // What tells it from others in a list, where nothing better was said.
  const description = of.description || `RSA ${bits} ${fingerprint}`
  return { ...(await keepAccessKey(ctx, by, { ...of, description }, pem)), bits, fingerprint }
}

function publicKeyOf(text: string): { readonly key: KeyObject; readonly bits: number } {
  const not = (message: string): never => refuse('bad_request', message, { message })
  // Node would take the public half out of it, and its owner would think that it had to be given away.
  if (text.includes('PRIVATE KEY'))
    return not('The file holds a private key: keep it, and give its public key.')
  let key: KeyObject
  try {
    key = createPublicKey(text)
  } catch {
    return not('The file holds no public key in PEM.')
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa') return not('The key is not an RSA key.')
  if (bits < LEAST_BITS || bits > MOST_BITS) {
    return not(`The key has ${bits} bits, and not ${LEAST_BITS} to ${MOST_BITS}.`)
  }
  return { key, bits }
}

async function keepAccessKey(ctx: Context, by: Actor, of: NewKeyOf, secret: string) {
  const access = `${of.prefix ?? PERMANENT}${random(ID_LETTERS, 16)}`
  const createdAt = ctx.now()
  const sealedSecret = ctx.keys.seal(secret, `access_key:${access}`)
  await change(ctx, by, `access_key:${access}`, async (tx) => {
    // Looked at again where nobody can take the user away in between.
    found(await findUserById(tx, of.userId), 'user', of.userId)
    if ((await listAccessKeys(tx, of.userId)).length >= of.limit) {
      refuse('bad_request', `user ${of.userId} has ${of.limit} access keys`, { message: 'akSkNumExceed' })
    }
    await insertAccessKey(tx, {
      id: access,
      userId: of.userId,
      sealedSecret,
      status: 'Active',
      description: of.description,
      createdAt,
      lastUsedAt: null,
    })
  })
  return { access, createdAt }
}

/** What checks a signature: a secret that both sides know, or the public key of a pair, which signs nothing. */
export type CheckingKey = { readonly secret: string } | { readonly publicKey: string }

/** What checks signatures of a key; undefined when there is no such permanent key. `policy` as for `accessSecret`. */
export async function checkingKey(
  ctx: Context,
  access: string,
  policy?: string,
): Promise<CheckingKey | undefined> {
  if (isTemporaryAccess(access)) return { secret: temporarySecret(ctx, access, policy) }
  const key = await findAccessKey(ctx.store.db, access)
  if (!key) return undefined
  const text = ctx.keys.open(key.sealedSecret, `access_key:${access}`)
  return text.startsWith(PUBLIC_KEY) ? { publicKey: text } : { secret: text }
}

/**
 * The secret of a key, to check a signature with; undefined when there is no such permanent key, and when it has no
 * secret: whoever took a public key for one would let everybody sign. `policy`: of a temporary key, the session policy
 * that came with its token.
 */
export async function accessSecret(
  ctx: Context,
  access: string,
  policy?: string,
): Promise<string | undefined> {
  const key = await checkingKey(ctx, access, policy)
  return key && 'secret' in key ? key.secret : undefined
}
