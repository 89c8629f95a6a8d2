import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

const message = (answer: Answer): string => answer.body?.error?.message

describe('groups on the Keystone wire', () => {
  let house: House
  let admin: string
  let domain: string
  let project: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    domain = await seedDomain(house, 'elsewhere')
    project = await seedProject(house, 'alpha')
  })
  after(() => house.close())

  const call = (method: string, path: string, body?: unknown, token = admin) =>
    house.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const create = (group: unknown, token = admin) => call('POST', '/v3/groups', { group }, token)
  const made = async (group: unknown): Promise<string> => {
    const answer = await create(group)
    assert.equal(answer.status, 201, answer.text)
    return answer.body.group.id
  }
  const update = (id: string, group: unknown) => call('PATCH', `/v3/groups/${id}`, { group })
  const names = async (path: string, list: string, token = admin): Promise<readonly string[]> => {
    const answer = await call('GET', path, undefined, token)
    assert.equal(answer.status, 200, answer.text)
    return answer.body[list].map((one: { name: string }) => one.name).sort()
  }
  const isGood = async (token: string): Promise<boolean> => {
    const headers = { 'x-subject-token': token }
    const answer = await house.call('GET', '/v3/auth/tokens', { token: await house.admin(), headers })
    return answer.status === 200
  }

  it('201 creates a group with what Keystone shows of one', async () => {
    const answer = await create({ name: ' minimal ', colour: null, id: 'x', links: 1, extra: 2 })
    assert.equal(answer.status, 201)
    const { id, ...rest } = answer.body.group
    assert.match(id, /^[0-9a-f]{32}$/)
    assert.deepEqual(rest, {
      colour: null,
      name: 'minimal',
      domain_id: 'default',
      description: '',
      links: { self: `http://tokenhouse.test:5000/v3/groups/${id}` },
    })
    assert.deepEqual((await call('GET', `/v3/groups/${id}`)).body, answer.body)
    assert.equal((await call('HEAD', `/v3/groups/${id}`)).status, 200)
    assert.equal((await create({ name: 'nothing', description: null })).body.group.description, null)
  })

  it('201 puts a group without a domain into the one of a domain-scoped token', async () => {
    const boss = await seedUser(house, 'boss', domain)
    await seedGrant(house, boss, 'admin', { domain })
    const token = await house.login(boss, PASSWORD, { domain: { id: domain } })
    assert.equal((await create({ name: 'scoped' }, token)).body.group.domain_id, domain)
  })

  it('400 what a group cannot be', async () => {
    const bad: readonly unknown[] = [
      undefined,
      {},
      { name: '' },
      { name: ' ' },
      { name: 7 },
      { name: 'x'.repeat(65) },
      { name: 'x', domain_id: null },
      { name: 'x', description: 7 },
    ]
    for (const group of bad) assert.equal((await create(group)).status, 400, JSON.stringify(group))
  })

  it('404 the domain or the group is not there', async () => {
    const answer = await create({ name: 'x', domain_id: 'nope' })
    assert.deepEqual([answer.status, message(answer)], [404, 'Could not find domain: nope.'])
    for (const [method, path, body] of [
      ['GET', '/v3/groups/nope', undefined],
      ['PATCH', '/v3/groups/nope', { group: { name: 'x' } }],
      ['DELETE', '/v3/groups/nope', undefined],
      ['GET', '/v3/groups/nope/users', undefined],
    ] as const) {
      const missing = await call(method, path, body)
      assert.deepEqual([missing.status, message(missing)], [404, 'Could not find group: nope.'])
    }
  })

  it('409 the name is taken in that domain, case told apart', async () => {
    await made({ name: 'taken' })
    assert.equal(
      message(await create({ name: 'taken' })),
      'Conflict occurred attempting to store group - Duplicate entry found with name taken at domain ID default.',
    )
    const id = await made({ name: 'Taken' })
    await made({ name: 'taken', domain_id: domain })
    const renamed = await update(id, { name: 'taken' })
    assert.deepEqual(
      [renamed.status, message(renamed)],
      [409, 'Conflict occurred attempting to store group - Duplicate entry found with name taken.'],
    )
  })

  it('200 changes what is sent; 400 another id or domain, or nothing', async () => {
    const id = await made({ name: 'changing', description: 'x', colour: 'red' })
    const { links, ...group } = (await update(id, { name: ' renamed ', colour: 'blue' })).body.group
    assert.deepEqual(group, { id, name: 'renamed', domain_id: 'default', description: 'x', colour: 'blue' })
    assert.equal((await update(id, { description: null })).body.group.description, null)
    assert.equal(message(await update(id, { id: 'x' })), 'Cannot change ID')
    assert.equal(message(await update(id, { domain_id: domain })), 'Cannot change Domain ID')
    assert.equal((await update(id, {})).status, 400)
    assert.equal((await update(id, { id, domain_id: 'default' })).status, 200)
  })

  it('200 lists by every filter; a domain-scoped caller sees the groups of the domain and no others', async () => {
    for (const name of ['list-a', 'list-B']) await made({ name })
    await made({ name: 'list-c', domain_id: domain })
    assert.deepEqual(await names('/v3/groups?name__startswith=list-', 'groups'), [
      'list-B',
      'list-a',
      'list-c',
    ])
    assert.deepEqual(await names('/v3/groups?name__icontains=LIST-b', 'groups'), ['list-B'])
    assert.deepEqual(await names('/v3/groups?name=list-b', 'groups'), [])
    assert.deepEqual(await names(`/v3/groups?name__contains=list&domain_id=${domain}`, 'groups'), ['list-c'])
    const clerk = await seedUser(house, 'clerk', domain)
    await seedGrant(house, clerk, 'reader', { domain })
    const token = await house.login(clerk, PASSWORD, { domain: { id: domain } })
    assert.deepEqual(await names('/v3/groups?name__contains=list', 'groups', token), ['list-c'])
    assert.deepEqual(await names('/v3/groups?domain_id=default', 'groups', token), [])
  })

  it('204 puts users in and takes them out; 404 who is not in', async () => {
    const group = await made({ name: 'team' })
    const user = await seedUser(house, 'player')
    const path = `/v3/groups/${group}/users/${user}`
    const absent = await call('GET', path)
    assert.deepEqual([absent.status, message(absent)], [404, `User '${user}' not found in group '${group}'`])
    assert.equal((await call('PUT', path)).status, 204)
    assert.equal((await call('PUT', path)).status, 204)
    assert.equal((await call('GET', path)).status, 204)
    assert.equal((await call('HEAD', path)).status, 204)
    assert.deepEqual(await names(`/v3/groups/${group}/users`, 'users'), ['player'])
    assert.deepEqual(await names(`/v3/groups/${group}/users?name=x`, 'users'), [])
    assert.deepEqual(await names(`/v3/groups/${group}/users?enabled=true`, 'users'), ['player'])
    assert.equal((await call('GET', `/v3/groups/${group}/users?password_expires_at=x`)).status, 400)
    assert.equal((await call('DELETE', path)).status, 204)
    assert.equal((await call('DELETE', path)).status, 404)
  })

  it('404 a member or a group that is not there', async () => {
    const group = await made({ name: 'empty' })
    const user = await seedUser(house, 'loner')
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const nobody = await call(method, `/v3/groups/${group}/users/nope`)
      assert.deepEqual([nobody.status, message(nobody)], [404, 'Could not find user: nope.'])
      const nowhere = await call(method, `/v3/groups/nope/users/${user}`)
      assert.deepEqual([nowhere.status, message(nowhere)], [404, 'Could not find group: nope.'])
    }
  })

  it('200 shows a domain-scoped caller the members of the domain only', async () => {
    const group = await made({ name: 'mixed', domain_id: domain })
    const [inside, outside] = [await seedUser(house, 'inside', domain), await seedUser(house, 'outside')]
    for (const user of [inside, outside]) await call('PUT', `/v3/groups/${group}/users/${user}`)
    const boss = await seedUser(house, 'boss', domain)
    const token = await house.login(boss, PASSWORD, { domain: { id: domain } })
    assert.deepEqual(await names(`/v3/groups/${group}/users`, 'users', token), ['inside'])
    assert.deepEqual(await names(`/v3/groups/${group}/users`, 'users'), ['inside', 'outside'])
  })

  it('gives its members its roles for as long as they are in; who is taken out has to sign in again', async () => {
    const group = await made({ name: 'workers' })
    const [worker, idler] = [await seedUser(house, 'worker'), await seedUser(house, 'idler')]
    await seedGrant(house, worker, 'reader', { project })
    for (const user of [worker, idler]) await call('PUT', `/v3/groups/${group}/users/${user}`)
    await house.ctx.store.write(async (tx) => {
      const role = await tx
        .selectFrom('role')
        .select('id')
        .where('name', '=', 'member')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('assignment')
        .values({
          actor_kind: 'group',
          actor_id: group,
          target_kind: 'project',
          target_id: project,
          role_id: role.id,
          inherited: 0,
        })
        .execute()
    })
    const scope = { project: { id: project } }
    const [unscoped, scoped] = [
      await house.login(worker, PASSWORD),
      await house.login(worker, PASSWORD, scope),
    ]
    const idle = await house.login(idler, PASSWORD, scope)
    assert.equal((await call('DELETE', `/v3/groups/${group}/users/${worker}`)).status, 204)
    assert.deepEqual(await Promise.all([unscoped, scoped, idle].map(isGood)), [false, false, true])
    const again = await house.call('GET', '/v3/auth/projects', {
      token: await house.login(worker, PASSWORD, scope),
    })
    assert.equal(again.body.projects.length, 1)
    assert.equal((await call('DELETE', `/v3/groups/${group}`)).status, 204)
    assert.equal(await isGood(idle), false)
    await assert.rejects(house.login(idler, PASSWORD, scope))
  })

  it('204 deletes a group without roles and leaves its members’ tokens alone', async () => {
    const group = await made({ name: 'club' })
    const user = await seedUser(house, 'clubber')
    await call('PUT', `/v3/groups/${group}/users/${user}`)
    const token = await house.login(user, PASSWORD)
    assert.equal((await call('DELETE', `/v3/groups/${group}`)).status, 204)
    assert.equal((await call('GET', `/v3/groups/${group}`)).status, 404)
    assert.equal(await isGood(token), true)
  })

  it('401 without a token', async () => {
    for (const [method, path] of [
      ['GET', '/v3/groups'],
      ['POST', '/v3/groups'],
      ['GET', '/v3/groups/x'],
      ['PATCH', '/v3/groups/x'],
      ['DELETE', '/v3/groups/x'],
      ['GET', '/v3/groups/x/users'],
      ['GET', '/v3/groups/x/users/y'],
      ['PUT', '/v3/groups/x/users/y'],
      ['DELETE', '/v3/groups/x/users/y'],
    ] as const) {
      assert.equal((await house.call(method, path)).status, 401, `${method} ${path}`)
    }
  })
})
