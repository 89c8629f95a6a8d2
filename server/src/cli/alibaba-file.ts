/**
 * `alibaba.json` of the data folder: the first access key of the default account, for SDKs of Alibaba Cloud, readable by
 * its owner alone. Made once: who deletes the key and the file is not given another.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { createAccessKey } from '../flows/access-keys.ts'
import { ensureAccountNumber, findAccountSettings, putAccountSettings } from '../store/accounts.ts'
import { findUser } from '../store/identity.ts'
import { writePrivately } from './cloud-files.ts'

/** `Config` of the SDKs takes these names, all but the account's. */
export interface AlibabaAccess {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** 16 digits. */
  readonly accountId: string
  /** `HOST:PORT` */
  readonly endpoint: string
  readonly protocol: 'http' | 'https'
}

/** Name of the setting of the account that remembers which key it was. */
const FIRST_KEY = 'alibaba.first_access_key'
const ACCOUNT = 'default'

export const alibabaFileOf = (dataDir: string): string => join(dataDir, 'alibaba.json')

/** Writes the file on the first start, and on later ones the address the face has now. `url`: of the face. */
export async function keepAlibabaFile(ctx: Context, url: string): Promise<void> {
  const { host, protocol } = new URL(url)
  const where = { endpoint: host, protocol: protocol === 'https:' ? 'https' : 'http' } as const
  const file = alibabaFileOf(ctx.settings.dataDir)
  if (existsSync(file)) {
    const before = readFileSync(file, 'utf8')
    const after = textOf({ ...JSON.parse(before), ...where })
    if (after !== before) writePrivately(file, after)
    return
  }
  const access = await firstKey(ctx)
  if (access) writePrivately(file, textOf({ ...access, ...where }))
}

const textOf = (access: AlibabaAccess): string => `${JSON.stringify(access, null, 2)}\n`

async function firstKey(
  ctx: Context,
): Promise<Pick<AlibabaAccess, 'accessKeyId' | 'accessKeySecret' | 'accountId'> | undefined> {
  const { db } = ctx.store
  const made = await findAccountSettings(db, ACCOUNT)
  const admin = await findUser(db, { name: 'admin', domain: { id: ACCOUNT } })
  if (made[FIRST_KEY] !== undefined || !admin) return undefined
  const by = { session: null, action: 'first_access_key', requestId: '' }
  const of = { userId: admin.id, description: 'first start', limit: Number.POSITIVE_INFINITY }
  const { access, secret } = await createAccessKey(ctx, by, of)
  const accountId = await ctx.store.write(async (tx) => {
    await putAccountSettings(tx, ACCOUNT, { [FIRST_KEY]: access })
    return ensureAccountNumber(tx, ACCOUNT)
  })
  return { accessKeyId: access, accessKeySecret: secret, accountId }
}
