/** What making and changing a user have in common: what is checked before, and how a taken name is told. */

import { refuse } from '../../../core/refusal.ts'
import { isDelegated, type Session } from '../../../core/session.ts'
import { onlyAdministers } from '../../../flows/account-administration.ts'
import { findIdentityProvider } from '../../../store/identity-providers.ts'
import { usesOnlyMappingsOf } from '../../../store/mappings.ts'
import { findProject } from '../../../store/projects.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import {
  type FederatedIdentity,
  missingProtocol,
  replaceFederatedIdentities,
  type User,
} from '../../../store/users.ts'
import type { SentUser } from './user-body.ts'

/** A project that is not there is no fault, as in Keystone: it may be there when the user signs in. */
export async function demandNoDomain(db: Db, defaultProjectId: string | null | undefined): Promise<void> {
  if (!defaultProjectId) return
  const project = await findProject(db, defaultProjectId)
  if (!project?.isDomain) return
  refuse('bad_request', 'default project is a domain', {
    message: `User's default project ID cannot be a domain ID: ${defaultProjectId}`,
  })
}

/**
 * Makes `identities` the user's, when their providers and protocols are there and nobody else has them. Refuses `bad_request`
 * for a provider that is not there, or, for who administers one account only, is not the account's own.
 */
export async function storeIdentities(
  tx: Db,
  caller: Session,
  user: Pick<User, 'id' | 'name'>,
  identities: readonly FederatedIdentity[],
): Promise<void> {
  const missing = (await othersProvider(tx, caller, identities)) ?? (await missingProtocol(tx, identities))
  if (missing) {
    const { idpId, protocolId } = missing
    const message =
      protocolId === undefined
        ? `Could not find Identity Provider: ${idpId}`
        : `Could not find federated protocol ${protocolId} for Identity Provider: ${idpId}.`
    refuse('bad_request', message, { message })
  }
  await replaceFederatedIdentities(tx, user, identities).catch((error) => {
    if (!isUniqueViolation(error)) throw error
    refuse('conflict', 'a federated identity is taken', {
      message: 'Conflict occurred attempting to store federated_user - Duplicate entry.',
    })
  })
}

/** Somebody else's people would sign in as a user of the account, whose password its administrator knows. */
async function othersProvider(
  tx: Db,
  caller: Session,
  identities: readonly FederatedIdentity[],
): Promise<{ readonly idpId: string; readonly protocolId?: undefined } | undefined> {
  const account = onlyAdministers(caller)
  if (account === undefined) return undefined
  for (const idpId of new Set(identities.map((identity) => identity.idpId))) {
    const provider = await findIdentityProvider(tx, idpId)
    if (provider?.domainId !== account || !(await usesOnlyMappingsOf(tx, idpId, account))) return { idpId }
  }
  return undefined
}

/** Keystone names the domain when a user or group is made, and not when one is renamed. */
export function nameTaken(kind: 'user' | 'group', name: string, domainId?: string) {
  return (error: unknown): never => {
    if (!isUniqueViolation(error)) throw error
    const where = domainId === undefined ? '' : ` at domain ID ${domainId}`
    return refuse('conflict', `${kind} name ${name} is taken`, {
      message: `Conflict occurred attempting to store ${kind} - Duplicate entry found with name ${name}${where}.`,
    })
  }
}

/** Ways to sign in, and what guards them. */
const SIGN_IN = ['password', 'options', 'federated'] as const

/**
 * A delegated session (a trust's, a key's, an agency's) acts for people; it must not make itself one of them. Whoever
 * lent a part of their rights for a while would find their own password changed.
 */
export function demandNotOwnSignIn(caller: Session, userId: string, sent: SentUser): void {
  if (!isDelegated(caller) || !SIGN_IN.some((name) => sent[name] !== undefined)) return
  const { trust, agency } = caller.delegation
  const behind = [caller.user.id, trust?.trustorUserId, trust?.trusteeUserId, agency?.assumedBy.id]
  if (!behind.includes(userId)) return
  refuse('forbidden', 'a delegated session changes how its user signs in', {
    message: 'Using a delegated token to change how its own user signs in is not allowed.',
  })
}
