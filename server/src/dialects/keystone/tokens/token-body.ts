/** A session as the body of `POST` and `GET /v3/auth/tokens`. Pure rendering: everything it shows is already loaded. */
import type { Session, UserFacts } from '../../../core/session.ts'
import type { Catalog, CatalogService } from '../../../store/catalog.ts'
import { microTime, plainTime, tokenTime } from '../time.ts'

/** How a face shows tokens. The OpenStack face is Keystone's; the Huawei face follows Huawei's documents. */
export interface TokenStyle {
  /** Shown instead of every role's id. */
  readonly roleId?: string
  /** Shown where a password never expires. */
  readonly noPasswordExpiry: null | ''
  /**
   * Only who signed in elsewhere, or stands behind an agency, is shown with a password that never expires; whoever has a
   * password here is shown with its expiry or without one, an agency never (Huawei Cloud's documents).
   */
  readonly hidesNoExpiry?: boolean
  readonly auditIds: boolean
  readonly isDomain: boolean
  /** Show `service_providers`. */
  readonly serviceProviders?: boolean
  /** `xdomain_type` of domains, and `xdomain_id` with it, in tokens of who signed in here in person. */
  readonly xdomainType?: string
  /** Shown as the region of endpoints that serve every region. */
  readonly anyRegion?: '*'
  /** What `?nocatalog` leaves: nothing at all, or an empty list. */
  readonly withoutCatalog: 'absent' | 'empty'
}

export const KEYSTONE_STYLE: TokenStyle = {
  noPasswordExpiry: null,
  auditIds: true,
  isDomain: true,
  serviceProviders: true,
  withoutCatalog: 'absent',
}

/** What follows the session's own fields. */
export interface Shown {
  readonly catalog: Catalog
  /** The request asked for no catalog: of it only the clouds its users may go to are shown, as Keystone does. */
  readonly nocatalog?: boolean
}

/** `{"token": {...}}` as text. `shown` null: the session's own fields are all. */
export function tokenBody(session: Session, shown: Shown | null, style: TokenStyle): string {
  return ownText(session, style) + restOf(session, shown, style).text
}

/** A text and its length in UTF-8. */
export interface Sized {
  readonly text: string
  readonly bytes: number
}

export function sized(text: string): Sized {
  return { text, bytes: Buffer.byteLength(text) }
}

/** The beginning of the body, which is the session's own. */
export function ownText(session: Session, given: TokenStyle): string {
  const { agency, federation } = session.delegation
  const style = agency || federation ? withoutXdomain(given) : given
  return JSON.stringify({ token: tokenFields(session, style) }).slice(0, -2)
}

const NOTHING = sized('}}')
const EMPTY_CATALOG = sized(',"catalog":[]}}')

// One end of bodies per catalog, project and, where a URL names the user, user: ids in URLs and the project's endpoint
// filter are all that varies.
const rests = new WeakMap<
  Catalog,
  { readonly namesUser: boolean; readonly kept: Map<string, Sized>; bytes: number }
>()
/** In bytes: a catalog of thousands of endpoints makes ends of half a megabyte. */
const RESTS_KEPT = 16_000_000

