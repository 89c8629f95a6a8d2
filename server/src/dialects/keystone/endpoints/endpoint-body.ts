import type { Incoming } from '../../../http/operation.ts'
import type { Endpoint } from '../../../store/services.ts'
import { selfLink } from '../collection.ts'

export function endpointBody(incoming: Incoming, endpoint: Endpoint) {
  const { id, regionId, serviceId, url, enabled, extra } = endpoint
  return {
    ...extra,
    id,
    interface: endpoint.interface,
    region_id: regionId,
    service_id: serviceId,
    url,
    enabled,
    region: regionId,
    links: selfLink(incoming, `endpoints/${id}`),
  }
}
