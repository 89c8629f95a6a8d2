/**
 * Nacos' login, for clients of a Nacos engine: form fields in the body or the query, `accessToken` back. Nacos answers 403
 * for a wrong login; what is wrong with us is 500, which its clients try again.
 */
import type { Context } from '../../../context.ts'
import type { Refusal } from '../../../core/refusal.ts'
import { refuse } from '../../../core/refusal.ts'
import { loginToEngine } from '../../../flows/engine-login.ts'
import type { Incoming } from '../../../http/operation.ts'
import type { Rendered, Wire } from '../../../http/wire.ts'
import { type EngineSession, engineMeant, publicOperation } from './operation.ts'

/** Seconds; Nacos' own default. */
const LIFE = 18_000

const PATHS = ['/nacos/v1/auth/login', '/nacos/v1/auth/users/login', '/nacos/v3/auth/user/login']
/** Without the context path as well: clients that set it to `/` ask there. */
const BARE = ['/v1/auth/login', '/v1/auth/users/login', '/v3/auth/user/login']

const operations = [...PATHS, ...BARE].map((path) =>
  publicOperation({
    id: `nacos_login${path.replaceAll(/[^a-z0-9]+/g, '_')}`,
    method: 'POST',
    path,
    policy: 'public',
    success: 200,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'busy'],
    handle: async (call) => {
      const engine = await engineMeant(call.ctx, call, 'Nacos2')
      const form = new URLSearchParams(call.rawBody.toString('utf8'))
      const name = field(call, form, 'username')
      const password = field(call, form, 'password')
      const { remoteAddress: address, requestId } = call
      const login = { name, password, address, requestId, life: LIFE }
      const { account, token } = await loginToEngine(call.ctx, engine, login)
      const tokenTtl = token.expiresAt - Math.floor(call.ctx.now() / 1e6)
      return {
        headers: { authorization: `Bearer ${token.text}` },
        body: {
          accessToken: token.text,
          tokenTtl,
          globalAdmin: account.roles.includes('admin'),
          username: account.name,
        },
      }
    },
  }),
)

function field({ query }: Pick<Incoming, 'query'>, form: URLSearchParams, name: string): string {
  const inQuery = query[name]
  const said = [...form.getAll(name), ...(inQuery === undefined ? [] : [inQuery].flat())]
  const [value = ''] = said
  if (said.length !== 1 || value.length > 128) return refuse('bad_request', `field ${name}`)
  return value
}

function renderRefusal({ code, detail: { retryAfter } }: Refusal): Rendered {
  const status = { bad_request: 400, unauthenticated: 403, forbidden: 403, busy: 429 }[code as string] ?? 500
  const message = { 400: 'parameter missing', 403: 'unknown user!', 429: 'too many requests' }[
    status as number
  ]
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body: JSON.stringify({ code: status, message: message ?? 'server error', data: null }),
  }
}

const plain = (status: number): Rendered => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ code: status, message: 'not found', data: null }),
})

export const nacosWire: Wire<Context, EngineSession> = {
  name: 'nacos',
  operations,
  identify: () => refuse('unauthenticated', 'nothing here asks for a token'),
  permits: () => false,
  headers: () => ({}),
  refusal: renderRefusal,
  badBody: () => plain(400),
  unreadableBody: (why) => plain(why === 'too-large' ? 413 : 400),
  unknownPath: () => plain(404),
  wrongMethod: () => plain(405),
}
