/**
 * The threads that hash: started when a job needs one, ended when none needed it for a while, since each takes megabytes.
 * There are as many as jobs are under way at once; the pool that hands the jobs out (`kdf-pool.ts`) is what bounds that.
 * They keep no process from ending.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { KdfJob } from './kdf-thread.ts'

/** Their heaps hold nothing but code: what a hash needs lies outside. Megabytes. */
const HEAP = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 }

const REST_MS = 10_000

/** The threads without a job, the last to come first, and what ends them. */
const resting: { readonly thread: Worker; readonly ending: NodeJS.Timeout }[] = []

/**
 * What a job gives: a verdict for `verify`, a stored hash for `write`. Rejects with what the thread failed of (a platform
 * without the native module); that thread is gone then, and the next job starts another.
 */
export function computeBeside(job: KdfJob & { readonly verify: string }): Promise<boolean>
export function computeBeside(job: KdfJob & { readonly write: object }): Promise<string>
export function computeBeside(job: KdfJob): Promise<boolean | string> {
  const thread = awoken() ?? start()
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      thread.off('message', done).off('error', failed).off('exit', ended)
      thread.unref()
    }
    const done = (outcome: boolean | string): void => {
      leave()
      rest(thread)
      resolve(outcome)
    }
    const failed = (error: Error): void => {
      leave()
      reject(error)
    }
    const ended = (): void => failed(new Error('the thread that hashed is gone'))
    thread.on('message', done).on('error', failed).on('exit', ended)
    thread.postMessage(job)
  })
}

function rest(thread: Worker): void {
  const ending = setTimeout(() => {
    resting.splice(
      resting.findIndex((each) => each.thread === thread),
      1,
    )
    void thread.terminate()
  }, REST_MS).unref()
  resting.push({ thread, ending })
}

function awoken(): Worker | undefined {
  const last = resting.pop()
  clearTimeout(last?.ending)
  last?.thread.ref()
  return last?.thread
}

function start(): Worker {
  // Sources in development, the bundle otherwise.
  const program = new URL(`./kdf-thread${extname(import.meta.filename)}`, import.meta.url)
  return new Worker(program, { name: 'kdf', resourceLimits: HEAP })
}
