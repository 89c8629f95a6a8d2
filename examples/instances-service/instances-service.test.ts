import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { createGuard } from '@tokenhouse/client'
import { PASSWORD, startKeystoneDouble } from '../../client/test/keystone-double.ts'
import { renderGatewayRefusal } from './gateway-errors.ts'
import { type Instance, instancesService } from './instances-service.ts'

function instance(name: string): Instance {
  const datastore = { type: 'MySQL', version: '8.0' } as const
  return {
    id: `id-${name}`,
    name,
    status: 'ACTIVE',
    type: 'Single',
    datastore,
    vpc_id: 'v',
    subnet_id: 's',
    volume: { type: 'SSD', size: 40 },
  }
}

async function start(test: TestContext) {
  const keystone = await startKeystoneDouble()
  keystone.put('token-of-p1')
  const guard = createGuard({
    authUrl: keystone.url,
    credentials: { username: 'rds', password: PASSWORD },
    serviceType: 'rds',
    reportExpired: true,
    renderRefusal: renderGatewayRefusal,
  })
  const server = createServer(
    instancesService(guard, (projectId) => [instance(`${projectId}-a`), instance(`${projectId}-b`)]),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.after(async () => {
    guard.close()
    server.close()
    await keystone.close()
  })
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  async function get(path: string, token?: string, method = 'GET') {
    const response = await fetch(base + path, {
      method,
      headers: token === undefined ? {} : { 'X-Auth-Token': token },
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }
  return { get, keystone }
}

describe('GET /v3/{project_id}/instances', () => {
  it('200 the instances of the token’s own project', async (t) => {
    const { get } = await start(t)
    const { status, body } = await get('/v3/p1/instances', 'token-of-p1')
    assert.equal(status, 200)
    assert.deepEqual(body, { instances: [instance('p1-a'), instance('p1-b')], total_count: 2 })
  })

  it('200 filtered and in pages', async (t) => {
    const { get } = await start(t)
    assert.deepEqual((await get('/v3/p1/instances?name=p1-b', 'token-of-p1')).body, {
      instances: [instance('p1-b')],
      total_count: 1,
    })
    assert.deepEqual((await get('/v3/p1/instances?offset=1&limit=1', 'token-of-p1')).body, {
      instances: [instance('p1-b')],
      total_count: 2,
    })
  })

  it('400 a limit above 100, one that is no number', async (t) => {
    const { get } = await start(t)
    for (const query of ['limit=101', 'limit=0', 'limit=x', 'offset=-1', 'limit=1e9']) {
      assert.equal((await get(`/v3/p1/instances?${query}`, 'token-of-p1')).status, 400, query)
    }
  })

  it('403 another project, and for a token without a project or a role', async (t) => {
    const { get, keystone } = await start(t)
    keystone.put('unscoped', { project: undefined, roles: undefined })
    keystone.put('domain', { project: undefined, domain: { id: 'p1', name: 'p1' } })
    keystone.put('no-roles', { roles: [] })
    assert.deepEqual((await get('/v3/p2/instances', 'token-of-p1')).body, {
      error_code: 'DBS.200010',
      error_msg: 'The token is not for this project.',
    })
    for (const token of ['unscoped', 'domain', 'no-roles']) {
      assert.equal((await get('/v3/p1/instances', token)).status, 403, token)
    }
  })

  it('401 in the gateway’s form: missing, garbage, expired', async (t) => {
    const { get, keystone } = await start(t)
    keystone.put('old', { expires_at: '2020-01-01T00:00:00.000000Z' })
    const texts: unknown[] = []
    for (const token of [undefined, 'garbage', 'old']) {
      const { status, headers, body } = await get('/v3/p1/instances', token)
      assert.equal(status, 401)
      assert.equal(headers.get('www-authenticate'), `Keystone uri="${keystone.url}"`)
      assert.deepEqual(Object.keys(body), ['error_msg', 'error_code', 'request_id'])
      assert.equal(body['error_code'], 'APIGW.0301')
      assert.match(String(body['request_id']), /^[0-9a-f]{32}$/)
      texts.push(body['error_msg'])
    }
    assert.deepEqual(texts, [
      'Incorrect IAM authentication information: x-auth-token not found',
      'Incorrect IAM authentication information: decrypt token fail',
      'Incorrect IAM authentication information: token expires, expires_at: 2020-01-01T00:00:00.000000Z',
    ])
  })

  it('503 in the gateway’s form when the token service is away', async (t) => {
    const { get, keystone } = await start(t)
    await keystone.close()
    const { status, headers, body } = await get('/v3/p1/instances', 'token-of-p1')
    assert.equal(status, 503)
    assert.equal(body['error_code'], 'APIGW.0613')
    assert.ok(Number(headers.get('retry-after')) > 0)
  })

  it('404 another path, 405 another method', async (t) => {
    const { get } = await start(t)
    for (const path of ['/v3/p1', '/', '//', '/v3//instances', '/v3/p1/../p2/x', '/v3/%ff/instance']) {
      assert.equal((await get(path, 'token-of-p1')).status, 404, path)
    }
    assert.equal((await get('/v3/p1/instances', 'token-of-p1', 'DELETE')).status, 405)
  })
})
