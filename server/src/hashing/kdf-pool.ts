/**
 * The bought capacity for slow password hashes: at most `threads` of them run at once, at most `queue` wait, and who
 * comes later is refused as `busy` with the seconds to wait (429 with Retry-After on the wire).
 *
 * It is for anything that burns tens of milliseconds of CPU on libuv's thread pool: bcrypt and argon2 (native
 * modules) as well as scrypt and PBKDF2 (`node:crypto`). It is not for I/O and it starts no threads itself.
 *
 * libuv's pool is shared with file reads and DNS look-ups and has 4 threads unless UV_THREADPOOL_SIZE says otherwise.
 * Were `threads` as large as that pool, a login storm would stop every file read. So the entry point has to set
 *
 *     process.env.UV_THREADPOOL_SIZE = String(kdfThreads + 4)
 *
 * before the first asynchronous file, DNS or crypto call of the process; libuv reads it once, at that call. The event
 * loop itself is never busy with a hash, so validating tokens goes on beside a storm of logins, as long as `threads`
 * leaves it a core.
 *
 * Waiting is fair between lanes (a lane is whoever the caller names: a client address, a user): lanes take turns,
 * inside a lane the first to come is the first to be served, and when the queue is full a newcomer takes the last
 * place of the longest lane unless its own lane is as long. One flooding client therefore keeps out only itself.
 */

import { Refusal } from '../core/refusal.ts'

/** For whom a hash is computed: which lane waits, and a signal that tells when nobody waits any more. */
export interface KdfRequest {
  readonly lane?: string
  readonly signal?: AbortSignal
}

export interface KdfRunner {
  /**
   * Runs one hash when its turn comes and gives what it gave or threw. Refuses with `busy` and an estimate of the
   * seconds to wait (at least 1) when the queue is full, and when the client left before its turn.
   */
  readonly run: <T>(task: () => Promise<T>) => Promise<T>
  /** Refuses with `busy` at once where `run` would: ask before looking anything up, so that a storm costs little. */
  readonly demandPlace: () => void
}

export interface KdfStats {
  readonly threads: number
  readonly queue: number
  readonly running: number
  readonly waiting: number
  /** Totals since the pool was made. */
  readonly completed: number
  readonly failed: number
  readonly refused: number
  readonly gone: number
  /** Moving average of what one hash took, waiting not counted. */
  readonly meanMilliseconds: number
}

export interface KdfPool extends KdfRunner {
  /** The same pool for one request: its hashes wait in `request.lane` and are dropped when `request.signal` aborts. */
  readonly forRequest: (request: KdfRequest) => KdfRunner
  readonly stats: () => KdfStats
}

interface Job {
  readonly lane: string
  readonly start: () => void
  readonly refuse: (refusal: Refusal) => void
}

/** What a hash is assumed to take before the first one was measured. */
const ASSUMED_MILLISECONDS = 100

/**
 * Makes the pool. `threads` (at least 1) is how many hashes run at once, `queue` (at least 0) how many may wait.
 * Throws RangeError for anything else: a pool of no threads would never answer.
 */
export function createKdfPool(size: { readonly threads: number; readonly queue: number }): KdfPool {
  const { threads, queue } = size
  if (!Number.isSafeInteger(threads) || threads < 1) throw new RangeError('threads must be 1 or more')
  if (!Number.isSafeInteger(queue) || queue < 0) throw new RangeError('queue must be 0 or more')

  const lanes = new Map<string, Job[]>()
  const total = { completed: 0, failed: 0, refused: 0, gone: 0 }
  let running = 0
  let waiting = 0
  let meanMilliseconds = ASSUMED_MILLISECONDS

  const busy = (): Refusal => {
    total.refused += 1
    const seconds = ((waiting + 1) * meanMilliseconds) / threads / 1000
    return new Refusal('busy', 'password hashing is at its limit', {
      retryAfter: Math.max(1, Math.ceil(seconds)),
    })
  }

  const gone = (): Refusal => {
    total.gone += 1
    return new Refusal('busy', 'the client left before its password was hashed')
  }

  const remove = (job: Job): boolean => {
    const lane = lanes.get(job.lane)
    const index = lane?.indexOf(job) ?? -1
    if (lane === undefined || index < 0) return false
    lane.splice(index, 1)
    if (lane.length === 0) lanes.delete(job.lane)
    waiting -= 1
    return true
  }

  const next = (): Job | undefined => {
    for (const [name, lane] of lanes) {
      const job = lane[0]
      if (job === undefined) continue
      remove(job)
      // A lane that still has somebody waiting goes to the end of the round.
      if (lanes.delete(name)) lanes.set(name, lane)
      return job
    }
    return undefined
  }

  const fill = (): void => {
    while (running < threads) {
      const job = next()
      if (job === undefined) return
      job.start()
    }
  }

  /** Who gives up a place to a newcomer in that lane: the last of the longest, where that is longer; else undefined. */
  const lastBefore = (name: string): Job | undefined => {
    const own = lanes.get(name)?.length ?? 0
    let longest: Job[] = []
    for (const lane of lanes.values()) if (lane.length > longest.length) longest = lane
    return longest.length > own + 1 ? longest.at(-1) : undefined
  }

  const makeRoomFor = (name: string): boolean => {
    if (waiting < queue) return true
    const last = lastBefore(name)
    if (last === undefined) return false
    remove(last)
    last.refuse(busy())
    return true
  }

  const demandPlace = ({ lane = '' }: KdfRequest): void => {
    if (running >= threads && waiting >= queue && !lastBefore(lane)) throw busy()
  }

  const compute = async <T>(task: () => Promise<T>): Promise<T> => {
    running += 1
    const began = performance.now()
    try {
      const value = await task()
      total.completed += 1
      meanMilliseconds += (performance.now() - began - meanMilliseconds) / 8
      return value
    } catch (error) {
      total.failed += 1
      throw error
    } finally {
      running -= 1
      fill()
    }
  }

  const run = <T>(task: () => Promise<T>, request: KdfRequest): Promise<T> => {
    const { lane = '', signal } = request
    if (signal?.aborted) return Promise.reject(gone())
    if (running < threads) return compute(task)
    if (!makeRoomFor(lane)) return Promise.reject(busy())

    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (remove(job)) reject(gone())
      }
      const job: Job = {
        lane,
        start: () => {
          signal?.removeEventListener('abort', leave)
          resolve(compute(task))
        },
        refuse: (refusal) => {
          signal?.removeEventListener('abort', leave)
          reject(refusal)
        },
      }
      const line = lanes.get(lane)
      if (line === undefined) lanes.set(lane, [job])
      else line.push(job)
      waiting += 1
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  return {
    run: (task) => run(task, {}),
    demandPlace: () => demandPlace({}),
    forRequest: (request) => ({
      run: (task) => run(task, request),
      demandPlace: () => demandPlace(request),
    }),
    stats: () => ({ threads, queue, running, waiting, ...total, meanMilliseconds }),
  }
}
