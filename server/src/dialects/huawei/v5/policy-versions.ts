/** Versions of an identity policy (v5): at most five, one of which counts. */
import { Type } from 'typebox'
import { missing, refuse } from '../../../core/refusal.ts'
import {
  deletePolicyVersion,
  insertPolicyVersion,
  listPolicyVersions,
  type PolicyVersion,
  type StatementPolicyRecord,
  setDefaultVersion,
  updateStatementPolicy,
} from '../../../store/statement-policies.ts'
import type { Db } from '../../../store/store.ts'
import { type Call, change, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { markedPage } from './paging.ts'
import { identityDocument, ownIdentityPolicy } from './policies.ts'

const MOST_VERSIONS = 5
const all = '/v5/policies/:policy_id/versions'
const path = `${all}/:version_id`
const audited = ({ params }: Pick<Call, 'params'>): string => `policy:${params['policy_id']}`

function shown(version: PolicyVersion, { defaultVersion }: StatementPolicyRecord): Record<string, unknown> {
  return {
    document: JSON.stringify(version.document),
    version_id: version.version,
    is_default: version.version === defaultVersion,
    created_at: zonedTime(version.createdAt),
  }
}

async function versionOf(db: Db, call: Pick<Call, 'caller' | 'params'>, action: string) {
  const policy = await ownIdentityPolicy(db, call, action)
  const id = call.params['version_id'] ?? ''
  const version = (await listPolicyVersions(db, policy.id)).find((each) => each.version === id)
  return { policy, version: version ?? missing('policy version', id) }
}

const list = operation({
  id: 'listPolicyVersionsV5',
  method: 'GET',
  path: all,
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const policy = await ownIdentityPolicy(db, call, 'iam:policies:listVersionsV5')
    const versions = await listPolicyVersions(db, policy.id)
    const { page, page_info } = markedPage(call.query, versions, ({ version }) => version)
    return { body: { versions: page.map((version) => shown(version, policy)), page_info } }
  },
})

const create = operation({
  id: 'createPolicyVersionV5',
  method: 'POST',
  path: all,
  policy: 'authenticated',
  body: Type.Object({ policy_document: Type.String(), set_as_default: Type.Optional(Type.Boolean()) }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const document = identityDocument(call.body.policy_document)
    const now = call.ctx.now()
    const made = await change(call, audited(call), async (tx) => {
      const before = await ownIdentityPolicy(tx, call, 'iam:policies:createVersionV5')
      if ((await listPolicyVersions(tx, before.id)).length >= MOST_VERSIONS) {
        refuse('conflict', 'five versions', { message: 'The policy has five versions already.' })
      }
      // A number is never used again, so that nobody is shown another document under the one they knew.
      const count = Number(before.extra['versions']) + 1
      const version = { version: `v${count}`, document, createdAt: now }
      const policy = { ...before, extra: { ...before.extra, versions: count }, updatedAt: now }
      await updateStatementPolicy(tx, policy)
      await insertPolicyVersion(tx, policy.id, version)
      if (call.body.set_as_default !== true) return { version, policy }
      await setDefaultVersion(tx, policy.id, version.version, now)
      return { version, policy: { ...policy, defaultVersion: version.version } }
    })
    return { body: { policy_version: shown(made.version, made.policy) } }
  },
})

const show = operation({
  id: 'getPolicyVersionV5',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { version, policy } = await versionOf(call.ctx.store.db, call, 'iam:policies:getVersionV5')
    return { body: { policy_version: shown(version, policy) } }
  },
})

const remove = operation({
  id: 'deletePolicyVersionV5',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    await change(call, audited(call), async (tx) => {
      const { version, policy } = await versionOf(tx, call, 'iam:policies:deleteVersionV5')
      if (version.version === policy.defaultVersion) {
        refuse('conflict', 'the default version', { message: 'The default version cannot be deleted.' })
      }
      await deletePolicyVersion(tx, policy.id, version.version)
    })
    return {}
  },
})

const setDefault = operation({
  id: 'setDefaultPolicyVersionV5',
  method: 'POST',
  path: `${path}/set-default`,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    await change(call, audited(call), async (tx) => {
      const { version, policy } = await versionOf(tx, call, 'iam:policies:setDefaultVersionV5')
      await setDefaultVersion(tx, policy.id, version.version, call.ctx.now())
    })
    return {}
  },
})

export const policyVersionOperations = [list, create, show, remove, setDefault]
