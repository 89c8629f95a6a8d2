import { listAccessKeys } from '../../../store/access-keys.ts'
import { groupIdsOf } from '../../../store/grants.ts'
import { newId } from '../../../store/ids.ts'
import { listAttachments } from '../../../store/statement-policies.ts'
import {
  deleteUser,
  findUserById,
  holdUser,
  insertUser,
  listUsers,
  type User,
  updateUser,
} from '../../../store/users.ts'
import { noSuch } from '../errors.ts'
import { type Call, change, required } from '../operation.ts'
import {
  answer,
  conflict,
  demandWithinRam,
  formed,
  ownUsers,
  pageOf,
  ramOperation,
  ramUser,
  text,
  time,
  truncation,
  unlessTaken,
} from './ram.ts'

const NAME = /^[\w.-]{1,64}$/
/** How RAM calls what lies in `extra`; Keystone's clients know two of the names. */
const ATTRIBUTES = {
  DisplayName: { key: 'display_name', most: 128 },
  MobilePhone: { key: 'mobile_phone', most: 32 },
  Email: { key: 'email', most: 128 },
  Comments: { key: 'description', most: 128 },
} as const

export const userNamed = (call: Call): readonly string[] => [`user/${required(call, 'UserName')}`]

function userBody(user: User): Record<string, string> {
  const attributes = Object.entries(ATTRIBUTES).map(([name, { key }]) => [name, user.extra[key]])
  return {
    UserId: user.id,
    UserName: user.name,
    ...Object.fromEntries(attributes.map(([name, value]) => [name, typeof value === 'string' ? value : ''])),
    CreateDate: time(user.createdAt),
    UpdateDate: time(Number(user.extra['ram_updated_at'] ?? user.createdAt)),
  }
}

/** The attributes a request gives, under the names they are kept by. */
function attributesOf(call: Call, prefix: '' | 'New'): Record<string, string> {
  const given = Object.entries(ATTRIBUTES).map(
    ([name, { key, most }]) => [key, text(call, `${prefix}${name}`, most)] as const,
  )
  return Object.fromEntries(
    given.filter((pair): pair is readonly [(typeof pair)[0], string] => pair[1] !== undefined),
  )
}

const createUser = ramOperation({
  action: 'CreateUser',
  parameters: ['UserName', ...Object.keys(ATTRIBUTES)],
  on: () => ['user/*'],
  handle: async (call) => {
    const { ctx, principal } = call
    const user = {
      id: newId(),
      name: formed(call, 'UserName', NAME),
      domainId: principal.account.id,
      enabled: true,
      defaultProjectId: null,
      options: {},
      extra: attributesOf(call, ''),
    }
    const now = ctx.now()
    await unlessTaken(
      'User',
      change(call, `user:${user.id}`, (tx) => insertUser(tx, user, now)),
    )
    const made = await ramUser(call, user.name)
    return answer(call, { User: userBody(made) })
  },
})

const getUser = ramOperation({
  action: 'GetUser',
  parameters: ['UserName'],
  on: userNamed,
  handle: async (call) => {
    const user = await ramUser(call, required(call, 'UserName'))
    const LastLoginDate = user.lastActiveAt === null ? '' : time(user.lastActiveAt)
    return answer(call, { User: { ...userBody(user), LastLoginDate } })
  },
})

const updateUserOperation = ramOperation({
  action: 'UpdateUser',
  parameters: ['UserName', 'NewUserName', ...Object.keys(ATTRIBUTES).map((name) => `New${name}`)],
  on: (call) => {
    const renamed = call.parameters['NewUserName']
    return [...userNamed(call), ...(renamed ? [`user/${renamed}`] : [])]
  },
  handle: async (call) => {
    const { ctx, parameters } = call
    const { id } = await ramUser(call, required(call, 'UserName'))
    await demandWithinRam(call, { kind: 'user', id })
    const name = parameters['NewUserName'] ? formed(call, 'NewUserName', NAME) : undefined
    const changed = { ...attributesOf(call, 'New'), ram_updated_at: ctx.now() }
    const user = await unlessTaken(
      'User',
      change(call, `user:${id}`, async (tx) => {
        const before = (await holdUser(tx, id)) ?? noSuch('User', 'gone meanwhile')
        const extra = { ...before.extra, ...changed }
        await updateUser(tx, id, { extra, ...(name === undefined ? {} : { name }) })
        return findUserById(tx, id)
      }),
    )
    return answer(call, user ? { User: userBody(user) } : {})
  },
})

const deleteUserOperation = ramOperation({
  action: 'DeleteUser',
  parameters: ['UserName'],
  on: userNamed,
  handle: async (call) => {
    const { ctx } = call
    const { id } = await ramUser(call, required(call, 'UserName'))
    await demandWithinRam(call, { kind: 'user', id })
    await change(call, `user:${id}`, async (tx) => {
      const held = [
        ['AccessKey', await listAccessKeys(tx, id)],
        ['Group', await groupIdsOf(tx, id)],
        ['Policy', await listAttachments(tx, { actor: { kind: 'user', id } })],
      ] as const
      for (const [what, list] of held) {
        if (list.length > 0) {
          conflict(`DeleteConflict.User.${what}`, `The user still has ${list.length} of ${what}.`)
        }
      }
      await deleteUser(tx, id, ctx.now())
    })
    return answer(call)
  },
})

const listUsersOperation = ramOperation({
  action: 'ListUsers',
  parameters: ['Marker', 'MaxItems'],
  on: () => ['user/*'],
  handle: async (call) => {
    const { items, next } = await listUsers(call.ctx.store.db, { filters: ownUsers(call) }, pageOf(call))
    return answer(call, { ...truncation(next), Users: { User: items.map(userBody) } })
  },
})

export const userOperations = [
  createUser,
  getUser,
  updateUserOperation,
  deleteUserOperation,
  listUsersOperation,
]
