import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { insertGrant } from './assignments.ts'
import { ensureDomain, ensureGrant, ensureRole, ensureUser } from './bootstrap.ts'
import { findFederationFacts } from './federated-sessions.ts'
import {
  confirmedGroups,
  confirmGroupsAgain,
  type FederatedUser,
  findFederatedUser,
  findMappedGroups,
  holdsGrantsByProvider,
  insertFederatedUser,
  renameFederatedUser,
  replaceConfirmedGroups,
} from './federated-users.ts'
import {
  findOidcConfig,
  findSamlMetadata,
  listOidcProviders,
  providersWithOidc,
  putOidcConfig,
  putSamlMetadata,
  samlMetadataOfEntity,
} from './federation-config.ts'
import { grantsFor } from './grants.ts'
import { addMember, deleteGroup, insertGroup, isMember, listGroupsOfUser, removeMember } from './groups.ts'
import { findUser } from './identity.ts'
import {
  deleteIdentityProvider,
  deleteProtocol,
  findIdentityProvider,
  findProtocol,
  findProviderByRemoteId,
  type IdentityProvider,
  insertIdentityProvider,
  insertProtocol,
  listIdentityProviders,
  listProtocols,
  takenRemoteId,
  updateIdentityProvider,
  updateProtocol,
} from './identity-providers.ts'
import {
  deleteMapping,
  findMapping,
  insertMapping,
  listMappings,
  updateMapping,
  usesOnlyMappingsOf,
} from './mappings.ts'
import {
  deleteServiceProvider,
  enabledServiceProviders,
  findServiceProvider,
  insertServiceProvider,
  listServiceProviders,
  updateServiceProvider,
} from './service-providers.ts'
import type { Db, Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const NOW = 1_700_000_000_000_000
const MINUTE = 60_000_000

const provider = (id: string, more: Partial<IdentityProvider> = {}): IdentityProvider => ({
  id,
  enabled: true,
  description: null,
  domainId: 'default',
  authorizationTtl: null,
  remoteIds: [],
  ...more,
})
const protocol = (idpId: string, id = 'openid', mappingId = 'm') => ({
  id,
  idpId,
  mappingId,
  remoteIdAttribute: null,
})
const bob: FederatedUser = { id: 'bob', name: 'Bob', domainId: 'default', email: 'bob@acme.example' }
const identity = { idpId: 'acme', protocolId: 'openid', uniqueId: 'bob%40acme' }
const saml = (idpId: string, entityId: string) => ({
  idpId,
  protocolId: 'saml',
  entityId,
  metadata: '<xml/>',
  domainId: 'default',
  accountType: '',
  updatedAt: NOW,
})

/** The default domain, a mapping `m` and providers with a protocol `openid` that uses it. */
async function withProviders(store: Store, ...providers: readonly IdentityProvider[]): Promise<void> {
  await store.write(async (tx) => {
    await ensureDomain(tx, 'default', 'Default', NOW)
    await insertMapping(tx, { id: 'm', rules: [], schemaVersion: null })
    for (const one of providers) {
      await insertIdentityProvider(tx, one)
      await insertProtocol(tx, protocol(one.id), NOW)
    }
  })
}

const violates = (act: Promise<unknown>) => assert.rejects(act, isUniqueViolation)
const group = (tx: Db, id: string, name = id, domainId = 'default') =>
  insertGroup(tx, { id, name, domainId, description: null, extra: {}, createdAt: NOW })

forEachEngine('federation', (open) => {
  it('providers come back as they were written and changed, page by page', async () => {
    const store = await open()
    const written = provider('acme', { description: 'x', authorizationTtl: 5, remoteIds: ['a', 'b'] })
    await withProviders(store, written, provider('other', { enabled: false }))
    assert.deepEqual(await findIdentityProvider(store.db, 'acme'), written)
    assert.deepEqual(await findProviderByRemoteId(store.db, 'b'), written)
    const changed = { ...written, enabled: false, authorizationTtl: null, remoteIds: ['c'] }
    await store.write((tx) => updateIdentityProvider(tx, changed))
    assert.deepEqual(await findIdentityProvider(store.db, 'acme'), changed)
    assert.equal(await findProviderByRemoteId(store.db, 'a'), undefined)
    const { items } = await listIdentityProviders(store.db, [], {})
    assert.deepEqual(items, [changed, provider('other', { enabled: false })])
    const page = await listIdentityProviders(store.db, [], { limit: 1 })
    assert.deepEqual(
      page.items.map(({ id }) => id),
      ['acme'],
    )
  })

  it('ids of providers, protocols and mappings, and remote ids, are there once', async () => {
    const store = await open()
    await withProviders(store, provider('acme', { remoteIds: ['a'] }), provider('other'))
    await violates(store.write((tx) => insertIdentityProvider(tx, provider('acme'))))
    await violates(store.write((tx) => insertIdentityProvider(tx, provider('new', { remoteIds: ['a'] }))))
    await violates(store.write((tx) => updateIdentityProvider(tx, provider('other', { remoteIds: ['a'] }))))
    await violates(store.write((tx) => insertProtocol(tx, protocol('acme'), NOW)))
    await violates(store.write((tx) => insertMapping(tx, { id: 'm', rules: [], schemaVersion: null })))
    assert.equal(await takenRemoteId(store.db, ['x', 'a'], 'other'), 'a')
    assert.equal(await takenRemoteId(store.db, ['a'], 'acme'), undefined)
    assert.equal(await findIdentityProvider(store.db, 'new'), undefined)
  })

  it('protocols are their provider’s own and change their mapping', async () => {
    const store = await open()
    await withProviders(store, provider('acme'), provider('other'))
    await store.write((tx) => updateProtocol(tx, { ...protocol('acme'), remoteIdAttribute: 'iss' }))
    assert.equal((await findProtocol(store.db, 'acme', 'openid'))?.remoteIdAttribute, 'iss')
    assert.equal((await findProtocol(store.db, 'other', 'openid'))?.remoteIdAttribute, null)
    assert.equal(await store.write((tx) => deleteProtocol(tx, { idpId: 'acme', id: 'openid' }, NOW)), true)
    assert.equal(await store.write((tx) => deleteProtocol(tx, { idpId: 'acme', id: 'openid' }, NOW)), false)
    assert.deepEqual(await listProtocols(store.db, 'acme'), [])
    assert.equal((await listProtocols(store.db, 'other')).length, 1)
  })

  it('mappings are the cloud’s or an account’s, and a provider may use the cloud’s', async () => {
    const store = await open()
    await withProviders(store, provider('acme'))
    const rules = [{ local: [{ user: { name: 'o\'hara "é"' } }], remote: [{ type: 'sub' }] }]
    const own = { id: 'own', rules, schemaVersion: 'account', domainId: 'default' }
    await store.write((tx) => insertMapping(tx, own))
    assert.deepEqual(await findMapping(store.db, 'own'), own)
    assert.deepEqual(
      (await listMappings(store.db)).map(({ id }) => id),
      ['m', 'own'],
    )
    assert.deepEqual(await listMappings(store.db, 'default'), [own])
    assert.equal(await usesOnlyMappingsOf(store.db, 'acme', 'default'), false)
    await store.write((tx) => updateProtocol(tx, protocol('acme', 'openid', 'own')))
    assert.equal(await usesOnlyMappingsOf(store.db, 'acme', 'default'), true)
    assert.equal(await usesOnlyMappingsOf(store.db, 'acme', 'another'), false)
    assert.equal(await store.write((tx) => updateMapping(tx, { ...own, rules: [] })), true)
    assert.equal(await store.write((tx) => deleteMapping(tx, 'own')), true)
    // A protocol whose mapping is gone is nobody's to change but the cloud's.
    assert.equal(await usesOnlyMappingsOf(store.db, 'acme', 'default'), false)
    assert.equal(await store.write((tx) => updateMapping(tx, own)), false)
    assert.equal(await store.write((tx) => deleteMapping(tx, 'own')), false)
  })

  it('configurations and metadata are written over and go with their provider', async () => {
    const store = await open()
    await withProviders(store, provider('acme'), provider('off', { enabled: false }))
    for (const idpId of ['acme', 'off']) {
      await store.write((tx) =>
        putOidcConfig(tx, { idpId, config: { issuer: 'x' }, sealedClientSecret: null }),
      )
      await store.write((tx) => putSamlMetadata(tx, saml(idpId, 'entity')))
    }
    const config = { idpId: 'acme', config: { issuer: 'y' }, sealedClientSecret: 'sealed' }
    await store.write((tx) => putOidcConfig(tx, config))
    assert.deepEqual(await findOidcConfig(store.db, 'acme'), config)
    assert.deepEqual(await providersWithOidc(store.db, 'openid'), ['acme'])
    assert.deepEqual(await providersWithOidc(store.db, 'saml2'), [])
    await store.write((tx) => putSamlMetadata(tx, saml('acme', 'renamed')))
    assert.equal((await findSamlMetadata(store.db, 'acme', 'saml'))?.entityId, 'renamed')
    assert.deepEqual(
      (await samlMetadataOfEntity(store.db, 'entity')).map(({ idpId }) => idpId),
      ['off'],
    )
    assert.equal(await store.write((tx) => deleteIdentityProvider(tx, 'acme', NOW)), true)
    assert.equal(await store.write((tx) => deleteIdentityProvider(tx, 'acme', NOW)), false)
    assert.equal(await findOidcConfig(store.db, 'acme'), undefined)
    assert.equal(await findSamlMetadata(store.db, 'acme', 'saml'), undefined)
    assert.deepEqual(await listProtocols(store.db, 'acme'), [])
  })

  it('a foreign identity is one user, who keeps a name and an address of the provider’s', async () => {
    const store = await open()
    await withProviders(store, provider('acme'))
    await store.write((tx) => insertFederatedUser(tx, bob, identity, NOW))
    assert.deepEqual(await findFederatedUser(store.db, identity), bob)
    assert.equal(await findFederatedUser(store.db, { ...identity, protocolId: 'saml' }), undefined)
    await violates(store.write((tx) => insertFederatedUser(tx, { ...bob, id: 'bob2' }, identity, NOW)))
    assert.equal(await findUser(store.db, { id: 'bob2' }), undefined)
    assert.equal((await findUser(store.db, { id: 'bob' }))?.kind, 'federated')
    await store.write((tx) => renameFederatedUser(tx, { ...bob, name: 'Robert', email: null }))
    assert.deepEqual(await findFederatedUser(store.db, identity), { ...bob, name: 'Robert', email: null })
    const local = await store.write((tx) => ensureUser(tx, 'local', 'default', NOW))
    await store.write((tx) => renameFederatedUser(tx, { ...bob, id: local, name: 'taken over' }))
    assert.equal((await findUser(store.db, { id: local }))?.name, 'local')
  })

  it('memberships are those confirmed last, lapse, and are confirmed again', async () => {
    const store = await open()
    await withProviders(store, provider('acme', { authorizationTtl: 10 }))
    await store.write(async (tx) => {
      for (const id of ['a', 'b', 'c']) await group(tx, id)
      await insertFederatedUser(tx, bob, identity, NOW)
      await replaceConfirmedGroups(tx, { userId: 'bob', idpId: 'acme' }, ['a', 'b'], NOW)
      await replaceConfirmedGroups(tx, { userId: 'bob', idpId: 'acme' }, ['b', 'c'], NOW)
    })
    assert.deepEqual((await confirmedGroups(store.db, 'bob', 'acme')).toSorted(), ['b', 'c'])
    const groupsAt = async (now: number) =>
      (await listGroupsOfUser(store.db, 'bob', [], { now, defaultTtl: 0 })).map(({ group: { id } }) => id)
    assert.deepEqual(await groupsAt(NOW + 9 * MINUTE), ['b', 'c'])
    assert.deepEqual(await groupsAt(NOW + 11 * MINUTE), [])
    await store.write((tx) => confirmGroupsAgain(tx, 'bob', 'acme', NOW + 9 * MINUTE))
    assert.deepEqual(await groupsAt(NOW + 11 * MINUTE), ['b', 'c'])
    await store.write((tx) => deleteIdentityProvider(tx, 'acme', NOW))
    assert.deepEqual(await confirmedGroups(store.db, 'bob', 'acme'), [])
  })

  it('memberships that never lapse, as far as anybody will see, are counted and told', async () => {
    const store = await open()
    await withProviders(store, provider('acme', { authorizationTtl: 2 ** 31 - 1 }))
    await store.write(async (tx) => {
      await group(tx, 'a')
      await insertFederatedUser(tx, bob, identity, NOW)
      await replaceConfirmedGroups(tx, { userId: 'bob', idpId: 'acme' }, ['a'], NOW)
      const target = { kind: 'domain', id: 'default' } as const
      const actor = { kind: 'group', id: 'a' } as const
      await insertGrant(tx, { actor, target, inherited: false }, await ensureRole(tx, 'reader'))
    })
    const now = NOW + 40 * 365 * 24 * 60 * MINUTE
    const [told] = await listGroupsOfUser(store.db, 'bob', [], { now, defaultTtl: 0 })
    assert.ok(told?.group.id === 'a' && Number(told.expiresAt) > now)
    assert.ok(await isMember(store.db, 'bob', 'a', { now, defaultTtl: 0 }))
    const bobs = { userId: 'bob', groups: [], now, defaultMembershipTtl: 0 }
    const grants = await grantsFor(store.db, bobs, { kind: 'domain', id: 'default' })
    assert.equal(grants.length, 1)
    const link = { idp: 'acme', protocol: 'openid', groups: ['a'] }
    const facts = await findFederationFacts(store.db, link, { userId: 'bob', now })
    assert.equal(facts?.groups.length, 1)
  })

  it('groups of a mapping are found by id, and by name in a domain by id or name', async () => {
    const store = await open()
    await withProviders(store)
    await store.write(async (tx) => {
      await ensureDomain(tx, 'acme', 'Acme', NOW)
      await group(tx, 'a', 'staff')
      await group(tx, 'b', 'staff', 'acme')
    })
    const { byId, byName } = await findMappedGroups(store.db, {
      ids: ['a', 'gone'],
      names: [
        { name: 'staff', domain: { name: 'Acme' } },
        { name: 'staff', domain: {} },
        { name: 'other', domain: { id: 'default' } },
      ],
    })
    const found = { id: 'a', name: 'staff', domainId: 'default', domainName: 'Default' }
    assert.deepEqual({ ...byId[0] }, found)
    assert.equal(byId.length, 1)
    assert.deepEqual(
      byName.map(({ id }) => id),
      ['b'],
    )
    assert.deepEqual(await findMappedGroups(store.db, { ids: [], names: [] }), { byId: [], byName: [] })
  })

  it('a sign-in counts while its provider is enabled and its protocol and mapping are there', async () => {
    const store = await open()
    await withProviders(store, provider('acme'))
    await store.write((tx) => group(tx, 'a', 'staff'))
    const link = { idp: 'acme', protocol: 'openid', groups: ['a', 'gone'] }
    const signedIn = { userId: 'u', now: NOW }
    const facts = () => findFederationFacts(store.db, link, signedIn)
    const [staff, ...others] = (await facts())?.groups ?? []
    assert.deepEqual([{ ...staff }, others], [{ id: 'a', name: 'staff' }, []])
    const standing = { groups: [], tokensValidFrom: NOW + 1e6 }
    assert.deepEqual(await findFederationFacts(store.db, { ...link, groups: [] }, signedIn), standing)
    await store.write((tx) => deleteGroup(tx, 'a'))
    assert.deepEqual(await facts(), standing)
    await store.write((tx) => updateIdentityProvider(tx, provider('acme', { enabled: false })))
    assert.equal(await facts(), undefined)
    await store.write((tx) => updateIdentityProvider(tx, provider('acme')))
    await store.write((tx) => deleteMapping(tx, 'm'))
    assert.equal(await facts(), undefined)
    await store.write((tx) => insertMapping(tx, { id: 'm', rules: [], schemaVersion: null }))
    await store.write((tx) => deleteProtocol(tx, { idpId: 'acme', id: 'openid' }, NOW))
    assert.equal(await facts(), undefined)
  })

  it('groups of a session count while they are confirmed, where the provider has a time for that', async () => {
    const store = await open()
    await withProviders(store, provider('acme', { authorizationTtl: 10 }), provider('other'))
    const local = await store.write(async (tx) => {
      for (const id of ['a', 'b']) await group(tx, id)
      await insertFederatedUser(tx, bob, identity, NOW)
      await replaceConfirmedGroups(tx, { userId: 'bob', idpId: 'acme' }, ['a'], NOW)
      await replaceConfirmedGroups(tx, { userId: 'bob', idpId: 'other' }, ['b'], NOW + 9 * MINUTE)
      return ensureUser(tx, 'local', 'default', NOW)
    })
    const groupsAt = async (now: number, userId = 'bob', idp = 'acme') => {
      const link = { idp, protocol: 'openid', groups: ['a', 'b'] }
      return (await findFederationFacts(store.db, link, { userId, now }))?.groups.map(({ id }) => id)
    }
    assert.deepEqual(await groupsAt(NOW + 9 * MINUTE), ['a'])
    assert.deepEqual(await groupsAt(NOW + 10 * MINUTE), [])
    assert.deepEqual(await groupsAt(NOW + 11 * MINUTE, 'bob', 'other'), ['a', 'b'])
    assert.deepEqual(await groupsAt(NOW + 11 * MINUTE, local), ['a', 'b'])
  })

  it('a provider’s people end with it for good, and their grants are known', async () => {
    const store = await open()
    await withProviders(store, provider('acme'), provider('other'))
    await store.write(async (tx) => {
      await group(tx, 'ops')
      await insertFederatedUser(tx, bob, identity, NOW)
    })
    const validFrom = async () => (await findUser(store.db, { id: 'bob' }))?.tokensValidFrom ?? 0
    await store.write((tx) => deleteProtocol(tx, { idpId: 'acme', id: 'saml' }, NOW))
    await store.write((tx) => deleteIdentityProvider(tx, 'other', NOW))
    assert.equal(await validFrom(), 0)
    assert.equal(await holdsGrantsByProvider(store.db, 'acme'), false)
    const roleId = await store.write((tx) => ensureRole(tx, 'reader'))
    const on = { kind: 'domain', id: 'default' } as const
    await store.write((tx) =>
      insertGrant(tx, { actor: { kind: 'group', id: 'ops' }, target: on, inherited: false }, roleId),
    )
    assert.equal(await holdsGrantsByProvider(store.db, 'acme'), false)
    await store.write((tx) => addMember(tx, 'bob', 'ops'))
    assert.equal(await holdsGrantsByProvider(store.db, 'acme'), true)
    await store.write((tx) => removeMember(tx, 'bob', 'ops'))
    assert.equal(await holdsGrantsByProvider(store.db, 'acme'), false)
    await store.write((tx) => ensureGrant(tx, 'bob', roleId, on))
    assert.equal(await holdsGrantsByProvider(store.db, 'acme'), true)
    assert.equal(await holdsGrantsByProvider(store.db, 'other'), false)
    await store.write((tx) => deleteProtocol(tx, { idpId: 'acme', id: 'openid' }, NOW))
    assert.ok((await validFrom()) > NOW - 1e6)
  })

  it('deleting a provider voids what its people signed in for up to then, and nothing of a local user', async () => {
    const store = await open()
    await withProviders(store, provider('acme'))
    await store.write((tx) => insertFederatedUser(tx, bob, identity, NOW))
    const local = await store.write((tx) => ensureUser(tx, 'local', 'default', NOW))
    const validFrom = async (id: string) => (await findUser(store.db, { id }))?.tokensValidFrom ?? 0
    await store.write((tx) => deleteIdentityProvider(tx, 'acme', NOW))
    assert.ok((await validFrom('bob')) > NOW - 1e6)
    assert.equal(await validFrom(local), 0)
  })

  it('providers with a configuration are those of one account, with the mapping of one protocol', async () => {
    const store = await open()
    await withProviders(store, provider('acme'), provider('bare'))
    const config = { idpId: 'acme', config: { issuer: 'x' }, sealedClientSecret: 'sealed' }
    await store.write((tx) => putOidcConfig(tx, config))
    const listed = (more: object = {}) =>
      listOidcProviders(store.db, { domainId: 'default', protocolId: 'openid', ...more })
    const [found, ...others] = await listed()
    assert.deepEqual(found, { ...config, description: null, enabled: true, mappingId: 'm' })
    assert.equal(others.length, 0)
    assert.deepEqual(await listed({ name: 'acme' }), [found])
    for (const more of [{ name: 'bare' }, { domainId: 'elsewhere' }, { protocolId: 'none' }]) {
      assert.deepEqual(await listed(more), [])
    }
  })

  it('service providers come back, and the enabled ones are shown', async () => {
    const store = await open()
    const written = {
      id: 'there',
      authUrl: 'https://there.example/auth',
      spUrl: 'https://there.example/sp',
      description: null,
      enabled: true,
      relayStatePrefix: 'ss:mem:',
    }
    await store.write((tx) => insertServiceProvider(tx, written))
    await violates(store.write((tx) => insertServiceProvider(tx, written)))
    assert.deepEqual(await findServiceProvider(store.db, 'there'), written)
    assert.equal((await enabledServiceProviders(store)).length, 1)
    await store.write((tx) => updateServiceProvider(tx, { ...written, enabled: false }))
    assert.deepEqual(await enabledServiceProviders(store), [])
    assert.equal((await listServiceProviders(store.db, [], {})).items.length, 1)
    assert.equal(await store.write((tx) => deleteServiceProvider(tx, 'there')), true)
    assert.equal(await store.write((tx) => deleteServiceProvider(tx, 'there')), false)
  })
})
