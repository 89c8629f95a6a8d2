/** Other identity providers and services: OS-FEDERATION. */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, SYSTEM_OR_PROJECT } from './common.ts'

export const federationRules: readonly Rule[] = [
  {
    name: 'identity:create_identity_provider',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create an identity provider.',
    operations: [{ method: 'PUT', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}' }],
  },
  {
    name: 'identity:list_identity_providers',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List identity providers.',
    operations: [
      { method: 'GET', path: '/v3/OS-FEDERATION/identity_providers' },
      { method: 'HEAD', path: '/v3/OS-FEDERATION/identity_providers' },
    ],
  },
  {
    name: 'identity:get_identity_provider',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show an identity provider.',
    operations: [
      { method: 'GET', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}' },
      { method: 'HEAD', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}' },
    ],
  },
  {
    name: 'identity:update_identity_provider',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change an identity provider.',
    operations: [{ method: 'PATCH', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}' }],
  },
  {
    name: 'identity:delete_identity_provider',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete an identity provider.',
    operations: [{ method: 'DELETE', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}' }],
  },
  {
    name: 'identity:create_mapping',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a mapping.',
    operations: [{ method: 'PUT', path: '/v3/OS-FEDERATION/mappings/{mapping_id}' }],
  },
  {
    name: 'identity:get_mapping',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a mapping.',
    operations: [
      { method: 'GET', path: '/v3/OS-FEDERATION/mappings/{mapping_id}' },
      { method: 'HEAD', path: '/v3/OS-FEDERATION/mappings/{mapping_id}' },
    ],
  },
  {
    name: 'identity:list_mappings',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List mappings.',
    operations: [
      { method: 'GET', path: '/v3/OS-FEDERATION/mappings' },
      { method: 'HEAD', path: '/v3/OS-FEDERATION/mappings' },
    ],
  },
  {
    name: 'identity:delete_mapping',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a mapping.',
    operations: [{ method: 'DELETE', path: '/v3/OS-FEDERATION/mappings/{mapping_id}' }],
  },
  {
    name: 'identity:update_mapping',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a mapping.',
    operations: [{ method: 'PATCH', path: '/v3/OS-FEDERATION/mappings/{mapping_id}' }],
  },
  {
    name: 'identity:create_protocol',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a federation protocol.',
    operations: [
      { method: 'PUT', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}' },
    ],
  },
  {
    name: 'identity:update_protocol',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a federation protocol.',
    operations: [
      { method: 'PATCH', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}' },
    ],
  },
  {
    name: 'identity:get_protocol',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a federation protocol.',
    operations: [
      { method: 'GET', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}' },
    ],
  },
  {
    name: 'identity:list_protocols',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List federation protocols of an identity provider.',
    operations: [{ method: 'GET', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols' }],
  },
  {
    name: 'identity:delete_protocol',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a federation protocol.',
    operations: [
      { method: 'DELETE', path: '/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}' },
    ],
  },
  {
    name: 'identity:create_service_provider',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a service provider.',
    operations: [{ method: 'PUT', path: '/v3/OS-FEDERATION/service_providers/{service_provider_id}' }],
  },
  {
    name: 'identity:list_service_providers',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List service providers.',
    operations: [
      { method: 'GET', path: '/v3/OS-FEDERATION/service_providers' },
      { method: 'HEAD', path: '/v3/OS-FEDERATION/service_providers' },
    ],
  },
  {
    name: 'identity:get_service_provider',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a service provider.',
    operations: [
      { method: 'GET', path: '/v3/OS-FEDERATION/service_providers/{service_provider_id}' },
      { method: 'HEAD', path: '/v3/OS-FEDERATION/service_providers/{service_provider_id}' },
    ],
  },
  {
    name: 'identity:update_service_provider',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a service provider.',
    operations: [{ method: 'PATCH', path: '/v3/OS-FEDERATION/service_providers/{service_provider_id}' }],
  },
  {
    name: 'identity:delete_service_provider',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a service provider.',
    operations: [{ method: 'DELETE', path: '/v3/OS-FEDERATION/service_providers/{service_provider_id}' }],
  },
]
