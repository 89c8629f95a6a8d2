/**
 * Identity policies of an account (v5): documents of version 5.0, attached to users, groups and agencies. Not the custom
 * policies of OS-ROLE, which are granted like roles.
 */
import { Type } from 'typebox'
import { parseDocument } from '../../../core/policy/statements/parse.ts'
import { HUAWEI } from '../../../core/policy/statements/statement.ts'
import { missing, refuse } from '../../../core/refusal.ts'
import { newId } from '../../../store/ids.ts'
import {
  deleteStatementPolicy,
  findStatementPolicy,
  insertStatementPolicy,
  listAttachments,
  listAttachmentsWithin,
  listPolicyVersions,
  listStatementPolicies,
  type StatementPolicyRecord,
} from '../../../store/statement-policies.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { accountOf, administers, demandAdministrator } from '../access.ts'
import { type Call, change, one, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { Path } from './agencies.ts'
import { documentFrom } from './document-text.ts'
import { markedPage } from './paging.ts'

const LANGUAGE = { ...HUAWEI, versions: ['5.0'] }

/** The document of a text. Refuses `bad_request` what cannot be decided. */
export const identityDocument = (text: string): unknown =>
  documentFrom(text, (document) => parseDocument(document, LANGUAGE))

/** Of the v5 API; the others are OS-ROLE's. Those have no path. */
export function isIdentityPolicy({ language, extra }: StatementPolicyRecord): boolean {
  return language === 'huawei' && typeof extra['path'] === 'string'
}

const pathOf = ({ extra }: StatementPolicyRecord): string => String(extra['path'])

export function policyUrn(policy: StatementPolicyRecord): string {
  return `iam::${policy.domainId}:policy:${pathOf(policy)}${policy.name}`
}

function shown(policy: StatementPolicyRecord, attachments: number): Record<string, unknown> {
  return {
    policy_type: policy.kind,
    policy_name: policy.name,
    policy_id: policy.id,
    urn: policyUrn(policy),
    path: pathOf(policy),
    default_version_id: policy.defaultVersion,
    attachment_count: attachments,
    description: policy.description,
    created_at: zonedTime(policy.createdAt),
    updated_at: zonedTime(policy.updatedAt),
  }
}

/** An identity policy of an account that the caller administers; any other is not there. */
export async function ownIdentityPolicy(
  db: Db,
  call: Pick<Call, 'caller' | 'params'>,
  action: string,
): Promise<StatementPolicyRecord> {
  const id = call.params['policy_id'] ?? ''
  const policy = await findStatementPolicy(db, { id })
  if (policy && isIdentityPolicy(policy) && administers(call.caller, policy.domainId)) return policy
  demandAdministrator(call.caller, accountOf(call.caller), action)
  return missing('policy', id)
}

const list = operation({
  id: 'listPoliciesV5',
  method: 'GET',
  path: '/v5/policies',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async ({ ctx, caller, query }) => {
    const { db } = ctx.store
    const domainId = accountOf(caller)
    demandAdministrator(caller, domainId, 'iam:policies:listV5')
    const attached = await listAttachmentsWithin(db, domainId)
    const attachmentsOf = (id: string) => attached.filter(({ policyId }) => policyId === id).length
    const kind = one(query, 'policy_type')
    const prefix = one(query, 'path_prefix') ?? ''
    const onlyAttached = one(query, 'only_attached') === 'true'
    const meant = (await listStatementPolicies(db, { domainId, language: 'huawei' })).filter(
      (policy) =>
        isIdentityPolicy(policy) &&
        (!kind || policy.kind === kind) &&
        pathOf(policy).startsWith(prefix) &&
        (!onlyAttached || attachmentsOf(policy.id) > 0),
    )
    const { page, page_info } = markedPage(query, meant, ({ id }) => id)
    return { body: { policies: page.map((policy) => shown(policy, attachmentsOf(policy.id))), page_info } }
  },
})

const taken = (error: unknown): never => {
  if (!isUniqueViolation(error)) throw error
  return refuse('conflict', 'policy_name taken', { message: 'The policy already exists.' })
}

const create = operation({
  id: 'createPolicyV5',
  method: 'POST',
  path: '/v5/policies',
  policy: 'authenticated',
  body: Type.Object({
    policy_name: Type.String({ pattern: '^[A-Za-z0-9_+=,.@-]{1,128}$' }),
    path: Type.Optional(Path),
    policy_document: Type.String(),
    description: Type.Optional(Type.String({ maxLength: 1000 })),
  }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const { body } = call
    const domainId = accountOf(call.caller)
    demandAdministrator(call.caller, domainId, 'iam:policies:createV5')
    const now = call.ctx.now()
    const policy: StatementPolicyRecord = {
      id: newId(),
      domainId,
      language: 'huawei',
      kind: 'custom',
      name: body.policy_name,
      description: body.description ?? '',
      defaultVersion: 'v1',
      document: identityDocument(body.policy_document),
      extra: { path: body.path ?? '', versions: 1 },
      createdAt: now,
      updatedAt: now,
    }
    await change(call, `policy:${policy.id}`, (tx) => insertStatementPolicy(tx, policy).catch(taken))
    return { body: { policy: shown(policy, 0) } }
  },
})

const path = '/v5/policies/:policy_id'

const show = operation({
  id: 'getPolicyV5',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const policy = await ownIdentityPolicy(db, call, 'iam:policies:getV5')
    const attached = await listAttachments(db, { policyId: policy.id })
    return { body: { policy: shown(policy, attached.length) } }
  },
})

const remove = operation({
  id: 'deletePolicyV5',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    await change(call, `policy:${call.params['policy_id']}`, async (tx) => {
      const { id } = await ownIdentityPolicy(tx, call, 'iam:policies:deleteV5')
      if ((await listAttachments(tx, { policyId: id })).length > 0) {
        refuse('conflict', 'attached', { message: 'The policy is attached.' })
      }
      if ((await listPolicyVersions(tx, id)).length > 1) {
        refuse('conflict', 'other versions', { message: 'The policy has versions beside the default one.' })
      }
      await deleteStatementPolicy(tx, id)
    })
    return {}
  },
})

export const identityPolicyOperations = [list, create, show, remove]
