/**
 * Users who are here because an identity provider says so: their rows, which hold no password, and the group
 * memberships it confirmed. Who they are is decided by the mapping before.
 */
import type { Db } from './store.ts'

/** Whom a provider means, through one of its protocols. */
export interface ForeignIdentity {
  readonly idpId: string
  readonly protocolId: string
  readonly uniqueId: string
}

export interface FederatedUser {
  readonly id: string
  readonly name: string
  readonly domainId: string
  readonly email: string | null
}

export async function findFederatedUser(
  db: Db,
  identity: ForeignIdentity,
): Promise<FederatedUser | undefined> {
  const row = await db
    .selectFrom('federated_user as f')
    .innerJoin('user as u', 'u.id', 'f.user_id')
    .select(['u.id', 'u.name', 'u.domain_id', 'u.extra'])
    .where('f.idp_id', '=', identity.idpId)
    .where('f.protocol_id', '=', identity.protocolId)
    .where('f.unique_id', '=', identity.uniqueId)
    .executeTakeFirst()
  if (!row) return undefined
  const { email } = JSON.parse(row.extra) as { email?: unknown }
  return {
    id: row.id,
    name: row.name,
    domainId: row.domain_id,
    email: typeof email === 'string' ? email : null,
  }
}

/** Whether anybody whom the provider proves holds a grant, themselves or by a group they are in. */
export async function holdsGrantsByProvider(db: Db, idpId: string): Promise<boolean> {
  const people = db.selectFrom('federated_user as f').where('f.idp_id', '=', idpId)
  const own = people
    .innerJoin('assignment as a', (join) =>
      join.onRef('a.actor_id', '=', 'f.user_id').on('a.actor_kind', '=', 'user'),
    )
    .select('a.actor_id')
  const byGroup = people
    .innerJoin('membership as m', 'm.user_id', 'f.user_id')
    .innerJoin('assignment as a', (join) =>
      join.onRef('a.actor_id', '=', 'm.group_id').on('a.actor_kind', '=', 'group'),
    )
    .select('a.actor_id')
  return (await own.union(byGroup).limit(1).executeTakeFirst()) !== undefined
}

/** Writes the row of a user who signs in for the first time. Throws a unique violation when somebody was faster. */
export async function insertFederatedUser(
  tx: Db,
  user: FederatedUser,
  identity: ForeignIdentity,
  now: number,
): Promise<void> {
  await tx
    .insertInto('user')
    .values({
      id: user.id,
      name: user.name,
      domain_id: user.domainId,
      kind: 'federated',
      enabled: 1,
      default_project_id: null,
      options: '{}',
      extra: extraOf(user),
      tokens_valid_from: 0,
      created_at: now,
      last_active_at: null,
      failed_auth_count: 0,
      failed_auth_at: 0,
    })
    .execute()
  await tx
    .insertInto('federated_user')
    .values({
      user_id: user.id,
      idp_id: identity.idpId,
      protocol_id: identity.protocolId,
      unique_id: identity.uniqueId,
      display_name: user.name,
    })
    .execute()
}

/** Takes over a name and an address that changed at the provider. A local user keeps their own. */
export async function renameFederatedUser(tx: Db, user: FederatedUser): Promise<void> {
  await tx
    .updateTable('user')
    .set({ name: user.name, extra: extraOf(user) })
    .where('id', '=', user.id)
    .where('kind', '=', 'federated')
    .execute()
  await tx
    .updateTable('federated_user')
    .set({ display_name: user.name })
    .where('user_id', '=', user.id)
    .execute()
}

function extraOf({ email }: FederatedUser): string {
  return email === null ? '{}' : JSON.stringify({ email })
}

/** Group ids the provider confirmed for the user before, lapsed or not. */
export async function confirmedGroups(db: Db, userId: string, idpId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('expiring_membership')
    .select('group_id')
    .where('user_id', '=', userId)
    .where('idp_id', '=', idpId)
    .execute()
  return rows.map((row) => row.group_id)
}

/** Writes the groups the provider confirms now; those it confirmed before and does not any more are gone. */
export async function replaceConfirmedGroups(
  tx: Db,
  member: { readonly userId: string; readonly idpId: string },
  groupIds: readonly string[],
  now: number,
): Promise<void> {
  const { userId, idpId } = member
  await tx
    .deleteFrom('expiring_membership')
    .where('user_id', '=', userId)
    .where('idp_id', '=', idpId)
    .execute()
  if (groupIds.length === 0) return
  await tx
    .insertInto('expiring_membership')
    .values(groupIds.map((id) => ({ user_id: userId, group_id: id, idp_id: idpId, last_verified_at: now })))
    .execute()
}

/** The same groups as before, confirmed again. */
export async function confirmGroupsAgain(tx: Db, userId: string, idpId: string, now: number): Promise<void> {
  await tx
    .updateTable('expiring_membership')
    .set({ last_verified_at: now })
    .where('user_id', '=', userId)
    .where('idp_id', '=', idpId)
    .execute()
}

export interface NamedGroup {
  readonly name: string
  readonly domain: { readonly id?: string; readonly name?: string }
}

export interface FoundGroup {
  readonly id: string
  readonly name: string
  readonly domainId: string
  readonly domainName: string
}

/** The groups among these that exist, by id and by name in a domain by id or name. */
export async function findMappedGroups(
  db: Db,
  wanted: { readonly ids: readonly string[]; readonly names: readonly NamedGroup[] },
): Promise<{ readonly byId: readonly FoundGroup[]; readonly byName: readonly FoundGroup[] }> {
  const names = wanted.names.filter(({ domain }) => domain.id !== undefined || domain.name !== undefined)
  const groups = () =>
    db
      .selectFrom('group as g')
      .innerJoin('project as d', 'd.id', 'g.domain_id')
      .select(['g.id', 'g.name', 'd.id as domainId', 'd.name as domainName'])
  const ofNames = names.map(({ name }) => name)
  const [byId, byName] = await Promise.all([
    wanted.ids.length === 0
      ? []
      : groups()
          .where('g.id', 'in', [...wanted.ids])
          .execute(),
    names.length === 0 ? [] : groups().where('g.name', 'in', ofNames).execute(),
  ])
  return { byId, byName: byName.filter((group) => names.some((name) => isNamed(group, name))) }
}

/** Whether a group is the one that a name in a domain means. */
export function isNamed(group: FoundGroup, { name, domain }: NamedGroup): boolean {
  if (name !== group.name) return false
  return domain.id !== undefined ? domain.id === group.domainId : domain.name === group.domainName
}
