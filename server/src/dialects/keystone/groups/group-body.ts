/** Groups on the wire: what a body may hold, how a group is shown, and what policy rules see of one. */
import { type Static, Type } from 'typebox'
import type { Context } from '../../../context.ts'
import type { Incoming, PolicyTarget } from '../../../http/operation.ts'
import type { Group, MembershipClock } from '../../../store/groups.ts'
import { attributesBeyond } from '../attributes.ts'
import { selfLink } from '../collection.ts'
import { Description, DomainId } from '../users/user-body.ts'

const Name = Type.String({ minLength: 1, maxLength: 64, pattern: '\\S' })
const attributes = { description: Type.Optional(Description), domain_id: Type.Optional(DomainId) }

export const CreateGroupBody = Type.Object({ group: Type.Object({ ...attributes, name: Name }) })
export const UpdateGroupBody = Type.Object({
  group: Type.Object({ ...attributes, name: Type.Optional(Name) }, { minProperties: 1 }),
})
export type SentGroup = Static<typeof UpdateGroupBody>['group']

export function extraOf(sent: object): Record<string, unknown> {
  const own = ['id', 'name', 'domain_id', 'description', 'links']
  return attributesBeyond(sent as Record<string, unknown>, own)
}

/** `group` as it is shown everywhere, with `more` before its links. */
export function groupFields(incoming: Incoming, group: Group, more: object = {}): Record<string, unknown> {
  return {
    ...group.extra,
    id: group.id,
    name: group.name,
    domain_id: group.domainId,
    description: group.description,
    ...more,
    links: selfLink(incoming, `groups/${group.id}`),
  }
}

/** A group as the rules name one. */
export function groupTarget(
  group: Group | undefined,
  call: { readonly params: Readonly<Record<string, string>> },
): PolicyTarget {
  const path = { group_id: call.params['group_id'] }
  if (!group) return path
  return {
    ...path,
    'target.group.id': group.id,
    'target.group.name': group.name,
    'target.group.domain_id': group.domainId,
  }
}

export function membershipClock(ctx: Context): MembershipClock {
  return { now: ctx.now(), defaultTtl: ctx.settings.defaultAuthorizationTtl }
}
