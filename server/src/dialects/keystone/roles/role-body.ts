/** Roles on the wire: what may be sent, what is stored of it, what is shown. */
import { type Static, Type } from 'typebox'
import type { Incoming } from '../../../http/operation.ts'
import type { RoleRecord } from '../../../store/roles.ts'
import { selfLink } from '../collection.ts'

const attributes = {
  name: Type.String({ minLength: 1, maxLength: 255, pattern: '\\S' }),
  description: Type.String(),
  options: Type.Object(
    { immutable: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])) },
    { additionalProperties: false },
  ),
  domain_id: Type.Union([Type.String(), Type.Null()]),
}

export const CreateRoleBody = Type.Object({
  role: Type.Object({ ...Type.Partial(Type.Object(attributes)).properties, name: attributes.name }),
})

export const UpdateRoleBody = Type.Object({
  role: Type.Object(Type.Partial(Type.Object(attributes)).properties, { minProperties: 1 }),
})

export type UpdateRole = Static<typeof UpdateRoleBody>['role']

/** Names that are not kept as extra attributes; Keystone swallows one called `extra`. */
const OWN = new Set(['id', 'name', 'domain_id', 'description', 'options', 'links', 'extra'])

export function extraOf(sent: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(sent).filter(([name]) => !OWN.has(name)))
}

export function roleBody(incoming: Incoming, role: RoleRecord): Record<string, unknown> {
  return {
    ...role.extra,
    id: role.id,
    name: role.name,
    domain_id: role.domainId === '' ? null : role.domainId,
    description: role.description,
    options: role.options,
    links: selfLink(incoming, `roles/${role.id}`),
  }
}

/** What rules may ask about a role: `target.role.domain_id` is null for a global one, as the rules expect. */
export function roleTarget(role: RoleRecord): Record<string, unknown> {
  return {
    'target.role.id': role.id,
    'target.role.name': role.name,
    'target.role.domain_id': role.domainId === '' ? null : role.domainId,
  }
}
