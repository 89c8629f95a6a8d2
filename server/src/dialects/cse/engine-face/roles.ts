/** `/v4/roles`, as service-center has it. */
import { Type } from 'typebox'
import { builtInRoles } from '../../../core/engine-permissions.ts'
import { putRole, refuseEngine, removeRole } from '../../../flows/engine-accounts.ts'
import { listEngineRoles } from '../../../store/engines.ts'
import { actorOf, type Call, operation } from './operation.ts'

const refusals = ['bad_request', 'unauthenticated', 'forbidden', 'conflict'] as const
const Text = Type.String({ maxLength: 64 })
const Perms = Type.Array(
  Type.Object({
    resources: Type.Array(
      Type.Object({ type: Text, labels: Type.Optional(Type.Record(Text, Type.String({ maxLength: 256 }))) }),
      { minItems: 1, maxItems: 50 },
    ),
    verbs: Type.Array(Text, { minItems: 1, maxItems: 5 }),
  }),
  { minItems: 1, maxItems: 50 },
)

async function rolesOf({ ctx, caller }: Pick<Call, 'ctx' | 'caller'>) {
  const own = await listEngineRoles(ctx.store.db, caller.engine.id)
  const builtIn = Object.entries(builtInRoles).map(([name, perms]) => ({ name, perms }))
  return [...builtIn, ...own.map(({ name, perms }) => ({ name, perms }))]
}

const list = operation({
  id: 'list_roles',
  method: 'GET',
  path: '/v4/roles',
  policy: 'role:get',
  success: 200,
  refusals,
  handle: async (call) => {
    const data = await rolesOf(call)
    return { body: { total: data.length, data } }
  },
})

const show = operation({
  id: 'show_role',
  method: 'GET',
  path: '/v4/roles/:name',
  policy: 'role:get',
  success: 200,
  refusals,
  handle: async (call) => ({
    body: (await rolesOf(call)).find(({ name }) => name === call.params['name']) ?? refuseEngine('noRole'),
  }),
})

const create = operation({
  id: 'create_role',
  method: 'POST',
  path: '/v4/roles',
  policy: 'role:create',
  body: Type.Object({ name: Text, perms: Perms }),
  success: 200,
  refusals,
  handle: async (call) => {
    await putRole(call.ctx, call.caller.engine, { ...call.body, mode: 'create' }, actorOf(call))
    return {}
  },
})

const update = operation({
  id: 'update_role',
  method: 'PUT',
  path: '/v4/roles/:name',
  policy: 'role:update',
  body: Type.Object({ perms: Perms }),
  success: 200,
  refusals,
  handle: async (call) => {
    const wanted = { name: call.params['name']!, perms: call.body.perms, mode: 'update' as const }
    await putRole(call.ctx, call.caller.engine, wanted, actorOf(call))
    return {}
  },
})

const remove = operation({
  id: 'delete_role',
  method: 'DELETE',
  path: '/v4/roles/:name',
  policy: 'role:delete',
  success: 200,
  refusals,
  handle: async (call) => {
    await removeRole(call.ctx, call.caller.engine, call.params['name']!, actorOf(call))
    return {}
  },
})

export const roleOperations = [list, show, create, update, remove]
