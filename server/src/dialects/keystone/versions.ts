/** `GET /` and `GET /v3`: what is spoken here, and under which address. */
import type { Incoming, Reply } from '../../http/operation.ts'
import { jsonHome, jsonHomeOfRoot } from './json-home.ts'
import { publicOperation } from './operation.ts'

function version(incoming: Incoming) {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${incoming.baseUrl}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  }
}

const HOME = 'application/json-home'

/** Whether the Accept header asks for JSON-Home more than for plain JSON (RFC 9110 section 12.5.1). */
function wantsJsonHome(incoming: Incoming): boolean {
  const asked = (incoming.headers.accept ?? '').split(',').map((part) => {
    const [type, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const quality = parameters.find((text) => text.startsWith('q='))
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
  })
  const best = (types: readonly string[]): number =>
    Math.max(0, ...asked.filter(({ type }) => types.includes(type ?? '')).map(({ quality }) => quality))
  return best([HOME]) > best(['application/json', 'application/*', '*/*'])
}

function home(document: string): Reply {
  return { status: 200, headers: { 'content-type': HOME }, body: document }
}

export const versionOperations = [
  publicOperation({
    id: 'list_versions',
    method: 'GET',
    path: '/',
    policy: 'public',
    success: 300,
    refusals: [],
    handle: async (call) =>
      wantsJsonHome(call)
        ? home(jsonHomeOfRoot)
        : {
            headers: { location: `${call.baseUrl}/v3/` },
            body: { versions: { values: [version(call)] } },
          },
  }),
  publicOperation({
    id: 'show_version',
    method: 'GET',
    path: '/v3',
    policy: 'public',
    success: 200,
    refusals: [],
    handle: async (call) => (wantsJsonHome(call) ? home(jsonHome) : { body: { version: version(call) } }),
  }),
]
