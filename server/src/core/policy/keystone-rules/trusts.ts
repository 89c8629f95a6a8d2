/** Trusts. */
import type { Rule } from '../rule.ts'
import { ADMIN_OR_SYSTEM_READER, SYSTEM_OR_PROJECT } from './common.ts'

export const trustRules: readonly Rule[] = [
  {
    name: 'identity:create_trust',
    check: 'user_id:%(target.trust.trustor_user_id)s',
    scopeTypes: ['project'],
    description: 'Create a trust, as the trustor.',
    operations: [{ method: 'POST', path: '/v3/OS-TRUST/trusts' }],
  },
  {
    name: 'identity:list_trusts',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List all trusts.',
    operations: [
      { method: 'GET', path: '/v3/OS-TRUST/trusts' },
      { method: 'HEAD', path: '/v3/OS-TRUST/trusts' },
    ],
  },
  {
    name: 'identity:list_trusts_for_trustor',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s)',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the trusts a user gave.',
    operations: [
      { method: 'GET', path: '/v3/OS-TRUST/trusts?trustor_user_id={trustor_user_id}' },
      { method: 'HEAD', path: '/v3/OS-TRUST/trusts?trustor_user_id={trustor_user_id}' },
    ],
  },
  {
    name: 'identity:list_trusts_for_trustee',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustee_user_id)s)',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the trusts a user was given.',
    operations: [
      { method: 'GET', path: '/v3/OS-TRUST/trusts?trustee_user_id={trustee_user_id}' },
      { method: 'HEAD', path: '/v3/OS-TRUST/trusts?trustee_user_id={trustee_user_id}' },
    ],
  },
  {
    name: 'identity:list_roles_for_trust',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s)',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the roles of a trust.',
    operations: [
      { method: 'GET', path: '/v3/OS-TRUST/trusts/{trust_id}/roles' },
      { method: 'HEAD', path: '/v3/OS-TRUST/trusts/{trust_id}/roles' },
    ],
  },
  {
    name: 'identity:get_role_for_trust',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s)',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a role of a trust.',
    operations: [
      { method: 'GET', path: '/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}' },
      { method: 'HEAD', path: '/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}' },
    ],
  },
  {
    name: 'identity:delete_trust',
    check: 'rule:admin_required or user_id:%(target.trust.trustor_user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a trust.',
    operations: [{ method: 'DELETE', path: '/v3/OS-TRUST/trusts/{trust_id}' }],
  },
  {
    name: 'identity:get_trust',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s)',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a trust.',
    operations: [
      { method: 'GET', path: '/v3/OS-TRUST/trusts/{trust_id}' },
      { method: 'HEAD', path: '/v3/OS-TRUST/trusts/{trust_id}' },
    ],
  },
]
