/**
 * One wire operation is one value: where it answers, who may call it, what it takes, what it can refuse and what it
 * does. The pipeline in `face.ts` owns the shared steps (parse, identify, load, decide, reply), so an operation fills
 * in only what is its own and cannot forget one. `policy` is mandatory; `'public'` has to be written out.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Static, TSchema } from 'typebox'
import type { RefusalCode } from '../core/refusal.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Query parameters as sent: a name alone is '', a repeated name is an array. Null prototype. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

/** What arrived, the same for every operation. */
export interface Incoming {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  /** `http://host:port` as the client sees it, without a trailing slash. */
  readonly baseUrl: string
  /** The same when it is no mere word of the client: `public-url`, or the address listened at; undefined otherwise. */
  ownUrl(): string | undefined
  /** Peer address, or the client's when a trusted proxy says so. */
  readonly remoteAddress: string
  /** Aborts when the client goes before it has its answer. */
  left(): AbortSignal
  /** `req-<uuid>`, new for every request. */
  readonly requestId: string
  /** Body bytes as sent, for signatures; empty when there was none. */
  readonly rawBody: Buffer
}

export interface Call<Ctx, Caller, Body = unknown> extends Incoming {
  readonly ctx: Ctx
  readonly caller: Caller
  readonly body: Body
  /** The operation's own id, for audit lines. */
  readonly operationId: string
}

export interface Reply {
  /** The operation's `success` unless given. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string or Buffer is sent as it is. */
  readonly body?: unknown
}

/**
 * What a policy rule may look at: loaded facts and path ids under fixed names (`target.user.domain_id`). Never the
 * request's body or query as such (CVE-2026-42999).
 */
export type PolicyTarget = Readonly<Record<string, unknown>>

interface Described {
  /** Unique within its dialect: `create_user`. */
  readonly id: string
  readonly method: Method
  /** Fastify form: `/v3/users/:user_id`. */
  readonly path: string
  readonly success: number
  readonly refusals: readonly RefusalCode[]
}

/** An operation that needs no caller. `caller` is null. */
export interface PublicOperation<Ctx, Body extends TSchema = TSchema> extends Described {
  readonly policy: 'public'
  readonly body?: Body
  handle(call: Call<Ctx, null, Static<Body>>): Promise<Reply>
}

/**
 * An operation for callers. `load` brings the facts the rule and the handler need (undefined: not there). The rule is
 * decided on `target(facts)` in any case, so that who may not look cannot learn what exists; only then a missing thing
 * becomes `not_found`, by the handler.
 */
export interface GuardedOperation<Ctx, Caller, Body extends TSchema = TSchema, Facts = unknown>
  extends Described {
  /** Name of a policy rule (`identity:create_user`), or `authenticated`: any valid caller, decided by the handler. */
  readonly policy: string
  /** Every other rule that `ruleFor` may name. */
  readonly otherPolicies?: readonly string[]
  readonly body?: Body
  /**
   * When a faulty body is told: `at-once` (the default), or only to who may act at all. With `after-policy`, `load`,
   * `ruleFor` and `target` run first and find `body` undefined when it is faulty.
   */
  readonly bodyFaults?: 'at-once' | 'after-policy'
  load?(call: Call<Ctx, Caller, Static<Body>>): Promise<Facts>
  /** The rule of this call, where facts or the request choose between several (a global role or a domain's). */
  ruleFor?(facts: Facts, call: Call<Ctx, Caller, Static<Body>>): string
  target?(facts: Facts, call: Call<Ctx, Caller, Static<Body>>): PolicyTarget
  handle(call: Call<Ctx, Caller, Static<Body>>, facts: Facts): Promise<Reply>
}

/** Any operation, its own types forgotten: what lists of operations hold. */
export type Operation<Ctx, Caller> = Described & {
  readonly policy: string
  readonly otherPolicies?: readonly string[]
  readonly body?: TSchema
  readonly bodyFaults?: 'at-once' | 'after-policy'
  load?(call: Call<Ctx, Caller>): Promise<unknown>
  ruleFor?(facts: unknown, call: Call<Ctx, Caller>): string
  target?(facts: unknown, call: Call<Ctx, Caller>): PolicyTarget
  handle(call: Call<Ctx, Caller>, facts: unknown): Promise<Reply>
}

/** For a dialect to bind its context and caller once; see `dialects/keystone/operation.ts`. */
export function operationsOf<Ctx, Caller>() {
  return {
    publicOperation: <Body extends TSchema>(definition: PublicOperation<Ctx, Body>) =>
      definition as unknown as Operation<Ctx, Caller>,
    operation: <Body extends TSchema, Facts>(definition: GuardedOperation<Ctx, Caller, Body, Facts>) =>
      definition as unknown as Operation<Ctx, Caller>,
  }
}
