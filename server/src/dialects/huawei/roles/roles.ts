/** `GET /v3/roles` and `/v3/roles/{id}`: the roles there are, with the names people know, a page at a time. */
import { found, missing } from '../../../core/refusal.ts'
import { findRole, listRoles } from '../../../store/roles.ts'
import { accountOf, administers, demandAdministrator } from '../access.ts'
import { numberedPage, one, operation, pageOf } from '../operation.ts'
import { rolesShown } from './role-body.ts'

const MOST_PER_PAGE = 300

const list = operation({
  id: 'keystoneListPermissions',
  method: 'GET',
  path: '/v3/roles',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const { query, ctx, caller } = call
    const domainId = one(query, 'domain_id') ?? ''
    if (domainId !== '' && domainId !== accountOf(caller)) {
      demandAdministrator(caller, domainId, 'iam:roles:listRoles')
    }
    const { items } = await listRoles(ctx.store.db, domainId, [], {})
    const shown = (await rolesShown(call, items)) as readonly Readonly<Record<string, unknown>>[]
    const wanted = ['name', 'display_name', 'catalog', 'type'].flatMap((name) => {
      const value = one(query, name)
      return value === undefined || value === '' ? [] : [[name, value] as const]
    })
    const matching = shown.filter((role) => wanted.every(([name, value]) => role[name] === value))
    const roles = pageOf(matching, numberedPage(query, MOST_PER_PAGE))
    const links = { self: `${call.baseUrl}${call.url}`, previous: null, next: null }
    return { body: { roles, links, total_number: matching.length } }
  },
})

const show = operation({
  id: 'keystoneShowPermission',
  method: 'GET',
  path: '/v3/roles/:role_id',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'not_found'],
  handle: async (call) => {
    const id = call.params['role_id'] ?? ''
    const role = found(await findRole(call.ctx.store.db, id), 'role', id)
    const own = role.domainId === '' || role.domainId === accountOf(call.caller)
    if (!own && !administers(call.caller, role.domainId)) return missing('role', id)
    const [shown] = await rolesShown(call, [role])
    return { body: { role: shown } }
  },
})

export const roleOperations = [list, show]
