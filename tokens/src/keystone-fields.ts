/**
 * What Keystone's token formats can say, as flat fields: the meeting point of its Fernet payloads and its JWS claims.
 * Sessions that Keystone has no words for (agencies, access keys, named credentials, most chains of several links)
 * have no fields; each format then says them in a way of its own that a Keystone refuses.
 */
import type { Claims, Link, Scope } from './claims.ts'
import { hasUnnamedCredential, provenByCredential } from './claims-fault.ts'
import { Malformed } from './refused.ts'

export interface KeystoneFields {
  userId: string
  methods: readonly string[]
  auditIds: readonly string[]
  expiresAt: number
  project?: string
  domain?: string
  system?: 'all'
  federation?: { readonly idp: string; readonly protocol: string; readonly groups: readonly string[] }
  trust?: string
  appCred?: string
  accessToken?: string
  thumbprint?: string
}

/** The link kinds Keystone has a field for. Fields have no order, so this is the order a chain of several must have. */
const fieldOrder: readonly Link['kind'][] = [
  'federation',
  'trust',
  'application_credential',
  'oauth1',
  'oauth2',
]

/** Fields that say exactly these claims, or null when Keystone has no way to say them. */
export function toKeystoneFields(claims: Claims): KeystoneFields | null {
  if (hasUnnamedCredential(claims)) return fieldsWithoutLinks(claims)
  const fields = fieldsWithoutLinks(claims)
  let previous = -1
  for (const link of claims.via) {
    const place = fieldOrder.indexOf(link.kind)
    if (place <= previous) return null
    previous = place
    setLinkField(fields, link)
  }
  return fields
}

/** The fields for everything but the delegation chain. */
export function fieldsWithoutLinks({ userId, methods, auditIds, expiresAt, scope }: Claims): KeystoneFields {
  const fields: KeystoneFields = { userId, methods, auditIds, expiresAt }
  if (scope.kind === 'project') fields.project = scope.id
  else if (scope.kind === 'domain') fields.domain = scope.id
  else if (scope.kind === 'system') fields.system = 'all'
  return fields
}

function setLinkField(fields: KeystoneFields, link: Link): void {
  if (link.kind === 'trust') fields.trust = link.id
  else if (link.kind === 'application_credential') fields.appCred = link.id
  else if (link.kind === 'oauth1') fields.accessToken = link.id
  else if (link.kind === 'oauth2') fields.thumbprint = link.thumbprint
  else if (link.kind === 'federation') {
    const { idp, protocol, groups } = link
    fields.federation = { idp, protocol, groups }
  }
}

/** The links that fields name. */
export function linksOf(fields: KeystoneFields): Link[] {
  const via: Link[] = []
  if (fields.federation !== undefined) via.push({ kind: 'federation', ...fields.federation })
  if (fields.trust !== undefined) via.push({ kind: 'trust', id: fields.trust })
  if (fields.appCred !== undefined) via.push({ kind: 'application_credential', id: fields.appCred })
  if (fields.accessToken !== undefined) via.push({ kind: 'oauth1', id: fields.accessToken })
  if (fields.thumbprint !== undefined) via.push({ kind: 'oauth2', thumbprint: fields.thumbprint })
  return via
}

/** The claims that fields say. Throws Malformed on two scopes. */
export function fromKeystoneFields(fields: KeystoneFields, issuedAt: number): Claims {
  const { userId, methods, auditIds, expiresAt } = fields
  const via = linksOf(fields)
  if (via.length === 0 && provenByCredential(methods)) via.push({ kind: 'credential', id: '' })
  return { userId, methods, scope: scopeOf(fields), via, auditIds, issuedAt, expiresAt }
}

function scopeOf({ project, domain, system }: KeystoneFields): Scope {
  const scopes: Scope[] = []
  if (project !== undefined) scopes.push({ kind: 'project', id: project })
  if (domain !== undefined) scopes.push({ kind: 'domain', id: domain })
  if (system !== undefined) scopes.push({ kind: 'system' })
  if (scopes.length > 1) throw new Malformed('two scopes')
  return scopes[0] ?? { kind: 'unscoped' }
}
