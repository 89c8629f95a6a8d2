/**
 * Accounts of an engine on CSE's wire (`/v3/{project_id}/accounts`). Two proofs are asked for: a session of the cloud that
 * may change the engine, and a token of the engine in Authorization, under any scheme word (the documents say `Bear`),
 * whose roles may touch accounts.
 */
import { Type } from 'typebox'
import { permitsEngine } from '../../../core/engine-permissions.ts'
import { refuse } from '../../../core/refusal.ts'
import {
  createAccounts,
  permissionsOf,
  refuseEngine,
  removeAccount,
  updateAccount,
} from '../../../flows/engine-accounts.ts'
import { importPrincipal } from '../../../flows/engine-lifecycle.ts'
import { changePassword } from '../../../flows/engine-password.ts'
import { type EngineCaller, readEngineToken } from '../../../flows/engine-tokens.ts'
import { listEngineAccounts } from '../../../store/engine-accounts.ts'
import { findPrincipals } from '../../../store/engine-principals.ts'
import { findProjectScope } from '../../../store/scopes.ts'
import { actorOf, engineOf } from '../engines/engines.ts'
import { readHeaders } from '../headers.ts'
import { type Call, operation } from '../operation.ts'

const PATH = '/v3/:project_id/accounts'
const shared = {
  policy: 'cse:engine:update',
  target: (_facts: unknown, call: Pick<Call, 'params'>) => ({ project_id: call.params['project_id'] }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
} as const

const Roles = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 5 })
const DONE = { body: { Result: 'success' } }

/** The account of the engine that asks, once both proofs hold, and its roles let it do `verb` to accounts. */
async function callerWho(verb: string, call: Call): Promise<EngineCaller> {
  const caller = await engineCaller(call)
  const perms = await permissionsOf(call.ctx.store.db, caller.engine, caller.roles)
  return permitsEngine(perms, 'account', verb) ? caller : refuseEngine('forbidden', `account:${verb}`)
}

async function engineCaller(call: Call): Promise<EngineCaller> {
  const id = call.headers['x-engine-id']
  if (typeof id !== 'string' || id === '') {
    return refuse('bad_request', 'no X-Engine-Id', { message: 'The value of X-Engine-Id is not valid.' })
  }
  const engine = await engineOf(call, id)
  const [, text] = /^\S+ (\S+)$/.exec(call.headers.authorization ?? '') ?? []
  const caller = text === undefined ? 'invalid' : await readEngineToken(call.ctx, engine, text)
  if (typeof caller !== 'string') return caller
  return refuse('bad_request', `engine token ${caller}`, {
    wireCode: 'ENGINE.0410',
    message: 'The RBAC token of the engine is missing or not valid.',
  })
}

/** Only an admin makes admins. */
function refuseEscalation(caller: EngineCaller, roles: readonly string[] = []): void {
  if (roles.includes('admin') && !caller.roles.includes('admin')) refuseEngine('forbidden', 'grants admin')
}

const create = operation({
  ...shared,
  id: 'create_engine_account',
  method: 'POST',
  path: PATH,
  body: Type.Object({
    /** Of the user or agency that is imported; without id and password it is looked for by name. */
    id: Type.Optional(Type.String({ maxLength: 64 })),
    name: Type.String({ maxLength: 64 }),
    password: Type.Optional(Type.String({ maxLength: 64 })),
    roles: Roles,
  }),
  handle: async (call) => {
    const caller = await callerWho('create', call)
    const { id, name, password, roles } = call.body
    refuseEscalation(caller, roles)
    const by = actorOf(call)
    if (id === undefined && password !== undefined) {
      await createAccounts(call.ctx, caller.engine, [{ name, password, roles }], by)
      return DONE
    }
    const { projectId } = readHeaders(call)
    const project = await findProjectScope(call.ctx.store.db, { id: projectId })
    const found = await findPrincipals(
      call.ctx.store.db,
      project?.domain.id ?? '',
      id === undefined ? { name } : { id },
    )
    const [principal, another] = found
    if (!principal || another) {
      return refuse('bad_request', 'no principal, or several', {
        wireCode: 'ENGINE.0411',
        message: 'The IAM user cannot be found, or several have that name.',
      })
    }
    await importPrincipal(call.ctx, caller.engine, { principal, name, roles, password }, by)
    return DONE
  },
})

const list = operation({
  ...shared,
  id: 'list_engine_accounts',
  method: 'GET',
  path: PATH,
  handle: async (call) => {
    const { engine } = await callerWho('get', call)
    const accounts = await listEngineAccounts(call.ctx.store.db, engine.id)
    const data = accounts.map(({ principalId, name, roles, status }) => ({
      id: principalId,
      name,
      roles,
      status,
    }))
    return { body: { total: data.length, data } }
  },
})

const update = operation({
  ...shared,
  id: 'update_engine_account',
  method: 'PUT',
  path: `${PATH}/:name`,
  body: Type.Object({
    roles: Type.Optional(Roles),
    status: Type.Optional(Type.Enum(['active', 'inactive'])),
  }),
  handle: async (call) => {
    const caller = await callerWho('update', call)
    const { roles, status } = call.body
    refuseEscalation(caller, roles)
    const wanted = { name: call.params['name']!, self: caller.account.name, roles, status }
    await updateAccount(call.ctx, caller.engine, wanted, actorOf(call))
    return DONE
  },
})

const remove = operation({
  ...shared,
  id: 'delete_engine_account',
  method: 'DELETE',
  path: `${PATH}/:name`,
  handle: async (call) => {
    const caller = await callerWho('delete', call)
    const wanted = { name: call.params['name']!, self: caller.account.name }
    await removeAccount(call.ctx, caller.engine, wanted, actorOf(call))
    return DONE
  },
})

/** Own password with the current one; that of others, such as an imported user who is to log in with one, by admins. */
const setPassword = operation({
  ...shared,
  id: 'set_engine_account_password',
  method: 'POST',
  path: `${PATH}/:name/password`,
  body: Type.Object({
    currentPassword: Type.Optional(Type.String({ maxLength: 64 })),
    password: Type.String({ maxLength: 64 }),
  }),
  handle: async (call) => {
    const caller = await engineCaller(call)
    const { remoteAddress: address, requestId } = call
    const wanted = { ...call.body, name: call.params['name']!, address, requestId }
    await changePassword(call.ctx, caller, wanted, actorOf(call)).catch(asBadRequest)
    return DONE
  },
})

/** A wrong password of the engine says nothing of the session of the cloud, which 401 is about here. */
function asBadRequest(error: { readonly code?: unknown }): never {
  if (error.code !== 'unauthenticated') throw error
  return refuse('bad_request', 'old password', { wireCode: 'ENGINE.0414', message: 'Old password is wrong' })
}

export const accountOperations = [create, list, update, remove, setPassword]
