import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { type AdminFaceOptions, buildAdminFace } from './admin-face.ts'
import { renderGauges, requestMetrics } from './metrics.ts'

async function face(t: TestContext, options: Partial<AdminFaceOptions> = {}) {
  const server = buildAdminFace({
    documents: { 'an api': () => ({ openapi: '3.1.0' }) },
    ready: async () => {},
    metrics: () => 'm 1\n',
    onUnready: () => {},
    ...options,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
}

describe('admin face', () => {
  it('200 healthz while the process answers', async (t) => {
    const get = await face(t, { ready: () => Promise.reject(new Error('database gone')) })
    assert.equal((await get('/healthz')).status, 200)
  })

  it('200 readyz when everything is there', async (t) => {
    const answer = await (await face(t))('/readyz')
    assert.deepEqual([answer.status, await answer.text()], [200, 'ready\n'])
  })

  it('503 readyz when something is missing, its cause told to the log and not to the caller', async (t) => {
    const told: unknown[] = []
    const fault = new Error('password of postgres://root:secret@db')
    const get = await face(t, { ready: () => Promise.reject(fault), onUnready: (error) => told.push(error) })
    const answer = await get('/readyz')
    assert.deepEqual([answer.status, await answer.text()], [503, 'not ready\n'])
    assert.deepEqual(told, [fault])
  })

  it('200 metrics as Prometheus text', async (t) => {
    const answer = await (await face(t))('/metrics?x=1')
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.equal(await answer.text(), 'm 1\n')
  })

  it('404 for anything else, names of Object included', async (t) => {
    const get = await face(t)
    for (const path of ['/', '/v3', '/constructor', '/__proto__', '/healthz/'])
      assert.equal((await get(path)).status, 404)
  })

  it('OpenBao GO-2025-3783: it takes no orders: 405 for whatever would begin, end or change something', async (t) => {
    let asked = 0
    const get = await face(t, {
      metrics: () => {
        asked += 1
        return ''
      },
      ready: async () => {
        asked += 1
      },
    })
    for (const path of ['/healthz', '/readyz', '/metrics', '/docs', '/openapi/an-api.json']) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
        assert.equal((await get(path, method)).status, 405, `${method} ${path}`)
    }
    for (const path of ['/keys', '/rekey', '/sys/rekey/init', '/rotate', '/shutdown'])
      assert.equal((await get(path, 'DELETE')).status, 404, path)
    assert.equal(asked, 0)
  })
})

describe('metrics', () => {
  it('counts requests by face, operation and status, and their time in buckets', () => {
    const metrics = requestMetrics()
    metrics.observe('openstack', { operation: 'issue_token', status: 201, ms: 4 })
    metrics.observe('openstack', { operation: 'issue_token', status: 401, ms: 6000 })
    metrics.fault('openstack')
    const lines = metrics.render().split('\n')
    for (const line of [
      'tokenhouse_requests_total{face="openstack",operation="issue_token",status="201"} 1',
      'tokenhouse_requests_total{face="openstack",operation="issue_token",status="401"} 1',
      'tokenhouse_faults_total{face="openstack"} 1',
      'tokenhouse_request_seconds_bucket{face="openstack",operation="issue_token",le="0.0025"} 0',
      'tokenhouse_request_seconds_bucket{face="openstack",operation="issue_token",le="0.005"} 1',
      'tokenhouse_request_seconds_bucket{face="openstack",operation="issue_token",le="+Inf"} 2',
      'tokenhouse_request_seconds_sum{face="openstack",operation="issue_token"} 6.004',
    ]) {
      assert.ok(lines.includes(line), line)
    }
    assert.equal(lines.at(-1), '')
  })

  it('shows gauges as they are when asked', () => {
    let value = 1
    const gauge = { name: 'tokenhouse_x', help: 'X.', kind: 'gauge' as const, value: () => value }
    value = 2
    assert.equal(renderGauges([gauge]), '# HELP tokenhouse_x X.\n# TYPE tokenhouse_x gauge\ntokenhouse_x 2\n')
  })
})
