/** OAuth 1.0a consumers and access tokens. */
import type { Rule } from '../rule.ts'
import { ADMIN, ADMIN_OR_SYSTEM_READER, SYSTEM_OR_PROJECT } from './common.ts'

export const oauth1Rules: readonly Rule[] = [
  {
    name: 'identity:get_consumer',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Show an OAuth consumer.',
    operations: [{ method: 'GET', path: '/v3/OS-OAUTH1/consumers/{consumer_id}' }],
  },
  {
    name: 'identity:list_consumers',
    check: ADMIN_OR_SYSTEM_READER,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'List OAuth consumers.',
    operations: [{ method: 'GET', path: '/v3/OS-OAUTH1/consumers' }],
  },
  {
    name: 'identity:create_consumer',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Create an OAuth consumer.',
    operations: [{ method: 'POST', path: '/v3/OS-OAUTH1/consumers' }],
  },
  {
    name: 'identity:update_consumer',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Change an OAuth consumer.',
    operations: [{ method: 'PATCH', path: '/v3/OS-OAUTH1/consumers/{consumer_id}' }],
  },
  {
    name: 'identity:delete_consumer',
    check: ADMIN,
    scopeTypes: SYSTEM_OR_PROJECT,
    description: 'Delete an OAuth consumer.',
    operations: [{ method: 'DELETE', path: '/v3/OS-OAUTH1/consumers/{consumer_id}' }],
  },
  {
    name: 'identity:authorize_request_token',
    check: ADMIN,
    scopeTypes: ['project'],
    description: 'Authorize an OAuth request token.',
    operations: [{ method: 'PUT', path: '/v3/OS-OAUTH1/authorize/{request_token_id}' }],
  },
  {
    name: 'identity:get_access_token',
    check: ADMIN,
    scopeTypes: ['project'],
    description: 'Show an OAuth access token of a user.',
    operations: [{ method: 'GET', path: '/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}' }],
  },
  {
    name: 'identity:get_access_token_role',
    check: ADMIN,
    scopeTypes: ['project'],
    description: 'Show a role of an OAuth access token.',
    operations: [
      {
        method: 'GET',
        path: '/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles/{role_id}',
      },
    ],
  },
  {
    name: 'identity:list_access_tokens',
    check: ADMIN,
    scopeTypes: ['project'],
    description: 'List the OAuth access tokens of a user.',
    operations: [{ method: 'GET', path: '/v3/users/{user_id}/OS-OAUTH1/access_tokens' }],
  },
  {
    name: 'identity:list_access_token_roles',
    check: ADMIN,
    scopeTypes: ['project'],
    description: 'List the roles of an OAuth access token.',
    operations: [
      { method: 'GET', path: '/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles' },
    ],
  },
  {
    name: 'identity:delete_access_token',
    check: ADMIN,
    scopeTypes: ['project'],
    description: 'Delete an OAuth access token of a user.',
    operations: [{ method: 'DELETE', path: '/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}' }],
  },
]
