/** Domains and their configuration. */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, EVERY_SCOPE, SYSTEM_OR_PROJECT } from './common.ts'

export const domainRules: readonly Rule[] = [
  {
    name: 'identity:get_domain',
    check:
      'rule:admin_required or (role:reader and system_scope:all) or token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s',
    scopeTypes: EVERY_SCOPE,
    description: 'Show a domain.',
    operations: [{ method: 'GET', path: '/v3/domains/{domain_id}' }],
  },
  {
    name: 'identity:list_domains',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List domains.',
    operations: [{ method: 'GET', path: '/v3/domains' }],
  },
  {
    name: 'identity:create_domain',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a domain.',
    operations: [{ method: 'POST', path: '/v3/domains' }],
  },
  {
    name: 'identity:update_domain',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a domain.',
    operations: [{ method: 'PATCH', path: '/v3/domains/{domain_id}' }],
  },
  {
    name: 'identity:delete_domain',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a domain.',
    operations: [{ method: 'DELETE', path: '/v3/domains/{domain_id}' }],
  },
  {
    name: 'identity:create_domain_config',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create the configuration of a domain.',
    operations: [{ method: 'PUT', path: '/v3/domains/{domain_id}/config' }],
  },
  {
    name: 'identity:get_domain_config',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show the configuration of a domain, or a group or an option of it.',
    operations: [
      { method: 'GET', path: '/v3/domains/{domain_id}/config' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/config' },
      { method: 'GET', path: '/v3/domains/{domain_id}/config/{group}' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/config/{group}' },
      { method: 'GET', path: '/v3/domains/{domain_id}/config/{group}/{option}' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/config/{group}/{option}' },
    ],
  },
  {
    name: 'identity:get_security_compliance_domain_config',
    check: '',
    scopeTypes: EVERY_SCOPE,
    description: "Show a domain's password rules, which whoever chooses a password needs.",
    operations: [
      { method: 'GET', path: '/v3/domains/{domain_id}/config/security_compliance' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/config/security_compliance' },
      { method: 'GET', path: '/v3/domains/{domain_id}/config/security_compliance/{option}' },
      { method: 'HEAD', path: '/v3/domains/{domain_id}/config/security_compliance/{option}' },
    ],
  },
  {
    name: 'identity:update_domain_config',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change the configuration of a domain, or a group or an option of it.',
    operations: [
      { method: 'PATCH', path: '/v3/domains/{domain_id}/config' },
      { method: 'PATCH', path: '/v3/domains/{domain_id}/config/{group}' },
      { method: 'PATCH', path: '/v3/domains/{domain_id}/config/{group}/{option}' },
    ],
  },
  {
    name: 'identity:delete_domain_config',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete the configuration of a domain, or a group or an option of it.',
    operations: [
      { method: 'DELETE', path: '/v3/domains/{domain_id}/config' },
      { method: 'DELETE', path: '/v3/domains/{domain_id}/config/{group}' },
      { method: 'DELETE', path: '/v3/domains/{domain_id}/config/{group}/{option}' },
    ],
  },
  {
    name: 'identity:get_domain_config_default',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show the default configuration of domains.',
    operations: [
      { method: 'GET', path: '/v3/domains/config/default' },
      { method: 'HEAD', path: '/v3/domains/config/default' },
      { method: 'GET', path: '/v3/domains/config/{group}/default' },
      { method: 'HEAD', path: '/v3/domains/config/{group}/default' },
      { method: 'GET', path: '/v3/domains/config/{group}/{option}/default' },
      { method: 'HEAD', path: '/v3/domains/config/{group}/{option}/default' },
    ],
  },
]
