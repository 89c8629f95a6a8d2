import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { keystonePolicy } from '../../../core/policy/keystone-rules/index.ts'
import { huaweiFace } from '../../../faces.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { signedRequest } from '../../../testing/keystone-world.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('the route in front of the router', () => {
  let house: House
  let admin: string
  let url: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    await house.face.listen({ host: '127.0.0.1', port: 0 })
    url = `http://127.0.0.1:${(house.face.server.address() as AddressInfo).port}`
  })
  after(() => house.close())

  /** Over a socket, where the route is; injected requests go around it. */
  const overSocket = async (method: string, query: string, subject: string) => {
    const answer = await fetch(`${url}/v3/auth/tokens${query}`, {
      method,
      headers: { 'X-Auth-Token': admin, 'X-Subject-Token': subject },
    })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  const throughRouter = (method: string, query: string, subject: string) =>
    house.call(method, `/v3/auth/tokens${query}`, { token: admin, headers: { 'x-subject-token': subject } })
  const told = ['content-type', 'content-length', 'x-subject-token', 'vary']

  const named = async (name: string): Promise<string> => {
    const body = { user: { name, password: 'a password', domain_id: 'default' } }
    assert.equal((await house.call('POST', '/v3/users', { token: admin, body })).status, 201)
    return house.login(`${name}@default`, 'a password')
  }

  for (const name of ['plain', 'Ünïcödé 用户 🔑']) {
    it(`200 the same answer as through the router, of ${name}`, async () => {
      const unscoped = await named(name)
      for (const subject of [admin, unscoped]) {
        for (const query of ['', '?nocatalog']) {
          for (const method of ['GET', 'HEAD']) {
            const expected = await throughRouter(method, query, subject)
            // The first may still go through the router: the catalog is asked for.
            await overSocket(method, query, subject)
            const shown = await overSocket(method, query, subject)
            assert.deepEqual([shown.status, shown.text], [expected.status, expected.text])
            for (const header of told) {
              if (method === 'HEAD' && header === 'content-length') continue
              assert.equal(shown.headers.get(header), String(expected.headers[header]), header)
            }
            assert.match(shown.headers.get('x-openstack-request-id') ?? '', /^req-[0-9a-f-]{36}$/)
          }
        }
      }
    })
  }

  it('404 as soon as the subject’s token is revoked', async () => {
    const subject = await named('leaver')
    for (let n = 0; n < 3; n++) assert.equal((await overSocket('GET', '', subject)).status, 200)
    assert.equal((await throughRouter('DELETE', '', subject)).status, 204)
    const first = await overSocket('GET', '', subject)
    assert.equal(first.status, 404)
    // Remembered or looked up, a refusal says the same.
    for (let n = 0; n < 3; n++) {
      const again = await overSocket('GET', '', subject)
      assert.deepEqual([again.status, again.text], [first.status, first.text])
    }
  })

  it('401 without the role their token stands on, however often they ask, and 200 as soon as it is given back', async () => {
    const asAdmin = (method: string, path: string, body?: unknown) =>
      house.call(method, path, { token: admin, ...(body === undefined ? {} : { body }) })
    const [role] = (await asAdmin('GET', '/v3/roles?name=member')).body.roles
    const { id: project } = (await asAdmin('POST', '/v3/projects', { project: { name: 'lent' } })).body
      .project
    const user = { name: 'borrower', password: 'a password', domain_id: 'default' }
    const { id } = (await asAdmin('POST', '/v3/users', { user })).body.user
    const grant = `/v3/projects/${project}/users/${id}/roles/${role.id}`
    assert.equal((await asAdmin('PUT', grant)).status, 204)
    const subject = await house.login('borrower@default', 'a password', { project: { id: project } })
    const headers = { 'X-Auth-Token': subject, 'X-Subject-Token': subject }
    const ofThemselves = async () => (await fetch(`${url}/v3/auth/tokens`, { headers })).status
    assert.equal(await ofThemselves(), 200)
    assert.equal((await asAdmin('DELETE', grant)).status, 204)
    for (let n = 0; n < 3; n++) assert.equal(await ofThemselves(), 401)
    assert.equal((await asAdmin('PUT', grant)).status, 204)
    assert.equal(await ofThemselves(), 200)
  })

  it('401 as soon as the caller’s own token is revoked', async () => {
    const caller = await house.admin()
    const ask = async () => {
      const headers = { 'X-Auth-Token': caller, 'X-Subject-Token': admin }
      return (await fetch(`${url}/v3/auth/tokens`, { headers })).status
    }
    for (let n = 0; n < 3; n++) assert.equal(await ask(), 200)
    assert.equal((await throughRouter('DELETE', '', caller)).status, 204)
    assert.equal(await ask(), 401)
  })

  it('404 a token that access rules narrow to whoever does not enforce them, though it was shown to who does', async () => {
    const scope = { project: { name: 'admin', domain: { id: 'default' } } }
    const own = await house.login('admin@default', house.adminPassword, scope)
    const { token } = (await throughRouter('GET', '', own)).body
    const access_rules = [{ service: 'compute', method: 'GET', path: '/v2.1/servers' }]
    const made = await house.call('POST', `/v3/users/${token.user.id}/application_credentials`, {
      token: own,
      body: { application_credential: { name: 'narrow', access_rules } },
    })
    const { id, secret } = made.body.application_credential
    const identity = { methods: ['application_credential'], application_credential: { id, secret } }
    const signedIn = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    const subject = String(signedIn.headers['x-subject-token'])
    const headers = { 'x-subject-token': subject, 'openstack-identity-access-rules': '1' }
    for (let n = 0; n < 2; n++) {
      assert.equal((await house.call('GET', '/v3/auth/tokens', { token: admin, headers })).status, 200)
      assert.equal((await overSocket('GET', '', subject)).status, 404)
    }
  })

  it('403 for a caller whom the rule does not let, however often they ask', async () => {
    const stranger = await named('stranger')
    for (let n = 0; n < 3; n++) {
      const headers = { 'X-Auth-Token': stranger, 'X-Subject-Token': admin }
      assert.equal((await fetch(`${url}/v3/auth/tokens`, { headers })).status, 403)
    }
    const project = await seedProject(house, 'services')
    await seedGrant(house, await seedUser(house, 'nova'), 'service', { project })
    const service = await house.login('nova@default', PASSWORD, { project: { id: project } })
    for (let n = 0; n < 3; n++) {
      const headers = { 'X-Auth-Token': service, 'X-Subject-Token': admin }
      assert.equal((await fetch(`${url}/v3/auth/tokens`, { headers })).status, 200)
      assert.equal((await fetch(`${url}/v3/auth/tokens`, { headers, method: 'HEAD' })).status, 403)
    }
  })

  it('403 for a token of an EC2 signature as the caller, however often it asks', async () => {
    const project = await seedProject(house, 'servers')
    const userId = await seedUser(house, 'robot')
    await seedGrant(house, userId, 'admin', { project })
    const own = await house.login('robot@default', PASSWORD, { project: { id: project } })
    const path = `/v3/users/${userId}/credentials/OS-EC2`
    const made = await house.call('POST', path, { token: own, body: { tenant_id: project } })
    const exchanged = await house.call('POST', '/v3/ec2tokens', {
      token: admin,
      body: signedRequest(made.body.credential, house.ctx.now() / 1e6),
    })
    const caller = String(exchanged.headers['x-subject-token'])
    for (let n = 0; n < 3; n++) {
      for (const method of ['GET', 'HEAD']) {
        for (const subject of [caller, admin]) {
          const headers = { 'X-Auth-Token': caller, 'X-Subject-Token': subject }
          assert.equal((await fetch(`${url}/v3/auth/tokens`, { headers, method })).status, 403)
        }
      }
    }
  })

  it('401 for a wrong signature on the Huawei Cloud face, whatever token came along', async () => {
    const face = huaweiFace(house.ctx, keystonePolicy(), { onFault: (error) => assert.fail(String(error)) })
    await face.listen({ host: '127.0.0.1', port: 0 })
    const { port } = face.server.address() as AddressInfo
    const ask = async (more: Record<string, string>): Promise<number> => {
      const headers = { 'X-Auth-Token': admin, 'X-Subject-Token': admin, ...more }
      return (await fetch(`http://127.0.0.1:${port}/v3/auth/tokens`, { headers })).status
    }
    const authorization = 'SDK-HMAC-SHA256 Access=HPUAX, SignedHeaders=host;x-sdk-date, Signature=00'
    for (let n = 0; n < 3; n++) {
      assert.equal(await ask({}), 200)
      assert.equal(await ask({ authorization, 'x-sdk-date': '20260101T000000Z' }), 401)
    }
    await face.close()
  })
})
