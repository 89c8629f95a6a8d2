/** Users on the wire: what a body may hold, how a user is shown, and what policy rules see of one. */
import { type Static, Type } from 'typebox'
import type { Context } from '../../../context.ts'
import { isIdle } from '../../../core/security-compliance.ts'
import type { Incoming, PolicyTarget } from '../../../http/operation.ts'
import type { FederatedIdentity, User } from '../../../store/users.ts'
import { attributesBeyond } from '../attributes.ts'
import { selfLink } from '../collection.ts'
import { plainTime } from '../time.ts'

const nullable = <T>(type: string, rest: object = {}) =>
  Type.Unsafe<T | null>({ type: [type, 'null'], ...rest })
const id = { minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-]+$' }

export const Name = Type.String({ minLength: 1, maxLength: 255, pattern: '\\S' })
export const DomainId = Type.String(id)
export const Description = nullable<string>('string')

const flag = Type.Optional(nullable<boolean>('boolean'))
const Options = Type.Object(
  {
    ignore_change_password_upon_first_use: flag,
    ignore_password_expiry: flag,
    ignore_lockout_failure_attempts: flag,
    lock_password: flag,
    ignore_user_inactivity: flag,
    multi_factor_auth_enabled: flag,
    multi_factor_auth_rules: Type.Optional(
      nullable<string[][]>('array', {
        uniqueItems: true,
        items: { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
      }),
    ),
  },
  { additionalProperties: false },
)
const Federated = Type.Array(
  Type.Object({
    idp_id: Type.String(),
    protocols: Type.Array(
      Type.Object({ protocol_id: Type.String(), unique_id: Type.String({ maxLength: 255 }) }),
      {
        minItems: 1,
      },
    ),
  }),
)

/** What create and update share; any other attribute is kept as it comes. */
const attributes = {
  default_project_id: Type.Optional(nullable<string>('string', id)),
  description: Type.Optional(Description),
  domain_id: Type.Optional(DomainId),
  enabled: Type.Optional(Type.Boolean()),
  federated: Type.Optional(Federated),
  password: Type.Optional(nullable<string>('string')),
  options: Type.Optional(Options),
}

export const CreateUserBody = Type.Object({ user: Type.Object({ ...attributes, name: Name }) })
export const UpdateUserBody = Type.Object({
  user: Type.Object({ ...attributes, name: Type.Optional(Name) }, { minProperties: 1 }),
})
export type SentUser = Static<typeof UpdateUserBody>['user']

/** Never kept as extra attributes. The last three Keystone keeps and never shows. */
const OWN = [
  ...['id', 'name', 'domain_id', 'enabled', 'default_project_id', 'password', 'password_expires_at'],
  ...['options', 'federated', 'links', 'groups', 'tenants', 'domains'],
]

export function extraOf(sent: object): Record<string, unknown> {
  return attributesBeyond(sent as Record<string, unknown>, OWN)
}

export function identitiesOf(federated: Static<typeof Federated>): readonly FederatedIdentity[] {
  return federated.flatMap(({ idp_id, protocols }) =>
    protocols.map(({ protocol_id, unique_id }) => ({
      idpId: idp_id,
      protocolId: protocol_id,
      uniqueId: unique_id,
    })),
  )
}

/**
 * `user` as it is shown everywhere, with `more` before its links. Neither a password nor anything made from one is among
 * the fields a user has here, so none can be shown.
 */
export function userFields(
  call: Incoming & { readonly ctx: Context },
  user: User,
  more: object = {},
): Record<string, unknown> {
  const { settings, now } = call.ctx
  const { defaultProjectId, passwordExpiresAt } = user
  const neverExpires = passwordExpiresAt === null || user.options['ignore_password_expiry'] === true
  return {
    ...user.extra,
    id: user.id,
    name: user.name,
    domain_id: user.domainId,
    enabled: user.enabled && !isIdle(user, settings, now()),
    ...(defaultProjectId === null ? {} : { default_project_id: defaultProjectId }),
    password_expires_at: neverExpires ? null : plainTime(passwordExpiresAt),
    options: user.options,
    ...more,
    links: selfLink(call, `users/${user.id}`),
  }
}

/** `federated` where a user has some: provider by provider. */
export function federatedFields(identities: readonly FederatedIdentity[]): Record<string, unknown> {
  if (identities.length === 0) return {}
  const byIdp = Map.groupBy(identities, (identity) => identity.idpId)
  const federated = [...byIdp].map(([idpId, own]) => ({
    idp_id: idpId,
    protocols: own.map(({ protocolId, uniqueId }) => ({ protocol_id: protocolId, unique_id: uniqueId })),
  }))
  return { federated }
}

/** A user as the rules name one. */
export function userTarget(
  user: User | undefined,
  call: { readonly params: Readonly<Record<string, string>> },
): PolicyTarget {
  const path = { user_id: call.params['user_id'] }
  if (!user) return path
  return {
    ...path,
    'target.user.id': user.id,
    'target.user.name': user.name,
    'target.user.domain_id': user.domainId,
    'target.user.enabled': user.enabled,
  }
}
