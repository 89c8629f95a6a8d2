import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { rotateNamespaceKeys } from '../../flows/namespaces.ts'
import { listNamespaceKeys } from '../../store/namespaces.ts'
import { type NacosHouse, type NamespaceKey, openNacosHouse } from '../../testing/nacos.ts'
import { fromGbk, toGbk } from './gbk.ts'
import { refusalBrake } from './refusal-brake.ts'

const CONFIGS = '/nacos/v1/cs/configs'
const LISTENER = `${CONFIGS}/listener`
const INSTANCE = '/nacos/v1/ns/instance'
const md5 = (text: string | Buffer): string => createHash('md5').update(text).digest('hex')
const line = (...parts: string[]): string => `${parts.join('\u0002')}\u0001`

let house: NacosHouse
let a: NamespaceKey
let b: NamespaceKey

/** Opens a house with two namespaces for a suite, and closes it when the suite is over. */
function withTwoNamespaces(): void {
  before(async () => {
    house = await openNacosHouse()
    a = await house.namespace('cn-shenzhen:a')
    b = await house.namespace('cn-shenzhen:b')
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })
}

describe('the Nacos guard', () => {
  withTwoNamespaces()

  const about = (key: NamespaceKey, dataId = 'app.yaml') => ({
    dataId,
    group: 'DEFAULT_GROUP',
    tenant: key.tenantId,
  })
  const publish = (key: NamespaceKey, content: string, dataId?: string) =>
    house.config({ key, method: 'POST', path: CONFIGS, parameters: { ...about(key, dataId), content } })
  const read = (key: NamespaceKey, dataId?: string) =>
    house.config({ key, path: CONFIGS, parameters: about(key, dataId) })

  it('publishes, reads and removes a configuration', async () => {
    assert.equal((await publish(a, 'a: 1\nb: 值')).text, 'true')
    const found = await read(a)
    assert.equal(found.status, 200)
    assert.equal(found.text, 'a: 1\nb: 值')
    assert.equal(found.headers['content-md5'], md5('a: 1\nb: 值'))
    const removed = await house.config({ key: a, method: 'DELETE', path: CONFIGS, parameters: about(a) })
    assert.equal(removed.text, 'true')
    assert.equal((await read(a)).status, 404)
  })

  it('sends a configuration of a type that nobody knows as text', async () => {
    for (const [type, sentAs] of [
      ['json', 'application/json;charset=UTF-8'],
      ['toml', 'text/plain;charset=UTF-8'],
      ['constructor', 'text/plain;charset=UTF-8'],
    ] as const) {
      const parameters = { ...about(a, `typed.${type}`), content: 'x', type }
      const published = await house.config({ key: a, method: 'POST', path: CONFIGS, parameters })
      assert.equal(published.status, 200)
      const { headers } = await read(a, `typed.${type}`)
      assert.equal(headers['content-type'], sentAs)
    }
  })

  it('403 another key asks for this tenant, whatever it signs', async () => {
    await publish(b, 'of b')
    for (const method of ['GET', 'POST', 'DELETE'] as const) {
      const parameters = { ...about(b), content: 'stolen' }
      assert.equal((await house.config({ key: a, method, path: CONFIGS, parameters })).status, 403, method)
    }
    assert.equal((await read(b)).text, 'of b')
    assert.equal((await read(a)).status, 404)
  })

  it('403 no tenant is named', async () => {
    const { tenant: _, ...rest } = about(a)
    assert.equal((await house.config({ key: a, path: CONFIGS, parameters: rest })).status, 403)
    assert.equal(
      (await house.config({ key: a, path: CONFIGS, parameters: { ...rest, tenant: '' } })).status,
      403,
    )
  })

  it('403 wrong secret, unknown key, a time outside sixty seconds, no signature', async () => {
    await publish(a, 'mine')
    const parameters = about(a)
    const refused = async (call: object): Promise<void> => {
      const { status, text } = await house.config({ key: a, path: CONFIGS, parameters, ...call })
      assert.deepEqual([status, text], [403, 'authorization failed!'])
    }
    await refused({ key: { ...a, secretKey: b.secretKey } })
    await refused({ key: { ...a, accessKey: 'f'.repeat(32) } })
    await refused({ ahead: 61 })
    await refused({ ahead: -61 })
    await refused({ headers: { 'spas-signature': '' } })
    await refused({ headers: { 'spas-securitytoken': 'x' } })
    assert.equal((await house.config({ key: a, path: CONFIGS, parameters, ahead: -58 })).text, 'mine')
  })

  it('takes version 4 signatures for the region of the namespace alone', async () => {
    await publish(a, 'mine')
    const call = { key: a, path: CONFIGS, parameters: about(a) }
    assert.equal((await house.config({ ...call, region: 'cn-shenzhen' })).text, 'mine')
    assert.equal((await house.config({ ...call, region: 'cn-beijing' })).status, 403)
  })

  it('400 a parameter comes twice: in the query and in the body', async () => {
    const parameters = { ...about(a), content: 'x' }
    const path = `${CONFIGS}?tenant=${b.tenantId}`
    assert.equal((await house.config({ key: a, method: 'POST', path, parameters })).status, 400)
  })

  it('400 more parameters than any operation takes, before they are read (CVE-2012-1572)', async () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, '']))
    assert.equal((await house.config({ key: a, path: CONFIGS, parameters: many(200) })).status, 403)
    assert.equal((await house.config({ key: a, path: CONFIGS, parameters: many(300) })).status, 400)
  })

  it('413 more than 100 KiB of content; 400 none, or names with other characters', async () => {
    assert.equal((await publish(a, 'x'.repeat(102_401))).status, 413)
    assert.equal((await publish(a, 'x'.repeat(102_400), 'large')).status, 200)
    assert.equal((await publish(a, '')).status, 400)
    assert.equal((await publish(a, 'x', '../b')).status, 400)
  })

  it('answers a long poll at once when something differs, and later when it does', async () => {
    await publish(a, 'one', 'watched')
    const poll = (key: NamespaceKey, known: string, wait = '30000') =>
      house.config({
        key,
        method: 'POST',
        path: LISTENER,
        parameters: {
          tenant: key.tenantId,
          'Listening-Configs': line('watched', 'DEFAULT_GROUP', known, key.tenantId),
        },
        headers: { 'long-pulling-timeout': wait },
      })
    const changed = encodeURIComponent(line('watched', 'DEFAULT_GROUP', a.tenantId))
    assert.equal((await poll(a, '')).text, changed)
    assert.equal((await poll(a, md5('one'), '0')).text, '')
    const waiting = poll(a, md5('one'))
    await publish(a, 'two', 'watched')
    assert.equal((await waiting).text, changed)
  })

  it('403 one line of a long poll is of another tenant, in whatever place', async () => {
    const own = line('app.yaml', 'DEFAULT_GROUP', '', a.tenantId)
    const other = line('app.yaml', 'DEFAULT_GROUP', '', b.tenantId)
    const nobody = line('app.yaml', 'DEFAULT_GROUP', '')
    for (const lines of [own + other, other + own, own + nobody]) {
      for (const named of [{ tenant: a.tenantId }, {}] as const) {
        const parameters = { ...named, 'Listening-Configs': lines }
        assert.equal((await house.config({ key: a, method: 'POST', path: LISTENER, parameters })).status, 403)
      }
    }
    const parameters = { 'Listening-Configs': `${own}rest` }
    assert.equal((await house.config({ key: a, method: 'POST', path: LISTENER, parameters })).status, 400)
  })

  it("speaks ACM's paths in GBK", async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=GBK' }
    const encoded = [...toGbk('b: 值')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
    const body = `${new URLSearchParams(about(a, 'acm'))}&content=${encoded}`
    const acm = { key: a, parameters: about(a, 'acm'), headers }
    const path = '/diamond-server/basestone.do?method=syncUpdateAll'
    assert.equal((await house.config({ ...acm, method: 'POST', path, body })).text, 'OK')
    const got = await house.config({ ...acm, path: '/diamond-server/config.co' })
    assert.deepEqual(got.bytes, toGbk('b: 值'))
    assert.match(String(got.headers['content-type']), /charset=GBK/)
    assert.equal((await read(a, 'acm')).text, 'b: 值')
    const probe = (tenant: string) =>
      house.config({
        key: a,
        method: 'POST',
        path: '/diamond-server/config.co',
        parameters: {
          'Probe-Modify-Request': line('acm', 'DEFAULT_GROUP', md5(toGbk('b: 值')), tenant),
        },
      })
    assert.deepEqual([(await probe(a.tenantId)).status, (await probe(a.tenantId)).text], [200, ''])
    assert.equal((await probe(b.tenantId)).status, 403)
  })

  it("reads ACM's batches, in its tenant alone", async () => {
    await publish(a, '值', 'one')
    await publish(b, 'of b', 'two')
    const batch = (path: string, tenant: string, dataIds = 'one\u0002two') =>
      house.config({ key: a, method: 'POST', path, parameters: { dataIds, group: 'DEFAULT_GROUP', tenant } })
    const paths = [
      '/diamond-server/config.co?method=batchGetConfig',
      '/diamond-server/admin.do?method=batchQuery',
    ]
    const group = 'DEFAULT_GROUP'
    for (const path of paths) {
      const { status, bytes } = await batch(path, a.tenantId)
      assert.equal(status, 200)
      assert.deepEqual(JSON.parse(fromGbk(bytes)), [
        { dataId: 'one', group, status: 1, content: '值' },
        { dataId: 'two', group, status: 2 },
      ])
      assert.equal((await batch(path, b.tenantId)).status, 403)
      assert.equal((await batch(path, '')).status, 403)
      assert.equal((await batch(path, a.tenantId, '../x')).status, 400)
      assert.equal((await batch(path, a.tenantId, 'x\u0002'.repeat(101))).status, 413)
      assert.equal((await batch(path.replace(/=.*/, '=other'), a.tenantId)).status, 501)
    }
  })

  it('takes the old key until its overlap ends, and never after', async () => {
    const old = await house.namespace('cn-shenzhen:rotated')
    await publish(old, 'kept')
    const by = { session: null, action: 'test', requestId: '' }
    await rotateNamespaceKeys(house.ctx, by, { namespace: old.namespace, overlap: 60 })
    const fresh = await house.keyOf(old.namespace)
    assert.notEqual(fresh.accessKey, old.accessKey)
    assert.equal((await read(old)).text, 'kept')
    assert.equal((await read(fresh)).text, 'kept')
    house.advance(61)
    assert.equal((await read(old)).status, 403)
    assert.equal((await read(fresh)).text, 'kept')
  })

  it('403 the key is rotated out while its long poll waits', async () => {
    const key = await house.namespace('cn-shenzhen:waiting')
    const poll = house.config({
      key,
      method: 'POST',
      path: LISTENER,
      parameters: {
        tenant: key.tenantId,
        'Listening-Configs': line('app.yaml', 'DEFAULT_GROUP', '', key.tenantId),
      },
      headers: { 'long-pulling-timeout': '30000' },
    })
    // Its use is noted once it is let in.
    const noted = async () =>
      (await listNamespaceKeys(house.ctx.store.db, key.namespace.id, 0))[0]?.lastUsedAt
    while (!(await noted())) await new Promise((resolve) => setImmediate(resolve))
    const by = { session: null, action: 'test', requestId: '' }
    await rotateNamespaceKeys(house.ctx, by, { namespace: key.namespace, overlap: 0 })
    await publish(await house.keyOf(key.namespace), 'two')
    assert.equal((await poll).status, 403)
  })
})

