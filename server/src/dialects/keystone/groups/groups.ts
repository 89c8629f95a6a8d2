/**
 * Groups of users (Identity API v3, "Groups"). What a group may do is decided by grants; who is in one by `members.ts`,
 * or by the mapping of an identity provider.
 */
import { found, missing, refuse } from '../../../core/refusal.ts'
import {
  deleteGroup as deleteStored,
  findGroup,
  type Group,
  holdGroup,
  holdsGrants,
  insertGroup,
  listGroups as listStored,
  updateGroup as updateStored,
  voidTokensOfMembers,
} from '../../../store/groups.ts'
import { newId } from '../../../store/ids.ts'
import { findDomainScope } from '../../../store/scopes.ts'
import { demandSameId } from '../attributes.ts'
import { collection, filtersFrom, pageFrom } from '../collection.ts'
import { type Call, change, operation, renaming } from '../operation.ts'
import { onlyOwnDomain, ownDomainOf } from '../own-domain.ts'
import { nameTaken } from '../users/user-rules.ts'
import { CreateGroupBody, extraOf, groupFields, groupTarget, UpdateGroupBody } from './group-body.ts'
import { memberOperations } from './members.ts'

const idOf = (call: Pick<Call, 'params'>): string => call.params['group_id'] ?? ''

const createGroup = operation({
  id: 'create_group',
  method: 'POST',
  path: '/v3/groups',
  policy: 'identity:create_group',
  body: CreateGroupBody,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  target: (_facts, { body, caller, ctx }) => ({
    'target.group.domain_id': body?.group.domain_id ?? ownDomainOf(caller, ctx.settings),
  }),
  handle: async (call) => {
    const sent = call.body.group
    const group: Group = {
      id: newId(),
      name: sent.name.trim(),
      domainId: sent.domain_id ?? ownDomainOf(call.caller, call.ctx.settings),
      description: sent.description === undefined ? '' : sent.description,
      extra: extraOf(sent),
      createdAt: call.ctx.now(),
    }
    await change(call, `group:${group.id}`, async (tx) => {
      if (!(await findDomainScope(tx, { id: group.domainId }))) missing('domain', group.domainId)
      await insertGroup(tx, group).catch(nameTaken('group', group.name, group.domainId))
    })
    return { body: { group: groupFields(call, group) } }
  },
})

/** A domain-scoped caller sees the groups of that domain and no others. */
const listGroups = operation({
  id: 'list_groups',
  method: 'GET',
  path: '/v3/groups',
  policy: 'identity:list_groups',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  target: (_facts, { caller }) =>
    caller.scope.kind === 'domain' ? { 'target.group.domain_id': caller.scope.domain.id } : {},
  handle: async (call) => {
    const filters = [
      ...filtersFrom(call.query, {
        name: { column: 'group.name' },
        domain_id: { column: 'group.domain_id' },
      }),
      ...onlyOwnDomain(call.caller, 'group.domain_id'),
    ]
    const { items, next } = await listStored(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((group) => groupFields(call, group))
    return { body: collection(call, 'groups', members, next) }
  },
})

const showGroup = operation({
  id: 'get_group',
  method: 'GET',
  path: '/v3/groups/:group_id',
  policy: 'identity:get_group',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: (call) => findGroup(call.ctx.store.db, idOf(call)),
  target: groupTarget,
  handle: async (call, loaded) => ({
    body: { group: groupFields(call, found(loaded, 'group', idOf(call))) },
  }),
})

const updateGroup = operation({
  id: 'update_group',
  ...renaming,
  path: '/v3/groups/:group_id',
  policy: 'identity:update_group',
  body: UpdateGroupBody,
  load: (call) => findGroup(call.ctx.store.db, idOf(call)),
  target: groupTarget,
  handle: async (call, loaded) => {
    const sent = call.body.group
    const { id } = found(loaded, 'group', idOf(call))
    demandSameId(sent, id)
    const group = await change(call, `group:${id}`, async (tx) => {
      const before = found(await holdGroup(tx, id), 'group', id)
      if (sent.domain_id !== undefined && sent.domain_id !== before.domainId) {
        refuse('bad_request', 'domain_id in the body', { message: 'Cannot change Domain ID' })
      }
      const after: Group = {
        ...before,
        name: sent.name?.trim() ?? before.name,
        description: sent.description === undefined ? before.description : sent.description,
        extra: { ...before.extra, ...extraOf(sent) },
      }
      await updateStored(tx, after).catch(nameTaken('group', after.name))
      return after
    })
    return { body: { group: groupFields(call, group) } }
  },
})

/**
 * Tokens of the members of a group that held grants are void, as in Keystone. Who removes a group is told that there is none before it is asked whether they may, as Keystone does here alone.
 */
const deleteGroup = operation({
  id: 'delete_group',
  method: 'DELETE',
  path: '/v3/groups/:group_id',
  policy: 'identity:delete_group',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: async (call) => found(await findGroup(call.ctx.store.db, idOf(call)), 'group', idOf(call)),
  target: (group: Group, call) => groupTarget(group, call),
  handle: async (call, { id }) => {
    await change(call, `group:${id}`, async (tx) => {
      found(await holdGroup(tx, id), 'group', id)
      if (await holdsGrants(tx, id)) await voidTokensOfMembers(tx, id, call.ctx.now())
      await deleteStored(tx, id)
    })
    return {}
  },
})

export const groupOperations = [
  createGroup,
  listGroups,
  showGroup,
  updateGroup,
  deleteGroup,
  ...memberOperations,
]
