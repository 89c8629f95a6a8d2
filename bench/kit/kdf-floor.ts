/**
 * The floor of a login: the password hash alone, in a process of its own that does nothing else. Tells how many it
 * verified in a second with as many at once as the service has threads.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { verify } from '@node-rs/argon2'
import { compare } from '@node-rs/bcrypt'

export type Hash = 'argon2id' | 'bcrypt'

export interface KdfFloor {
  readonly pid: number
  /** Hashes verified in one slice of time, and how long it really took. */
  readonly slice: (durationMs: number) => Promise<{ readonly count: number; readonly seconds: number }>
  readonly stop: () => Promise<void>
}

export function startKdfFloor(hash: Hash, threads: number): KdfFloor {
  const child = spawn(
    process.execPath,
    ['-C', 'development', import.meta.filename, 'serve', hash, String(threads)],
    {
      env: { ...process.env, UV_THREADPOOL_SIZE: String(threads + 4) },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const kill = (): boolean => child.kill()
  process.once('exit', kill)
  const lines = createInterface({ input: child.stdout })
  return {
    pid: child.pid ?? 0,
    async slice(durationMs) {
      child.stdin.write(`${durationMs}\n`)
      const [line] = (await once(lines, 'line')) as [string]
      return JSON.parse(line)
    },
    async stop() {
      child.stdin.end()
      await once(child, 'exit')
      process.off('exit', kill)
    },
  }
}

/** argon2id as OWASP's least (19 MiB, 2 passes), bcrypt with 12 rounds: what the service writes. */
export const STORED: Readonly<Record<Hash, () => Promise<unknown>>> = {
  argon2id: () =>
    verify(`$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`, 'Bench-Password-1'),
  bcrypt: () => compare('Bench-Password-1', `$2b$12$${'.'.repeat(53)}`),
}

async function serve(hash: Hash, threads: number): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const began = performance.now()
    const endsAt = began + Number(line)
    let count = 0
    const lane = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        await STORED[hash]()
        count++
      }
    }
    await Promise.all(Array.from({ length: threads }, lane))
    console.log(JSON.stringify({ count, seconds: (performance.now() - began) / 1000 }))
  }
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) {
  await serve(process.argv[3] as Hash, Number(process.argv[4]))
}
