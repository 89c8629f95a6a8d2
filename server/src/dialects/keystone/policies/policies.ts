/** Policies that services once fetched from here; kept as text. */
import { Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import { newId } from '../../../store/ids.ts'
import {
  deletePolicy,
  findPolicy,
  listPolicies,
  putPolicy,
  type StoredPolicy,
} from '../../../store/policies.ts'
import { attributesBeyond } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { change, operation } from '../operation.ts'

const PolicyType = Type.String({ maxLength: 255 })
const CreateBody = Type.Object({ policy: Type.Object({ blob: Type.String(), type: PolicyType }) })
const UpdateBody = Type.Object({
  policy: Type.Object(
    { blob: Type.Optional(Type.String()), type: Type.Optional(PolicyType) },
    { minProperties: 1 },
  ),
})
const KNOWN = ['id', 'blob', 'type', 'links']

export function policyBody(incoming: Incoming, policy: StoredPolicy, collectionName = 'policies') {
  const { id, blob, type, extra } = policy
  return { ...extra, id, blob, type, links: selfLink(incoming, `${collectionName}/${id}`) }
}

const create = operation({
  id: 'create_policy',
  method: 'POST',
  path: '/v3/policies',
  policy: 'identity:create_policy',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const sent = call.body.policy
    const policy: StoredPolicy = {
      id: newId(),
      blob: sent.blob,
      type: sent.type,
      extra: attributesBeyond(sent, KNOWN),
    }
    await change(call, `policy:${policy.id}`, (tx) => putPolicy(tx, policy))
    return { body: { policy: policyBody(call, policy) } }
  },
})

const list = operation({
  id: 'list_policies',
  method: 'GET',
  path: '/v3/policies',
  policy: 'identity:list_policies',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, { type: { column: 'type' } })
    const { items, next } = await listPolicies(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((policy) => policyBody(call, policy))
    return { body: collection(call, 'policies', members, next) }
  },
})

const show = operation({
  id: 'get_policy',
  method: 'GET',
  path: '/v3/policies/:policy_id',
  policy: 'identity:get_policy',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['policy_id'] ?? ''
    const policy = found(await findPolicy(call.ctx.store.db, id), 'policy', id)
    return { body: { policy: policyBody(call, policy) } }
  },
})

const update = operation({
  id: 'update_policy',
  method: 'PATCH',
  path: '/v3/policies/:policy_id',
  policy: 'identity:update_policy',
  body: UpdateBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['policy_id'] ?? ''
    const sent = call.body.policy
    const named = 'id' in sent ? sent.id : id
    if (named !== id) refuse('bad_request', 'another id in the body', { message: 'Cannot change policy ID' })
    const policy = await change(call, `policy:${id}`, async (tx) => {
      const before = found(await findPolicy(tx, id), 'policy', id)
      const after: StoredPolicy = {
        id,
        blob: sent.blob ?? before.blob,
        type: sent.type ?? before.type,
        extra: { ...before.extra, ...attributesBeyond(sent, KNOWN) },
      }
      await putPolicy(tx, after)
      return after
    })
    return { body: { policy: policyBody(call, policy) } }
  },
})

const remove = operation({
  id: 'delete_policy',
  method: 'DELETE',
  path: '/v3/policies/:policy_id',
  policy: 'identity:delete_policy',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['policy_id'] ?? ''
    await change(call, `policy:${id}`, async (tx) => {
      if (!(await deletePolicy(tx, id))) missing('policy', id)
    })
    return {}
  },
})

export const policyOperations = [create, list, show, update, remove]
