/**
 * Virtual MFA devices: a TOTP seed with a name. A device is a credential of its user; bound, it is one of type `totp`,
 * which is what proves a passcode on every face; before that it proves nothing. At most one a user.
 */
import { randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import { found, refuse } from '../core/refusal.ts'
import { proveTotp } from '../methods/totp/method.ts'
import { decodeBase32, encodeBase32, isPasscodeOf, TOTP_STEP_SECONDS } from '../methods/totp/totp.ts'
import {
  type CredentialRecord,
  deleteCredential,
  insertCredential,
  listCredentials,
  setCredentialType,
} from '../store/credentials.ts'
import { newId } from '../store/ids.ts'
import type { Filter } from '../store/list.ts'
import type { Db } from '../store/store.ts'
import { findUserById, type User } from '../store/users.ts'
import { type Actor, change } from './change.ts'

const BOUND = 'totp'
const UNBOUND = 'virtual-mfa'
const SEED_BYTES = 20

export interface MfaDevice {
  readonly credentialId: string
  readonly serialNumber: string
  readonly userId: string
  readonly bound: boolean
}

/** Whether a credential is a device, whose seed is shown once and which is bound, unbound and deleted here alone. */
export function isMfaDevice({ type, extra }: Pick<CredentialRecord, 'type' | 'extra'>): boolean {
  return (type === BOUND || type === UNBOUND) && typeof extra['serial_number'] === 'string'
}

function deviceOf(credential: CredentialRecord): readonly MfaDevice[] {
  if (!isMfaDevice(credential)) return []
  const { id, extra, userId, type } = credential
  return [{ credentialId: id, serialNumber: String(extra['serial_number']), userId, bound: type === BOUND }]
}

/** The devices of a user, or of everybody where none is named. */
export async function mfaDevices(db: Db, userId?: string): Promise<readonly MfaDevice[]> {
  const found = await Promise.all(
    [BOUND, UNBOUND].map((value) => {
      const filters: Filter[] = [{ column: 'type', comparator: 'equals', value, caseSensitive: true }]
      return listCredentials(db, { filters, ...(userId === undefined ? {} : { userId }) }, {})
    }),
  )
  return found.flatMap(({ items }) => items.flatMap(deviceOf))
}

/** Whether the user's sign-ins need more than a password. */
export function isProtected({ options }: Pick<User, 'options'>): boolean {
  const rules = options['multi_factor_auth_rules']
  return Array.isArray(rules) && rules.length > 0 && options['multi_factor_auth_enabled'] !== false
}

/** Refuses `bad_request` to take away what the user's sign-ins need. */
async function demandFree(db: Db, { userId }: MfaDevice): Promise<void> {
  const user = await findUserById(db, userId)
  if (!user || !isProtected(user)) return
  refuse('bad_request', 'login protection needs the device', {
    wireCode: 'IAM.1062',
    message: 'Login protection has been bound to mfa, the unbinding operation cannot be performed.',
  })
}

/** Makes a device; its seed is given back this once. Refuses `conflict` when the user has one. */
export async function createMfaDevice(
  ctx: Context,
  by: Actor,
  of: { readonly userId: string; readonly accountId: string; readonly name: string },
): Promise<{ readonly serialNumber: string; readonly seed: string }> {
  const id = newId()
  const seed = encodeBase32(randomBytes(SEED_BYTES))
  const serialNumber = `iam:${of.accountId}:mfa:${of.name}`
  const sealedBlob = ctx.keys.seal(seed, `credential:${id}`)
  await change(ctx, by, `mfa_device:${id}`, async (tx) => {
    // Looked at again where nobody can take the user away in between.
    found(await findUserById(tx, of.userId), 'user', of.userId)
    if ((await mfaDevices(tx, of.userId)).length > 0) {
      refuse('conflict', `user ${of.userId} has a device`, {
        message: 'Conflict occurred when attempting to store virtual MFA device - Duplicate.',
      })
    }
    const extra = { serial_number: serialNumber }
    const { userId } = of
    await insertCredential(tx, { id, userId, projectId: null, type: UNBOUND, sealedBlob, extra }, ctx.now())
  })
  return { serialNumber, seed }
}

/** Binds a device by two passcodes that follow each other. Refuses `bad_request` for others. */
export async function bindMfaDevice(
  ctx: Context,
  by: Actor,
  device: MfaDevice,
  codes: readonly [string, string],
): Promise<void> {
  if (device.bound) refuse('conflict', 'bound already', { message: 'The virtual MFA device is bound.' })
  const { items } = await listCredentials(ctx.store.db, { userId: device.userId, filters: [] }, {})
  const stored = items.find(({ id }) => id === device.credentialId)
  const seed = stored && ctx.keys.open(stored.sealedBlob, `credential:${stored.id}`)
  const key = decodeBase32(seed ?? '') ?? refuse('internal', 'a device without a seed')
  const now = Math.floor(ctx.now() / 1e6 / TOTP_STEP_SECONDS)
  // The second may be the next one's already, where the device's clock is ahead.
  const follows = [-2, -1, 0].some(
    (back) => isPasscodeOf(key, now + back, codes[0]) && isPasscodeOf(key, now + back + 1, codes[1]),
  )
  if (!follows) refuseCode()
  await change(ctx, by, `mfa_device:${device.credentialId}`, (tx) =>
    setCredentialType(tx, device.credentialId, BOUND),
  )
}

function refuseCode(): never {
  return refuse('bad_request', 'a wrong passcode', {
    wireCode: 'IAM.1061',
    message: 'Invalid TOTP passcode.',
  })
}

/**
 * Unbinds a device; its user proves a passcode of it (`code`), an administrator does not. Refuses `bad_request` while login
 * protection needs it.
 */
export async function unbindMfaDevice(
  ctx: Context,
  by: Actor,
  device: MfaDevice,
  code: string | undefined,
): Promise<void> {
  await demandFree(ctx.store.db, device)
  if (code !== undefined) {
    const proof = await proveTotp(ctx, { user: { id: device.userId }, passcode: code })
    if (!proof.proven) refuseCode()
  }
  await change(ctx, by, `mfa_device:${device.credentialId}`, async (tx) => {
    // Looked at again where nobody can protect the sign-ins in between.
    await demandFree(tx, device)
    await setCredentialType(tx, device.credentialId, UNBOUND)
  })
}

/** Refuses `bad_request` while login protection needs it. */
export async function deleteMfaDevice(ctx: Context, by: Actor, device: MfaDevice): Promise<void> {
  await change(ctx, by, `mfa_device:${device.credentialId}`, async (tx) => {
    await demandFree(tx, device)
    await deleteCredential(tx, device.credentialId)
  })
}
