import { createAccessKey as makeAccessKey } from '../../../flows/access-keys.ts'
import { isInPerson, isTemporary } from '../../../flows/account-administration.ts'
import {
  type AccessKeyRecord,
  deleteAccessKey,
  findAccessKey,
  listAccessKeys,
  updateAccessKey,
} from '../../../store/access-keys.ts'
import type { User } from '../../../store/users.ts'
import { invalidParameter, noSuch, refuseGateway } from '../errors.ts'
import { actorOf, type Call, change, required } from '../operation.ts'
import { answer, conflict, demandWithinRam, isRefused, ramOperation, ramUser, time } from './ram.ts'

const MOST_KEYS = 2

/** Whose keys: those of the named user, or of the caller. */
function ownerName(call: Call): string {
  const { session } = call.principal
  const isRole = session.claims.via.some(({ kind }) => kind === 'agency')
  return call.parameters['UserName'] || (isRole ? required(call, 'UserName') : session.user.name)
}

const owner = (call: Call): readonly string[] => [`user/${ownerName(call)}`]

/** Keys outlast the session that makes or wakes one: nothing but a lasting session of a person does. */
function demandLasting({ principal: { session } }: Call): void {
  if (!isInPerson(session) || isTemporary(session)) {
    refuseGateway('NoPermission', 'a delegated session makes a lasting key')
  }
}

/** Who signs in elsewhere may be called as a user of RAM's is, and does not mean them by naming nobody. */
async function namedOwner(call: Call): Promise<User> {
  const user = await ramUser(call, ownerName(call))
  const isMeant = call.parameters['UserName'] || user.id === call.principal.session.user.id
  return isMeant ? user : noSuch('User', 'who signs is no user of RAM')
}

async function keyOwner(call: Call): Promise<User> {
  const user = await namedOwner(call)
  await demandWithinRam(call, { kind: 'user', id: user.id })
  return user
}

/** The user's key that the request names; refuses `EntityNotExist.User.AccessKey` for other people's too. */
async function ownKey(call: Call): Promise<AccessKeyRecord> {
  const user = await keyOwner(call)
  const key = await findAccessKey(call.ctx.store.db, required(call, 'UserAccessKeyId'))
  return key?.userId === user.id ? key : noSuch('User.AccessKey', 'no such key of that user')
}

const createAccessKey = ramOperation({
  action: 'CreateAccessKey',
  parameters: ['UserName'],
  on: owner,
  handle: async (call) => {
    demandLasting(call)
    const { id: userId } = await keyOwner(call)
    const of = { userId, description: '', limit: MOST_KEYS, prefix: 'LTAI' } as const
    const key = await makeAccessKey(call.ctx, actorOf(call), of).catch((error: unknown) => {
      if (!isRefused(error, 'bad_request')) throw error
      return conflict('LimitExceeded.User.AccessKey', `A user has at most ${MOST_KEYS} access keys.`)
    })
    return answer(call, {
      AccessKey: {
        AccessKeyId: key.access,
        AccessKeySecret: key.secret,
        Status: 'Active',
        CreateDate: time(key.createdAt),
      },
    })
  },
})

const listAccessKeysOperation = ramOperation({
  action: 'ListAccessKeys',
  parameters: ['UserName'],
  on: owner,
  handle: async (call) => {
    const user = await namedOwner(call)
    const keys = await listAccessKeys(call.ctx.store.db, user.id)
    const AccessKey = keys.map((key) => ({
      AccessKeyId: key.id,
      Status: key.status,
      CreateDate: time(key.createdAt),
    }))
    return answer(call, { AccessKeys: { AccessKey } })
  },
})

const updateAccessKeyOperation = ramOperation({
  action: 'UpdateAccessKey',
  parameters: ['UserName', 'UserAccessKeyId', 'Status'],
  on: owner,
  handle: async (call) => {
    const status = required(call, 'Status')
    if (status !== 'Active' && status !== 'Inactive') {
      return invalidParameter('Status', 'is neither Active nor Inactive')
    }
    if (status === 'Active') demandLasting(call)
    const { id } = await ownKey(call)
    await change(call, `access_key:${id}`, (tx) => updateAccessKey(tx, id, { status }))
    return answer(call)
  },
})

const deleteAccessKeyOperation = ramOperation({
  action: 'DeleteAccessKey',
  parameters: ['UserName', 'UserAccessKeyId'],
  on: owner,
  handle: async (call) => {
    const { id } = await ownKey(call)
    await change(call, `access_key:${id}`, (tx) => deleteAccessKey(tx, id))
    return answer(call)
  },
})

const getAccessKeyLastUsed = ramOperation({
  action: 'GetAccessKeyLastUsed',
  parameters: ['UserName', 'UserAccessKeyId'],
  on: owner,
  handle: async (call) => {
    const user = await namedOwner(call)
    const key = await findAccessKey(call.ctx.store.db, required(call, 'UserAccessKeyId'))
    if (key?.userId !== user.id) return noSuch('User.AccessKey', 'no such key of that user')
    const LastUsedDate = key.lastUsedAt === null ? '' : time(key.lastUsedAt)
    return answer(call, { AccessKeyLastUsed: { LastUsedDate } })
  },
})

export const accessKeyOperations = [
  createAccessKey,
  listAccessKeysOperation,
  updateAccessKeyOperation,
  deleteAccessKeyOperation,
  getAccessKeyLastUsed,
]
