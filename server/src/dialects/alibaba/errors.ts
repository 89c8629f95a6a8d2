/**
 * What the gateway says when it refuses: a code, its status, its words. The codes that real clients tell apart are
 * Alibaba's; statuses differ there from product to product, and these are the ones most products answer.
 */
import { Refusal, type RefusalCode } from '../../core/refusal.ts'

interface Words {
  readonly status: number
  readonly message: string
}

const GATEWAY = {
  InvalidParameter: { status: 400, message: 'The specified parameter is not valid.' },
  IncompleteSignature: {
    status: 400,
    message: 'The request signature does not conform to Aliyun standards.',
  },
  SignatureDoesNotMatch: {
    status: 400,
    message: 'Specified signature is not matched with our calculation.',
  },
  SignatureNonceUsed: { status: 400, message: 'Specified signature nonce was used already.' },
  'InvalidTimeStamp.Expired': { status: 400, message: 'Specified time stamp or date value is expired.' },
  'InvalidTimeStamp.Format': {
    status: 400,
    message: 'Specified time stamp or date value is not well formatted.',
  },
  'InvalidAccessKeyId.NotFound': { status: 404, message: 'Specified access key is not found.' },
  'InvalidAccessKeyId.Inactive': { status: 400, message: 'Specified access key is disabled.' },
  'InvalidSecurityToken.Expired': { status: 400, message: 'Specified SecurityToken is expired.' },
  'InvalidSecurityToken.Malformed': { status: 400, message: 'Specified SecurityToken is malformed.' },
  'InvalidApi.NotFound': {
    status: 404,
    message: 'Specified api is not found, please check your url and method.',
  },
  'InvalidAction.NotFound': {
    status: 404,
    message: 'Specified api is not found, please check your url and method.',
  },
  InvalidVersion: { status: 400, message: 'Specified parameter Version is not valid.' },
  'Forbidden.RAM': {
    status: 403,
    message: "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
  },
  NoPermission: {
    status: 403,
    message: 'You are not authorized to do this action. You should be authorized by RAM.',
  },
  'AuthenticationFail.OIDCToken.Expired': { status: 400, message: 'This JsonWebToken is expired.' },
  'AuthenticationFail.OIDCToken.Invalid': { status: 400, message: 'This JsonWebToken is invalid.' },
  'Throttling.User': { status: 400, message: 'Request was denied due to user flow control.' },
  EntityNotExist: { status: 404, message: 'The specified entity does not exist.' },
  EntityAlreadyExists: { status: 409, message: 'The specified entity already exists.' },
  RequestTooLarge: { status: 413, message: 'The request is too large.' },
  UnsupportedOperation: { status: 501, message: 'The specified operation is not supported.' },
  ServiceUnavailable: {
    status: 503,
    message: 'The request has failed due to a temporary failure of the server.',
  },
  InternalError: { status: 500, message: 'The request processing has failed due to some unknown error.' },
} as const satisfies Record<string, Words>

export type GatewayCode = keyof typeof GATEWAY

/** The code of a refusal that names none. */
const CODES = {
  bad_request: 'InvalidParameter',
  unauthenticated: 'InvalidAccessKeyId.Inactive',
  unsupported_method: 'UnsupportedOperation',
  more_factors_needed: 'NoPermission',
  password_expired: 'NoPermission',
  forbidden: 'NoPermission',
  not_found: 'EntityNotExist',
  conflict: 'EntityAlreadyExists',
  gone: 'EntityNotExist',
  too_large: 'RequestTooLarge',
  busy: 'Throttling.User',
  not_implemented: 'UnsupportedOperation',
  unavailable: 'ServiceUnavailable',
  internal: 'InternalError',
} as const satisfies Record<RefusalCode, GatewayCode>

/** Which kind of refusal a status of the gateway is. */
const KINDS: Readonly<Record<number, RefusalCode>> = {
  400: 'bad_request',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
}

/** Why somebody may not, as RAM tells them: `AccessDeniedDetail` of the answer. */
export type AccessDeniedDetail = Readonly<Record<string, string>>

/** A refusal in the gateway's words. */
export class GatewayRefusal extends Refusal {
  readonly accessDenied: AccessDeniedDetail | undefined

  constructor(kind: RefusalCode, reason: string, words: GatewayWords) {
    const { wireCode, message, accessDenied } = words
    super(kind, reason, { wireCode, ...(message === undefined ? {} : { message }) })
    this.accessDenied = accessDenied
  }
}

interface GatewayWords {
  readonly wireCode: string
  readonly message?: string | undefined
  readonly accessDenied?: AccessDeniedDetail | undefined
}

/** Refuses with one of the gateway's codes; `reason` is internal, `message` replaces the code's own words. */
export function refuseGateway(
  code: GatewayCode,
  reason: string,
  words: Omit<GatewayWords, 'wireCode'> = {},
): never {
  throw new GatewayRefusal(KINDS[GATEWAY[code].status] ?? 'bad_request', reason, { ...words, wireCode: code })
}

/** `MissingNamespaceId`: a parameter that has to be there and is not, or is empty. */
export function missingParameter(name: string): never {
  throw new GatewayRefusal('bad_request', `no ${name}`, {
    wireCode: `Missing${name}`,
    message: `${name} is mandatory for this action.`,
  })
}

/** `InvalidParameter.RegionTag`: a parameter that does not have the form it should. */
export function invalidParameter(name: string, problem: string): never {
  throw new GatewayRefusal('bad_request', `${name} ${problem}`, {
    wireCode: `InvalidParameter.${name}`,
    message: `The parameter ${name} ${problem}.`,
  })
}

/** `EntityNotExist.Namespace` */
export function noSuch(entity: string, reason: string): never {
  throw new GatewayRefusal('not_found', reason, {
    wireCode: `EntityNotExist.${entity}`,
    message: `The specified ${entity.toLowerCase()} does not exist.`,
  })
}

export interface RefusalWords extends Words {
  readonly code: string
}

/** How a refusal is told on this wire. */
export function wordsOf(refusal: Refusal): RefusalWords {
  const fallback = CODES[refusal.code]
  const code = refusal.detail.wireCode ?? fallback
  const words: Words = Object.hasOwn(GATEWAY, code) ? GATEWAY[code as GatewayCode] : GATEWAY[fallback]
  return { code, status: words.status, message: refusal.detail.message ?? words.message }
}
