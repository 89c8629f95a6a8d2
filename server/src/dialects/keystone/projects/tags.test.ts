import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { seedProject } from '../../../testing/seed.ts'

describe('tags of projects', () => {
  let house: House
  let admin: string
  let path: string
  let id: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    id = await seedProject(house, 'tagged')
    path = `/v3/projects/${id}/tags`
  })
  after(() => house.close())

  const call = (method: string, url: string, body?: unknown) =>
    house.call(method, url, { token: admin, body })
  const tags = async (): Promise<string[]> => (await call('GET', path)).body.tags

  it('200 replaces all of them, and links to the root of the API', async () => {
    const answer = await call('PUT', path, { tags: ['two', ' one '], more: 1 })
    assert.equal(answer.status, 200)
    const links = { self: 'http://tokenhouse.test:5000/v3' }
    assert.deepEqual(answer.body, { links, tags: ['two', 'one'] })
    assert.deepEqual((await call('GET', path)).body, { links, tags: ['one', 'two'] })
    assert.deepEqual((await call('PUT', path, { tags: [] })).body.tags, [])
    assert.deepEqual(await tags(), [])
  })

  it('201 adds one and says where; 204 finds it; 204 takes it away', async () => {
    const added = await call('PUT', `${path}/with%20space`)
    assert.equal(added.status, 201)
    assert.equal(added.text, '')
    assert.equal(added.headers['location'], `http://tokenhouse.test:5000/v3/${id}/tags/with%20space`)
    assert.equal((await call('GET', `${path}/with%20space`)).status, 204)
    assert.equal((await call('HEAD', `${path}/with%20space`)).status, 204)
    assert.equal((await call('DELETE', `${path}/with%20space`)).status, 204)
    assert.deepEqual(await tags(), [])
  })

  it('404 a tag that is not there, in other case too; 404 an unknown project', async () => {
    await call('PUT', path, { tags: ['new'] })
    for (const [method, name] of [
      ['GET', 'NEW'],
      ['GET', 'nope'],
      ['DELETE', 'NEW'],
    ] as const) {
      const answer = await call(method, `${path}/${name}`)
      assert.equal(answer.status, 404)
      assert.equal(answer.body.error.message, `Could not find project tag: ${name}.`)
    }
    assert.deepEqual(await tags(), ['new'])
    for (const [method, url, body] of [
      ['GET', '/v3/projects/nope/tags'],
      ['PUT', '/v3/projects/nope/tags', { tags: ['a'] }],
      ['DELETE', '/v3/projects/nope/tags'],
      ['GET', '/v3/projects/nope/tags/a'],
      ['PUT', '/v3/projects/nope/tags/a'],
      ['DELETE', '/v3/projects/nope/tags/a'],
    ] as const) {
      const answer = await call(method, url, body)
      assert.equal(answer.status, 404, `${method} ${url}`)
      assert.equal(answer.body.error.message, 'Could not find project: nope.')
    }
  })

  it('400 what cannot be a tag, twice the same, and more than eighty', async () => {
    await call('PUT', path, { tags: ['a'] })
    const many = Array.from({ length: 81 }, (_, i) => `t${i}`)
    for (const body of [
      {},
      { tags: 'x' },
      { tags: ['a', 'a'] },
      { tags: ['a/b'] },
      { tags: ['a,b'] },
      { tags: [' '] },
      { tags: many },
      { tags: [1] },
    ]) {
      assert.equal((await call('PUT', path, body)).status, 400, JSON.stringify(body))
    }
    for (const name of ['a', 'a,b', 'a%2Fb', 'x'.repeat(256), '%20']) {
      assert.equal((await call('PUT', `${path}/${name}`)).status, 400, name)
    }
    assert.deepEqual(await tags(), ['a'])
    await call('PUT', path, { tags: many.slice(1) })
    assert.equal((await call('PUT', `${path}/one-more`)).status, 400)
    assert.equal((await call('DELETE', path)).status, 204)
    assert.deepEqual(await tags(), [])
  })

  it('403 changes no tag of an immutable project', async () => {
    const project = { name: 'fixed', tags: ['kept'], options: { immutable: true } }
    const fixed = (await call('POST', '/v3/projects', { project })).body.project.id
    const own = `/v3/projects/${fixed}/tags`
    const text = (verb: string) =>
      `Cannot ${verb} project tags for ${fixed}, project is immutable. Set "immutable" option to false before creating project tags.`
    for (const [method, url, verb, body] of [
      ['PUT', `${own}/new`, 'create'],
      ['PUT', own, 'update', { tags: [] }],
      ['DELETE', own, 'update'],
      ['DELETE', `${own}/kept`, 'delete'],
    ] as const) {
      const answer = await call(method, url, body)
      assert.equal(answer.status, 403, `${method} ${url}`)
      assert.equal(answer.body.error.message, text(verb))
    }
    assert.deepEqual((await call('GET', own)).body.tags, ['kept'])
  })

  it('201 keeps all tags that are added at once', async () => {
    await call('PUT', path, { tags: [] })
    const names = Array.from({ length: 10 }, (_, i) => `tag${i}`)
    await Promise.all(names.map((name) => call('PUT', `${path}/${name}`)))
    assert.deepEqual(await tags(), names)
  })
})
