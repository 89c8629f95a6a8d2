/** Users, groups and membership. */
import type { Rule } from '../rule.ts'
import { ADMIN, EVERY_SCOPE } from './common.ts'

export const userRules: readonly Rule[] = [
  {
    name: 'identity:get_user',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s',
    scopeTypes: EVERY_SCOPE,
    description: 'Show a user.',
    operations: [
      { method: 'GET', path: '/v3/users/{user_id}' },
      { method: 'HEAD', path: '/v3/users/{user_id}' },
    ],
  },
  {
    name: 'identity:list_users',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'List users.',
    operations: [
      { method: 'GET', path: '/v3/users' },
      { method: 'HEAD', path: '/v3/users' },
    ],
  },
  {
    name: 'identity:list_projects_for_user',
    check: '',
    scopeTypes: [],
    description: 'Older name of identity:get_auth_projects. Nothing asks this rule.',
    operations: [{ method: 'GET', path: '/v3/auth/projects' }],
  },
  {
    name: 'identity:list_domains_for_user',
    check: '',
    scopeTypes: [],
    description: 'Older name of identity:get_auth_domains. Nothing asks this rule.',
    operations: [{ method: 'GET', path: '/v3/auth/domains' }],
  },
  {
    name: 'identity:create_user',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Create a user.',
    operations: [{ method: 'POST', path: '/v3/users' }],
  },
  {
    name: 'identity:update_user',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Change a user.',
    operations: [{ method: 'PATCH', path: '/v3/users/{user_id}' }],
  },
  {
    name: 'identity:delete_user',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Delete a user.',
    operations: [{ method: 'DELETE', path: '/v3/users/{user_id}' }],
  },
  {
    name: 'identity:get_group',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'Show a group.',
    operations: [
      { method: 'GET', path: '/v3/groups/{group_id}' },
      { method: 'HEAD', path: '/v3/groups/{group_id}' },
    ],
  },
  {
    name: 'identity:list_groups',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'List groups.',
    operations: [
      { method: 'GET', path: '/v3/groups' },
      { method: 'HEAD', path: '/v3/groups' },
    ],
  },
  {
    name: 'identity:list_groups_for_user',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s',
    scopeTypes: EVERY_SCOPE,
    description: 'List the groups a user is in.',
    operations: [
      { method: 'GET', path: '/v3/users/{user_id}/groups' },
      { method: 'HEAD', path: '/v3/users/{user_id}/groups' },
    ],
  },
  {
    name: 'identity:create_group',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Create a group.',
    operations: [{ method: 'POST', path: '/v3/groups' }],
  },
  {
    name: 'identity:update_group',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Change a group.',
    operations: [{ method: 'PATCH', path: '/v3/groups/{group_id}' }],
  },
  {
    name: 'identity:delete_group',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Delete a group.',
    operations: [{ method: 'DELETE', path: '/v3/groups/{group_id}' }],
  },
  {
    name: 'identity:list_users_in_group',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'List the users in a group.',
    operations: [
      { method: 'GET', path: '/v3/groups/{group_id}/users' },
      { method: 'HEAD', path: '/v3/groups/{group_id}/users' },
    ],
  },
  {
    name: 'identity:remove_user_from_group',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Take a user out of a group.',
    operations: [{ method: 'DELETE', path: '/v3/groups/{group_id}/users/{user_id}' }],
  },
  {
    name: 'identity:check_user_in_group',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'Check whether a user is in a group.',
    operations: [
      { method: 'HEAD', path: '/v3/groups/{group_id}/users/{user_id}' },
      { method: 'GET', path: '/v3/groups/{group_id}/users/{user_id}' },
    ],
  },
  {
    name: 'identity:add_user_to_group',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Put a user into a group.',
    operations: [{ method: 'PUT', path: '/v3/groups/{group_id}/users/{user_id}' }],
  },
]
