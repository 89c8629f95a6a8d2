import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { listCredentials } from '../../../store/credentials.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { seedDomain, seedGrant, seedUser } from '../../../testing/seed.ts'

describe('v5 users and groups', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    await seedGrant(house, await seedUser(house, 'SecurityB', two.b), 'secu_admin', { domain: two.b })
  })
  after(async () => {
    await face.close()
    await house.close()
  })
  const as = (token: string, method: string, path: string, body?: unknown) =>
    face.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const mine = (method: string, path: string, body?: unknown) => as(administrator, method, path, body)

  it('users: made without a password, shown, renamed, disabled at once, deleted', async () => {
    const made = await mine('POST', '/v5/users', { name: 'robot', description: 'builds' })
    assert.equal(made.status, 201, made.text)
    const { user } = made.body
    assert.deepEqual(
      { ...user, created_at: '', user_id: '' },
      {
        description: 'builds',
        user_name: 'robot',
        is_root_user: false,
        created_at: '',
        user_id: '',
        urn: `iam::${two.a}:user:robot`,
        enabled: true,
      },
    )
    const path = `/v5/users/${user.user_id}`
    assert.deepEqual((await mine('GET', path)).body.user, { ...user, tags: [] })
    assert.equal((await mine('POST', '/v5/users', { name: 'robot' })).status, 409)
    assert.equal((await mine('POST', '/v5/users', { name: '7' })).status, 400)
    const key = (await mine('POST', `${path}/access-keys`)).body.access_key
    const signer = { access: key.access_key_id, secret: key.secret_access_key }
    assert.equal((await face.signed('GET', '/v5/caller-identity', signer)).status, 200)
    const changed = await mine('PUT', path, { new_user_name: 'robot2', enabled: false })
    assert.deepEqual([changed.body.user.user_name, changed.body.user.enabled], ['robot2', false])
    assert.equal((await face.signed('GET', '/v5/caller-identity', signer)).status, 401)
    assert.equal((await mine('DELETE', path)).status, 204)
    assert.equal((await mine('GET', path)).status, 404)
  })

  it('groups: made, listed by their users, filled and emptied, deleted', async () => {
    const { group } = (await mine('POST', '/v5/groups', { group_name: 'team', description: 'x' })).body
    assert.equal(group.urn, `iam::${two.a}:group:team`)
    assert.ok(Math.abs(Date.parse(group.created_at) - house.ctx.now() / 1000) < 60_000, group.created_at)
    assert.equal((await mine('POST', '/v5/groups', { group_name: 'team' })).status, 409)
    const path = `/v5/groups/${group.group_id}`
    const member = await seedUser(house, 'Member', two.a)
    await seedGrant(house, member, 'readonly', { domain: two.a })
    const token = await face.token({ name: 'Member', domain: two.a })
    const own = `/v5/users/${member}`
    assert.equal((await as(token, 'GET', own)).status, 200)
    for (const times of [1, 2]) {
      assert.equal((await mine('POST', `${path}/add-user`, { user_id: member })).status, 200, `${times}`)
    }
    const users = (await mine('GET', `/v5/users?group_id=${group.group_id}`)).body
    assert.deepEqual([users.users[0].user_id, users.page_info.current_count], [member, 1])
    const groups = (await mine('GET', `/v5/groups?user_id=${member}`)).body.groups
    assert.deepEqual(groups, [group])
    house.advance(1)
    assert.equal((await mine('POST', `${path}/remove-user`, { user_id: member })).status, 200)
    assert.equal((await as(token, 'GET', own)).status, 401, 'void, as by the other wires')
    assert.equal((await mine('POST', `${path}/remove-user`, { user_id: member })).status, 404)
    const renamed = await mine('PUT', path, { new_group_name: 'crew', new_group_description: 'y' })
    assert.deepEqual([renamed.body.group.group_name, renamed.body.group.description], ['crew', 'y'])
    assert.equal((await mine('DELETE', path)).status, 204)
    assert.equal((await mine('GET', path)).status, 404)
  })

  it('200 tells who signs in elsewhere by their id, and their namesake here by the name', async () => {
    const here = await seedUser(house, 'Namesake', two.a)
    const elsewhere = await seedUser(house, 'Foreign', two.a)
    await house.ctx.store.write((tx) =>
      tx
        .updateTable('user')
        .set({ kind: 'federated', name: 'Namesake' })
        .where('id', '=', elsewhere)
        .execute(),
    )
    const { users } = (await mine('GET', '/v5/users')).body
    const urns = Object.fromEntries(
      users.map((user: { user_id: string; urn: string }) => [user.user_id, user.urn]),
    )
    assert.equal(urns[here], `iam::${two.a}:user:Namesake`)
    assert.equal(urns[elsewhere], `iam::${two.a}:user:${elsewhere}`)
    const { user } = (await mine('GET', `/v5/users/${elsewhere}`)).body
    assert.deepEqual([user.user_name, user.urn], ['Namesake', urns[elsewhere]])
  })

  it('403 and 404 other accounts, by every route between them', async () => {
    const security = await face.token({ name: 'SecurityB', domain: two.b })
    const group = (await mine('POST', '/v5/groups', { group_name: 'kept' })).body.group.group_id
    const theirs = (await as(security, 'POST', '/v5/groups', { group_name: 'theirs' })).body.group.group_id
    for (const [method, path, body, status] of [
      ['GET', `/v5/groups/${group}`, undefined, 404],
      ['PUT', `/v5/groups/${group}`, { new_group_name: 'taken' }, 404],
      ['DELETE', `/v5/groups/${group}`, undefined, 404],
      ['POST', `/v5/groups/${group}/add-user`, { user_id: two.userB }, 404],
      ['POST', `/v5/groups/${theirs}/add-user`, { user_id: two.adminA }, 404],
      ['GET', `/v5/users?group_id=${group}`, undefined, 404],
      ['GET', `/v5/groups?user_id=${two.adminA}`, undefined, 404],
      ['GET', `/v5/users/${two.adminA}`, undefined, 404],
      ['PUT', `/v5/users/${two.adminA}`, { enabled: false }, 404],
      ['DELETE', `/v5/users/${two.adminA}`, undefined, 404],
    ] as const) {
      assert.equal((await as(security, method, path, body)).status, status, `${method} ${path}`)
      assert.equal((await face.call(method, path, body ? { body } : {})).status, 401)
    }
    const listed = (await as(security, 'GET', '/v5/users')).body.users
    assert.ok(listed.every(({ urn }: { urn: string }) => urn.startsWith(`iam::${two.b}:`)))
    // Not even the cloud's admin puts one account's user into another's group.
    const cloud = await house.admin()
    const mixed = await as(cloud, 'POST', `/v5/groups/${group}/add-user`, { user_id: two.userB })
    assert.equal(mixed.status, 404)
    const operator = await face.token({ name: 'IAMUserB', domain: two.b })
    for (const path of ['/v5/users', '/v5/groups'])
      assert.equal((await as(operator, 'GET', path)).status, 403)
  })

  it('403 the cloud’s own people and groups in the account, and nobody joins those', async () => {
    const anywhere = await seedDomain(house, 'Anywhere')
    const id = await seedUser(house, 'Operator', two.a)
    await seedGrant(house, id, 'admin', { domain: anywhere })
    const group = (await mine('POST', '/v5/groups', { group_name: 'operators' })).body.group.group_id
    const cloud = await house.admin()
    const { roles } = (await as(cloud, 'GET', '/v3/roles?name=admin')).body
    const grant = `/v3/domains/${anywhere}/groups/${group}/roles/${roles[0].id}`
    assert.equal((await house.call('PUT', grant, { token: cloud })).status, 204)
    const plain = (await mine('POST', '/v5/groups', { group_name: 'plain' })).body.group.group_id
    for (const [method, path, body] of [
      ['PUT', `/v5/users/${id}`, { enabled: false }],
      ['DELETE', `/v5/users/${id}`],
      ['POST', `/v5/groups/${plain}/add-user`, { user_id: id }],
      ['POST', `/v5/groups/${group}/add-user`, { user_id: two.adminA }],
      ['PUT', `/v5/groups/${group}`, { new_group_name: 'x' }],
      ['DELETE', `/v5/groups/${group}`],
    ] as const) {
      assert.equal((await mine(method, path, body)).status, 403, `${method} ${path}`)
    }
    assert.equal((await as(cloud, 'DELETE', `/v5/users/${id}`)).status, 204)
  })
})

