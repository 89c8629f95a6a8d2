import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

const message = (answer: Answer): string => answer.body?.error?.message

describe('users on the Keystone wire', () => {
  let house: House
  let admin: string
  let domain: string
  let project: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    domain = await seedDomain(house, 'elsewhere')
    project = await seedProject(house, 'alpha')
    await house.ctx.store.write(async (tx) => {
      const provider = { enabled: 1, description: null, domain_id: 'default', extra: '{}' } as const
      await tx
        .insertInto('identity_provider')
        .values({ ...provider, id: 'idp', authorization_ttl: 5 })
        .execute()
      await tx
        .insertInto('federation_protocol')
        .values({
          id: 'saml2',
          idp_id: 'idp',
          mapping_id: 'm',
          remote_id_attribute: null,
          tokens_valid_from: 0,
        })
        .execute()
    })
  })
  after(() => house.close())

  const call = (method: string, path: string, body?: unknown, token = admin) =>
    house.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const create = (user: unknown, token = admin) => call('POST', '/v3/users', { user }, token)
  const made = async (user: unknown): Promise<string> => {
    const answer = await create(user)
    assert.equal(answer.status, 201, answer.text)
    return answer.body.user.id
  }
  const update = (id: string, user: unknown) => call('PATCH', `/v3/users/${id}`, { user })
  const names = async (query: string, token = admin): Promise<readonly string[]> => {
    const answer = await call('GET', `/v3/users?${query}`, undefined, token)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.users.map((user: { name: string }) => user.name).sort()
  }
  const identity = (uniqueId: string, protocol = 'saml2', idp = 'idp') => [
    { idp_id: idp, protocols: [{ protocol_id: protocol, unique_id: uniqueId }] },
  ]

  it('201 creates a user with what Keystone shows of one', async () => {
    const answer = await create({ name: ' minimal ' })
    assert.equal(answer.status, 201)
    const { id, ...rest } = answer.body.user
    assert.match(id, /^[0-9a-f]{32}$/)
    assert.deepEqual(rest, {
      name: 'minimal',
      domain_id: 'default',
      enabled: true,
      password_expires_at: null,
      options: {},
      links: { self: `http://tokenhouse.test:5000/v3/users/${id}` },
    })
    assert.deepEqual((await call('GET', `/v3/users/${id}`)).body, answer.body)
    assert.equal((await call('HEAD', `/v3/users/${id}`)).status, 200)
  })

  it('201 keeps email, description and any other attribute, and no attribute of its own', async () => {
    const sent = {
      name: 'full',
      domain_id: domain,
      enabled: false,
      description: null,
      email: 'x@example.org',
      colour: ['red'],
      default_project_id: 'nowhere',
      options: { lock_password: true, ignore_password_expiry: null },
    }
    const never = {
      id: 'chosen',
      password_expires_at: 'never',
      links: 'x',
      groups: [],
      tenants: 1,
      domains: 2,
      extra: { a: 1 },
    }
    const { user } = (await create({ ...sent, ...never, password: 'pw' })).body
    const { id, links, ...rest } = user
    assert.deepEqual(rest, { ...sent, options: { lock_password: true }, password_expires_at: null })
    assert.match(id, /^[0-9a-f]{32}$/)
    assert.match(links.self, /^http/)
  })

  it('201 puts a user without a domain into the one of a domain-scoped token, else the default one', async () => {
    const boss = await seedUser(house, 'boss', domain)
    await seedGrant(house, boss, 'admin', { domain })
    const token = await house.login(boss, PASSWORD, { domain: { id: domain } })
    assert.equal((await create({ name: 'scoped' }, token)).body.user.domain_id, domain)
    assert.equal((await create({ name: 'scoped' })).body.user.domain_id, 'default')
  })

  it('400 what a user cannot be', async () => {
    const bad: readonly unknown[] = [
      undefined,
      [],
      {},
      { name: '' },
      { name: '  ' },
      { name: 7 },
      { name: 'x'.repeat(256) },
      { name: 'x', domain_id: null },
      { name: 'x', domain_id: 'a b' },
      { name: 'x', enabled: 'true' },
      { name: 'x', enabled: null },
      { name: 'x', password: 7 },
      { name: 'x', default_project_id: 7 },
      { name: 'x', description: 7 },
      { name: 'x', options: null },
      { name: 'x', options: { nonsense: true } },
      { name: 'x', options: { lock_password: 'yes' } },
      { name: 'x', options: { multi_factor_auth_rules: ['password'] } },
      { name: 'x', options: { multi_factor_auth_rules: [[]] } },
      { name: 'x', options: { multi_factor_auth_rules: [['a', 'a']] } },
      { name: 'x', options: { multi_factor_auth_rules: [['a'], ['a']] } },
      { name: 'x', federated: 'x' },
      { name: 'x', federated: [{ idp_id: 'idp', protocols: [] }] },
    ]
    for (const user of bad) assert.equal((await create(user)).status, 400, JSON.stringify(user))
    assert.deepEqual(await names('name=x'), [])
  })

  it('404 the domain is not there, or is a project', async () => {
    const answer = await create({ name: 'x', domain_id: 'nope' })
    assert.deepEqual([answer.status, message(answer)], [404, 'Could not find domain: nope.'])
    assert.equal((await create({ name: 'x', domain_id: project })).status, 404)
  })

  it('409 the name is taken in that domain, case told apart', async () => {
    await made({ name: 'taken' })
    const answer = await create({ name: 'taken' })
    assert.deepEqual(
      [answer.status, message(answer)],
      [
        409,
        'Conflict occurred attempting to store user - Duplicate entry found with name taken at domain ID default.',
      ],
    )
    const id = await made({ name: 'Taken' })
    await made({ name: 'taken', domain_id: domain })
    const renamed = await update(id, { name: 'taken' })
    assert.deepEqual(
      [renamed.status, message(renamed)],
      [409, 'Conflict occurred attempting to store user - Duplicate entry found with name taken.'],
    )
  })

  it('400 a default project that is a domain; one that is not there is taken', async () => {
    const answer = await create({ name: 'x', default_project_id: domain })
    assert.deepEqual(
      [answer.status, message(answer)],
      [400, `User's default project ID cannot be a domain ID: ${domain}`],
    )
    const id = await made({ name: 'defaulted', default_project_id: project })
    assert.equal((await update(id, { default_project_id: domain })).status, 400)
    assert.equal('default_project_id' in (await update(id, { default_project_id: null })).body.user, false)
  })

  it('200 changes what is sent, merges options and extra attributes, shows the latter twice', async () => {
    const id = await made({ name: 'changing', email: 'old', options: { lock_password: true } })
    const { links, ...user } = (
      await update(id, { email: 'new', colour: null, options: { ignore_password_expiry: true } })
    ).body.user
    assert.deepEqual(user, {
      id,
      name: 'changing',
      domain_id: 'default',
      enabled: true,
      password_expires_at: null,
      email: 'new',
      colour: null,
      extra: { email: 'new', colour: null },
      options: { lock_password: true, ignore_password_expiry: true },
    })
    const without = await update(id, { options: { lock_password: null }, name: ' renamed ' })
    assert.deepEqual(without.body.user.options, { ignore_password_expiry: true })
    assert.equal(without.body.user.name, 'renamed')
    assert.equal('extra' in (await call('GET', `/v3/users/${id}`)).body.user, false)
  })

  it('400 another id or domain in the body, or nothing at all (CVE-2026-15630)', async () => {
    const id = await made({ name: 'fixed' })
    assert.equal(message(await update(id, { id: 'x' })), 'Cannot change ID')
    assert.equal(message(await update(id, { domain_id: domain })), 'Cannot change Domain ID')
    assert.equal((await update(id, {})).status, 400)
    assert.equal((await update(id, { id, domain_id: 'default' })).status, 200)
    assert.equal((await call('GET', `/v3/users/${id}`)).body.user.domain_id, 'default')
  })

  it('404 a user that is not there', async () => {
    for (const [method, path, body] of [
      ['GET', '/v3/users/nope', undefined],
      ['PATCH', '/v3/users/nope', { user: { name: 'x' } }],
      ['DELETE', '/v3/users/nope', undefined],
      ['GET', '/v3/users/nope/groups', undefined],
      ['GET', '/v3/users/nope/projects', undefined],
    ] as const) {
      const answer = await call(method, path, body)
      assert.deepEqual([answer.status, message(answer)], [404, 'Could not find user: nope.'])
    }
  })

  it('200 lists by every filter, and ignores what is none', async () => {
    for (const name of ['list-Anna', 'list-anton', 'list-bo%_b']) await made({ name })
    const off = await made({ name: 'list-off', enabled: false })
    const all = ['list-Anna', 'list-anton', 'list-bo%_b', 'list-off']
    const mine = 'name__startswith=list-'
    assert.deepEqual(await names(mine), all)
    assert.deepEqual(await names(`${mine}&sort_key=x&email=x`), all)
    assert.deepEqual(await names('name=list-anna'), [])
    assert.deepEqual(await names('name__icontains=LIST-AN'), ['list-Anna', 'list-anton'])
    assert.deepEqual(await names('name__endswith=ton'), ['list-anton'])
    assert.deepEqual(await names(`${mine}&name__contains=%25_`), ['list-bo%_b'])
    assert.deepEqual(await names(`${mine}&enabled=false`), ['list-off'])
    assert.deepEqual(await names(`${mine}&enabled`), all.slice(0, 3))
    assert.deepEqual(await names(`${mine}&domain_id=${domain}`), [])
    assert.deepEqual(await names('name=list-off&name=list-anton'), [])
    const page = (await call('GET', `/v3/users?${mine}&limit=3`)).body
    assert.equal(page.users.length, 3)
    assert.match(page.links.next, /marker=/)
    const next = new URL(page.links.next)
    assert.equal((await call('GET', next.pathname + next.search)).body.users.length, 1)
    assert.equal((await call('DELETE', `/v3/users/${off}`)).status, 204)
  })

  it('400 a filter that cannot be read', async () => {
    const bad = async (filter: string) => message(await call('GET', `/v3/users?${filter}`))
    assert.match(await bad('password_expires_at=nonsense'), /^Timestamp not in expected format\./)
    assert.match(
      await bad('password_expires_at=xx:2030-01-01T00:00:00Z'),
      /^The given operator xx is not valid\./,
    )
    assert.match(await bad('limit=x'), /limit/)
  })

  it('200 a domain-scoped caller sees the users of the domain and no others', async () => {
    const clerk = await seedUser(house, 'clerk', domain)
    await seedGrant(house, clerk, 'reader', { domain })
    const token = await house.login(clerk, PASSWORD, { domain: { id: domain } })
    const seen = (await call('GET', '/v3/users', undefined, token)).body.users
    assert.deepEqual([...new Set(seen.map((user: { domain_id: string }) => user.domain_id))], [domain])
    assert.deepEqual(await names('domain_id=default', token), [])
  })

  it('201 takes federated identities, shows them with the user and finds the user by them', async () => {
    const answer = await create({ name: 'fed', federated: identity('u1') })
    assert.deepEqual(answer.body.user.federated, identity('u1'))
    const { id } = answer.body.user
    assert.deepEqual((await call('GET', `/v3/users/${id}`)).body.user.federated, identity('u1'))
    assert.deepEqual(await names('unique_id=u1&idp_id=idp&protocol_id=saml2'), ['fed'])
    assert.deepEqual(await names('unique_id=u2'), [])
    assert.deepEqual((await update(id, { federated: identity('u2') })).body.user.federated, identity('u2'))
    assert.deepEqual((await update(id, { federated: [] })).body.user.federated, identity('u2'))
    assert.deepEqual(await names('unique_id=u1'), [])
  })

  it('400 and 409 federated identities that cannot be, and no user is left behind', async () => {
    await made({ name: 'owner', federated: identity('owned') })
    const unknown = await create({ name: 'nofed', federated: identity('u', 'saml2', 'nope') })
    assert.deepEqual([unknown.status, message(unknown)], [400, 'Could not find Identity Provider: nope'])
    const protocol = await create({ name: 'nofed', federated: identity('u', 'ldap') })
    assert.equal(message(protocol), 'Could not find federated protocol ldap for Identity Provider: idp.')
    const taken = await create({ name: 'nofed', federated: identity('owned') })
    assert.deepEqual(
      [taken.status, message(taken)],
      [409, 'Conflict occurred attempting to store federated_user - Duplicate entry.'],
    )
    assert.deepEqual(await names('name=nofed'), [])
  })

  it('200 lists the groups and projects of a user', async () => {
    const id = await made({ name: 'member' })
    const group = (await call('POST', '/v3/groups', { group: { name: 'of-member' } })).body.group
    await call('PUT', `/v3/groups/${group.id}/users/${id}`)
    const groups = (await call('GET', `/v3/users/${id}/groups`)).body
    assert.deepEqual(groups.groups, [{ ...group, membership_expires_at: null }])
    assert.deepEqual((await call('GET', `/v3/users/${id}/groups?name=x`)).body.groups, [])
    await seedGrant(house, id, 'reader', { project })
    const projects = (await call('GET', `/v3/users/${id}/projects`)).body.projects
    assert.deepEqual(
      projects.map((one: { id: string }) => one.id),
      [project],
    )
    assert.deepEqual((await call('GET', `/v3/users/${id}/projects?name=x`)).body.projects, [])
    assert.equal((await call('GET', `/v3/users/${id}/projects?enabled=true`)).body.projects.length, 1)
  })

  it('204 deletes a user, once', async () => {
    const id = await made({ name: 'leaving' })
    assert.equal((await call('DELETE', `/v3/users/${id}`)).status, 204)
    assert.equal((await call('DELETE', `/v3/users/${id}`)).status, 404)
    await made({ name: 'leaving' })
  })

  it('401 without a token, with garbage for one', async () => {
    for (const token of ['', 'garbage']) {
      for (const [method, path] of [
        ['GET', '/v3/users'],
        ['POST', '/v3/users'],
        ['GET', '/v3/users/x'],
        ['PATCH', '/v3/users/x'],
        ['DELETE', '/v3/users/x'],
        ['GET', '/v3/users/x/groups'],
        ['GET', '/v3/users/x/projects'],
      ] as const) {
        assert.equal((await house.call(method, path, { token })).status, 401, `${method} ${path}`)
      }
    }
  })

  it('405 reads a password', async () => {
    assert.equal((await call('GET', '/v3/users/x/password')).status, 405)
  })
})
