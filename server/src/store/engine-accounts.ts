/**
 * Accounts of engines, and the lockouts of their logins. An account stands for a user or an agency (`principalId`) that
 * was imported, or is the engine's own and has a password. In a Nacos engine there is one for each namespace.
 */
import type { EngineAccountRow } from './schema.ts'
import type { Db } from './store.ts'

export interface EngineAccount {
  readonly id: string
  readonly engineId: string
  readonly name: string
  readonly principalId: string | null
  readonly namespace: string
  /** Password hash; null: nobody logs in with a password. */
  readonly hash: string | null
  readonly roles: readonly string[]
  readonly status: EngineAccountRow['status']
  /** What its tokens name as their subject: another one voids them all. */
  readonly incarnation: string
  readonly createdAt: number
  readonly updatedAt: number
}

const toAccount = (row: EngineAccountRow): EngineAccount => ({
  id: row.id,
  engineId: row.engine_id,
  name: row.name,
  principalId: row.principal_id,
  namespace: row.namespace,
  hash: row.hash,
  roles: JSON.parse(row.roles),
  status: row.status,
  incarnation: row.incarnation,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export type AccountReference =
  | { readonly name: string }
  | { readonly principalId: string; readonly namespace: string }

export async function findEngineAccount(
  db: Db,
  engineId: string,
  reference: AccountReference,
): Promise<EngineAccount | undefined> {
  const query = db.selectFrom('engine_account').selectAll().where('engine_id', '=', engineId)
  const row = await ('name' in reference
    ? query.where('name', '=', reference.name)
    : query.where('principal_id', '=', reference.principalId).where('namespace', '=', reference.namespace)
  ).executeTakeFirst()
  return row && toAccount(row)
}

/** In order of name. */
export async function listEngineAccounts(db: Db, engineId: string): Promise<readonly EngineAccount[]> {
  const rows = await db
    .selectFrom('engine_account')
    .selectAll()
    .where('engine_id', '=', engineId)
    .orderBy('name')
    .execute()
  return rows.map(toAccount)
}

export async function countEngineAccounts(db: Db, engineId: string): Promise<number> {
  const { n } = await db
    .selectFrom('engine_account')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('engine_id', '=', engineId)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Fails as `isUniqueViolation` when the name is taken, or the principal has an account in that namespace. */
export async function insertEngineAccount(tx: Db, account: EngineAccount): Promise<void> {
  await tx
    .insertInto('engine_account')
    .values({
      id: account.id,
      engine_id: account.engineId,
      name: account.name,
      principal_id: account.principalId,
      namespace: account.namespace,
      hash: account.hash,
      roles: JSON.stringify(account.roles),
      status: account.status,
      incarnation: account.incarnation,
      created_at: account.createdAt,
      updated_at: account.updatedAt,
    })
    .execute()
}

export type AccountChanges = Partial<Pick<EngineAccount, 'hash' | 'roles' | 'status' | 'incarnation'>> & {
  readonly updatedAt: number
}

export async function updateEngineAccount(tx: Db, id: string, changes: AccountChanges): Promise<void> {
  const { hash, roles, status, incarnation, updatedAt } = changes
  await tx
    .updateTable('engine_account')
    .set({
      updated_at: updatedAt,
      ...(hash !== undefined && { hash }),
      ...(roles !== undefined && { roles: JSON.stringify(roles) }),
      ...(status !== undefined && { status }),
      ...(incarnation !== undefined && { incarnation }),
    })
    .where('id', '=', id)
    .execute()
}

export async function deleteEngineAccount(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('engine_account').where('id', '=', id).execute()
}

export interface EngineLock {
  readonly name: string
  /** Of the peer that tried. */
  readonly address: string
  readonly failures: number
  /** Microseconds: from then on the failures are forgotten. */
  readonly releaseAt: number
}

export async function findEngineLock(
  db: Db,
  engineId: string,
  who: Pick<EngineLock, 'name' | 'address'>,
): Promise<EngineLock | undefined> {
  const row = await db
    .selectFrom('engine_lock')
    .selectAll()
    .where('engine_id', '=', engineId)
    .where('name', '=', who.name)
    .where('address', '=', who.address)
    .executeTakeFirst()
  return row && { name: row.name, address: row.address, failures: row.failures, releaseAt: row.release_at }
}

export async function listEngineLocks(db: Db, engineId: string, now: number): Promise<readonly EngineLock[]> {
  const rows = await db
    .selectFrom('engine_lock')
    .selectAll()
    .where('engine_id', '=', engineId)
    .where('release_at', '>', now)
    .orderBy('name')
    .orderBy('address')
    .execute()
  return rows.map((row) => ({
    name: row.name,
    address: row.address,
    failures: row.failures,
    releaseAt: row.release_at,
  }))
}

/**
 * Counts one more failure, forgetting those whose time has passed at `now`, and gives how many there are now. Rows of
 * the engine whose time has passed go, so that guessing names does not fill the table.
 */
export async function countEngineFailure(
  tx: Db,
  engineId: string,
  failure: Omit<EngineLock, 'failures'> & { readonly now: number },
): Promise<number> {
  const { name, address, releaseAt, now } = failure
  await tx
    .deleteFrom('engine_lock')
    .where('engine_id', '=', engineId)
    .where('release_at', '<=', now)
    .execute()
  await tx
    .insertInto('engine_lock')
    .values({ engine_id: engineId, name, address, failures: 1, release_at: releaseAt })
    .onConflict((c) =>
      c.columns(['engine_id', 'name', 'address']).doUpdateSet((eb) => ({
        failures: eb('engine_lock.failures', '+', 1),
        release_at: releaseAt,
      })),
    )
    .execute()
  return (await findEngineLock(tx, engineId, { name, address }))?.failures ?? 1
}

/** Forgets them and gives what there was by now: failures that are being counted are waited for. */
export async function forgetEngineFailures(
  tx: Db,
  engineId: string,
  who: Pick<EngineLock, 'name' | 'address'>,
): Promise<EngineLock | undefined> {
  const row = await tx
    .deleteFrom('engine_lock')
    .where('engine_id', '=', engineId)
    .where('name', '=', who.name)
    .where('address', '=', who.address)
    .returning(['failures', 'release_at'])
    .executeTakeFirst()
  return row && { ...who, failures: row.failures, releaseAt: row.release_at }
}
