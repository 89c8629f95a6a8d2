/**
 * Users as resources: listed, shown, made, changed, removed. For signing in, a user is read by `identity.ts`; passwords
 * are written by `passwords.ts`. What Keystone keeps besides the attributes it knows lies in `extra`.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Filter, type Listed, narrowed, type Page, paged } from './list.ts'
import { type Ids, removeUsers } from './removal.ts'
import type { UserRow } from './schema.ts'
import type { Db } from './store.ts'
import { afterAllIssued } from './void-tokens.ts'

/** Times in microseconds. */
export interface User {
  readonly id: string
  readonly name: string
  readonly domainId: string
  readonly kind: UserRow['kind']
  readonly enabled: boolean
  readonly defaultProjectId: string | null
  readonly options: Readonly<Record<string, unknown>>
  readonly extra: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly lastActiveAt: number | null
  /** When the current password expires; null for never, or when there is none. */
  readonly passwordExpiresAt: number | null
}

/** Whom an identity provider calls what. */
export interface FederatedIdentity {
  readonly idpId: string
  readonly protocolId: string
  readonly uniqueId: string
}

export interface UserNarrowing {
  /** On columns of `user`, qualified (`user.name`). */
  readonly filters: readonly Filter[]
  /** Users who have one federated identity with all of these. */
  readonly federated?: Partial<FederatedIdentity>
  /** All of them must hold of the current password's expiry; a password without one matches nothing. */
  readonly passwordExpiry?: readonly ExpiryCondition[]
  /** Only users whose membership of this group does not lapse. */
  readonly groupId?: string
}

export interface ExpiryCondition {
  readonly operator: '<' | '>' | '=' | '<=' | '>=' | '<>'
  /** Microseconds. */
  readonly than: number
}

export async function findUserById(db: Db, id: string): Promise<User | undefined> {
  const row = await users(db).where('user.id', '=', id).executeTakeFirst()
  return row && toUser(row)
}

/**
 * The user as they are now, held until the transaction ends: who changes a user waits for who changes or removes the
 * same one.
 */
export async function holdUser(tx: Db, id: string): Promise<User | undefined> {
  // PostgreSQL locks the row that is written; SQLite has one writer anyway.
  await tx
    .updateTable('user')
    .set((eb) => ({ enabled: eb.ref('enabled') }))
    .where('id', '=', id)
    .execute()
  return findUserById(tx, id)
}

/** Ordered by id. */
export async function listUsers(db: Db, narrowing: UserNarrowing, page: Page): Promise<Listed<User>> {
  const { federated, groupId } = narrowing
  let query = narrowed(users(db), narrowing.filters)
  if (groupId !== undefined) {
    query = query.where(
      'user.id',
      'in',
      sql<string>`(select user_id from membership where group_id = ${groupId})`,
    )
  }
  if (federated) query = query.where('user.id', 'in', havingIdentity(federated))
  for (const { operator, than } of narrowing.passwordExpiry ?? []) {
    query = query.where(sql<boolean>`${passwordExpiry} ${sql.raw(operator)} ${than}`)
  }
  const { items, next } = await paged(query, 'user.id', page)
  return { items: items.map(toUser), ...(next === undefined ? {} : { next }) }
}

function havingIdentity(identity: Partial<FederatedIdentity>): RawBuilder<string> {
  const conditions = [
    ['idp_id', identity.idpId],
    ['protocol_id', identity.protocolId],
    ['unique_id', identity.uniqueId],
  ] as const
  const all = conditions
    .filter(([, value]) => value !== undefined)
    .map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
  return sql<string>`(select user_id from federated_user where ${sql.join(all, sql` and `)})`
}

const passwordExpiry = sql<number | null>`(
  select p.expires_at from password p where p.user_id = "user".id order by p.created_at desc limit 1)`

