/**
 * Every way the service says no, in one closed union. A refusal has a code, a public part that a dialect puts in its
 * own words, and an internal reason that goes to the audit trail and the log and never to the wire. Each dialect maps
 * the whole union (`satisfies Record<RefusalCode, ...>`), so a new code cannot be forgotten.
 */

export type RefusalCode =
  /** The request is malformed or asks for something that cannot be. */
  | 'bad_request'
  /** Nobody has been proved, or no longer: wrong password, no token, revoked, expired. One text for all. */
  | 'unauthenticated'
  /** A way of proving that this server does not offer. */
  | 'unsupported_method'
  /** One factor is proved and another is missing: an authentication receipt is handed out. */
  | 'more_factors_needed'
  /** The password has to be changed first. */
  | 'password_expired'
  /** Proved, but not allowed. Also stands for "exists, but not for you" where hiding is not needed. */
  | 'forbidden'
  /** Not there, or not to be known to be there. */
  | 'not_found'
  | 'conflict'
  /** Was here once and is withdrawn for good. */
  | 'gone'
  | 'too_large'
  /** The paid-for capacity (password hashing) is taken; `retryAfter` says when to come back. */
  | 'busy'
  | 'not_implemented'
  /** A fault of ours that will pass: database gone, upstream provider unreachable. */
  | 'unavailable'
  /** A fault of ours. */
  | 'internal'

/** What the refusal is about, for dialects that name it: `Could not find user: 42.` */
export interface Subject {
  readonly kind: string
  readonly id: string
}

/** A receipt for the factors that were shown, and the ways to go on. Times in seconds. */
export interface IssuedReceipt {
  readonly text: string
  readonly user: {
    readonly id: string
    readonly name: string
    readonly domain: { readonly id: string; readonly name: string }
  }
  readonly methods: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
  readonly requiredMethods: readonly (readonly string[])[]
}

export interface RefusalDetail {
  /** Public text where the wire has a particular one; dialects fall back to their standard text. */
  readonly message?: string
  readonly subject?: Subject
  /** Seconds, for `busy` and `unavailable`. */
  readonly retryAfter?: number
  /** What is not allowed: the policy rule that said no, or the act in words. */
  readonly rule?: string
  /** A dialect's own error code (`IAM.1101`, `InvalidTimeStamp.Expired`). */
  readonly wireCode?: string
  /** For `more_factors_needed`. */
  readonly receipt?: IssuedReceipt
}

/** The one error class that means "no". Anything else thrown is a fault of ours. */
export class Refusal extends Error {
  readonly code: RefusalCode
  /** For the audit trail and the log, never for the wire. */
  readonly reason: string
  readonly detail: RefusalDetail

  constructor(code: RefusalCode, reason: string, detail: RefusalDetail = {}) {
    // Saying no is ordinary work, and knowing where costs more than all the rest of it. A fault of ours is worth that.
    const limit = Error.stackTraceLimit
    if (code !== 'internal' && code !== 'unavailable') Error.stackTraceLimit = 0
    super(`${code}: ${reason}`)
    Error.stackTraceLimit = limit
    this.code = code
    this.reason = reason
    this.detail = detail
    this.name = 'Refusal'
  }
}

/** Throws a refusal. `reason` is internal; put public words into `detail.message`. */
export function refuse(code: RefusalCode, reason: string, detail?: RefusalDetail): never {
  throw new Refusal(code, reason, detail)
}

/** Refuses with `not_found` for a thing that can be named. */
export function missing(kind: string, id: string): never {
  throw new Refusal('not_found', `no ${kind} ${id}`, { subject: { kind, id } })
}

/** `value`, or a `not_found` refusal naming the thing. */
export function found<T>(value: T | undefined | null, kind: string, id: string): T {
  return value ?? missing(kind, id)
}
