import { parseDocument } from '../../../core/policy/statements/parse.ts'
import {
  findSystemPolicy,
  RAM_SYSTEM_POLICIES,
  type SystemPolicy,
} from '../../../core/policy/statements/ram-system-policies.ts'
import { RAM } from '../../../core/policy/statements/statement.ts'
import { newId } from '../../../store/ids.ts'
import {
  deleteStatementPolicy,
  detachPolicy,
  findStatementPolicy,
  insertStatementPolicy,
  listAttachmentsWithin,
  listPolicyVersions,
  listStatementPolicies,
  type StatementPolicyRecord,
} from '../../../store/statement-policies.ts'
import type { Db } from '../../../store/store.ts'
import { invalidParameter, noSuch } from '../errors.ts'
import { type Call, change, required } from '../operation.ts'
import {
  answer,
  conflict,
  formed,
  pageAmong,
  ramOperation,
  text,
  time,
  truncation,
  unlessTaken,
} from './ram.ts'

const MOST_BYTES = 6144
const NAME = /^[A-Za-z0-9-]{1,128}$/

export const IN_ACCOUNT = { kind: 'account', id: '' } as const
export const NOUNS = { user: 'User', group: 'Group', agency: 'Role' } as const

export type PolicyType = 'System' | 'Custom'

export function policyType(call: Call): PolicyType {
  const type = required(call, 'PolicyType')
  return type === 'System' || type === 'Custom'
    ? type
    : invalidParameter('PolicyType', 'is neither System nor Custom')
}

/** The policy that a request names, for what has to be allowed. */
export function policyNamed(call: Call, type = policyType(call)): string {
  return `${type === 'System' ? 'system:' : ''}policy/${required(call, 'PolicyName')}`
}

/** The account's own policy of that name; refuses `EntityNotExist.Policy`. */
export async function customPolicy(call: Call, db: Db = call.ctx.store.db): Promise<StatementPolicyRecord> {
  const name = required(call, 'PolicyName')
  const domainId = call.principal.account.id
  return (
    (await findStatementPolicy(db, { domainId, language: 'ram', name })) ?? noSuch('Policy', `no ${name}`)
  )
}

/** The cloud's policy of that name; refuses `EntityNotExist.Policy`. */
export function systemPolicy(call: Call): SystemPolicy {
  const name = required(call, 'PolicyName')
  return findSystemPolicy(name) ?? noSuch('Policy', `no system policy ${name}`)
}

/** The row of one of the cloud's policies, which is there once it has been attached to anybody. */
export function findSystemRow(db: Db, name: string): Promise<StatementPolicyRecord | undefined> {
  return findStatementPolicy(db, { domainId: '', language: 'ram', name })
}

/** A policy document of the request, parsed; refuses what would not be understood when it is decided by. */
export function documentOf(call: Call): unknown {
  const written = required(call, 'PolicyDocument')
  if (Buffer.byteLength(written) > MOST_BYTES) {
    return invalidParameter('PolicyDocument', `is longer than ${MOST_BYTES}`)
  }
  let document: unknown
  try {
    document = JSON.parse(written)
  } catch {
    return invalidParameter('PolicyDocument', 'is not JSON')
  }
  const statements = parseDocument(document, RAM)
  if ('problem' in statements) {
    return invalidParameter('PolicyDocument', `${statements.at} ${statements.problem}`.trim())
  }
  return document
}

type Described = Pick<StatementPolicyRecord, 'name' | 'description' | 'defaultVersion' | 'createdAt'>

/** The cloud's policies were there from the beginning. */
const BEGINNING = Date.UTC(2015, 3, 28) * 1000

export function policyBody(policy: Described, type: PolicyType, updatedAt = policy.createdAt) {
  return {
    PolicyName: policy.name,
    PolicyType: type,
    Description: policy.description,
    DefaultVersion: policy.defaultVersion,
    CreateDate: time(policy.createdAt),
    UpdateDate: time(updatedAt),
  }
}

const systemBody = ({ name, description }: SystemPolicy) =>
  policyBody({ name, description, defaultVersion: 'v1', createdAt: BEGINNING }, 'System')

export const systemVersion = ({ document }: SystemPolicy) => ({
  VersionId: 'v1',
  IsDefaultVersion: true,
  PolicyDocument: JSON.stringify(document),
  CreateDate: time(BEGINNING),
})

