/**
 * Identity headers: what services behind a Keystone guard believe about their caller. Whoever may set them is
 * whoever they please, so a guard removes all of them before it looks at anything else, on public paths too
 * (CVE-2026-22797: a middleware that set them only after a successful check let forged ones through).
 */
import type { CallerIdentity } from './identity.ts'

/** What a request's headers look like in node:http, Fastify and Express. */
export type HeaderValues = Record<string, string | string[] | undefined>

export interface StrippableRequest {
  headers: HeaderValues
  /** node:http's flat list name, value, name, value ... Rewritten too when present: some proxies forward it. */
  rawHeaders?: string[]
  readonly headersDistinct?: Record<string, string[] | undefined>
}

const SUBJECT_FIELDS = [
  'domain-id',
  'domain-name',
  'project-id',
  'project-name',
  'project-domain-id',
  'project-domain-name',
  'user-id',
  'user-name',
  'user-domain-id',
  'user-domain-name',
  'roles',
  'identity-status',
] as const

/** Every header that Keystone middleware sets, in lower case with dashes; its deprecated names included. */
export const IDENTITY_HEADERS: ReadonlySet<string> = new Set([
  ...SUBJECT_FIELDS.map((field) => `x-${field}`),
  ...SUBJECT_FIELDS.map((field) => `x-service-${field}`),
  'openstack-system-scope',
  'x-is-admin-project',
  'x-service-catalog',
  'x-role',
  'x-user',
  'x-tenant',
  'x-tenant-id',
  'x-tenant-name',
])

/**
 * Whether a header of this name could reach an application as an identity header. Case, underscores and other
 * separators count as one, and a leading `HTTP_` is ignored: CGI, WSGI and PHP fold all of these into one variable.
 */
export function isIdentityHeader(name: string): boolean {
  const folded = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-?(?:http-)+|^-/, '')
  return IDENTITY_HEADERS.has(folded)
}

/** Removes every identity header from the request, in place and synchronously. */
export function stripIdentityHeaders(request: StrippableRequest): void {
  const { headers, rawHeaders = [] } = request
  removeIdentityHeaders(headers)
  if (!rawHeaders.some((name, at) => at % 2 === 0 && isIdentityHeader(name))) return
  // Node builds this view from rawHeaders when it is first asked for, by a count it took before: so ask now.
  if (request.headersDistinct !== undefined) removeIdentityHeaders(request.headersDistinct)
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (isIdentityHeader(rawHeaders[at] as string)) rawHeaders.splice(at, 2)
  }
}

function removeIdentityHeaders(headers: Record<string, unknown>): void {
  for (const name of Object.keys(headers)) if (isIdentityHeader(name)) delete headers[name]
}

/**
 * Tells a service behind a proxy who is calling, in the headers that Keystone middleware sets. Call it after
 * {@link stripIdentityHeaders}. Names in UTF-8 travel as their bytes; a value that could not travel without being
 * read as something else (control characters, a comma in a role's name) is left out.
 */
export function setIdentityHeaders(
  request: StrippableRequest,
  identity: CallerIdentity,
  service: CallerIdentity | undefined,
): void {
  keepIdentityHeadersEndToEnd(request)
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined || /[\x00-\x1f\x7f]/.test(value)) return
    const bytes = Buffer.from(value, 'utf8').toString('latin1')
    request.headers[name.toLowerCase()] = bytes
    request.rawHeaders?.push(name, bytes)
  }
  setSubject(set, 'X-', identity)
  set('OpenStack-System-Scope', identity.system ? 'all' : undefined)
  if (service !== undefined) setSubject(set, 'X-Service-', service)
}

function setSubject(
  set: (name: string, value: string | undefined) => void,
  prefix: string,
  identity: CallerIdentity,
): void {
  set(`${prefix}Identity-Status`, 'Confirmed')
  set(`${prefix}User-Id`, identity.userId)
  set(`${prefix}User-Name`, identity.userName)
  set(`${prefix}User-Domain-Id`, identity.userDomainId)
  set(`${prefix}User-Domain-Name`, identity.userDomainName)
  set(`${prefix}Project-Id`, identity.projectId)
  set(`${prefix}Project-Name`, identity.projectName)
  set(`${prefix}Project-Domain-Id`, identity.projectDomainId)
  set(`${prefix}Project-Domain-Name`, identity.projectDomainName)
  set(`${prefix}Domain-Id`, identity.domainId)
  set(`${prefix}Domain-Name`, identity.domainName)
  set(`${prefix}Roles`, identity.roles.filter((role) => /^[^,\x00-\x1f\x7f]+$/.test(role)).join(','))
}

/** `Connection: X-Roles` would ask the next hop to drop the header (RFC 9110 section 7.6.1): not the caller's to say. */
function keepIdentityHeadersEndToEnd(request: StrippableRequest): void {
  const keep = (value: string): string =>
    value
      .split(',')
      .map((option) => option.trim())
      .filter((option) => option !== '' && !isIdentityHeader(option))
      .join(', ')
  const connection = request.headers['connection']
  if (typeof connection === 'string') request.headers['connection'] = keep(connection)
  const raw = request.rawHeaders ?? []
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() === 'connection') raw[at + 1] = keep(raw[at + 1] ?? '')
  }
}
