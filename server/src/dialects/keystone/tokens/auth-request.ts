/** The body of `POST /v3/auth/tokens`: its schema, and its reading into an identity and a wished scope. */
import { type Static, Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import type { Identity } from '../../../flows/authenticate.ts'
import type { SignedOauthRequest } from '../../../flows/oauth1.ts'
import type { WishedScope } from '../../../flows/resolve-scope.ts'
import type { ApplicationCredentialPayload } from '../../../methods/application-credential/method.ts'
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
    }),
    scope: Type.Optional(
      Type.Object({
        project: Type.Optional(InDomainObject),
        domain: Type.Optional(Reference),
        'OS-TRUST:trust': Type.Optional(Type.Object({ id: Type.Optional(Type.String()) })),
        system: Type.Optional(Type.Object({ all: Type.Optional(Type.Boolean()) })),
      }),
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
  { application_credential: applicationCredentialPayload, password: passwordPayload, totp: totpPayload },
)

/**
 * Methods once each (naming one a thousand times is naming it once, CVE-2014-2828), with their payloads. `signed` is the
 * request itself, which the method `oauth1` looks at.
 */
export function identityFrom(auth: Auth, signed: SignedOauthRequest): Identity {
  const given = auth.identity as Readonly<Record<string, unknown>>
  const methods = [...new Set(auth.identity.methods)]
  if (methods.length === 0) return expecting('methods', 'identity')
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
  if (user.password === undefined) return expecting('password', 'user')
  return { user: userReference(user), password: user.password }
}

/** By id alone: a `user` beside it is not looked at, the credential knows whose it is (CVE-2026-42998). */
function applicationCredentialPayload(auth: Auth): ApplicationCredentialPayload {
  const { id, name, user, secret } = auth.identity.application_credential ?? {}
  if (secret === undefined) return refuse('unauthenticated', 'no secret of an application credential')
  if (id !== undefined) return { id, secret }
  if (name === undefined) return expecting('name or ID', 'application credential')
  return { name, secret, user: userReference(user ?? expecting('user', 'application credential')) }
}

/** A passcode that is no text is a wrong one, as in Keystone. */
function totpPayload(auth: Auth): { user: UserReference; passcode: string } {
  const user = auth.identity.totp?.user
  if (!user) return expecting('user', 'totp')
  const { passcode } = user
  return { user: userReference(user), passcode: typeof passcode === 'string' ? passcode : '' }
}

/** A user by id, or by name in a domain by id or name. */
export function userReference(user: Static<typeof InDomainObject>): UserReference {
  if (user.id !== undefined) return { id: user.id }
  if (user.name === undefined) return expecting('id or name', 'user')
  return { name: user.name, domain: domainReference(user.domain ?? expecting('domain', 'user')) }
}

function domainReference(domain: Static<typeof Reference>): DomainReference {
  if (domain.id !== undefined) return { id: domain.id }
  if (domain.name !== undefined) return { name: domain.name }
  return expecting('id or name', 'domain')
}

const SCOPES = ['system', 'project', 'domain', 'OS-TRUST:trust', 'unscoped'] as const

/**
 * The wished scope; `default` when none is given. Exactly one kind may be named.
 * `ownDomain` completes a project that is named without a domain, where the face allows that.
 */
export function scopeFrom(auth: Auth, ownDomain?: DomainReference): WishedScope {
  const { scope } = auth
  if (scope === undefined) return { kind: 'default' }
  const named = SCOPES.filter((name) => Object.hasOwn(scope, name))
  if (named.length !== 1) return expecting('system, project, domain, OS-TRUST:trust or unscoped', 'scope')
  if (scope.project) return { kind: 'project', project: projectReference(scope.project, ownDomain) }
  if (scope.domain) return { kind: 'domain', domain: domainReference(scope.domain) }
  if (scope['OS-TRUST:trust']) {
    return { kind: 'trust', id: scope['OS-TRUST:trust'].id ?? expecting('trust_id', 'trust') }
  }
  if (scope.system) return scope.system.all === true ? { kind: 'system' } : expecting('all', 'system')
  return { kind: 'unscoped' }
}

function projectReference(
  project: Static<typeof InDomainObject>,
  ownDomain?: DomainReference,
): ProjectReference {
  if (project.id !== undefined) return { id: project.id }
  if (project.name === undefined) return expecting('id or name', 'project')
  const domain = project.domain ? domainReference(project.domain) : ownDomain
  return { name: project.name, domain: domain ?? expecting('domain', 'project') }
}
