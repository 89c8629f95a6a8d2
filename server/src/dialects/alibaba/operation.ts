/**
 * The Alibaba Cloud wire: EDAS, RAM and STS on one listener. One file per operation. An operation is found by its
 * version and action (RPC, at `/`) or by method and path (ROA); signatures, decisions and words of refusals are the same for all. Not
 * for what the keys of a namespace are then used for: that is the guard's.
 */
import type { Context } from '../../context.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import { change as changeBy } from '../../flows/change.ts'
import type { RamPrincipal } from '../../flows/ram-principal.ts'
import type { Call as AnyCall, Method, Reply } from '../../http/operation.ts'
import type { Db } from '../../store/store.ts'
import { missingParameter } from './errors.ts'
import type { Parameters } from './signature/parameters.ts'

/** Who calls, and with what; each operation's parameters are covered by the signature. */
export interface Caller {
  /** null for operations that nobody signs. */
  readonly principal: RamPrincipal | null
  readonly action: string | undefined
  readonly version: string
  readonly parameters: Parameters
}

/** A call of an operation that somebody signed. */
export interface Call extends AnyCall<Context, Caller> {
  readonly principal: RamPrincipal
  readonly parameters: Parameters
  /** Of the answer, as this wire shows it. */
  readonly answerId: string
}

/** A call of an operation that nobody signs. */
export type PublicCall = Omit<Call, 'principal'>

/** What has to be allowed: an action on a resource (ARN). */
export interface Ask {
  readonly action: string
  readonly resource: string
}

interface Described {
  /** `GetSecureToken` */
  readonly action: string
  /** `2017-08-01` */
  readonly version: string
  /** Where it answers, when it is ROA; absent: RPC, at `/`. */
  readonly route?: { readonly method: Method; readonly path: string }
  /** Names of its parameters. Signatures of ROA need to know them all. */
  readonly parameters: readonly string[]
  readonly refusals: readonly RefusalCode[]
}

/** An operation for who may. All of `asks` have to be allowed; `load` brings facts, and refuses nothing. */
export interface SignedOperation<Facts> extends Described {
  /** Actions that `asks` may name; `any`: whoever signed, the handler decides. */
  readonly actions: readonly string[] | 'any'
  load?(call: Call): Promise<Facts>
  asks?(call: Call, facts: Facts): readonly Ask[]
  handle(call: Call, facts: Facts): Promise<Reply>
}

/** An operation without a signature: the proof is among its parameters. */
export interface UnsignedOperation extends Described {
  readonly actions: 'public'
  handle(call: PublicCall): Promise<Reply>
}

export type Operation = Described & {
  readonly actions: readonly string[] | 'any' | 'public'
  load?(call: Call): Promise<unknown>
  asks?(call: Call, facts: unknown): readonly Ask[]
  handle(call: Call, facts: unknown): Promise<Reply>
}

export const operation = <Facts>(definition: SignedOperation<Facts>): Operation =>
  definition as unknown as Operation

export const publicOperation = (definition: UnsignedOperation): Operation =>
  definition as unknown as Operation

/** A parameter that has to be there; refuses `Missing<Name>`. */
export function required(call: PublicCall, name: string): string {
  return call.parameters[name] || missingParameter(name)
}

/** One change with its audit line; `target` names what is changed (`namespace:<id>`). */
export function change<T>(call: Call, target: string, make: (tx: Db) => Promise<T>): Promise<T> {
  return changeBy(call.ctx, actorOf(call), target, make)
}

export function actorOf(call: Call): {
  readonly session: Session
  readonly action: string
  readonly requestId: string
} {
  const action = call.caller.action ?? call.operationId
  return { session: call.principal.session, action, requestId: call.requestId }
}
