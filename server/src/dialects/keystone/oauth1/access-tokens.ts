/** The access tokens a user has given to consumers. */
import { refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  type AccessTokenRecord,
  deleteAccessToken,
  findAccessToken,
  listAccessTokens,
} from '../../../store/oauth1.ts'
import { findRole } from '../../../store/roles.ts'
import { collection, selfLink } from '../collection.ts'
import { refuseDelegated } from '../delegated.ts'
import { type Call, change, operation } from '../operation.ts'
import { roleBody } from '../roles/role-body.ts'
import { microTime } from '../time.ts'

/** A role as this resource shows it: without its description, as Keystone does. */
function authorizedRole(...[incoming, role]: Parameters<typeof roleBody>) {
  const { description: _, ...shown } = roleBody(incoming, role)
  return shown
}

const ALL = '/v3/users/:user_id/OS-OAUTH1/access_tokens'
const ONE = `${ALL}/:access_token_id`
const DELEGATED = 'Cannot manage OAuth access tokens with a token issued via delegation.'

function body(incoming: Incoming, token: AccessTokenRecord) {
  const path = `users/${token.authorizingUserId}/OS-OAUTH1/access_tokens/${token.id}`
  return {
    id: token.id,
    authorizing_user_id: token.authorizingUserId,
    project_id: token.projectId,
    consumer_id: token.consumerId,
    expires_at: token.expiresAt === null ? null : microTime(token.expiresAt),
    links: { roles: selfLink(incoming, `${path}/roles`).self, ...selfLink(incoming, path) },
  }
}

/** The token in the path, when it is the path's user's. */
async function tokenOf(call: Pick<Call, 'ctx' | 'params'>): Promise<AccessTokenRecord> {
  const token = await findAccessToken(call.ctx.store.db, call.params['access_token_id'] ?? '')
  if (token?.authorizingUserId === call.params['user_id']) return token as AccessTokenRecord
  return refuse('not_found', 'no access token', { message: 'Access token not found' })
}

const target = (_facts: unknown, { params }: Pick<Call, 'params'>) => ({ user_id: params['user_id'] })

const list = operation({
  id: 'list_access_tokens',
  method: 'GET',
  path: ALL,
  policy: 'identity:list_access_tokens',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  target,
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED)
    const tokens = await listAccessTokens(call.ctx.store.db, call.params['user_id'] ?? '')
    return {
      body: collection(
        call,
        'access_tokens',
        tokens.map((token) => body(call, token)),
      ),
    }
  },
})

const show = operation({
  id: 'get_access_token',
  method: 'GET',
  path: ONE,
  policy: 'identity:get_access_token',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  target,
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED)
    return { body: { access_token: body(call, await tokenOf(call)) } }
  },
})

const remove = operation({
  id: 'delete_access_token',
  method: 'DELETE',
  path: ONE,
  policy: 'identity:delete_access_token',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  target,
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED)
    const { id } = await tokenOf(call)
    await change(call, `access_token:${id}`, (tx) => deleteAccessToken(tx, id))
    return {}
  },
})

const listRoles = operation({
  id: 'list_access_token_roles',
  method: 'GET',
  path: `${ONE}/roles`,
  policy: 'identity:list_access_token_roles',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  target,
  handle: async (call) => {
    const { roleIds } = await tokenOf(call)
    const roles = await Promise.all(roleIds.map((id) => findRole(call.ctx.store.db, id)))
    const members = roles.filter((role) => role !== undefined).map((role) => authorizedRole(call, role))
    return { body: collection(call, 'roles', members) }
  },
})

const showRole = operation({
  id: 'get_access_token_role',
  method: 'GET',
  path: `${ONE}/roles/:role_id`,
  policy: 'identity:get_access_token_role',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  target,
  handle: async (call) => {
    const id = call.params['role_id'] ?? ''
    const { roleIds } = await tokenOf(call)
    const role = roleIds.includes(id) ? await findRole(call.ctx.store.db, id) : undefined
    if (!role) return refuse('not_found', `no role ${id}`, { subject: { kind: 'role', id } })
    return { body: { role: authorizedRole(call, role) } }
  },
})

export const accessTokenOperations = [list, show, remove, listRoles, showRole]
