import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKdfPool } from './kdf-pool.ts'

/** A task that ends when told, and tells when it began. */
function handmade(name: string, began: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const task = () => {
    began.push(name)
    return promise
  }
  return { task, end: () => resolve(name), fail: (error: Error) => reject(error) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('no more than the given number run at once, the others in the order they came', async () => {
  const began: string[] = []
  const pool = createKdfPool({ threads: 2, queue: 10 })
  const jobs = ['a', 'b', 'c', 'd', 'e'].map((name) => handmade(name, began))
  const outcomes = jobs.map(({ task }) => pool.run(task))
  assert.deepEqual(began, ['a', 'b'])
  assert.deepEqual(
    { running: pool.stats().running, waiting: pool.stats().waiting },
    { running: 2, waiting: 3 },
  )
  jobs[1]!.end()
  await turn()
  assert.deepEqual(began, ['a', 'b', 'c'])
  for (const { end } of jobs) end()
  assert.deepEqual(await Promise.all(outcomes), ['a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(began, ['a', 'b', 'c', 'd', 'e'])
  const { running, waiting, completed } = pool.stats()
  assert.deepEqual({ running, waiting, completed }, { running: 0, waiting: 0, completed: 5 })
})

test('who finds the queue full is told when to come back, by the time a hash takes', async () => {
  const began: string[] = []
  const pool = createKdfPool({ threads: 1, queue: 30 })
  const jobs = Array.from({ length: 31 }, (_, index) => handmade(String(index), began))
  const outcomes = jobs.map(({ task }) => pool.run(task))
  // 31 hashes of an assumed 100 ms on one thread
  await assert.rejects(pool.run(handmade('late', began).task), { code: 'busy', detail: { retryAfter: 4 } })
  assert.equal(pool.stats().refused, 1)
  for (const { end } of jobs) end()
  await Promise.all(outcomes)
  assert.equal(began.includes('late'), false)
})

test('lanes take turns: one client with many requests does not make another wait for all of them', async () => {
  const began: string[] = []
  const pool = createKdfPool({ threads: 1, queue: 10 })
  const names = ['flood1', 'flood2', 'flood3', 'flood4', 'calm1', 'other1', 'calm2']
  const jobs = names.map((name) => ({ name, ...handmade(name, began) }))
  const outcomes = jobs.map(({ name, task }) => pool.forRequest({ lane: name.slice(0, -1) }).run(task))
  for (const { end } of jobs) end()
  await Promise.all(outcomes)
  assert.deepEqual(began, ['flood1', 'flood2', 'calm1', 'other1', 'flood3', 'calm2', 'flood4'])
})

test('a full queue gives up the last place of the longest lane to a newcomer, never to the flood itself', async () => {
  const began: string[] = []
  const pool = createKdfPool({ threads: 1, queue: 3 })
  const jobs = ['flood1', 'flood2', 'flood3', 'flood4'].map((name) => handmade(name, began))
  const outcomes = jobs.map(({ task }) => pool.forRequest({ lane: 'flood' }).run(task))
  const flood5 = handmade('flood5', began)
  await assert.rejects(pool.forRequest({ lane: 'flood' }).run(flood5.task), { code: 'busy' })
  const calm = handmade('calm', began)
  const calmOutcome = pool.forRequest({ lane: 'calm' }).run(calm.task)
  await assert.rejects(outcomes[3]!, { code: 'busy' })
  assert.equal(pool.stats().waiting, 3)
  for (const { end } of [...jobs, calm]) end()
  assert.equal(await calmOutcome, 'calm')
  assert.deepEqual(await Promise.all(outcomes.slice(0, 3)), ['flood1', 'flood2', 'flood3'])
})

test('a client that leaves the queue is not computed for', async () => {
  const began: string[] = []
  const pool = createKdfPool({ threads: 1, queue: 10 })
  const first = handmade('first', began)
  const firstOutcome = pool.run(first.task)
  const controller = new AbortController()
  const left = pool.forRequest({ signal: controller.signal }).run(handmade('left', began).task)
  const stays = handmade('stays', began)
  const staysOutcome = pool.run(stays.task)
  controller.abort()
  await assert.rejects(left, { code: 'busy' })
  await assert.rejects(pool.forRequest({ signal: controller.signal }).run(handmade('late', began).task), {
    code: 'busy',
  })
  first.end()
  stays.end()
  await Promise.all([firstOutcome, staysOutcome])
  assert.deepEqual(began, ['first', 'stays'])
  const { gone, completed, waiting } = pool.stats()
  assert.deepEqual({ gone, completed, waiting }, { gone: 2, completed: 2, waiting: 0 })
})

test('a client that leaves while its hash runs still gets the hash, and nothing else breaks', async () => {
  const pool = createKdfPool({ threads: 1, queue: 10 })
  const job = handmade('running', [])
  const controller = new AbortController()
  const outcome = pool.forRequest({ signal: controller.signal }).run(job.task)
  controller.abort()
  job.end()
  assert.equal(await outcome, 'running')
})

test('a hash that fails gives its place to the next', async () => {
  const began: string[] = []
  const pool = createKdfPool({ threads: 1, queue: 10 })
  const bad = handmade('bad', began)
  const badOutcome = pool.run(bad.task)
  const good = handmade('good', began)
  const goodOutcome = pool.run(good.task)
  bad.fail(new Error('out of memory'))
  good.end()
  await assert.rejects(badOutcome, /out of memory/)
  assert.equal(await goodOutcome, 'good')
  assert.equal(pool.stats().failed, 1)
})

test('who asks for a place first is refused while there is none, before any work', async () => {
  const pool = createKdfPool({ threads: 1, queue: 1 })
  pool.demandPlace()
  const running = handmade('running', [])
  const first = pool.run(running.task)
  pool.demandPlace()
  const waiting = handmade('waiting', [])
  const second = pool.run(waiting.task)
  assert.throws(() => pool.demandPlace(), { code: 'busy' })
  assert.equal(pool.stats().refused, 1)
  running.end()
  waiting.end()
  await Promise.all([first, second])
  pool.demandPlace()
})

test('there is a place in a full queue for who waits less than others do', async () => {
  const pool = createKdfPool({ threads: 1, queue: 2 })
  const jobs = ['flood1', 'flood2', 'flood3'].map((name) => handmade(name, []))
  const flood = pool.forRequest({ lane: 'flood' })
  const outcomes = jobs.map(({ task }) => flood.run(task))
  assert.throws(() => flood.demandPlace(), { code: 'busy' })
  pool.forRequest({ lane: 'calm' }).demandPlace()
  for (const { end } of jobs) end()
  await Promise.all(outcomes)
})

test('a pool that could never answer is refused', () => {
  for (const size of [
    { threads: 0, queue: 1 },
    { threads: 1.5, queue: 1 },
    { threads: 1, queue: -1 },
    { threads: Number.NaN, queue: 1 },
  ])
    assert.throws(() => createKdfPool(size), RangeError)
})
