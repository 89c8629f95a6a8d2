/**
 * What an account of Huawei Cloud or Alibaba Cloud has beyond the domain that it is: a number of 16 digits, as Alibaba
 * names accounts in ARNs and queues, and settings that its clouds know and Keystone does not.
 */
import { randomInt } from 'node:crypto'
import type { AccountSecurity } from '../core/account-security.ts'
import { perEpoch } from './per-epoch.ts'
import type { Db, Store } from './store.ts'

/** JSON by name: `huawei.password_policy` ... */
export type AccountSettings = Readonly<Record<string, unknown>>

/** The number of the account, made when it has none yet. Call it inside a change. */
export async function ensureAccountNumber(tx: Db, domainId: string): Promise<string> {
  const known = await findAccountNumber(tx, domainId)
  if (known !== undefined) return known
  const number = `1${digits(8)}${digits(7)}`
  await tx.insertInto('account').values({ domain_id: domainId, number, settings: '{}' }).execute()
  return number
}

/** undefined while nobody has asked for it, and for a domain that is not there. */
export async function findAccountNumber(db: Db, domainId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('account')
    .select('number')
    .where('domain_id', '=', domainId)
    .executeTakeFirst()
  return row?.number
}

/** The id of the domain with that account number. */
export async function findAccountByNumber(db: Db, number: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('account')
    .select('domain_id')
    .where('number', '=', number)
    .executeTakeFirst()
  return row?.domain_id
}

export async function findAccountSettings(db: Db, domainId: string): Promise<AccountSettings> {
  const row = await db
    .selectFrom('account')
    .select('settings')
    .where('domain_id', '=', domainId)
    .executeTakeFirst()
  return row ? JSON.parse(row.settings) : {}
}

/** Replaces the settings of those names, leaving the others. */
export async function putAccountSettings(tx: Db, domainId: string, settings: AccountSettings): Promise<void> {
  await ensureAccountNumber(tx, domainId)
  const merged = { ...(await findAccountSettings(tx, domainId)), ...settings }
  await tx
    .updateTable('account')
    .set({ settings: JSON.stringify(merged) })
    .where('domain_id', '=', domainId)
    .execute()
}

const SECURITY = 'huawei.security'
const NONE: AccountSecurity = {}

const securities: (store: Store) => Promise<ReadonlyMap<string, AccountSecurity>> = perEpoch(
  async (store) => {
    const epoch = store.epoch()
    const rows = await store.db
      .selectFrom('account')
      .select(['domain_id', 'settings'])
      .where('settings', '<>', '{}')
      .execute()
    const all = new Map<string, AccountSecurity>(
      rows.map((row) => [row.domain_id, JSON.parse(row.settings)[SECURITY] ?? NONE]),
    )
    const accounts = new Set([...all].filter(([, { apiAddresses }]) => apiAddresses).map(([id]) => id))
    bound.set(store, { epoch, accounts })
    return all
  },
)

/** What an account demands of its own people; remembered until something changes. */
export async function accountSecurity(store: Store, domainId: string): Promise<AccountSecurity> {
  return (await securities(store)).get(domainId) ?? NONE
}

/** The same, read within a change. */
export async function findAccountSecurity(db: Db, domainId: string): Promise<AccountSecurity> {
  const { [SECURITY]: security = NONE } = await findAccountSettings(db, domainId)
  return security as AccountSecurity
}

/** Sets what is given, leaving the rest. Call it inside a change. */
export async function putAccountSecurity(tx: Db, domainId: string, set: AccountSecurity): Promise<void> {
  const before = await findAccountSecurity(tx, domainId)
  await putAccountSettings(tx, domainId, { [SECURITY]: { ...before, ...set } })
}

const bound = new WeakMap<Store, { readonly epoch: number; readonly accounts: ReadonlySet<string> }>()

/**
 * Whether an account's people may call from some addresses only, without asking the database: undefined while that is
 * not at hand, which the next `accountSecurity` changes.
 */
export function isBoundToAddresses(store: Store, domainId: string): boolean | undefined {
  const known = bound.get(store)
  return known?.epoch === store.epoch() ? known.accounts.has(domainId) : undefined
}

const digits = (count: number): string => String(randomInt(10 ** count)).padStart(count, '0')
