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
import { seedDomain, seedUser } from '../../../testing/seed.ts'
import { groupOperations } from '../groups/groups.ts'
import { userOperations } from './users.ts'

describe('who may do what with users and groups', () => {
  let house: House
  let people: Personas
  let rows: readonly PersonaRow[]

  const idOf = async (path: string, body: unknown): Promise<string> => {
    const answer = await house.call('POST', path, { token: await house.admin(), body })
    assert.equal(answer.status, 201, answer.text)
    return (answer.body.user ?? answer.body.group).id
  }

  before(async () => {
    house = await openHouse()
    people = await openPersonas(house)
    const elsewhere = await seedDomain(house, 'elsewhere')
    const { domain } = people
    const [own, other] = [await seedUser(house, 'own', domain), await seedUser(house, 'other', elsewhere)]
    const group = (name: string, id: string) => idOf('/v3/groups', { group: { name, domain_id: id } })
    const [inside, outside] = [await group('inside', domain), await group('outside', elsewhere)]
    const row = (operation: string, method: string, path: string, allowed: string, body?: unknown) => ({
      operation,
      rule: `identity:${operation}`,
      method,
      path,
      allowed,
      ...(body === undefined ? {} : { body }),
    })
    const all = 'system_* *_admin'
    const ownDomain = `domain_* ${all}`
    const described = { description: 'x' }
    rows = [
      row('create_user', 'POST', '/v3/users', '*_admin', { user: { name: '' } }),
      row('create_user', 'POST', '/v3/users', '*_admin', { user: { name: '', domain_id: domain } }),
      row('list_users', 'GET', '/v3/users', ownDomain),
      row('get_user', 'GET', `/v3/users/${own}`, ownDomain),
      row('get_user', 'GET', `/v3/users/${other}`, all),
      row('get_user', 'GET', '/v3/users/nope', all),
      row('update_user', 'PATCH', `/v3/users/${own}`, '*_admin', { user: described }),
      row('update_user', 'PATCH', `/v3/users/${other}`, '*_admin', { user: described }),
      row('update_user', 'PATCH', `/v3/users/${other}`, '*_admin', { user: 7 }),
      row('update_user', 'PATCH', '/v3/users/nope', '*_admin', { user: described }),
      row('delete_user', 'DELETE', '/v3/users/nope', '*_admin'),
      row('list_groups_for_user', 'GET', `/v3/users/${own}/groups`, ownDomain),
      row('list_groups_for_user', 'GET', `/v3/users/${other}/groups`, all),
      row('list_groups_for_user', 'GET', '/v3/users/nope/groups', all),
      row('list_user_projects', 'GET', `/v3/users/${own}/projects`, ownDomain),
      row('list_user_projects', 'GET', `/v3/users/${other}/projects`, all),
      row('list_user_projects', 'GET', '/v3/users/nope/projects', all),
      row('create_group', 'POST', '/v3/groups', '*_admin', { group: {} }),
      row('create_group', 'POST', '/v3/groups', '*_admin', { group: { name: '', domain_id: domain } }),
      row('list_groups', 'GET', '/v3/groups', ownDomain),
      row('get_group', 'GET', `/v3/groups/${inside}`, ownDomain),
      row('get_group', 'GET', `/v3/groups/${outside}`, all),
      row('get_group', 'GET', '/v3/groups/nope', all),
      row('update_group', 'PATCH', `/v3/groups/${inside}`, '*_admin', { group: described }),
      row('update_group', 'PATCH', `/v3/groups/${outside}`, '*_admin', { group: described }),
      row('update_group', 'PATCH', '/v3/groups/nope', '*_admin', { group: described }),
      row('list_users_in_group', 'GET', `/v3/groups/${inside}/users`, ownDomain),
      row('list_users_in_group', 'GET', `/v3/groups/${outside}/users`, all),
      row('list_users_in_group', 'GET', '/v3/groups/nope/users', all),
      // Reading a membership takes the domain of the group and of the user.
      row('check_user_in_group', 'GET', `/v3/groups/${inside}/users/${own}`, ownDomain),
      row('check_user_in_group', 'GET', `/v3/groups/${inside}/users/${other}`, all),
      row('check_user_in_group', 'GET', `/v3/groups/${outside}/users/${own}`, all),
      row('check_user_in_group', 'GET', `/v3/groups/nope/users/${own}`, all),
      row('add_user_to_group', 'PUT', `/v3/groups/${inside}/users/${own}`, '*_admin'),
      row('add_user_to_group', 'PUT', `/v3/groups/${outside}/users/${other}`, '*_admin'),
      row('remove_user_from_group', 'DELETE', `/v3/groups/${inside}/users/${own}`, '*_admin'),
      row('remove_user_from_group', 'DELETE', '/v3/groups/nope/users/nope', '*_admin'),
      row('delete_group', 'DELETE', '/v3/groups/nope', '*'),
    ]
  })
  after(() => house.close())

  it('has a row for every operation', () => {
    const covered = new Set(rows.map((row) => row.operation))
    const guarded = [...userOperations, ...groupOperations].filter(({ policy }) => policy !== 'public')
    assert.deepEqual(
      guarded.map((operation) => operation.id).filter((id) => !covered.has(id)),
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

    it(`lets a ${persona} ${persona.endsWith('_admin') ? '' : 'not '}delete users and groups`, async () => {
      for (const domain_id of [people.domain, 'default']) {
        const user = await idOf('/v3/users', { user: { name: 'doomed', domain_id } })
        const group = await idOf('/v3/groups', { group: { name: 'doomed', domain_id } })
        for (const path of [`/v3/users/${user}`, `/v3/groups/${group}`]) {
          const token = people.tokens[persona] ?? ''
          const { status } = await house.call('DELETE', path, { token })
          assert.equal(status, persona.endsWith('_admin') ? 204 : 403, path)
          await house.call('DELETE', path, { token: await house.admin() })
        }
      }
    })
  }

  it('lets everybody see themselves, their groups and their projects, and change nothing of it', async () => {
    for (const persona of personas) {
      const token = people.tokens[persona] ?? ''
      const answer = await house.call('GET', '/v3/auth/tokens', {
        token,
        headers: { 'x-subject-token': token },
      })
      const path = `/v3/users/${answer.body.token.user.id}`
      for (const below of ['', '/groups', '/projects']) {
        assert.equal((await house.call('GET', path + below, { token })).status, 200, `${persona} ${below}`)
      }
      if (persona.endsWith('_admin')) continue
      for (const user of [{ description: 'x' }, { password: 'x' }, { options: { lock_password: true } }]) {
        assert.equal((await house.call('PATCH', path, { token, body: { user } })).status, 403)
      }
    }
  })

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
