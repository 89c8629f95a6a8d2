/** ListUserDefineRegion and DeleteUserDefineRegion. Secrets are in neither. */
import {
  deleteNamespace,
  findNamespace,
  listNamespaces,
  type NamespaceRecord,
} from '../../../store/namespaces.ts'
import { invalidParameter, missingParameter, noSuch } from '../errors.ts'
import { change, operation } from '../operation.ts'
import { namespaceArn, namespaceBody, success, VERSION } from './edas.ts'
import { flagOf, numberOf } from './parameters.ts'

export const listUserDefineRegion = operation<void>({
  action: 'ListUserDefineRegion',
  version: VERSION,
  route: { method: 'POST', path: '/pop/v5/user_region_defs' },
  parameters: ['DebugEnable'],
  actions: ['edas:ListUserDefineRegion'],
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  asks: (call) => [
    { action: 'edas:ListUserDefineRegion', resource: `acs:edas:*:${call.principal.account.number}:*` },
  ],
  handle: async (call) => {
    const debugEnable = flagOf(call, 'DebugEnable')
    const filter = debugEnable === undefined ? {} : { debugEnable }
    const namespaces = await listNamespaces(call.ctx.store.db, call.principal.account.id, filter)
    return success(call, {
      UserDefineRegionList: {
        UserDefineRegionEntity: namespaces.map((namespace) => ({
          ...namespaceBody(call, namespace),
          DebugEnable: namespace.debugEnable,
          RegistryType: namespace.registryType,
          MseInstanceId: namespace.mse.instanceId,
        })),
      },
    })
  },
})

/** By `Id`, by `RegionTag`, or by both when they agree. */
export const deleteUserDefineRegion = operation<NamespaceRecord | undefined>({
  action: 'DeleteUserDefineRegion',
  version: VERSION,
  route: { method: 'DELETE', path: '/pop/v5/user_region_def' },
  parameters: ['Id', 'RegionTag'],
  actions: ['edas:DeleteNamespace', 'edas:ReadNamespace'],
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load: async (call) => {
    const { db } = call.ctx.store
    const id = numberOf(call, 'Id')
    const tag = call.parameters['RegionTag'] || undefined
    const account = call.principal.account.id
    if (id !== undefined) return findNamespace(db, account, { id })
    return findNamespace(db, account, { regionId: tag ?? missingParameter('Id') })
  },
  asks: (call, there) => {
    const regionId = there?.regionId ?? (call.parameters['RegionTag'] || '*')
    const resource = namespaceArn(call, regionId)
    return ['edas:DeleteNamespace', 'edas:ReadNamespace'].map((action) => ({ action, resource }))
  },
  handle: async (call, there) => {
    const namespace = there ?? noSuch('Namespace', 'no such namespace')
    const tag = call.parameters['RegionTag'] || namespace.regionId
    if (tag !== namespace.regionId) return invalidParameter('RegionTag', 'is of another namespace than Id')
    await change(call, `namespace:${namespace.id}:${namespace.regionId}`, (tx) =>
      deleteNamespace(tx, namespace.id),
    )
    return success(call, { RegionDefine: namespaceBody(call, namespace) })
  },
})
