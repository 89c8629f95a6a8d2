/** Security Administrators: what they may in their own account, on every face and by every route. */
import type { Context } from '../context.ts'
import {
  administersAccount,
  CLOUD_ROLES,
  type CloudPowers,
  SECURITY_ADMINISTRATOR,
} from '../core/account-roles.ts'
import { withImplied } from '../core/assignments.ts'
import type { Session } from '../core/session.ts'
import { actorsWithRoles, rolesOf } from '../store/grants.ts'
import { perEpoch } from '../store/per-epoch.ts'
import { isTemporaryAccess } from './access-keys.ts'

const prepared = new WeakMap<Session, CloudPowers>()

/** The account a session administers: its own, as a whole, in person; undefined for everybody else. */
export function administeredAccount(session: Session): string | undefined {
  const { scope, roles, user } = session
  if (scope.kind !== 'domain' || scope.domain.id !== user.domain.id || !isInPerson(session)) return undefined
  return roles.some(({ name }) => name === SECURITY_ADMINISTRATOR) ? scope.domain.id : undefined
}

/** The account whose administrator a session is and nothing more; undefined for the cloud's admins too. */
export function onlyAdministers(session: Session): string | undefined {
  return isCloudAdmin(session) ? undefined : administeredAccount(session)
}

/** True when nobody but the user acts: signed in here or elsewhere, or by a key of their own. */
export function isInPerson({ claims }: Session): boolean {
  return claims.via.every((link) => link.kind === 'federation' || link.kind === 'access_key')
}

/** True for sessions by a temporary key: nothing that outlives the key may come of them. */
export function isTemporary({ claims }: Session): boolean {
  return claims.via.some((link) => link.kind === 'access_key' && isTemporaryAccess(link.id))
}

export function isCloudAdmin(session: Session): boolean {
  return session.roles.some(({ name, domainId }) => name === 'admin' && domainId === '')
}

/** Loads what `mayAdministerAccount` needs to know, for sessions that it could say yes to. */
export async function prepareAccountAdministration(ctx: Context, session: Session): Promise<void> {
  if (administeredAccount(session) === undefined) return
  prepared.set(session, await cloudPowersOf(ctx.store))
}

/** Whether the session may do, as its account's Security Administrator, what a named rule guards. */
export function mayAdministerAccount(
  session: Session,
  rule: string,
  target: Readonly<Record<string, unknown>>,
): boolean {
  const powers = prepared.get(session)
  const account = powers && administeredAccount(session)
  return account !== undefined && administersAccount(account, rule, target, powers as CloudPowers)
}

/** What no account's administrator touches; remembered until something changes. */
export const cloudPowersOf: (store: Context['store']) => Promise<CloudPowers> = perEpoch(async (store) => {
  const { byId, implied } = await rolesOf(store)
  const own = new Set(
    [...byId.values()]
      .filter((role) => role.domainId === '' && CLOUD_ROLES.includes(role.name))
      .map(({ id }) => id),
  )
  const roles = new Set([...byId.keys()].filter((id) => !withImplied([id], implied).isDisjointFrom(own)))
  return { roles, actors: new Set(await actorsWithRoles(store.db, [...roles])) }
})
