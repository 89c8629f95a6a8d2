import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { describe, it } from 'node:test'
import { yieldToOthers } from './thread-priority.ts'

describe('threads that hash', { skip: process.platform !== 'linux' && 'Linux only' }, () => {
  it('stand back for the event loop, all of them, and nothing else does', async () => {
    const own = getPriority(process.pid)
    const found = await yieldToOthers()
    const threads = readdirSync('/proc/self/task').map((id) => ({
      pooled: readFileSync(`/proc/self/task/${id}/comm`, 'latin1').startsWith('libuv-worker'),
      niceness: getPriority(Number(id)),
    }))
    const pool = threads.filter(({ pooled }) => pooled)
    assert.equal(found, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4))
    assert.deepEqual(
      pool.map(({ niceness }) => niceness),
      Array.from({ length: found }, () => Math.min(19, own + 10)),
    )
    assert.equal(getPriority(process.pid), own)
  })
})