describe('naming behind the guard', () => {
  withTwoNamespaces()

  const service = (key: NamespaceKey, serviceName = 'DEFAULT_GROUP@@svc') => ({
    namespaceId: key.tenantId,
    serviceName,
  })
  const at = { ip: '10.0.0.1', port: '8080' }
  const register = (key: NamespaceKey, more = {}) =>
    house.naming({
      key,
      method: 'POST',
      path: INSTANCE,
      parameters: { ...service(key), ...at, metadata: '{"zone":"x"}', ...more },
    })
  const hosts = async (key: NamespaceKey) => {
    const { status, text } = await house.naming({ key, path: `${INSTANCE}/list`, parameters: service(key) })
    assert.equal(status, 200)
    return JSON.parse(text).hosts
  }

  it('registers an instance, lists it in its tenant alone, and deregisters it', async () => {
    assert.equal((await register(a)).text, 'ok')
    const [host] = await hosts(a)
    assert.deepEqual(
      [host.ip, host.port, host.healthy, host.metadata],
      ['10.0.0.1', 8080, true, { zone: 'x' }],
    )
    assert.deepEqual(await hosts(b), [])
    const page = { namespaceId: a.tenantId, pageNo: '1', pageSize: '10' }
    const listed = await house.naming({ key: a, path: '/nacos/v1/ns/service/list', parameters: page })
    assert.deepEqual(JSON.parse(listed.text), { count: 1, doms: ['svc'] })
    const parameters = { ...service(a), ...at }
    assert.equal((await house.naming({ key: a, method: 'DELETE', path: INSTANCE, parameters })).text, 'ok')
    assert.deepEqual(await hosts(a), [])
  })

  it('shows an instance unhealthy without beats, then no more; a beat brings it back', async () => {
    await register(a)
    house.advance(16)
    assert.equal((await hosts(a))[0].healthy, false)
    const beat = JSON.stringify({ ...at, port: 8080, cluster: 'DEFAULT', weight: 1, metadata: {} })
    const call = { key: a, method: 'PUT', path: `${INSTANCE}/beat` } as const
    const beaten = await house.naming({ ...call, parameters: { ...service(a), beat } })
    assert.equal(JSON.parse(beaten.text).code, 10200)
    assert.equal((await hosts(a))[0].healthy, true)
    house.advance(31)
    assert.deepEqual(await hosts(a), [])
    await register(a, { port: '9090' })
    const light = await house.naming({ ...call, parameters: { ...service(a), ...at } })
    assert.equal(JSON.parse(light.text).code, 20404)
  })

  it('403 another tenant, another service than is signed, an old time, a wrong secret', async () => {
    const list = `${INSTANCE}/list`
    const refused = async (call: Partial<Parameters<NacosHouse['naming']>[0]>): Promise<void> => {
      const { status } = await house.naming({ key: a, path: list, parameters: service(a), ...call })
      assert.equal(status, 403)
    }
    await refused({ parameters: service(b) })
    await refused({ parameters: { serviceName: 'svc' } })
    await refused({ ahead: -61 })
    await refused({ key: { ...a, secretKey: 'x' } })
    const now = Math.floor(house.ctx.now() / 1000)
    await refused({ parameters: { ...service(a), data: `${now}@@DEFAULT_GROUP@@other` } })
    await refused({ parameters: { ...service(a), data: `${now}` } })
    await refused({ parameters: { ...service(a), 'Spas-SecurityToken': 'x' } })
    assert.equal(
      (await house.naming({ key: a, path: list, parameters: service(a), region: 'cn-shenzhen' })).status,
      200,
    )
  })

  it('400 an address, a weight or metadata that are none', async () => {
    for (const more of [
      { ip: 'a b' },
      { port: '65536' },
      { port: '' },
      { weight: '-1' },
      { weight: 'x' },
      { metadata: '[1]' },
      { metadata: '{' },
      { metadata: '{"a":1}' },
      { ephemeral: '1' },
    ])
      assert.equal((await register(a, more)).status, 400, JSON.stringify(more))
  })
})

