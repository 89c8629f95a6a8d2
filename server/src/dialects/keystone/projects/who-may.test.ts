import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import {
  assertDecided,
  isAllowed,
  openPersonas,
  type PersonaRow,
  type Personas,
  personas,
} from '../../../testing/personas.ts'
import { allRows } from '../../../testing/rows.ts'
import { seedDomain, seedProject } from '../../../testing/seed.ts'
import { projectOperations } from './projects.ts'

describe('who may do what with projects', () => {
  let house: House
  let people: Personas
  let rows: readonly PersonaRow[]

  before(async () => {
    house = await openHouse()
    people = await openPersonas(house)
    const elsewhere = await seedDomain(house, 'elsewhere')
    const own = `/v3/projects/${people.project}`
    const other = `/v3/projects/${await seedProject(house, 'other', elsewhere)}`
    const row = (operation: string, method: string, path: string, allowed: string, body?: unknown) => ({
      operation,
      rule: `identity:${operation}`,
      method,
      path,
      allowed,
      ...(body === undefined ? {} : { body }),
    })
    const named = { project: { name: '' } }
    const described = { project: { description: 'x' } }
    rows = [
      row('list_projects', 'GET', '/v3/projects', 'domain_* system_* project_admin'),
      row('get_project', 'GET', own, '*'),
      row('get_project', 'GET', other, 'system_* *_admin'),
      row('get_project', 'GET', '/v3/projects/nope', 'system_* *_admin'),
      // A domain's own row: its attribute domain_id is nobody's, so only who reads everything reads it.
      row('get_project', 'GET', `/v3/projects/${people.domain}`, 'system_* *_admin'),
      // The rule is asked before the body is looked at: who may gets 400.
      row('create_project', 'POST', '/v3/projects', '*_admin', named),
      row('create_project', 'POST', '/v3/projects', '*_admin', { project: 7 }),
      row('update_project', 'PATCH', own, '*_admin', described),
      row('update_project', 'PATCH', other, '*_admin', described),
      row('update_project', 'PATCH', '/v3/projects/nope', '*_admin', { project: {} }),
      row('delete_project', 'DELETE', '/v3/projects/nope', '*_admin'),
      row('delete_project', 'DELETE', `/v3/projects/${elsewhere}`, '*_admin'),
      row('list_project_tags', 'GET', `${own}/tags`, '*'),
      row('list_project_tags', 'GET', `${other}/tags`, 'system_* *_admin'),
      row('get_project_tag', 'GET', `${own}/tags/t`, '*'),
      row('get_project_tag', 'GET', `${other}/tags/t`, 'system_* *_admin'),
      row('update_project_tags', 'PUT', `${own}/tags`, '*_admin', { tags: [] }),
      row('update_project_tags', 'PUT', `${other}/tags`, '*_admin', {}),
      row('create_project_tag', 'PUT', `${own}/tags/a,b`, '*_admin'),
      row('delete_project_tags', 'DELETE', `${other}/tags`, '*_admin'),
      row('delete_project_tag', 'DELETE', `${own}/tags/t`, '*_admin'),
    ]
  })
  after(() => house.close())

  it('has a row for every operation', () => {
    const covered = new Set(rows.map((row) => row.operation))
    assert.deepEqual(
      projectOperations.map((operation) => operation.id).filter((id) => !covered.has(id)),
      [],
    )
  })

  for (const persona of personas) {
    it(`decides for a ${persona} as the table says`, async () => {
      for (const row of rows) {
        const { method, path, body } = row
        const token = people.tokens[persona] ?? ''
        assertDecided(row, persona, await house.call(method, path, { token, body }))
      }
    })
  }

  it('leaves the database as it was whenever it says no (CVE-2012-3542)', async () => {
    const before = await allRows(house)
    for (const persona of personas) {
      for (const row of rows.filter((one) => !isAllowed(one, persona))) {
        const { method, path, body } = row
        await house.call(method, path, { token: people.tokens[persona] ?? '', body })
      }
    }
    assert.equal(await allRows(house), before)
  })

  it('lists nothing that cannot be read one by one (CVE-2019-19687)', async () => {
    for (const persona of personas) {
      const token = people.tokens[persona] ?? ''
      for (const kind of ['projects', 'domains']) {
        for (const query of ['', '?is_domain=true', '?tags-any=a&is_domain', '?name__contains=e']) {
          const listed = await house.call('GET', `/v3/${kind}${query}`, { token })
          if (listed.status === 403) continue
          for (const { id } of listed.body[kind]) {
            const shown = await house.call('GET', `/v3/${kind}/${id}`, { token })
            assert.equal(shown.status, 200, `${persona} /v3/${kind}/${id}`)
          }
        }
      }
    }
  })

  it('takes nothing from a body or a query for a fact (CVE-2026-42999)', async () => {
    const token = people.tokens['project_reader'] ?? ''
    const { project, domain } = people
    const injected = {
      target: { project: { id: project, domain_id: domain }, domain: { id: domain } },
      'target.project.id': project,
      'target.project.domain_id': domain,
      user_id: 'x',
      project_id: project,
      domain_id: domain,
      roles: ['admin'],
      is_admin: true,
      constructor: { prototype: { roles: ['admin'] } },
    }
    const query = `?target.project.id=${project}&project_id=${project}&roles=admin&domain_id=${domain}`
    const others = await seedProject(house, 'somebody else’s', 'default')
    const before = await allRows(house)
    const proto = `{"project":{"name":"n","__proto__":{"roles":["admin"]}},"__proto__":{"roles":["admin"]}}`
    for (const [method, path] of [
      ['POST', '/v3/projects'],
      ['PATCH', `/v3/projects/${project}`],
      ['POST', '/v3/domains'],
      ['PATCH', `/v3/domains/${domain}`],
      ['PUT', `/v3/domains/${domain}/config`],
      ['PUT', `/v3/projects/${project}/tags`],
    ] as const) {
      const body = {
        ...injected,
        project: { name: 'n', ...injected },
        domain: { name: 'n', ...injected },
        config: { identity: { driver: 'sql' } },
        tags: ['t'],
      }
      const answer = await house.call(method, `${path}${query}`, { token, body })
      assert.equal(answer.status, 403, `${method} ${path}`)
      const raw = { 'content-type': 'application/json' }
      const polluted = await house.call(method, path, { token, body: proto, headers: raw })
      assert.ok(polluted.status === 403 || polluted.status === 400, `${method} ${path}`)
    }
    const read = await house.call('GET', `/v3/projects/${others}${query}`, { token })
    assert.equal(read.status, 403)
    assert.equal(({} as { roles?: unknown }).roles, undefined)
    assert.equal(await allRows(house), before)
  })

  it('takes the missing domain of a domain for nobody’s (as CVE-2026-80183 did)', async () => {
    const answer = await house.call('GET', `/v3/projects/${people.domain}`, {
      token: people.tokens['project_manager'] ?? '',
    })
    assert.equal(answer.status, 403)
    assert.equal(answer.text.includes('"name"'), false)
  })
})
