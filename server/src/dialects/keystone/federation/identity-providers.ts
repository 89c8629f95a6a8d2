/**
 * Federation's resources (Identity API v3, OS-FEDERATION): identity providers, their protocols, mappings, and service
 * providers. Signing in with them is in `sign-in.ts` and `websso.ts`. Facts: recorded answers of Keystone 22.0.2.
 */
import { Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import { onlyAdministers } from '../../../flows/account-administration.ts'
import type { Incoming } from '../../../http/operation.ts'
import { findDomain } from '../../../store/domains.ts'
import {
  deleteIdentityProvider,
  findIdentityProvider,
  type IdentityProvider,
  insertIdentityProvider,
  listIdentityProviders,
  takenRemoteId,
  updateIdentityProvider,
} from '../../../store/identity-providers.ts'
import { newId } from '../../../store/ids.ts'
import { insertProject } from '../../../store/projects.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { NullableText } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { type Call, change, operation, renaming } from '../operation.ts'
import { onlyOwnDomain } from '../own-domain.ts'
import { demandShortId } from './federation-ids.ts'
import { loadProvider, providerTarget } from './provider-target.ts'

const fields = {
  enabled: Type.Optional(Type.Boolean()),
  description: Type.Optional(NullableText),
  authorization_ttl: Type.Optional(
    Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0, maximum: 2 ** 31 - 1 }),
  ),
  remote_ids: Type.Optional(
    Type.Unsafe<string[] | null>({
      type: ['array', 'null'],
      items: { type: 'string', maxLength: 255 },
      uniqueItems: true,
    }),
  ),
}
const DomainId = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  minLength: 1,
  maxLength: 64,
  pattern: '^[a-zA-Z0-9-]+$',
})
/** Huawei Cloud's: `iam_user_sso` would sign in users of the account itself, which is not served. */
const SsoType = Type.Union([Type.Literal('virtual_user_sso'), Type.Literal('iam_user_sso')])
const strict = { additionalProperties: false }
const created = { ...fields, domain_id: Type.Optional(DomainId) }
const CreateBody = Type.Object({ identity_provider: Type.Optional(Type.Object(created, strict)) })
const CreateAccountBody = Type.Object({
  identity_provider: Type.Optional(Type.Object({ ...created, sso_type: Type.Optional(SsoType) }, strict)),
})
const UpdateBody = Type.Object({
  identity_provider: Type.Object(fields, { additionalProperties: false, minProperties: 1 }),
})

const PATH = '/v3/OS-FEDERATION/identity_providers'
const idOf = (call: Pick<Call, 'params'>): string => call.params['idp_id'] ?? ''

/** `identity_provider` as it is shown everywhere. */
function identityProviderFields(
  incoming: Incoming,
  provider: IdentityProvider,
  { accountScopes = false }: Accounts,
) {
  const { self } = selfLink(incoming, `OS-FEDERATION/identity_providers/${provider.id}`)
  return {
    id: provider.id,
    domain_id: provider.domainId,
    enabled: provider.enabled,
    description: provider.description,
    remote_ids: provider.remoteIds,
    authorization_ttl: provider.authorizationTtl,
    ...(accountScopes ? { sso_type: 'virtual_user_sso' } : {}),
    links: { self, protocols: `${self}/protocols` },
  }
}

interface Accounts {
  readonly accountScopes?: boolean
}

/** Without a domain one is made, named by its id; where providers belong to accounts it is the caller's. */
const create = ({ accountScopes = false }: Accounts) =>
  operation({
    id: 'create_identity_provider',
    method: 'PUT',
    path: `${PATH}/:idp_id`,
    policy: 'identity:create_identity_provider',
    body: accountScopes ? (CreateAccountBody as typeof CreateBody) : CreateBody,
    bodyFaults: 'after-policy',
    success: 201,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
    target: (_facts, { body, caller }) => ({
      'target.identity_provider.domain_id': body?.identity_provider?.domain_id ?? onlyAdministers(caller),
    }),
    handle: async (call) => {
      const sent = call.body.identity_provider ?? {}
      if ('sso_type' in sent && sent.sso_type === 'iam_user_sso') {
        const message = 'The sso_type iam_user_sso is not supported.'
        return refuse('bad_request', message, { message })
      }
      const ownDomain = accountScopes ? call.caller.user.domain.id : onlyAdministers(call.caller)
      const provider: IdentityProvider = {
        id: demandShortId(idOf(call)),
        enabled: sent.enabled ?? false,
        description: sent.description ?? null,
        domainId: sent.domain_id ?? ownDomain ?? newId(),
        authorizationTtl: sent.authorization_ttl ?? null,
        remoteIds: (sent.remote_ids ?? []).toSorted(),
      }
      await change(call, `identity_provider:${provider.id}`, async (tx) => {
        if (sent.domain_id || ownDomain !== undefined)
          found(await findDomain(tx, provider.domainId), 'domain', provider.domainId)
        else await makeDomain(tx, provider, call.ctx.now())
        if (await findIdentityProvider(tx, provider.id)) taken(`Duplicate entry: ${provider.id}`)
        await demandFreeRemoteIds(tx, provider)
        await insertIdentityProvider(tx, provider).catch(raced)
      })
      return { body: { identity_provider: identityProviderFields(call, provider, { accountScopes }) } }
    },
  })

