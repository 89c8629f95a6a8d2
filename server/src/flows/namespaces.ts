/** Namespaces of EDAS: made with a key, read with its secret, and given new keys. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { appendAudit } from '../store/audit.ts'
import {
  findNamespace,
  findNamespaceKey,
  insertNamespace,
  insertNamespaceKey,
  listNamespaceKeys,
  type NamespaceKeyRecord,
  type NamespaceRecord,
  noteNamespaceKeyUse,
  retireNamespaceKeys,
} from '../store/namespaces.ts'
import type { Db } from '../store/store.ts'
import { isUniqueViolation } from '../store/unique.ts'
import { type Actor, change } from './change.ts'

/** What its maker chooses of a namespace. */
export type NewNamespace = Omit<NamespaceRecord, 'id' | 'tenantId' | 'createdAt'>

/** Makes a namespace with its first key. Refuses `conflict` when the account has it already. */
export async function createNamespace(
  ctx: Context,
  by: Actor,
  chosen: NewNamespace,
): Promise<NamespaceRecord> {
  const createdAt = ctx.now()
  // Numbers stay small: some clients read them into doubles, some into 32 bits.
  const namespace = { ...chosen, id: randomInt(10_000, 2 ** 31), tenantId: randomUUID(), createdAt }
  try {
    await change(ctx, by, targetOf(namespace), async (tx) => {
      await insertNamespace(tx, namespace)
      await insertNamespaceKey(tx, newKey(ctx, namespace.id))
    })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    refuse('conflict', `namespace ${chosen.regionId} exists`, {
      wireCode: 'EntityAlreadyExists.Namespace',
      message: 'The specified namespace already exists.',
    })
  }
  return namespace
}

/** The default namespace of a region, made when nobody has asked for it before. */
export async function ensureDefaultNamespace(
  ctx: Context,
  by: Actor,
  of: { readonly domainId: string; readonly regionId: string },
): Promise<NamespaceRecord> {
  const there = await findNamespace(ctx.store.db, of.domainId, { regionId: of.regionId })
  if (there) return there
  const mse = { instanceId: '', internetAddress: '', intranetAddress: '' }
  const chosen = { ...of, name: of.regionId, description: '', debugEnable: false, mse }
  try {
    return await createNamespace(ctx, by, { ...chosen, registryType: 'default' })
  } catch (error) {
    // Somebody else was first.
    const made = await findNamespace(ctx.store.db, of.domainId, { regionId: of.regionId })
    if (made) return made
    throw error
  }
}

export interface SecureToken {
  readonly namespace: NamespaceRecord
  readonly accessKey: string
  readonly secretKey: string
}

/**
 * A namespace's current key with its secret. The audit line that it was read is on disk before it is given. Refuses
 * `not_found` for one that was just deleted.
 */
export async function readSecureToken(
  ctx: Context,
  by: Actor,
  namespace: NamespaceRecord,
): Promise<SecureToken> {
  const [key] = await listNamespaceKeys(ctx.store.db, namespace.id, ctx.now())
  if (!key) {
    return refuse('not_found', `namespace ${namespace.id} is gone meanwhile`, {
      wireCode: 'EntityNotExist.Namespace',
      message: 'The specified namespace does not exist.',
    })
  }
  await ctx.store.record((tx) => auditRead(tx, ctx, by, namespace))
  return { namespace, accessKey: key.accessKey, secretKey: secretOf(ctx, key) }
}

async function auditRead(tx: Db, ctx: Context, by: Actor, namespace: NamespaceRecord): Promise<void> {
  await appendAudit(tx, {
    at: ctx.now(),
    action: by.action,
    outcome: 'success',
    chain: by.session?.claims.auditIds.at(-1) ?? '',
    actor_id: by.session?.user.id ?? '',
    target: targetOf(namespace),
    reason: 'secret read',
    request_id: by.requestId,
  })
}

/**
 * Gives a namespace a new key. The old one is good for `overlap` more seconds (0: void at once), and so are those that
 * an earlier rotation left, at the most.
 */
export async function rotateNamespaceKeys(
  ctx: Context,
  by: Actor,
  { namespace, overlap }: { readonly namespace: NamespaceRecord; readonly overlap: number },
): Promise<NamespaceKeyRecord> {
  const now = ctx.now()
  const key = newKey(ctx, namespace.id)
  await change(ctx, by, targetOf(namespace), async (tx) => {
    await retireNamespaceKeys(tx, namespace.id, { until: now + overlap * 1e6, now })
    await insertNamespaceKey(tx, key)
  })
  return key
}

/** Not more often than this is a use noted, so that reading stays reading. */
const MINUTE = 60e6

/** A key as a guard needs it: its secret, and the one tenant that it may act in. */
export interface UsableKey {
  readonly secretKey: string
  readonly tenantId: string
  readonly namespace: NamespaceRecord
}

/** The key of that id, while it is good and its account enabled; undefined otherwise. */
export async function findUsableKey(ctx: Context, accessKey: string): Promise<UsableKey | undefined> {
  const found = await findNamespaceKey(ctx.store.db, accessKey, ctx.now())
  if (!found?.alive) return undefined
  const { key, namespace } = found
  return { secretKey: secretOf(ctx, key), tenantId: namespace.tenantId, namespace }
}

/** Notes that a key was used: call it once its signature is verified. */
export async function noteKeyUse(ctx: Context, accessKey: string): Promise<void> {
  const now = ctx.now()
  const found = await findNamespaceKey(ctx.store.db, accessKey, now)
  if (!found || (found.key.lastUsedAt ?? 0) > now - MINUTE) return
  await ctx.store.record((tx) => noteNamespaceKeyUse(tx, accessKey, now))
}

function newKey(ctx: Context, namespaceId: number): NamespaceKeyRecord {
  const accessKey = randomBytes(16).toString('hex')
  const secret = randomBytes(24).toString('base64').replaceAll('+', 'A').replaceAll('/', 'B')
  return {
    accessKey,
    namespaceId,
    sealedSecret: ctx.keys.seal(secret, purposeOf(accessKey)),
    createdAt: ctx.now(),
    expiresAt: null,
    lastUsedAt: null,
  }
}

const secretOf = (ctx: Context, key: NamespaceKeyRecord): string =>
  ctx.keys.open(key.sealedSecret, purposeOf(key.accessKey))
const purposeOf = (accessKey: string): string => `namespace_key:${accessKey}`
const targetOf = ({ id, regionId }: Pick<NamespaceRecord, 'id' | 'regionId'>): string =>
  `namespace:${id}:${regionId}`
