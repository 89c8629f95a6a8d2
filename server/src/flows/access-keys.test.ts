import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Refusal } from '../core/refusal.ts'
import { openHouse } from '../testing/house.ts'
import { createAccessKey } from './access-keys.ts'

it('404 an access key of a user who was deleted while it was being made', async () => {
  const house = await openHouse()
  const by = { session: null, action: 'createAccessKey', requestId: 'req-1' }
  const made = createAccessKey(house.ctx, by, { userId: '0'.repeat(32), description: '', limit: 2 })
  await assert.rejects(made, (error) => error instanceof Refusal && error.code === 'not_found')
  await house.close()
})
