import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../testing/seed.ts'

describe('the catalog and its filters', () => {
  let house: House
  let admin: string
  let member: string
  let project: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    project = await seedProject(house, 'filtered')
    const user = await seedUser(house, 'member')
    await seedGrant(house, user, 'member', { project })
    member = await house.login('member@default', PASSWORD, { project: { id: project } })
  })
  after(() => house.close())

  const call = (method: string, path: string, body?: unknown, token = admin) =>
    house.call(method, `/v3${path}`, { token, ...(body === undefined ? {} : { body }) })
  const service = async (type: string): Promise<string> =>
    (await call('POST', '/services', { service: { type } })).body.service.id
  const endpoint = async (fields: object): Promise<string> =>
    (
      await call('POST', '/endpoints', {
        endpoint: { interface: 'public', url: 'http://x.example/', ...fields },
      })
    ).body.endpoint.id

  it('201 regions make a tree; 400 a region below itself; 204 a region goes with what is below it', async () => {
    assert.equal((await call('POST', '/regions', { region: { id: 'top' } })).status, 201)
    assert.equal((await call('PUT', '/regions/below', { region: { parent_region_id: 'top' } })).status, 201)
    assert.equal((await call('POST', '/regions', { region: { id: 'top' } })).status, 409)
    assert.equal((await call('PATCH', '/regions/top', { region: { parent_region_id: 'below' } })).status, 400)
    assert.equal((await call('GET', '/regions?parent_region_id=top')).body.regions.length, 1)
    assert.equal((await call('DELETE', '/regions/top')).status, 204)
    assert.equal((await call('GET', '/regions/below')).status, 404)
  })

  it('a region keeps attributes beyond its own, through changes and in lists', async () => {
    const made = await call('POST', '/regions', { region: { id: 'marked', colour: 'red', extra: 1 } })
    assert.equal(made.body.region.colour, 'red')
    assert.equal('extra' in made.body.region, false)
    const changed = await call('PATCH', '/regions/marked', { region: { floor: null } })
    const { links: _, ...shown } = changed.body.region
    const kept = { id: 'marked', description: '', parent_region_id: null, colour: 'red', floor: null }
    assert.deepEqual(shown, kept)
    const { regions } = (await call('GET', '/regions')).body
    assert.equal(regions.find((region: { id: string }) => region.id === 'marked')?.colour, 'red')
    assert.equal((await call('DELETE', '/regions/marked')).status, 204)
  })

  it('403 a region with endpoints stays; 204 a service goes with its endpoints', async () => {
    await call('POST', '/regions', { region: { id: 'used' } })
    const id = await service('used')
    const at = await endpoint({ service_id: id, region_id: 'used' })
    assert.equal((await call('DELETE', '/regions/used')).status, 403)
    assert.equal((await call('DELETE', `/services/${id}`)).status, 204)
    assert.equal((await call('GET', `/endpoints/${at}`)).status, 404)
    assert.equal((await call('DELETE', '/regions/used')).status, 204)
  })

  it('CVE-2014-3621: a URL may ask for known substitutions only, when made and when changed', async () => {
    const service_id = await service('urls')
    const id = await endpoint({ service_id, url: 'http://x.example/$(project_id)s/%(tenant_id)s' })
    for (const url of [
      'http://x/$(admin_token)s',
      'http://x/%(password)s',
      `http://x/\${env}`,
      'http://x/$(project_id)',
    ]) {
      const body = { endpoint: { service_id, interface: 'public', url } }
      assert.equal((await call('POST', '/endpoints', body)).status, 400, url)
      assert.equal((await call('PATCH', `/endpoints/${id}`, { endpoint: { url } })).status, 400, url)
    }
  })

  it('a catalog shows each user and project its own addresses, and what else an endpoint is given', async () => {
    const service_id = await service('own-address')
    const url = 'http://x.example/$(user_id)s/%(project_id)s'
    const id = await endpoint({ service_id, url, name: 'n', description: 'd' })
    const shownTo = async (token: string): Promise<Record<string, unknown>> => {
      const headers = { 'x-subject-token': token }
      const { body } = await house.call('GET', '/v3/auth/tokens', { token, headers })
      const found = body.token.catalog.find((s: { id: string }) => s.id === service_id).endpoints[0]
      assert.equal(found.url, `http://x.example/${body.token.user.id}/${body.token.project.id}`)
      return found
    }
    for (const token of [admin, member]) {
      const { name, description, id: shownId } = await shownTo(token)
      assert.deepEqual({ name, description, id: shownId }, { name: 'n', description: 'd', id })
    }
  })

  it('a project that is limited to endpoints sees those, by themselves and by group', async () => {
    const service_id = await service('limited')
    const shown = await endpoint({ service_id })
    const hidden = await endpoint({ service_id, interface: 'internal' })
    const seen = async () => {
      const token = await house.login('member@default', PASSWORD, { project: { id: project } })
      const { catalog } = (await call('GET', '/auth/catalog', undefined, token)).body
      return catalog.flatMap((s: { endpoints: { id: string }[] }) => s.endpoints.map((e) => e.id))
    }
    assert.ok((await seen()).includes(hidden))
    assert.equal((await call('PUT', `/OS-EP-FILTER/projects/${project}/endpoints/${shown}`)).status, 204)
    assert.deepEqual(await seen(), [shown])
    assert.equal((await call('PUT', `/OS-EP-FILTER/projects/${project}/endpoints/${shown}`)).status, 409)
    const group = { name: 'g', filters: { service_id, interface: 'internal' } }
    const made = (await call('POST', '/OS-EP-FILTER/endpoint_groups', { endpoint_group: group })).body
      .endpoint_group
    assert.equal(
      (await call('PUT', `/OS-EP-FILTER/endpoint_groups/${made.id}/projects/${project}`)).status,
      204,
    )
    assert.deepEqual((await seen()).sort(), [hidden, shown].sort())
    const listed = (await call('GET', `/OS-EP-FILTER/projects/${project}/endpoints`)).body.endpoints
    assert.equal(listed.length, 2)
  })

  it('an endpoint goes by its own policy, else by its region upwards, else by its service', async () => {
    await call('POST', '/regions', { region: { id: 'outer' } })
    await call('POST', '/regions', { region: { id: 'inner', parent_region_id: 'outer' } })
    const service_id = await service('governed')
    const at = await endpoint({ service_id, region_id: 'inner' })
    const policy = async (blob: string) =>
      (await call('POST', '/policies', { policy: { blob, type: 'text/plain' } })).body.policy.id
    const [wide, regional, own] = [await policy('wide'), await policy('regional'), await policy('own')]
    const current = async () =>
      (await call('GET', `/endpoints/${at}/OS-ENDPOINT-POLICY/policy`)).body.policy?.blob
    assert.equal(await current(), undefined)
    const put = (id: string, place: string) => call('PUT', `/policies/${id}/OS-ENDPOINT-POLICY/${place}`)
    await put(wide, `services/${service_id}`)
    assert.equal(await current(), 'wide')
    await put(regional, `services/${service_id}/regions/outer`)
    assert.equal(await current(), 'regional')
    await put(own, `endpoints/${at}`)
    assert.equal(await current(), 'own')
    assert.equal((await put(own, 'endpoints/nope')).status, 404)
    assert.equal((await call('DELETE', `/policies/${own}/OS-ENDPOINT-POLICY/endpoints/${at}`)).status, 204)
    assert.equal(await current(), 'regional')
  })

  it('201 limits need a registered default, which cannot change while they last', async () => {
    const service_id = await service('limited-resource')
    const registered = { service_id, resource_name: 'cores', default_limit: 10 }
    const made = await call('POST', '/registered_limits', { registered_limits: [registered] })
    assert.equal(made.status, 201)
    assert.equal((await call('POST', '/registered_limits', { registered_limits: [registered] })).status, 409)
    const limit = { service_id, resource_name: 'cores', resource_limit: 5, project_id: project }
    const own = await call('POST', '/limits', { limits: [limit] })
    assert.equal(own.status, 201)
    assert.equal((await call('POST', '/limits', { limits: [limit] })).status, 409)
    assert.equal((await call('POST', '/limits', { limits: [{ ...limit, resource_name: 'x' }] })).status, 403)
    assert.equal((await call('POST', '/limits', { limits: [{ ...limit, project_id: 'nope' }] })).status, 400)
    const path = `/registered_limits/${made.body.registered_limits[0].id}`
    assert.equal((await call('DELETE', path)).status, 403)
    assert.equal((await call('PATCH', path, { registered_limit: { default_limit: 3 } })).status, 403)
    const seen = await call('GET', '/limits', undefined, member)
    assert.deepEqual(
      seen.body.limits.map((l: { project_id: string }) => l.project_id),
      [project],
    )
    assert.equal((await call('DELETE', `/limits/${own.body.limits[0].id}`)).status, 204)
    assert.equal((await call('DELETE', path)).status, 204)
  })

  it('403 a member changes nothing of it; 401 nobody', async () => {
    const changes: readonly [string, string, object][] = [
      ['POST', '/regions', { region: {} }],
      ['POST', '/services', { service: { type: 'x' } }],
      ['POST', '/endpoints', { endpoint: { service_id: 'x', interface: 'public', url: 'http://x/' } }],
      ['POST', '/policies', { policy: { blob: 'x', type: 'x' } }],
      [
        'POST',
        '/OS-EP-FILTER/endpoint_groups',
        { endpoint_group: { name: 'x', filters: { interface: 'public' } } },
      ],
    ]
    for (const [method, path, body] of changes) {
      assert.equal((await call(method, path, body, member)).status, 403, path)
      assert.equal((await house.call(method, `/v3${path}`, { body })).status, 401, path)
    }
  })
})
