/**
 * Document 004 from end to end, with nothing pretended: the real service on a new data folder, accounts made with its command
 * line, the example service in a process of its own guarded by the client, and a caller with curl's means.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { type RunningServer, startServer, tokenhouse } from '../../tools/running-server.ts'
import { root } from '../../tools/step.ts'

const PASSWORD = 'Correct-Horse-7'
const CACHE_SECONDS = 1
const TOKEN_SECONDS = 15

interface Issued {
  readonly token: string
  readonly projectId: string
  readonly expiresAt: number
}

let folder = ''
let keystone: RunningServer
let service = ''
let stopService: () => Promise<void>

async function startExample(authUrl: string): Promise<void> {
  const child = spawn(process.execPath, ['-C', 'development', 'examples/instances-service/main.ts'], {
    cwd: root,
    env: {
      ...process.env,
      OS_AUTH_URL: authUrl,
      OS_USERNAME: 'rds',
      OS_PASSWORD: PASSWORD,
      OS_PROJECT_NAME: 'service',
      CACHE_SECONDS: String(CACHE_SECONDS),
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stopService = async () => {
    child.kill()
    await once(child, 'exit')
  }
  for await (const line of createInterface({ input: child.stdout })) {
    service = /^ready (\S+)$/.exec(line)?.[1] ?? ''
    break
  }
}

async function issue(project: string): Promise<Issued> {
  const user = { name: 'ann', password: PASSWORD, domain: { name: 'Default' } }
  const scope = { project: { name: project, domain: { name: 'Default' } } }
  const response = await fetch(`${keystone.url}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } }),
  })
  assert.equal(response.status, 201)
  const { token } = (await response.json()) as { token: { project: { id: string }; expires_at: string } }
  return {
    token: response.headers.get('x-subject-token') ?? '',
    projectId: token.project.id,
    expiresAt: Date.parse(token.expires_at),
  }
}

async function call(projectId: string, token?: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${service}/v3/${projectId}/instances`, {
    headers: { ...headers, ...(token !== undefined && { 'X-Auth-Token': token }) },
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

describe('a service call with a token (document 004)', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'example-service-'))
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, PASSWORD, { mode: 0o600 })
    const dataDir = join(folder, 'var')
    keystone = await startServer({
      dataDir,
      adminPassword: PASSWORD,
      flags: ['--token-ttl', String(TOKEN_SECONDS)],
    })
    for (const project of ['alpha', 'beta', 'service']) tokenhouse(dataDir, 'project', 'create', project)
    for (const user of ['ann', 'rds'])
      tokenhouse(dataDir, 'user', 'create', user, '--password-file', passwordFile)
    for (const project of ['alpha', 'beta']) {
      tokenhouse(dataDir, 'role', 'grant', 'member', '--user', 'ann', '--project', project)
    }
    tokenhouse(dataDir, 'role', 'grant', 'service', '--user', 'rds', '--project', 'service')
    await startExample(keystone.url)
  })
  after(async () => {
    await stopService?.()
    await keystone?.stop()
    rmSync(folder, { recursive: true })
  })

  it('200 for the token’s own project', async () => {
    const { token, projectId } = await issue('alpha')
    const { status, body } = await call(projectId, token)
    assert.equal(status, 200)
    assert.equal(body['total_count'], 1)
  })

  it('403 for another project, though its user may enter that one too', async () => {
    const alpha = await issue('alpha')
    const beta = await issue('beta')
    assert.equal((await call(beta.projectId, alpha.token)).status, 403)
    assert.equal((await call(beta.projectId, beta.token)).status, 200)
  })

  it('401 missing', async () => {
    const { status, headers, body } = await call('x')
    assert.equal(status, 401)
    assert.equal(headers.get('www-authenticate'), `Keystone uri="${keystone.url}"`)
    assert.equal(body['error_code'], 'APIGW.0301')
    assert.equal(body['error_msg'], 'Incorrect IAM authentication information: x-auth-token not found')
  })

  it('401 garbage, and every kind of altered token', async () => {
    const { token, projectId } = await issue('alpha')
    const half = token.length >> 1
    const altered = [
      'garbage',
      token.slice(0, -1),
      `${token}A`,
      token.slice(0, half) + (token[half] === 'A' ? 'B' : 'A') + token.slice(half + 1),
      token.toLowerCase(),
    ]
    for (const bad of altered) {
      const { status, body } = await call(projectId, bad)
      assert.equal(status, 401)
      assert.equal(body['error_msg'], 'Incorrect IAM authentication information: decrypt token fail')
    }
  })

  it('401 with forged identity headers and no token', async () => {
    const { projectId } = await issue('alpha')
    const forged = {
      'X-Identity-Status': 'Confirmed',
      'X-Project-Id': projectId,
      'X-Roles': 'admin',
      X_User_Id: 'a',
    }
    assert.equal((await call(projectId, undefined, forged)).status, 401)
  })

  it('401 revoked, once the cached second is over', async () => {
    const { token, projectId } = await issue('alpha')
    assert.equal((await call(projectId, token)).status, 200)
    const response = await fetch(`${keystone.url}/auth/tokens`, {
      method: 'DELETE',
      headers: { 'X-Auth-Token': token, 'X-Subject-Token': token },
    })
    assert.equal(response.status, 204)
    await wait(CACHE_SECONDS * 1000)
    const { status, body } = await call(projectId, token)
    assert.equal(status, 401)
    assert.equal(body['error_msg'], 'Incorrect IAM authentication information: decrypt token fail')
  })

  it('401 expired, and when; the service’s own token has been renewed meanwhile', async () => {
    const { token, projectId, expiresAt } = await issue('alpha')
    assert.equal((await call(projectId, token)).status, 200)
    await wait(expiresAt - Date.now() + 10)
    const { status, body } = await call(projectId, token)
    assert.equal(status, 401)
    const when = new Date(expiresAt).toISOString().replace('Z', '000Z')
    assert.equal(
      body['error_msg'],
      `Incorrect IAM authentication information: token expires, expires_at: ${when}`,
    )
    const fresh = await issue('alpha')
    assert.equal((await call(projectId, fresh.token)).status, 200)
  })

  it('the curl lines of the example’s README answer what they say', () => {
    const readme = readFileSync(join(root, 'examples', 'instances-service', 'README.md'), 'utf8')
    const lines = readme.slice(readme.indexOf('In a third:')).matchAll(/^ {4}(.*)$/gm)
    const script = [...lines]
      .map(([, line = '']) => line)
      .join('\n')
      .replace('. var/openrc', `. ${join(folder, 'var', 'openrc')}`)
      .replaceAll('localhost:8080', new URL(service).host)
    const printed = execFileSync('bash', ['-euc', script], { encoding: 'utf8' })
    const statuses = [...printed.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => Number(status))
    const promised = [...script.matchAll(/# (\d{3}) /g)].map(([, status]) => Number(status))
    assert.deepEqual(statuses, promised)
    assert.deepEqual(statuses, [200, 403, 401, 401])
  })

  it('503 when the token service is stopped, never 401', async () => {
    const { token, projectId } = await issue('alpha')
    assert.equal(await keystone.stop(), 0)
    for (const any of [token, 'not-seen-before']) {
      const { status, headers, body } = await call(projectId, any)
      assert.equal(status, 503)
      assert.ok(Number(headers.get('retry-after')) > 0)
      assert.equal(body['error_code'], 'APIGW.0613')
    }
  })
})
