/** Advisories about the whole wire at once: made from the list of operations, so that a new one is held to them too. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { json } from 'node:stream/consumers'
import { after, before, it } from 'node:test'
import { keystonePolicy } from '../../core/policy/keystone-rules/index.ts'
import { openstackFace } from '../../faces.ts'
import { exportFernetKeys } from '../../keys.ts'
import { forEachDatabase } from '../../testing/engines.ts'
import { type Answer, type House, openHouse } from '../../testing/house.ts'
import { requestOf, variantsOf, type WorldRequest } from '../../testing/keystone-requests.ts'
import { openWorld, type World } from '../../testing/keystone-world.ts'
import { oauthHeader } from '../../testing/oauth1-client.ts'
import { allRows } from '../../testing/rows.ts'
import { PASSWORD, seedProject, seedUser } from '../../testing/seed.ts'
import { keystoneOperations } from './index.ts'
import { KEYSTONE_STYLE } from './tokens/token-body.ts'

/** Spelt like hosts, and none. */
const NO_HOSTS = ['1.2.3.4.5', '99999999999', 'x:99999', '[:::1]', '[1.2.3.4]:80']
const BASE = 'http://tokenhouse.test:5000'
const operations = keystoneOperations({ style: KEYSTONE_STYLE, ttl: 3600 } as never)

