/** Proving oneself by an application credential: its id, or its name with its user, and its secret. */
import type { Settings } from '../../config.ts'
import { verifyPassword } from '../../hashing/hash.ts'
import type { KdfRunner } from '../../hashing/kdf-pool.ts'
import {
  type ApplicationCredentialRecord,
  findApplicationCredential,
  findApplicationCredentialByName,
} from '../../store/application-credentials.ts'
import { findUser, type UserRecord, type UserReference } from '../../store/identity.ts'
import type { Store } from '../../store/store.ts'

export interface ApplicationCredentialTools {
  readonly store: Store
  readonly kdf: KdfRunner
  readonly settings: Settings
  readonly now: () => number
}

export type ApplicationCredentialPayload = { readonly secret: string } & (
  | { readonly id: string }
  | { readonly name: string; readonly user: UserReference }
)

export type ApplicationCredentialOutcome =
  | {
      readonly proven: true
      readonly user: UserRecord
      readonly credential: ApplicationCredentialRecord
    }
  | { readonly proven: false; readonly reason: string; readonly userId: string | null }

/**
 * Checks the secret. The principal is the credential's own user, whatever else the request names (CVE-2026-42998).
 * Unknown, expired and wrong cost the same and look the same.
 */
export async function proveApplicationCredential(
  tools: ApplicationCredentialTools,
  payload: ApplicationCredentialPayload,
): Promise<ApplicationCredentialOutcome> {
  const { db } = tools.store
  tools.kdf.demandPlace()
  const credential = await credentialOf(tools, payload)
  const user = credential && (await findUser(db, { id: credential.userId }))
  const expired =
    credential !== undefined && credential.expiresAt !== null && credential.expiresAt <= tools.now()
  const stored = credential && user && !expired ? credential.secretHash : null
  const right = await verifyPassword(tools.kdf, stored, payload.secret, tools.settings)
  if (!credential || !user || !right) {
    const reason = expired
      ? 'application credential expired'
      : 'no such application credential, or wrong secret'
    return { proven: false, reason, userId: user?.id ?? null }
  }
  return { proven: true, user, credential }
}

async function credentialOf(
  tools: ApplicationCredentialTools,
  payload: ApplicationCredentialPayload,
): Promise<ApplicationCredentialRecord | undefined> {
  const { db } = tools.store
  if ('id' in payload) return findApplicationCredential(db, payload.id)
  const owner = await findUser(db, payload.user)
  return owner && findApplicationCredentialByName(db, owner.id, payload.name)
}
