import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { assertDecided, openPersonas, type PersonaRow, personas } from '../../../testing/personas.ts'
import { PASSWORD, seedGrant, seedUser } from '../../../testing/seed.ts'

describe('roles', () => {
  let house: House
  let admin: string
  let domain: string
  let project: string
  let tokens: Readonly<Record<string, string>>

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    ;({ domain, project, tokens } = await openPersonas(house))
  })
  after(() => house.close())

  const call = (method: string, path: string, options: { body?: unknown; token?: string } = {}) =>
    house.call(method, `/v3${path}`, { token: admin, ...options })
  const create = (role: unknown, token = admin) => call('POST', '/roles', { body: { role }, token })
  const patch = (id: string, role: unknown, token = admin) =>
    call('PATCH', `/roles/${id}`, { body: { role }, token })
  let count = 0
  const made = async (fields: object = {}): Promise<string> => {
    const answer = await create({ name: `role ${count++}`, ...fields })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.role.id
  }
  const idOf = async (name: string): Promise<string> =>
    (await call('GET', `/roles?name=${name}`)).body.roles[0].id
  const names = async (query: string): Promise<string[]> => {
    const answer = await call('GET', `/roles${query}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.roles.map((role: { name: string }) => role.name).sort()
  }

  it('201 creates a global role', async () => {
    const answer = await create({ name: 'plain' })
    const { id } = answer.body.role
    assert.equal(answer.status, 201)
    assert.match(id, /^[0-9a-f]{32}$/)
    assert.deepEqual(answer.body.role, {
      id,
      name: 'plain',
      domain_id: null,
      description: null,
      options: {},
      links: { self: `http://tokenhouse.test:5000/v3/roles/${id}` },
    })
    assert.deepEqual((await call('GET', `/roles/${id}`)).body, answer.body)
  })

  it('201 keeps unknown attributes, its own id, and a name that another domain or case has', async () => {
    const answer = await create({ name: 'Plain', color: { deep: 1 }, extra: 'lost', id: 'mine', links: 5 })
    const { role } = answer.body
    assert.equal(answer.status, 201)
    assert.deepEqual(role.color, { deep: 1 })
    assert.notEqual(role.id, 'mine')
    assert.equal('extra' in role, false)
    assert.deepEqual((await create({ name: 'Plain', domain_id: domain })).status, 201)
  })

  it('404 a role of a domain that is not there', async () => {
    const answer = await create({ name: 'nowhere', domain_id: 'nope' })
    assert.equal(answer.status, 404)
    assert.equal(answer.body.error.message, 'Could not find domain: nope.')
    assert.equal((await create({ name: 'nowhere', domain_id: project })).status, 404)
  })

  it('409 the name is taken among global roles, or in the domain', async () => {
    await made({ name: 'taken' })
    const answer = await create({ name: 'taken' })
    assert.equal(answer.status, 409)
    assert.equal(
      answer.body.error.message,
      'Conflict occurred attempting to store role - Duplicate entry found with name taken.',
    )
    await made({ name: 'taken', domain_id: domain })
    assert.equal((await create({ name: 'taken', domain_id: domain })).status, 409)
    const other = await made()
    assert.equal((await patch(other, { name: 'taken' })).status, 409)
  })

  it('400 a body that Keystone’s schema refuses, and nothing is made', async () => {
    const before = await names('')
    const bad = [
      {},
      { name: '' },
      { name: ' ' },
      { name: 7 },
      { name: null },
      { name: 'x'.repeat(256) },
      { name: 'n', description: null },
      { name: 'n', description: 1 },
      { name: 'n', options: { unknown: 1 } },
      { name: 'n', options: { immutable: 1 } },
      { name: 'n', options: null },
      { name: 'n', domain_id: 7 },
    ]
    for (const role of bad) assert.equal((await create(role)).status, 400, JSON.stringify(role))
    assert.equal((await call('POST', '/roles', { body: {} })).status, 400)
    assert.deepEqual(await names(''), before)
  })

  it('200 lists global roles, or one domain’s, with filters and pages', async () => {
    await made({ name: 'seek one' })
    await made({ name: 'seek two' })
    await made({ name: 'seek three', domain_id: domain })
    assert.deepEqual(await names('?name__startswith=seek'), ['seek one', 'seek two'])
    assert.deepEqual(await names('?name__icontains=SEEK%20T'), ['seek two'])
    assert.deepEqual(await names(`?domain_id=${domain}&name__startswith=seek`), ['seek three'])
    assert.deepEqual(await names('?domain_id='), [])
    assert.deepEqual(await names('?domain_id=null'), [])
    assert.deepEqual(await names('?name=seek'), [])
    const first = await call('GET', '/roles?name__startswith=seek&limit=1')
    assert.equal(first.body.roles.length, 1)
    const second = await house.call(
      'GET',
      new URL(first.body.links.next).pathname + new URL(first.body.links.next).search,
      { token: admin },
    )
    assert.equal(second.body.roles.length, 1)
    assert.equal(second.body.links.next, null)
  })

  it('404 a role that is not there, whoever asks', async () => {
    for (const token of [admin, tokens['project_reader'] ?? '', tokens['domain_admin'] ?? '']) {
      for (const [method, body] of [['GET'], ['PATCH', { role: { name: 'x' } }], ['DELETE']] as const) {
        const answer = await call(method, '/roles/nope', { token, body })
        assert.equal(answer.status, 404)
        assert.equal(answer.body.error.message, 'Could not find role: nope.')
      }
    }
  })

  it('200 an update changes what it names; null takes an option away', async () => {
    const id = await made({ description: 'd', options: { immutable: false }, color: 'red' })
    const answer = await patch(id, { description: 'new', shade: 1, options: { immutable: null } })
    assert.equal(answer.status, 200)
    const { role } = answer.body
    assert.deepEqual([role.description, role.options, role.color, role.shade], ['new', {}, 'red', 1])
    assert.deepEqual((await call('GET', `/roles/${id}`)).body.role, role)
  })

  it('400 an update of id or domain, and an empty one', async () => {
    const id = await made()
    const told = async (role: unknown) => {
      const answer = await patch(id, role)
      return `${answer.status} ${answer.body.error.message}`
    }
    assert.equal(await told({ id: 'x' }), '400 Cannot change ID')
    assert.equal(await told({ domain_id: domain }), '400 Update of `domain_id` is not allowed.')
    assert.match(await told({}), /^400 /)
    assert.equal((await patch(id, { domain_id: null })).status, 200)
    const ofDomain = await made({ domain_id: domain })
    assert.equal((await patch(ofDomain, { domain_id: null })).status, 400)
  })

  it('403 an immutable role is neither changed nor deleted until it is mutable again', async () => {
    const id = await made({ options: { immutable: true } })
    const message = (verb: string) =>
      `Unable to ${verb} immutable role resource: \`${id}. Set resource option "immutable" to false first.`
    const refused = await patch(id, { description: 'x' })
    assert.deepEqual([refused.status, refused.body.error.message], [403, message('update')])
    assert.equal((await patch(id, { description: 'x', options: { immutable: false } })).status, 403)
    assert.equal((await patch(id, { options: { immutable: true } })).status, 403)
    const kept = await call('DELETE', `/roles/${id}`)
    assert.deepEqual([kept.status, kept.body.error.message], [403, message('delete')])
    assert.equal((await call('DELETE', `/roles/${await idOf('admin')}`)).status, 403)
    assert.equal((await patch(id, { options: { immutable: null } })).status, 200)
    assert.equal((await call('DELETE', `/roles/${id}`)).status, 204)
  })

  it('204 deleting a role takes its grants, implications and delegations along', async () => {
    const [role, other] = [await made(), await made()]
    const user = await seedUser(house, 'loser')
    assert.equal((await call('PUT', `/projects/${project}/users/${user}/roles/${role}`)).status, 204)
    assert.equal((await call('PUT', `/system/users/${user}/roles/${role}`)).status, 204)
    assert.equal((await call('PUT', `/roles/${role}/implies/${other}`)).status, 201)
    assert.equal((await call('PUT', `/roles/${other}/implies/${role}`)).status, 201)
    const token = await house.login(user, PASSWORD, { project: { id: project } })
    const credential = await house.call('POST', `/v3/users/${user}/application_credentials`, {
      token,
      body: { application_credential: { name: 'c', roles: [{ id: role }] } },
    })
    assert.equal(credential.status, 201, credential.text)
    assert.equal((await call('DELETE', `/roles/${role}`)).status, 204)

    assert.equal((await call('GET', `/roles/${role}`)).status, 404)
    assert.deepEqual((await call('GET', `/role_assignments?user.id=${user}`)).body.role_assignments, [])
    assert.deepEqual((await call('GET', `/roles/${other}/implies`)).body.role_inference.implies, [])
    // The token had no other role, and a credential left with none is not one with all.
    assert.equal(
      (await house.call('GET', '/v3/auth/tokens', { token, headers: { 'x-subject-token': token } })).status,
      401,
    )
    await seedGrant(house, user, 'reader', { project })
    const { id, secret } = credential.body.application_credential
    const auth = { identity: { methods: ['application_credential'], application_credential: { id, secret } } }
    assert.equal((await house.call('POST', '/v3/auth/tokens', { body: { auth } })).status, 401)
  })

  describe('what they imply', () => {
    it('201 a role implies another, shown by both kinds of list', async () => {
      const [prior, implied] = [await made({ name: 'prior' }), await made({ name: 'implied' })]
      const path = `/roles/${prior}/implies/${implied}`
      const answer = await call('PUT', path)
      const named = (id: string, name: string) => ({
        id,
        links: { self: `http://tokenhouse.test:5000/v3/roles/${id}` },
        name,
      })
      assert.equal(answer.status, 201)
      assert.deepEqual(answer.body, {
        role_inference: { prior_role: named(prior, 'prior'), implies: named(implied, 'implied') },
        links: { self: `http://tokenhouse.test:5000/v3${path}` },
      })
      assert.deepEqual((await call('GET', path)).body, answer.body)
      assert.equal((await call('HEAD', path)).status, 204)
      assert.deepEqual((await call('GET', `/roles/${prior}/implies`)).body, {
        role_inference: { prior_role: named(prior, 'prior'), implies: [named(implied, 'implied')] },
        links: { self: `http://tokenhouse.test:5000/v3/roles/${prior}/implies` },
      })
      const rules = (await call('GET', '/role_inferences')).body.role_inferences
      assert.deepEqual(
        rules.find((rule: { prior_role: { id: string } }) => rule.prior_role.id === prior),
        { prior_role: named(prior, 'prior'), implies: [named(implied, 'implied')] },
      )
      const again = await call('PUT', path)
      assert.equal(again.status, 409)
      assert.equal(
        again.body.error.message,
        'Conflict occurred attempting to store implied_role - Duplicate entry.',
      )
    })

    it('204 stops implying; 404 what is not implied', async () => {
      const [prior, implied] = [await made(), await made()]
      const path = `/roles/${prior}/implies/${implied}`
      assert.equal((await call('GET', path)).body.error.message, `${prior} does not imply ${implied}.`)
      assert.equal((await call('HEAD', path)).status, 404)
      await call('PUT', path)
      assert.equal((await call('DELETE', path)).status, 204)
      assert.equal((await call('DELETE', path)).status, 404)
      assert.equal((await call('GET', `/roles/${prior}/implies/nope`)).status, 404)
      assert.equal((await call('PUT', `/roles/nope/implies/${prior}`)).status, 404)
    })

    it('403 no role implies admin, in whatever case it is written', async () => {
      const prior = await made()
      const shouting = await made({ name: 'ADMIN' })
      for (const id of [await idOf('admin'), shouting]) {
        const answer = await call('PUT', `/roles/${prior}/implies/${id}`)
        assert.equal(answer.status, 403)
        assert.equal(answer.body.error.message, `${id} cannot be an implied roles.`)
        assert.equal((await call('GET', `/roles/${prior}/implies/${id}`)).status, 404)
      }
    })

    it('403 a global role implies no domain’s role; a domain’s role may imply either', async () => {
      const [global, own, another] = [
        await made(),
        await made({ domain_id: domain }),
        await made({ domain_id: domain }),
      ]
      assert.equal((await call('PUT', `/roles/${global}/implies/${own}`)).status, 403)
      assert.equal((await call('PUT', `/roles/${own}/implies/${global}`)).status, 201)
      assert.equal((await call('PUT', `/roles/${own}/implies/${another}`)).status, 201)
    })

    it('roles that imply each other in a circle end somewhere', async () => {
      const [a, b] = [await made({ name: 'circle a' }), await made({ name: 'circle b' })]
      for (const [prior, implied] of [
        [a, b],
        [b, a],
        [a, a],
      ] as const) {
        assert.equal((await call('PUT', `/roles/${prior}/implies/${implied}`)).status, 201)
      }
      const user = await seedUser(house, 'circler')
      await call('PUT', `/projects/${project}/users/${user}/roles/${a}`)
      const token = await house.login(user, PASSWORD, { project: { id: project } })
      const shown = await house.call('GET', '/v3/auth/tokens', {
        token,
        headers: { 'x-subject-token': token },
      })
      const held = shown.body.token.roles.map((role: { name: string }) => role.name)
      assert.deepEqual(held.sort(), ['circle a', 'circle b'])
    })
  })

  describe('who may', () => {
    // As Debian's rules have it: admin on the system or any project; whoever reads the system reads roles.
    const admins = 'system_admin project_admin'
    const readers = 'system_* project_admin'
    const implying = async () => {
      const [prior, implied] = [await made(), await made()]
      await call('PUT', `/roles/${prior}/implies/${implied}`)
      return `/v3/roles/${prior}/implies/${implied}`
    }
    const row = (
      operation: string,
      rule: string,
      rest: Omit<PersonaRow, 'operation' | 'rule'>,
    ): PersonaRow => ({
      operation,
      rule: `identity:${rule}`,
      ...rest,
    })
    const one = (method: string, rule: string, allowed: string, fields?: object) => async () => {
      const path = `/v3/roles/${await made(fields)}`
      const operation = rule.replace('_domain', '')
      return row(operation, rule, { method, path, allowed, body: { role: { description: 'x' } } })
    }
    const created = (rule: string, fields: () => object) => async () => {
      const body = { role: { name: `role ${count++}`, ...fields() } }
      return row('create_role', rule, { method: 'POST', path: '/v3/roles', allowed: admins, body })
    }
    const rows: readonly (() => Promise<PersonaRow>)[] = [
      one('GET', 'get_role', readers),
      one('PATCH', 'update_role', admins),
      one('DELETE', 'delete_role', admins),
      created('create_role', () => ({})),
      created('create_domain_role', () => ({ domain_id: domain })),
      async () => row('list_roles', 'list_roles', { method: 'GET', path: '/v3/roles', allowed: readers }),
      async () => {
        const path = `/v3/roles?domain_id=${domain}`
        return row('list_roles', 'list_domain_roles', { method: 'GET', path, allowed: readers })
      },
      () => one('GET', 'get_domain_role', readers, { domain_id: domain })(),
      () => one('PATCH', 'update_domain_role', admins, { domain_id: domain })(),
      () => one('DELETE', 'delete_domain_role', admins, { domain_id: domain })(),
      async () => {
        const path = `/v3/roles/${await made()}/implies/${await made()}`
        return row('create_implied_role', 'create_implied_role', { method: 'PUT', path, allowed: admins })
      },
      async () => {
        const path = await implying()
        return row('get_implied_role', 'get_implied_role', { method: 'GET', path, allowed: readers })
      },
      async () => {
        const path = await implying()
        return row('delete_implied_role', 'delete_implied_role', { method: 'DELETE', path, allowed: admins })
      },
      async () => {
        const path = `/v3/roles/${await made()}/implies`
        return row('list_implied_roles', 'list_implied_roles', { method: 'GET', path, allowed: readers })
      },
      async () => {
        const rule = 'list_role_inference_rules'
        return row(rule, rule, { method: 'GET', path: '/v3/role_inferences', allowed: readers })
      },
    ]

    it('is decided by each operation’s own rule', async () => {
      for (const make of rows) {
        for (const persona of personas) {
          const asked = await make()
          const { method, path, body } = asked
          const sent = method === 'POST' || method === 'PATCH' ? { body } : {}
          const answer = await house.call(method, path, { token: tokens[persona] ?? '', ...sent })
          assertDecided(asked, persona, answer)
        }
      }
    })

    it('HEAD of an implied role asks check_implied_role', async () => {
      const path = await implying()
      for (const [persona, status] of [
        ['system_reader', 204],
        ['domain_admin', 403],
        ['project_member', 403],
      ] as const) {
        assert.equal(
          (await house.call('HEAD', path, { token: tokens[persona] ?? '' })).status,
          status,
          persona,
        )
      }
    })

    it('401 nobody', async () => {
      for (const make of rows) {
        const { method, path } = await make()
        assert.equal((await house.call(method, path)).status, 401, `${method} ${path}`)
      }
    })
  })
})
