import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { seedUser } from '../../../testing/seed.ts'

describe('quotas', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let token: string

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    token = await face.token({ name: 'IAMUserA', domain: two.a })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const usedOf = async (query = '') => {
    const { body } = await face.call('GET', `/v3.0/OS-QUOTA/domains/${two.a}${query}`, { token })
    return Object.fromEntries(
      body.quotas.resources.map(({ type, used }: { type: string; used: number }) => [type, used]),
    )
  }

  it('200 what the account has, all of it or of one type', async () => {
    assert.deepEqual(await usedOf(), { user: 1, group: 0, agency: 0, policy: 0, idp: 0 })
    await seedUser(house, 'Second', two.a)
    assert.deepEqual(await usedOf('?type=user'), { user: 2 })
    const project = await face.call('GET', `/v3.0/OS-QUOTA/projects/${two.projectA}`, { token })
    const unlimited = 2_147_483_647
    assert.deepEqual(project.body.quotas.resources, [
      { max: unlimited, min: 0, quota: unlimited, type: 'project', used: 0 },
    ])
  })

  it('400 another type, 403 another account and a project that is not its own, there or not', async () => {
    const status = async (path: string) =>
      (await face.call('GET', `/v3.0/OS-QUOTA/${path}`, { token })).status
    assert.equal(await status(`domains/${two.a}?type=nothing`), 400)
    assert.equal(await status(`domains/${two.b}`), 403)
    assert.equal(await status(`projects/${two.projectB}`), 403)
    const of = async (id: string) => (await face.call('GET', `/v3.0/OS-QUOTA/projects/${id}`, { token })).text
    assert.equal(await of('f'.repeat(32)), await of(two.projectB))
    const admin = await house.admin()
    const nothing = await face.call('GET', '/v3.0/OS-QUOTA/projects/nothing', { token: admin })
    assert.equal(nothing.status, 404)
  })
})
