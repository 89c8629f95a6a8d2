/**
 * A service like Huawei Cloud RDS, as small as it can be: `GET /v3/{project_id}/instances` with a token in X-Auth-Token.
 * The guard says who is calling; that the token must be for the project in the path is the service's own rule.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Guard, identityOf, nodeGuard } from '@tokenhouse/client'
import { gatewayError } from './gateway-errors.ts'

export interface Instance {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly type: 'Single' | 'Ha' | 'Replica'
  readonly datastore: { readonly type: 'MySQL' | 'PostgreSQL' | 'SQLServer'; readonly version: string }
  readonly vpc_id: string
  readonly subnet_id: string
  /** GB. */
  readonly volume: { readonly type: string; readonly size: number }
}

const MAX_LIMIT = 100

/** A handler for node:http. `instancesOf` names the instances of a project. */
export function instancesService(guard: Guard, instancesOf: (projectId: string) => readonly Instance[]) {
  return nodeGuard(guard, (request, response) => {
    const [path = '', search = ''] = (request.url ?? '').split('?', 2)
    const query = new URLSearchParams(search)
    const projectId = /^\/v3\/([^/]+)\/instances$/.exec(path)?.[1]
    if (projectId === undefined)
      return send(response, 404, gatewayError('APIGW.0101', 'The API does not exist.'))
    if (request.method !== 'GET')
      return send(response, 405, gatewayError('APIGW.0101', 'The method is not allowed.'))
    if (!isProjectOf(request, projectId)) {
      return send(response, 403, {
        error_code: 'DBS.200010',
        error_msg: 'The token is not for this project.',
      })
    }
    const page = pageOf(query)
    if (page === undefined)
      return send(response, 400, { error_code: 'DBS.200001', error_msg: 'Parameter error.' })
    const found = instancesOf(projectId).filter((instance) => matches(instance, query))
    const instances = found.slice(page.offset, page.offset + page.limit)
    return send(response, 200, { instances, total_count: found.length })
  })
}

function isProjectOf(request: IncomingMessage, projectId: string): boolean {
  const { projectId: own, roles } = identityOf(request)
  return own === projectId && roles.length > 0
}

function pageOf(query: URLSearchParams): { readonly offset: number; readonly limit: number } | undefined {
  const offset = Number(query.get('offset') ?? 0)
  const limit = Number(query.get('limit') ?? MAX_LIMIT)
  const fits =
    Number.isInteger(offset) && offset >= 0 && Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT
  return fits ? { offset, limit } : undefined
}

const FILTERS: Readonly<Record<string, (instance: Instance) => string>> = {
  id: (instance) => instance.id,
  name: (instance) => instance.name,
  type: (instance) => instance.type,
  datastore_type: (instance) => instance.datastore.type,
  vpc_id: (instance) => instance.vpc_id,
  subnet_id: (instance) => instance.subnet_id,
}

function matches(instance: Instance, query: URLSearchParams): boolean {
  return Object.entries(FILTERS).every(
    ([name, fieldOf]) => (query.get(name) ?? fieldOf(instance)) === fieldOf(instance),
  )
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    .end(text)
}
