/** Tokens: validating and revoking them, what may be reached with one, signatures exchanged for one, revocation events. */
import type { Rule } from '../rule.ts'
import { EVERY_SCOPE, SYSTEM_OR_PROJECT } from './common.ts'

export const tokenRules: readonly Rule[] = [
  {
    name: 'identity:get_auth_catalog',
    check: '',
    scopeTypes: [],
    description: "The catalog of the caller's token.",
    operations: [
      { method: 'GET', path: '/v3/auth/catalog' },
      { method: 'HEAD', path: '/v3/auth/catalog' },
    ],
  },
  {
    name: 'identity:get_auth_projects',
    check: '',
    scopeTypes: [],
    description: 'Projects that the caller can scope to.',
    operations: [
      { method: 'GET', path: '/v3/auth/projects' },
      { method: 'HEAD', path: '/v3/auth/projects' },
    ],
  },
  {
    name: 'identity:get_auth_domains',
    check: '',
    scopeTypes: [],
    description: 'Domains that the caller can scope to.',
    operations: [
      { method: 'GET', path: '/v3/auth/domains' },
      { method: 'HEAD', path: '/v3/auth/domains' },
    ],
  },
  {
    name: 'identity:get_auth_system',
    check: '',
    scopeTypes: [],
    description: 'Whether the caller can scope to the system.',
    operations: [
      { method: 'GET', path: '/v3/auth/system' },
      { method: 'HEAD', path: '/v3/auth/system' },
    ],
  },
  {
    name: 'identity:check_token',
    check: 'rule:admin_required or (role:reader and system_scope:all) or rule:token_subject',
    scopeTypes: EVERY_SCOPE,
    description: 'Check a token, without its body.',
    operations: [{ method: 'HEAD', path: '/v3/auth/tokens' }],
  },
  {
    name: 'identity:validate_token',
    check:
      'rule:admin_required or (role:reader and system_scope:all) or rule:service_role or rule:token_subject',
    scopeTypes: EVERY_SCOPE,
    description: 'Validate a token.',
    operations: [{ method: 'GET', path: '/v3/auth/tokens' }],
  },
  {
    name: 'identity:revoke_token',
    check: 'rule:admin_required or rule:token_subject',
    scopeTypes: EVERY_SCOPE,
    description: 'Revoke a token.',
    operations: [{ method: 'DELETE', path: '/v3/auth/tokens' }],
  },
  {
    name: 'identity:revocation_list',
    check: 'rule:service_or_admin',
    scopeTypes: SYSTEM_OR_PROJECT,
    description:
      'Old list of revoked PKI tokens. Nothing asks this rule; it is known for the sake of policy files that name it.',
    operations: [{ method: 'GET', path: '/v3/auth/tokens/OS-PKI/revoked' }],
  },
  {
    name: 'identity:list_revoke_events',
    check: 'rule:service_or_admin',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List revocation events.',
    operations: [{ method: 'GET', path: '/v3/OS-REVOKE/events' }],
  },
  {
    name: 'identity:ec2tokens_validate',
    check: 'rule:service_or_admin',
    scopeTypes: EVERY_SCOPE,
    description: 'Exchange an EC2 signature for a token.',
    operations: [{ method: 'POST', path: '/v3/ec2tokens' }],
  },
  {
    name: 'identity:s3tokens_validate',
    check: 'rule:service_or_admin',
    scopeTypes: EVERY_SCOPE,
    description: 'Check an S3 signature.',
    operations: [{ method: 'POST', path: '/v3/s3tokens' }],
  },
]
