/**
 * Two accounts from end to end: B's user acts as A's agency on the real face, and calls a guarded service in a process of its
 * own with the token: A's project opens, B's does not, and nothing does once A deletes the agency.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { type RunningServer, startServer, tokenhouse } from '../../tools/running-server.ts'
import { root } from '../../tools/step.ts'

const PASSWORD = 'Correct-Horse-7'

interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

interface Named {
  readonly id: string
  readonly name: string
}

describe('an agency between two accounts', () => {
  let folder = ''
  let server: RunningServer
  let service = ''
  let stopService = async (): Promise<void> => undefined
  const ids: Record<string, string> = {}

  const call = async <Body = unknown>(
    base: string,
    path: string,
    options: { method?: string; token?: string; body?: unknown } = {},
  ): Promise<Answer<Body>> => {
    const { method = 'GET', token, body } = options
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { 'X-Auth-Token': token }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json;charset=utf8' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as Body,
    }
  }
  const huawei = <Body = unknown>(path: string, options: Parameters<typeof call>[2] = {}) =>
    call<Body>(server.faces['huawei'] ?? '', path, options)
  const login = async (name: string, domain: string): Promise<string> => {
    const user = { name, password: PASSWORD, domain: { name: domain } }
    const identity = { methods: ['password'], password: { user } }
    const answer = await huawei('/v3/auth/tokens', { method: 'POST', body: { auth: { identity } } })
    assert.equal(answer.status, 201)
    return answer.headers.get('x-subject-token') ?? ''
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agency-'))
    const dataDir = join(folder, 'data')
    server = await startServer({ dataDir, adminPassword: PASSWORD })
    const admin = async <Body>(method: string, path: string, body?: unknown) => {
      const answer = await call<Body>(server.url, path, {
        method,
        token,
        ...(body === undefined ? {} : { body }),
      })
      assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    const { token } = JSON.parse(tokenhouse(dataDir, 'token', 'issue', '--json'))
    const { roles } = await admin<{ roles: readonly Named[] }>('GET', '/roles')
    const role = (name: string) => roles.find((known) => known.name === name)?.id
    for (const [name, granted] of [
      ['IAMDomainA', 'secu_admin'],
      ['IAMDomainB', 'te_agency'],
    ] as const) {
      const { domain } = await admin<{ domain: Named }>('POST', '/domains', { domain: { name } })
      const inDomain = { domain_id: domain.id }
      const { project } = await admin<{ project: Named }>('POST', '/projects', {
        project: { name: 'ap-southeast-1', ...inDomain },
      })
      const user = { name: `user-${name}`, password: PASSWORD, ...inDomain }
      const { id } = (await admin<{ user: Named }>('POST', '/users', { user })).user
      await admin('PUT', `/domains/${domain.id}/users/${id}/roles/${role(granted)}`)
      ids[name] = domain.id
      ids[`project-${name}`] = project.id
    }
    const rds = (
      await admin<{ user: Named }>('POST', '/users', { user: { name: 'rds', password: PASSWORD } })
    ).user
    const serviceProject = (
      await admin<{ project: Named }>('POST', '/projects', { project: { name: 'service' } })
    ).project
    await admin('PUT', `/projects/${serviceProject.id}/users/${rds.id}/roles/${role('service')}`)
    const child = spawn(process.execPath, ['-C', 'development', 'examples/instances-service/main.ts'], {
      cwd: root,
      env: {
        ...process.env,
        OS_AUTH_URL: server.url,
        OS_USERNAME: 'rds',
        OS_PASSWORD: PASSWORD,
        OS_PROJECT_NAME: 'service',
        CACHE_SECONDS: '0',
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
  })
  after(async () => {
    await stopService()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('200 on A’s project, 403 on B’s own, 401 once A deleted the agency', async () => {
    const administrator = await login('user-IAMDomainA', 'IAMDomainA')
    const made = await huawei<{ agency: Named }>('/v3.0/OS-AGENCY/agencies', {
      method: 'POST',
      token: administrator,
      body: { agency: { name: 'IAMAgency', domain_id: ids['IAMDomainA'], trust_domain_name: 'IAMDomainB' } },
    })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const agency = made.body.agency.id
    const roles = await huawei<{ roles: readonly Named[] }>('/v3/roles?display_name=Tenant%20Administrator', {
      token: administrator,
    })
    const place = `/v3.0/OS-AGENCY/projects/${ids['project-IAMDomainA']}/agencies/${agency}`
    const grant = await huawei(`${place}/roles/${roles.body.roles[0]?.id}`, {
      method: 'PUT',
      token: administrator,
    })
    assert.equal(grant.status, 204)

    const operator = await login('user-IAMDomainB', 'IAMDomainB')
    const identity = {
      methods: ['assume_role'],
      assume_role: { domain_name: 'IAMDomainA', agency_name: 'IAMAgency' },
    }
    const issued = await huawei('/v3/auth/tokens?nocatalog=true', {
      method: 'POST',
      token: operator,
      body: { auth: { identity, scope: { project: { name: 'ap-southeast-1' } } } },
    })
    assert.equal(issued.status, 201, JSON.stringify(issued.body))
    const token = issued.headers.get('x-subject-token') ?? ''
    const instances = async (project: string) =>
      (await call(service, `/v3/${ids[project]}/instances`, { token })).status
    assert.equal(await instances('project-IAMDomainA'), 200)
    assert.equal(await instances('project-IAMDomainB'), 403)
    const gone = await huawei(`/v3.0/OS-AGENCY/agencies/${agency}`, {
      method: 'DELETE',
      token: administrator,
    })
    assert.equal(gone.status, 204)
    assert.equal(await instances('project-IAMDomainA'), 401)
  })
})
