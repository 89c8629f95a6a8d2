/** The body of `POST /v3/auth/tokens`: its schema, and its reading into an identity and a wished scope. */
import { type Static, Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import type { Identity } from '../../../flows/authenticate.ts'
import type { SignedOauthRequest } from '../../../flows/oauth1.ts'
import type { WishedScope } from '../../../flows/resolve-scope.ts'
import type { ApplicationCredentialPayload } from '../../../methods/application-credential/method.ts'
import type { AssumeRolePayload } from '../../../methods/assume-role/method.ts'
import type { UserReference } from '../../../store/identity.ts'
import type { DomainReference, ProjectReference } from '../../../store/scopes.ts'

const Reference = Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) })
const InDomain = {
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  domain: Type.Optional(Reference),
}
const InDomainObject = Type.Object(InDomain)
const User = Type.Object({ ...InDomain, password: Type.Optional(Type.String()) })
const TotpUser = Type.Object({ ...InDomain, passcode: Type.Optional(Type.Unknown()) })

/** Both names of an agency are in use: the documented one, and the one that clients send. */
const AssumeRole = Type.Object({
  domain_id: Type.Optional(Type.String()),
  domain_name: Type.Optional(Type.String()),
  agency_name: Type.Optional(Type.String()),
  xrole_name: Type.Optional(Type.String()),
  external_id: Type.Optional(Type.String()),
  source_identity: Type.Optional(Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9=,.@_-]+$' })),
  restrict: Type.Optional(
    Type.Object({
      roles: Type.Optional(
        Type.Array(
          Type.Union([
            Type.String(),
            Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }),
          ]),
          { maxItems: 64 },
        ),
      ),
    }),
  ),
})

/** Payloads of methods other than these are checked by their methods. */
export const AuthBody = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Type.String()),
      password: Type.Optional(Type.Object({ user: Type.Optional(User) })),
      token: Type.Optional(Type.Object({ id: Type.String() })),
      application_credential: Type.Optional(
        Type.Object({
          id: Type.Optional(Type.String()),
          name: Type.Optional(Type.String()),
          secret: Type.Optional(Type.String()),
          user: Type.Optional(Type.Object(InDomain)),
        }),
      ),
      totp: Type.Optional(Type.Object({ user: Type.Optional(TotpUser) })),
      assume_role: Type.Optional(AssumeRole),
    }),
    scope: Type.Optional(
      Type.Union([
        Type.Object({
          project: Type.Optional(InDomainObject),
          domain: Type.Optional(Reference),
          'OS-TRUST:trust': Type.Optional(Type.Object({ id: Type.Optional(Type.String()) })),
          system: Type.Optional(Type.Object({ all: Type.Optional(Type.Boolean()) })),
        }),
        Type.Literal('unscoped'),
      ]),
    ),
  }),
})

type Auth = Static<typeof AuthBody>['auth']

const COMPLY =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.'

function expecting(what: string, where: string): never {
  return refuse('bad_request', `${what} missing`, {
    message: `Expecting to find ${what} in ${where}. ${COMPLY}`,
  })
}

/** Payloads that are read here; the others go to their methods as they came. */
const PAYLOADS: Readonly<Record<string, ((auth: Auth) => unknown) | undefined>> = Object.assign(
  Object.create(null),
  {
    application_credential: applicationCredentialPayload,
    assume_role: assumeRolePayload,
    mapped: mappedPayload,
    password: passwordPayload,
    totp: totpPayload,
  },
)

/**
 * Methods once each (naming one a thousand times is naming it once, CVE-2014-2828), with their payloads. `signed` is the
 * request itself, which the method `oauth1` looks at.
 */
export function identityFrom(auth: Auth, signed: SignedOauthRequest): Identity {
  const given = auth.identity as Readonly<Record<string, unknown>>
  const methods = [...new Set(auth.identity.methods)]
  if (methods.length === 0) return refuse('unauthenticated', 'no method named')
  const payloads: Record<string, unknown> = Object.create(null)
  for (const method of methods) {
    if (method === 'identity' || !Object.hasOwn(given, method)) return expecting(method, 'identity')
    payloads[method] = method === 'oauth1' ? signed : (PAYLOADS[method]?.(auth) ?? given[method])
  }
  return { methods, payloads }
}

function passwordPayload(auth: Auth): { user: UserReference; password: string } {
  const user = auth.identity.password?.user
  if (!user) return expecting('user', 'password')
  const reference = userReference(user)
  if (user.password === undefined) return refuse('unauthenticated', 'no password')
  return { user: reference, password: user.password }
}

/** By id alone: a `user` beside it is not looked at, the credential knows whose it is (CVE-2026-42998). */
function applicationCredentialPayload(auth: Auth): ApplicationCredentialPayload {
  const { id, name, user, secret } = auth.identity.application_credential ?? {}
  const named = name || ''
  if (!id && !named) return expecting('name or ID', 'application credential')
  if (secret === undefined) return refuse('unauthenticated', 'no secret of an application credential')
  if (id) return { id, secret }
  return { name: named, secret, user: userReference(user ?? expecting('user', 'application credential')) }
}

