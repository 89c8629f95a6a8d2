import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import express from 'express'
import Fastify from 'fastify'
import { type Kit, kit } from '../test/guard-kit.ts'
import { expressGuard } from './express.ts'
import { fastifyGuard } from './fastify.ts'
import { identityOf } from './identity-of.ts'
import { nodeGuard } from './node.ts'
import type { GuardOptions } from './options.ts'

/** The same service three times: `/healthz` is public, `/boom` fails, anything else answers the caller and what it saw. */
type Start = (test: TestContext, guard: Kit['guard']) => Promise<string>

interface Echo {
  readonly user: string | undefined
  readonly headers: Record<string, string>
}

const ADAPTERS: Readonly<Record<string, Start>> = {
  async fastify(test, guard) {
    const app = Fastify()
    app.get('/early', (request) => ({ user: identityOf(request).userId, headers: request.headers }))
    await app.register(fastifyGuard(guard))
    app.get('/healthz', (request) => ({ headers: request.headers }))
    app.get('/boom', () => {
      throw new Error('boom')
    })
    app.get('/hello', (request) => ({ user: identityOf(request).userId, headers: request.headers }))
    app.post('/hello', (request) => ({ user: identityOf(request).userId, headers: request.headers }))
    app.register(async (child) => {
      child.get('/child', (request) => ({ user: identityOf(request).userId, headers: request.headers }))
    })
    test.after(() => app.close())
    return app.listen({ port: 0, host: '127.0.0.1' })
  },
  async express(test, guard) {
    const app = express()
    app.use(expressGuard(guard))
    app.get('/healthz', (request, response) => void response.json({ headers: request.headers }))
    app.get('/boom', () => {
      throw new Error('boom')
    })
    app.all('/hello', (request, response) => {
      response.json({ user: identityOf(request).userId, headers: request.headers })
    })
    return listen(test, createServer(app))
  },
  async node(test, guard) {
    const handler = nodeGuard(guard, (request, response) => {
      if (request.url === '/boom') throw new Error('boom')
      response.end(JSON.stringify({ user: request.identity?.userId, headers: request.headers }))
    })
    return listen(test, createServer(handler))
  },
}