function makeDomain(tx: Db, provider: IdentityProvider, now: number): Promise<void> {
  const { domainId } = provider
  const domain = {
    id: domainId,
    name: domainId,
    domainId: null,
    parentId: null,
    isDomain: true,
    description: `Auto generated federated domain for Identity Provider: ${provider.id}`,
    enabled: true,
    tags: [],
    options: {},
    extra: {},
  }
  return insertProject(tx, domain, now)
}

async function demandFreeRemoteIds(tx: Db, provider: IdentityProvider): Promise<void> {
  const other = await takenRemoteId(tx, provider.remoteIds, provider.id)
  if (other !== undefined) taken(`Duplicate remote ID: ${other}`)
}

function taken(details: string): never {
  const message = `Conflict occurred attempting to store identity_provider - ${details}.`
  return refuse('conflict', details, { message })
}

/** Two at once: the second finds out when it writes. */
function raced(error: unknown): never {
  if (!isUniqueViolation(error)) throw error
  return taken('Duplicate entry')
}

const list = (accounts: Accounts) =>
  operation({
    id: 'list_identity_providers',
    method: 'GET',
    path: PATH,
    policy: 'identity:list_identity_providers',
    success: 200,
    refusals: ['bad_request', 'unauthenticated', 'forbidden'],
    handle: async (call) => {
      const filters = filtersFrom(call.query, {
        id: { column: 'identity_provider.id' },
        enabled: { column: 'identity_provider.enabled', boolean: true },
      })
      const account = onlyAdministers(call.caller)
      const own = account === undefined ? [] : onlyOwnDomain(call.caller, 'identity_provider.domain_id')
      const { items, next } = await listIdentityProviders(
        call.ctx.store.db,
        [...filters, ...own],
        pageFrom(call.query),
      )
      const members = items.map((provider) => identityProviderFields(call, provider, accounts))
      return { body: collection(call, 'identity_providers', members, next) }
    },
  })

const show = (accounts: Accounts) =>
  operation({
    id: 'get_identity_provider',
    method: 'GET',
    path: `${PATH}/:idp_id`,
    policy: 'identity:get_identity_provider',
    success: 200,
    refusals: ['unauthenticated', 'forbidden', 'not_found'],
    load: loadProvider,
    target: providerTarget,
    handle: async (call, loaded) => {
      const { provider } = found(loaded, 'Identity Provider', idOf(call))
      return { body: { identity_provider: identityProviderFields(call, provider, accounts) } }
    },
  })

const update = (accounts: Accounts) =>
  operation({
    id: 'update_identity_provider',
    ...renaming,
    path: `${PATH}/:idp_id`,
    policy: 'identity:update_identity_provider',
    body: UpdateBody,
    load: loadProvider,
    target: providerTarget,
    handle: async (call) => {
      const id = idOf(call)
      const sent = call.body.identity_provider
      const provider = await change(call, `identity_provider:${id}`, async (tx) => {
        const before = found(await findIdentityProvider(tx, id), 'Identity Provider', id)
        const after: IdentityProvider = {
          ...before,
          enabled: sent.enabled ?? before.enabled,
          description: sent.description === undefined ? before.description : sent.description,
          authorizationTtl:
            sent.authorization_ttl === undefined ? before.authorizationTtl : sent.authorization_ttl,
          remoteIds: sent.remote_ids === undefined ? before.remoteIds : (sent.remote_ids ?? []).toSorted(),
        }
        await demandFreeRemoteIds(tx, after)
        await updateIdentityProvider(tx, after).catch(raced)
        return after
      })
      return { body: { identity_provider: identityProviderFields(call, provider, accounts) } }
    },
  })

/** Sessions of its users end with the next validation. */
const remove = operation({
  id: 'delete_identity_provider',
  method: 'DELETE',
  path: `${PATH}/:idp_id`,
  policy: 'identity:delete_identity_provider',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: loadProvider,
  target: providerTarget,
  handle: async (call) => {
    const id = idOf(call)
    await change(call, `identity_provider:${id}`, async (tx) => {
      if (!(await deleteIdentityProvider(tx, id, call.ctx.now()))) missing('Identity Provider', id)
    })
    return {}
  },
})

export const identityProviderOperations = (accounts: Accounts) => [
  create(accounts),
  list(accounts),
  show(accounts),
  update(accounts),
  remove,
]
