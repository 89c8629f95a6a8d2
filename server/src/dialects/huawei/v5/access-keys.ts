/** Permanent access keys by the v5 API, below their user: the same keys as OS-CREDENTIAL's, by the same rules. */
import { Type } from 'typebox'
import { missing } from '../../../core/refusal.ts'
import {
  type AccessKeyRecord,
  deleteAccessKey,
  findAccessKey,
  listAccessKeys,
  updateAccessKey,
} from '../../../store/access-keys.ts'
import { demandLasting } from '../access.ts'
import { keyManagerFor, newKeyFor, ownerFor, storedStatus } from '../access-keys/permanent-keys.ts'
import { type Call, change, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { markedPage } from './paging.ts'

const all = '/v5/users/:user_id/access-keys'
const path = `${all}/:access_key_id`
const userOf = ({ params }: Pick<Call, 'params'>): string => params['user_id'] ?? ''

function shown(key: AccessKeyRecord): Record<string, unknown> {
  return {
    user_id: key.userId,
    access_key_id: key.id,
    created_at: zonedTime(key.createdAt),
    status: key.status.toLowerCase(),
  }
}

/** The key of the path, of the user of the path. */
async function keyOf(
  call: Pick<Call, 'ctx' | 'caller' | 'params'>,
  action: string,
  may = ownerFor,
): Promise<AccessKeyRecord> {
  await may(call, userOf(call), action)
  const id = call.params['access_key_id'] ?? ''
  const key = await findAccessKey(call.ctx.store.db, id)
  return key?.userId === userOf(call) ? key : missing('access key', id)
}

const list = operation({
  id: 'listAccessKeysV5',
  method: 'GET',
  path: all,
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    await ownerFor(call, userOf(call), 'iam:credentials:listCredentialsV5')
    const keys = await listAccessKeys(call.ctx.store.db, userOf(call))
    const { page, page_info } = markedPage(call.query, keys, ({ id }) => id)
    return { body: { access_keys: page.map(shown), page_info } }
  },
})

const create = operation({
  id: 'createAccessKeyV5',
  method: 'POST',
  path: all,
  policy: 'authenticated',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const userId = userOf(call)
    const { access, secret, createdAt } = await newKeyFor(call, { userId, description: '' })
    return {
      body: {
        access_key: {
          user_id: userId,
          access_key_id: access,
          created_at: zonedTime(createdAt),
          secret_access_key: secret,
          status: 'active',
        },
      },
    }
  },
})

const update = operation({
  id: 'updateAccessKeyV5',
  method: 'PUT',
  path,
  policy: 'authenticated',
  body: Type.Object({ status: Type.Union([Type.Literal('active'), Type.Literal('inactive')]) }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    demandLasting(call.caller, 'iam:credentials:updateCredentialV5')
    const key = await keyOf(call, 'iam:credentials:updateCredentialV5', keyManagerFor)
    const changes = { status: storedStatus(call.body.status) }
    await change(call, `access_key:${key.id}`, (tx) => updateAccessKey(tx, key.id, changes))
    return { body: { access_key: shown({ ...key, ...changes }) } }
  },
})

const remove = operation({
  id: 'deleteAccessKeyV5',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const key = await keyOf(call, 'iam:credentials:deleteCredentialV5', keyManagerFor)
    await change(call, `access_key:${key.id}`, (tx) => deleteAccessKey(tx, key.id))
    return {}
  },
})

const lastUsed = operation({
  id: 'showAccessKeyLastUsedV5',
  method: 'GET',
  path: `${path}/last-used`,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { lastUsedAt } = await keyOf(call, 'iam:credentials:showAccessKeyLastUsedV5')
    const used = lastUsedAt === null ? {} : { last_used_at: zonedTime(lastUsedAt) }
    return { body: { access_key_last_used: used } }
  },
})

export const userKeyOperations = [list, create, update, remove, lastUsed]
