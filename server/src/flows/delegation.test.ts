import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openDelegationWorld } from '../testing/delegation-world.ts'
import { type House, openHouse } from '../testing/house.ts'

/**
 * The sentence that the house stands on, on graphs made at random: a child's roles, scope and expiry never exceed its
 * parent's (CVE-2012-5563, CVE-2013-6391, CVE-2020-12689, CVE-2022-2447), and taking anything away ends what stands on it
 * and nothing else.
 */
describe('whatever is lent, passed on and exchanged', () => {
  let house: House
  let sessions = 0
  const kinds = new Set<string>()
  before(async () => {
    house = await openHouse()
  })
  after(() => house.close())

  for (let seed = 1; seed <= 4; seed++) {
    it(`is never more than it comes from, and ends exactly with it (seed ${seed})`, async () => {
      const world = await openDelegationWorld(house, seed)
      for (let round = 0; round < 7; round++) {
        for (let step = 0; step < 10; step++) await world.grow()
        const cut = round === 0 ? 'nothing' : await world.cut()
        const expected = world.sessions.filter(world.stands).map(({ name }) => name)
        assert.deepEqual([...(await world.valid())], expected, `seed ${seed}, after the end of ${cut}`)
      }
      sessions += world.sessions.length
      for (const { kind } of world.lent) kinds.add(kind)
    })
  }

  it('was tried on every way of lending', () => {
    assert.ok(sessions > 50, `${sessions} sessions`)
    assert.equal(kinds.size, 4)
  })
})
