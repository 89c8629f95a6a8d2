/**
 * Our own SAML keys: they sign requests and open encrypted assertions. Made when they are first asked for, sealed in the
 * database like every key, published as certificates. The newest counts; older ones still open what was meant for them.
 */
import type { Context } from '../context.ts'
import { type OwnEntity, ownMetadata } from '../methods/saml/metadata.ts'
import { type CertifiedKey, newCertifiedKey } from '../methods/saml/self-signed.ts'
import { addSealedKey, deleteSealedKey, listSealedKeys, putSealedKey } from '../store/sealed-keys.ts'
import type { Db } from '../store/store.ts'
import { type Actor, change } from './change.ts'

const PURPOSE = 'saml'

/** All of them, the newest first; makes the first one. */
export async function samlKeys(ctx: Context): Promise<readonly [CertifiedKey, ...CertifiedKey[]]> {
  const [newest, ...older] = await storedKeys(ctx)
  if (newest) return [newest, ...older]
  const made = await newCertifiedKey('tokenhouse', ctx.now())
  const by: Actor = { session: null, action: 'create_saml_key', requestId: '' }
  await change(ctx, by, 'saml_key:1', (tx) => addSealedKey(tx, sealed(ctx, 1, made)))
  // Another process may have been first: its key is the one.
  const [first, ...others] = await storedKeys(ctx)
  if (!first) throw new Error('the SAML key that was just written is gone')
  return [first, ...others]
}

/** Adds a key and makes it the current one; of the older ones the newest stay, `keep` keys in all. */
export async function rotateSamlKey(ctx: Context, keep: number): Promise<void> {
  const made = await newCertifiedKey('tokenhouse', ctx.now())
  await ctx.store.write(async (tx) => {
    const rows = await numbered(tx)
    const next = Number(rows[0]?.id ?? 0) + 1
    for (const row of rows.slice(0, keep - 1)) await putSealedKey(tx, { ...row, state: 'retired' })
    for (const row of rows.slice(keep - 1)) await deleteSealedKey(tx, PURPOSE, row.id)
    await putSealedKey(tx, sealed(ctx, next, made))
  })
}

/** What providers have to know of us, as XML. */
export async function serviceMetadata(ctx: Context, own: OwnEntity): Promise<string> {
  return ownMetadata(
    own,
    (await samlKeys(ctx)).map(({ certificate }) => certificate),
  )
}

/** Those there are, the newest first: what was encrypted for us was encrypted for one of them. */
export async function storedKeys(ctx: Context): Promise<readonly CertifiedKey[]> {
  const rows = await numbered(ctx.store.db)
  return rows.map(
    ({ id, material }) => JSON.parse(ctx.keys.open(material, `${PURPOSE}:${id}`)) as CertifiedKey,
  )
}

async function numbered(db: Db) {
  return (await listSealedKeys(db, PURPOSE)).sort((a, b) => Number(b.id) - Number(a.id))
}

function sealed(ctx: Context, number: number, key: CertifiedKey) {
  const id = String(number)
  const material = ctx.keys.seal(JSON.stringify(key), `${PURPOSE}:${id}`)
  return { purpose: PURPOSE, id, state: 'current', material, created_at: ctx.now() }
}