describe('what was wrong with Nacos', () => {
  let house: NacosHouse
  let a: NamespaceKey

  before(async () => {
    house = await openNacosHouse()
    a = await house.namespace('cn-shenzhen:a')
  })
  after(() => house.close())

  it('CVE-2021-29441: a user agent or an identity header lets nobody in', async () => {
    for (const headers of [
      { 'user-agent': 'Nacos-Server' },
      { serveridentity: 'security' },
      { authorization: 'Bearer x', accesstoken: 'x' },
      { 'x-forwarded-for': '127.0.0.1' },
    ]) {
      const url = `${CONFIGS}?dataId=app.yaml&group=DEFAULT_GROUP&tenant=${a.tenantId}`
      const answer = await house.nacos.inject({
        method: 'GET',
        url,
        headers: headers as Record<string, string>,
      })
      assert.equal(answer.statusCode, 403)
    }
  })

  it('the filter of Nacos 1.4.1: no spelling of a path goes around the guard', async () => {
    const query = `?dataId=app.yaml&group=DEFAULT_GROUP&tenant=${a.tenantId}`
    for (const path of [
      `${CONFIGS}/`,
      '/nacos//v1/cs/configs',
      '/nacos/v1/cs/./configs',
      '/nacos/v1/ns/../cs/configs',
      '/nacos/v1/cs%2fconfigs',
      '/nacos/v1/cs/%63onfigs',
      '/nacos/v1/cs/configs;x',
      '/NACOS/V1/CS/CONFIGS',
      '/diamond-server/config.co/',
      '/diamond-server/%63onfig.co',
    ]) {
      const { statusCode } = await house.nacos.inject({ method: 'GET', url: `${path}${query}` })
      assert.ok([403, 404].includes(statusCode), `${path}: ${statusCode}`)
    }
  })

  it('nacos #9732: no path answers without a signature', async () => {
    const paths = [
      ...['GET', 'POST', 'DELETE'].map((method) => [method, CONFIGS]),
      ...['GET', 'POST', 'PUT', 'DELETE'].map((method) => [method, '/nacos/v1/console/namespaces']),
      ...[LISTENER, INSTANCE, '/diamond-server/basestone.do', '/diamond-server/datum.do'].map((path) => [
        'POST',
        path,
      ]),
      ...[`${INSTANCE}/list`, '/nacos/v1/ns/service/list', '/nacos/v1/ns/operator/metrics'].map((path) => [
        'GET',
        path,
      ]),
      ['GET', '/nacos/v1/auth/users?pageNo=1&pageSize=9'],
      ['PUT', `${INSTANCE}/beat`],
    ] as const
    for (const [method, url] of paths) {
      const { statusCode } = await house.nacos.inject({ method: method as 'GET', url: url as string })
      // An address that refuses too often is told so.
      assert.ok([403, 404, 429].includes(statusCode), `${method} ${url}: ${statusCode}`)
    }
  })
})

