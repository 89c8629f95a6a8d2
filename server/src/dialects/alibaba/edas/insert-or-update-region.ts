/** InsertOrUpdateRegion (`POST /pop/v5/user_region_def`): makes a namespace, or with `Id` changes one. */
import { createNamespace } from '../../../flows/namespaces.ts'
import {
  findNamespace,
  type MseRegistry,
  type NamespaceRecord,
  updateNamespace,
} from '../../../store/namespaces.ts'
import { invalidParameter, missingParameter, noSuch } from '../errors.ts'
import { mseInstances, whereabouts } from '../mse/index.ts'
import { actorOf, type Call, change, operation, required } from '../operation.ts'
import { belongRegion, namespaceArn, namespaceBody, success, VERSION } from './edas.ts'
import { flagOf, numberOf } from './parameters.ts'
import { isRegion } from './regions.ts'

const NO_REGISTRY: MseRegistry = { instanceId: '', internetAddress: '', intranetAddress: '' }

export const insertOrUpdateRegion = operation<NamespaceRecord | undefined>({
  action: 'InsertOrUpdateRegion',
  version: VERSION,
  route: { method: 'POST', path: '/pop/v5/user_region_def' },
  parameters: [
    'RegionTag',
    'RegionName',
    'Id',
    'Description',
    'DebugEnable',
    'RegistryType',
    'MseInstanceId',
  ],
  actions: ['edas:CreateNamespace', 'edas:ManageNamespace', 'edas:ReadNamespace'],
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  load: async (call) => {
    const id = numberOf(call, 'Id') ?? 0
    return id === 0 ? undefined : findNamespace(call.ctx.store.db, call.principal.account.id, { id })
  },
  asks: (call, there) => {
    const tag = required(call, 'RegionTag')
    if ((numberOf(call, 'Id') ?? 0) === 0) {
      return [{ action: 'edas:CreateNamespace', resource: namespaceArn(call, tag) }]
    }
    const resource = namespaceArn(call, there?.regionId ?? '*')
    return ['edas:ManageNamespace', 'edas:ReadNamespace'].map((action) => ({ action, resource }))
  },
  handle: async (call, there) => {
    const id = numberOf(call, 'Id') ?? 0
    const namespace =
      id === 0 ? await create(call) : await modify(call, there ?? noSuch('Namespace', `no ${id}`))
    return success(call, {
      UserDefineRegionEntity: {
        ...namespaceBody(call, namespace),
        DebugEnable: namespace.debugEnable,
      },
    })
  },
})

async function create(call: Call): Promise<NamespaceRecord> {
  const regionId = required(call, 'RegionTag')
  if (!/^[a-z0-9-]+:[A-Za-z0-9_-]{1,32}$/.test(regionId) || !isRegion(belongRegion(regionId))) {
    return invalidParameter('RegionTag', 'is not REGION:IDENTIFIER')
  }
  const chosen = { ...(await located(call, wishes(call))), domainId: call.principal.account.id, regionId }
  return createNamespace(call.ctx, actorOf(call), {
    ...chosen,
    description: chosen.description ?? '',
    debugEnable: chosen.debugEnable ?? false,
    registryType: chosen.registryType ?? 'default',
    mse: chosen.mse ?? NO_REGISTRY,
  })
}

async function modify(call: Call, there: NamespaceRecord): Promise<NamespaceRecord> {
  if (required(call, 'RegionTag') !== there.regionId)
    return invalidParameter('RegionTag', 'cannot be changed')
  const wished = Object.entries(await located(call, wishes(call))).filter(([, value]) => value !== undefined)
  const { id, domainId } = there
  return change(call, `namespace:${id}:${there.regionId}`, async (tx) => {
    const before = (await findNamespace(tx, domainId, { id })) ?? noSuch('Namespace', 'gone meanwhile')
    const changed = { ...before, ...Object.fromEntries(wished) } as NamespaceRecord
    await updateNamespace(tx, changed)
    return changed
  })
}

interface Wishes {
  readonly name: string
  readonly description: string | undefined
  readonly debugEnable: boolean | undefined
  readonly registryType?: NamespaceRecord['registryType']
  readonly mse?: MseRegistry
}

/** With the address of the MSE instance, where it is one of the account's. */
async function located(call: Call, wished: Wishes): Promise<Wishes> {
  const { mse } = wished
  if (!mse?.instanceId) return wished
  const engine = (await mseInstances(call)).find(({ id }) => id === mse.instanceId)
  return engine ? { ...wished, mse: { ...mse, intranetAddress: whereabouts(engine).host } } : wished
}

/** What the parameters say; undefined where they say nothing. */
function wishes(call: Call): Wishes {
  const { Description: description, RegistryType: registry, MseInstanceId: instance } = call.parameters
  const name = required(call, 'RegionName')
  if ([...name].length > 63) invalidParameter('RegionName', 'is longer than 63 characters')
  if ([...(description ?? '')].length > 128) invalidParameter('Description', 'is longer than 128 characters')
  if ((instance ?? '').length > 128) invalidParameter('MseInstanceId', 'is too long')
  const debugEnable = flagOf(call, 'DebugEnable')
  if (registry === undefined || registry === '') return { name, description, debugEnable }
  if (registry !== 'default' && registry !== 'exclusive_mse') {
    return invalidParameter('RegistryType', 'is neither default nor exclusive_mse')
  }
  if (registry === 'default')
    return { name, description, debugEnable, registryType: registry, mse: NO_REGISTRY }
  const instanceId = instance || missingParameter('MseInstanceId')
  return { name, description, debugEnable, registryType: registry, mse: { ...NO_REGISTRY, instanceId } }
}
