/**
 * The face for who runs the service: is it alive, can it serve, what has it done. On its own port, so that it is never
 * reachable where clients are; it says nothing about users or tokens and takes no orders.
 */
import { createServer, type Server } from 'node:http'
import { openApiPage } from './openapi.ts'

export interface AdminFaceOptions {
  /** Resolves when requests can be served; rejects or throws with what is missing. */
  readonly ready: () => Promise<void>
  /** Prometheus text. */
  readonly metrics: () => string
  /** OpenAPI documents by title, made when first asked for. */
  readonly documents: Readonly<Record<string, () => unknown>>
  /** Told why the service was not ready. */
  readonly onUnready: (error: unknown) => void
}

interface Page {
  readonly status: number
  readonly type: string
  readonly text: string
}

const plain = (status: number, text: string): Page => ({ status, type: 'text/plain; charset=utf-8', text })

/** `GET /healthz` (the process answers), `/readyz` (database and keys too), `/metrics`, `/docs` and what it shows. */
export function buildAdminFace(options: AdminFaceOptions): Server {
  const documents = Object.entries(options.documents).map(([title, make]) => {
    const path = `/openapi/${title.toLowerCase().replaceAll(' ', '-')}.json`
    return {
      title,
      path,
      page: () => ({ status: 200, type: 'application/json', text: JSON.stringify(make()) }),
    }
  })
  const pages: Readonly<Record<string, () => Page | Promise<Page>>> = {
    '/healthz': () => plain(200, 'ok\n'),
    '/readyz': async () => {
      try {
        await options.ready()
        return plain(200, 'ready\n')
      } catch (error) {
        options.onUnready(error)
        return plain(503, 'not ready\n')
      }
    },
    '/metrics': () => ({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      text: options.metrics(),
    }),
    '/docs': () => ({
      status: 200,
      type: 'text/html; charset=utf-8',
      text: openApiPage(Object.fromEntries(documents.map(({ title, path }) => [title, path]))),
    }),
    ...Object.fromEntries(documents.map(({ path, page }) => [path, page])),
  }
  return createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0]!
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined
    const reading = request.method === 'GET' || request.method === 'HEAD'
    const { status, type, text } = !page
      ? plain(404, 'not found\n')
      : reading
        ? await page()
        : plain(405, 'method not allowed\n')
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    })
    response.end(request.method === 'HEAD' ? undefined : text)
  })
}
