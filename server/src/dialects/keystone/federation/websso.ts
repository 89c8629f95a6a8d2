/**
 * A browser signs in at the provider and brings its token to a dashboard (Identity API v3, "Web Single Sign On"). Only
 * dashboards of the setting `trusted-dashboards` get one: anybody else's address would be handed somebody's token.
 */
import { refuse } from '../../../core/refusal.ts'
import { openDoor } from '../../../flows/federated-login.ts'
import { BROWSER_SECONDS, beginBrowserLogin, finishBrowserLogin } from '../../../flows/oidc-login.ts'
import type { Incoming, Method, Reply } from '../../../http/operation.ts'
import { providersWithOidc, providersWithSaml } from '../../../store/federation-config.ts'
import { one } from '../collection.ts'
import { type Call, publicOperation } from '../operation.ts'
import { type BrowserCookie, demandCookie, setCookie } from './browser-cookie.ts'
import { doorIdsOf } from './federation-ids.ts'
import { beginSaml, handOver } from './saml-consumer.ts'
import { ownUrl } from './saml-entity.ts'
import { requestOf, type SignInOptions } from './sign-in.ts'

const ROOT = '/v3/auth/OS-FEDERATION'
const ONE = `${ROOT}/identity_providers/:idp_id/protocols/:protocol_id/websso`
const COOKIE: BrowserCookie = { name: 'tokenhouse-websso', path: ROOT }

type PublicCall = Pick<Call, 'ctx' | 'params'> & Incoming

/** The dashboard asked for, when it is a trusted one. */
function originOf({ query, ctx }: PublicCall): string {
  const origin = one(query, 'origin')
  if (origin === undefined) {
    const message = 'Request must have an origin query parameter'
    return refuse('bad_request', message, { message })
  }
  if (ctx.settings.trustedDashboards.includes(origin)) return origin
  return refuse('unauthenticated', `${origin} is not a trusted dashboard`)
}

async function begin(call: PublicCall, idpId: string, protocolId: string): Promise<Reply> {
  const origin = originOf(call)
  const door = await openDoor(call.ctx, idpId, protocolId)
  const bySaml = await beginSaml(call, door, origin)
  if (bySaml) return bySaml
  const path = `${ROOT}/identity_providers/${encodeURIComponent(idpId)}/protocols/${encodeURIComponent(protocolId)}/websso`
  const redirectUri = `${ownUrl(call)}${path}/callback`
  const { url, cookie } = await beginBrowserLogin(call.ctx, door, { redirectUri, origin })
  return {
    status: 302,
    headers: {
      location: url,
      'cache-control': 'no-store',
      'set-cookie': setCookie(COOKIE, call, cookie, BROWSER_SECONDS),
    },
  }
}

const REFUSALS = ['bad_request', 'unauthenticated', 'unsupported_method', 'forbidden', 'unavailable'] as const

const withProvider = (id: string, method: Method) =>
  publicOperation({
    id,
    method,
    path: ONE,
    policy: 'public',
    success: 302,
    refusals: [...REFUSALS],
    handle: (call) => {
      const { idpId, protocolId } = doorIdsOf(call)
      return begin(call, idpId, protocolId).catch(asUnauthenticated)
    },
  })

/** Without a provider in the path it is the only one that has the protocol. */
const withoutProvider = (id: string, method: Method) =>
  publicOperation({
    id,
    method,
    path: `${ROOT}/websso/:protocol_id`,
    policy: 'public',
    success: 302,
    refusals: [...REFUSALS],
    handle: async (call) => {
      const protocolId = call.params['protocol_id'] ?? ''
      const { db } = call.ctx.store
      const able = [await providersWithOidc(db, protocolId), await providersWithSaml(db, protocolId)]
      const [idpId, ...others] = new Set(able.flat())
      if (idpId === undefined || others.length > 0) {
        return refuse(
          'unauthenticated',
          `${others.length + (idpId ? 1 : 0)} providers have protocol ${protocolId}`,
        )
      }
      return begin(call, idpId, protocolId)
    },
  })

/** A browser is not told which providers there are. */
function asUnauthenticated(error: unknown): never {
  if ((error as { code?: unknown }).code !== 'unsupported_method') throw error
  return refuse('unauthenticated', (error as Error).message)
}

const callback = (options: SignInOptions) =>
  publicOperation({
    id: 'websso_callback',
    method: 'GET',
    path: `${ONE}/callback`,
    policy: 'public',
    success: 200,
    refusals: [...REFUSALS],
    handle: async (call) => {
      const back = { currentUrl: `${ownUrl(call)}${call.url}`, cookie: demandCookie(COOKIE, call) }
      const request = requestOf(call, options.ttl, 'console')
      const { issued, origin } = await finishBrowserLogin(call.ctx, doorIdsOf(call), back, request)
      return handOver(call, { origin, token: issued.text, cookie: setCookie(COOKIE, call, '', 0) })
    },
  })

export const webssoOperations = (options: SignInOptions) => [
  withProvider('websso', 'GET'),
  withProvider('websso_post', 'POST'),
  withoutProvider('websso_by_protocol', 'GET'),
  withoutProvider('websso_by_protocol_post', 'POST'),
  callback(options),
]
