/**
 * Access keys: made, and opened to check a signature. A permanent key is a row with its secret sealed; a temporary one
 * is a session of its own, told by its token, and has no row: its secret follows from its id under the root key, and its
 * id stands in the token's chain as the last link. Deleting, disabling or revoking anything the session stands on ends
 * the key.
 */
import { createHash, randomInt } from 'node:crypto'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { findAccessKey, insertAccessKey, listAccessKeys } from '../store/access-keys.ts'
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

/** Makes an access key of a user. Refuses `bad_request` (`akSkNumExceed`) beyond `limit` keys. */
export async function createAccessKey(
  ctx: Context,
  by: Actor,
  of: {
    readonly userId: string
    readonly description: string
    readonly limit: number
    /** How its id begins, where a cloud's users know their keys by it. */
    readonly prefix?: 'LTAI'
  },
): Promise<NewAccessKey> {
  const access = `${of.prefix ?? PERMANENT}${random(ID_LETTERS, 16)}`
  const secret = random(SECRET_LETTERS, 40)
  const createdAt = ctx.now()
  const sealedSecret = ctx.keys.seal(secret, `access_key:${access}`)
  await change(ctx, by, `access_key:${access}`, async (tx) => {
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
  return { access, secret, createdAt }
}

/**
 * The secret of a key, to check a signature with; undefined when there is no such permanent key. `policy`: of a temporary
 * key, the session policy that came with its token.
 */
export async function accessSecret(
  ctx: Context,
  access: string,
  policy?: string,
): Promise<string | undefined> {
  if (isTemporaryAccess(access)) return temporarySecret(ctx, access, policy)
  const key = await findAccessKey(ctx.store.db, access)
  return key && ctx.keys.open(key.sealedSecret, `access_key:${access}`)
}
