import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { platform } from 'node:os'
import { mock, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { computeBeside } from './kdf-threads.ts'
import type { PasswordSettings } from './new-hash.ts'

const password = Buffer.from('Secret-1')
const settings: PasswordSettings = { passwordHash: 'bcrypt', bcryptRounds: 4 }
const unknown = { ...settings, passwordHash: 'plain' } as unknown as PasswordSettings

/** Of each thread of this process, by `man 5 proc`: field 19 of its stat, the 17th after the name in parentheses. */
function nices(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
}

test('a thread that fails takes its own job with it and no other', async () => {
  const [failed, made] = await Promise.allSettled([
    computeBeside({ write: unknown, password }),
    computeBeside({ write: settings, password }),
  ])
  assert.equal(failed.status, 'rejected')
  assert.ok(made.status === 'fulfilled')
  assert.equal(await computeBeside({ verify: made.value, password }), true)
  assert.equal(await computeBeside({ verify: made.value, password: Buffer.from('Secret-2') }), false)
})

test('a hash makes way for everything else that wants the core', async () => {
  await computeBeside({ write: settings, password })
  if (platform() !== 'linux') return
  const [own = 0, ...others] = nices()
  assert.ok(others.includes(Math.max(own, 10)))
})

test('a thread that nobody needs for ten seconds ends, and the next hash has another', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const stored = await computeBeside({ write: settings, password })
    const before = platform() === 'linux' ? nices().length : 1
    mock.timers.tick(9999)
    assert.equal(await computeBeside({ verify: stored, password }), true)
    mock.timers.tick(10_000)
    while (platform() === 'linux' && nices().length >= before) await setImmediate()
    assert.equal(await computeBeside({ verify: stored, password }), true)
  } finally {
    mock.timers.reset()
  }
})
