import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

const IDP = '/v3/OS-FEDERATION/identity_providers'
const MAP = '/v3/OS-FEDERATION/mappings'
const SP = '/v3/OS-FEDERATION/service_providers'
const rules = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'UserName' }] }]

describe('resources of federation', () => {
  let house: House
  let admin: string
  before(async () => {
    house = await openHouse()
    admin = await house.admin()
  })
  after(() => house.close())
  const call = (method: string, path: string, body?: unknown, token = admin) =>
    house.call(method, path, { token, ...(body === undefined ? {} : { body }) })

  it('201 makes a provider with a domain of its own, 409 when its id or a remote id is taken', async () => {
    const made = await call('PUT', `${IDP}/acme`, { identity_provider: { remote_ids: ['b', 'a'] } })
    assert.equal(made.status, 201)
    const { domain_id, remote_ids, enabled, links } = made.body.identity_provider
    assert.deepEqual([remote_ids, enabled], [['a', 'b'], false])
    assert.equal(links.protocols, `http://tokenhouse.test:5000${IDP}/acme/protocols`)
    const domain = await call('GET', `/v3/domains/${domain_id}`)
    assert.equal(
      domain.body.domain.description,
      'Auto generated federated domain for Identity Provider: acme',
    )
    const again = await call('PUT', `${IDP}/acme`, { identity_provider: {} })
    assert.equal(
      again.body.error.message,
      'Conflict occurred attempting to store identity_provider - Duplicate entry: acme.',
    )
    const remote = await call('PUT', `${IDP}/other`, { identity_provider: { remote_ids: ['a'] } })
    assert.deepEqual([again.status, remote.status], [409, 409])
    // The refused call left no domain behind.
    const domains = await call('GET', '/v3/domains')
    assert.equal(domains.body.domains.filter((d: { name: string }) => d.name !== 'Default').length, 1)
  })

  it('400 unknown attributes, wrong types, ids too long; 404 an unknown domain', async () => {
    for (const identity_provider of [
      { nope: 1 },
      { enabled: 'x' },
      { authorization_ttl: -1 },
      { remote_ids: 'a' },
    ]) {
      assert.equal((await call('PUT', `${IDP}/bad`, { identity_provider })).status, 400)
    }
    assert.equal((await call('PUT', `${IDP}/${'x'.repeat(65)}`, {})).status, 400)
    assert.equal((await call('PUT', `${IDP}/bad`, { identity_provider: { domain_id: 'nope' } })).status, 404)
  })

  it('200 changes a provider, but not its domain', async () => {
    await call('PUT', `${IDP}/changing`, {})
    const changed = await call('PATCH', `${IDP}/changing`, {
      identity_provider: { enabled: true, authorization_ttl: 5, remote_ids: ['z'] },
    })
    const { enabled, authorization_ttl, remote_ids } = changed.body.identity_provider
    assert.deepEqual([enabled, authorization_ttl, remote_ids], [true, 5, ['z']])
    await call('PUT', `${IDP}/neighbour`, { identity_provider: { remote_ids: ['y'] } })
    const taken = await call('PATCH', `${IDP}/changing`, { identity_provider: { remote_ids: ['z', 'y'] } })
    assert.equal(taken.status, 409)
    assert.equal(
      (await call('PATCH', `${IDP}/changing`, { identity_provider: { domain_id: 'default' } })).status,
      400,
    )
    assert.equal((await call('PATCH', `${IDP}/nope`, { identity_provider: { enabled: true } })).status, 404)
    const filtered = await call('GET', `${IDP}?enabled=true`)
    assert.deepEqual(
      filtered.body.identity_providers.map((p: { id: string }) => p.id),
      ['changing'],
    )
  })

  it('400 a mapping with faults, in words that name them; 201 one without', async () => {
    const faulty: [unknown, string][] = [
      [[], '[] is too short\n'],
      [[{}], "'local' is a required property\n'remote' is a required property\n"],
      [
        [{ local: [{ nope: 1 }], remote: [{ type: 'x' }] }],
        "Additional properties are not allowed ('nope' was unexpected)\n",
      ],
      [
        [{ local: [], remote: [{ type: 'x', any_one_of: ['a'], not_any_of: ['b'] }] }],
        "{'type': 'x', 'any_one_of': ['a'], 'not_any_of': ['b']} is not valid under any of the given schemas\n",
      ],
      [[{ local: [], remote: [{ type: 'x', any_one_of: ['('], regex: true }] }], "'(' is not a 'regex'\n"],
      [[{ local: [], remote: [{ type: 'x', any_one_of: [1] }] }], "1 is not of type 'string'\n"],
    ]
    for (const [wrong, message] of faulty) {
      const answer = await call('PUT', `${MAP}/m1`, { mapping: { rules: wrong } })
      assert.deepEqual([answer.status, answer.body.error.message], [400, message])
    }
    assert.equal((await call('PUT', `${MAP}/m1`, { mapping: { rules } })).status, 201)
    assert.equal((await call('PUT', `${MAP}/m1`, { mapping: { rules } })).status, 409)
    assert.deepEqual((await call('GET', `${MAP}/m1`)).body.mapping.rules, rules)
  })

  it('keeps the schema version of a mapping that gives one', async () => {
    await call('PUT', `${MAP}/m2`, { mapping: { rules, schema_version: '2.0' } })
    assert.equal((await call('GET', `${MAP}/m2`)).body.mapping.schema_version, '2.0')
    assert.equal((await call('PATCH', `${MAP}/m2`, { mapping: { rules, schema_version: '3' } })).status, 400)
  })

  it('ties a protocol to a provider and a mapping: 201, 400 unknown mapping, 404 unknown provider, 409 again', async () => {
    await call('PUT', `${IDP}/tied`, {})
    const protocol = (mapping_id: string) => ({ protocol: { mapping_id } })
    const put = (idp: string, mapping: string) =>
      call('PUT', `${IDP}/${idp}/protocols/saml2`, protocol(mapping))
    assert.equal((await put('tied', 'nope')).body.error.message, 'Invalid mapping id: nope')
    assert.equal((await put('nope', 'm1')).status, 404)
    const made = await put('tied', 'm1')
    assert.equal(made.status, 201)
    assert.deepEqual(Object.keys(made.body.protocol), ['id', 'mapping_id', 'links'])
    assert.equal((await put('tied', 'm1')).status, 409)
    const missing = await call('GET', `${IDP}/tied/protocols/oidc`)
    assert.equal(
      missing.body.error.message,
      'Could not find federated protocol oidc for Identity Provider: tied.',
    )
    assert.equal((await call('DELETE', `${IDP}/tied`)).status, 204)
    assert.deepEqual((await call('GET', `${IDP}/tied/protocols`)).body.protocols, [])
  })

  it('shows enabled service providers in tokens, and no others', async () => {
    const sp = (enabled: boolean) => ({
      service_provider: {
        auth_url: 'http://sp.example.org/auth',
        sp_url: 'http://sp.example.org/sp',
        enabled,
      },
    })
    const shown = async (query = '') => {
      const token = await house.admin()
      const answer = await house.call('GET', `/v3/auth/tokens${query}`, {
        token,
        headers: { 'x-subject-token': token },
      })
      return answer.body.token.service_providers
    }
    assert.equal((await call('PUT', `${SP}/off`, sp(false))).status, 201)
    assert.equal(await shown(), undefined)
    assert.equal((await call('PUT', `${SP}/on`, sp(true))).status, 201)
    const on = [{ auth_url: 'http://sp.example.org/auth', id: 'on', sp_url: 'http://sp.example.org/sp' }]
    assert.deepEqual(await shown(), on)
    assert.deepEqual(await shown('?nocatalog'), on)
    assert.equal(
      (await call('PATCH', `${SP}/on`, { service_provider: { relay_state_prefix: null } })).status,
      400,
    )
    assert.equal((await call('DELETE', `${SP}/on`)).status, 204)
    assert.equal(await shown(), undefined)
  })

  it('403 a member does any of it, and learns nothing of what is there', async () => {
    const user = await seedUser(house, 'member')
    const project = await seedProject(house, 'p')
    await seedGrant(house, user, 'member', { project })
    const member = await house.login('member@default', PASSWORD, { project: { id: project } })
    for (const path of [IDP, MAP, SP]) {
      for (const [method, at] of [
        ['GET', path],
        ['GET', `${path}/nope`],
        ['PUT', `${path}/x`],
        ['PATCH', `${path}/nope`],
        ['DELETE', `${path}/nope`],
      ]) {
        const body = method === 'PUT' || method === 'PATCH' ? {} : undefined
        assert.equal((await call(method ?? '', at ?? '', body, member)).status, 403, `${method} ${at}`)
      }
    }
  })

  it('makes no assertions for other clouds: 501 metadata, 404 unknown, 403 disabled, 400 otherwise', async () => {
    assert.equal((await call('GET', '/v3/OS-FEDERATION/saml2/metadata')).status, 501)
    const ask = (id: string) =>
      call('POST', '/v3/auth/OS-FEDERATION/saml2', {
        auth: { identity: { methods: ['token'], token: { id: admin } }, scope: { service_provider: { id } } },
      })
    await call('PUT', `${SP}/asked`, {
      service_provider: { auth_url: 'http://x/', sp_url: 'http://x/', enabled: true },
    })
    assert.deepEqual(
      [(await ask('nope')).status, (await ask('off')).status, (await ask('asked')).status],
      [404, 403, 400],
    )
  })
})
