/** Limits of resources, registered and per project or domain. */
import type { Rule } from '../rule.ts'
import { ADMIN, EVERY_SCOPE, SYSTEM_OR_PROJECT } from './common.ts'

export const limitRules: readonly Rule[] = [
  {
    name: 'identity:get_registered_limit',
    check: '',
    scopeTypes: EVERY_SCOPE,
    description: 'Show a registered limit.',
    operations: [
      { method: 'GET', path: '/v3/registered_limits/{registered_limit_id}' },
      { method: 'HEAD', path: '/v3/registered_limits/{registered_limit_id}' },
    ],
  },
  {
    name: 'identity:list_registered_limits',
    check: '',
    scopeTypes: EVERY_SCOPE,
    description: 'List registered limits.',
    operations: [
      { method: 'GET', path: '/v3/registered_limits' },
      { method: 'HEAD', path: '/v3/registered_limits' },
    ],
  },
  {
    name: 'identity:create_registered_limits',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create registered limits.',
    operations: [{ method: 'POST', path: '/v3/registered_limits' }],
  },
  {
    name: 'identity:update_registered_limit',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a registered limit.',
    operations: [{ method: 'PATCH', path: '/v3/registered_limits/{registered_limit_id}' }],
  },
  {
    name: 'identity:delete_registered_limit',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a registered limit.',
    operations: [{ method: 'DELETE', path: '/v3/registered_limits/{registered_limit_id}' }],
  },
  {
    name: 'identity:get_limit_model',
    check: '',
    scopeTypes: EVERY_SCOPE,
    description: 'Show how limits of projects in a tree relate.',
    operations: [
      { method: 'GET', path: '/v3/limits/model' },
      { method: 'HEAD', path: '/v3/limits/model' },
    ],
  },
  {
    name: 'identity:get_limit',
    check:
      'rule:admin_required or (role:reader and system_scope:all) or (domain_id:%(target.limit.domain.id)s or domain_id:%(target.limit.project.domain_id)s) or (project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)',
    scopeTypes: EVERY_SCOPE,
    description: 'Show a limit.',
    operations: [
      { method: 'GET', path: '/v3/limits/{limit_id}' },
      { method: 'HEAD', path: '/v3/limits/{limit_id}' },
    ],
  },
  {
    name: 'identity:list_limits',
    check: '',
    scopeTypes: EVERY_SCOPE,
    description: "List the limits of the caller's scope.",
    operations: [
      { method: 'GET', path: '/v3/limits' },
      { method: 'HEAD', path: '/v3/limits' },
    ],
  },
  {
    name: 'identity:create_limits',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create limits.',
    operations: [{ method: 'POST', path: '/v3/limits' }],
  },
  {
    name: 'identity:update_limit',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a limit.',
    operations: [{ method: 'PATCH', path: '/v3/limits/{limit_id}' }],
  },
  {
    name: 'identity:delete_limit',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a limit.',
    operations: [{ method: 'DELETE', path: '/v3/limits/{limit_id}' }],
  },
]
