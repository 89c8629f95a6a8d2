/** What roles imply (Identity API v3, "Create/list/delete a role inference rule"). */
import { found, refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  deleteInference,
  findRole,
  type Inference,
  insertInference,
  isImplied,
  listInferences,
  type RoleRecord,
} from '../../../store/roles.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { selfLink } from '../collection.ts'
import { type Call, change, operation } from '../operation.ts'

/**
 * Never implied, whatever the case it is written in: rules compare names of roles without regard to case, and who may
 * hand out a harmless role must not hand out this one with it.
 */
const NEVER_IMPLIED = new Set(['admin'])

const onePath = '/v3/roles/:prior_role_id/implies/:implied_role_id'

interface Pair {
  readonly prior: RoleRecord
  readonly implied: RoleRecord
}

async function pairOf(db: Db, params: Call['params']): Promise<Pair> {
  const priorId = params['prior_role_id'] ?? ''
  const impliedId = params['implied_role_id'] ?? ''
  const [prior, implied] = await Promise.all([findRole(db, priorId), findRole(db, impliedId)])
  return { prior: found(prior, 'role', priorId), implied: found(implied, 'role', impliedId) }
}

const load = (call: Pick<Call, 'ctx' | 'params'>): Promise<Pair> => pairOf(call.ctx.store.db, call.params)

const target = ({ prior, implied }: Pair) => ({
  'target.prior_role.id': prior.id,
  'target.prior_role.domain_id': prior.domainId === '' ? null : prior.domainId,
  'target.implied_role.id': implied.id,
  'target.implied_role.domain_id': implied.domainId === '' ? null : implied.domainId,
})

const notImplied = ({ prior, implied }: Pair): never =>
  refuse('not_found', `${prior.id} does not imply ${implied.id}`, {
    message: `${prior.id} does not imply ${implied.id}.`,
  })

const create = operation({
  id: 'create_implied_role',
  method: 'PUT',
  path: onePath,
  policy: 'identity:create_implied_role',
  success: 201,
  refusals: ['unauthenticated', 'forbidden', 'not_found', 'conflict'],
  load,
  target,
  handle: async (call) => {
    const pair = await change(call, audited(call), async (tx) => {
      const { prior, implied } = await pairOf(tx, call.params)
      const leavesItsDomain = prior.domainId === '' && implied.domainId !== ''
      if (leavesItsDomain || NEVER_IMPLIED.has(implied.name.toLowerCase())) {
        refuse('forbidden', `${implied.id} must not be implied`, {
          message: `${implied.id} cannot be an implied roles.`,
        })
      }
      await insertInference(tx, prior.id, implied.id).catch(alreadyImplied)
      return { prior, implied }
    })
    return { body: inferenceBody(call, pair) }
  },
})

const show = operation({
  id: 'get_implied_role',
  method: 'GET',
  path: onePath,
  policy: 'identity:get_implied_role',
  otherPolicies: ['identity:check_implied_role'],
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  ruleFor: (_pair, { method }) => `identity:${method === 'HEAD' ? 'check' : 'get'}_implied_role`,
  target,
  handle: async (call, pair) => {
    if (!(await isImplied(call.ctx.store.db, pair.prior.id, pair.implied.id))) return notImplied(pair)
    return call.method === 'HEAD' ? { status: 204 } : { body: inferenceBody(call, pair) }
  },
})

const remove = operation({
  id: 'delete_implied_role',
  method: 'DELETE',
  path: onePath,
  policy: 'identity:delete_implied_role',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target,
  handle: async (call, pair) => {
    await change(call, audited(call), async (tx) => {
      if (!(await deleteInference(tx, pair.prior.id, pair.implied.id))) notImplied(pair)
    })
    return {}
  },
})

const list = operation({
  id: 'list_implied_roles',
  method: 'GET',
  path: '/v3/roles/:prior_role_id/implies',
  policy: 'identity:list_implied_roles',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: async ({ ctx, params }) => {
    const id = params['prior_role_id'] ?? ''
    return found(await findRole(ctx.store.db, id), 'role', id)
  },
  target: (prior) => ({
    'target.prior_role.id': prior.id,
    'target.prior_role.domain_id': prior.domainId === '' ? null : prior.domainId,
  }),
  handle: async (call, prior) => {
    const inferences = await listInferences(call.ctx.store.db, prior.id)
    const implies = inferences.map(({ implied }) => named(call, implied))
    return {
      body: {
        role_inference: { prior_role: named(call, prior), implies },
        links: selfLink(call, `roles/${prior.id}/implies`),
      },
    }
  },
})

const listAll = operation({
  id: 'list_role_inference_rules',
  method: 'GET',
  path: '/v3/role_inferences',
  policy: 'identity:list_role_inference_rules',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const byPrior = new Map<string, { prior: Inference['prior']; implies: unknown[] }>()
    for (const { prior, implied } of await listInferences(call.ctx.store.db)) {
      const entry = byPrior.get(prior.id) ?? { prior, implies: [] }
      entry.implies.push(named(call, implied))
      byPrior.set(prior.id, entry)
    }
    const rules = [...byPrior.values()].map(({ prior, implies }) => ({
      prior_role: named(call, prior),
      implies,
    }))
    return { body: { role_inferences: rules } }
  },
})

function audited({ params }: Pick<Call, 'params'>): string {
  return `role:${params['prior_role_id']}/implies:${params['implied_role_id']}`
}

function alreadyImplied(error: unknown): never {
  if (!isUniqueViolation(error)) throw error
  return refuse('conflict', 'implied already', {
    message: 'Conflict occurred attempting to store implied_role - Duplicate entry.',
  })
}

function named(incoming: Incoming, role: { readonly id: string; readonly name: string }) {
  return { id: role.id, links: selfLink(incoming, `roles/${role.id}`), name: role.name }
}

function inferenceBody(incoming: Incoming, { prior, implied }: Pair) {
  return {
    role_inference: { prior_role: named(incoming, prior), implies: named(incoming, implied) },
    links: selfLink(incoming, `roles/${prior.id}/implies/${implied.id}`),
  }
}

export const impliedRoleOperations = [create, show, remove, list, listAll]
