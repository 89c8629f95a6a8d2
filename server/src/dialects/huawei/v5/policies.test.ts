import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { seedDomain, seedGrant, seedUser } from '../../../testing/seed.ts'

describe('v5 identity policies', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string
  let other: string

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    await seedGrant(house, await seedUser(house, 'SecurityB', two.b), 'secu_admin', { domain: two.b })
    other = await face.token({ name: 'SecurityB', domain: two.b })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const as = (token: string, method: string, path: string, body?: unknown) =>
    face.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const mine = (method: string, path: string, body?: unknown) => as(administrator, method, path, body)
  const document = (action = 'cse:namespace:read') =>
    JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: [action] }] })
  const create = async (name: string, more: object = {}) => {
    const answer = await mine('POST', '/v5/policies', {
      policy_name: name,
      policy_document: document(),
      ...more,
    })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.policy
  }

  it('201 a policy with its URN; 409 a second of its name; 400 what cannot be decided', async () => {
    const policy = await create('read-only', { path: 'teams/', description: 'to look' })
    assert.deepEqual(
      { ...policy, policy_id: '', created_at: '', updated_at: '' },
      {
        policy_type: 'custom',
        policy_name: 'read-only',
        policy_id: '',
        urn: `iam::${two.a}:policy:teams/read-only`,
        path: 'teams/',
        default_version_id: 'v1',
        attachment_count: 0,
        description: 'to look',
        created_at: '',
        updated_at: '',
      },
    )
    assert.deepEqual((await mine('GET', `/v5/policies/${policy.policy_id}`)).body.policy, policy)
    const sent = { policy_name: 'read-only', policy_document: document() }
    assert.equal((await mine('POST', '/v5/policies', sent)).status, 409)
    for (const policy_document of [
      'no JSON',
      '[]',
      document().replace('5.0', '1.1'),
      document().replace('Allow', 'Perhaps'),
      document('no action'),
      JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['a:b'], Principal: {} }] }),
      document(`a:${'b'.repeat(6200)}`),
    ]) {
      const answer = await mine('POST', '/v5/policies', { policy_name: 'bad', policy_document })
      assert.equal(answer.status, 400, policy_document.slice(0, 100))
    }
    assert.equal((await mine('POST', '/v5/policies', { ...sent, policy_name: 'a b' })).status, 400)
  })

  it('200 lists by page, path and attachment; policies of OS-ROLE are not among them, nor these among those', async () => {
    const role = { display_name: 'classic', type: 'AX', policy: JSON.parse(document().replace('5.0', '1.1')) }
    const made = await mine('POST', '/v3.0/OS-ROLE/roles', { role: { ...role, description: 'x' } })
    assert.equal(made.status, 201, made.text)
    const one = await create('listed-one', { path: 'listed/' })
    await create('listed-two', { path: 'listed/' })
    const names = async (query: string) =>
      (await mine('GET', `/v5/policies?${query}`)).body.policies
        .map(({ policy_name: name }: { policy_name: string }) => name)
        .sort()
    assert.deepEqual(await names('path_prefix=listed/'), ['listed-one', 'listed-two'])
    assert.ok(!(await names('')).includes('classic'))
    assert.deepEqual(await names('policy_type=system'), [])
    const classic = (await mine('GET', '/v3.0/OS-ROLE/roles')).body.roles
    assert.deepEqual(
      classic.map((each: { display_name: string }) => each.display_name),
      ['classic'],
    )
    for (const [path, id] of [
      ['/v5/policies', made.body.role.id],
      ['/v3.0/OS-ROLE/roles', one.policy_id],
    ]) {
      assert.equal((await mine('GET', `${path}/${id}`)).status, 404)
      assert.equal((await mine('DELETE', `${path}/${id}`)).status, 404)
    }
    const attached = `/v5/policies/${one.policy_id}/attach-user`
    assert.equal((await mine('POST', attached, { user_id: two.adminA })).status, 200)
    assert.deepEqual(await names('only_attached=true'), ['listed-one'])
    assert.equal((await mine('GET', `/v5/policies/${one.policy_id}`)).body.policy.attachment_count, 1)
  })

  it('versions: at most five, one counts, numbers are never used again', async () => {
    const { policy_id } = await create('versioned')
    const path = `/v5/policies/${policy_id}/versions`
    const add = (action: string, set_as_default?: boolean) =>
      mine('POST', path, { policy_document: document(action), set_as_default })
    const second = await add('a:b:two', true)
    assert.equal(second.status, 201, second.text)
    assert.deepEqual(
      [second.body.policy_version.version_id, second.body.policy_version.is_default],
      ['v2', true],
    )
    assert.equal((await mine('GET', `/v5/policies/${policy_id}`)).body.policy.default_version_id, 'v2')
    assert.equal((await mine('DELETE', `${path}/v2`)).status, 409)
    assert.equal((await mine('DELETE', `${path}/v1`)).status, 204)
    assert.equal((await mine('GET', `${path}/v1`)).status, 404)
    for (const n of ['v3', 'v4', 'v5', 'v6']) {
      assert.equal((await add(`a:b:${n}`)).body.policy_version.version_id, n)
    }
    assert.equal((await add('a:b:more')).status, 409)
    assert.equal((await mine('POST', `${path}/v4/set-default`)).status, 200)
    const { versions, page_info } = (await mine('GET', path)).body
    assert.deepEqual([versions.length, page_info.current_count], [5, 5])
    const counting = versions.filter((version: { is_default: boolean }) => version.is_default)
    assert.deepEqual([counting.length, JSON.parse(counting[0].document).Statement[0].Action], [1, ['a:b:v4']])
    assert.equal((await mine('DELETE', `/v5/policies/${policy_id}`)).status, 409)
    for (const n of ['v2', 'v3', 'v5', 'v6']) assert.equal((await mine('DELETE', `${path}/${n}`)).status, 204)
    assert.equal((await mine('DELETE', `/v5/policies/${policy_id}`)).status, 204)
    assert.equal((await mine('GET', path)).status, 404)
  })

  it('attached to users, groups and agencies of the same account, once, until detached', async () => {
    const { policy_id, urn } = await create('attached')
    const group = (await mine('POST', '/v3/groups', { group: { name: 'team', domain_id: two.a } })).body.group
    const agency = (
      await mine('POST', '/v3.0/OS-AGENCY/agencies', {
        agency: { name: 'A', domain_id: two.a, trust_domain_id: two.b },
      })
    ).body.agency
    const at = `/v5/policies/${policy_id}`
    for (const [kind, things, id] of [
      ['user', 'users', await seedUser(house, 'Member', two.a)],
      ['group', 'groups', group.id],
      ['agency', 'agencies', agency.id],
    ] as const) {
      const body = { [`${kind}_id`]: id }
      assert.equal((await mine('POST', `${at}/detach-${kind}`, body)).status, 404)
      assert.equal((await mine('POST', `${at}/attach-${kind}`, body)).status, 200)
      assert.equal((await mine('POST', `${at}/attach-${kind}`, body)).status, 409)
      const held = (await mine('GET', `/v5/${things}/${id}/attached-policies`)).body
      assert.deepEqual([held.attached_policies[0].urn, held.page_info.current_count], [urn, 1])
      assert.equal((await as(other, 'GET', `/v5/${things}/${id}/attached-policies`)).status, 404)
      const entities = (await mine('GET', `${at}/attached-entities?entity_type=${kind}`)).body
      assert.equal(entities[`policy_${things}`][0][`${kind}_id`], id)
      assert.equal((await mine('DELETE', at)).status, 409)
      assert.equal((await mine('POST', `${at}/detach-${kind}`, body)).status, 200)
      assert.equal((await mine('POST', `${at}/attach-${kind}`, {})).status, 400)
      assert.equal((await mine('POST', `${at}/attach-${kind}`, { [`${kind}_id`]: 'nobody' })).status, 404)
    }
    assert.equal((await mine('GET', `${at}/attached-entities?entity_type=role`)).status, 400)
    assert.equal((await mine('DELETE', at)).status, 204)
  })

  it('403 and 404 across accounts, even for the cloud’s admin, and 403 on the cloud’s own people', async () => {
    const { policy_id } = await create('kept')
    const at = `/v5/policies/${policy_id}`
    for (const [method, path, body] of [
      ['GET', at],
      ['DELETE', at],
      ['GET', `${at}/versions`],
      ['POST', `${at}/versions`, { policy_document: document() }],
      ['POST', `${at}/versions/v1/set-default`],
      ['POST', `${at}/attach-user`, { user_id: two.userB }],
    ] as const) {
      assert.equal((await as(other, method, path, body)).status, 404, path)
    }
    const cloud = await house.admin()
    assert.equal((await mine('POST', `${at}/attach-user`, { user_id: two.userB })).status, 404)
    assert.equal((await as(cloud, 'POST', `${at}/attach-user`, { user_id: two.userB })).status, 404)
    const id = await seedUser(house, 'Operator', two.a)
    await seedGrant(house, id, 'admin', { domain: await seedDomain(house, 'Anywhere') })
    assert.equal((await mine('POST', `${at}/attach-user`, { user_id: id })).status, 403)
    assert.equal((await as(cloud, 'POST', `${at}/attach-user`, { user_id: id })).status, 200)
  })
})
