/** Protocols of an identity provider: which mapping reads what it says. */
import { Type } from 'typebox'
import { missing, refuse } from '../../../core/refusal.ts'
import { onlyAdministers } from '../../../flows/account-administration.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  deleteProtocol,
  findIdentityProvider,
  findProtocol,
  insertProtocol,
  listProtocols,
  type Protocol,
  updateProtocol,
} from '../../../store/identity-providers.ts'
import { findMapping } from '../../../store/mappings.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { collection, selfLink } from '../collection.ts'
import { change, operation } from '../operation.ts'
import { demandShortId, doorIdsOf } from './federation-ids.ts'
import { ofProvider } from './provider-target.ts'

const MappingId = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9_-]+$' })
const RemoteIdAttribute = Type.Optional(Type.String({ maxLength: 64 }))
const Created = Type.Object(
  { mapping_id: MappingId, remote_id_attribute: RemoteIdAttribute },
  { additionalProperties: false },
)
const Updated = Type.Object(
  { mapping_id: Type.Optional(MappingId), remote_id_attribute: RemoteIdAttribute },
  { additionalProperties: false, minProperties: 1 },
)
const CreateBody = Type.Object({ protocol: Created })
const UpdateBody = Type.Object({ protocol: Updated })

const LIST = '/v3/OS-FEDERATION/identity_providers/:idp_id/protocols'
const ONE = `${LIST}/:protocol_id`

/** Keystone's links, which lead nowhere, are its own. */
const linksOf = (incoming: Incoming, { id, idpId }: Protocol) => ({
  ...selfLink(incoming, `protocols/${id}`),
  identity_provider: `${incoming.baseUrl}/v3/${idpId}`,
})

const protocolFields = (incoming: Incoming, protocol: Protocol) => ({
  id: protocol.id,
  mapping_id: protocol.mappingId,
  links: linksOf(incoming, protocol),
})

function noProtocol(idpId: string, id: string): never {
  const message = `Could not find federated protocol ${id} for Identity Provider: ${idpId}.`
  return refuse('not_found', message, { message })
}

/** Who administers one account only makes its providers read that account's mappings. */
async function demandMapping(tx: Db, id: string, account: string | undefined): Promise<void> {
  const mapping = await findMapping(tx, id)
  if (mapping && (account === undefined || mapping.domainId === account)) return
  refuse('bad_request', `no mapping ${id}`, { message: `Invalid mapping id: ${id}` })
}

const create = operation({
  id: 'create_protocol',
  method: 'PUT',
  path: ONE,
  policy: 'identity:create_protocol',
  body: CreateBody,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  ...ofProvider,
  handle: async (call) => {
    const { idpId, protocolId: id } = doorIdsOf(call)
    const { mapping_id, remote_id_attribute } = call.body.protocol
    const protocol: Protocol = {
      id: demandShortId(id),
      idpId,
      mappingId: mapping_id,
      remoteIdAttribute: remote_id_attribute ?? null,
    }
    await change(call, `protocol:${idpId}/${id}`, async (tx) => {
      await demandMapping(tx, protocol.mappingId, onlyAdministers(call.caller))
      if (!(await findIdentityProvider(tx, idpId))) missing('Identity Provider', idpId)
      await insertProtocol(tx, protocol, call.ctx.now()).catch((error) => {
        if (!isUniqueViolation(error)) throw error
        refuse('conflict', `protocol ${id} exists`, {
          message: `Conflict occurred attempting to store federation_protocol - Duplicate entry found with ID ${id}.`,
        })
      })
    })
    return { body: { protocol: protocolFields(call, protocol) } }
  },
})

/** The members of the list carry two attributes more, as in Keystone. */
const list = operation({
  id: 'list_protocols',
  method: 'GET',
  path: LIST,
  policy: 'identity:list_protocols',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  ...ofProvider,
  handle: async (call) => {
    const protocols = await listProtocols(call.ctx.store.db, doorIdsOf(call).idpId)
    const members = protocols.map((protocol) => ({
      id: protocol.id,
      idp_id: protocol.idpId,
      mapping_id: protocol.mappingId,
      remote_id_attribute: protocol.remoteIdAttribute,
      links: linksOf(call, protocol),
    }))
    return { body: collection(call, 'protocols', members) }
  },
})

const show = operation({
  id: 'get_protocol',
  method: 'GET',
  path: ONE,
  policy: 'identity:get_protocol',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  ...ofProvider,
  handle: async (call) => {
    const { idpId, protocolId: id } = doorIdsOf(call)
    const protocol = (await findProtocol(call.ctx.store.db, idpId, id)) ?? noProtocol(idpId, id)
    return { body: { protocol: protocolFields(call, protocol) } }
  },
})

const update = operation({
  id: 'update_protocol',
  method: 'PATCH',
  path: ONE,
  policy: 'identity:update_protocol',
  body: UpdateBody,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  ...ofProvider,
  handle: async (call) => {
    const { idpId, protocolId: id } = doorIdsOf(call)
    const { mapping_id, remote_id_attribute } = call.body.protocol
    const protocol = await change(call, `protocol:${idpId}/${id}`, async (tx) => {
      if (mapping_id !== undefined) await demandMapping(tx, mapping_id, onlyAdministers(call.caller))
      const before = (await findProtocol(tx, idpId, id)) ?? noProtocol(idpId, id)
      const after: Protocol = {
        ...before,
        mappingId: mapping_id ?? before.mappingId,
        remoteIdAttribute: remote_id_attribute ?? before.remoteIdAttribute,
      }
      await updateProtocol(tx, after)
      return after
    })
    return { body: { protocol: protocolFields(call, protocol) } }
  },
})

/** Sessions that came through it end with the next validation. */
const remove = operation({
  id: 'delete_protocol',
  method: 'DELETE',
  path: ONE,
  policy: 'identity:delete_protocol',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  ...ofProvider,
  handle: async (call) => {
    const { idpId, protocolId: id } = doorIdsOf(call)
    await change(call, `protocol:${idpId}/${id}`, async (tx) => {
      if (!(await deleteProtocol(tx, { idpId, id }, call.ctx.now()))) noProtocol(idpId, id)
    })
    return {}
  },
})

export const protocolOperations = [create, list, show, update, remove]
