/** What users sign in with besides a password: credentials, EC2 keys, application credentials, access rules. */
import type { Rule } from '../rule.ts'
import { SYSTEM_OR_PROJECT } from './common.ts'

export const credentialRules: readonly Rule[] = [
  {
    name: 'identity:get_credential',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show a credential.',
    operations: [{ method: 'GET', path: '/v3/credentials/{credential_id}' }],
  },
  {
    name: 'identity:list_credentials',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List credentials.',
    operations: [{ method: 'GET', path: '/v3/credentials' }],
  },
  {
    name: 'identity:create_credential',
    check: '(rule:admin_required) or user_id:%(target.credential.user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create a credential.',
    operations: [{ method: 'POST', path: '/v3/credentials' }],
  },
  {
    name: 'identity:update_credential',
    check: '(rule:admin_required) or user_id:%(target.credential.user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change a credential.',
    operations: [{ method: 'PATCH', path: '/v3/credentials/{credential_id}' }],
  },
  {
    name: 'identity:delete_credential',
    check: '(rule:admin_required) or user_id:%(target.credential.user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete a credential.',
    operations: [{ method: 'DELETE', path: '/v3/credentials/{credential_id}' }],
  },
  {
    name: 'identity:ec2_get_credential',
    check:
      '(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show an EC2 key of a user.',
    operations: [{ method: 'GET', path: '/v3/users/{user_id}/credentials/OS-EC2/{credential_id}' }],
  },
  {
    name: 'identity:ec2_list_credentials',
    check: '(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)',
    deprecatedCheck: 'rule:admin_or_owner',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the EC2 keys of a user.',
    operations: [{ method: 'GET', path: '/v3/users/{user_id}/credentials/OS-EC2' }],
  },
  {
    name: 'identity:ec2_create_credential',
    check: '(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)',
    deprecatedCheck: 'rule:admin_or_owner',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create an EC2 key for a user.',
    operations: [{ method: 'POST', path: '/v3/users/{user_id}/credentials/OS-EC2' }],
  },
  {
    name: 'identity:ec2_delete_credential',
    check: '(rule:admin_required) or user_id:%(target.credential.user_id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete an EC2 key of a user.',
    operations: [{ method: 'DELETE', path: '/v3/users/{user_id}/credentials/OS-EC2/{credential_id}' }],
  },
  {
    name: 'identity:get_application_credential',
    check: '(rule:admin_required) or (role:reader and system_scope:all) or rule:owner',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show an application credential.',
    operations: [
      { method: 'GET', path: '/v3/users/{user_id}/application_credentials/{application_credential_id}' },
      { method: 'HEAD', path: '/v3/users/{user_id}/application_credentials/{application_credential_id}' },
    ],
  },
  {
    name: 'identity:list_application_credentials',
    check: '(rule:admin_required) or (role:reader and system_scope:all) or rule:owner',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the application credentials of a user.',
    operations: [
      { method: 'GET', path: '/v3/users/{user_id}/application_credentials' },
      { method: 'HEAD', path: '/v3/users/{user_id}/application_credentials' },
    ],
  },
  {
    name: 'identity:create_application_credential',
    check: 'user_id:%(user_id)s',
    scopeTypes: ['project'],
    description: 'Create an application credential for oneself.',
    operations: [{ method: 'POST', path: '/v3/users/{user_id}/application_credentials' }],
  },
  {
    name: 'identity:delete_application_credential',
    check: 'rule:admin_or_owner',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete an application credential.',
    operations: [
      { method: 'DELETE', path: '/v3/users/{user_id}/application_credentials/{application_credential_id}' },
    ],
  },
  {
    name: 'identity:get_access_rule',
    check: '(role:reader and system_scope:all) or user_id:%(target.user.id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show an access rule.',
    operations: [
      { method: 'GET', path: '/v3/users/{user_id}/access_rules/{access_rule_id}' },
      { method: 'HEAD', path: '/v3/users/{user_id}/access_rules/{access_rule_id}' },
    ],
  },
  {
    name: 'identity:list_access_rules',
    check: '(role:reader and system_scope:all) or user_id:%(target.user.id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List the access rules of a user.',
    operations: [
      { method: 'GET', path: '/v3/users/{user_id}/access_rules' },
      { method: 'HEAD', path: '/v3/users/{user_id}/access_rules' },
    ],
  },
  {
    name: 'identity:delete_access_rule',
    check: '(role:admin and system_scope:all) or user_id:%(target.user.id)s',
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete an access rule.',
    operations: [{ method: 'DELETE', path: '/v3/users/{user_id}/access_rules/{access_rule_id}' }],
  },
]
