import { refuse } from '../../../core/refusal.ts'
import type { Query } from '../../../http/operation.ts'
import {
  type ExpiryCondition,
  type FederatedIdentity,
  listUsers as listStored,
} from '../../../store/users.ts'
import { collection, filtersFrom, one, pageFrom } from '../collection.ts'
import { operation } from '../operation.ts'
import { onlyOwnDomain } from '../own-domain.ts'
import { parseIsoTime } from '../time.ts'
import { userFields } from './user-body.ts'

/** Filters that every list of users takes. */
export const userFilters = {
  name: { column: 'user.name' },
  enabled: { column: 'user.enabled', boolean: true },
  domain_id: { column: 'user.domain_id' },
}

/** `GET /v3/users`. A domain-scoped caller sees the users of that domain and no others. */
export const listUsers = operation({
  id: 'list_users',
  method: 'GET',
  path: '/v3/users',
  policy: 'identity:list_users',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  target: (_facts, { caller }) =>
    caller.scope.kind === 'domain' ? { 'target.domain_id': caller.scope.domain.id } : {},
  handle: async (call) => {
    const { query, caller } = call
    const federated = federatedFrom(query)
    const narrowing = {
      filters: [...filtersFrom(query, userFilters), ...onlyOwnDomain(caller, 'user.domain_id')],
      passwordExpiry: expiryConditions(query),
      ...(federated === undefined ? {} : { federated }),
    }
    const { items, next } = await listStored(call.ctx.store.db, narrowing, pageFrom(query))
    const members = items.map((user) => userFields(call, user))
    return { body: collection(call, 'users', members, next) }
  },
})

function federatedFrom(query: Query): Partial<FederatedIdentity> | undefined {
  const idpId = one(query, 'idp_id')
  const protocolId = one(query, 'protocol_id')
  const uniqueId = one(query, 'unique_id')
  if (idpId === undefined && protocolId === undefined && uniqueId === undefined) return undefined
  return {
    ...(idpId === undefined ? {} : { idpId }),
    ...(protocolId === undefined ? {} : { protocolId }),
    ...(uniqueId === undefined ? {} : { uniqueId }),
  }
}

const OPERATORS: ReadonlyMap<string, ExpiryCondition['operator']> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['eq', '='],
  ['lte', '<='],
  ['gte', '>='],
  ['neq', '<>'],
])

/** `password_expires_at=lt:2030-01-01T00:00:00Z`, as often as it is given; `eq` without an operator. */
export function expiryConditions(query: Query): readonly ExpiryCondition[] {
  const given = query['password_expires_at'] ?? []
  return (typeof given === 'string' ? [given] : given).map((text) => {
    // Keystone looks for the colon in these two places only.
    const cut = text.slice(2, 4).includes(':') ? text.indexOf(':') : -1
    const than = parseIsoTime(text.slice(cut + 1))
    if (than === undefined) {
      return refuse('bad_request', 'password_expires_at', {
        message:
          'Timestamp not in expected format. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.',
      })
    }
    const name = cut === -1 ? 'eq' : text.slice(0, cut)
    const operator = OPERATORS.get(name)
    if (operator === undefined) {
      return refuse('bad_request', 'password_expires_at', {
        message: `The given operator ${name} is not valid. It must be one of the following: 'eq', 'neq', 'lt', 'lte', 'gt', or 'gte'.`,
      })
    }
    return { operator, than }
  })
}
