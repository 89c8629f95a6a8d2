/**
 * The guard of a service: who is calling, or why nobody is let in.
 *
 * What it is for: checking `X-Auth-Token` against a Keystone v3 token service, inside somebody else's service.
 * What it is not for: deciding what a caller may do there. It says who it is and with which roles on which project;
 * the service compares that with what was asked for, and answers 403 itself.
 *
 * Differences to keystonemiddleware: a cached answer lives 10 seconds, not 300; it is bounded; refusals are kept 2
 * seconds; the token service being away is 503 with Retry-After; X-Storage-Token is not another name of X-Auth-Token.
 */
import { isAllowedBy, pathOf, plainPath } from './access-rules.ts'
import { type Answer, renderAnswer } from './answer.ts'
import type { CallerIdentity, CheckedToken } from './identity.ts'
import { type StrippableRequest, stripIdentityHeaders } from './identity-headers.ts'
import { createOfflineCheck, type OfflineCheck } from './offline-check.ts'
import { createOnlineCheck, type Verdict } from './online-check.ts'
import { type Clock, type GuardOptions, readOptions } from './options.ts'
import { createOwnToken } from './own-token.ts'
import { createProblemReport } from './problem-report.ts'
import { createTokenCheck, type TokenCheck } from './token-check.ts'
import { createTransport } from './transport.ts'

/** A node:http IncomingMessage is one, and so is an Express request or Fastify's `request.raw`. */
export interface GuardedRequest extends StrippableRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Preferred to `url`: what the caller asked for before a router took its prefix away. */
  readonly originalUrl?: string | undefined
}

export interface Accepted {
  readonly outcome: 'accepted'
  readonly identity: CallerIdentity
  /** The service that sent the request on, when its X-Service-Token was checked. */
  readonly serviceIdentity: CallerIdentity | undefined
}

/** No token was needed and none was looked at. */
export interface Public {
  readonly outcome: 'public'
}

export interface Refused {
  readonly outcome: 'refused'
  readonly status: 401
  /** `not_allowed`: the application credential's access rules do not name this operation. */
  readonly reason: 'missing' | 'invalid' | 'expired' | 'not_allowed' | 'service_token'
  /** Milliseconds since the epoch; with `expired` only. */
  readonly expiresAt?: number
}

/** Nobody can tell now whether the token is good. */
export interface Unavailable {
  readonly outcome: 'unavailable'
  readonly status: 503
  readonly retryAfterSeconds: number
}

export type Outcome = Accepted | Public | Refused | Unavailable

export interface Guard {
  /**
   * Removes forged identity headers from the request, in place and before anything else, then says who is calling.
   * Rejects only with what `isPublic` throws.
   */
  readonly check: (request: GuardedRequest) => Promise<Outcome>
  /** Status, headers and body that tell a refusal on the wire. */
  readonly answer: (refusal: Refused | Unavailable) => Answer
  /** What is held in memory now. */
  readonly size: TokenCheck['size']
  /** Closes the connections to the token service. */
  readonly close: () => void
}

/** Throws a TypeError that names the option when one is wrong. Connects when the first token is to be checked. */
export function createGuard(options: GuardOptions): Guard {
  return buildGuard(options, { wallMs: Date.now, monotonicMs: () => performance.now() })
}

