import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { tokenBody } from '../test/keystone-double.ts'
import { readTokenBody } from './identity.ts'
import {
  IDENTITY_HEADERS,
  isIdentityHeader,
  type StrippableRequest,
  setIdentityHeaders,
  stripIdentityHeaders,
} from './identity-headers.ts'

const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.replaceAll('-', '_'),
  (name) => `HTTP_${name.replaceAll('-', '_').toUpperCase()}`,
  (name) => `http-${name}`,
  (name) => name.replaceAll('-', '.'),
  (name) => name.replace('-', '_'),
]

function identity(more = {}) {
  const checked = readTokenBody({ token: tokenBody(more) })
  assert.ok(checked)
  return checked.identity
}

describe('CVE-2026-22797: forged identity headers', () => {
  it('knows the headers that Keystone middleware sets', () => {
    for (const name of [
      'x-roles',
      'x-user-id',
      'x-project-id',
      'x-domain-id',
      'x-identity-status',
      'x-tenant-name',
    ]) {
      assert.ok(IDENTITY_HEADERS.has(name), name)
    }
    for (const name of [
      'x-service-roles',
      'x-service-identity-status',
      'x-service-catalog',
      'openstack-system-scope',
    ]) {
      assert.ok(IDENTITY_HEADERS.has(name), name)
    }
    assert.equal(IDENTITY_HEADERS.size, 32)
  })

  it('removes every one of them in every spelling', () => {
    for (const name of IDENTITY_HEADERS) {
      for (const spell of SPELLINGS) {
        const spelt = spell(name)
        const request = {
          headers: { [spelt]: 'admin', 'x-auth-token': 't' },
          rawHeaders: [spelt, 'admin', 'X-Auth-Token', 't'],
        }
        stripIdentityHeaders(request)
        assert.deepEqual(
          request,
          { headers: { 'x-auth-token': 't' }, rawHeaders: ['X-Auth-Token', 't'] },
          spelt,
        )
      }
    }
  })

  it('leaves every other header alone', () => {
    const others = [
      'x-auth-token',
      'x-service-token',
      'x-subject-token',
      'accept',
      'x-request-id',
      'x-rolesx',
      'xx-roles',
    ]
    for (const name of others) assert.equal(isIdentityHeader(name), false, name)
  })

  for (const [when, touch] of [
    ['before anybody looked at it', () => undefined],
    ['after its headers were read', (request: IncomingMessage) => [request.headers, request.headersDistinct]],
  ] as const) {
    it(`removes all of a header that was sent several times from all views of a real request, ${when}`, async () => {
      const views: unknown[] = []
      const server = createServer((request, response) => {
        touch(request)
        stripIdentityHeaders(request)
        views.push(request.headers, request.rawHeaders, request.headersDistinct)
        response.end()
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      await new Promise<void>((resolve, reject) => {
        const headers = [
          'Host',
          'x',
          'X-Roles',
          'admin',
          'x-roles',
          'root',
          'X_ROLES',
          'admin',
          'Connection',
          'close',
        ]
        httpRequest({ port, host: '127.0.0.1', headers }, (response) => {
          response.resume().on('end', resolve)
        })
          .on('error', reject)
          .end()
      })
      server.close()
      assert.deepEqual(views, [
        { host: 'x', connection: 'close' },
        ['Host', 'x', 'Connection', 'close'],
        Object.assign(Object.create(null), { host: ['x'], connection: ['close'] }),
      ])
    })
  }
})

describe('identity headers for a service behind a proxy', () => {
  it('tell the caller, and the service that sent the request on', () => {
    const request: StrippableRequest = { headers: {}, rawHeaders: [] }
    setIdentityHeaders(
      request,
      identity(),
      identity({ user: { id: 'svc', name: 'nova' }, roles: [{ name: 'service' }] }),
    )
    assert.equal(request.headers['x-identity-status'], 'Confirmed')
    assert.equal(request.headers['x-user-id'], 'u1')
    assert.equal(request.headers['x-project-id'], 'p1')
    assert.equal(request.headers['x-project-domain-name'], 'Default')
    assert.equal(request.headers['x-roles'], 'member,reader')
    assert.equal(request.headers['x-service-user-id'], 'svc')
    assert.equal(request.headers['x-service-roles'], 'service')
    assert.equal(request.headers['x-domain-id'], undefined)
    assert.equal(request.rawHeaders?.includes('X-Service-Roles'), true)
  })

  it('a role whose name holds a comma does not become two roles', () => {
    const request: StrippableRequest = { headers: {} }
    setIdentityHeaders(
      request,
      identity({ roles: [{ name: 'reader' }, { name: 'x,admin' }, { name: 'a\r\nX-Roles: b' }] }),
      undefined,
    )
    assert.equal(request.headers['x-roles'], 'reader')
  })

  it('a name with a line break is left out, one in UTF-8 travels as its bytes', () => {
    const request: StrippableRequest = { headers: {} }
    const user = { id: 'u1', name: 'a\r\nX-Roles: admin', domain: { id: 'd', name: 'Zürich' } }
    setIdentityHeaders(request, identity({ user }), undefined)
    assert.equal(request.headers['x-user-name'], undefined)
    assert.equal(
      Buffer.from(String(request.headers['x-user-domain-name']), 'latin1').toString('utf8'),
      'Zürich',
    )
  })

  it('the caller cannot have them dropped on the next hop', () => {
    const request: StrippableRequest = {
      headers: { connection: 'close, X-Identity-Status,x_roles' },
      rawHeaders: ['Connection', 'close, X-Identity-Status,x_roles'],
    }
    setIdentityHeaders(request, identity(), undefined)
    assert.equal(request.headers['connection'], 'close')
    assert.equal(request.rawHeaders?.[1], 'close')
  })

  it('tell a system scope', () => {
    const request: StrippableRequest = { headers: {} }
    setIdentityHeaders(request, identity({ project: undefined, system: { all: true } }), undefined)
    assert.equal(request.headers['openstack-system-scope'], 'all')
  })
})