/** The end of the body, from the catalog on: the same for all sessions of a project. */
export function restOf(session: Session, shown: Shown | null, style: TokenStyle): Sized {
  const isUnscoped = session.scope.kind === 'unscoped'
  if (!shown || shown.nocatalog) {
    const elsewhere = shown && style.serviceProviders ? serviceProvidersJson(shown.catalog) : ''
    if (elsewhere !== '') return sized(`${elsewhere}}}`)
    return style.withoutCatalog === 'empty' && !isUnscoped ? EMPTY_CATALOG : NOTHING
  }
  const { catalog } = shown
  const known = rests.get(catalog) ?? {
    namesUser: namesUser(catalog),
    kept: new Map<string, Sized>(),
    bytes: 0,
  }
  rests.set(catalog, known)
  const { kept } = known
  const scope = session.scope.kind === 'project' ? session.scope.project.id : isUnscoped ? 'unscoped' : ''
  const user = known.namesUser ? session.user.id : ''
  const key = `${style.serviceProviders === true} ${style.anyRegion ?? ''} ${scope} ${user}`
  let rest = kept.get(key)
  if (rest === undefined) {
    const elsewhere = style.serviceProviders ? serviceProvidersJson(catalog) : ''
    const fields = isUnscoped ? null : catalogFields(catalog, session, style.anyRegion ?? null)
    rest = sized(`${fields ? `,"catalog":${JSON.stringify(fields)}` : ''}${elsewhere}}}`)
    if (known.bytes + rest.bytes > RESTS_KEPT) {
      kept.clear()
      known.bytes = 0
    }
    kept.set(key, rest)
    known.bytes += rest.bytes
  }
  return rest
}

/** Clouds this one's users may go to; absent when there are none. */
function serviceProvidersJson({ serviceProviders }: Catalog): string {
  if (serviceProviders.length === 0) return ''
  const shown = serviceProviders.map(({ id, authUrl, spUrl }) => ({ auth_url: authUrl, id, sp_url: spUrl }))
  return `,"service_providers":${JSON.stringify(shown)}`
}

function tokenFields(session: Session, style: TokenStyle): Record<string, unknown> {
  const { claims, delegation } = session
  const { trust, applicationCredential, oauth1, agency } = delegation
  const fields: Record<string, unknown> = {
    methods: methodsOf(session, style),
    user: userFields(session, style),
  }
  if (style.auditIds) fields['audit_ids'] = claims.auditIds
  fields['expires_at'] = tokenTime(claims.expiresAt)
  fields['issued_at'] = tokenTime(claims.issuedAt)
  if (trust) {
    fields['OS-TRUST:trust'] = {
      id: trust.id,
      trustor_user: { id: trust.trustorUserId },
      trustee_user: { id: trust.trusteeUserId },
      impersonation: trust.impersonation,
    }
  }
  if (oauth1) {
    fields['OS-OAUTH1'] = { access_token_id: oauth1.accessTokenId, consumer_id: oauth1.consumerId }
  }
  addScope(fields, session, style)
  if (agency) fields['assumed_by'] = { user: personFields(agency.assumedBy, withoutXdomain(style)) }
  if (applicationCredential) {
    const { id, name, unrestricted, accessRules } = applicationCredential
    fields['application_credential'] = {
      id,
      name,
      restricted: !unrestricted,
      ...(accessRules ? { access_rules: accessRules } : {}),
    }
  }
  return fields
}

function withoutXdomain(style: TokenStyle): TokenStyle {
  if (style.xdomainType === undefined) return style
  const { xdomainType: _, ...rest } = style
  return rest
}

/** Huawei Cloud shows a federated session that was scoped as proved by its token alone. */
function methodsOf({ claims, delegation }: Session, style: TokenStyle): readonly string[] {
  const isScoped = delegation.federation !== undefined && claims.methods.includes('token')
  return isScoped && !style.auditIds ? ['token'] : claims.methods
}

function addScope(fields: Record<string, unknown>, session: Session, style: TokenStyle): void {
  const { scope, delegation } = session
  if (scope.kind === 'unscoped') return
  if (scope.kind === 'project') {
    const { id, name, domain, isDomain } = scope.project
    fields['project'] = { domain: domainFields(domain, style), id, name }
    // Keystone leaves it out of trust-scoped tokens.
    if (style.isDomain && !delegation.trust) fields['is_domain'] = isDomain
  }
  if (scope.kind === 'domain') fields['domain'] = domainFields(scope.domain, style)
  fields['roles'] = session.roles.map((role) => ({
    id: style.roleId ?? role.id,
    name: role.name,
    ...(delegation.trust && style.roleId === undefined
      ? { domain_id: null, description: role.description, options: role.options }
      : {}),
  }))
  if (scope.kind === 'system') fields['system'] = { all: true }
}

