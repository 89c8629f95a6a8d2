/** The service catalog as tokens show it: enabled endpoints of enabled services. */
import { perEpoch } from './per-epoch.ts'
import type { EndpointRow } from './schema.ts'
import { enabledServiceProviders, type ShownServiceProvider } from './service-providers.ts'
import type { Store } from './store.ts'

export interface CatalogEndpoint {
  readonly id: string
  readonly interface: string
  readonly regionId: string | null
  readonly url: string
  /** Attributes that only their writer knows the meaning of. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface CatalogService {
  readonly id: string
  readonly type: string
  readonly name: string | null
  readonly endpoints: readonly CatalogEndpoint[]
}

export interface Catalog {
  readonly services: readonly CatalogService[]
  /** Endpoint ids a project is limited to; a project that is absent sees everything. */
  readonly byProject: ReadonlyMap<string, ReadonlySet<string>>
  readonly serviceProviders: readonly ShownServiceProvider[]
}

/** Remembered until something changes: every token answer needs it. Ordered by service id, then endpoint id. */
export const catalogOf: (store: Store) => Promise<Catalog> = perEpoch(async (store) => {
  const { db } = store
  const [services, endpoints, own, grouped, serviceProviders] = await Promise.all([
    db.selectFrom('service').selectAll().where('enabled', '=', 1).orderBy('id').execute(),
    db.selectFrom('endpoint').selectAll().where('enabled', '=', 1).orderBy('id').execute(),
    db.selectFrom('project_endpoint').selectAll().execute(),
    db
      .selectFrom('project_endpoint_group as pg')
      .innerJoin('endpoint_group as g', 'g.id', 'pg.endpoint_group_id')
      .select(['pg.project_id', 'g.id', 'g.filters'])
      .execute(),
    enabledServiceProviders(store),
  ])
  const byProject = new Map<string, Set<string>>()
  const show = (projectId: string, endpointId: string): void => {
    const shown = byProject.get(projectId) ?? new Set<string>()
    byProject.set(projectId, shown.add(endpointId))
  }
  for (const { project_id, endpoint_id } of own) show(project_id, endpoint_id)
  // What a group selects is found out once, however many projects have it.
  const selected = new Map<string, readonly string[]>()
  for (const { project_id, id, filters } of grouped) {
    const ids = selected.get(id) ?? selectedBy(filters, endpoints)
    selected.set(id, ids)
    for (const endpointId of ids) show(project_id, endpointId)
  }
  const ofService = Map.groupBy(endpoints, (endpoint) => endpoint.service_id)
  return {
    services: services.map((service) => ({
      id: service.id,
      type: service.type,
      name: service.name,
      endpoints: (ofService.get(service.id) ?? []).map((endpoint) => ({
        id: endpoint.id,
        interface: endpoint.interface,
        regionId: endpoint.region_id,
        url: endpoint.url,
        extra: JSON.parse(endpoint.extra) as Record<string, unknown>,
      })),
    })),
    byProject,
    serviceProviders,
  }
})

function selectedBy(filters: string, endpoints: readonly EndpointRow[]): readonly string[] {
  const wanted = Object.entries(JSON.parse(filters) as Record<string, unknown>)
  return endpoints
    .filter((endpoint) => {
      const seen: Record<string, unknown> = { ...endpoint, enabled: endpoint.enabled === 1 }
      return wanted.every(([key, value]) => seen[key] === value)
    })
    .map(({ id }) => id)
}
