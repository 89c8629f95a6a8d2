import {
  addMember,
  deleteGroup,
  findGroup,
  type Group,
  holdGroup,
  insertGroup,
  isMember,
  listGroups,
  listGroupsOfUser,
  removeMember,
  updateGroup,
} from '../../../store/groups.ts'
import { newId } from '../../../store/ids.ts'
import { listAttachments } from '../../../store/statement-policies.ts'
import { holdUser, listUsers } from '../../../store/users.ts'
import { noSuch } from '../errors.ts'
import { type Call, change, required } from '../operation.ts'
import {
  answer,
  conflict,
  demandWithinRam,
  formed,
  ownGroups,
  pageOf,
  ramGroup,
  ramOperation,
  ramUser,
  text,
  truncation,
  unlessTaken,
} from './ram.ts'
import { userNamed } from './users.ts'

const NAME = /^[\w.-]{1,64}$/

const groupNamed = (call: Call): readonly string[] => [`group/${required(call, 'GroupName')}`]
const groupBody = (group: Group): Record<string, string> => ({
  GroupId: group.id,
  GroupName: group.name,
  Comments: group.description ?? '',
})
const clockOf = ({ ctx }: Call) => ({ now: ctx.now(), defaultTtl: ctx.settings.defaultAuthorizationTtl })

const createGroup = ramOperation({
  action: 'CreateGroup',
  parameters: ['GroupName', 'Comments'],
  on: () => ['group/*'],
  handle: async (call) => {
    const group = {
      id: newId(),
      name: formed(call, 'GroupName', NAME),
      domainId: call.principal.account.id,
      description: text(call, 'Comments', 128) ?? '',
      extra: {},
      createdAt: call.ctx.now(),
    }
    await unlessTaken(
      'Group',
      change(call, `group:${group.id}`, (tx) => insertGroup(tx, group)),
    )
    return answer(call, { Group: groupBody(group) })
  },
})

const getGroup = ramOperation({
  action: 'GetGroup',
  parameters: ['GroupName'],
  on: groupNamed,
  handle: async (call) =>
    answer(call, { Group: groupBody(await ramGroup(call, required(call, 'GroupName'))) }),
})

const updateGroupOperation = ramOperation({
  action: 'UpdateGroup',
  parameters: ['GroupName', 'NewGroupName', 'NewComments'],
  on: (call) => {
    const renamed = call.parameters['NewGroupName']
    return [...groupNamed(call), ...(renamed ? [`group/${renamed}`] : [])]
  },
  handle: async (call) => {
    const { id } = await ramGroup(call, required(call, 'GroupName'))
    await demandWithinRam(call, { kind: 'group', id })
    const name = call.parameters['NewGroupName'] ? formed(call, 'NewGroupName', NAME) : undefined
    const description = text(call, 'NewComments', 128)
    const group = await unlessTaken(
      'Group',
      change(call, `group:${id}`, async (tx) => {
        const before = (await findGroup(tx, id)) ?? noSuch('Group', 'gone meanwhile')
        const after = { ...before, name: name ?? before.name, description: description ?? before.description }
        await updateGroup(tx, after)
        return after
      }),
    )
    return answer(call, { Group: groupBody(group) })
  },
})

const deleteGroupOperation = ramOperation({
  action: 'DeleteGroup',
  parameters: ['GroupName'],
  on: groupNamed,
  handle: async (call) => {
    const { id } = await ramGroup(call, required(call, 'GroupName'))
    await demandWithinRam(call, { kind: 'group', id })
    await change(call, `group:${id}`, async (tx) => {
      const { items } = await listUsers(tx, { filters: [], groupId: id }, { limit: 1 })
      if (items.length > 0) conflict('DeleteConflict.Group.User', 'The group still has users.')
      const attached = await listAttachments(tx, { actor: { kind: 'group', id } })
      if (attached.length > 0) conflict('DeleteConflict.Group.Policy', 'The group still has policies.')
      await deleteGroup(tx, id)
    })
    return answer(call)
  },
})

const listGroupsOperation = ramOperation({
  action: 'ListGroups',
  parameters: ['Marker', 'MaxItems'],
  on: () => ['group/*'],
  handle: async (call) => {
    const { items, next } = await listGroups(call.ctx.store.db, ownGroups(call), pageOf(call))
    return answer(call, { ...truncation(next), Groups: { Group: items.map(groupBody) } })
  },
})

const membership = (call: Call) => [...userNamed(call), ...groupNamed(call)]

async function memberAndGroup(call: Call): Promise<{ readonly userId: string; readonly groupId: string }> {
  const user = await ramUser(call, required(call, 'UserName'))
  const group = await ramGroup(call, required(call, 'GroupName'))
  await demandWithinRam(call, { kind: 'group', id: group.id })
  return { userId: user.id, groupId: group.id }
}

const addUserToGroup = ramOperation({
  action: 'AddUserToGroup',
  parameters: ['UserName', 'GroupName'],
  on: membership,
  handle: async (call) => {
    const { userId, groupId } = await memberAndGroup(call)
    await change(call, `group:${groupId}`, async (tx) => {
      if (!(await holdUser(tx, userId))) noSuch('User', 'gone meanwhile')
      if (!(await holdGroup(tx, groupId))) noSuch('Group', 'gone meanwhile')
      if (await isMember(tx, userId, groupId, clockOf(call))) {
        conflict('EntityAlreadyExists.User.Group', 'The user is in the group already.')
      }
      await addMember(tx, userId, groupId)
    })
    return answer(call)
  },
})

const removeUserFromGroup = ramOperation({
  action: 'RemoveUserFromGroup',
  parameters: ['UserName', 'GroupName'],
  on: membership,
  handle: async (call) => {
    const { userId, groupId } = await memberAndGroup(call)
    await change(call, `group:${groupId}`, async (tx) => {
      if (!(await removeMember(tx, userId, groupId))) noSuch('User.Group', 'no such membership')
    })
    return answer(call)
  },
})

const listUsersForGroup = ramOperation({
  action: 'ListUsersForGroup',
  parameters: ['GroupName', 'Marker', 'MaxItems'],
  on: groupNamed,
  handle: async (call) => {
    const { id } = await ramGroup(call, required(call, 'GroupName'))
    const { items, next } = await listUsers(call.ctx.store.db, { filters: [], groupId: id }, pageOf(call))
    const User = items.map(({ name, extra }) => ({
      UserName: name,
      DisplayName: typeof extra['display_name'] === 'string' ? extra['display_name'] : '',
    }))
    return answer(call, { ...truncation(next), Users: { User } })
  },
})

const listGroupsForUser = ramOperation({
  action: 'ListGroupsForUser',
  parameters: ['UserName'],
  on: userNamed,
  handle: async (call) => {
    const { id } = await ramUser(call, required(call, 'UserName'))
    const held = await listGroupsOfUser(call.ctx.store.db, id, [], clockOf(call))
    return answer(call, { Groups: { Group: held.map(({ group }) => groupBody(group)) } })
  },
})

export const groupOperations = [
  createGroup,
  getGroup,
  updateGroupOperation,
  deleteGroupOperation,
  listGroupsOperation,
  addUserToGroup,
  removeUserFromGroup,
  listUsersForGroup,
  listGroupsForUser,
]
