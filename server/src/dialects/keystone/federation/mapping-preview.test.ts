import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'

describe('POST /v3/OS-FEDERATION/mappings/{id}: what it would do', () => {
  const PATH = '/v3/OS-FEDERATION/mappings/m'
  let house: House
  let admin: string
  let group: string
  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    group = (await send('POST', '/v3/groups', { group: { name: 'staff' } })).body.group.id
    const rules = [
      {
        local: [{ user: { name: '{0}' } }, { groups: '{1}', domain: { name: 'Default' } }],
        remote: [{ type: 'OIDC-sub' }, { type: 'groups' }],
      },
      {
        local: [{ projects: [{ name: 'home of {0}', roles: [{ name: 'member' }] }] }],
        remote: [{ type: 'OIDC-sub' }, { type: 'kind', any_one_of: ['person'] }],
      },
    ]
    assert.equal((await send('PUT', PATH, { mapping: { rules } })).status, 201)
  })
  after(() => house.close())
  const send = (method: string, path: string, body?: unknown, token = admin) =>
    house.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const preview = async (body: unknown) => {
    const answer = await send('POST', PATH, body)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.preview
  }

  it('200 says who comes out, where, and by which rule', async () => {
    const said = { sub: 'bob', groups: ['staff', 'nobody'], kind: 'robot' }
    const outcome = await preview({ claims: said })
    assert.deepEqual(outcome, {
      admitted: true,
      user: { type: 'ephemeral', name: 'bob' },
      groups: [{ id: group, name: 'staff', domain_id: 'default' }],
      missing_groups: [{ name: 'nobody', domain: { name: 'Default' } }],
      projects: [],
      rules: [
        {
          rule: 0,
          applies: true,
          user: { type: 'ephemeral', name: 'bob' },
          groups: [
            { name: 'staff', domain: { name: 'Default' } },
            { name: 'nobody', domain: { name: 'Default' } },
          ],
          projects: [],
        },
        { rule: 1, applies: false, unmet: { remote: 1, type: 'kind' } },
      ],
    })
    const person = await preview({ claims: { ...said, kind: ['person'] } })
    assert.deepEqual(person.projects, [{ name: 'home of bob', roles: ['member'] }])
  })

  it('200 says why nobody comes out', async () => {
    const nobody = await preview({ assertion: { groups: 'staff' } })
    assert.deepEqual([nobody.admitted, nobody.reason], [false, 'no rule applies'])
    assert.deepEqual(nobody.rules[0].unmet, { remote: 0, type: 'OIDC-sub' })
    const nameless = await preview({ assertion: { 'OIDC-sub': '', groups: 'staff' } })
    assert.deepEqual([nameless.admitted, nameless.reason], [false, 'no rule names a user'])
    const rules = [{ local: [{ user: { name: 'x' }, group: { id: 'gone' } }], remote: [{ type: 'a' }] }]
    await send('PUT', '/v3/OS-FEDERATION/mappings/gone', { mapping: { rules } })
    const gone = await send('POST', '/v3/OS-FEDERATION/mappings/gone', { assertion: { a: 'b' } })
    assert.deepEqual([gone.body.preview.admitted, gone.body.preview.missing_groups], [false, ['gone']])
  })

  it('changes nothing', async () => {
    const tables = ['user', 'federated_user', 'project', 'expiring_membership', 'assignment'] as const
    const counted = () =>
      Promise.all(tables.map((table) => house.ctx.store.db.selectFrom(table).selectAll().execute()))
    const before = await counted()
    await preview({ claims: { sub: 'bob', groups: ['staff'], kind: 'person' } })
    assert.deepEqual(await counted(), before)
  })

  it('400 a faulty body, 401, 403 who may not, 404 no such mapping or provider', async () => {
    for (const body of [
      {},
      { assertion: [] },
      { assertion: { a: 7 } },
      { claims: 1 },
      { claims: {}, x: 1 },
    ]) {
      assert.equal((await send('POST', PATH, body)).status, 400, JSON.stringify(body))
    }
    assert.equal((await house.call('POST', PATH, { body: { claims: {} } })).status, 401)
    await send('POST', '/v3/users', { user: { name: 'eve', password: 'eve-password' } })
    const identity = {
      methods: ['password'],
      password: { user: { name: 'eve', domain: { id: 'default' }, password: 'eve-password' } },
    }
    const eve = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    const token = eve.headers['x-subject-token'] ?? ''
    assert.equal((await send('POST', PATH, { claims: {} }, token)).status, 403)
    assert.equal((await send('POST', `${PATH}x`, { claims: {} })).status, 404)
    assert.equal((await send('POST', PATH, { claims: {}, identity_provider: 'nope' })).status, 404)
  })

  it('200 admits nobody by rules that take too long', async () => {
    const any_one_of = Array.from({ length: 60 }, (_, index) => `${'[a-z]*'.repeat(150)}X${index}`)
    const remote = [{ type: 'sub' }, { type: 'groups', regex: true, any_one_of }]
    const rules = [{ local: [{ user: { name: '{0}' } }], remote }]
    assert.equal((await send('PUT', `${PATH}-slow`, { mapping: { rules } })).status, 201)
    const answer = await send('POST', `${PATH}-slow`, { claims: { sub: 'bob', groups: 'a'.repeat(50_000) } })
    assert.deepEqual(
      [answer.status, answer.body.preview],
      [
        200,
        { admitted: false, reason: 'the rules take too long', rules: [], groups: [], missing_groups: [] },
      ],
    )
  })
})
