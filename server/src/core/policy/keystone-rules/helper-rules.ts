/** Rules that other rules refer to; no operation names them. */
import type { Rule } from '../rule.ts'

export const helperRules: readonly Rule[] = [
  {
    name: 'admin_required',
    check: 'role:admin or is_admin:1',
    scopeTypes: [],
    description: 'The role admin, on any scope.',
    operations: [],
  },
  {
    name: 'service_role',
    check: 'role:service',
    scopeTypes: [],
    description: 'The role service, which other services sign in with.',
    operations: [],
  },
  {
    name: 'service_or_admin',
    check: 'rule:admin_required or rule:service_role',
    scopeTypes: [],
    description: 'A service or an administrator.',
    operations: [],
  },
  {
    name: 'owner',
    check: 'user_id:%(user_id)s',
    scopeTypes: [],
    description: 'The user whose id is in the path.',
    operations: [],
  },
  {
    name: 'admin_or_owner',
    check: 'rule:admin_required or rule:owner',
    scopeTypes: [],
    description: 'An administrator, or the user whose id is in the path.',
    operations: [],
  },
  {
    name: 'token_subject',
    check: 'user_id:%(target.token.user_id)s',
    scopeTypes: [],
    description: 'The user of the token that is looked at.',
    operations: [],
  },
  {
    name: 'admin_or_token_subject',
    check: 'rule:admin_required or rule:token_subject',
    scopeTypes: [],
    description: 'An administrator, or the user of the token that is looked at.',
    operations: [],
  },
  {
    name: 'service_admin_or_token_subject',
    check: 'rule:service_or_admin or rule:token_subject',
    scopeTypes: [],
    description: 'A service, an administrator, or the user of the token that is looked at.',
    operations: [],
  },
]
