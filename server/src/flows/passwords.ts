/** New passwords: held against what the house demands of them, hashed, and stored with everything that follows. */
import type { Context } from '../context.ts'
import { complianceFor, passwordFault } from '../core/account-security.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import { type ChangeFault, changeFault, isWellChosen, passwordExpiry } from '../core/security-compliance.ts'
import { hashPassword, verifyPassword } from '../hashing/hash.ts'
import { provePassword } from '../methods/password/method.ts'
import { accountSecurity } from '../store/accounts.ts'
import { appendAudit } from '../store/audit.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import {
  currentPasswordId,
  lastPasswordHashes,
  type NewPassword,
  replacePassword,
} from '../store/passwords.ts'
import type { Db } from '../store/store.ts'
import { voidTokens } from '../store/users.ts'
import { demandManaging, demandOrigin, rulesFor } from './account-security.ts'
import { type Actor, change } from './change.ts'

/** Whose password it will be, and who chose it. */
export interface Chosen {
  readonly by: 'self' | 'other'
  readonly options: Readonly<Record<string, unknown>>
  readonly of: { readonly name: string; readonly domainId: string }
}

/**
 * Checks and hashes a password. Refuses `bad_request` for one that cannot be a password or has not the form that the
 * house or the user's account wants, `busy` when hashing is at its limit. Never inside a transaction: it takes long.
 */
export async function newPassword(ctx: Context, password: string, chosen: Chosen): Promise<NewPassword> {
  const { settings } = ctx
  const security = await accountSecurity(ctx.store, chosen.of.domainId)
  const fault = passwordFault(security.password, password, chosen.of.name)
  if (fault !== undefined) {
    refuse('bad_request', `password policy: ${fault}`, {
      wireCode: '1118',
      message: `The password is weak. It must have: ${fault}.`,
    })
  }
  if (!isWellChosen(password, settings)) {
    const detail = settings.passwordRegexDescription ?? 'None'
    refuse('bad_request', 'password-regex', {
      message: `The password does not match the requirements: ${detail}.`,
    })
  }
  const hash = await hashPassword(ctx.kdf, password, settings)
  const rules = complianceFor(settings, security)
  const expiresAt = passwordExpiry(chosen.by, chosen.options, rules, ctx.now())
  return { hash, expiresAt, selfService: chosen.by === 'self', history: rules.uniqueLastPasswordCount }
}

/** Stores a new password in the caller's transaction, with as much history as the house asks for, and voids every token. */
export async function storePassword(
  ctx: Context,
  tx: Db,
  userId: string,
  password: NewPassword,
): Promise<void> {
  const now = ctx.now()
  // One earlier password is kept in any case: Keystone does.
  const keep = Math.max(1, ctx.settings.uniqueLastPasswordCount, password.history ?? 0)
  await replacePassword(tx, userId, password, { now, keep })
  await voidTokens(tx, userId, now)
}

export interface PasswordChange {
  readonly userId: string
  readonly original: string
  readonly password: string
  /** Where the request came from. */
  readonly address: string
}

/**
 * Users change their own password, proving themselves with the original one, expired or not. Every token of theirs is
 * void afterwards; application credentials, access keys and trusts stay. Refuses `unauthenticated` alike for an unknown,
 * locked or disabled user and a wrong original (which counts towards the lockout), `forbidden` where the account keeps
 * passwords to its administrators or is not come to from there, `bad_request` for a new password that the house does not
 * allow, or not yet. Refusals are on the audit trail.
 */
export async function changePassword(ctx: Context, wanted: PasswordChange, by: Actor): Promise<void> {
  try {
    const user = await proven(ctx, wanted)
    await demandOrigin(ctx, user.domain.id, { address: wanted.address, way: 'program' })
    await demandManaging(ctx, user.domain.id, 'manage_password')
    const rules = await rulesFor(ctx, user.domain.id)
    const fault = changeFault(user, rules, ctx.now())
    if (fault) refuseChange(fault)
    await refuseRepetition(ctx, user.id, wanted.password, rules.uniqueLastPasswordCount)
    const of = { name: user.name, domainId: user.domain.id }
    const password = await newPassword(ctx, wanted.password, { by: 'self', options: user.options, of })
    await change(ctx, by, `user:${user.id}`, async (tx) => {
      // Somebody else may have set another password meanwhile; whoever knew the old one has no say over that.
      if ((await currentPasswordId(tx, user.id)) !== user.password?.id) {
        refuse('unauthenticated', 'the password was changed meanwhile')
      }
      await storePassword(ctx, tx, user.id, password)
    })
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'busy') await auditRefusal(ctx, wanted, by, error)
    throw error
  }
}

/** The user as they were before the original password was checked, so that what was checked is what is replaced. */
async function proven(ctx: Context, { userId, original }: PasswordChange): Promise<UserRecord> {
  const before = await findUser(ctx.store.db, { id: userId })
  const outcome = await provePassword(ctx, { user: { id: userId }, password: original })
  if (!outcome.proven && outcome.why !== 'expired') return refuse('unauthenticated', outcome.reason)
  return before ?? refuse('unauthenticated', 'no such user')
}

function refuseChange(fault: ChangeFault): never {
  if (fault.why === 'locked') {
    return refuse('bad_request', 'lock_password', {
      message:
        'You cannot change your password at this time due to password policy disallowing password changes. Please contact your administrator to reset your password.',
    })
  }
  return refuse('bad_request', 'minimum-password-age', {
    message: `You cannot change your password at this time due to the minimum password age. Once you change your password, it must be used for ${fault.minimumDays} day(s) before it can be changed. Please try again in ${fault.daysLeft} day(s) or contact your administrator to reset your password.`,
  })
}

async function refuseRepetition(
  ctx: Context,
  userId: string,
  password: string,
  count: number,
): Promise<void> {
  for (const hash of await lastPasswordHashes(ctx.store.db, userId, count)) {
    if (hash === '' || !(await verifyPassword(ctx.kdf, hash, password, ctx.settings))) continue
    refuse('bad_request', 'unique-last-password-count', {
      message: `The new password cannot be identical to a previous password. The total number which includes the new password must be unique is ${count}.`,
    })
  }
}

async function auditRefusal(
  ctx: Context,
  wanted: PasswordChange,
  by: Actor,
  refusal: Refusal,
): Promise<void> {
  await ctx.store.record((tx) =>
    appendAudit(tx, {
      at: ctx.now(),
      action: by.action,
      outcome: 'refused',
      chain: '',
      actor_id: '',
      target: `user:${wanted.userId}`,
      reason: refusal.reason,
      request_id: by.requestId,
    }),
  )
}
