/** The catalog: regions, services and endpoints. */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, EVERY_SCOPE, SYSTEM_OR_PROJECT } from './common.ts'

export const catalogRules: readonly Rule[] = [
  {
    name: 'identity:get_region',
    check: '',
    scopeTypes: EVERY_SCOPE,
    description: 'Show a region.',
    operations: [
      { method: 'GET', path: '/v3/regions/{region_id}' },
      { method: 'HEAD', path: '/v3/regions/{region_id}' },
    ],
  },
  {
    name: 'identity:list_regions',
    check: '',
    scopeTypes: EVERY_SCOPE,
    description: 'List regions.',
    operations: [
      { method: 'GET', path: '/v3/regions' },
      { method: 'HEAD', path: '/v3/regions' },
    ],
  },
  {
    name: 'identity:create_region',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a region.',
    operations: [
      { method: 'POST', path: '/v3/regions' },
      { method: 'PUT', path: '/v3/regions/{region_id}' },
    ],
  },
  {
    name: 'identity:update_region',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a region.',
    operations: [{ method: 'PATCH', path: '/v3/regions/{region_id}' }],
  },
  {
    name: 'identity:delete_region',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a region.',
    operations: [{ method: 'DELETE', path: '/v3/regions/{region_id}' }],
  },
  {
    name: 'identity:get_service',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a service.',
    operations: [{ method: 'GET', path: '/v3/services/{service_id}' }],
  },
  {
    name: 'identity:list_services',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List services.',
    operations: [{ method: 'GET', path: '/v3/services' }],
  },
  {
    name: 'identity:create_service',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a service.',
    operations: [{ method: 'POST', path: '/v3/services' }],
  },
  {
    name: 'identity:update_service',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a service.',
    operations: [{ method: 'PATCH', path: '/v3/services/{service_id}' }],
  },
  {
    name: 'identity:delete_service',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a service.',
    operations: [{ method: 'DELETE', path: '/v3/services/{service_id}' }],
  },
  {
    name: 'identity:get_endpoint',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show an endpoint.',
    operations: [{ method: 'GET', path: '/v3/endpoints/{endpoint_id}' }],
  },
  {
    name: 'identity:list_endpoints',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List endpoints.',
    operations: [{ method: 'GET', path: '/v3/endpoints' }],
  },
  {
    name: 'identity:create_endpoint',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create an endpoint.',
    operations: [{ method: 'POST', path: '/v3/endpoints' }],
  },
  {
    name: 'identity:update_endpoint',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change an endpoint.',
    operations: [{ method: 'PATCH', path: '/v3/endpoints/{endpoint_id}' }],
  },
  {
    name: 'identity:delete_endpoint',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete an endpoint.',
    operations: [{ method: 'DELETE', path: '/v3/endpoints/{endpoint_id}' }],
  },
]
