/**
 * Tokens of a microservice engine, checked inside a service: those of ServiceComb (RS512) and of Nacos (HS256). Stricter
 * than the engines' own software, which takes any RSA algorithm, tokens without an end and a `role` claim that wins over
 * `roles`; every token that Tokenhouse makes passes. Not for X-Auth-Token: that is the guard.
 */
import { createPublicKey, createSecretKey } from 'node:crypto'
import { type JwsKey, jwsKey, verifyCompact } from '@tokenhouse/tokens'

/** What the service knows of an account now; whatever is left out is not held against the token. */
export interface EngineAccountFacts {
  /** `sub` of its tokens: another one than that of an account of the same name which was deleted before. */
  readonly subject?: string
  /** Roles it has. Those of the token that it has not are dropped. */
  readonly roles?: readonly string[]
}

export interface EngineVerifierOptions {
  /** Public keys of one engine (`BEGIN PUBLIC KEY`). A key of another engine would let its accounts in. */
  readonly publicKeys: readonly string[]
  /** Looks an account up; undefined: there is none. Left out: accounts are not looked up. */
  readonly account?: (
    name: string,
  ) => EngineAccountFacts | undefined | Promise<EngineAccountFacts | undefined>
  /** Longest life of a token in seconds; default 86400. */
  readonly maxLifeSeconds?: number
}

export interface AcceptedEngineToken {
  readonly outcome: 'accepted'
  readonly account: string
  readonly roles: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/** In service-center's codes: 401204 no header, 401205 expired, 401206 account gone, 401201 anything else; 403205 no role. */
export interface RefusedEngineToken {
  readonly outcome: 'refused'
  readonly status: 401 | 403
  readonly errorCode: '401201' | '401204' | '401205' | '401206' | '403205'
}

export interface EngineVerifier {
  /** Judges an Authorization header. Rejects only with what `account` throws. */
  readonly check: (authorization: string | undefined) => Promise<AcceptedEngineToken | RefusedEngineToken>
}

const DAY = 86_400
const SKEW_SECONDS = 60

/** Throws a TypeError when a key is not an RSA public key in SPKI form, or when there is none. */
export function createEngineVerifier(options: EngineVerifierOptions): EngineVerifier {
  return buildEngineVerifier(options, () => Date.now() / 1000)
}

/** {@link createEngineVerifier} on a given clock, in seconds. */
export function buildEngineVerifier(options: EngineVerifierOptions, now: () => number): EngineVerifier {
  const keys = options.publicKeys.map(readPublicKey)
  if (keys.length === 0) throw new TypeError('publicKeys: at least one is needed')
  const mostLife = options.maxLifeSeconds ?? DAY
  return {
    check: async (authorization) => {
      if (authorization === undefined || authorization === '') return refused('401204')
      const [, text] = /^\S+ (\S+)$/.exec(authorization) ?? []
      const verified = text === undefined ? undefined : verifyCompact(text, keys)
      if (!verified || 'refused' in verified) return refused('401201')
      const { account, roles, exp, iat, nbf, role, sub } = verified.claims
      if (typeof account !== 'string' || account === '' || role !== undefined) return refused('401201')
      if (!isRoleList(roles) || !isSeconds(exp) || exp > now() + mostLife + SKEW_SECONDS)
        return refused('401201')
      if (exp <= now()) return refused('401205')
      if (isAhead(iat, now()) || isAhead(nbf, now())) return refused('401201')
      if (!options.account) return { outcome: 'accepted', account, roles, expiresAt: exp }
      const facts = await options.account(account)
      if (!facts || (facts.subject !== undefined && facts.subject !== sub)) return refused('401206')
      const held = facts.roles ? roles.filter((one) => facts.roles?.includes(one)) : roles
      return held.length === 0
        ? refused('403205')
        : { outcome: 'accepted', account, roles: held, expiresAt: exp }
    },
  }
}

function readPublicKey(pem: string): JwsKey {
  if (!/^-----BEGIN PUBLIC KEY-----\r?\n/.test(pem)) {
    throw new TypeError('publicKeys: a key must begin with -----BEGIN PUBLIC KEY-----')
  }
  return jwsKey('RS512', createPublicKey(pem))
}

const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

const isAhead = (value: unknown, now: number): boolean =>
  value !== undefined && (typeof value !== 'number' || value > now + SKEW_SECONDS)

function isRoleList(roles: unknown): roles is readonly string[] {
  return Array.isArray(roles) && roles.length > 0 && roles.every((one) => typeof one === 'string')
}

function refused(errorCode: RefusedEngineToken['errorCode']): RefusedEngineToken {
  return { outcome: 'refused', status: errorCode === '403205' ? 403 : 401, errorCode }
}

/** `{"alg":"HS256"}`: Nacos compares the header as text. */
const NACOS_HEADER = 'eyJhbGciOiJIUzI1NiJ9.'

/**
 * Judges tokens of a Nacos engine; `secret` is the base64 of its secret, 32 bytes or more. Gives the user's name, or
 * undefined. Throws a TypeError for a shorter secret.
 */
export function createNacosVerifier(
  secret: string,
  now: () => number = () => Date.now() / 1000,
): (token: string) => string | undefined {
  const key = jwsKey('HS256', createSecretKey(Buffer.from(secret, 'base64')))
  return (token) => {
    if (!token.startsWith(NACOS_HEADER)) return undefined
    const verified = verifyCompact(token, [key])
    if ('refused' in verified) return undefined
    const { sub, exp, nbf } = verified.claims
    if (typeof sub !== 'string' || sub === '' || !isSeconds(exp)) return undefined
    if (exp <= now() || exp > now() + DAY + SKEW_SECONDS || isAhead(nbf, now())) return undefined
    return sub
  }
}
