/**
 * Who is calling: the token service's answer, read strictly into one frozen value. It is shared between requests
 * that carry the same token, so nothing in it can be changed (CVE-2014-0105: identities mixed between requests).
 */
import { type AccessRule, readAccessRules } from './access-rules.ts'

/** The caller of a request. Ids are the token service's own; a field is undefined where the token has none. */
export interface CallerIdentity {
  readonly userId: string
  readonly userName: string | undefined
  readonly userDomainId: string | undefined
  readonly userDomainName: string | undefined
  /** The project that the token is for. Exactly one of projectId, domainId and system is set, or none (unscoped). */
  readonly projectId: string | undefined
  readonly projectName: string | undefined
  readonly projectDomainId: string | undefined
  readonly projectDomainName: string | undefined
  readonly domainId: string | undefined
  readonly domainName: string | undefined
  /** True for a token scoped to the whole system. */
  readonly system: boolean
  /** Role names. Empty for an unscoped token and for one that was checked offline. */
  readonly roles: readonly string[]
  /** How the session was proved, for example `password`, `token`. */
  readonly methods: readonly string[]
  /** [this token, first token of its chain]: what audit trails of services have in common. */
  readonly auditIds: readonly string[]
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Through whom the caller acts; undefined when in person. */
  readonly delegated: Delegation | undefined
  /** `offline`: the signature alone was checked; revocation, roles and names were not seen. */
  readonly checked: 'online' | 'offline'
}

export interface Delegation {
  readonly trust?: {
    readonly id: string
    readonly trustorUserId: string | undefined
    readonly trusteeUserId: string | undefined
    readonly impersonation: boolean
  }
  readonly applicationCredential?: {
    readonly id: string
    readonly name: string | undefined
    /** A restricted credential may not make further credentials. */
    readonly restricted: boolean
  }
  /** The user who switched to an agency or role; `userId` of the identity is then the agency's. */
  readonly assumedBy?: {
    readonly userId: string
    readonly userName: string | undefined
    readonly userDomainId: string | undefined
    readonly userDomainName: string | undefined
  }
  readonly oauth1?: { readonly accessTokenId: string; readonly consumerId: string | undefined }
}

/** A token that was found valid: its bearer and, for a restricted application credential, what it may call. */
export interface CheckedToken {
  readonly identity: CallerIdentity
  /** Undefined: no restriction. An empty list allows nothing. */
  readonly accessRules: readonly AccessRule[] | undefined
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads the body of `GET /v3/auth/tokens` (Keystone API v3).
 * Returns undefined when it is not a token body in full: what cannot be read is not accepted.
 */
export function readTokenBody(body: unknown): CheckedToken | undefined {
  const token = fields(fields(body)?.['token'])
  const user = fields(token?.['user'])
  const userId = text(user?.['id'])
  const expiresAt = instant(token?.['expires_at'])
  if (token === undefined || user === undefined || userId === undefined || expiresAt === undefined)
    return undefined

  const credential = fields(token['application_credential'])
  const accessRules = readAccessRules(credential?.['access_rules'])
  if (accessRules === 'unreadable') return undefined
  if (credential !== undefined && text(credential['id']) === undefined) return undefined

  const roles = list(token['roles']).map((role) => text(fields(role)?.['name']))
  if (roles.includes(undefined)) return undefined

  const identity: CallerIdentity = {
    ...readUser(user, userId),
    ...readScope(token),
    roles: roles as string[],
    methods: list(token['methods']).filter((method) => typeof method === 'string'),
    auditIds: list(token['audit_ids']).filter((id) => typeof id === 'string'),
    expiresAt,
    delegated: readDelegation(token),
    checked: 'online',
  }
  return deepFreeze({ identity, accessRules })
}

function readUser(user: Fields, userId: string) {
  const domain = fields(user['domain'])
  return {
    userId,
    userName: text(user['name']),
    userDomainId: text(domain?.['id']),
    userDomainName: text(domain?.['name']),
  }
}

/** A body that names a project and a domain (Huawei's agency tokens) is a project token: the narrower one counts. */
function readScope(token: Fields) {
  const project = fields(token['project'])
  const projectDomain = fields(project?.['domain'])
  const domain = project === undefined ? fields(token['domain']) : undefined
  const system = project === undefined && domain === undefined ? fields(token['system']) : undefined
  return {
    projectId: text(project?.['id']),
    projectName: text(project?.['name']),
    projectDomainId: text(projectDomain?.['id']),
    projectDomainName: text(projectDomain?.['name']),
    domainId: text(domain?.['id']),
    domainName: text(domain?.['name']),
    system: system?.['all'] === true,
  }
}

function readDelegation(token: Fields): Delegation | undefined {
  const trust = fields(token['OS-TRUST:trust'])
  const credential = fields(token['application_credential'])
  const assumed = fields(fields(token['assumed_by'])?.['user'])
  const oauth1 = fields(token['OS-OAUTH1'])
  if (trust === undefined && credential === undefined && assumed === undefined && oauth1 === undefined)
    return undefined
  return {
    ...(trust && {
      trust: {
        id: text(trust['id']) ?? '',
        trustorUserId: text(fields(trust['trustor_user'])?.['id']),
        trusteeUserId: text(fields(trust['trustee_user'])?.['id']),
        impersonation: trust['impersonation'] === true,
      },
    }),
    ...(credential && {
      applicationCredential: {
        id: text(credential['id']) ?? '',
        name: text(credential['name']),
        restricted: credential['restricted'] !== false,
      },
    }),
    ...(assumed && { assumedBy: readUser(assumed, text(assumed['id']) ?? '') }),
    ...(oauth1 && {
      oauth1: {
        accessTokenId: text(oauth1['access_token_id']) ?? '',
        consumerId: text(oauth1['consumer_id']),
      },
    }),
  }
}

/** An instant in ISO 8601 with its zone, as milliseconds since the epoch; without a zone it would be read as local. */
export function instant(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value))
    return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Freezes a tree of plain values. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
