/**
 * Keys of engines. A ServiceComb engine has RSA pairs, a Nacos engine secrets; no two engines share one, because the
 * key is all that tells engines apart: their verifiers look at no audience. States: `next` is made and known to nobody
 * yet, `current` signs, `retired` still verifies here until the last token it signed has expired.
 */
import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { type JwsKey, jwsKey } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { engineLimits } from '../core/engine-rules.ts'
import { refuse } from '../core/refusal.ts'
import {
  type EngineKeyRecord,
  type EngineRecord,
  insertEngineKey,
  listEngineKeys,
  setEngineKeyState,
} from '../store/engines.ts'
import { newId } from '../store/ids.ts'
import type { Db } from '../store/store.ts'
import { type Actor, change } from './change.ts'

const MODULUS = 3072
const REMEMBERED = 1000

/** Opened keys by id: what lies under an id never changes. */
const opened = new WeakMap<Context, Map<string, JwsKey>>()

/** Makes the material of a key for an engine, sealed. Takes long: never inside a transaction. */
export async function newEngineKey(
  ctx: Context,
  engine: Pick<EngineRecord, 'id' | 'specType'>,
  state: EngineKeyRecord['state'],
): Promise<EngineKeyRecord> {
  const id = newId()
  return {
    id,
    engineId: engine.id,
    state,
    sealed: ctx.keys.seal(await newMaterial(engine.specType), `engine_key:${id}`),
    createdAt: ctx.now(),
    retiredAt: null,
  }
}

async function newMaterial(specType: EngineRecord['specType']): Promise<string> {
  if (specType === 'Nacos2') return randomBytes(32).toString('base64')
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS })
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
}

/** The key that signs now. */
export async function signingKey(ctx: Context, engine: EngineRecord): Promise<{ id: string; key: JwsKey }> {
  const current = (await listEngineKeys(ctx.store.db, engine.id)).find(({ state }) => state === 'current')
  if (!current) return refuse('internal', `engine ${engine.id} has no current key`)
  return { id: current.id, key: openKey(ctx, engine, current) }
}

/** The keys that tokens of the engine verify with: the current one, and retired ones whose tokens may still live. */
export async function verifyingKeys(ctx: Context, engine: EngineRecord): Promise<readonly JwsKey[]> {
  const oldest = ctx.now() - engineLimits.mostTokenLife * 1e6
  const keys = await listEngineKeys(ctx.store.db, engine.id)
  return keys
    .filter(
      ({ state, retiredAt }) => state === 'current' || (state === 'retired' && (retiredAt ?? 0) > oldest),
    )
    .map((key) => openKey(ctx, engine, key))
}

function openKey(ctx: Context, engine: EngineRecord, record: EngineKeyRecord): JwsKey {
  const memory = opened.get(ctx) ?? new Map<string, JwsKey>()
  opened.set(ctx, memory)
  const known = memory.get(record.id)
  if (known) return known
  const text = ctx.keys.open(record.sealed, `engine_key:${record.id}`)
  const key =
    engine.specType === 'Nacos2'
      ? jwsKey('HS256', createSecretKey(Buffer.from(text, 'base64')))
      : jwsKey('RS512', createPrivateKey(text))
  const [oldest] = memory.keys()
  if (memory.size >= REMEMBERED && oldest !== undefined) memory.delete(oldest)
  memory.set(record.id, key)
  return key
}

/** A key in the forms its engine's own software reads. */
export interface ExportedKey {
  readonly state: EngineKeyRecord['state']
  /** PKCS#1 in PEM, the only form service-center reads; or the base64 of a Nacos secret. */
  readonly secret: string
  /** SPKI in PEM; undefined for a secret. */
  readonly publicKey: string | undefined
}

/** The keys of an engine that are in use or to come, for the engine's own configuration. */
export async function exportEngineKeys(ctx: Context, engine: EngineRecord): Promise<readonly ExportedKey[]> {
  const keys = await listEngineKeys(ctx.store.db, engine.id)
  return keys
    .filter(({ state }) => state !== 'retired')
    .map((record) => {
      const secret = ctx.keys.open(record.sealed, `engine_key:${record.id}`)
      const publicKey =
        engine.specType === 'Nacos2'
          ? undefined
          : createPublicKey(secret).export({ type: 'spki', format: 'pem' }).toString()
      return { state: record.state, secret, publicKey }
    })
}

/** Stages a next key; a second call promotes it and retires the current one. Gives what it did. */
export async function rotateEngineKeys(
  ctx: Context,
  engine: EngineRecord,
  by: Actor,
): Promise<'staged' | 'promoted'> {
  const fresh = await newEngineKey(ctx, engine, 'next')
  return change(ctx, by, `engine:${engine.id}`, async (tx) => {
    const keys = await listEngineKeys(tx, engine.id)
    const next = keys.find(({ state }) => state === 'next')
    if (!next) {
      await insertEngineKey(tx, fresh)
      return 'staged'
    }
    await promote(tx, keys, next, ctx.now())
    return 'promoted'
  })
}

async function promote(
  tx: Db,
  keys: readonly EngineKeyRecord[],
  next: EngineKeyRecord,
  now: number,
): Promise<void> {
  for (const { id, state } of keys) {
    if (state === 'current') await setEngineKeyState(tx, { id, state: 'retired', retiredAt: now })
  }
  await setEngineKeyState(tx, { id: next.id, state: 'current', retiredAt: null })
}
