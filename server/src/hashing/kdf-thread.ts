/**
 * The program of a thread that hashes: one job at a time, each with the whole thread to itself. It makes way for whoever
 * else wants the core (nice): a validation takes a moment and comes first, a login takes long anyhow.
 */
import { getPriority, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { type PasswordSettings, writeHash } from './new-hash.ts'
import { readStoredHash } from './stored-formats.ts'

/** Either whether a stored hash is of this password, or a new hash of it; the password as UTF-8. */
export type KdfJob =
  | { readonly verify: string; readonly password: Uint8Array }
  | { readonly write: PasswordSettings; readonly password: Uint8Array }

const NICE = 10

function outcomeOf(job: KdfJob): boolean | string {
  if ('write' in job) return writeHash(job.password, job.write)
  return readStoredHash(job.verify)?.(job.password) ?? false
}

// Linux alone understands the priority of the process as that of the calling thread. One that is low enough stays.
if (process.platform === 'linux' && getPriority() < NICE) setPriority(NICE)
parentPort?.on('message', (job: KdfJob) => parentPort?.postMessage(outcomeOf(job)))