describe('the address server', () => {
  let house: NacosHouse
  before(async () => {
    house = await openNacosHouse()
  })
  after(() => house.close())
  const ask = async (on: NacosHouse, url: string) => {
    const answer = await on.address.inject({ method: 'GET', url, headers: { host: 'registry.test:8080' } })
    return [answer.statusCode, answer.payload]
  }

  it('tells its own host: with a port to Nacos, without to ACM', async () => {
    assert.deepEqual(await ask(house, '/nacos/serverlist?nofix=1'), [200, 'registry.test:8848'])
    assert.deepEqual(await ask(house, '/diamond-server/diamond'), [200, 'registry.test'])
  })

  it('tells the servers that are set, parted by CRLF with none at the end', async () => {
    const other = await openNacosHouse({ nacosServers: ['10.0.0.1:8848', '10.0.0.2:8848'] })
    assert.deepEqual(await ask(other, '/nacos/serverlist'), [200, '10.0.0.1:8848\r\n10.0.0.2:8848'])
    await other.close()
  })

  it("403 ACM's data without a signature, here too", async () => {
    const [status] = await ask(house, '/diamond-server/config.co?dataId=a&group=b&tenant=c')
    assert.equal(status, 403)
  })
})

describe('a Nacos behind the guard', () => {
  it('is asked what was checked and nothing else, and only for who proved a key', async () => {
    const asked: { readonly url: string; readonly headers: Readonly<Record<string, unknown>> }[] = []
    const nacos = createServer((request, response) => {
      asked.push({ url: String(request.url), headers: request.headers })
      response.end('of the real one')
    })
    await new Promise<void>((resolve) => nacos.listen(0, '127.0.0.1', resolve))
    const { port } = nacos.address() as AddressInfo
    const house = await openNacosHouse({
      nacosUpstream: `http://127.0.0.1:${port}/nacos`,
      nacosUpstreamIdentity: 'serverIdentity:secret',
    })
    const key = await house.namespace('cn-shenzhen:a')
    const parameters = { dataId: 'a', group: 'b', tenant: key.tenantId, other: 'x' }
    const call = {
      key,
      path: CONFIGS,
      parameters,
      headers: { 'user-agent': 'Nacos-Server', accesstoken: 'x' },
    }
    assert.equal((await house.config(call)).text, 'of the real one')
    assert.equal((await house.config({ ...call, key: { ...key, secretKey: 'wrong' } })).status, 403)
    assert.equal(asked.length, 1)
    const [{ url, headers } = { url: '', headers: {} }] = asked
    assert.equal(url, `/nacos/v1/cs/configs?tenant=${key.tenantId}&group=b&dataId=a`)
    assert.deepEqual([headers['serveridentity'], headers['accesstoken']], ['secret', undefined])
    await new Promise((resolve) => nacos.close(resolve))
    assert.equal((await house.config(call)).status, 503)
    await house.close()
  })
})

describe('the brake on refusals', () => {
  it('tells some refusals at once, then holds them, for as long as its window', async () => {
    const brake = refusalBrake({ free: 2, windowMicros: 10, holdMs: 0, mostHeld: 1 })
    assert.deepEqual([brake.note('a', 0), brake.note('a', 1), brake.note('a', 2)], [false, false, true])
    assert.equal(brake.isOn('a', 9), true)
    assert.equal(brake.note('b', 2), false)
    assert.equal(brake.isOn('a', 10), false)
    assert.equal(brake.note('a', 10), false)
    await brake.hold()
  })

  it('429 once an address was refused too often; who proves a key there is answered', async () => {
    const house = await openNacosHouse()
    const key = await house.namespace('cn-shenzhen:a')
    const call = {
      key,
      path: CONFIGS,
      parameters: { dataId: 'a', group: 'b', tenant: key.tenantId },
    }
    const wrong = { ...call, key: { ...key, secretKey: 'wrong' } }
    for (let n = 0; n < 20; n++) assert.equal((await house.config(wrong)).status, 403)
    const answer = await house.config(wrong)
    assert.deepEqual([answer.status, answer.headers['retry-after']], [429, '1'])
    assert.equal((await house.config(call)).status, 404)
    await house.close()
  })
})
