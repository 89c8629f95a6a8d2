/** Groups of an account by the v5 API, and who is in them. Their URN, description and time are all that it adds. */
import { Type } from 'typebox'
import { missing, refuse } from '../../../core/refusal.ts'
import { cloudPowersOf, isCloudAdmin } from '../../../flows/account-administration.ts'
import {
  addMember,
  deleteGroup,
  findGroup,
  type Group,
  holdGroup,
  holdsGrants,
  insertGroup,
  listGroups,
  listGroupsOfUser,
  removeMember,
  updateGroup,
  voidTokensOfMembers,
} from '../../../store/groups.ts'
import { newId } from '../../../store/ids.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { holdUser, type User, voidTokens } from '../../../store/users.ts'
import { accountOf, administers, demandAdministrator } from '../access.ts'
import { type Call, change, one, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { ownUser } from '../user-for.ts'
import { markedPage } from './paging.ts'

const path = '/v5/groups/:group_id'
const idOf = ({ params }: Pick<Call, 'params'>): string => params['group_id'] ?? ''
const audited = (call: Pick<Call, 'params'>): string => `group:${idOf(call)}`
const Name = Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_ -]+$' })
const Description = Type.Optional(Type.String({ maxLength: 255 }))

function shown(group: Group): Record<string, unknown> {
  return {
    group_id: group.id,
    group_name: group.name,
    urn: `iam::${group.domainId}:group:${group.name}`,
    description: group.description ?? '',
    created_at: zonedTime(group.createdAt),
  }
}

/** A group of an account that the caller administers; any other is not there. */
export async function ownGroup(
  db: Db,
  { caller }: Pick<Call, 'caller'>,
  { id, action }: { readonly id: string; readonly action: string },
): Promise<Group> {
  const group = await findGroup(db, id)
  if (group && administers(caller, group.domainId)) return group
  demandAdministrator(caller, accountOf(caller), action)
  return missing('group', id)
}

/**
 * One transaction on a group that is to be changed: one that holds a role of the cloud's is the cloud's. `demandAccounts`
 * refuses the cloud's own people alike.
 */
async function changeGroup<T>(
  call: Call,
  { target, action }: { readonly target: string; readonly action: string },
  make: (tx: Db, group: Group, demandAccounts: (id: string) => void) => Promise<T>,
): Promise<T> {
  const { actors } = await cloudPowersOf(call.ctx.store)
  const demandAccounts = (id: string): void => {
    if (actors.has(id) && !isCloudAdmin(call.caller)) {
      refuse('forbidden', `${action} on one of the cloud’s own`, { rule: action })
    }
  }
  return change(call, target, async (tx) => {
    const { id } = await ownGroup(tx, call, { id: idOf(call), action })
    demandAccounts(id)
    return make(tx, (await holdGroup(tx, id)) ?? missing('group', id), demandAccounts)
  })
}

const taken = (error: unknown): never => {
  if (!isUniqueViolation(error)) throw error
  return refuse('conflict', 'group_name taken', { message: 'The group already exists.' })
}

const list = operation({
  id: 'listGroupsV5',
  method: 'GET',
  path: '/v5/groups',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { ctx, caller, query } = call
    const { db } = ctx.store
    const account = accountOf(caller)
    demandAdministrator(caller, account, 'iam:groups:listGroupsV5')
    const filter = {
      column: 'group.domain_id',
      comparator: 'equals',
      value: account,
      caseSensitive: true,
    } as const
    const userId = one(query, 'user_id')
    if (userId) await ownUser(call, userId, 'iam:groups:listGroupsV5', 'read')
    const clock = { now: ctx.now(), defaultTtl: ctx.settings.defaultAuthorizationTtl }
    const groups = userId
      ? (await listGroupsOfUser(db, userId, [filter], clock)).map(({ group }) => group)
      : (await listGroups(db, [filter], {})).items
    const { page, page_info } = markedPage(query, groups, ({ id }) => id)
    return { body: { groups: page.map(shown), page_info } }
  },
})

const create = operation({
  id: 'createGroupV5',
  method: 'POST',
  path: '/v5/groups',
  policy: 'authenticated',
  body: Type.Object({ group_name: Name, description: Description }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const { group_name: name, description = '' } = call.body
    const domainId = accountOf(call.caller)
    demandAdministrator(call.caller, domainId, 'iam:groups:createGroupV5')
    const group: Group = { id: newId(), name, domainId, description, extra: {}, createdAt: call.ctx.now() }
    await change(call, `group:${group.id}`, (tx) => insertGroup(tx, group).catch(taken))
    return { body: { group: shown(group) } }
  },
})

const show = operation({
  id: 'showGroupV5',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const action = 'iam:groups:getGroupV5'
    return { body: { group: shown(await ownGroup(call.ctx.store.db, call, { id: idOf(call), action })) } }
  },
})

const update = operation({
  id: 'updateGroupV5',
  method: 'PUT',
  path,
  policy: 'authenticated',
  body: Type.Object({ new_group_name: Type.Optional(Name), new_group_description: Description }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const { new_group_name: name, new_group_description: description } = call.body
    const changing = { target: audited(call), action: 'iam:groups:updateGroupV5' }
    const group = await changeGroup(call, changing, async (tx, before) => {
      const after = { ...before, name: name ?? before.name, description: description ?? before.description }
      await updateGroup(tx, after).catch(taken)
      return after
    })
    return { body: { group: shown(group) } }
  },
})

/** Tokens of the members of a group that held grants are void, as by the other wires. */
const remove = operation({
  id: 'deleteGroupV5',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const changing = { target: audited(call), action: 'iam:groups:deleteGroupV5' }
    await changeGroup(call, changing, async (tx, { id }) => {
      if (await holdsGrants(tx, id)) await voidTokensOfMembers(tx, id, call.ctx.now())
      await deleteGroup(tx, id)
    })
    return {}
  },
})

const membership = {
  method: 'POST',
  policy: 'authenticated',
  body: Type.Object({ user_id: Type.String({ minLength: 1, maxLength: 64 }) }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
} as const

/** One transaction on group and user of one account, neither of them the cloud's own; somebody may act on themself. */
async function changeMembership(
  call: Call<{ readonly user_id: string }>,
  action: string,
  make: (tx: Db, group: Group, user: User) => Promise<void>,
): Promise<void> {
  const id = call.body.user_id
  await changeGroup(
    call,
    { target: `${audited(call)}/user:${id}`, action },
    async (tx, group, demandAccounts) => {
      const user = await holdUser(tx, id)
      if (user?.domainId !== group.domainId) return missing('user', id)
      if (call.caller.user.id !== id) demandAccounts(id)
      return make(tx, group, user)
    },
  )
}

const add = operation({
  ...membership,
  id: 'addUserToGroupV5',
  path: `${path}/add-user`,
  handle: async (call) => {
    await changeMembership(call, 'iam:permissions:addUserToGroupV5', (tx, group, user) =>
      addMember(tx, user.id, group.id),
    )
    return {}
  },
})

/** Every token of the user is void afterwards, as by the other wires. */
const take = operation({
  ...membership,
  id: 'removeUserFromGroupV5',
  path: `${path}/remove-user`,
  handle: async (call) => {
    await changeMembership(call, 'iam:permissions:removeUserFromGroupV5', async (tx, group, user) => {
      if (!(await removeMember(tx, user.id, group.id))) missing('user', user.id)
      await voidTokens(tx, user.id, call.ctx.now())
    })
    return {}
  },
})

export const userGroupOperations = [list, create, show, update, remove, add, take]
