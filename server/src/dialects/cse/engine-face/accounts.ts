/** `/v4/accounts`, as service-center has it: changes answer 200 and nothing else, passwords are never shown. */
import { Type } from 'typebox'
import { engineLimits } from '../../../core/engine-rules.ts'
import { refuse } from '../../../core/refusal.ts'
import { accountNamed, createAccounts, removeAccount, updateAccount } from '../../../flows/engine-accounts.ts'
import { changePassword } from '../../../flows/engine-password.ts'
import { type EngineAccount, listEngineAccounts } from '../../../store/engine-accounts.ts'
import { actorOf, type EngineSession, operation } from './operation.ts'

const refusals = ['bad_request', 'unauthenticated', 'forbidden', 'conflict'] as const
const Text = Type.String({ maxLength: 64 })
const Roles = Type.Array(Text, { maxItems: engineLimits.rolesOfAccount })
const Status = Type.Optional(Type.Enum(['active', 'inactive']))
const NewAccount = { name: Text, roles: Roles, status: Status }

const shown = ({ id, principalId, name, roles, status, createdAt, updatedAt }: EngineAccount) => ({
  id: principalId ?? id,
  name,
  password: '',
  roles,
  status,
  createTime: String(Math.floor(createdAt / 1e6)),
  updateTime: String(Math.floor(updatedAt / 1e6)),
})

/** Only an admin makes admins. */
function refuseEscalation({ roles: own }: EngineSession, roles: readonly string[] = []): void {
  if (roles.includes('admin') && !own.includes('admin')) refuse('forbidden', 'grants admin')
}

const list = operation({
  id: 'list_accounts',
  method: 'GET',
  path: '/v4/accounts',
  policy: 'account:get',
  success: 200,
  refusals,
  handle: async ({ ctx, caller }) => {
    const data = (await listEngineAccounts(ctx.store.db, caller.engine.id)).map(shown)
    return { body: { total: data.length, data } }
  },
})

const create = operation({
  id: 'create_account',
  method: 'POST',
  path: '/v4/accounts',
  policy: 'account:create',
  body: Type.Object({ ...NewAccount, password: Text }),
  success: 200,
  refusals,
  handle: async (call) => {
    const { name, roles, status, password } = call.body
    refuseEscalation(call.caller, roles)
    await createAccounts(call.ctx, call.caller.engine, [{ name, roles, status, password }], actorOf(call))
    return {}
  },
})

/** `id` is that of a user of the cloud: only whoever may import users says it, on CSE's wire, so here it is not taken. */
const createBatch = operation({
  id: 'create_accounts',
  method: 'POST',
  path: '/v4/accounts/batch-create',
  policy: 'account:create',
  body: Type.Object({
    accounts: Type.Array(Type.Object({ ...NewAccount, password: Type.Optional(Text) }), {
      minItems: 1,
      maxItems: engineLimits.batch,
    }),
  }),
  success: 200,
  refusals,
  handle: async (call) => {
    const accounts = call.body.accounts.map(({ name, roles, status, password }) => ({
      name,
      roles,
      status,
      password,
    }))
    for (const { roles } of accounts) refuseEscalation(call.caller, roles)
    await createAccounts(call.ctx, call.caller.engine, accounts, actorOf(call))
    return {}
  },
})

const show = operation({
  id: 'show_account',
  method: 'GET',
  path: '/v4/accounts/:name',
  policy: 'account:get',
  success: 200,
  refusals,
  handle: async ({ ctx, caller, params }) => ({
    body: shown(await accountNamed(ctx.store.db, caller.engine, params['name']!)),
  }),
})

const update = operation({
  id: 'update_account',
  method: 'PUT',
  path: '/v4/accounts/:name',
  policy: 'account:update',
  body: Type.Object({ roles: Type.Optional(Roles), status: Status }),
  success: 200,
  refusals,
  handle: async (call) => {
    const { caller, body } = call
    refuseEscalation(caller, body.roles)
    const wanted = { name: call.params['name']!, self: caller.account.name, ...body }
    await updateAccount(call.ctx, caller.engine, wanted, actorOf(call))
    return {}
  },
})

const remove = operation({
  id: 'delete_account',
  method: 'DELETE',
  path: '/v4/accounts/:name',
  policy: 'account:delete',
  success: 200,
  refusals,
  handle: async (call) => {
    const wanted = { name: call.params['name']!, self: call.caller.account.name }
    await removeAccount(call.ctx, call.caller.engine, wanted, actorOf(call))
    return {}
  },
})

/** Everybody their own, with the current one; admins that of others. */
const setPassword = operation({
  id: 'set_password',
  method: 'POST',
  path: '/v4/accounts/:name/password',
  policy: 'authenticated',
  body: Type.Object({ currentPassword: Type.Optional(Text), password: Text }),
  success: 200,
  refusals,
  handle: async (call) => {
    const { remoteAddress: address, requestId } = call
    const wanted = { ...call.body, name: call.params['name']!, address, requestId }
    await changePassword(call.ctx, call.caller, wanted, actorOf(call))
    return {}
  },
})

export const accountOperations = [list, create, createBatch, show, update, remove, setPassword]
