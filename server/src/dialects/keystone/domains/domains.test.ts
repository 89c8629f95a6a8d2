import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('domains', () => {
  let house: House
  let admin: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
  })
  after(() => house.close())

  const create = (domain: unknown) => house.call('POST', '/v3/domains', { token: admin, body: { domain } })
  const patch = (id: string, domain: unknown) =>
    house.call('PATCH', `/v3/domains/${id}`, { token: admin, body: { domain } })
  const get = (path: string) => house.call('GET', path, { token: admin })
  const remove = (id: string) => house.call('DELETE', `/v3/domains/${id}`, { token: admin })
  const made = async (domain: object): Promise<string> => {
    const answer = await create(domain)
    assert.equal(answer.status, 201, answer.text)
    return answer.body.domain.id
  }

  it('201 creates a domain', async () => {
    const answer = await create({ name: ' new ' })
    assert.equal(answer.status, 201)
    const { id } = answer.body.domain
    assert.match(id, /^[0-9a-f]{32}$/)
    assert.deepEqual(answer.body.domain, {
      id,
      name: 'new',
      description: '',
      enabled: true,
      tags: [],
      options: {},
      links: { self: `http://tokenhouse.test:5000/v3/domains/${id}` },
    })
    assert.deepEqual((await get(`/v3/domains/${id}`)).body, answer.body)
    assert.equal((await house.call('HEAD', `/v3/domains/${id}`, { token: admin })).status, 200)
  })

  it('201 takes a chosen id, and what is no id of a domain’s place is passed over', async () => {
    const explicit = '0123456789abcdef0123456789abcdef'
    const answer = await create({
      name: 'chosen',
      explicit_domain_id: explicit,
      id: 'x',
      domain_id: 'default',
      parent_id: 'default',
      is_domain: false,
      options: { immutable: null, unknown: 1 },
      color: 'red',
      extra: 1,
    })
    assert.equal(answer.status, 201)
    assert.deepEqual(answer.body.domain, {
      explicit_domain_id: explicit,
      color: 'red',
      id: explicit,
      name: 'chosen',
      description: '',
      enabled: true,
      tags: [],
      options: {},
      links: { self: `http://tokenhouse.test:5000/v3/domains/${explicit}` },
    })
    assert.equal((await create({ name: 'chosen too', explicit_domain_id: explicit })).status, 409)
    for (const bad of ['x y', 'ABCDEF0123456789abcdef0123456789', '0123', 7, 'default']) {
      const refused = await create({ name: 'bad id', explicit_domain_id: bad })
      assert.equal(refused.status, 400)
      assert.equal(refused.body.error.message, 'Domain ID does not conform to required UUID format.')
    }
  })

  it('400 a body that Keystone’s schema refuses', async () => {
    const bad = [
      {},
      { name: '' },
      { name: ' ' },
      { name: 7 },
      { name: null },
      { name: 'x'.repeat(65) },
      { name: 'n', enabled: 'True' },
      { name: 'n', enabled: null },
      { name: 'n', description: 7 },
      { name: 'n', tags: 'a' },
      { name: 'n', tags: ['a,b'] },
      { name: 'n', options: { immutable: 'x' } },
      { name: 'Federated' },
    ]
    for (const domain of bad) assert.equal((await create(domain)).status, 400, JSON.stringify(domain))
    assert.equal((await house.call('POST', '/v3/domains', { token: admin, body: { domain: 7 } })).status, 400)
  })

  it('409 the name is taken, in other case not', async () => {
    await made({ name: 'taken' })
    const answer = await create({ name: 'taken' })
    assert.equal(answer.status, 409)
    assert.equal(
      answer.body.error.message,
      'Conflict occurred attempting to store project - it is not permitted to have two projects acting as domains with the same name: taken.',
    )
    const other = await made({ name: 'Taken' })
    const renamed = await patch(other, { name: 'taken' })
    assert.equal(renamed.status, 409)
    assert.match(renamed.body.error.message, /with the same name: taken\.$/)
  })

  it('200 lists by name and by being enabled; a project is no domain', async () => {
    const project = await seedProject(house, 'no domain')
    await made({ name: 'asleep', enabled: false })
    const names = async (query: string): Promise<string[]> =>
      (await get(`/v3/domains${query}`)).body.domains.map((d: { name: string }) => d.name)
    assert.deepEqual(await names('?enabled=false'), ['asleep'])
    assert.deepEqual(await names('?name=asleep'), ['asleep'])
    assert.deepEqual(await names('?name=ASLEEP'), [])
    assert.deepEqual(await names('?name__icontains=LEE'), ['asleep'])
    assert.equal((await names('')).includes('no domain'), false)
    const answer = await get(`/v3/domains/${project}`)
    assert.equal(answer.status, 404)
    assert.equal(answer.body.error.message, `Could not find domain: ${project}.`)
  })

  it('200 changes what is named; its place cannot change', async () => {
    const id = await made({ name: 'before', color: 'red' })
    const answer = await patch(id, {
      name: ' after ',
      description: 'd',
      shape: null,
      is_domain: false,
      domain_id: 'x',
    })
    assert.equal(answer.status, 200)
    const { name, description, color, shape } = answer.body.domain
    assert.deepEqual([name, description, color, shape], ['after', 'd', 'red', null])
    assert.equal('extra' in answer.body.domain, false)
    assert.equal((await get(`/v3/projects/${id}`)).body.project.is_domain, true)
    for (const bad of [{}, { name: '' }, { enabled: 'no' }, { name: 'federated' }]) {
      assert.equal((await patch(id, bad)).status, 400, JSON.stringify(bad))
    }
  })

  it('403 an immutable domain is made mutable as a project only', async () => {
    const id = await made({ name: 'fixed', options: { immutable: true } })
    const refusal = `Unable to update immutable domain resource: \`${id}. Set resource option "immutable" to false first.`
    for (const change of [{ description: 'x' }, { options: { immutable: false } }]) {
      const answer = await patch(id, change)
      assert.equal(answer.status, 403)
      assert.equal(answer.body.error.message, refusal)
    }
    const deleted = await remove(id)
    assert.equal(deleted.status, 403)
    assert.match(deleted.body.error.message, /^Unable to delete immutable domain resource/)
    const body = { project: { options: { immutable: false } } }
    assert.equal((await house.call('PATCH', `/v3/projects/${id}`, { token: admin, body })).status, 200)
    assert.equal((await patch(id, { enabled: false })).status, 200)
    assert.equal((await remove(id)).status, 204)
  })

  it('403 deletes no enabled domain, nor the default one', async () => {
    const id = await made({ name: 'awake' })
    for (const path of [`/v3/domains/${id}`, `/v3/projects/${id}`]) {
      const answer = await house.call('DELETE', path, { token: admin })
      assert.equal(answer.status, 403)
      assert.equal(
        answer.body.error.message,
        'Cannot delete a domain that is enabled, please disable it first.',
      )
    }
    const house2 = await openHouse()
    try {
      const root = await house2.call('POST', '/v3/domains', {
        token: await house2.admin(),
        body: { domain: { name: 'second' } },
      })
      const user = await seedUser(house2, 'rescuer', root.body.domain.id)
      await seedGrant(house2, user, 'admin', 'system')
      const token = await house2.login(user, PASSWORD, { system: { all: true } })
      const body = { domain: { enabled: false } }
      assert.equal((await house2.call('PATCH', '/v3/domains/default', { token, body })).status, 200)
      const answer = await house2.call('DELETE', '/v3/domains/default', { token })
      assert.equal(answer.status, 403)
      assert.equal(answer.body.error.message, 'Cannot delete the default domain.')
    } finally {
      await house2.close()
    }
  })

  it('204 deletes a disabled domain with its projects, enabled and nested ones too', async () => {
    const id = await made({ name: 'leaving' })
    const create = async (project: object): Promise<string> => {
      const body = { project: { domain_id: id, ...project } }
      return (await house.call('POST', '/v3/projects', { token: admin, body })).body.project.id
    }
    const top = await create({ name: 'top' })
    const leaf = await create({ name: 'leaf', parent_id: top })
    assert.equal((await patch(id, { enabled: false })).status, 200)
    assert.equal((await remove(id)).status, 204)
    assert.equal((await get(`/v3/domains/${id}`)).status, 404)
    for (const project of [top, leaf]) assert.equal((await get(`/v3/projects/${project}`)).status, 404)
  })

  it('403 an immutable project keeps its domain, and all that is in it', async () => {
    const id = await made({ name: 'kept' })
    const body = { project: { domain_id: id, name: 'fixed', options: { immutable: true } } }
    const fixed = (await house.call('POST', '/v3/projects', { token: admin, body })).body.project.id
    const other = await seedProject(house, 'other', id)
    await patch(id, { enabled: false })
    const answer = await remove(id)
    assert.equal(answer.status, 403)
    assert.match(answer.body.error.message, /^Unable to delete immutable project resource/)
    for (const project of [fixed, other]) assert.equal((await get(`/v3/projects/${project}`)).status, 200)
  })

  it('404 an unknown domain, before it is asked who may change it', async () => {
    const user = await seedUser(house, 'nobody')
    const project = await seedProject(house, 'their own')
    await seedGrant(house, user, 'reader', { project })
    const token = await house.login('nobody@default', PASSWORD, { project: { id: project } })
    for (const [method, body] of [
      ['PATCH', { domain: {} }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await house.call(method, '/v3/domains/nope', { token, body })
      assert.equal(answer.status, 404)
      assert.equal(answer.body.error.message, 'Could not find domain: nope.')
    }
    const shown = await house.call('GET', '/v3/domains/nope', { token })
    assert.equal(shown.status, 403)
  })

  it('401 every operation without a token (CVE-2012-4456)', async () => {
    for (const [method, path] of [
      ['GET', '/v3/domains'],
      ['POST', '/v3/domains'],
      ['GET', '/v3/domains/default'],
      ['PATCH', '/v3/domains/default'],
      ['DELETE', '/v3/domains/default'],
    ] as const) {
      assert.equal((await house.call(method, path)).status, 401, `${method} ${path}`)
    }
  })
})
