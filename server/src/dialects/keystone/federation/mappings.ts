/** Mappings as resources; what their rules mean is decided in `core/federation`. */
import { Type } from 'typebox'
import { mappingFaults } from '../../../core/federation/mapping-faults.ts'
import { found, missing, refuse } from '../../../core/refusal.ts'
import { onlyAdministers } from '../../../flows/account-administration.ts'
import type { Incoming, PolicyTarget } from '../../../http/operation.ts'
import { endSessionsByMapping } from '../../../store/identity-providers.ts'
import {
  deleteMapping,
  findMapping,
  insertMapping,
  listMappings,
  type Mapping,
  updateMapping,
} from '../../../store/mappings.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { collection, selfLink } from '../collection.ts'
import { type Call, change, operation } from '../operation.ts'
import { demandShortId } from './federation-ids.ts'

/** The rules are checked by `mappingFaults`, which knows Keystone's words for them. */
const Body = Type.Object({ mapping: Type.Optional(Type.Object({})) })

const PATH = '/v3/OS-FEDERATION/mappings'
const idOf = (call: Pick<Call, 'params'>): string => call.params['mapping_id'] ?? ''

const mappingFields = (incoming: Incoming, { id, rules, schemaVersion }: Mapping) => ({
  id,
  rules,
  ...(schemaVersion === null || schemaVersion === 'account' ? {} : { schema_version: schemaVersion }),
  links: selfLink(incoming, `OS-FEDERATION/mappings/${id}`),
})

interface Manner {
  /** Groups named without a domain are the account's own (Huawei Cloud). */
  readonly accountScopes?: boolean
}

/**
 * The mapping as sent, or a refusal that lists all its faults. Attributes nobody knows are dropped, as in Keystone. Of an
 * account (`domainId`) it is in the account's language, whoever writes it.
 */
function mappingFrom(
  { id, domainId }: Pick<Mapping, 'id' | 'domainId'>,
  sent: object | undefined,
  manner: Manner,
): Mapping {
  const accountScopes = manner.accountScopes === true || domainId !== undefined
  const faults = mappingFaults(sent ?? {}, {
    ownGroups: accountScopes,
    onlyAccount: domainId !== undefined,
  })
  if (faults.length > 0) {
    return refuse('bad_request', 'rules', { message: faults.map((fault) => `${fault}\n`).join('') })
  }
  const { rules, schema_version } = sent as { rules: readonly unknown[]; schema_version?: string }
  return { id, domainId, rules, schemaVersion: accountScopes ? 'account' : (schema_version ?? null) }
}

const load = ({ ctx, params }: Pick<Call, 'ctx' | 'params'>) =>
  findMapping(ctx.store.db, params['mapping_id'] ?? '')

/** The cloud's own are nobody's account. */
export const mappingTarget = (mapping: Mapping | undefined): PolicyTarget =>
  mapping ? { 'target.mapping.domain_id': mapping.domainId ?? '' } : {}

const create = (rules: Manner) =>
  operation({
    id: 'create_mapping',
    method: 'PUT',
    path: `${PATH}/:mapping_id`,
    policy: 'identity:create_mapping',
    body: Body,
    bodyFaults: 'after-policy',
    success: 201,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
    target: (_facts, { caller }) => ({ 'target.mapping.domain_id': onlyAdministers(caller) ?? '' }),
    handle: async (call) => {
      const made = { id: demandShortId(idOf(call)), domainId: onlyAdministers(call.caller) }
      const mapping = mappingFrom(made, call.body.mapping, rules)
      await change(call, `mapping:${mapping.id}`, (tx) =>
        insertMapping(tx, mapping).catch((error) => {
          if (!isUniqueViolation(error)) throw error
          refuse('conflict', `mapping ${mapping.id} exists`, {
            message: 'Conflict occurred attempting to store mapping - Duplicate entry.',
          })
        }),
      )
      return { body: { mapping: mappingFields(call, mapping) } }
    },
  })

const list = operation({
  id: 'list_mappings',
  method: 'GET',
  path: PATH,
  policy: 'identity:list_mappings',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const mappings = await listMappings(call.ctx.store.db, onlyAdministers(call.caller))
    const members = mappings.map((mapping) => mappingFields(call, mapping))
    return { body: collection(call, 'mappings', members) }
  },
})

const show = operation({
  id: 'get_mapping',
  method: 'GET',
  path: `${PATH}/:mapping_id`,
  policy: 'identity:get_mapping',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target: mappingTarget,
  handle: async (call, loaded) => {
    const mapping = found(loaded, 'mapping', idOf(call))
    return { body: { mapping: mappingFields(call, mapping) } }
  },
})

const update = (rules: Manner) =>
  operation({
    id: 'update_mapping',
    method: 'PATCH',
    path: `${PATH}/:mapping_id`,
    policy: 'identity:update_mapping',
    body: Body,
    bodyFaults: 'after-policy',
    success: 200,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
    load,
    target: mappingTarget,
    handle: async (call, before) => {
      const mapping = mappingFrom(before ?? { id: idOf(call) }, call.body.mapping, rules)
      await change(call, `mapping:${mapping.id}`, async (tx) => {
        if (!(await updateMapping(tx, mapping))) missing('mapping', mapping.id)
      })
      return { body: { mapping: mappingFields(call, mapping) } }
    },
  })

/** One in use goes too, as in Keystone: sessions that came through it end with the next validation. */
const remove = operation({
  id: 'delete_mapping',
  method: 'DELETE',
  path: `${PATH}/:mapping_id`,
  policy: 'identity:delete_mapping',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target: mappingTarget,
  handle: async (call) => {
    const id = idOf(call)
    await change(call, `mapping:${id}`, async (tx) => {
      if (!(await deleteMapping(tx, id))) missing('mapping', id)
      await endSessionsByMapping(tx, id, call.ctx.now())
    })
    return {}
  },
})

export const mappingOperations = (manner: Manner) => [create(manner), list, show, update(manner), remove]
