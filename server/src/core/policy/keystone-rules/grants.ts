/** Grants of roles on projects, domains and the system, and lists of them. */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, EVERY_SCOPE, SYSTEM_OR_PROJECT } from './common.ts'

export const grantRules: readonly Rule[] = [
  {
    name: 'identity:check_grant',
    check:
      '(rule:admin_required) or ((role:reader and system_scope:all) or ((role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s))',
    scopeTypes: EVERY_SCOPE,
    description: 'Check whether a user or group has a role on a project or domain.',
    operations: [
      { method: 'HEAD', path: '/v3/projects/{project_id}/users/{user_id}/roles/{role_id}' },
      { method: 'GET', path: '/v3/projects/{project_id}/users/{user_id}/roles/{role_id}' },
      { method: 'HEAD', path: '/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}' },
      { method: 'GET', path: '/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}' },
      { method: 'GET', path: '/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}' },
      { method: 'GET', path: '/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}' },
      {
        method: 'HEAD',
        path: '/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'GET',
        path: '/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'HEAD',
        path: '/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'GET',
        path: '/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'HEAD',
        path: '/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'GET',
        path: '/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'HEAD',
        path: '/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'GET',
        path: '/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
    ],
  },
  {
    name: 'identity:list_grants',
    check:
      '(rule:admin_required) or ((role:reader and system_scope:all) or (role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s))',
    scopeTypes: EVERY_SCOPE,
    description: 'List the roles a user or group has on a project or domain.',
    operations: [
      { method: 'GET', path: '/v3/projects/{project_id}/users/{user_id}/roles' },
      { method: 'HEAD', path: '/v3/projects/{project_id}/users/{user_id}/roles' },
      { method: 'GET', path: '/v3/projects/{project_id}/groups/{group_id}/roles' },
      { method: 'HEAD', path: '/v3/projects/{project_id}/groups/{group_id}/roles' },
      { method: 'GET', path: '/v3/domains/{domain_id}/users/{user_id}/roles' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/users/{user_id}/roles' },
      { method: 'GET', path: '/v3/domains/{domain_id}/groups/{group_id}/roles' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/groups/{group_id}/roles' },
      {
        method: 'GET',
        path: '/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects',
      },
      {
        method: 'GET',
        path: '/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects',
      },
    ],
  },
  {
    name: 'identity:create_grant',
    check:
      '(rule:admin_required) or ((role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'Grant a role on a project or domain to a user or group.',
    operations: [
      { method: 'PUT', path: '/v3/projects/{project_id}/users/{user_id}/roles/{role_id}' },
      { method: 'PUT', path: '/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}' },
      { method: 'PUT', path: '/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}' },
      { method: 'PUT', path: '/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}' },
      {
        method: 'PUT',
        path: '/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'PUT',
        path: '/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'PUT',
        path: '/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'PUT',
        path: '/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
    ],
  },
  {
    name: 'identity:revoke_grant',
    check:
      '(rule:admin_required) or ((role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'Revoke the grant of a role on a project or domain.',
    operations: [
      { method: 'DELETE', path: '/v3/projects/{project_id}/users/{user_id}/roles/{role_id}' },
      { method: 'DELETE', path: '/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}' },
      { method: 'DELETE', path: '/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}' },
      { method: 'DELETE', path: '/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}' },
      {
        method: 'DELETE',
        path: '/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'DELETE',
        path: '/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'DELETE',
        path: '/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects',
      },
      {
        method: 'DELETE',
        path: '/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects',
      },
    ],
  },
  {
    name: 'identity:list_system_grants_for_user',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the roles a user has on the system.',
    operations: [
      { method: 'HEAD', path: '/v3/system/users/{user_id}/roles' },
      { method: 'GET', path: '/v3/system/users/{user_id}/roles' },
    ],
  },
  {
    name: 'identity:check_system_grant_for_user',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether a user has a role on the system.',
    operations: [
      { method: 'HEAD', path: '/v3/system/users/{user_id}/roles/{role_id}' },
      { method: 'GET', path: '/v3/system/users/{user_id}/roles/{role_id}' },
    ],
  },
  {
    name: 'identity:create_system_grant_for_user',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Grant a role on the system to a user.',
    operations: [{ method: 'PUT', path: '/v3/system/users/{user_id}/roles/{role_id}' }],
  },
  {
    name: 'identity:revoke_system_grant_for_user',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: "Revoke a user's role on the system.",
    operations: [{ method: 'DELETE', path: '/v3/system/users/{user_id}/roles/{role_id}' }],
  },
  {
    name: 'identity:list_system_grants_for_group',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the roles a group has on the system.',
    operations: [
      { method: 'HEAD', path: '/v3/system/groups/{group_id}/roles' },
      { method: 'GET', path: '/v3/system/groups/{group_id}/roles' },
    ],
  },
  {
    name: 'identity:check_system_grant_for_group',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Check whether a group has a role on the system.',
    operations: [
      { method: 'HEAD', path: '/v3/system/groups/{group_id}/roles/{role_id}' },
      { method: 'GET', path: '/v3/system/groups/{group_id}/roles/{role_id}' },
    ],
  },
  {
    name: 'identity:create_system_grant_for_group',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Grant a role on the system to a group.',
    operations: [{ method: 'PUT', path: '/v3/system/groups/{group_id}/roles/{role_id}' }],
  },
  {
    name: 'identity:revoke_system_grant_for_group',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: "Revoke a group's role on the system.",
    operations: [{ method: 'DELETE', path: '/v3/system/groups/{group_id}/roles/{role_id}' }],
  },
  {
    name: 'identity:list_role_assignments',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'List role assignments.',
    operations: [
      { method: 'GET', path: '/v3/role_assignments' },
      { method: 'HEAD', path: '/v3/role_assignments' },
    ],
  },
  {
    name: 'identity:list_role_assignments_for_tree',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'List the role assignments of a project and all projects below it.',
    operations: [
      { method: 'GET', path: '/v3/role_assignments?include_subtree' },
      { method: 'HEAD', path: '/v3/role_assignments?include_subtree' },
    ],
  },
]
