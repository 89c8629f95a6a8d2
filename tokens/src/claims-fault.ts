import type { Claims, Link, Scope } from './claims.ts'
import { isText } from './text.ts'

/** 31 December 9999: the last second every reader of our tokens can write as a date. */
const lastSecond = 253402300799

/** 16 bytes as base64url: 22 characters, the last of which has four spare bits that must be zero. */
const auditId = /^[A-Za-z0-9_-]{21}[AQgw]$/

const maxMethods = 16
const maxLinks = 8

/**
 * Whether these methods say that a stored credential was used, or say nothing. Keystone marks sessions of EC2
 * credentials by method alone, and before the fix of CVE-2026-80182 lost even that on the way through a Fernet token.
 * Such a session must never look as if its user acted in person.
 */
export function provenByCredential(methods: readonly string[]): boolean {
  return methods.length === 0 || methods.includes('ec2credential') || methods.includes('oauth2_credential')
}

/** Whether these claims came through a credential that the token does not name. */
export function hasUnnamedCredential({ via, methods }: Pick<Claims, 'via' | 'methods'>): boolean {
  const link = via[0]
  return via.length === 1 && link?.kind === 'credential' && link.id === '' && provenByCredential(methods)
}

/**
 * What is wrong with claims, or null. Asked before every encoding and after every decoding, so both directions hold the
 * same promises: ids are 1 to 255 bytes, times are seconds up to the year 9999, methods are distinct and at most 16,
 * at most 8 links, one or two audit ids, and a session proved by a stored credential has a link that says so.
 */
export function claimsFault(claims: Claims): string | null {
  if (!isText(claims.userId)) return 'user id'
  if (claims.methods.length > maxMethods || !claims.methods.every(isText)) return 'methods'
  if (new Set(claims.methods).size !== claims.methods.length) return 'a method twice'
  if (scopeFault(claims.scope)) return 'scope'
  if (claims.via.length > maxLinks) return 'delegation chain too long'
  if (claims.via.length === 0 && provenByCredential(claims.methods)) return 'a credential without its link'
  if (claims.via.some(linkFault) && !hasUnnamedCredential(claims)) return 'delegation link'
  if (claims.auditIds.length < 1 || claims.auditIds.length > 2) return 'number of audit ids'
  if (!claims.auditIds.every((id) => auditId.test(id))) return 'audit id'
  if (!isSecond(claims.issuedAt)) return 'time of issue'
  if (!isSecond(claims.expiresAt)) return 'time of expiry'
  return null
}

/** The claims with every method once, or RangeError naming the field that cannot be in a token. */
export function checkedClaims(claims: Claims): Claims {
  const distinct = { ...claims, methods: [...new Set(claims.methods)] }
  const fault = claimsFault(distinct)
  if (fault !== null) throw new RangeError(`claims cannot be a token: ${fault}`)
  return distinct
}

function isSecond(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= lastSecond
}

function scopeFault(scope: Scope): boolean {
  return (scope.kind === 'project' || scope.kind === 'domain') && !isText(scope.id)
}

function linkFault(link: Link): boolean {
  switch (link.kind) {
    case 'oauth2':
      return !isText(link.thumbprint)
    case 'federation':
      return !isText(link.idp) || !isText(link.protocol) || !link.groups.every(isText)
    case 'agency':
      return !isText(link.id) || !isText(link.assumedBy) || (link.session !== '' && !isText(link.session))
    default:
      return !isText(link.id)
  }
}
