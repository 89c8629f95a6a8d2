/**
 * Naming as Nacos' HTTP API has it (v1): instances of services, with beats. Not for pushes by UDP: clients ask again after
 * `cacheMillis`.
 */
import { isIP } from 'node:net'
import { refuse } from '../../core/refusal.ts'
import { groupedService } from '../../core/spas.ts'
import type { InstanceReference } from '../../store/service-instances.ts'
import { nameOf, type Parameters } from './parameters.ts'
import type { NamingRegistry, NewInstance } from './registry.ts'
import { type Call, IN_TENANT, type Operation, operation } from './wire.ts'

const BASE = '/nacos/v1/ns'
const TEXT = { 'content-type': 'text/plain;charset=UTF-8' }
const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' }
/** Milliseconds: how long a client may keep a list, and how often an instance says that it lives. */
const CACHE_MILLIS = 3000
const BEAT_MILLIS = 5000
const LONGEST_METADATA = 16_384
const BEAT_OK = 10200
const BEAT_UNKNOWN = 20404

const SERVICE = /^[a-zA-Z0-9_.:-]{1,256}(@@[a-zA-Z0-9_.:/-]{1,256})?$/
const HOST = /^[a-zA-Z0-9.-]{1,253}$/

const tenantsOf = (_facts: unknown, { caller }: Call) => ({
  tenants: [caller.parameters.get('namespaceId') ?? ''],
})

function serviceOf({ caller: { parameters, tenantId } }: Call) {
  const service = groupedService(nameOf(parameters, 'serviceName', SERVICE), parameters.get('groupName'))
  if (!SERVICE.test(service)) refuse('bad_request', 'groupName')
  return { tenantId, service }
}

function addressOf(parameters: Parameters): Pick<InstanceReference, 'ip' | 'port' | 'cluster'> {
  const ip = parameters.get('ip') ?? ''
  if (isIP(ip) === 0 && !HOST.test(ip)) refuse('bad_request', 'ip')
  const port = Number(/^\d{1,5}$/.test(parameters.get('port') ?? '') ? parameters.get('port') : -1)
  if (port < 0 || port > 65_535) refuse('bad_request', 'port')
  const cluster = parameters.get('clusterName') || 'DEFAULT'
  if (!/^[a-zA-Z0-9-]{1,64}$/.test(cluster)) refuse('bad_request', 'clusterName')
  return { ip, port, cluster }
}

function flagOf(parameters: Parameters, ...names: readonly string[]): boolean {
  const value = names.map((name) => parameters.get(name)).find((said) => said !== undefined) ?? 'true'
  return value === 'true' ? true : value === 'false' ? false : refuse('bad_request', names.join())
}

function weightOf(text: string | undefined): number {
  const weight = Number(text ?? 1)
  return weight >= 0 && weight <= 10_000 ? weight : refuse('bad_request', 'weight')
}

/** JSON of texts by name; an empty text is none. */
function metadataOf(text: string | undefined): Readonly<Record<string, string>> {
  if (!text) return {}
  const value = jsonOf(text)
  const entries = Object.entries(value)
  if (entries.some(([, said]) => typeof said !== 'string')) refuse('bad_request', 'metadata')
  return Object.fromEntries(entries) as Record<string, string>
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  if (text.length > LONGEST_METADATA) refuse('bad_request', 'JSON is too long')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refuse('bad_request', 'JSON')
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Record<string, unknown>) : refuse('bad_request', 'JSON')
}

function instanceOf(call: Call): NewInstance {
  const { parameters } = call.caller
  return {
    ...serviceOf(call),
    ...addressOf(parameters),
    weight: weightOf(parameters.get('weight')),
    enabled: flagOf(parameters, 'enabled', 'enable'),
    healthy: flagOf(parameters, 'healthy'),
    ephemeral: flagOf(parameters, 'ephemeral'),
    metadata: metadataOf(parameters.get('metadata')),
  }
}

/** A text or a number of a beat, as a parameter would say it; what is missing is empty. */
function scalarText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' || typeof value === 'number'
    ? String(value)
    : refuse('bad_request', 'beat')
}

/** What a beat says of its instance: `beat` in JSON, or, of a light one, parameters alone. */
function beatOf(call: Call): { readonly of: InstanceReference; readonly full: NewInstance | undefined } {
  const { parameters } = call.caller
  const said = parameters.get('beat')
  const service = serviceOf(call)
  if (!said) return { of: { ...service, ...addressOf(parameters) }, full: undefined }
  const { ip, port, cluster, weight, metadata } = jsonOf(said)
  const fields = new Map(
    Object.entries({ ip, port, clusterName: cluster }).map(([name, value]) => [name, scalarText(value)]),
  )
  const of = { ...service, ...addressOf(fields) }
  const full = {
    ...of,
    weight: weightOf(scalarText(weight) || undefined),
    enabled: true,
    healthy: true,
    ephemeral: true,
    metadata: metadataOf(metadata ? JSON.stringify(metadata) : undefined),
  }
  return { of, full }
}

