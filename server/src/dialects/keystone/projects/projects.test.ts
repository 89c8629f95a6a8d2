import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('projects', () => {
  let house: House
  let admin: string
  let domain: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    domain = await seedDomain(house, 'west')
  })
  after(() => house.close())

  const create = (project: unknown, token = admin) =>
    house.call('POST', '/v3/projects', { token, body: { project } })
  const patch = (id: string, project: unknown, token = admin) =>
    house.call('PATCH', `/v3/projects/${id}`, { token, body: { project } })
  const get = (path: string, token = admin) => house.call('GET', path, { token })
  const remove = (id: string, token = admin) => house.call('DELETE', `/v3/projects/${id}`, { token })
  const made = async (project: object): Promise<string> => {
    const answer = await create({ domain_id: domain, ...project })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.project.id
  }
  const listed = async (query: string, token = admin): Promise<string[]> => {
    const answer = await get(`/v3/projects${query}`, token)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.projects.map((project: { name: string }) => project.name).sort()
  }
  let count = 0
  const fresh = (): string => {
    count += 1
    return `project ${count}`
  }

  it('201 creates a project in the default domain, right under it', async () => {
    const answer = await create({ name: 'plain' })
    assert.equal(answer.status, 201)
    const { id } = answer.body.project
    assert.match(id, /^[0-9a-f]{32}$/)
    assert.deepEqual(answer.body.project, {
      id,
      name: 'plain',
      domain_id: 'default',
      description: '',
      enabled: true,
      parent_id: 'default',
      is_domain: false,
      tags: [],
      options: {},
      links: { self: `http://tokenhouse.test:5000/v3/projects/${id}` },
    })
    assert.deepEqual((await get(`/v3/projects/${id}`)).body, answer.body)
  })

  it('201 keeps every attribute it is given, unknown ones too', async () => {
    const answer = await create({
      name: '  spaced ',
      domain_id: domain,
      description: null,
      enabled: false,
      tags: ['b', 'a'],
      options: { immutable: null },
      color: { deep: [1] },
      id: 'mine',
      extra: 'lost',
      links: 5,
    })
    const { project } = answer.body
    assert.equal(answer.status, 201)
    assert.equal(project.name, 'spaced')
    assert.equal(project.description, null)
    assert.equal(project.enabled, false)
    assert.deepEqual(project.tags, ['b', 'a'])
    assert.deepEqual(project.options, {})
    assert.deepEqual(project.color, { deep: [1] })
    assert.notEqual(project.id, 'mine')
    assert.equal('extra' in project, false)
    assert.match(project.links.self, /\/v3\/projects\/[0-9a-f]{32}$/)
    const shown = (await get(`/v3/projects/${project.id}`)).body.project
    assert.deepEqual(shown, { ...project, tags: ['a', 'b'] })
  })

  it('201 puts a project without a domain into the domain of the caller’s scope', async () => {
    const user = await seedUser(house, 'keeper')
    await seedGrant(house, user, 'admin', { domain })
    const token = await house.login('keeper@default', PASSWORD, { domain: { id: domain } })
    const answer = await create({ name: fresh() }, token)
    assert.equal(answer.status, 201)
    assert.equal(answer.body.project.domain_id, domain)
  })

  it('201 makes a domain of a project that acts as one', async () => {
    const answer = await create({ name: 'root', is_domain: true, domain_id: null })
    assert.equal(answer.status, 201)
    const { id, domain_id, parent_id, is_domain } = answer.body.project
    assert.deepEqual([domain_id, parent_id, is_domain], [null, null, true])
    const shown = await get(`/v3/domains/${id}`)
    assert.equal(shown.body.domain.name, 'root')
    assert.equal((await create({ name: 'root', is_domain: true })).status, 409)
  })

  it('400 a body that Keystone’s schema refuses, and nothing is made', async () => {
    const before = await listed('')
    const bad = [
      {},
      { name: '' },
      { name: '  ' },
      { name: 7 },
      { name: null },
      { name: 'x'.repeat(65) },
      { name: 'n', enabled: 'true' },
      { name: 'n', enabled: null },
      { name: 'n', description: 7 },
      { name: 'n', parent_id: 7 },
      { name: 'n', parent_id: 'no such/id' },
      { name: 'n', is_domain: 'yes' },
      { name: 'n', is_domain: null },
      { name: 'n', tags: 'x' },
      { name: 'n', tags: null },
      { name: 'n', tags: [1] },
      { name: 'n', tags: [''] },
      { name: 'n', tags: ['a,b'] },
      { name: 'n', tags: ['a/b'] },
      { name: 'n', tags: ['x'.repeat(256)] },
      { name: 'n', tags: ['a', 'a'] },
      { name: 'n', tags: Array.from({ length: 81 }, (_, i) => `t${i}`) },
      { name: 'n', options: { immutable: 'yes' } },
      { name: 'n', options: { unknown: 1 } },
    ]
    for (const project of bad) {
      const answer = await create(project)
      assert.equal(answer.status, 400, JSON.stringify(project))
      assert.equal(answer.body.error.title, 'Bad Request')
    }
    assert.equal((await house.call('POST', '/v3/projects', { token: admin, body: {} })).status, 400)
    assert.deepEqual(await listed(''), before)
  })

  it('400 a place that cannot be', async () => {
    const elsewhere = await made({ name: fresh() })
    const asleep = await made({ name: fresh(), enabled: false })
    const cases: [object, string][] = [
      [{ domain_id: 'nope' }, 'Could not find domain: nope.'],
      [{ domain_id: elsewhere }, `Could not find domain: ${elsewhere}.`],
      [{ parent_id: 'nope' }, 'Could not find project: nope.'],
      [
        { parent_id: elsewhere },
        `Cannot create project, since it specifies its domain_id default, but specifies a parent in a different domain (${domain}).`,
      ],
      [
        { parent_id: domain },
        `Cannot create project, the parent (${domain}) is acting as a domain, but this project's domain id (default) does not match the parent's id.`,
      ],
      [
        { domain_id: domain, parent_id: asleep },
        `cannot create a project in a branch containing a disabled project: ${asleep}`,
      ],
      [{ is_domain: true, parent_id: domain }, 'only root projects are allowed to act as domains.'],
      [{ is_domain: true, domain_id: domain }, 'only root projects are allowed to act as domains.'],
      [{ is_domain: true, name: 'FEDERATED' }, 'Domain cannot be named FEDERATED'],
    ]
    for (const [project, message] of cases) {
      const answer = await create({ name: fresh(), ...project })
      assert.equal(answer.status, 400, message)
      assert.equal(answer.body.error.message, message)
    }
  })

  it('403 deeper than the configured depth', async () => {
    let parent = domain
    for (let level = 1; level <= 5; level++) parent = await made({ name: fresh(), parent_id: parent })
    const answer = await create({ name: fresh(), domain_id: domain, parent_id: parent })
    assert.equal(answer.status, 403)
    assert.equal(answer.body.error.message, `Max hierarchy depth reached for ${parent} branch.`)
  })

  it('409 the name is taken in that domain, not in another or in other case', async () => {
    await made({ name: 'taken' })
    const answer = await create({ name: 'taken', domain_id: domain })
    assert.equal(answer.status, 409)
    assert.match(
      answer.body.error.message,
      /^Conflict occurred attempting to store project - it is not permitted to have two projects with either the same name or same id in the same domain: name is taken, project id [0-9a-f]{32}\.$/,
    )
    assert.equal((await create({ name: 'taken' })).status, 201)
    assert.equal((await create({ name: 'Taken', domain_id: domain })).status, 201)
    const other = await made({ name: fresh() })
    const renamed = await patch(other, { name: 'taken' })
    assert.equal(renamed.status, 409)
    assert.match(renamed.body.error.message, /name is taken, project id/)
  })

  it('409 for all but one of many who take a name at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create({ name: 'wanted' })))
    assert.deepEqual(answers.map((a) => a.status).sort(), [201, ...Array(7).fill(409)])
  })

  it('404 an unknown project, for who may look', async () => {
    for (const answer of [
      await get('/v3/projects/nope'),
      await patch('nope', { name: 'x' }),
      await remove('nope'),
    ]) {
      assert.equal(answer.status, 404)
      assert.equal(answer.body.error.message, 'Could not find project: nope.')
    }
  })

  it('400 more filters or tags than anybody means', async () => {
    const many = (count: number, text: (i: number) => string) =>
      Array.from({ length: count }, (_, i) => text(i))
    for (const query of [
      many(2000, () => 'name=a').join('&'),
      many(900, (i) => `name__icontains=${i}`).join('&'),
      `tags=${many(2000, String).join(',')}`,
      `not-tags=${many(2000, String).join(',')}`,
    ]) {
      const answer = await get(`/v3/projects?${query}`)
      assert.equal(answer.status, 400, query.slice(0, 30))
    }
    for (const query of [
      many(100, () => 'name=a').join('&'),
      `tags=${many(80, String).join(',')}`,
      `not-tags=${many(2000, () => 'a').join(',')}`,
      `tags-any=${many(2000, String).join(',')}`,
    ]) {
      assert.equal((await get(`/v3/projects?${query}`)).status, 200, query.slice(0, 30))
    }
  })

  it('200 lists by every filter', async () => {
    const own = await seedDomain(house, 'filters')
    const top = await made({ name: 'top', domain_id: own, tags: ['red', 'blue'] })
    await made({ name: 'leaf', domain_id: own, parent_id: top, tags: ['red'] })
    await made({ name: 'Leaf 2', domain_id: own, parent_id: top, enabled: false })
    const cases: [string, string[]][] = [
      ['', ['Leaf 2', 'leaf', 'top']],
      ['&name=leaf', ['leaf']],
      ['&name=LEAF', []],
      ['&enabled=false', ['Leaf 2']],
      ['&enabled=0', ['Leaf 2']],
      ['&enabled', ['leaf', 'top']],
      [`&parent_id=${top}`, ['Leaf 2', 'leaf']],
      ['&name__contains=ea', ['Leaf 2', 'leaf']],
      ['&name__startswith=l', ['leaf']],
      ['&name__istartswith=l', ['Leaf 2', 'leaf']],
      ['&name__endswith=2', ['Leaf 2']],
      ['&tags=red', ['leaf', 'top']],
      ['&tags=red,blue', ['top']],
      ['&tags=', []],
      ['&tags-any=blue,none', ['top']],
      ['&not-tags=red,blue', ['Leaf 2', 'leaf']],
      ['&not-tags-any=red,blue', ['Leaf 2']],
      ['&tags=red&not-tags=blue', ['leaf']],
      ['&is_domain=true', []],
      ['&enabled__contains=x&nonsense=1', ['Leaf 2', 'leaf', 'top']],
    ]
    for (const [query, names] of cases) {
      assert.deepEqual(await listed(`?domain_id=${own}${query}`), names, query)
    }
    assert.deepEqual(await listed('?is_domain=true&name=west'), ['west'])
    assert.deepEqual(await listed('?name=west'), [])
    assert.deepEqual(await listed('?domain_id=nope'), [])
    const page = await get(`/v3/projects?domain_id=${own}&limit=2`)
    assert.equal(page.body.projects.length, 2)
    const { next, self, previous } = page.body.links
    assert.equal(self, `http://tokenhouse.test:5000/v3/projects?domain_id=${own}&limit=2`)
    assert.equal(previous, null)
    const rest = await get(next.slice('http://tokenhouse.test:5000'.length))
    assert.equal(rest.body.projects.length, 1)
    assert.equal(rest.body.links.next, null)
  })

  /** A limit of the project, as it is shown apart from `project_id`. */
  const limitOn = async (projectId: string): Promise<object> => {
    const names = { service_id: 'service-1', region_id: null, resource_name: 'volume' }
    await house.ctx.store.write(async (tx) => {
      const service = { type: 't', name: null, description: null, enabled: 1, extra: '{}' } as const
      await tx
        .insertInto('service')
        .values({ ...service, id: names.service_id })
        .execute()
      const registered = { ...names, id: 'registered-1', default_limit: 5, description: null }
      await tx.insertInto('registered_limit').values(registered).execute()
      const own = { registered_limit_id: 'registered-1', domain_id: null, resource_limit: 10 }
      await tx
        .insertInto('own_limit')
        .values({ ...own, id: 'limit-1', project_id: projectId, description: 'ten' })
        .execute()
    })
    return { ...names, id: 'limit-1', domain_id: null, resource_limit: 10, description: 'ten' }
  }

  it('200 shows its place in the tree: ids of all, lists of what the caller has a role on', async () => {
    const top = await made({ name: fresh() })
    const middle = await made({ name: fresh(), parent_id: top })
    const leaf = await made({ name: fresh(), parent_id: middle })
    const user = await seedUser(house, 'climber')
    for (const project of [top, leaf, middle]) await seedGrant(house, user, 'member', { project })
    const token = await house.login('climber@default', PASSWORD, { project: { id: middle } })
    const show = async (query: string) => (await get(`/v3/projects/${middle}?${query}`, token)).body.project
    const limit = await limitOn(top)
    assert.deepEqual((await show('parents_as_ids')).parents, { [top]: { [domain]: null } })
    assert.deepEqual((await show('subtree_as_ids')).subtree, { [leaf]: null })
    const lists = await show('parents_as_list&subtree_as_list&include_limits')
    const shown = (list: { project: { id: string; limits: unknown } }[]) =>
      list.map(({ project }) => [project.id, project.limits])
    assert.deepEqual(shown(lists.parents), [[top, [{ ...limit, project_id: top }]]])
    assert.deepEqual(shown(lists.subtree), [[leaf, []]])
    assert.equal(lists.subtree[0].project.links.self, `http://tokenhouse.test:5000/v3/projects/${leaf}`)
    // The first administrator has no role on any of these.
    const asAdmin = (await get(`/v3/projects/${middle}?parents_as_list&subtree_as_list`)).body.project
    assert.deepEqual([asAdmin.parents, asAdmin.subtree], [[], []])
    assert.equal('parents' in (await show('parents_as_list=0')), false)
    // Only 0 is no: a value of any other spelling asks for it.
    assert.deepEqual((await show('parents_as_ids=false')).parents, { [top]: { [domain]: null } })
    for (const what of ['parents', 'subtree']) {
      const answer = await get(`/v3/projects/${middle}?${what}_as_list&${what}_as_ids`, token)
      assert.equal(answer.status, 400)
      assert.equal(
        answer.body.error.message,
        `Cannot use ${what}_as_list and ${what}_as_ids query params at the same time.`,
      )
    }
  })

  it('200 changes what is named and repeats the extra attributes', async () => {
    const id = await made({ name: fresh(), tags: ['a'], color: 'red' })
    const answer = await patch(id, { description: null, name: ' new name ', shape: null, tags: ['b', 'c'] })
    assert.equal(answer.status, 200)
    const { project } = answer.body
    assert.deepEqual(
      [project.name, project.description, project.tags, project.color, project.shape, project.extra],
      ['new name', null, ['b', 'c'], 'red', null, { color: 'red', shape: null }],
    )
    const { extra, ...rest } = project
    assert.deepEqual((await get(`/v3/projects/${id}`)).body.project, rest)
  })

  it('400 and 403 a change of what cannot change, and nothing is changed', async () => {
    const id = await made({ name: fresh() })
    const before = (await get(`/v3/projects/${id}`)).body
    const cases: [object, number, string | RegExp][] = [
      [{ domain_id: 'default', name: 'x' }, 400, 'Cannot change Domain ID'],
      [{ parent_id: 'default', name: 'x' }, 403, 'Update of `parent_id` is not allowed.'],
      [{ is_domain: true, name: 'x' }, 400, 'Update of `is_domain` is not allowed.'],
      [{ id: 'other', name: 'x' }, 400, 'Cannot change ID'],
      [{}, 400, /./],
      [{ name: '' }, 400, /./],
      [{ enabled: 'x' }, 400, /./],
      [{ tags: ['a,b'] }, 400, /./],
    ]
    for (const [project, status, message] of cases) {
      const answer = await patch(id, project)
      assert.equal(answer.status, status, JSON.stringify(project))
      if (typeof message === 'string') assert.equal(answer.body.error.message, message)
    }
    assert.deepEqual((await get(`/v3/projects/${id}`)).body, before)
    assert.equal((await patch(id, { domain_id: domain, parent_id: domain, is_domain: false })).status, 200)
  })

  it('403 an immutable project takes no change but to be mutable again, and stays', async () => {
    const id = await made({ name: fresh(), options: { immutable: true } })
    const refusal = `Unable to update immutable project resource: \`${id}. Set resource option "immutable" to false first.`
    for (const project of [
      { description: 'x' },
      { description: 'x', options: { immutable: false } },
      { options: {} },
      { options: { immutable: true } },
    ]) {
      const answer = await patch(id, project)
      assert.equal(answer.status, 403, JSON.stringify(project))
      assert.equal(answer.body.error.message, refusal)
    }
    const deleted = await remove(id)
    assert.equal(deleted.status, 403)
    assert.equal(
      deleted.body.error.message,
      `Unable to delete immutable project resource: \`${id}. Set resource option "immutable" to false first.`,
    )
    const lifted = await patch(id, { options: { immutable: false } })
    assert.deepEqual(lifted.body.project.options, { immutable: false })
    assert.equal((await remove(id)).status, 204)
  })

  it('403 disables nothing above what is enabled, enables nothing below what is disabled', async () => {
    const top = await made({ name: fresh() })
    const leaf = await made({ name: fresh(), parent_id: top })
    const refused = await patch(top, { enabled: false })
    assert.equal(refused.status, 403)
    assert.equal(
      refused.body.error.message,
      `Cannot disable project ${top} since its subtree contains enabled projects.`,
    )
    assert.equal((await patch(leaf, { enabled: false })).status, 200)
    assert.equal((await patch(top, { enabled: false })).status, 200)
    const stuck = await patch(leaf, { enabled: true })
    assert.equal(stuck.status, 403)
    assert.equal(stuck.body.error.message, `Cannot enable project ${leaf} since it has disabled parents`)
    assert.equal((await patch(leaf, { description: 'asleep' })).status, 200)
    assert.equal((await patch(top, { enabled: true })).status, 200)
    assert.equal((await patch(leaf, { enabled: true })).status, 200)
  })

  it('403 deletes no project with children; 204 deletes a leaf', async () => {
    const top = await made({ name: fresh() })
    const leaf = await made({ name: fresh(), parent_id: top })
    const refused = await remove(top)
    assert.equal(refused.status, 403)
    assert.equal(
      refused.body.error.message,
      `Cannot delete the project ${top} since it is not a leaf in the hierarchy. Use the cascade option if you want to delete a whole subtree.`,
    )
    for (const id of [leaf, top]) {
      const answer = await remove(id)
      assert.equal(answer.status, 204)
      assert.equal(answer.text, '')
      assert.equal((await get(`/v3/projects/${id}`)).status, 404)
    }
  })

  it('401 every operation without a token or with garbage for one (CVE-2012-4456)', async () => {
    const id = await seedProject(house, fresh())
    const calls: [string, string, unknown?][] = [
      ['GET', '/v3/projects'],
      ['POST', '/v3/projects', { project: { name: 'n' } }],
      ['GET', `/v3/projects/${id}`],
      ['PATCH', `/v3/projects/${id}`, { project: { name: 'n' } }],
      ['DELETE', `/v3/projects/${id}`],
      ['GET', `/v3/projects/${id}/tags`],
      ['PUT', `/v3/projects/${id}/tags`, { tags: [] }],
      ['DELETE', `/v3/projects/${id}/tags`],
      ['GET', `/v3/projects/${id}/tags/t`],
      ['PUT', `/v3/projects/${id}/tags/t`],
      ['DELETE', `/v3/projects/${id}/tags/t`],
    ]
    for (const [method, path, body] of calls) {
      for (const headers of [{}, { 'x-auth-token': 'garbage' }]) {
        const answer = await house.call(method, path, { body, headers })
        assert.equal(answer.status, 401, `${method} ${path}`)
      }
    }
    assert.equal((await get(`/v3/projects/${id}`)).status, 200)
  })
})
