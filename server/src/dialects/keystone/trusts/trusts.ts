/** OS-TRUST: trusts and their roles. Who has nothing to do with a trust is not told whether it exists. */
import { found, missing } from '../../../core/refusal.ts'
import { rolesOf } from '../../../store/grants.ts'
import { findRole, type RoleRecord } from '../../../store/roles.ts'
import { deleteTrust, findTrust, listTrusts, type TrustRecord } from '../../../store/trusts.ts'
import { collection, one } from '../collection.ts'
import { refuseDelegated } from '../delegated.ts'
import { type Call, change, operation } from '../operation.ts'
import { roleBody } from '../roles/role-body.ts'
import { createTrust } from './create-trust.ts'
import { rolesLinks, trustBody, trustFields } from './trust-body.ts'

const ONE = '/v3/OS-TRUST/trusts/:trust_id'
const DELEGATED = 'Delegated tokens cannot manage trusts.'

async function usableTrust(call: Pick<Call, 'ctx' | 'params'>): Promise<TrustRecord | undefined> {
  const trust = await findTrust(call.ctx.store.db, call.params['trust_id'] ?? '')
  const over = trust && trust.expiresAt !== null && trust.expiresAt <= call.ctx.now()
  return trust && !over && trust.remainingUses !== 0 ? trust : undefined
}

/** Keystone looks for the trust before it asks the rule: an unknown one is a 404 for everybody who is signed in. */
const load = async (call: Pick<Call, 'ctx' | 'params'>): Promise<TrustRecord> =>
  found(await usableTrust(call), 'trust', call.params['trust_id'] ?? '')

const target = (trust: TrustRecord) => ({
  'target.trust.trustor_user_id': trust.trustorUserId,
  'target.trust.trustee_user_id': trust.trusteeUserId,
})

async function rolesOfTrust(call: Pick<Call, 'ctx'>, trust: TrustRecord): Promise<readonly RoleRecord[]> {
  const { byId } = await rolesOf(call.ctx.store)
  const known = trust.roleIds.filter((id) => byId.has(id))
  const roles = await Promise.all(known.map((id) => findRole(call.ctx.store.db, id)))
  return roles.filter((role) => role !== undefined)
}

const list = operation({
  id: 'list_trusts',
  method: 'GET',
  path: '/v3/OS-TRUST/trusts',
  policy: 'identity:list_trusts',
  otherPolicies: ['identity:list_trusts_for_trustor', 'identity:list_trusts_for_trustee'],
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  ruleFor: (_facts, { query }) => {
    if (one(query, 'trustor_user_id')) return 'identity:list_trusts_for_trustor'
    return one(query, 'trustee_user_id') ? 'identity:list_trusts_for_trustee' : 'identity:list_trusts'
  },
  target: (_facts, { query }) => ({
    'target.trust.trustor_user_id': one(query, 'trustor_user_id') ?? null,
    'target.trust.trustee_user_id': one(query, 'trustee_user_id') ?? null,
  }),
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED, ['trust'])
    const trustorUserId = one(call.query, 'trustor_user_id')
    const trusteeUserId = one(call.query, 'trustee_user_id')
    const by = trustorUserId ? { trustorUserId } : trusteeUserId ? { trusteeUserId } : {}
    const trusts = await listTrusts(call.ctx.store.db, by)
    return {
      body: collection(
        call,
        'trusts',
        trusts.map((trust) => trustFields(call, trust)),
      ),
    }
  },
})

const show = operation({
  id: 'get_trust',
  method: 'GET',
  path: ONE,
  policy: 'identity:get_trust',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target,
  handle: async (call, trust) => {
    refuseDelegated(call.caller, DELEGATED, ['trust'])
    return { body: { trust: trustBody(call, trust, await rolesOfTrust(call, trust)) } }
  },
})

const remove = operation({
  id: 'delete_trust',
  method: 'DELETE',
  path: ONE,
  policy: 'identity:delete_trust',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target,
  handle: async (call, trust) => {
    refuseDelegated(call.caller, DELEGATED, ['trust'])
    await change(call, `trust:${trust.id}`, (tx) => deleteTrust(tx, trust.id, call.ctx.now()))
    return {}
  },
})

const listRoles = operation({
  id: 'list_roles_for_trust',
  method: 'GET',
  path: `${ONE}/roles`,
  policy: 'identity:list_roles_for_trust',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target,
  handle: async (call, trust) => {
    refuseDelegated(call.caller, DELEGATED, ['trust'])
    const roles = (await rolesOfTrust(call, trust)).map((role) => roleBody(call, role))
    return { body: { roles, links: rolesLinks(call, trust) } }
  },
})

const showRole = operation({
  id: 'get_role_for_trust',
  method: 'GET',
  path: `${ONE}/roles/:role_id`,
  policy: 'identity:get_role_for_trust',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target,
  handle: async (call, trust) => {
    refuseDelegated(call.caller, DELEGATED, ['trust'])
    const id = call.params['role_id'] ?? ''
    if (!trust.roleIds.includes(id)) missing('role', id)
    const role = found(await findRole(call.ctx.store.db, id), 'role', id)
    return { body: { role: roleBody(call, role) } }
  },
})

export const trustOperations = [createTrust, list, show, remove, listRoles, showRole]
