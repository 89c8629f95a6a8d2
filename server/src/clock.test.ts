import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClock } from './clock.ts'

describe('the clock of the service', () => {
  /** A machine that has run for `steady` milliseconds and whose clock shows `wall`. */
  const machine = { wall: 1_700_000_000_000, steady: 5000 }
  const now = createClock(
    () => Math.floor(machine.wall),
    () => machine.steady,
  )
  const pass = (wall: number, steady: number): void => {
    machine.wall += wall
    machine.steady += steady
  }

  it('tells microseconds', () => {
    assert.equal(now(), 1_700_000_000_000_000)
    pass(0.25, 0.25)
    assert.equal(now(), 1_700_000_000_000_250)
  })

  it('follows a machine that slept, whose uptime stood still', () => {
    pass(8 * 3600_000, 10)
    const late = now() - machine.wall * 1000
    assert.ok(Math.abs(late) <= 1000, `${late} microseconds off`)
  })

  it('goes on when the machine is set back', () => {
    const before = now()
    pass(-3600_000, 10)
    assert.equal(now(), before + 10_000)
  })
})