const createPolicy = ramOperation({
  action: 'CreatePolicy',
  parameters: ['PolicyName', 'PolicyDocument', 'Description'],
  on: () => ['policy/*'],
  handle: async (call) => {
    const now = call.ctx.now()
    const policy: StatementPolicyRecord = {
      id: newId(),
      domainId: call.principal.account.id,
      language: 'ram',
      kind: 'custom',
      name: formed(call, 'PolicyName', NAME),
      description: text(call, 'Description', 1024) ?? '',
      defaultVersion: 'v1',
      document: documentOf(call),
      extra: { ram_versions: 1 },
      createdAt: now,
      updatedAt: now,
    }
    await unlessTaken(
      'Policy',
      change(call, `policy:${policy.id}`, (tx) => insertStatementPolicy(tx, policy)),
    )
    return answer(call, { Policy: policyBody(policy, 'Custom') })
  },
})

const getPolicy = ramOperation({
  action: 'GetPolicy',
  parameters: ['PolicyName', 'PolicyType'],
  on: (call) => [policyNamed(call)],
  handle: async (call) => {
    const { db } = call.ctx.store
    const count = async (id: string | undefined): Promise<number> =>
      id === undefined ? 0 : (await listAttachmentsWithin(db, call.principal.account.id, id)).length
    if (policyType(call) === 'System') {
      const policy = systemPolicy(call)
      const AttachmentCount = await count((await findSystemRow(db, policy.name))?.id)
      const DefaultPolicyVersion = systemVersion(policy)
      return answer(call, { Policy: { ...systemBody(policy), AttachmentCount }, DefaultPolicyVersion })
    }
    const policy = await customPolicy(call)
    const versions = await listPolicyVersions(db, policy.id)
    const current = versions.find(({ version }) => version === policy.defaultVersion)
    return answer(call, {
      Policy: {
        ...policyBody(policy, 'Custom', policy.updatedAt),
        AttachmentCount: await count(policy.id),
      },
      DefaultPolicyVersion: {
        VersionId: policy.defaultVersion,
        IsDefaultVersion: true,
        PolicyDocument: JSON.stringify(policy.document),
        CreateDate: time(current?.createdAt ?? policy.createdAt),
      },
    })
  },
})

const deletePolicy = ramOperation({
  action: 'DeletePolicy',
  parameters: ['PolicyName', 'CascadingDelete'],
  on: (call) => [policyNamed(call, 'Custom')],
  handle: async (call) => {
    const { id } = await customPolicy(call)
    const cascades = call.parameters['CascadingDelete']?.toLowerCase() === 'true'
    await change(call, `policy:${id}`, async (tx) => {
      const attached = await listAttachmentsWithin(tx, call.principal.account.id, id)
      const [first] = attached
      if (first && !cascades) {
        conflict(`DeleteConflict.Policy.${NOUNS[first.actor.kind]}`, 'The policy is still attached.')
      }
      if (!cascades && (await listPolicyVersions(tx, id)).length > 1) {
        conflict('DeleteConflict.Policy.Version', 'The policy still has other versions.')
      }
      for (const { actor } of attached) await detachPolicy(tx, { policyId: id, actor, scope: IN_ACCOUNT })
      await deleteStatementPolicy(tx, id)
    })
    return answer(call)
  },
})

const listPolicies = ramOperation({
  action: 'ListPolicies',
  parameters: ['PolicyType', 'Marker', 'MaxItems'],
  on: () => ['policy/*'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const domainId = call.principal.account.id
    const type = call.parameters['PolicyType'] ? policyType(call) : undefined
    const [own, ofCloud, attached] = await Promise.all([
      listStatementPolicies(db, { domainId, language: 'ram' }),
      listStatementPolicies(db, { domainId: '', language: 'ram' }),
      listAttachmentsWithin(db, domainId),
    ])
    const count = (id: string | undefined) => attached.filter(({ policyId }) => policyId === id).length
    const system = RAM_SYSTEM_POLICIES.map((policy) => ({
      ...systemBody(policy),
      AttachmentCount: count(ofCloud.find(({ name }) => name === policy.name)?.id),
    }))
    const custom = own.map((policy) => ({
      ...policyBody(policy, 'Custom', policy.updatedAt),
      AttachmentCount: count(policy.id),
    }))
    const all = [...(type === 'Custom' ? [] : system), ...(type === 'System' ? [] : custom)]
    const { items, next } = pageAmong(
      call,
      all,
      ({ PolicyType, PolicyName }) => `${PolicyType === 'System' ? 0 : 1}/${PolicyName}`,
    )
    return answer(call, { ...truncation(next), Policies: { Policy: items } })
  },
})

export const policyOperations = [createPolicy, getPolicy, deletePolicy, listPolicies]
