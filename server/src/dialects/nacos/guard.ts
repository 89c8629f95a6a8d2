/**
 * Who calls: Spas signatures verified by the namespace's key. Nothing else makes a caller: no user agent, no identity
 * header, no password (CVE-2021-29441). A caller is bound to the one tenant of its key; the gate is `permits` in wire.ts.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Context } from '../../context.ts'
import { refuse } from '../../core/refusal.ts'
import { configTextsToSign, groupedService, isTimely, readNamingData } from '../../core/spas.ts'
import { findUsableKey, noteKeyUse } from '../../flows/namespaces.ts'
import type { Incoming } from '../../http/operation.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { isSignedBy } from './spas-signature.ts'

export interface Proved {
  readonly accessKey: string
  /** The one tenant that its key acts in. */
  readonly tenantId: string
  readonly parameters: Parameters
}

interface Signed {
  readonly accessKey: string
  readonly timestamp: string
  readonly signature: string
  readonly texts: readonly string[]
  readonly v4: boolean
}

/** Configuration, on ACM's paths and Nacos': signed in headers. */
export async function identifyConfigClient(ctx: Context, incoming: Incoming): Promise<Proved> {
  const parameters = readParameters(incoming)
  const { headers } = incoming
  if (header(headers, 'spas-securitytoken') !== '')
    refuse('unauthenticated', 'temporary keys are of no namespace')
  const timestamp = header(headers, 'timestamp')
  const subject = { tenant: parameters.get('tenant'), group: parameters.get('group') }
  return prove(ctx, parameters, {
    accessKey: header(headers, 'spas-accesskey'),
    timestamp,
    signature: header(headers, 'spas-signature'),
    texts: configTextsToSign(subject, timestamp),
    v4: header(headers, 'signatureversion') === 'v4',
  })
}

/** Naming: signed in parameters. What is signed has to be about the service that is asked for. */
export async function identifyNamingClient(ctx: Context, incoming: Incoming): Promise<Proved> {
  const parameters = readParameters(incoming)
  if (parameters.has('Spas-SecurityToken')) refuse('unauthenticated', 'temporary keys are of no namespace')
  const data = parameters.get('data') ?? ''
  const { timestamp, service } = readNamingData(data)
  const asked = parameters.get('serviceName') || undefined
  const group = parameters.get('groupName')
  const same =
    asked === undefined
      ? service === undefined
      : service !== undefined && groupedService(service, group) === groupedService(asked, group)
  if (!same) refuse('unauthenticated', 'another service is signed than is asked for')
  return prove(ctx, parameters, {
    accessKey: parameters.get('ak') ?? '',
    timestamp,
    signature: parameters.get('signature') ?? '',
    texts: [data],
    v4: parameters.get('signatureVersion') === 'v4',
  })
}

/** Refuses alike whether the key is unknown, rotated out or of a disabled account, or the signature wrong. */
async function prove(ctx: Context, parameters: Parameters, signed: Signed): Promise<Proved> {
  const { accessKey, timestamp, signature, texts } = signed
  if (!/^[0-9a-f]{32}$/.test(accessKey)) refuse('unauthenticated', 'no access key')
  if (!isTimely(timestamp, Math.floor(ctx.now() / 1000))) refuse('unauthenticated', 'time outside the window')
  const key = await findUsableKey(ctx, accessKey)
  const region = signed.v4 ? (key?.namespace.regionId.split(':')[0] ?? '') : undefined
  const secretKey = key?.secretKey ?? 'of nobody'
  const proved = isSignedBy(signature, texts, { secretKey, timestamp, region })
  if (!key || !proved) return refuse('unauthenticated', key ? 'signature' : 'unknown access key')
  await noteKeyUse(ctx, accessKey)
  return { accessKey, tenantId: key.tenantId, parameters }
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}
