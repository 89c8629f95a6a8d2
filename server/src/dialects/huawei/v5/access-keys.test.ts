import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { seedGrant, seedUser } from '../../../testing/seed.ts'

describe('v5 access keys', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string
  let user: string
  let own: string

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    user = await seedUser(house, 'Member', two.a)
    await seedGrant(house, user, 'readonly', { domain: two.a })
    own = await face.token({ name: 'Member', domain: two.a })
  })
  after(async () => {
    await face.close()
    await house.close()
  })
  const as = (token: string, method: string, path: string, body?: unknown) =>
    face.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const path = () => `/v5/users/${user}/access-keys`

  it('are made, used, switched off and deleted by their user or the administrator', async () => {
    const made = await as(own, 'POST', path())
    assert.equal(made.status, 201, made.text)
    const { access_key_id: access, secret_access_key: secret, ...rest } = made.body.access_key
    assert.deepEqual([rest.user_id, rest.status], [user, 'active'])
    const one = `${path()}/${access}`
    assert.deepEqual((await as(own, 'GET', `${one}/last-used`)).body, { access_key_last_used: {} })
    const whoIs = () => face.signed('GET', '/v5/caller-identity', { access, secret })
    assert.equal((await whoIs()).body.principal_id, user)
    const used = (await as(administrator, 'GET', `${one}/last-used`)).body.access_key_last_used
    assert.match(used.last_used_at, /^\d{4}-/)
    const listed = (await as(administrator, 'GET', path())).body
    assert.deepEqual(listed.access_keys, [{ ...rest, access_key_id: access }])
    assert.equal(listed.page_info.current_count, 1)
    const off = await as(administrator, 'PUT', one, { status: 'inactive' })
    assert.equal(off.body.access_key.status, 'inactive')
    assert.equal((await whoIs()).status, 401)
    assert.equal((await as(own, 'PUT', one, { status: 'lost' })).status, 400)
    assert.equal((await as(own, 'DELETE', one)).status, 204)
    assert.equal((await as(own, 'DELETE', one)).status, 404)
  })

  it('400 a third key, 403 another’s, 404 below a user whose key it is not', async () => {
    const made = await as(administrator, 'POST', path())
    assert.equal((await as(administrator, 'POST', path())).status, 201)
    assert.equal((await as(administrator, 'POST', path())).status, 400)
    const { access_key_id: access } = made.body.access_key
    const stranger = await face.token({ name: 'IAMUserB', domain: two.b })
    const one = `${path()}/${access}`
    for (const [method, at, body] of [
      ['GET', path()],
      ['POST', path()],
      ['PUT', one, { status: 'inactive' }],
      ['DELETE', one],
      ['GET', `${one}/last-used`],
    ] as const) {
      assert.equal((await as(stranger, method, at, body)).status, 403, `${method} ${at}`)
      assert.equal((await face.call(method, at, body ? { body } : {})).status, 401)
    }
    const elsewhere = `/v5/users/${two.adminA}/access-keys/${access}`
    assert.equal((await as(administrator, 'DELETE', elsewhere)).status, 404)
    assert.equal((await as(administrator, 'DELETE', one)).status, 204)
  })

  it('403 a temporary key makes none that would outlive it', async () => {
    const asked = { auth: { identity: { methods: ['token'], token: { duration_seconds: 900 } } } }
    const { credential } = (await as(own, 'POST', '/v3.0/OS-CREDENTIAL/securitytokens', asked)).body
    const key = { ...credential, securityToken: credential.securitytoken }
    assert.equal((await face.signed('POST', path(), key)).status, 403)
    const one = `${path()}/${(await as(own, 'GET', path())).body.access_keys[0].access_key_id}`
    assert.equal((await face.signed('PUT', one, key, { body: { status: 'active' } })).status, 403)
  })
})
