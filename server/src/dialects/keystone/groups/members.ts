/** Who is in a group. Grants of the group count from the next validation on, and no longer than the membership. */
import { found, refuse } from '../../../core/refusal.ts'
import { addMember, findGroup, type Group, holdGroup, isMember, removeMember } from '../../../store/groups.ts'
import { findUserById, holdUser, listUsers, type User, voidTokens } from '../../../store/users.ts'
import { collection, filtersFrom, pageFrom } from '../collection.ts'
import { type Call, change, operation } from '../operation.ts'
import { onlyOwnDomain } from '../own-domain.ts'
import { expiryConditions, userFilters } from '../users/list-users.ts'
import { userFields, userTarget } from '../users/user-body.ts'
import { groupTarget, membershipClock } from './group-body.ts'

interface Pair {
  readonly group: Group | undefined
  readonly user: User | undefined
}

const groupId = (call: Pick<Call, 'params'>): string => call.params['group_id'] ?? ''
const userId = (call: Pick<Call, 'params'>): string => call.params['user_id'] ?? ''

/** The parts that the operations on one member share. */
const onMember = {
  path: '/v3/groups/:group_id/users/:user_id',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'] as const,
  load: async (call: Pick<Call, 'ctx' | 'params'>): Promise<Pair> => {
    const { db } = call.ctx.store
    const [group, user] = await Promise.all([findGroup(db, groupId(call)), findUserById(db, userId(call))])
    return { group, user }
  },
  target: ({ group, user }: Pair, call: Pick<Call, 'params'>) => ({
    ...groupTarget(group, call),
    ...userTarget(user, call),
  }),
}

const listMembers = operation({
  id: 'list_users_in_group',
  method: 'GET',
  path: '/v3/groups/:group_id/users',
  policy: 'identity:list_users_in_group',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load: (call) => findGroup(call.ctx.store.db, groupId(call)),
  target: groupTarget,
  handle: async (call, loaded) => {
    const group = found(loaded, 'group', groupId(call))
    const narrowing = {
      filters: [...filtersFrom(call.query, userFilters), ...onlyOwnDomain(call.caller, 'user.domain_id')],
      passwordExpiry: expiryConditions(call.query),
      groupId: group.id,
    }
    const { items, next } = await listUsers(call.ctx.store.db, narrowing, pageFrom(call.query))
    const members = items.map((user) => userFields(call, user))
    return { body: collection(call, 'users', members, next) }
  },
})

const checkMember = operation({
  ...onMember,
  id: 'check_user_in_group',
  method: 'GET',
  policy: 'identity:check_user_in_group',
  handle: async (call, pair) => {
    const { group, user } = both(pair, call)
    const isIn = await isMember(call.ctx.store.db, user.id, group.id, membershipClock(call.ctx))
    if (!isIn) refuseNotIn(call)
    return {}
  },
})

/** Adding twice is adding once. */
const addToGroup = operation({
  ...onMember,
  id: 'add_user_to_group',
  method: 'PUT',
  policy: 'identity:add_user_to_group',
  handle: async (call) => {
    await change(call, audited(call), async (tx) => {
      const { group, user } = both(
        { group: await holdGroup(tx, groupId(call)), user: await holdUser(tx, userId(call)) },
        call,
      )
      await addMember(tx, user.id, group.id)
    })
    return {}
  },
})

/** Every token of the user is void afterwards, as in Keystone, also those that owed nothing to the group. */
const removeFromGroup = operation({
  ...onMember,
  id: 'remove_user_from_group',
  method: 'DELETE',
  policy: 'identity:remove_user_from_group',
  handle: async (call, pair) => {
    const { group, user } = both(pair, call)
    await change(call, audited(call), async (tx) => {
      if (!(await removeMember(tx, user.id, group.id))) refuseNotIn(call)
      await voidTokens(tx, user.id, call.ctx.now())
    })
    return {}
  },
})

function both(pair: Pair, call: Pick<Call, 'params'>): { readonly group: Group; readonly user: User } {
  return {
    group: found(pair.group, 'group', groupId(call)),
    user: found(pair.user, 'user', userId(call)),
  }
}

function refuseNotIn(call: Pick<Call, 'params'>): never {
  const message = `User '${userId(call)}' not found in group '${groupId(call)}'`
  return refuse('not_found', message, { message })
}

function audited(call: Pick<Call, 'params'>): string {
  return `group:${groupId(call)}/user:${userId(call)}`
}

export const memberOperations = [listMembers, checkMember, addToGroup, removeFromGroup]