function shown({ service, cluster, ip, port, tenantId: _, ...more }: NewInstance) {
  return {
    instanceId: `${ip}#${port}#${cluster}#${service}`,
    ip,
    port,
    ...more,
    valid: more.healthy,
    marked: false,
    clusterName: cluster,
    serviceName: service,
    instanceHeartBeatInterval: BEAT_MILLIS,
    instanceHeartBeatTimeOut: 15_000,
    ipDeleteTimeout: 30_000,
  }
}

export function namingOperations(naming: NamingRegistry): readonly Operation[] {
  const shared = {
    policy: IN_TENANT,
    success: 200,
    target: tenantsOf,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'busy'],
  } as const
  const instance = `${BASE}/instance`
  return [
    operation({
      ...shared,
      id: 'register_instance',
      method: 'POST',
      path: instance,
      refusals: [...shared.refusals, 'too_large'],
      handle: async (call) => {
        await naming.register(instanceOf(call))
        return { headers: TEXT, body: 'ok' }
      },
    }),
    operation({
      ...shared,
      id: 'deregister_instance',
      method: 'DELETE',
      path: instance,
      handle: async (call) => {
        const { parameters } = call.caller
        const ephemeral = flagOf(parameters, 'ephemeral')
        await naming.deregister({ ...serviceOf(call), ...addressOf(parameters), ephemeral })
        return { headers: TEXT, body: 'ok' }
      },
    }),
    operation({
      ...shared,
      id: 'beat_instance',
      method: 'PUT',
      path: `${instance}/beat`,
      refusals: [...shared.refusals, 'too_large'],
      handle: async (call) => {
        const { of, full } = beatOf(call)
        const code = (await naming.beat(of, full)) ? BEAT_OK : BEAT_UNKNOWN
        return {
          headers: JSON_TYPE,
          body: { clientBeatInterval: BEAT_MILLIS, code, lightBeatEnabled: true },
        }
      },
    }),
    operation({
      ...shared,
      id: 'list_instances',
      method: 'GET',
      path: `${instance}/list`,
      handle: async (call) => {
        const { parameters } = call.caller
        const of = serviceOf(call)
        const clusters = parameters.get('clusters') ?? ''
        const wanted = clusters.split(',').filter((name) => name !== '')
        const healthyOnly = parameters.get('healthyOnly') === 'true'
        const hosts = (await naming.list(of))
          .filter(({ cluster }) => wanted.length === 0 || wanted.includes(cluster))
          .filter(({ enabled, healthy }) => enabled && (healthy || !healthyOnly))
          .map(shown)
        return {
          headers: JSON_TYPE,
          body: {
            name: of.service,
            dom: of.service,
            groupName: of.service.split('@@')[0],
            clusters,
            cacheMillis: CACHE_MILLIS,
            hosts,
            lastRefTime: Math.floor(call.ctx.now() / 1000),
            checksum: '',
            allIPs: false,
            reachProtectionThreshold: false,
            valid: true,
            useSpecifiedURL: false,
            env: '',
            metadata: {},
          },
        }
      },
    }),
    operation({
      ...shared,
      id: 'list_services',
      method: 'GET',
      path: `${BASE}/service/list`,
      handle: async (call) => {
        const { parameters, tenantId } = call.caller
        const group = `${parameters.get('groupName') || 'DEFAULT_GROUP'}@@`
        const page = (name: string, most: number): number => {
          const n = Number(/^\d{1,6}$/.test(parameters.get(name) ?? '') ? parameters.get(name) : 0)
          return n >= 1 && n <= most ? n : refuse('bad_request', name)
        }
        const size = page('pageSize', 1000)
        const first = (page('pageNo', 999_999) - 1) * size
        const names = (await naming.services(tenantId)).filter((name) => name.startsWith(group))
        const doms = names.slice(first, first + size).map((name) => name.slice(group.length))
        return { headers: JSON_TYPE, body: { count: names.length, doms } }
      },
    }),
    operation({
      ...shared,
      id: 'naming_metrics',
      method: 'GET',
      path: `${BASE}/operator/metrics`,
      handle: async () => ({ headers: JSON_TYPE, body: { status: 'UP' } }),
    }),
  ]
}
