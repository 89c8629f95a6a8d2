/** Stored policies, and which endpoint they are for (OS-ENDPOINT-POLICY). */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, SYSTEM_OR_PROJECT } from './common.ts'

export const policyRules: readonly Rule[] = [
  {
    name: 'identity:get_policy',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a policy.',
    operations: [{ method: 'GET', path: '/v3/policies/{policy_id}' }],
  },
  {
    name: 'identity:list_policies',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List policies.',
    operations: [{ method: 'GET', path: '/v3/policies' }],
  },
  {
    name: 'identity:create_policy',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a policy.',
    operations: [{ method: 'POST', path: '/v3/policies' }],
  },
  {
    name: 'identity:update_policy',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a policy.',
    operations: [{ method: 'PATCH', path: '/v3/policies/{policy_id}' }],
  },
  {
    name: 'identity:delete_policy',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a policy.',
    operations: [{ method: 'DELETE', path: '/v3/policies/{policy_id}' }],
  },
  {
    name: 'identity:create_policy_association_for_endpoint',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Bind a policy to an endpoint.',
    operations: [
      { method: 'PUT', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}' },
    ],
  },
  {
    name: 'identity:check_policy_association_for_endpoint',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether a policy is bound to an endpoint.',
    operations: [
      { method: 'GET', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}' },
      { method: 'HEAD', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}' },
    ],
  },
  {
    name: 'identity:delete_policy_association_for_endpoint',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Unbind a policy from an endpoint.',
    operations: [
      { method: 'DELETE', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}' },
    ],
  },
  {
    name: 'identity:create_policy_association_for_service',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Bind a policy to a service.',
    operations: [
      { method: 'PUT', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}' },
    ],
  },
  {
    name: 'identity:check_policy_association_for_service',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether a policy is bound to a service.',
    operations: [
      { method: 'GET', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}' },
      { method: 'HEAD', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}' },
    ],
  },
  {
    name: 'identity:delete_policy_association_for_service',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Unbind a policy from a service.',
    operations: [
      { method: 'DELETE', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}' },
    ],
  },
  {
    name: 'identity:create_policy_association_for_region_and_service',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Bind a policy to a service in a region.',
    operations: [
      {
        method: 'PUT',
        path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}',
      },
    ],
  },
  {
    name: 'identity:check_policy_association_for_region_and_service',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether a policy is bound to a service in a region.',
    operations: [
      {
        method: 'GET',
        path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}',
      },
      {
        method: 'HEAD',
        path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}',
      },
    ],
  },
  {
    name: 'identity:delete_policy_association_for_region_and_service',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Unbind a policy from a service in a region.',
    operations: [
      {
        method: 'DELETE',
        path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}',
      },
    ],
  },
  {
    name: 'identity:get_policy_for_endpoint',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show the policy that is in force for an endpoint.',
    operations: [
      { method: 'GET', path: '/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy' },
      { method: 'HEAD', path: '/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy' },
    ],
  },
  {
    name: 'identity:list_endpoints_for_policy',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the endpoints a policy is in force for.',
    operations: [{ method: 'GET', path: '/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints' }],
  },
]
