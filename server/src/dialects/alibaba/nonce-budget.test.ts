import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nonceBudget } from './nonce-budget.ts'

describe('nonce budget', () => {
  it('ends for a key that used all of it, for no other, and begins anew', () => {
    const budget = nonceBudget(2)
    assert.deepEqual([budget.take('a', 0), budget.take('a', 1), budget.take('a', 2)], [true, true, false])
    assert.equal(budget.take('b', 2), true)
    assert.equal(budget.take('a', 1_799e6), false)
    assert.equal(budget.take('a', 1_800e6), true)
  })
})
