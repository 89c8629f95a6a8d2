/**
 * Multi-factor sign-in. What a request proves, together with what an authentication receipt says was proved before, has
 * to meet the user's rules; where it does not, a receipt for the next request is handed out instead of a token.
 */
import { createHash } from 'node:crypto'
import { decodeReceipt, encodeReceipt, type Receipt } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { unmetFactors } from '../core/multi-factor.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import { forgetFailedLogins, type UserRecord } from '../store/identity.ts'
import { useOnce } from '../store/used-once.ts'
import { authMethods } from './auth-methods.ts'
import { voidUpTo } from './load-session.ts'
import type { Proof } from './proof.ts'

/** What can be guessed: wrong ones count towards the lockout. */
const GUESSABLE: readonly string[] = ['password', 'totp']

/** How a request shows who it is. */
export interface Shown {
  /** The methods it names; those that brought a token it presents are not among them. */
  readonly methods: readonly string[]
  readonly receipt?: string | undefined
}

/**
 * The proof, with the factors of `receipt` added. Refuses `unauthenticated` for a receipt that is none, has expired, is
 * another user's, was issued before a change that voids tokens, or has brought a token already; `more_factors_needed`,
 * with a receipt, when the rules are not met.
 */
export async function meetFactors(ctx: Context, proof: Proof, shown: Shown): Promise<Proof> {
  const { user } = proof
  const { receipt } = shown
  const earlier = receipt === undefined ? [] : (await readReceipt(ctx, receipt, user)).methods
  const methods = [...earlier.filter((name) => !proof.methods.includes(name)), ...proof.methods]
  const unmet = unmetFactors(user.options, methods, ctx.settings.authMethods)
  if (unmet) {
    const issued = await issueReceipt(ctx, user, methods)
    throw new Refusal('more_factors_needed', `shown: ${methods.join(',')}`, {
      subject: { kind: 'user', id: user.id },
      receipt: {
        ...issued,
        user: { id: user.id, name: user.name, domain: user.domain },
        requiredMethods: unmet,
      },
    })
  }
  // A token or a delegation proves nothing about what was guessed wrong: whoever holds one could guess on for ever.
  const forget =
    user.failedAuthCount > 0 &&
    shown.methods.some((name) => GUESSABLE.includes(name)) &&
    unmetFactors(user.options, [...earlier, ...shown.methods], ctx.settings.authMethods) === undefined
  if (receipt !== undefined || forget) await afterFactors(ctx, user, { receipt, forget })
  return { ...proof, methods }
}

async function issueReceipt(ctx: Context, user: UserRecord, methods: readonly string[]) {
  const now = Math.floor(ctx.now() / 1e6)
  // As for tokens, in whole seconds: what has seen a change that voids them says it came after.
  const issuedAt = Math.max(now, Math.floor(voidUpTo(user, undefined) / 1e6) + 1)
  const receipt = { userId: user.id, methods, issuedAt, expiresAt: now + ctx.settings.receiptTtl }
  const text = encodeReceipt(receipt, await keyring(ctx), { methods: authMethods(ctx.settings) })
  return { ...receipt, text }
}

async function readReceipt(ctx: Context, text: string, user: UserRecord): Promise<Receipt> {
  const no = (reason: string): never =>
    refuse('unauthenticated', reason, { subject: { kind: 'receipt', id: text } })
  const receipt = decodeReceipt(text, await keyring(ctx), { methods: authMethods(ctx.settings) })
  if ('refused' in receipt) return no(`not a receipt of ours: ${receipt.detail}`)
  if (receipt.expiresAt <= Math.floor(ctx.now() / 1e6)) return no('receipt has expired')
  if (receipt.userId !== user.id) return no(`receipt of user ${receipt.userId}`)
  if (voidUpTo(user, undefined) >= receipt.issuedAt * 1e6) return no('receipt issued before a change')
  return receipt
}

/** Uses the receipt up, and forgets failures that were kept until every factor was there. */
async function afterFactors(
  ctx: Context,
  user: UserRecord,
  { receipt, forget }: { readonly receipt: string | undefined; readonly forget: boolean },
): Promise<void> {
  const now = ctx.now()
  const isFirst = await ctx.store.record(async (tx) => {
    if (forget) await forgetFailedLogins(tx, user.id)
    if (receipt === undefined) return true
    // A receipt has one spelling, so its text names it.
    const value = createHash('sha256').update(receipt).digest('base64url')
    const expiresAt = now + ctx.settings.receiptTtl * 1e6
    return useOnce(tx, { space: 'receipt', value, expiresAt }, now)
  })
  if (!isFirst)
    refuse('unauthenticated', 'receipt used before', { subject: { kind: 'receipt', id: receipt ?? '' } })
}

async function keyring(ctx: Context) {
  const { receipts } = await ctx.keys.tokens()
  if (receipts === null) throw new Error('no receipt keys: run `tokenhouse bootstrap`')
  return receipts
}
