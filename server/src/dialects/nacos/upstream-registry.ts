/**
 * A Nacos of the operator's behind the guard, by its HTTP API v1. What is sent there is made anew from what was checked:
 * no path, header or parameter of the client's own goes through. It proves itself by the server's identity header.
 */
import type { Context } from '../../context.ts'
import { refuse } from '../../core/refusal.ts'
import type { ConfigReference } from '../../store/config-entries.ts'
import type { InstanceReference } from '../../store/service-instances.ts'
import type { ConfigRegistry, NamingRegistry, NewInstance, Registry } from './registry.ts'

/** Milliseconds. */
const PATIENCE = 10_000
const MOST_SERVICES = 1_000

type Send = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  parameters: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly text: string; readonly type: string }>

/** `url` ends in the context path, `/nacos` as a rule. */
export function upstreamRegistry({ settings }: Pick<Context, 'settings'>, url: string): Registry {
  const identity = settings.nacosUpstreamIdentity
  const cut = identity?.indexOf(':') ?? -1
  const headers: Record<string, string> =
    identity !== undefined && cut > 0 ? { [identity.slice(0, cut)]: identity.slice(cut + 1) } : {}
  const send: Send = async (method, path, parameters) => {
    const form = new URLSearchParams(parameters)
    const inBody = method === 'POST'
    try {
      const answer = await fetch(`${url.replace(/\/$/, '')}${path}${inBody ? '' : `?${form}`}`, {
        method,
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE),
        ...(inBody ? { body: form } : {}),
      })
      const { status } = answer
      const text = await answer.text()
      if (status !== 200 && status !== 404) return refuse('unavailable', `Nacos answered ${status}`)
      return { status, text, type: answer.headers.get('config-type') ?? '' }
    } catch (error) {
      return refuse('unavailable', `Nacos: ${(error as Error).message}`, { retryAfter: 1 })
    }
  }
  const stopping = new AbortController()
  return {
    config: upstreamConfig(send, stopping.signal),
    naming: upstreamNaming(send),
    stop: () => stopping.abort(),
  }
}

function upstreamConfig(send: Send, stopping: AbortSignal): ConfigRegistry {
  const path = '/v1/cs/configs'
  const named = ({ tenantId, group, dataId }: ConfigReference) => ({ tenant: tenantId, group, dataId })
  const find: ConfigRegistry['find'] = async (of) => {
    const { status, text, type } = await send('GET', path, named(of))
    return status === 404 ? undefined : { content: text, type }
  }
  return {
    find,
    publish: async (of, { content, type }) => {
      await send('POST', path, { ...named(of), content, ...(type === '' ? {} : { type }) })
    },
    remove: async (of) => {
      await send('DELETE', path, named(of))
    },
    changed: async (tenantId, listened, digest) => {
      const differs = await Promise.all(
        listened.map(async ({ group, dataId, md5 }) => {
          const found = await find({ tenantId, group, dataId })
          return (found === undefined ? '' : digest(found.content)) !== md5
        }),
      )
      return listened.filter((_, at) => differs[at])
    },
    pause: (_tenantId, ms) =>
      new Promise((resolve) => {
        if (stopping.aborted) return resolve()
        const done = (): void => {
          clearTimeout(timer)
          stopping.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, ms)
        stopping.addEventListener('abort', done)
      }),
  }
}

function upstreamNaming(send: Send): NamingRegistry {
  const path = '/v1/ns/instance'
  const about = ({ tenantId, service }: Pick<InstanceReference, 'tenantId' | 'service'>) => ({
    namespaceId: tenantId,
    serviceName: service,
    groupName: service.split('@@')[0] ?? '',
  })
  const named = (of: InstanceReference) => ({
    ...about(of),
    ip: of.ip,
    port: String(of.port),
    clusterName: of.cluster,
  })
  return {
    register: async (instance) => {
      const { weight, enabled, healthy, ephemeral, metadata } = instance
      await send('POST', path, {
        ...named(instance),
        weight: String(weight),
        enabled: String(enabled),
        healthy: String(healthy),
        ephemeral: String(ephemeral),
        metadata: JSON.stringify(metadata),
      })
    },
    deregister: async (of) => {
      await send('DELETE', path, { ...named(of), ephemeral: String(of.ephemeral) })
    },
    beat: async (of, full) => {
      const { ip, port, cluster, service: serviceName } = of
      const said = full && { ip, port, cluster, serviceName, weight: full.weight, metadata: full.metadata }
      const beat: Record<string, string> = said ? { beat: JSON.stringify(said) } : {}
      const { text } = await send('PUT', `${path}/beat`, { ...named(of), ...beat })
      return jsonOf(text)['code'] === 10200
    },
    list: async (of) => {
      const { status, text } = await send('GET', `${path}/list`, about(of))
      const hosts = status === 200 ? jsonOf(text)['hosts'] : []
      return (Array.isArray(hosts) ? hosts : []).map(
        (host): NewInstance => ({
          ...of,
          cluster: String(host.clusterName),
          ip: String(host.ip),
          port: Number(host.port),
          weight: Number(host.weight),
          enabled: host.enabled !== false,
          healthy: host.healthy === true,
          ephemeral: host.ephemeral !== false,
          metadata: host.metadata ?? {},
        }),
      )
    },
    services: async (tenantId) => {
      const page = { pageNo: '1', pageSize: String(MOST_SERVICES), namespaceId: tenantId }
      const { text } = await send('GET', '/v1/ns/service/list', page)
      const { doms } = jsonOf(text)
      return (Array.isArray(doms) ? doms : []).map((name) => `DEFAULT_GROUP@@${name}`)
    },
  }
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return refuse('unavailable', 'Nacos answered no JSON')
  }
}
