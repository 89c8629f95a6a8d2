/** Who signed a request: the signature, its age, its nonce and its key, in the order in which the gateway answers. */
import { createHash } from 'node:crypto'
import type { Context } from '../../context.ts'
import { Refusal } from '../../core/refusal.ts'
import { checkingKey, isTemporaryAccess } from '../../flows/access-keys.ts'
import { openRamPrincipal, type RamPrincipal } from '../../flows/ram-principal.ts'
import { useOnce } from '../../store/used-once.ts'
import { missingParameter, refuseGateway } from './errors.ts'
import { nonceBudget } from './nonce-budget.ts'
import type { SignedRequest } from './signature/signed-request.ts'

/** Seconds a signature may be old or early. */
const FRESH = 900

const budgets = new WeakMap<Context, ReturnType<typeof nonceBudget>>()

/**
 * The principal of a signed request. Refuses with the gateway's codes: times further than 15 minutes from ours, keys
 * that are not there, temporary ones without their token, signatures that do not match, nonces that were used before,
 * keys and users that are off.
 */
export async function identifySigner(ctx: Context, request: SignedRequest): Promise<RamPrincipal> {
  const { accessKeyId, securityToken } = request
  const now = ctx.now()
  if (Math.abs(request.signedAt - now / 1e6) > FRESH) {
    refuseGateway('InvalidTimeStamp.Expired', 'a signature of another time')
  }
  // What every product answers to a temporary key whose program was made for lasting ones.
  if (securityToken === undefined && isTemporaryAccess(accessKeyId)) missingParameter('SecurityToken')
  const key = await checkingKey(ctx, accessKeyId)
  if (key === undefined) return refuseGateway('InvalidAccessKeyId.NotFound', `no access key ${accessKeyId}`)
  if (!request.isSignedWith(key)) {
    refuseGateway('SignatureDoesNotMatch', `signature of ${accessKeyId}`, {
      message: `Specified signature is not matched with our calculation. server string to sign is:${request.stringToSign}`,
    })
  }
  await useNonce(ctx, request, now)
  return openRamPrincipal(ctx, { access: accessKeyId, securityToken }).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
    if (securityToken === undefined) {
      return refuseGateway('InvalidAccessKeyId.Inactive', error.reason)
    }
    const ended = error.reason === 'expired'
    return refuseGateway(
      ended ? 'InvalidSecurityToken.Expired' : 'InvalidSecurityToken.Malformed',
      error.reason,
    )
  })
}

/** A nonce counts once for a key, as long as a request with it could still be fresh. */
async function useNonce(ctx: Context, { accessKeyId, nonce }: SignedRequest, now: number): Promise<void> {
  let budget = budgets.get(ctx)
  if (!budget) {
    budget = nonceBudget()
    budgets.set(ctx, budget)
  }
  if (!budget.take(accessKeyId, now)) {
    refuseGateway('Throttling.User', `${accessKeyId} has used as many nonces as are remembered`)
  }
  const once = {
    space: `acs:${accessKeyId}`,
    value: createHash('sha256').update(nonce).digest('hex'),
    expiresAt: now + 2 * FRESH * 1e6,
  }
  if (!(await ctx.store.record((tx) => useOnce(tx, once, now)))) {
    refuseGateway('SignatureNonceUsed', `nonce of ${accessKeyId}`)
  }
}
