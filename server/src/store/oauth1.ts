/** OS-OAUTH1: consumers, request tokens and access tokens. Secrets lie sealed; `keys.ts` opens them. */
import type { Db } from './store.ts'

export interface Consumer {
  readonly id: string
  readonly sealedSecret: string
  readonly description: string | null
  readonly extra: Readonly<Record<string, unknown>>
}

export interface RequestToken {
  readonly id: string
  readonly sealedSecret: string
  readonly consumerId: string
  readonly projectId: string
  /** null until somebody authorized it. */
  readonly verifier: string | null
  readonly authorizingUserId: string | null
  readonly roleIds: readonly string[]
  /** Microseconds. */
  readonly expiresAt: number
}

export interface AccessTokenRecord {
  readonly id: string
  readonly sealedSecret: string
  readonly consumerId: string
  readonly authorizingUserId: string
  readonly projectId: string
  readonly roleIds: readonly string[]
  /** Microseconds. */
  readonly expiresAt: number | null
}

type ConsumerRow = { id: string; secret: string; description: string | null; extra: string }
const toConsumer = (row: ConsumerRow): Consumer => ({
  id: row.id,
  sealedSecret: row.secret,
  description: row.description,
  extra: JSON.parse(row.extra),
})

export async function findConsumer(db: Db, id: string): Promise<Consumer | undefined> {
  const row = await db.selectFrom('consumer').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toConsumer(row)
}

export async function listConsumers(db: Db): Promise<readonly Consumer[]> {
  return (await db.selectFrom('consumer').selectAll().orderBy('id').execute()).map(toConsumer)
}

export async function putConsumer(tx: Db, consumer: Consumer): Promise<void> {
  const { id, sealedSecret, description } = consumer
  const fields = { secret: sealedSecret, description, extra: JSON.stringify(consumer.extra) }
  await tx
    .insertInto('consumer')
    .values({ id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute()
}

/** Deletes a consumer with all its tokens; false when it was not there. */
export async function deleteConsumer(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('consumer').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

export async function findRequestToken(db: Db, id: string): Promise<RequestToken | undefined> {
  const row = await db.selectFrom('oauth_request_token').selectAll().where('id', '=', id).executeTakeFirst()
  return (
    row && {
      id: row.id,
      sealedSecret: row.secret,
      consumerId: row.consumer_id,
      projectId: row.requested_project_id,
      verifier: row.verifier,
      authorizingUserId: row.authorizing_user_id,
      roleIds: JSON.parse(row.role_ids),
      expiresAt: row.expires_at ?? 0,
    }
  )
}

export async function putRequestToken(tx: Db, token: RequestToken): Promise<void> {
  const fields = {
    secret: token.sealedSecret,
    verifier: token.verifier,
    authorizing_user_id: token.authorizingUserId,
    requested_project_id: token.projectId,
    role_ids: JSON.stringify(token.roleIds),
    consumer_id: token.consumerId,
    expires_at: token.expiresAt,
  }
  await tx
    .insertInto('oauth_request_token')
    .values({ id: token.id, ...fields })
    .onConflict((c) => c.column('id').doUpdateSet(fields))
    .execute()
}

/** Takes a request token away; false for all but the first who does. */
export async function takeRequestToken(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('oauth_request_token')
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

function accessTokens(db: Db) {
  return db
    .selectFrom('oauth_access_token')
    .select([
      'id',
      'secret as sealedSecret',
      'consumer_id as consumerId',
      'authorizing_user_id as authorizingUserId',
      'project_id as projectId',
      'role_ids',
      'expires_at as expiresAt',
    ])
}

const toAccessToken = ({
  role_ids,
  ...row
}: Awaited<ReturnType<ReturnType<typeof accessTokens>['executeTakeFirstOrThrow']>>): AccessTokenRecord => ({
  ...row,
  roleIds: JSON.parse(role_ids),
})

export async function findAccessToken(db: Db, id: string): Promise<AccessTokenRecord | undefined> {
  const row = await accessTokens(db).where('id', '=', id).executeTakeFirst()
  return row && toAccessToken(row)
}

export async function listAccessTokens(db: Db, userId: string): Promise<readonly AccessTokenRecord[]> {
  const rows = await accessTokens(db).where('authorizing_user_id', '=', userId).orderBy('id').execute()
  return rows.map(toAccessToken)
}

export async function insertAccessToken(tx: Db, token: AccessTokenRecord): Promise<void> {
  await tx
    .insertInto('oauth_access_token')
    .values({
      id: token.id,
      secret: token.sealedSecret,
      authorizing_user_id: token.authorizingUserId,
      project_id: token.projectId,
      role_ids: JSON.stringify(token.roleIds),
      consumer_id: token.consumerId,
      expires_at: token.expiresAt,
    })
    .execute()
}

export async function deleteAccessToken(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('oauth_access_token').where('id', '=', id).execute()
}
