import {
  deletePolicyVersion,
  insertPolicyVersion,
  listPolicyVersions,
  type PolicyVersion,
  setDefaultVersion,
  updateStatementPolicy,
} from '../../../store/statement-policies.ts'
import { noSuch } from '../errors.ts'
import { type Call, change, required } from '../operation.ts'
import { customPolicy, documentOf, policyNamed, policyType, systemPolicy, systemVersion } from './policies.ts'
import { answer, conflict, ramOperation, time } from './ram.ts'

const MOST_VERSIONS = 5
const ROTATE = 'DeleteOldestNonDefaultVersionWhenLimitExceeded'

const onCustom = (call: Call): readonly string[] => [policyNamed(call, 'Custom')]
const onAny = (call: Call): readonly string[] => [policyNamed(call)]

const versionBody = ({ version, document, createdAt }: PolicyVersion, defaultVersion: string) => ({
  VersionId: version,
  IsDefaultVersion: version === defaultVersion,
  PolicyDocument: JSON.stringify(document),
  CreateDate: time(createdAt),
})

const noVersion = (): never => noSuch('Policy.Version', 'no such version')

const createPolicyVersion = ramOperation({
  action: 'CreatePolicyVersion',
  parameters: ['PolicyName', 'PolicyDocument', 'SetAsDefault', 'RotateStrategy'],
  on: onCustom,
  handle: async (call) => {
    const document = documentOf(call)
    const createdAt = call.ctx.now()
    const isDefault = call.parameters['SetAsDefault']?.toLowerCase() === 'true'
    const { id } = await customPolicy(call)
    const made = await change(call, `policy:${id}`, async (tx) => {
      const policy = await customPolicy(call, tx)
      const versions = await listPolicyVersions(tx, policy.id)
      if (versions.length >= MOST_VERSIONS) {
        const oldest = versions.find(({ version }) => version !== policy.defaultVersion)
        if (call.parameters['RotateStrategy'] !== ROTATE || !oldest) {
          return conflict('LimitExceeded.Policy.Version', `A policy has at most ${MOST_VERSIONS} versions.`)
        }
        await deletePolicyVersion(tx, policy.id, oldest.version)
      }
      // Versions are counted, so that no number ever means two documents.
      const highest = Math.max(
        Number(policy.extra['ram_versions'] ?? 0),
        ...versions.map(({ version }) => Number(version.slice(1)) || 0),
      )
      const extra = { ...policy.extra, ram_versions: highest + 1 }
      await updateStatementPolicy(tx, { ...policy, extra, updatedAt: createdAt })
      const version = { version: `v${highest + 1}`, document, createdAt }
      await insertPolicyVersion(tx, policy.id, version)
      if (isDefault) await setDefaultVersion(tx, policy.id, version.version, createdAt)
      return versionBody(version, isDefault ? version.version : policy.defaultVersion)
    })
    return answer(call, { PolicyVersion: made })
  },
})

const listPolicyVersionsOperation = ramOperation({
  action: 'ListPolicyVersions',
  parameters: ['PolicyName', 'PolicyType'],
  on: onAny,
  handle: async (call) => {
    if (policyType(call) === 'System') {
      return answer(call, { PolicyVersions: { PolicyVersion: [systemVersion(systemPolicy(call))] } })
    }
    const policy = await customPolicy(call)
    const versions = await listPolicyVersions(call.ctx.store.db, policy.id)
    const PolicyVersion = versions.map((each) => versionBody(each, policy.defaultVersion))
    return answer(call, { PolicyVersions: { PolicyVersion } })
  },
})

const getPolicyVersion = ramOperation({
  action: 'GetPolicyVersion',
  parameters: ['PolicyName', 'PolicyType', 'VersionId'],
  on: onAny,
  handle: async (call) => {
    const wanted = required(call, 'VersionId')
    if (policyType(call) === 'System') {
      const version = systemVersion(systemPolicy(call))
      return wanted === version.VersionId ? answer(call, { PolicyVersion: version }) : noVersion()
    }
    const policy = await customPolicy(call)
    const versions = await listPolicyVersions(call.ctx.store.db, policy.id)
    const found = versions.find(({ version }) => version === wanted) ?? noVersion()
    return answer(call, { PolicyVersion: versionBody(found, policy.defaultVersion) })
  },
})

const setDefaultPolicyVersion = ramOperation({
  action: 'SetDefaultPolicyVersion',
  parameters: ['PolicyName', 'VersionId'],
  on: onCustom,
  handle: async (call) => {
    const wanted = required(call, 'VersionId')
    const { id } = await customPolicy(call)
    await change(call, `policy:${id}`, async (tx) => {
      const versions = await listPolicyVersions(tx, id)
      if (!versions.some(({ version }) => version === wanted)) noVersion()
      await setDefaultVersion(tx, id, wanted, call.ctx.now())
    })
    return answer(call)
  },
})

const deletePolicyVersionOperation = ramOperation({
  action: 'DeletePolicyVersion',
  parameters: ['PolicyName', 'VersionId'],
  on: onCustom,
  handle: async (call) => {
    const wanted = required(call, 'VersionId')
    const { id } = await customPolicy(call)
    await change(call, `policy:${id}`, async (tx) => {
      const policy = await customPolicy(call, tx)
      if (policy.defaultVersion === wanted) {
        conflict('DeleteConflict.PolicyVersion.Default', 'The default version cannot be deleted.')
      }
      const versions = await listPolicyVersions(tx, id)
      if (!versions.some(({ version }) => version === wanted)) noVersion()
      await deletePolicyVersion(tx, id, wanted)
    })
    return answer(call)
  },
})

export const policyVersionOperations = [
  createPolicyVersion,
  listPolicyVersionsOperation,
  getPolicyVersion,
  setDefaultPolicyVersion,
  deletePolicyVersionOperation,
]
