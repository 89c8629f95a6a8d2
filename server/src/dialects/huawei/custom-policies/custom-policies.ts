/**
 * OS-ROLE: custom policies of an account ("Custom policy management"). A policy is granted like a role, by the operations
 * that grant roles, so it is a role of its account under the same id.
 */
import { Type } from 'typebox'
import { missing, refuse } from '../../../core/refusal.ts'
import { newId } from '../../../store/ids.ts'
import { deleteRole, insertRole } from '../../../store/roles.ts'
import {
  findStatementPolicy,
  insertStatementPolicy,
  listStatementPolicies,
  type StatementPolicyRecord,
  updateStatementPolicy,
} from '../../../store/statement-policies.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { accountOf, administers, demandAdministrator } from '../access.ts'
import { type Call, change, numberedPage, operation, pageOf } from '../operation.ts'
import { policyBody } from '../roles/role-body.ts'
import { demandDisplayName, demandDocument, demandType } from './policy-faults.ts'

const MOST_PER_PAGE = 300
const path = '/v3.0/OS-ROLE/roles/:role_id'

// Faults have codes of their own here, so everything is looked at by hand.
const Body = Type.Object({
  role: Type.Object({
    display_name: Type.Optional(Type.Unknown()),
    type: Type.Optional(Type.Unknown()),
    description: Type.Optional(Type.String({ maxLength: 256 })),
    description_cn: Type.Optional(Type.String({ maxLength: 256 })),
    policy: Type.Optional(Type.Unknown()),
  }),
})

/** Identity policies of the v5 API are attached instead; they have a path. */
const isGrantedAsRole = ({ extra }: StatementPolicyRecord): boolean => extra['path'] === undefined

function shown(call: Pick<Call, 'baseUrl'>, policy: StatementPolicyRecord): Record<string, unknown> {
  return { ...policyBody(policy), links: { self: `${call.baseUrl}/v3/roles/${policy.id}` } }
}

async function ownPolicy(
  db: Db,
  call: Pick<Call, 'caller' | 'params'>,
  action: string,
): Promise<StatementPolicyRecord> {
  const id = call.params['role_id'] ?? ''
  const policy = await findStatementPolicy(db, { id })
  const classic = policy?.language === 'huawei' && policy.domainId !== '' && isGrantedAsRole(policy)
  if (classic && administers(call.caller, policy.domainId)) return policy
  demandAdministrator(call.caller, accountOf(call.caller), action)
  return missing('role', id)
}

const taken = (error: unknown): never => {
  if (!isUniqueViolation(error)) throw error
  return refuse('conflict', 'display_name taken', {
    message: 'Conflict occurred when attempting to store role - Duplicate display_name.',
  })
}

const list = operation({
  id: 'listCustomPolicies',
  method: 'GET',
  path: '/v3.0/OS-ROLE/roles',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const domainId = accountOf(call.caller)
    demandAdministrator(call.caller, domainId, 'iam:roles:listRoles')
    const all = await listStatementPolicies(call.ctx.store.db, { domainId, language: 'huawei' })
    const policies = all.filter(isGrantedAsRole)
    const roles = pageOf(policies, numberedPage(call.query, MOST_PER_PAGE)).map((policy) =>
      shown(call, policy),
    )
    const links = { self: `${call.baseUrl}${call.url}`, previous: null, next: null }
    return { body: { roles, links, total_number: policies.length } }
  },
})

const create = operation({
  id: 'createCloudServiceCustomPolicy',
  method: 'POST',
  path: '/v3.0/OS-ROLE/roles',
  policy: 'authenticated',
  body: Body,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const sent = call.body.role
    const domainId = accountOf(call.caller)
    demandAdministrator(call.caller, domainId, 'iam:roles:createRole')
    const id = newId()
    const now = call.ctx.now()
    const name = `custom_${domainId}_${id.slice(0, 8)}`
    const policy: StatementPolicyRecord = {
      id,
      domainId,
      language: 'huawei',
      kind: 'custom',
      name: demandDisplayName(sent.display_name),
      description: sent.description ?? '',
      defaultVersion: 'v1',
      document: demandDocument(sent.policy),
      extra: {
        name,
        type: demandType(sent.type),
        catalog: 'CUSTOMED',
        ...(sent.description_cn === undefined ? {} : { description_cn: sent.description_cn }),
      },
      createdAt: now,
      updatedAt: now,
    }
    await change(call, `role:${id}`, async (tx) => {
      await insertRole(tx, { id, name, domainId, description: policy.description, options: {}, extra: {} })
      await insertStatementPolicy(tx, policy).catch(taken)
    })
    return { body: { role: shown(call, policy) } }
  },
})

const show = operation({
  id: 'showCustomPolicy',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => ({
    body: { role: shown(call, await ownPolicy(call.ctx.store.db, call, 'iam:roles:getRole')) },
  }),
})

const update = operation({
  id: 'updateCloudServiceCustomPolicy',
  method: 'PATCH',
  path,
  policy: 'authenticated',
  body: Body,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const sent = call.body.role
    const policy = await change(call, `role:${call.params['role_id']}`, async (tx) => {
      const before = await ownPolicy(tx, call, 'iam:roles:updateRole')
      const after: StatementPolicyRecord = {
        ...before,
        name: sent.display_name === undefined ? before.name : demandDisplayName(sent.display_name),
        description: sent.description ?? before.description,
        document: sent.policy === undefined ? before.document : demandDocument(sent.policy),
        extra: {
          ...before.extra,
          ...(sent.type === undefined ? {} : { type: demandType(sent.type) }),
          ...(sent.description_cn === undefined ? {} : { description_cn: sent.description_cn }),
        },
        updatedAt: call.ctx.now(),
      }
      await updateStatementPolicy(tx, after).catch(taken)
      return after
    })
    return { body: { role: shown(call, policy) } }
  },
})

const remove = operation({
  id: 'deleteCustomPolicy',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    await change(call, `role:${call.params['role_id']}`, async (tx) => {
      const { id } = await ownPolicy(tx, call, 'iam:roles:deleteRole')
      await deleteRole(tx, id)
    })
    return {}
  },
})

export const customPolicyOperations = [list, create, show, update, remove]
