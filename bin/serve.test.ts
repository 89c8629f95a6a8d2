import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'

const launcher = join(import.meta.dirname, 'tokenhouse.mjs')
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TOKENHOUSE|npm)_/.test(name)),
)

/** A started service and the lines it printed up to `ready`. */
async function start(dataDir: string, ...args: string[]): Promise<{ child: ChildProcess; lines: string[] }> {
  const anyPort = ['port', 'huawei-port', 'alibaba-port', 'engine-port', 'admin-port'].flatMap((name) => [
    `--${name}`,
    '0',
  ])
  const flags = ['--data-dir', dataDir, ...anyPort, ...args]
  const child = spawn(process.execPath, [launcher, 'serve', ...flags], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line)
    if (line.startsWith('ready ')) break
  }
  return { child, lines }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<unknown> {
  child.kill(signal)
  return child.exitCode ?? (await once(child, 'exit'))[0]
}

function addressOf(lines: readonly string[], face: string): string {
  return lines.find((line) => line.startsWith(`face ${face} `))!.split(' ')[2]!
}

describe('tokenhouse serve, bundled, in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-serve-'))
  const dataDir = join(folder, 'var')
  let started: Awaited<ReturnType<typeof start>>

  before(async () => {
    started = await start(dataDir)
  })
  after(async () => {
    await stop(started.child)
    rmSync(folder, { recursive: true })
  })

  const requestToken = async (): Promise<Response> =>
    fetch(`${started.lines.at(-1)!.slice('ready '.length)}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: readFileSync(join(dataDir, 'token-request.json')),
    })

  it('prints the faces, the credentials, a first token and ready, in this order', () => {
    assert.deepEqual(
      started.lines.map((line) => line.split(' ')[0]),
      [
        ...started.lines.filter((line) => line.startsWith('face ')).map(() => 'face'),
        'credentials',
        'first',
        'ready',
      ],
    )
    assert.equal(started.lines.at(-1), `ready ${addressOf(started.lines, 'openstack')}/v3`)
  })

  it('201 gives a token for the printed request', async () => {
    const answer = await requestToken()
    assert.equal(answer.status, 201, await answer.text())
    assert.match(answer.headers.get('x-subject-token') ?? '', /^gAAAA/)
  })

  it('keeps its files closed to others', () => {
    for (const name of ['clouds.yaml', 'openrc', 'token-request.json', 'root.key', 'tokenhouse.db']) {
      assert.equal(statSync(join(dataDir, name)).mode & 0o777, 0o600, name)
    }
  })

  it('200 on the pages of the admin port', async () => {
    const admin = addressOf(started.lines, 'admin')
    assert.equal((await fetch(`${admin}/healthz`)).status, 200)
    assert.equal((await fetch(`${admin}/readyz`)).status, 200)
    assert.match(await (await fetch(`${admin}/metrics`)).text(), /^process_resident_memory_bytes \d+$/m)
  })

  it('sees what a command changed at the next request', async () => {
    const api = started.lines.at(-1)!.slice('ready '.length)
    const token = (await requestToken()).headers.get('x-subject-token')!
    const check = () =>
      fetch(`${api}/auth/tokens`, { headers: { 'x-auth-token': token, 'x-subject-token': token } })
    assert.equal((await check()).status, 200)
    const reset = ['bootstrap', '--reset-password', '--data-dir', dataDir, '--public-url', api]
    const command = spawn(process.execPath, [launcher, ...reset], { env, stdio: 'ignore' })
    assert.deepEqual(await once(command, 'exit'), [0, null])
    assert.equal((await check()).status, 401)
    assert.equal((await requestToken()).status, 201)
  })

  it('exits 0 on SIGTERM, and starts again with the same password at another address', async () => {
    assert.equal(await stop(started.child), 0)
    started = await start(dataDir)
    assert.equal((await requestToken()).status, 201)
    const yaml = readFileSync(join(dataDir, 'clouds.yaml'), 'utf8')
    assert.ok(
      yaml.includes(`auth_url: "${started.lines.at(-1)!.slice('ready '.length)}"`),
      'clouds.yaml follows the address',
    )
  })

  it('exits 0 on SIGINT sent twice, as a terminal under npm does', async () => {
    started.child.kill('SIGINT')
    assert.equal(await stop(started.child, 'SIGINT'), 0)
    started = await start(dataDir)
  })
})

describe('tokenhouse serve with a log file', () => {
  it('opens it anew on SIGHUP, and goes on', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-serve-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const log = join(folder, 'log')
    const { child, lines } = await start(join(folder, 'var'), '--log-file', log)
    renameSync(log, `${log}.1`)
    child.kill('SIGHUP')
    while (!existsSync(log)) {
      assert.equal(child.exitCode, null)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.equal((await fetch(`${addressOf(lines, 'admin')}/healthz`)).status, 200)
    assert.equal(await stop(child), 0)
    assert.match(readFileSync(log, 'utf8'), /"msg":"stopping"/)
  })
})

describe('tokenhouse serve refuses to start', () => {
  const refuse = async (variables: Record<string, string>, ...args: string[]) => {
    const child = spawn(process.execPath, [launcher, 'serve', ...args], {
      env: { ...env, ...variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let told = ''
    child.stderr.on('data', (chunk) => {
      told += chunk
    })
    const [exit] = await once(child, 'close')
    return { exit, told }
  }

  it('exit 2 on plain HTTP beyond this machine', async () => {
    const { exit, told } = await refuse({}, '--host', '0.0.0.0')
    assert.deepEqual([exit, told.split(' ').slice(0, 2).join(' ')], [2, 'tokenhouse: host'])
  })

  it('exit 2 on a hopeful boolean and on an unknown variable, by name', async () => {
    assert.match(
      (await refuse({ TOKENHOUSE_INSECURE_HTTP: 'False' })).told,
      /TOKENHOUSE_INSECURE_HTTP must be true or false/,
    )
    const { exit, told } = await refuse({ TOKENHOUSE_TOKENTTL: '1' })
    assert.equal(exit, 2)
    assert.match(told, /TOKENHOUSE_TOKENTTL is no setting/)
  })
})