function userFields(session: Session, style: TokenStyle): Record<string, unknown> {
  const { user, delegation } = session
  const { federation } = delegation
  const fields: Record<string, unknown> = personFields(user, style)
  if (style.hidesNoExpiry && !federation && user.passwordExpiresAt === null)
    delete fields['password_expires_at']
  if (federation) {
    fields['OS-FEDERATION'] = {
      groups: federation.groups.map(({ id, name }) => (style.auditIds ? { id } : { id, name })),
      identity_provider: { id: federation.idp },
      protocol: { id: federation.protocol },
    }
  }
  return fields
}

/** `user` of a token, and `assumed_by.user` where a wire shows who acts. */
export function personFields(user: UserFacts, style: TokenStyle): Record<string, unknown> {
  const { passwordExpiresAt } = user
  return {
    domain: domainFields(user.domain, style),
    id: user.id,
    name: user.name,
    password_expires_at:
      passwordExpiresAt === null ? style.noPasswordExpiry : expiryText(passwordExpiresAt, style),
  }
}

/** Keystone leaves the `Z` off. */
function expiryText(micros: number, style: TokenStyle): string {
  return style.noPasswordExpiry === null ? plainTime(micros) : microTime(micros)
}

function domainFields(domain: { readonly id: string; readonly name: string }, style: TokenStyle) {
  const { id, name } = domain
  return style.xdomainType === undefined
    ? { id, name }
    : { id, name, xdomain_type: style.xdomainType, xdomain_id: id }
}

const OF_USER = /[%$]\(user_id\)s/

function namesUser({ services }: Catalog): boolean {
  return services.some(({ endpoints }) => endpoints.some(({ url }) => OF_USER.test(url)))
}

/** The catalog as a session sees it: `GET /v3/auth/catalog` shows the same. */
export function catalogFields(
  catalog: Catalog,
  { scope, user }: Pick<Session, 'scope' | 'user'>,
  anyRegion: '*' | null = null,
): readonly unknown[] {
  const projectId = scope.kind === 'project' ? scope.project.id : null
  const shown = projectId === null ? undefined : catalog.byProject.get(projectId)
  const seen = { projectId, userId: user.id, shown, anyRegion }
  return catalog.services
    .map((service) => ({ service, endpoints: endpointFields(service, seen) }))
    .filter(({ endpoints }) => shown === undefined || endpoints.length > 0)
    .map(({ service, endpoints }) => ({
      endpoints,
      id: service.id,
      type: service.type,
      name: service.name ?? '',
    }))
}

function endpointFields(
  service: CatalogService,
  seen: {
    readonly projectId: string | null
    readonly userId: string
    readonly shown: ReadonlySet<string> | undefined
    readonly anyRegion: '*' | null
  },
): readonly unknown[] {
  const { shown, anyRegion } = seen
  const fields: unknown[] = []
  for (const endpoint of service.endpoints) {
    if (shown && !shown.has(endpoint.id)) continue
    const url = endpointUrl(endpoint.url, seen)
    if (url === null) continue
    const { id, extra } = endpoint
    const regionId = endpoint.regionId ?? anyRegion
    fields.push({ ...extra, id, interface: endpoint.interface, region_id: regionId, url, region: regionId })
  }
  return fields
}

/**
 * A URL with ids in place of `%(project_id)s`, `%(tenant_id)s`, `%(user_id)s` and their `$(...)s` spellings. null: the URL
 * needs a project and there is none. No other substitution exists (CVE-2014-3621).
 */
function endpointUrl(
  url: string,
  { projectId, userId }: { readonly projectId: string | null; readonly userId: string },
): string | null {
  if (projectId === null && /[%$]\((project_id|tenant_id)\)s/.test(url)) return null
  return url.replace(/[%$]\((project_id|tenant_id|user_id)\)s/g, (_, name) =>
    name === 'user_id' ? userId : (projectId ?? ''),
  )
}