async function listen(test: TestContext, server: Server): Promise<string> {
  test.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const OPTIONS: Partial<GuardOptions> = { isPublic: ({ path }) => path === '/healthz' }

for (const [name, start] of Object.entries(ADAPTERS)) {
  describe(`a service on ${name}`, () => {
    it('200 with a good token, and knows the caller', async (t) => {
      const { guard, keystone } = await kit(t, OPTIONS)
      keystone.put('good')
      const url = await start(t, guard)
      const response = await fetch(`${url}/hello`, { headers: { 'X-Auth-Token': 'good' } })
      assert.equal(response.status, 200)
      assert.equal(((await response.json()) as Echo).user, 'u1')
    })

    it('401 without, with a bad token, and for an unknown path', async (t) => {
      const { guard, keystone } = await kit(t, OPTIONS)
      const url = await start(t, guard)
      const bad = { headers: { 'X-Auth-Token': 'garbage' } }
      for (const response of [
        await fetch(`${url}/hello`),
        await fetch(`${url}/hello`, bad),
        await fetch(`${url}/nowhere`),
        await fetch(`${url}/hello`, { method: 'POST', body: 'x'.repeat(200_000) }),
        await fetch(`${url}/hello`, { method: 'HEAD' }),
      ]) {
        assert.equal(response.status, 401)
        assert.equal(response.headers.get('www-authenticate'), `Keystone uri="${keystone.url}"`)
        assert.equal(response.headers.get('content-type'), 'application/json')
        await response.arrayBuffer()
      }
    })

    it('a service’s own words may be in lower case: each header goes out once', async (t) => {
      const headers = {
        'content-type': 'application/problem+json',
        'www-authenticate': 'Basic',
        'content-length': '3',
      }
      const { guard, keystone } = await kit(t, { renderRefusal: () => ({ headers, body: { e: 1 } }) })
      const response = await fetch(`${await start(t, guard)}/hello`)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(response.headers.get('www-authenticate'), `Keystone uri="${keystone.url}"`)
      assert.equal(await response.text(), '{"e":1}')
    })

    it('503 with Retry-After when the token service is away', async (t) => {
      const { guard, keystone } = await kit(t, OPTIONS)
      const url = await start(t, guard)
      await keystone.close()
      const response = await fetch(`${url}/hello`, { headers: { 'X-Auth-Token': 'good' } })
      assert.equal(response.status, 503)
      assert.equal(response.headers.get('retry-after'), '5')
      assert.equal(response.headers.get('www-authenticate'), null)
    })

    it('a public path needs no token and no token service', async (t) => {
      const { guard, keystone } = await kit(t, OPTIONS)
      const url = await start(t, guard)
      await keystone.close()
      assert.equal((await fetch(`${url}/healthz`)).status, 200)
    })

    it('CVE-2026-22797: no forged identity header reaches a handler, on public paths neither', async (t) => {
      const { guard, keystone } = await kit(t, OPTIONS)
      keystone.put('good')
      const url = await start(t, guard)
      const forged = {
        'X-Roles': 'admin',
        X_User_Id: 'root',
        'x-identity-status': 'Confirmed',
        HTTP_X_ROLES: 'admin',
      }
      for (const path of ['/hello', '/healthz']) {
        const response = await fetch(url + path, { headers: { ...forged, 'X-Auth-Token': 'good' } })
        const { headers } = (await response.json()) as Echo
        assert.equal(headers['x-auth-token'], 'good')
        assert.doesNotMatch(JSON.stringify(headers), /admin|root|Confirmed/)
      }
    })

    it('500 when the handler fails, and the service goes on', async (t) => {
      const { guard, keystone } = await kit(t, OPTIONS)
      keystone.put('good')
      const url = await start(t, guard)
      const good = { headers: { 'X-Auth-Token': 'good' } }
      assert.equal((await fetch(`${url}/boom`, good)).status, 500)
      assert.equal((await fetch(`${url}/hello`, good)).status, 200)
    })
  })
}

describe('the Fastify plugin', () => {
  it('guards routes of child plugins and those that were there before', async (t) => {
    const { guard, keystone } = await kit(t, OPTIONS)
    keystone.put('good')
    const url = await ADAPTERS['fastify']!(t, guard)
    for (const path of ['/child', '/early']) {
      assert.equal((await fetch(url + path)).status, 401)
      assert.equal((await fetch(url + path, { headers: { 'X-Auth-Token': 'good' } })).status, 200)
    }
  })

  it('is told no other path than a router for which the query begins at a semicolon', async (t) => {
    const isPublic = ({ path }: { readonly path: string }): boolean => path.endsWith('/healthz')
    const { guard, keystone } = await kit(t, { isPublic, serviceType: 'rds' })
    const access_rules = [{ id: 'r', service: 'rds', method: 'GET', path: '/v1/{id}/name' }]
    keystone.put('restricted', {
      application_credential: { id: 'a', name: 'a', restricted: true, access_rules },
    })
    const app = Fastify({ useSemicolonDelimiter: true })
    t.after(() => app.close())
    await app.register(fastifyGuard(guard))
    app.get('/v1/users', () => 'everybody')
    app.get('/v1/:id/name', () => 'one')
    const status = async (url: string, token?: string) =>
      (await app.inject({ url, headers: token === undefined ? {} : { 'x-auth-token': token } })).statusCode
    assert.equal(await status('/v1/users;/healthz'), 401)
    assert.equal(await status('/v1/users;/name', 'restricted'), 401)
    assert.equal(await status('/v1/users/name', 'restricted'), 200)
  })
})

describe('the Express middleware', () => {
  it('below a prefix, compares access rules with the whole path', async (t) => {
    const { guard, keystone } = await kit(t, { serviceType: 'rds' })
    const rules = [{ service: 'rds', method: 'GET', path: '/v3/hello' }]
    keystone.put('ac', { application_credential: { id: 'x', access_rules: rules } })
    const app = express()
    app.use('/v3', expressGuard(guard), (_request, response) => void response.json({}))
    app.use('/v4', expressGuard(guard), (_request, response) => void response.json({}))
    const url = await listen(t, createServer(app))
    const ac = { headers: { 'X-Auth-Token': 'ac' } }
    assert.equal((await fetch(`${url}/v3/hello`, ac)).status, 200)
    assert.equal((await fetch(`${url}/v4/hello`, ac)).status, 401)
  })
})

describe('the node:http guard in front of another service', () => {
  it('tells it the caller in Keystone’s headers, and only on accepted requests', async (t) => {
    const { guard, keystone } = await kit(t, OPTIONS)
    keystone.put('good')
    const handler = nodeGuard(guard, (request, response) => response.end(JSON.stringify(request.headers)), {
      identityHeaders: true,
    })
    const url = await listen(t, createServer(handler))
    const forged = { 'X-Roles': 'admin', 'X-Auth-Token': 'good' }
    const accepted = (await (await fetch(`${url}/hello`, { headers: forged })).json()) as Record<
      string,
      string
    >
    assert.equal(accepted['x-roles'], 'member,reader')
    assert.equal(accepted['x-identity-status'], 'Confirmed')
    const open = (await (await fetch(`${url}/healthz`, { headers: forged })).json()) as Record<string, string>
    assert.equal(open['x-roles'], undefined)
    assert.equal(open['x-identity-status'], undefined)
  })
})

describe('identityOf', () => {
  it('throws where no guard let the request through', () => {
    assert.throws(() => identityOf({}), /no guard ran/)
  })
})