describe('changes of users that commit together', () => {
  it('404 what is made for a user who is deleted in the same commit, and nothing is kept of it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-'))
    const house = await openHouse({ databaseUrl: `sqlite:${join(folder, 'tokenhouse.db')}` })
    const face = openHuawei(house)
    const two = await seedTwoAccounts(house)
    const token = await face.token({ name: 'IAMUserA', domain: two.a })
    const as = (method: string, path: string, body?: unknown) =>
      face.call(method, path, { token, ...(body === undefined ? {} : { body }) })
    const group = (await as('POST', '/v5/groups', { group_name: 'team' })).body.group.group_id
    const document = { Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['a:b:c'] }] }
    const sent = { policy_name: 'read', policy_document: JSON.stringify(document) }
    const policy = (await as('POST', '/v5/policies', sent)).body.policy.policy_id
    const making: readonly ((user_id: string) => readonly [path: string, body: unknown])[] = [
      (user_id) => [`/v5/groups/${group}/add-user`, { user_id }],
      (user_id) => [`/v5/policies/${policy}/attach-user`, { user_id }],
      (user_id) => ['/v3.0/OS-MFA/virtual-mfa-devices', { virtual_mfa_device: { name: 'phone', user_id } }],
      (user_id) => [`/v5/users/${user_id}/access-keys`, {}],
    ]
    for (const [i, make] of making.entries()) {
      const user = await seedUser(house, `Leaving${i}`, two.a)
      const [path, body] = make(user)
      // While one change is under way, those behind it gather for the next commit.
      let release = (): void => undefined
      const held = house.ctx.store.write(
        () =>
          new Promise<void>((resolve) => {
            release = resolve
          }),
      )
      const deleted = as('DELETE', `/v5/users/${user}`)
      const made = as('POST', path, body)
      await setTimeout(100)
      release()
      await held
      assert.equal((await deleted).status, 204)
      assert.equal((await made).status, 404, `${path} ${(await made).text}`)
      assert.equal(
        (await listCredentials(house.ctx.store.db, { filters: [], userId: user }, {})).items.length,
        0,
      )
    }
    await face.close()
    await house.close()
    rmSync(folder, { recursive: true })
  })
})