/** A federated session to go on from; assertions come in by their providers' paths. */
function mappedPayload(auth: Auth): { id: string } {
  const { mapped } = auth.identity as { mapped?: Readonly<Record<string, unknown>> | null }
  if (typeof mapped?.['id'] === 'string') return { id: mapped['id'] }
  for (const name of ['identity_provider', 'protocol']) if (!mapped?.[name]) return expecting(name, 'mapped')
  return refuse('unauthenticated', 'mapped without an assertion')
}

/** A passcode that is no text is a wrong one, as in Keystone. */
function totpPayload(auth: Auth): { user: UserReference; passcode: string } {
  const user = auth.identity.totp?.user
  if (!user) return expecting('user', 'totp')
  const { passcode } = user
  return { user: userReference(user), passcode: typeof passcode === 'string' ? passcode : '' }
}

function assumeRolePayload(auth: Auth): AssumeRolePayload {
  const { domain_id, domain_name, agency_name, xrole_name, restrict, ...more } =
    auth.identity.assume_role ?? {}
  const name = agency_name || xrole_name
  if (!name) return expecting('agency_name', 'assume_role')
  if (agency_name && xrole_name && agency_name !== xrole_name) return expecting('one agency', 'assume_role')
  if (!domain_id && !domain_name) return expecting('domain_id or domain_name', 'assume_role')
  // A list that is sent empty, as some clients do, restricts nothing.
  const onlyRoles = (restrict?.roles ?? []).map((role) =>
    typeof role === 'string' ? role : (role.id ?? role.name ?? expecting('id or name', 'role')),
  )
  return {
    account: domain_id ? { id: domain_id, name: domain_name || undefined } : { name: domain_name ?? '' },
    agency: name,
    onlyRoles,
    externalId: more.external_id,
    sourceIdentity: more.source_identity,
  }
}

/** A user by name in a domain, or by id. Of an id and a name the name counts, and an empty one is none, as in Keystone. */
export function userReference(user: Static<typeof InDomainObject>): UserReference {
  if (user.name) {
    return { name: user.name, domain: domainReference(user.domain ?? expecting('domain', 'user')) }
  }
  return { id: user.id || expecting('id or name', 'user') }
}

function domainReference(domain: Static<typeof Reference>): DomainReference {
  if (domain.name) return { name: domain.name }
  return { id: domain.id || expecting('id or name', 'domain') }
}

/**
 * The same where a scope is an account's own: of project and domain the project counts, nothing at all is the account
 * as a whole, and a project named without a domain is the account's.
 */
export function accountScopeFrom(auth: Auth): WishedScope {
  const { scope } = auth
  if (scope === 'unscoped') return { kind: 'unscoped' }
  const { project, domain, ...others } = scope ?? {}
  if (project) {
    if (project.id) return { kind: 'project', project: { id: project.id } }
    if (project.domain !== undefined || project.name === undefined) {
      return { kind: 'project', project: projectReference(project) }
    }
    return { kind: 'project', project: { name: project.name } }
  }
  if (domain) return { kind: 'domain', domain: domainReference(domain) }
  return Object.keys(others).length > 0 ? scopeFrom(auth) : { kind: 'account' }
}

const SCOPES = ['system', 'project', 'domain', 'OS-TRUST:trust', 'unscoped'] as const

/** The wished scope; `default` when none is given. Exactly one kind may be named. */
export function scopeFrom(auth: Auth): WishedScope {
  const { scope } = auth
  if (scope === undefined) return { kind: 'default' }
  // keystoneauth says it so; by the Identity API it is an empty object.
  if (scope === 'unscoped') return { kind: 'unscoped' }
  const named = SCOPES.filter((name) => Object.hasOwn(scope, name))
  if (named.length !== 1) return expecting('system, project, domain, OS-TRUST:trust or unscoped', 'scope')
  if (scope.project) return { kind: 'project', project: projectReference(scope.project) }
  if (scope.domain) return { kind: 'domain', domain: domainReference(scope.domain) }
  if (scope['OS-TRUST:trust']) {
    return { kind: 'trust', id: scope['OS-TRUST:trust'].id ?? expecting('trust_id', 'trust') }
  }
  if (scope.system) return scope.system.all === true ? { kind: 'system' } : expecting('all', 'system')
  return { kind: 'unscoped' }
}

function projectReference(project: Static<typeof InDomainObject>): ProjectReference {
  if (project.name) {
    return { name: project.name, domain: domainReference(project.domain ?? expecting('domain', 'project')) }
  }
  return { id: project.id || expecting('id or name', 'project') }
}
