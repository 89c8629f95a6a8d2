import type { Context } from '../context.ts'
import { Refusal } from '../core/refusal.ts'
import { auditSignIn } from './federated-audit.ts'
import {
  type Door,
  type FederatedRequest,
  federatedLogin,
  type VerifiedAssertion,
} from './federated-login.ts'
import type { Issued } from './issue-token.ts'

/** What was verified, and by which door it came. */
export interface Proven {
  readonly door: Door
  readonly assertion: VerifiedAssertion
}

/**
 * Runs `prove` and leaves a durable audit line when it refuses: a forged or used assertion is worth as much to who watches
 * as a wrong password. `prove` tells the door as soon as it is known.
 */
export async function audited<T>(
  ctx: Context,
  request: Pick<FederatedRequest, 'requestId'>,
  prove: (cameBy: (door: Door) => void) => Promise<T>,
): Promise<T> {
  let door: Door | undefined
  try {
    return await prove((known) => {
      door = known
    })
  } catch (error) {
    if (error instanceof Refusal) await auditSignIn(ctx, door, request, error)
    throw error
  }
}

/** Signs in whom `prove` proves; on the audit trail whichever of the two refuses. */
export async function provenSignIn<T extends Proven>(
  ctx: Context,
  request: FederatedRequest,
  prove: (cameBy: (door: Door) => void) => Promise<T>,
): Promise<{ readonly issued: Issued; readonly proven: T }> {
  const proven = await audited(ctx, request, prove)
  return { issued: await federatedLogin(ctx, proven.door, proven.assertion, request), proven }
}
