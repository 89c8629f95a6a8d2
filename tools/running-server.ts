/**
 * The service as its own process, for tests and measurements from outside: started with `serve` on free ports, ready when
 * it says so, stopped with a signal.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { cleanEnvironment, root } from './step.ts'

export interface RunningServer {
  /** Base URL of the OpenStack face, ending in `/v3`. */
  readonly url: string
  /** Base URLs of the other faces by name: `huawei`, `admin` ... */
  readonly faces: Readonly<Record<string, string>>
  readonly pid: number
  /** From the start of the process to its `ready` line. */
  readonly readyMs: number
  /** Sends the signal (SIGTERM unless told otherwise) and waits for the end; returns the exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>
}

export interface ServerStart {
  readonly dataDir: string
  readonly adminPassword: string
  /** Further flags of `serve`. */
  readonly flags?: readonly string[]
  /** What Node runs: the sources unless told otherwise. */
  readonly program?: readonly string[]
}

export const sources: readonly string[] = ['-C', 'development', 'server/src/main.ts']

/** Starts the service and waits until it is ready. Rejects when it ends before that. */
export async function startServer({
  dataDir,
  adminPassword,
  flags = [],
  program = sources,
}: ServerStart): Promise<RunningServer> {
  const free = [
    '--port',
    '0',
    '--huawei-port',
    '0',
    '--alibaba-port',
    'off',
    '--engine-port',
    'off',
    '--admin-port',
    '0',
  ]
  const began = performance.now()
  const child = spawn(process.execPath, [...program, 'serve', '--data-dir', dataDir, ...free, ...flags], {
    cwd: root,
    env: { ...cleanEnvironment, TOKENHOUSE_ADMIN_PASSWORD: adminPassword, TOKENHOUSE_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = (): boolean => child.kill()
  process.once('exit', kill)
  const { url, faces } = await readiness(child)
  const readyMs = performance.now() - began
  const ended = once(child, 'exit') as Promise<[number | null]>
  ended.finally(() => process.off('exit', kill))
  return {
    url,
    faces,
    pid: child.pid ?? 0,
    readyMs,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await ended
      return code
    },
  }
}

async function readiness(child: ChildProcess): Promise<Pick<RunningServer, 'url' | 'faces'>> {
  const faces: Record<string, string> = {}
  if (child.stdout === null) throw new Error('no output to read')
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, ...rest] = line.split(' ')
    if (word === 'face') faces[rest[0] ?? ''] = rest[1] ?? ''
    if (word === 'ready') {
      child.stdout.resume()
      return { url: rest[0] ?? '', faces }
    }
  }
  throw new Error('the service ended before it was ready')
}

/** Runs one command of `tokenhouse` on a data folder and returns what it printed. Throws when it fails. */
export function tokenhouse(dataDir: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...sources, ...args, '--data-dir', dataDir],
    {
      cwd: root,
      env: cleanEnvironment,
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`tokenhouse ${args.join(' ')}: ${stderr || stdout}`)
  return stdout
}
