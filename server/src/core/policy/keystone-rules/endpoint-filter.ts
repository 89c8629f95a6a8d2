/** Which endpoints which project sees (OS-EP-FILTER). */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, SYSTEM_OR_PROJECT } from './common.ts'

export const endpointFilterRules: readonly Rule[] = [
  {
    name: 'identity:create_endpoint_group',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create an endpoint group.',
    operations: [{ method: 'POST', path: '/v3/OS-EP-FILTER/endpoint_groups' }],
  },
  {
    name: 'identity:list_endpoint_groups',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List endpoint groups.',
    operations: [{ method: 'GET', path: '/v3/OS-EP-FILTER/endpoint_groups' }],
  },
  {
    name: 'identity:get_endpoint_group',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show an endpoint group.',
    operations: [
      { method: 'GET', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}' },
      { method: 'HEAD', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}' },
    ],
  },
  {
    name: 'identity:update_endpoint_group',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change an endpoint group.',
    operations: [{ method: 'PATCH', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}' }],
  },
  {
    name: 'identity:delete_endpoint_group',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete an endpoint group.',
    operations: [{ method: 'DELETE', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}' }],
  },
  {
    name: 'identity:list_projects_associated_with_endpoint_group',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the projects of an endpoint group.',
    operations: [{ method: 'GET', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects' }],
  },
  {
    name: 'identity:list_endpoints_associated_with_endpoint_group',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the endpoints in an endpoint group.',
    operations: [{ method: 'GET', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints' }],
  },
  {
    name: 'identity:get_endpoint_group_in_project',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether a project has an endpoint group.',
    operations: [
      { method: 'GET', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}' },
      { method: 'HEAD', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}' },
    ],
  },
  {
    name: 'identity:list_endpoint_groups_for_project',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the endpoint groups of a project.',
    operations: [{ method: 'GET', path: '/v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups' }],
  },
  {
    name: 'identity:add_endpoint_group_to_project',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Give an endpoint group to a project.',
    operations: [
      { method: 'PUT', path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}' },
    ],
  },
  {
    name: 'identity:remove_endpoint_group_from_project',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Take an endpoint group from a project.',
    operations: [
      {
        method: 'DELETE',
        path: '/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}',
      },
    ],
  },
  {
    name: 'identity:list_projects_for_endpoint',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the projects an endpoint is given to.',
    operations: [{ method: 'GET', path: '/v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects' }],
  },
  {
    name: 'identity:add_endpoint_to_project',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Give an endpoint to a project.',
    operations: [{ method: 'PUT', path: '/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}' }],
  },
  {
    name: 'identity:check_endpoint_in_project',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether an endpoint is given to a project.',
    operations: [
      { method: 'GET', path: '/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}' },
      { method: 'HEAD', path: '/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}' },
    ],
  },
  {
    name: 'identity:list_endpoints_for_project',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the endpoints given to a project.',
    operations: [{ method: 'GET', path: '/v3/OS-EP-FILTER/projects/{project_id}/endpoints' }],
  },
  {
    name: 'identity:remove_endpoint_from_project',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Take an endpoint from a project.',
    operations: [
      { method: 'DELETE', path: '/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}' },
    ],
  },
]
