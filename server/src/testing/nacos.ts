/** The Nacos face and the address server of a house, with a client that signs as the npm clients do. */
import type { FastifyInstance } from 'fastify'
import type { Settings } from '../config.ts'
import { keystonePolicy } from '../core/policy/keystone-rules/index.ts'
import { configTextsToSign } from '../core/spas.ts'
import { spasSignature } from '../dialects/nacos/spas-signature.ts'
import { nacosFaces } from '../faces.ts'
import { createNamespace, readSecureToken } from '../flows/namespaces.ts'
import type { NamespaceRecord } from '../store/namespaces.ts'
import { type House, openHouse } from './house.ts'

export interface NamespaceKey {
  readonly accessKey: string
  readonly secretKey: string
  readonly tenantId: string
  readonly namespace: NamespaceRecord
}

export interface SpasCall {
  readonly key: NamespaceKey
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly parameters?: Readonly<Record<string, string>>
  /** Sent instead of the parameters, as they are. */
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds that the client's clock is ahead. */
  readonly ahead?: number
  /** Signs with a version 4 key for this region. */
  readonly region?: string
}

export interface NacosHouse extends House {
  readonly nacos: FastifyInstance
  readonly address: FastifyInstance
  readonly faults: readonly unknown[]
  namespace(regionId: string): Promise<NamespaceKey>
  keyOf(namespace: NamespaceRecord): Promise<NamespaceKey>
  /** A configuration call on the Nacos face, signed in headers. */
  config(call: SpasCall): ReturnType<typeof answered>
  /** A naming call, signed in parameters. */
  naming(call: SpasCall): ReturnType<typeof answered>
}

interface Injected {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly payload: string
  readonly rawPayload: Buffer
}

async function answered(promise: PromiseLike<Injected>) {
  const { statusCode: status, headers, payload: text, rawPayload: bytes } = await promise
  return { status, headers, text, bytes }
}

const BY = { session: null, action: 'test', requestId: '' }

/** Close it at the end of the test. */
export async function openNacosHouse(settings: Partial<Settings> = {}): Promise<NacosHouse> {
  const house = await openHouse(settings)
  const { ctx } = house
  const faults: unknown[] = []
  const { nacosFace, addressFace } = nacosFaces(ctx, () => 8848)
  const watch = { onFault: (error: unknown) => faults.push(error) }
  const nacos = nacosFace(ctx, keystonePolicy(), watch)
  const address = addressFace(ctx, keystonePolicy(), watch)
  const keyOf = async (namespace: NamespaceRecord): Promise<NamespaceKey> => ({
    ...(await readSecureToken(ctx, BY, namespace)),
    tenantId: namespace.tenantId,
  })
  const timeOf = ({ ahead = 0 }: SpasCall): string =>
    String(Math.floor(ctx.now() / 1000) + Math.round(ahead * 1000))
  const send = (call: SpasCall, parameters: Readonly<Record<string, string>>, headers: object) => {
    const { method = 'GET', path } = call
    const form = new URLSearchParams(parameters).toString()
    const inQuery = method === 'GET' || path.startsWith('/nacos/v1/ns')
    return answered(
      nacos.inject({
        method,
        url: inQuery && form !== '' ? `${path}?${form}` : path,
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=utf8',
          ...headers,
          ...call.headers,
        },
        ...(inQuery ? {} : { payload: call.body ?? form }),
      }),
    )
  }
  return {
    ...house,
    nacos,
    address,
    faults,
    keyOf,
    namespace: async (regionId) =>
      keyOf(
        await createNamespace(ctx, BY, {
          domainId: 'default',
          regionId,
          name: regionId,
          description: '',
          debugEnable: false,
          registryType: 'default',
          mse: { instanceId: '', internetAddress: '', intranetAddress: '' },
        }),
      ),
    config: (call) => {
      const { key, parameters = {}, region } = call
      const timestamp = timeOf(call)
      const subject = { tenant: parameters['tenant'], group: parameters['group'] }
      const [text = ''] = configTextsToSign(subject, timestamp)
      return send(call, parameters, {
        'spas-accesskey': key.accessKey,
        timestamp,
        'spas-signature': spasSignature(text, { secretKey: key.secretKey, timestamp, region }),
        ...(region === undefined ? {} : { signatureversion: 'v4' }),
      })
    },
    naming: (call) => {
      const { key, parameters = {}, region } = call
      const timestamp = timeOf(call)
      const service = parameters['serviceName']
      const data = parameters['data'] ?? (service === undefined ? timestamp : `${timestamp}@@${service}`)
      const signature = spasSignature(data, { secretKey: key.secretKey, timestamp, region })
      const v4: Record<string, string> = region === undefined ? {} : { signatureVersion: 'v4' }
      return send(call, { data, signature, ak: key.accessKey, ...v4, ...parameters }, {})
    },
    close: async () => {
      await nacos.close()
      await address.close()
      await house.close()
    },
  }
}
