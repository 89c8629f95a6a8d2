/** Roles, roles of a domain, and which role implies which. */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, SYSTEM_OR_PROJECT } from './common.ts'

export const roleRules: readonly Rule[] = [
  {
    name: 'identity:get_role',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a role.',
    operations: [
      { method: 'GET', path: '/v3/roles/{role_id}' },
      { method: 'HEAD', path: '/v3/roles/{role_id}' },
    ],
  },
  {
    name: 'identity:list_roles',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List roles.',
    operations: [
      { method: 'GET', path: '/v3/roles' },
      { method: 'HEAD', path: '/v3/roles' },
    ],
  },
  {
    name: 'identity:create_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a role.',
    operations: [{ method: 'POST', path: '/v3/roles' }],
  },
  {
    name: 'identity:update_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a role.',
    operations: [{ method: 'PATCH', path: '/v3/roles/{role_id}' }],
  },
  {
    name: 'identity:delete_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a role.',
    operations: [{ method: 'DELETE', path: '/v3/roles/{role_id}' }],
  },
  {
    name: 'identity:get_domain_role',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a role of a domain.',
    operations: [
      { method: 'GET', path: '/v3/roles/{role_id}' },
      { method: 'HEAD', path: '/v3/roles/{role_id}' },
    ],
  },
  {
    name: 'identity:list_domain_roles',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List roles of a domain.',
    operations: [
      { method: 'GET', path: '/v3/roles?domain_id={domain_id}' },
      { method: 'HEAD', path: '/v3/roles?domain_id={domain_id}' },
    ],
  },
  {
    name: 'identity:create_domain_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a role of a domain.',
    operations: [{ method: 'POST', path: '/v3/roles' }],
  },
  {
    name: 'identity:update_domain_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a role of a domain.',
    operations: [{ method: 'PATCH', path: '/v3/roles/{role_id}' }],
  },
  {
    name: 'identity:delete_domain_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a role of a domain.',
    operations: [{ method: 'DELETE', path: '/v3/roles/{role_id}' }],
  },
  {
    name: 'identity:get_implied_role',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show that a role implies another.',
    operations: [{ method: 'GET', path: '/v3/roles/{prior_role_id}/implies/{implied_role_id}' }],
  },
  {
    name: 'identity:list_implied_roles',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the roles that a role implies.',
    operations: [
      { method: 'GET', path: '/v3/roles/{prior_role_id}/implies' },
      { method: 'HEAD', path: '/v3/roles/{prior_role_id}/implies' },
    ],
  },
  {
    name: 'identity:create_implied_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Let a role imply another.',
    operations: [{ method: 'PUT', path: '/v3/roles/{prior_role_id}/implies/{implied_role_id}' }],
  },
  {
    name: 'identity:delete_implied_role',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Let a role no longer imply another.',
    operations: [{ method: 'DELETE', path: '/v3/roles/{prior_role_id}/implies/{implied_role_id}' }],
  },
  {
    name: 'identity:list_role_inference_rules',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List which roles imply which.',
    operations: [
      { method: 'GET', path: '/v3/role_inferences' },
      { method: 'HEAD', path: '/v3/role_inferences' },
    ],
  },
  {
    name: 'identity:check_implied_role',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether a role implies another.',
    operations: [{ method: 'HEAD', path: '/v3/roles/{prior_role_id}/implies/{implied_role_id}' }],
  },
]
