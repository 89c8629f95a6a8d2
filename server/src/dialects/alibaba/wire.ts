/** The gateway: finds the operation, identifies who signed, decides, and says no in Alibaba's words. */
import type { Context } from '../../context.ts'
import { Refusal } from '../../core/refusal.ts'
import { demandAddress } from '../../flows/account-security.ts'
import { decideFor } from '../../flows/ram-principal.ts'
import type {
  Call as AnyCall,
  Operation as HttpOperation,
  Incoming,
  PolicyTarget,
} from '../../http/operation.ts'
import type { Rendered, Wire } from '../../http/wire.ts'
import { GatewayRefusal, refuseGateway, wordsOf } from './errors.ts'
import { identifySigner } from './identify.ts'
import type { Ask, Call, Caller, Operation } from './operation.ts'
import { requestFacts } from './request-facts.ts'
import { allParameters, readSignedRequest } from './signature/read.ts'
import { headerOf } from './signature/signed-request.ts'
import { xmlOf } from './xml.ts'

/** Products by version, as `Recommend` and decisions name them. */
const PRODUCTS: Readonly<Record<string, string>> = {
  '2017-08-01': 'Edas',
  '2015-05-01': 'Ram',
  '2015-04-01': 'Sts',
  '2019-05-31': 'mse',
  '2019-08-15': 'Ims',
}

/** Parameters that any ROA request may carry beside an operation's own. */
const COMMON = ['RegionId', 'Format', 'AcceptLanguage']

/** The wire of these operations. Throws at start when two claim one version and action. */
export function alibabaWire(operations: readonly Operation[]): Wire<Context, Caller> {
  const byAction = new Map(operations.map((op) => [`${op.version} ${op.action}`, op]))
  if (byAction.size !== operations.length) throw new Error('two operations of one version and action')
  const known = new Set([...COMMON, ...operations.flatMap((op) => (op.route ? op.parameters : []))])
  const rpcOf = (caller: Caller): Operation | undefined => {
    const found = byAction.get(`${caller.version} ${caller.action}`)
    return found?.route ? undefined : found
  }
  return {
    name: 'alibaba',
    operations: [
      ...operations.filter((op) => op.route).map(roaOperation),
      ...(['GET', 'POST'] as const).map((method) => rpcOperation(method, operations, rpcOf)),
    ],
    identify: (ctx, incoming) => identify(ctx, incoming, { known, rpcOf }),
    permits,
    headers: (incoming) => ({ 'x-acs-request-id': answerIdOf(incoming) }),
    refusal: renderRefusal,
    badBody: (_fault, incoming) => renderRefusal(new Refusal('bad_request', 'body'), incoming),
    unreadableBody: (why, incoming) =>
      renderRefusal(new Refusal(why === 'too-large' ? 'too_large' : 'bad_request', why), incoming),
    unknownPath: (incoming) => notFound('InvalidApi.NotFound', incoming),
    wrongMethod: (_allowed, incoming) => notFound('InvalidApi.NotFound', incoming),
  }
}

function notFound(wireCode: string, incoming: Incoming): Rendered {
  return renderRefusal(new GatewayRefusal('not_found', 'no such operation', { wireCode }), incoming)
}

/** `3C85E634-...`, as the wire shows it. */
export function answerIdOf({ requestId }: Pick<Incoming, 'requestId'>): string {
  return requestId.replace(/^req-/, '').toUpperCase()
}

interface Operations {
  readonly known: ReadonlySet<string>
  readonly rpcOf: (caller: Caller) => Operation | undefined
}

async function identify(ctx: Context, incoming: Incoming, { known, rpcOf }: Operations): Promise<Caller> {
  const unsigned = incoming.headers.authorization === undefined
  if (unsigned && incoming.path === '/') {
    const parameters = allParameters(incoming)
    const caller = {
      principal: null,
      action: parameters['Action'] ?? (headerOf(incoming, 'x-acs-action') || undefined),
      version: parameters['Version'] ?? headerOf(incoming, 'x-acs-version'),
      parameters,
    }
    if (rpcOf(caller)?.actions === 'public') return caller
  }
  const request = readSignedRequest(incoming, known)
  const { action, version, parameters } = request
  const principal = await identifySigner(ctx, request)
  await demandAddress(ctx, principal.session, incoming.remoteAddress)
  return { principal, action, version, parameters }
}

type HttpCall = AnyCall<Context, Caller>

function callOf(call: HttpCall): Call {
  const { principal, parameters } = call.caller
  if (!principal) return { ...call, parameters, answerId: answerIdOf(call) } as Call
  return { ...call, principal, parameters, answerId: answerIdOf(call) }
}

/** One ROA operation, as the pipeline takes it. */
function roaOperation(op: Operation): HttpOperation<Context, Caller> {
  const { method, path } = op.route!
  return {
    id: op.action,
    method,
    path,
    success: 200,
    refusals: op.refusals,
    policy: policyOf(op),
    otherPolicies: op.actions === 'any' || op.actions === 'public' ? [] : op.actions.slice(1),
    load: async (call) => {
      const { action, version } = call.caller
      if (version !== op.version) refuseGateway('InvalidVersion', `version ${version}`)
      if (action !== undefined && action !== op.action) refuseGateway('InvalidAction.NotFound', action)
      return op.load?.(callOf(call))
    },
    target: (facts, call) => ({ asks: asksOf(op, call, facts), call }),
    handle: async (call, facts) => inFormat(call, op.action, await op.handle(callOf(call), facts)),
  }
}