/** {@link createGuard} on a given clock. */
export function buildGuard(options: GuardOptions, clock: Clock): Guard {
  const settings = readOptions(options)
  const transport = createTransport({ ...settings, ca: options.ca })
  const ownToken = createOwnToken(options.credentials, transport, clock)
  const reportExpired = options.reportExpired === true
  const online = createOnlineCheck({ transport, ownToken, clock, reportExpired })
  const tokens = createTokenCheck(online, settings, clock)
  const offline =
    settings.keysUrl &&
    createOfflineCheck(createTransport({ ...settings, baseUrl: settings.keysUrl, ca: options.ca }), clock)
  const report = createProblemReport(options.onProblem, clock)
  const parts: Parts = { options, tokens, offline }

  return {
    async check(request) {
      stripIdentityHeaders(request)
      const called = {
        method: request.method ?? 'GET',
        path: pathOf(request.originalUrl ?? request.url ?? ''),
      }
      const path = options.isPublic && plainPath(called.path)
      if (path !== undefined && options.isPublic?.({ method: called.method, path }) === true)
        return { outcome: 'public' }
      const judged = await judge(parts, request, called)
      if ('outcome' in judged) return judged
      if (judged.kind === 'unavailable') {
        report(judged.problem)
        return { outcome: 'unavailable', status: 503, retryAfterSeconds: judged.retryAfterSeconds }
      }
      return judged.kind === 'expired' ? refused('expired', judged.expiresAt) : refused('invalid')
    },
    answer: (refusal) => renderAnswer(refusal, settings.publicAuthUrl, options.renderRefusal),
    size: tokens.size,
    close: () => {
      transport.close()
      offline?.close()
    },
  }
}

interface Parts {
  readonly options: GuardOptions
  readonly tokens: TokenCheck
  readonly offline: OfflineCheck | undefined
}

interface Called {
  readonly method: string
  readonly path: string
}

type BadVerdict = Exclude<Verdict, { kind: 'valid' }>

/** The service that sends a request on is checked first: only then may the user's own token have expired. */
async function judge(parts: Parts, request: GuardedRequest, called: Called): Promise<Outcome | BadVerdict> {
  const { options, tokens, offline } = parts
  const caller = tokenIn(request, 'x-auth-token')
  if (caller === undefined) return refused('missing')
  if (caller === 'unreadable') return refused('invalid')

  const service = await judgeService(parts, request)
  if (service !== undefined && !('identity' in service)) return service

  const signed = service === undefined ? await offline?.check(caller) : undefined
  const verdict = signed ?? (await tokens.check(caller, service !== undefined))
  if (verdict.kind !== 'valid') return verdict

  const { identity, accessRules } = verdict.token
  const operation = { serviceType: options.serviceType, ...called }
  if (accessRules !== undefined && service === undefined && !isAllowedBy(accessRules, operation)) {
    return refused('not_allowed')
  }
  return { outcome: 'accepted', identity, serviceIdentity: service?.identity }
}

/** Undefined when there is no service token, or this service does not look at them. */
async function judgeService(
  { options, tokens }: Parts,
  request: GuardedRequest,
): Promise<CheckedToken | Refused | BadVerdict | undefined> {
  const roles = options.serviceRoles ?? []
  const token = roles.length === 0 ? undefined : tokenIn(request, 'x-service-token')
  if (token === undefined) return undefined
  if (token === 'unreadable') return refused('service_token')
  const verdict = await tokens.check(token, false)
  if (verdict.kind === 'unavailable') return verdict
  if (verdict.kind !== 'valid') return refused('service_token')
  // A restricted credential has no business speaking for a service.
  const fit =
    verdict.token.accessRules === undefined &&
    verdict.token.identity.roles.some((role) => roles.includes(role))
  return fit ? verdict.token : refused('service_token')
}

/** Longer than any token; also more than most servers take in a header. */
const MAX_TOKEN_LENGTH = 16_384

/** One token of visible characters; two headers, inner spaces or control characters make it unreadable. */
function tokenIn(request: GuardedRequest, header: string): string | undefined | 'unreadable' {
  const value = request.headers[header]
  if (value === undefined) return undefined
  if (typeof value !== 'string') return 'unreadable'
  const token = value.trim()
  if (token === '') return undefined
  return token.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(token) ? token : 'unreadable'
}

function refused(reason: Refused['reason'], expiresAt?: number): Refused {
  return { outcome: 'refused', status: 401, reason, ...(expiresAt !== undefined && { expiresAt }) }
}
