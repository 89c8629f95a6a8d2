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
import { seedDomain } from '../../../testing/seed.ts'
import { authListOperations } from '../auth-lists/auth-lists.ts'
import { defaultConfigOperations } from '../domain-config/default-config.ts'
import { storedConfigOperations } from '../domain-config/domain-config.ts'
import { KEYSTONE_STYLE } from '../tokens/token-body.ts'
import { domainOperations } from './domains.ts'

describe('who may do what with domains and their configuration, and ask what they may', () => {
  let house: House
  let people: Personas
  let rows: readonly PersonaRow[]

  before(async () => {
    house = await openHouse()
    people = await openPersonas(house)
    const own = `/v3/domains/${people.domain}`
    const other = `/v3/domains/${await seedDomain(house, 'elsewhere')}`
    const admins = 'project_admin system_admin'
    const readers = 'project_admin system_*'
    const row = (operation: string, rule: string, call: string, allowed: string, body?: unknown) => {
      const [method = '', path = ''] = call.split(' ')
      return { operation, rule: `identity:${rule}`, method, path, allowed, ...(body ? { body } : {}) }
    }
    const bad = { domain: { name: '' } }
    const config = { config: { identity: { driver: 'sql' } } }
    const parts = [
      ['', ''],
      ['_group', '/identity'],
      ['_option', '/identity/driver'],
    ] as const
    rows = [
      row('list_domains', 'list_domains', 'GET /v3/domains', readers),
      row('get_domain', 'get_domain', `GET ${own}`, '*'),
      row('get_domain', 'get_domain', `GET ${other}`, '*_admin system_*'),
      row('get_domain', 'get_domain', 'GET /v3/domains/nope', '*_admin system_*'),
      row('create_domain', 'create_domain', 'POST /v3/domains', admins, bad),
      row('update_domain', 'update_domain', `PATCH ${own}`, admins, { domain: { description: 'x' } }),
      row('update_domain', 'update_domain', `PATCH ${other}`, admins, bad),
      row('delete_domain', 'delete_domain', `DELETE ${own}`, admins),
      row('create_domain_config', 'create_domain_config', `PUT ${own}/config`, admins, config),
      ...parts.flatMap(([suffix, path]) => [
        row(`get_domain_config${suffix}`, 'get_domain_config', `GET ${own}/config${path}`, readers),
        row(`update_domain_config${suffix}`, 'update_domain_config', `PATCH ${own}/config${path}`, admins, {
          config: {},
        }),
        row(`delete_domain_config${suffix}`, 'delete_domain_config', `DELETE ${own}/config${path}`, admins),
        row(
          `get_domain_config_default${suffix}`,
          'get_domain_config_default',
          `GET /v3/domains/config${path}/default`,
          readers,
        ),
      ]),
      ...['', '_option'].map((suffix) =>
        row(
          `get_security_compliance${suffix}`,
          'get_security_compliance_domain_config',
          `GET ${own}/config/security_compliance${suffix === '' ? '' : '/password_regex'}`,
          '*',
        ),
      ),
      row('get_auth_projects', 'get_auth_projects', 'GET /v3/auth/projects', '*'),
      row('get_auth_domains', 'get_auth_domains', 'GET /v3/auth/domains', '*'),
      row('get_auth_system', 'get_auth_system', 'GET /v3/auth/system', '*'),
      row('get_auth_catalog', 'get_auth_catalog', 'GET /v3/auth/catalog', '*'),
      row('get_federation_projects', 'get_auth_projects', 'GET /v3/OS-FEDERATION/projects', '*'),
      row('get_federation_domains', 'get_auth_domains', 'GET /v3/OS-FEDERATION/domains', '*'),
    ]
  })
  after(() => house.close())

  it('has a row for every operation', () => {
    const covered = new Set(rows.map((row) => row.operation))
    const all = [
      ...domainOperations,
      ...storedConfigOperations,
      ...defaultConfigOperations,
      ...authListOperations({ style: KEYSTONE_STYLE }),
    ]
    assert.deepEqual(
      all.map((operation) => operation.id).filter((id) => !covered.has(id)),
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
})
