/**
 * The Keystone v3 wire (OpenStack Identity API v3.14). One file per operation, or one per plain CRUD family. Bodies and
 * statuses are Keystone's to the letter; what is better here is an optional field, header or parameter.
 * Differences to Keystone and their reasons: docs/dialects/keystone.md.
 */
import type { Context } from '../../context.ts'
import type { Session } from '../../core/session.ts'
import { change as changeBy } from '../../flows/change.ts'
import { type Call as AnyCall, operationsOf } from '../../http/operation.ts'
import type { Db } from '../../store/store.ts'

export const { operation, publicOperation } = operationsOf<Context, Session>()

/**
 * What updates of a thing declare whose name may be taken: the changed thing is shown, and who may not change it is not told
 * what is wrong with their body.
 */
export const renaming = {
  method: 'PATCH',
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
} as const

export type Call<Body = unknown> = AnyCall<Context, Session, Body>

/**
 * The way an operation changes things: one transaction with its audit line. `target` names what is changed
 * (`user:<id>`).
 */
export function change<T>(
  call: Pick<Call, 'ctx' | 'operationId' | 'requestId'> & { readonly caller: Session | null },
  target: string,
  make: (tx: Db) => Promise<T>,
): Promise<T> {
  const by = { session: call.caller, action: call.operationId, requestId: call.requestId }
  return changeBy(call.ctx, by, target, make)
}