/** Every RPC operation: they share one path, and are told apart once the signature is read. */
function rpcOperation(
  method: 'GET' | 'POST',
  operations: readonly Operation[],
  rpcOf: (caller: Caller) => Operation | undefined,
): HttpOperation<Context, Caller> {
  const found = (caller: Caller): Operation =>
    rpcOf(caller) ?? refuseGateway('InvalidAction.NotFound', `${caller.version} ${caller.action}`)
  return {
    id: `rpc_${method.toLowerCase()}`,
    method,
    path: '/',
    success: 200,
    refusals: [...new Set(operations.filter((op) => !op.route).flatMap((op) => op.refusals))],
    policy: 'by action',
    load: async (call) => found(call.caller).load?.(callOf(call)),
    target: (facts, call) => ({ asks: asksOf(found(call.caller), call, facts), call }),
    handle: async (call, facts) => {
      const op = found(call.caller)
      return inFormat(call, op.action, await op.handle(callOf(call), facts))
    },
  }
}

/** Characters of a resource, several times what the longest names make. What a pattern costs grows with its square. */
const LONGEST_RESOURCE = 512

/**
 * What an operation asks for. One that names actions and asks for none would be open: a fault of ours. Refuses names that
 * are longer than any, before policies are held against them.
 */
function asksOf(op: Operation, call: HttpCall, facts: unknown): readonly Ask[] {
  if (typeof op.actions === 'string') return []
  const asks = op.asks?.(callOf(call), facts) ?? []
  if (asks.length === 0 || asks.some(({ action }) => !op.actions.includes(action))) {
    throw new Error(`${op.action} asks for nothing it names`)
  }
  if (asks.some(({ resource }) => resource.length > LONGEST_RESOURCE)) {
    return refuseGateway('InvalidParameter', 'a name longer than any')
  }
  return asks
}

function policyOf({ actions }: Operation): string {
  if (actions === 'any') return 'authenticated'
  if (actions === 'public') return 'public'
  return actions[0] ?? 'authenticated'
}

/** The one gate: all that is asked for has to be allowed. Refuses with RAM's detail of why. */
function permits(ctx: Context, _rule: string, { principal, version }: Caller, target: PolicyTarget): boolean {
  const asks = target['asks'] as readonly Ask[]
  if (!principal) return asks.length === 0
  const facts = requestFacts(ctx, principal, target['call'] as Incoming)
  for (const ask of asks) {
    const { allowed, effect, decidedBy } = decideFor(principal, { ...ask, facts })
    if (allowed) continue
    const isRole = principal.session.claims.via.some(({ kind }) => kind === 'agency')
    refuseGateway(version === '2017-08-01' ? 'Forbidden.RAM' : 'NoPermission', `${effect} ${ask.action}`, {
      accessDenied: {
        AuthAction: ask.action,
        AuthPrincipalType: isRole ? 'AssumedRoleUser' : 'SubUser',
        AuthPrincipalOwnerId: principal.account.number,
        AuthPrincipalDisplayName: principal.session.user.name,
        PolicyType: decidedBy?.kind === 'session' ? 'SessionPolicy' : 'AccountLevelIdentityBasedPolicy',
        NoPermissionType: effect === 'deny' ? 'ExplicitDeny' : 'ImplicitDeny',
      },
    })
  }
  return true
}

/** The query and, where there is one, the form, as they came: what refusals look into, whether or not it can be read. */
function spelt(incoming: Incoming): string {
  const isForm = headerOf(incoming, 'content-type').startsWith('application/x-www-form-urlencoded')
  return isForm ? `${incoming.url}&${incoming.rawBody.toString('latin1')}` : incoming.url
}

/** JSON, unless XML was asked for: in the query, in a form, or by Accept. */
function wantsXml(incoming: Incoming): boolean {
  const format = /[?&]Format=([A-Za-z]*)/.exec(spelt(incoming))?.[1]
  if (format !== undefined) return format.toLowerCase() === 'xml'
  return /^\s*(application|text)\/xml\b/i.test(headerOf(incoming, 'accept'))
}

const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' }
const XML_TYPE = { 'content-type': 'text/xml;charset=utf-8' }

function inFormat(
  incoming: Incoming,
  action: string,
  reply: Awaited<ReturnType<Operation['handle']>>,
): typeof reply {
  if (!wantsXml(incoming)) return { ...reply, headers: { ...JSON_TYPE, ...reply.headers } }
  const body = xmlOf(`${action}Response`, reply.body)
  return { ...reply, body, headers: { ...XML_TYPE, ...reply.headers } }
}

function renderRefusal(refusal: Refusal, incoming: Incoming): Rendered {
  const { status, code, message } = wordsOf(refusal)
  const requestId = answerIdOf(incoming)
  const version = headerOf(incoming, 'x-acs-version')
  const product = PRODUCTS[version || (/[?&]Version=([\d-]+)/.exec(spelt(incoming))?.[1] ?? '')] ?? 'Edas'
  const query = new URLSearchParams({ q: code, product, requestId })
  const denied = refusal instanceof GatewayRefusal ? refusal.accessDenied : undefined
  const body = {
    RequestId: requestId,
    Message: message,
    Recommend: `https://api.aliyun.com/troubleshoot?${query}`,
    HostId: headerOf(incoming, 'host'),
    Code: code,
    ...(denied ? { AccessDeniedDetail: denied } : {}),
  }
  const { retryAfter } = refusal.detail
  const headers = {
    'x-acs-request-id': requestId,
    ...(retryAfter === undefined ? {} : { 'x-acs-retry-after': String(retryAfter * 1000) }),
  }
  return wantsXml(incoming)
    ? { status, headers: { ...XML_TYPE, ...headers }, body: xmlOf('Error', body) }
    : { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) }
}
