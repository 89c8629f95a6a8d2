/**
 * Keys, and everything that has to be given back or used and may not lie open in the database: sealed under a root key
 * that is not in the database. Nothing outside this file opens a sealed value.
 *
 * Sealed form: `s1.` + base64url(IV 12 | tag 16 | ciphertext), AES-256-GCM, the place of the value (`purpose`) as
 * additional data, so that a sealed value moved to another row does not open.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto'
import { chmodSync, existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type FernetKeyring,
  fernetKeyring,
  type JwsKeyring,
  jwsKeyring,
  newFernetKey,
  parseFernetKey,
  parseJwsKey,
  publicJwks,
} from '@tokenhouse/tokens'
import { OperatorError } from './core/operator-error.ts'
import { makeFolder } from './make-folder.ts'
import { perEpoch } from './store/per-epoch.ts'
import type { SealedKeyRow } from './store/schema.ts'
import { deleteSealedKey, listSealedKeys, putSealedKey, renameSealedKey } from './store/sealed-keys.ts'
import type { Db, Store } from './store/store.ts'

export interface TokenKeys {
  readonly fernet: FernetKeyring
  readonly jws: JwsKeyring
  /** Of authentication receipts; they are no tokens and share no key with them. null in a house that has none yet. */
  readonly receipts: FernetKeyring | null
}

export interface Keys {
  /** Encrypts `plain`; `purpose` names the place it will lie in (`credential:<id>`). */
  seal(plain: string, purpose: string): string
  /**
   * A secret that follows from the root key and `purpose` alone (base64url of 32 bytes): for what has to be known again
   * without a row to keep it in.
   */
  derive(purpose: string): string
  /** The plain text again. Throws when tampered with, moved, or sealed under another root key. */
  open(sealed: string, purpose: string): string
  /** The keys tokens are made and read with, as of the last change. */
  tokens(): Promise<TokenKeys>
  /** The public halves of the keys that signed tokens verify with (RFC 7517), for whoever asks. */
  published(): Promise<ReturnType<typeof publicJwks>>
}

/**
 * Reads the root key, making it (0600) when `create`. Throws when it is missing, not 32 bytes of base64url, or a key that
 * anybody would try: one byte 32 times.
 */
export function readRootKey(path: string, create: boolean): Buffer {
  if (!existsSync(path)) {
    if (!create)
      throw new OperatorError(`root key missing: ${path} (the database holds values sealed under it)`)
    makeFolder(dirname(path))
    makeRootKey(path)
  }
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url')
  if (key.length !== 32) throw new OperatorError(`root key ${path} is not 32 bytes of base64url`)
  if (key.every((byte) => byte === key[0]))
    throw new OperatorError(`root key ${path} is no secret: one byte 32 times`)
  return key
}

/**
 * Where two processes start at once, the key is that of the first; the file is there with the whole key in it or not at all, so
 * that neither the other nor a later start reads half of it.
 */
function makeRootKey(path: string): void {
  const part = `${path}.${randomBytes(8).toString('hex')}.part`
  const text = `${randomBytes(32).toString('base64url')}\n`
  try {
    writeFileSync(part, text, { mode: 0o600, flag: 'wx' })
    chmodSync(part, 0o600)
    linkSync(part, path)
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && syscall === 'link') return
    if (syscall !== 'link') throw error
    // A file system without links.
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
  } finally {
    rmSync(part, { force: true })
  }
}

/** Refuses keys that cannot open what the database holds: nothing could be issued or validated with them. */
export function refuseOtherRootKey(keys: Keys, [row]: readonly SealedKeyRow[], path: string): void {
  if (row === undefined) return
  try {
    keys.open(row.material, `${row.purpose}:${row.id}`)
  } catch {
    throw new OperatorError(`root key ${path} is not the one that the keys in the database are sealed under`)
  }
}

export function openKeys(store: Store, rootKey: Buffer): Keys {
  const sealing = Buffer.from(hkdfSync('sha256', rootKey, '', 'tokenhouse sealing v1', 32))
  const deriving = Buffer.from(hkdfSync('sha256', rootKey, '', 'tokenhouse deriving v1', 32))
  const open = (sealed: string, purpose: string): string => openSealed(sealing, sealed, purpose)
  const tokens = perEpoch(async (from) => loadTokenKeys(from.db, open))
  return {
    seal: (plain, purpose) => sealPlain(sealing, plain, purpose),
    derive: (purpose) => createHmac('sha256', deriving).update(purpose).digest('base64url'),
    open,
    tokens: () => tokens(store),
    published: async () => publicJwks((await tokens(store)).jws.all),
  }
}

function sealPlain(key: Buffer, plain: string, purpose: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(purpose))
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return `s1.${Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')}`
}

