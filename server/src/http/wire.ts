import type { Refusal } from '../core/refusal.ts'
import type { Incoming, Operation, PolicyTarget } from './operation.ts'

/** A finished answer. */
export interface Rendered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** In parts where it is too long to be made at once: a fault in the middle breaks the connection off. */
  readonly body: string | Buffer | AsyncIterable<string>
}

/** A body the schema refused: where, and the schema validator's words. */
export interface BodyFault {
  /** `name`, `user/password`; '' for the body itself. */
  readonly field: string
  readonly keyword: string
  readonly message: string
  readonly value: unknown
  readonly params: Readonly<Record<string, unknown>>
}

/**
 * What a dialect gives the pipeline: its operations and its own words for everything the pipeline decides.
 * A value, built once per face with that face's options.
 */
export interface Wire<Ctx, Caller> {
  readonly name: string
  readonly operations: readonly Operation<Ctx, Caller>[]
  /** Proves the caller from the request, or refuses. */
  identify(ctx: Ctx, incoming: Incoming): Promise<Caller>
  /** Refuses, whatever it is about, an operation that the caller's session was narrowed not to have. */
  admits?(caller: Caller, operation: Operation<Ctx, Caller>): void
  /** The one gate. */
  permits(ctx: Ctx, rule: string, caller: Caller, target: PolicyTarget): boolean
  /** Headers that every answer of this dialect carries. */
  headers(incoming: Incoming): Readonly<Record<string, string>>
  refusal(refusal: Refusal, incoming: Incoming): Rendered
  /** The schema said no. */
  badBody(fault: BodyFault, incoming: Incoming): Rendered
  /** The body is not what its Content-Type says, or not in a type this dialect reads. */
  unreadableBody(why: 'content-type' | 'syntax' | 'not-an-object' | 'too-large', incoming: Incoming): Rendered
  unknownPath(incoming: Incoming): Rendered
  wrongMethod(allowed: readonly string[], incoming: Incoming): Rendered
}
