/** Projects and their tags. */
import type { Rule } from '../rule.ts'
import { ADMIN, EVERY_SCOPE } from './common.ts'

export const projectRules: readonly Rule[] = [
  {
    name: 'identity:get_project',
    check:
      '(role:reader and system_scope:all) or (role:reader and domain_id:%(target.project.domain_id)s) or project_id:%(target.project.id)s',
    deprecatedCheck: 'rule:admin_required or project_id:%(target.project.id)s',
    scopeTypes: EVERY_SCOPE,
    description: 'Show a project.',
    operations: [{ method: 'GET', path: '/v3/projects/{project_id}' }],
  },
  {
    name: 'identity:list_projects',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'List projects.',
    operations: [{ method: 'GET', path: '/v3/projects' }],
  },
  {
    name: 'identity:list_user_projects',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s',
    scopeTypes: EVERY_SCOPE,
    description: 'List the projects a user has a role on.',
    operations: [{ method: 'GET', path: '/v3/users/{user_id}/projects' }],
  },
  {
    name: 'identity:create_project',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Create a project.',
    operations: [{ method: 'POST', path: '/v3/projects' }],
  },
  {
    name: 'identity:update_project',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Change a project.',
    operations: [{ method: 'PATCH', path: '/v3/projects/{project_id}' }],
  },
  {
    name: 'identity:delete_project',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Delete a project.',
    operations: [{ method: 'DELETE', path: '/v3/projects/{project_id}' }],
  },
  {
    name: 'identity:list_project_tags',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.project.domain_id)s) or project_id:%(target.project.id)s',
    scopeTypes: EVERY_SCOPE,
    description: 'List the tags of a project.',
    operations: [
      { method: 'GET', path: '/v3/projects/{project_id}/tags' },
      { method: 'HEAD', path: '/v3/projects/{project_id}/tags' },
    ],
  },
  {
    name: 'identity:get_project_tag',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.project.domain_id)s) or project_id:%(target.project.id)s',
    scopeTypes: EVERY_SCOPE,
    description: 'Check whether a project has a tag.',
    operations: [
      { method: 'GET', path: '/v3/projects/{project_id}/tags/{value}' },
      { method: 'HEAD', path: '/v3/projects/{project_id}/tags/{value}' },
    ],
  },
  {
    name: 'identity:update_project_tags',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Replace the tags of a project.',
    operations: [{ method: 'PUT', path: '/v3/projects/{project_id}/tags' }],
  },
  {
    name: 'identity:create_project_tag',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Add a tag to a project.',
    operations: [{ method: 'PUT', path: '/v3/projects/{project_id}/tags/{value}' }],
  },
  {
    name: 'identity:delete_project_tags',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Remove all tags of a project.',
    operations: [{ method: 'DELETE', path: '/v3/projects/{project_id}/tags' }],
  },
  {
    name: 'identity:delete_project_tag',
    check: ADMIN,
    scopeTypes: EVERY_SCOPE,
    description: 'Remove a tag of a project.',
    operations: [{ method: 'DELETE', path: '/v3/projects/{project_id}/tags/{value}' }],
  },
]
