/** OS-CREDENTIAL/credentials: permanent access keys ("Access key management"). At most two a user; a secret is shown once. */
import { Type } from 'typebox'
import { found, refuse } from '../../../core/refusal.ts'
import { createAccessKey, type NewAccessKey } from '../../../flows/access-keys.ts'
import { cloudPowersOf, isCloudAdmin } from '../../../flows/account-administration.ts'
import { demandManaging } from '../../../flows/account-security.ts'
import {
  type AccessKeyRecord,
  deleteAccessKey,
  findAccessKey,
  listAccessKeys,
  updateAccessKey,
} from '../../../store/access-keys.ts'
import { findUserById, type User } from '../../../store/users.ts'
import { administers, demandLasting, demandSelfOrAdministrator } from '../access.ts'
import { actorOf, type Call, change, one, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'

const MOST_KEYS = 2
const Description = Type.Optional(Type.String({ maxLength: 255 }))

function keyBody(key: AccessKeyRecord): Record<string, unknown> {
  return {
    user_id: key.userId,
    access: key.id,
    status: key.status.toLowerCase(),
    create_time: zonedTime(key.createdAt),
    description: key.description,
  }
}

/** The user, when the caller is them or administers their account; the cloud's own people are no account's. */
export async function ownerFor(
  call: Pick<Call, 'ctx' | 'caller'>,
  userId: string,
  action: string,
): Promise<User> {
  const { ctx, caller } = call
  const user = await findUserById(ctx.store.db, userId)
  demandSelfOrAdministrator(caller, { userId, accountId: user?.domainId ?? '' }, action)
  const powers = await cloudPowersOf(ctx.store)
  if (powers.actors.has(userId) && caller.user.id !== userId && !isCloudAdmin(caller)) {
    refuse('forbidden', `${action} for one of the cloud’s own`, { rule: action })
  }
  return found(user, 'user', userId)
}

/** The same for who changes keys: an account may keep them to its administrators. */
export async function keyManagerFor(
  call: Pick<Call, 'ctx' | 'caller'>,
  userId: string,
  action: string,
): Promise<User> {
  const owner = await ownerFor(call, userId, action)
  if (!administers(call.caller, owner.domainId)) {
    await demandManaging(call.ctx, owner.domainId, 'manage_accesskey')
  }
  return owner
}

async function ownKey(
  call: Pick<Call, 'ctx' | 'caller' | 'params'>,
  action: string,
  may = ownerFor,
): Promise<AccessKeyRecord> {
  const id = call.params['access_key'] ?? ''
  const key = await findAccessKey(call.ctx.store.db, id)
  await may(call, key?.userId ?? '', action)
  return found(key, 'credential', id)
}

/** A new key of the user's. Refuses what passes by itself, and users whose account keeps keys to its administrators. */
export async function newKeyFor(
  call: Pick<Call, 'ctx' | 'caller' | 'operationId' | 'requestId'>,
  { userId, description }: { readonly userId: string; readonly description: string },
): Promise<NewAccessKey> {
  demandLasting(call.caller, 'iam:credentials:createCredential')
  await keyManagerFor(call, userId, 'iam:credentials:createCredential')
  return createAccessKey(call.ctx, actorOf(call), { userId, description, limit: MOST_KEYS })
}

/** `active` or `inactive` as it is stored. */
export const storedStatus = (status: 'active' | 'inactive') =>
  status === 'active' ? ('Active' as const) : ('Inactive' as const)

const path = '/v3.0/OS-CREDENTIAL/credentials/:access_key'

const create = operation({
  id: 'createPermanentAccessKey',
  method: 'POST',
  path: '/v3.0/OS-CREDENTIAL/credentials',
  policy: 'authenticated',
  body: Type.Object({ credential: Type.Object({ user_id: Type.String(), description: Description }) }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { user_id: userId, description = '' } = call.body.credential
    const { access, secret, createdAt } = await newKeyFor(call, { userId, description })
    return {
      body: {
        credential: {
          create_time: zonedTime(createdAt),
          access,
          secret,
          status: 'active',
          user_id: userId,
          description,
        },
      },
    }
  },
})

const list = operation({
  id: 'listPermanentAccessKeys',
  method: 'GET',
  path: '/v3.0/OS-CREDENTIAL/credentials',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const userId = one(call.query, 'user_id') || call.caller.user.id
    await ownerFor(call, userId, 'iam:credentials:listCredentials')
    const keys = await listAccessKeys(call.ctx.store.db, userId)
    return { body: { credentials: keys.map(keyBody) } }
  },
})

const show = operation({
  id: 'showPermanentAccessKey',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const key = await ownKey(call, 'iam:credentials:getCredential')
    const used = zonedTime(key.lastUsedAt ?? key.createdAt)
    return { body: { credential: { ...keyBody(key), last_use_time: used } } }
  },
})

const update = operation({
  id: 'updatePermanentAccessKey',
  method: 'PUT',
  path,
  policy: 'authenticated',
  body: Type.Object({
    credential: Type.Object({
      status: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('inactive')])),
      description: Description,
    }),
  }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { status, description } = call.body.credential
    demandLasting(call.caller, 'iam:credentials:updateCredential')
    const key = await ownKey(call, 'iam:credentials:updateCredential', keyManagerFor)
    const changes = {
      ...(status === undefined ? {} : { status: storedStatus(status) }),
      ...(description === undefined ? {} : { description }),
    }
    await change(call, `access_key:${key.id}`, (tx) => updateAccessKey(tx, key.id, changes))
    return { body: { credential: keyBody({ ...key, ...changes }) } }
  },
})

const remove = operation({
  id: 'deletePermanentAccessKey',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const key = await ownKey(call, 'iam:credentials:deleteCredential', keyManagerFor)
    await change(call, `access_key:${key.id}`, (tx) => deleteAccessKey(tx, key.id))
    return {}
  },
})

export const permanentKeyOperations = [create, list, show, update, remove]