forEachDatabase('the whole Keystone wire', (newUrl) => {
  let house: House
  let world: World
  before(async () => {
    house = await openHouse({ trustedProxies: ['127.0.0.1'], databaseUrl: await newUrl() })
    const admin = await house.admin()
    world = await openWorld({ api: house.call, base: BASE, now: () => house.ctx.now() / 1e6, admin })
  })
  after(() => house.close())

  const requests = (methods: readonly string[] = []): readonly WorldRequest[] =>
    operations
      .filter(({ method, policy }) => policy !== 'public' && (!methods.length || methods.includes(method)))
      .flatMap((operation) => variantsOf(operation).map((variant) => requestOf(world, operation, variant)))
  const send = (request: WorldRequest, token: string | undefined, more: Record<string, string> = {}) => {
    const headers = { ...request.headers, ...more }
    const body = request.body === undefined ? {} : { body: request.body }
    return house.call(request.method, request.path, { ...(token ? { token } : {}), ...body, headers })
  }

  it('Casdoor CVE-2026-91998, CVE-2012-4456: 401 every operation with whatever is no token, secrets of every kind too', async () => {
    const user = await seedUser(house, 'holder of secrets')
    const consumers = '/v3/OS-OAUTH1/consumers'
    const admin = { token: await house.admin() }
    const made = await house.call('POST', consumers, { ...admin, body: { consumer: {} } })
    const { id, secret } = made.body.consumer
    const ec2 = { tenant_id: await seedProject(house, 'of secrets') }
    const key = await house.call('POST', `/v3/users/${user}/credentials/OS-EC2`, { ...admin, body: ec2 })
    const { access, secret: ec2Secret } = key.body.credential
    const basic = (name: string, word: string) => `Basic ${Buffer.from(`${name}:${word}`).toString('base64')}`
    const signed = ({ path }: WorldRequest) =>
      oauthHeader({
        url: `${BASE}${path}`,
        fields: { oauth_consumer_key: id },
        secrets: [secret, ''],
        now: house.ctx.now() / 1e6,
      })
    const before = await allRows(house)
    for (const request of requests()) {
      const answers: readonly Answer[] = [
        await send(request, undefined),
        await send(request, 'garbage'),
        await send(request, secret),
        await send(request, ec2Secret),
        await send(request, house.adminPassword),
        await send(request, undefined, { authorization: basic(id, secret) }),
        await send(request, undefined, { authorization: basic(access, ec2Secret) }),
        await send(request, undefined, { authorization: basic(user, PASSWORD) }),
        await send(request, undefined, { authorization: basic('admin', house.adminPassword) }),
        await send(request, undefined, { authorization: `Bearer ${admin.token}` }),
        await send(request, undefined, { authorization: signed(request) }),
        await send(request, undefined, { cookie: `X-Auth-Token=${admin.token}` }),
      ]
      for (const [at, answer] of answers.entries())
        assert.equal(answer.status, 401, `${request.method} ${request.path} ${at}: ${answer.text}`)
    }
    assert.equal(await allRows(house), before)
  })

  it('Casdoor CVE-2026-90942: no answer shows a key, a hash, or what lies sealed', async () => {
    const { ctx } = house
    const keys = await exportFernetKeys(ctx.store, ctx.keys)
    const stored = await ctx.store.db.selectFrom('sealed_key').selectAll().execute()
    const consumers = await ctx.store.db.selectFrom('consumer').selectAll().execute()
    const access = await ctx.store.db.selectFrom('oauth_access_token').selectAll().execute()
    const rows = await allRows(house)
    const secrets = new Set([
      ...keys.map(({ text }) => text),
      ...stored.map(({ purpose, id, material }) => ctx.keys.open(material, `${purpose}:${id}`)),
      ...consumers.map((row) => ctx.keys.open(row.secret, `consumer:${row.id}`)),
      ...access.map((row) => ctx.keys.open(row.secret, `access_token:${row.id}`)),
      ...(rows.match(/s1\.[\w-]{40,}/g) ?? []),
      ...(rows.match(/\$[\w-]+\$[^"]{20,}/g) ?? []),
    ])
    assert.ok(secrets.size > 20 && consumers.length > 0 && access.length > 0)
    const texts: string[] = []
    for (const who of ['system_admin', 'project_admin', 'owner', 'service', 'admin_by_oauth1']) {
      for (const request of requests(['GET'])) {
        const answer = await send(request, world.tokens[who])
        assert.ok(answer.status < 500, `${request.path}: ${answer.text}`)
        texts.push(answer.text, JSON.stringify(answer.headers))
      }
    }
    for (const { method, path, policy } of operations.filter((one) => one.policy === 'public')) {
      if (method === 'GET' && policy === 'public') texts.push((await house.call('GET', path)).text)
    }
    const everything = texts.join('\n')
    for (const secret of secrets) {
      const line = secret.split('\n').find((part) => /^[\w+/=.$-]{20,}/.test(part)) ?? secret
      assert.equal(everything.includes(line), false, line.slice(0, 12))
    }
  })

  it('Casdoor CVE-2022-24124: what a query names is never part of a statement', async () => {
    const words = [
      "'",
      '"',
      "' or '1'='1",
      '" or 1=1 --',
      '%',
      '_',
      '\\',
      '(select hash from password)',
      'name) union select hash from password --',
      'id; drop table user',
      '\u0000',
      '0x27',
      '{}',
      '-1',
      '9'.repeat(40),
    ].map(encodeURIComponent)
    const names = [
      'name',
      'sort_key',
      'sort',
      'order_by',
      'field',
      'fields',
      'marker',
      'limit',
      'user.id',
      'type',
    ]
    const before = await allRows(house)
    const token = world.tokens['system_admin']
    const lists = requests(['GET']).filter(({ path }) => !path.includes('?'))
    for (const request of lists) {
      const queries = words.flatMap((word, at) => {
        const name = names[at % names.length] ?? ''
        return [`${word}=x`, `${name}=${word}`, `${name}__contains=${word}`, `name__${word}=x`]
      })
      for (const query of [queries.join('&'), ...queries.slice(0, 8)]) {
        const answer = await send({ ...request, path: `${request.path}?${query}` }, token)
        assert.ok(answer.status < 500, `${request.path}?${query}: ${answer.text}`)
        assert.doesNotMatch(answer.text, /sqlite|syntax error|\$2b\$|bcrypt/i)
      }
    }
    for (const kind of [
      'users',
      'projects',
      'roles',
      'groups',
      'domains',
      'services',
      'regions',
      'credentials',
    ]) {
      for (const word of words.filter((one) => !['%00', '_', '%25', '-1'].includes(one))) {
        const all = kind === 'regions' ? 'parent_region_id' : kind === 'credentials' ? 'type' : 'name'
        const answer = await house.call('GET', `/v3/${kind}?${all}=${word}`, token ? { token } : {})
        assert.deepEqual([answer.status, answer.body[kind]], [200, []], `${kind} ${word}`)
      }
    }
    for (const kind of ['users', 'groups', 'projects', 'domains', 'roles', 'role_assignments']) {
      for (const limit of ['0', '-1', 'x', '1;', '9'.repeat(40)]) {
        const answer = await house.call('GET', `/v3/${kind}?limit=${limit}`, token ? { token } : {})
        assert.equal(answer.status, 400, `${kind} ${limit}`)
      }
    }
    // What is a wildcard elsewhere is a character here.
    for (const wildcard of ['%25', '_%25', '__________']) {
      const answer = await house.call('GET', `/v3/users?name__startswith=${wildcard}`, token ? { token } : {})
      assert.deepEqual(answer.body.users, [], wildcard)
    }
    assert.equal(await allRows(house), before)
  })

  it('authentik CVE-2024-47070: forwarding headers that cannot be read prove nothing and break nothing', async () => {
    const identity = (password: string) => ({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', domain: { id: 'default' }, password } },
        },
      },
    })
    const odd = [
      '',
      ',',
      'x',
      '1.2.3',
      '::',
      '[',
      '127.0.0.1, ,',
      'a b',
      '😀',
      '"',
      '9'.repeat(5000),
      'javascript',
      ...NO_HOSTS,
    ]
    for (const value of odd.map((text) => Buffer.from(text).toString('latin1'))) {
      for (const name of [
        'x-forwarded-for',
        'x-forwarded-proto',
        'x-forwarded-host',
        'forwarded',
        'x-real-ip',
      ]) {
        const headers = { [name]: value }
        const ask = (body: object) => house.call('POST', '/v3/auth/tokens', { body, headers })
        const what = `${name}: ${value.slice(0, 20)}`
        assert.equal((await ask(identity('wrong'))).status, 401, what)
        assert.equal((await ask({ auth: { identity: { methods: [] } } })).status, 401, what)
        assert.equal((await house.call('GET', '/v3/users', { headers })).status, 401, what)
        const right = await ask(identity(house.adminPassword))
        assert.equal(right.status, 201, what)
        const token = String(right.headers['x-subject-token'])
        const scope = { scope: { project: { name: 'admin', domain: { id: 'default' } } } }
        const methods = { methods: ['token'], token: { id: token } }
        const scoped = await ask({ auth: { identity: methods, ...scope } })
        const listed = await house.call('GET', '/v3/projects?limit=1', {
          token: String(scoped.headers['x-subject-token']),
          headers,
        })
        assert.equal(listed.status, 200, `${what} ${listed.text}`)
        for (const link of [listed.body.links.self, listed.body.links.next])
          assert.match(link, /^https?:\/\/[\w.:[\]-]+\/v3\/projects\?/, what)
      }
    }
  })

  it('a Host that is none is not repeated into links, and breaks none', async () => {
    const { hostname, port } = new URL(await house.face.listen({ host: '127.0.0.1', port: 0 }))
    const token = world.tokens['system_admin'] ?? ''
    for (const host of ['', 'a b', '"', "x'", ...NO_HOSTS]) {
      const request = get({
        hostname,
        port,
        path: '/v3/projects?limit=1',
        headers: { host, 'x-auth-token': token },
      })
      const [answer] = await once(request, 'response')
      const links = (await json(answer)) as { links: { next: string; self: string } }
      assert.equal(answer.statusCode, 200, host)
      const base = `http://${hostname}:${port}/v3/projects?limit=1`
      assert.equal(links.links.self, base)
      assert.ok(links.links.next.startsWith(base))
    }
  })

  it('503 and when to try again when the database broke off one of two changes that met', async () => {
    for (const code of ['40001', '40P01']) {
      const fault = Object.assign(new Error('deadlock detected'), { code })
      const store = { ...house.ctx.store, write: () => Promise.reject(fault) }
      const face = openstackFace({ ...house.ctx, store }, keystonePolicy(), { onFault: () => undefined })
      const answer = await face.inject({
        method: 'POST',
        url: '/v3/regions',
        headers: { 'x-auth-token': world.tokens['system_admin'] },
        payload: { region: {} },
      })
      assert.equal(answer.statusCode, 503, code)
      assert.ok(answer.headers['retry-after'])
      await face.close()
    }
  })

  it('no operation answers with a fault of ours, whoever asks and whatever is there', async () => {
    const order = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
    for (const method of order) {
      for (const request of requests([method])) {
        for (const who of ['owner', 'domain_manager', 'project_admin', 'system_admin']) {
          const answer = await send(request, world.tokens[who])
          assert.ok(answer.status < 500, `${method} ${request.path} by ${who}: ${answer.text}`)
        }
      }
    }
  })
})
