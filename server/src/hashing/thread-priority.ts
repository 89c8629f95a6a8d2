/**
 * Lets libuv's threads, where passwords are hashed, stand back for the event loop: where cores are short a hash can wait a
 * few milliseconds, and a validation need not wait for a hash. Linux keeps a niceness for each thread; elsewhere it is one
 * for the whole process, and nothing is done.
 */
import { readdir, readFile } from 'node:fs/promises'
import { getPriority, setPriority } from 'node:os'

/** Nicer than the process by so much; a thread weighs a ninth then (sched(7)). */
const NICER = 10
const NICEST = 19
const THREADS = '/proc/self/task'

/**
 * Makes the pool's threads nicer, and starts them if need be. Gives how many it found: none where threads have no names or
 * no niceness. Never refuses: it is only about who waits for whom.
 */
export async function yieldToOthers(): Promise<number> {
  if (process.platform !== 'linux') return 0
  // Reading a folder is work for the pool, which starts all its threads with the first.
  const threads = await readdir(THREADS).catch(() => [])
  const nicer = await Promise.all(threads.map(makeNicer))
  return nicer.filter((done) => done).length
}

async function makeNicer(thread: string): Promise<boolean> {
  try {
    const name = await readFile(`${THREADS}/${thread}/comm`, 'latin1')
    if (!name.startsWith('libuv-worker')) return false
    setPriority(Number(thread), Math.min(NICEST, getPriority(process.pid) + NICER))
    return true
  } catch {
    return false
  }
}