function openSealed(key: Buffer, sealed: string, purpose: string): string {
  if (!sealed.startsWith('s1.')) throw new Error(`not a sealed value: ${purpose}`)
  const bytes = Buffer.from(sealed.slice(3), 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}

async function loadTokenKeys(db: Db, open: Keys['open']): Promise<TokenKeys> {
  const rows = await listSealedKeys(db)
  const material = (row: (typeof rows)[number]): string => open(row.material, `${row.purpose}:${row.id}`)
  const numbered = (purpose: NumberedPurpose) =>
    rows
      .filter((row) => row.purpose === purpose)
      .sort((a, b) => Number(b.id) - Number(a.id))
      .map((row) => parseFernetKey(material(row)))
  const fernet = numbered('fernet')
  const receipts = numbered('receipt')
  const jws = rows.filter((row) => row.purpose === 'jws').sort((a, b) => rank(a.state) - rank(b.state))
  if (fernet.length === 0 || jws.length === 0) throw new Error('no token keys: run `tokenhouse bootstrap`')
  return {
    fernet: fernetKeyring(fernet),
    jws: jwsKeyring(jws.map((row) => parseJwsKey(material(row)))),
    receipts: receipts.length === 0 ? null : fernetKeyring(receipts),
  }
}

/** The current key signs and comes first; retired ones only verify. */
function rank(state: string): number {
  return state === 'current' ? 0 : 1
}

/** Numbered repositories as Keystone's `fernet-keys` and receipt keys. */
type NumberedPurpose = 'fernet' | 'receipt'

/** One Fernet key of the numbered repository: 0 is staged (the next primary), the highest number signs. */
export interface NumberedKey {
  readonly index: number
  readonly text: string
}

/** The repository as Keystone numbers it, lowest first. */
export async function exportFernetKeys(store: Store, keys: Keys): Promise<readonly NumberedKey[]> {
  const rows = await listSealedKeys(store.db, 'fernet')
  return rows
    .map((row) => ({ index: Number(row.id), text: keys.open(row.material, `fernet:${row.id}`) }))
    .sort((a, b) => a.index - b.index)
}

/** Replaces the repository. Refuses an empty one, a key that does not parse, and two keys of one number. */
export async function importFernetKeys(
  store: Store,
  keys: Keys,
  incoming: readonly NumberedKey[],
  now: number,
): Promise<void> {
  if (incoming.length === 0) throw new Error('no keys to import')
  if (new Set(incoming.map((k) => k.index)).size !== incoming.length)
    throw new OperatorError('a key number occurs twice')
  for (const key of incoming) parseFernetKey(key.text)
  await store.write(async (tx) => {
    for (const row of await listSealedKeys(tx, 'fernet')) await deleteSealedKey(tx, 'fernet', row.id)
    for (const key of incoming) await putNumbered(tx, keys, { ...key, purpose: 'fernet' }, now)
  })
}

/**
 * Keystone's rotation: the staged key 0 becomes the new primary (highest number + 1), a new key is staged as 0, and the
 * oldest secondaries beyond `keep` keys go. The keys of receipts go along. Refuses `keep` below 2, which would void
 * every token at once.
 */
export async function rotateFernetKeys(store: Store, keys: Keys, keep: number, now: number): Promise<void> {
  if (keep < 2) throw new Error('at least 2 keys have to be kept: the primary and the staged one')
  await store.write(async (tx) => {
    for (const purpose of ['fernet', 'receipt'] as const) {
      const rows = await listSealedKeys(tx, purpose)
      const numbers = rows.map((row) => Number(row.id)).sort((a, b) => a - b)
      const next = (numbers.at(-1) ?? 0) + 1
      const staged = rows.find((row) => row.id === '0')
      if (staged) {
        const text = keys.open(staged.material, `${purpose}:0`)
        await renameSealedKey(tx, purpose, '0', String(next))
        await putNumbered(tx, keys, { purpose, index: next, text }, now)
      } else {
        await putNumbered(tx, keys, { purpose, index: next, text: newFernetKey() }, now)
      }
      await putNumbered(tx, keys, { purpose, index: 0, text: newFernetKey() }, now)
      const secondaries = numbers.filter((n) => n > 0)
      const excess = Math.max(0, secondaries.length + 2 - keep)
      for (const n of secondaries.slice(0, excess)) await deleteSealedKey(tx, purpose, String(n))
    }
  })
}

/** Adds a signing key pair for JWS tokens and makes it the current one; older ones go on verifying. */
export async function rotateJwsKey(tx: Db, keys: Keys, now: number): Promise<void> {
  for (const row of await listSealedKeys(tx, 'jws')) await putSealedKey(tx, { ...row, state: 'retired' })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = randomBytes(8).toString('hex')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const material = keys.seal(pem, `jws:${id}`)
  await putSealedKey(tx, { purpose: 'jws', id, state: 'current', material, created_at: now })
}

async function putNumbered(
  tx: Db,
  keys: Keys,
  key: NumberedKey & { readonly purpose: NumberedPurpose },
  now: number,
): Promise<void> {
  const { purpose } = key
  const id = String(key.index)
  const material = keys.seal(key.text, `${purpose}:${id}`)
  await putSealedKey(tx, { purpose, id, state: 'current', material, created_at: now })
}

/** First keys of a house, where they are missing: one primary and one staged for tokens and for receipts, one signing pair. */
export async function createFirstKeys(tx: Db, keys: Keys, now: number): Promise<void> {
  const there = new Set((await listSealedKeys(tx)).map((row) => row.purpose))
  for (const purpose of ['fernet', 'receipt'] as const) {
    if (there.has(purpose)) continue
    await putNumbered(tx, keys, { purpose, index: 1, text: newFernetKey() }, now)
    await putNumbered(tx, keys, { purpose, index: 0, text: newFernetKey() }, now)
  }
  if (!there.has('jws')) await rotateJwsKey(tx, keys, now)
}