function users(db: Db) {
  return db
    .selectFrom('user')
    .select([
      'user.id',
      'user.name',
      'user.domain_id',
      'user.kind',
      'user.enabled',
      'user.default_project_id',
      'user.options',
      'user.extra',
      'user.created_at',
      'user.last_active_at',
      passwordExpiry.as('password_expires_at'),
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof users>['execute']>>[number]

function toUser(row: Row): User {
  return {
    id: row.id,
    name: row.name,
    domainId: row.domain_id,
    kind: row.kind,
    enabled: row.enabled === 1,
    defaultProjectId: row.default_project_id,
    options: JSON.parse(row.options),
    extra: JSON.parse(row.extra),
    createdAt: row.created_at,
    lastActiveAt: row.last_active_at,
    passwordExpiresAt: row.password_expires_at,
  }
}

export type NewUser = Pick<
  User,
  'id' | 'name' | 'domainId' | 'enabled' | 'defaultProjectId' | 'options' | 'extra'
>

/** Writes a new local user, without a password. Throws a unique violation when the name is taken in the domain. */
export async function insertUser(tx: Db, user: NewUser, now: number): Promise<void> {
  await tx
    .insertInto('user')
    .values({
      id: user.id,
      name: user.name,
      domain_id: user.domainId,
      kind: 'local',
      enabled: user.enabled ? 1 : 0,
      default_project_id: user.defaultProjectId,
      options: JSON.stringify(user.options),
      extra: JSON.stringify(user.extra),
      tokens_valid_from: 0,
      created_at: now,
      last_active_at: null,
      failed_auth_count: 0,
      failed_auth_at: 0,
    })
    .execute()
}

export type UserChange = Partial<
  Pick<User, 'name' | 'enabled' | 'defaultProjectId' | 'options' | 'extra' | 'lastActiveAt'>
> & {
  /** Forget wrong passwords. */
  readonly unlock?: boolean
}

/** Every user of a domain. */
export async function findUsersIn(db: Db, domainId: string): Promise<readonly User[]> {
  const filter = {
    column: 'user.domain_id',
    comparator: 'equals',
    value: domainId,
    caseSensitive: true,
  } as const
  return (await listUsers(db, { filters: [filter] }, {})).items
}

/** Throws a unique violation when the new name is taken in the domain. */
export async function updateUser(tx: Db, id: string, change: UserChange): Promise<void> {
  const { name, enabled, defaultProjectId, options, extra, lastActiveAt, unlock } = change
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(enabled === undefined ? {} : { enabled: enabled ? (1 as const) : (0 as const) }),
    ...(defaultProjectId === undefined ? {} : { default_project_id: defaultProjectId }),
    ...(options === undefined ? {} : { options: JSON.stringify(options) }),
    ...(extra === undefined ? {} : { extra: JSON.stringify(extra) }),
    ...(lastActiveAt === undefined ? {} : { last_active_at: lastActiveAt }),
    ...(unlock === true ? { failed_auth_count: 0, failed_auth_at: 0 } : {}),
  }
  if (Object.keys(set).length > 0) {
    await tx.updateTable('user').set(set).where('id', '=', id).execute()
  }
  if (name === undefined) return
  await tx.updateTable('federated_user').set({ display_name: name }).where('user_id', '=', id).execute()
}

/** Voids every token of the user issued so far. */
export async function voidTokens(tx: Db, userId: string, now: number): Promise<void> {
  await tx
    .updateTable('user')
    .set({ tokens_valid_from: afterAllIssued(now) })
    .where('id', '=', userId)
    .execute()
}

/** Removes a user with everything that hangs on it. */
export async function deleteUser(tx: Db, id: string, now: number): Promise<void> {
  const ids: Ids = sql`(${id})`
  await removeUsers(tx, ids, now)
}

/** In order of provider, protocol and identity. */
export async function listFederatedIdentities(db: Db, userId: string): Promise<readonly FederatedIdentity[]> {
  const rows = await db
    .selectFrom('federated_user')
    .select(['idp_id', 'protocol_id', 'unique_id'])
    .where('user_id', '=', userId)
    .orderBy('idp_id')
    .orderBy('protocol_id')
    .orderBy('unique_id')
    .execute()
  return rows.map((row) => ({
    idpId: row.idp_id,
    protocolId: row.protocol_id,
    uniqueId: row.unique_id,
  }))
}

/** Replaces the user's federated identities. Throws a unique violation when one of them is somebody else's. */
export async function replaceFederatedIdentities(
  tx: Db,
  user: Pick<User, 'id' | 'name'>,
  identities: readonly FederatedIdentity[],
): Promise<void> {
  await tx.deleteFrom('federated_user').where('user_id', '=', user.id).execute()
  if (identities.length === 0) return
  await tx
    .insertInto('federated_user')
    .values(
      identities.map(({ idpId, protocolId, uniqueId }) => ({
        user_id: user.id,
        idp_id: idpId,
        protocol_id: protocolId,
        unique_id: uniqueId,
        display_name: user.name,
      })),
    )
    .execute()
}

/** Of these providers and protocols, what is not there: the first one's provider, or its protocol. */
export async function missingProtocol(
  db: Db,
  identities: readonly FederatedIdentity[],
): Promise<{ readonly idpId: string; readonly protocolId?: string } | undefined> {
  const idpIds = [...new Set(identities.map((identity) => identity.idpId))]
  if (idpIds.length === 0) return undefined
  const rows = await db
    .selectFrom('identity_provider as i')
    .leftJoin('federation_protocol as p', 'p.idp_id', 'i.id')
    .select(['i.id as idp_id', 'p.id as protocol_id'])
    .where('i.id', 'in', idpIds)
    .execute()
  for (const { idpId, protocolId } of identities) {
    const own = rows.filter((row) => row.idp_id === idpId)
    if (own.length === 0) return { idpId }
    if (!own.some((row) => row.protocol_id === protocolId)) return { idpId, protocolId }
  }
  return undefined
}
