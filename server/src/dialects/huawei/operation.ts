/**
 * The wire of Huawei Cloud IAM where it goes beyond Keystone: agencies, access keys, custom policies, account security,
 * its own users and the v5 API. One file per family. The operations it shares with Keystone are the keystone dialect's,
 * which the same face carries. What is left out answers 501 and stands in docs/dialects/huawei.md.
 */
import type { Context } from '../../context.ts'
import { refuse } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import { change as changeBy } from '../../flows/change.ts'
import { type Call as AnyCall, operationsOf, type Query } from '../../http/operation.ts'
import type { Db } from '../../store/store.ts'

export const { operation, publicOperation } = operationsOf<Context, Session>()

export type Call<Body = unknown> = AnyCall<Context, Session, Body>

/** One transaction with its audit line. `target` names what is changed (`agency:<id>`). */
export function change<T>(
  call: Pick<Call, 'ctx' | 'caller' | 'operationId' | 'requestId'>,
  target: string,
  make: (tx: Db) => Promise<T>,
): Promise<T> {
  return changeBy(call.ctx, actorOf(call), target, make)
}

export function actorOf(call: Pick<Call, 'caller' | 'operationId' | 'requestId'>) {
  return { session: call.caller, action: call.operationId, requestId: call.requestId }
}

/** The first value of a query parameter; undefined when it is absent. */
export function one(query: Query, name: string): string | undefined {
  const value = query[name]
  return typeof value === 'string' || value === undefined ? value : value[0]
}

export interface NumberedPage {
  readonly offset: number
  readonly limit: number
}

/** `page` (from 1) and `per_page`; undefined when neither is given: the whole list. */
export function numberedPage(query: Query, most: number): NumberedPage | undefined {
  const page = one(query, 'page')
  const size = one(query, 'per_page')
  if (page === undefined && size === undefined) return undefined
  const number = positive('page', page ?? '1')
  const limit = Math.min(positive('per_page', size ?? String(most)), most)
  return { offset: (number - 1) * limit, limit }
}

function positive(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  const message = `Request parameter ${name} is invalid.`
  return refuse('bad_request', `${name} ${text}`, { wireCode: 'IAM.0007', message })
}

/** The part of a list that a page shows; past the end nothing, so that who pages on comes to an end. */
export function pageOf<T>(items: readonly T[], page: NumberedPage | undefined): readonly T[] {
  return page ? items.slice(page.offset, page.offset + page.limit) : items
}
