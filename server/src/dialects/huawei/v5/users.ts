/** Users of an account by the v5 API, which makes them without a password. */
import { Type } from 'typebox'
import { missing } from '../../../core/refusal.ts'
import { newId } from '../../../store/ids.ts'
import {
  deleteUser,
  findUserById,
  findUsersIn,
  holdUser,
  insertUser,
  listUsers,
  type User,
  updateUser,
  voidTokens,
} from '../../../store/users.ts'
import { accountOf, demandAdministrator } from '../access.ts'
import { type Call, change, one, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { ownUser } from '../user-for.ts'
import { UserName, userNameTaken } from '../users/users.ts'
import { ownGroup } from './groups.ts'
import { markedPage } from './paging.ts'

const path = '/v5/users/:user_id'
const idOf = ({ params }: Pick<Call, 'params'>): string => params['user_id'] ?? ''
const Description = Type.Optional(Type.String({ maxLength: 255 }))

function shown(user: User): Record<string, unknown> {
  return {
    description: user.extra['description'] ?? '',
    user_name: user.name,
    is_root_user: false,
    created_at: zonedTime(user.createdAt),
    user_id: user.id,
    // As `GET /v5/caller-identity` tells them: by a name that a provider says, trust policies mean a local namesake.
    urn: `iam::${user.domainId}:user:${user.kind === 'local' ? user.name : user.id}`,
    enabled: user.enabled,
  }
}

const list = operation({
  id: 'listUsersV5',
  method: 'GET',
  path: '/v5/users',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { caller, query } = call
    const { db } = call.ctx.store
    demandAdministrator(caller, accountOf(caller), 'iam:users:listUsersV5')
    const groupId = one(query, 'group_id')
    const group = groupId ? await ownGroup(db, call, { id: groupId, action: 'iam:users:listUsersV5' }) : null
    const users = group
      ? (await listUsers(db, { filters: [], groupId: group.id }, {})).items
      : await findUsersIn(db, accountOf(caller))
    const { page, page_info } = markedPage(query, users, ({ id }) => id)
    return { body: { users: page.map(shown), page_info } }
  },
})

const create = operation({
  id: 'createUserV5',
  method: 'POST',
  path: '/v5/users',
  policy: 'authenticated',
  body: Type.Object({
    name: UserName,
    description: Description,
    enabled: Type.Optional(Type.Boolean()),
  }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const { name, description = '', enabled = true } = call.body
    const domainId = accountOf(call.caller)
    demandAdministrator(call.caller, domainId, 'iam:users:createUserV5')
    const id = newId()
    const user = await change(call, `user:${id}`, async (tx) => {
      const made = {
        id,
        name,
        domainId,
        enabled,
        defaultProjectId: null,
        options: {},
        extra: { description },
      }
      await insertUser(tx, made, call.ctx.now()).catch(userNameTaken)
      return (await findUserById(tx, id)) ?? missing('user', id)
    })
    return { body: { user: shown(user) } }
  },
})

const show = operation({
  id: 'showUserV5',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const user = await ownUser(call, idOf(call), 'iam:users:getUserV5', 'read')
    return { body: { user: { ...shown(user), tags: [] } } }
  },
})

const update = operation({
  id: 'updateUserV5',
  method: 'PUT',
  path,
  policy: 'authenticated',
  body: Type.Object({
    new_user_name: Type.Optional(UserName),
    new_description: Description,
    enabled: Type.Optional(Type.Boolean()),
  }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const { new_user_name: name, new_description: description, enabled } = call.body
    const { id } = await ownUser(call, idOf(call), 'iam:users:updateUserV5', 'change')
    const user = await change(call, `user:${id}`, async (tx) => {
      const before = (await holdUser(tx, id)) ?? missing('user', id)
      await updateUser(tx, id, {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { extra: { ...before.extra, description } }),
        ...(enabled === undefined ? {} : { enabled }),
        unlock: enabled === true,
      }).catch(userNameTaken)
      if (enabled === false) await voidTokens(tx, id, call.ctx.now())
      return (await findUserById(tx, id)) ?? missing('user', id)
    })
    return { body: { user: shown(user) } }
  },
})

const remove = operation({
  id: 'deleteUserV5',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { id } = await ownUser(call, idOf(call), 'iam:users:deleteUserV5', 'change')
    await change(call, `user:${id}`, (tx) => deleteUser(tx, id, call.ctx.now()))
    return {}
  },
})

export const userOperationsV5 = [list, create, show, update, remove]
