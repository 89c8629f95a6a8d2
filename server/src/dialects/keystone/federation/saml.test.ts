import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import {
  IDP_ENTITY,
  type SamlAnswer,
  samlCertificate,
  samlMetadata,
  samlResponse,
} from '../../../testing/saml-idp.ts'

const IDP = '/v3/OS-FEDERATION/identity_providers'
const META = '/v3-ext/OS-FEDERATION/identity_providers/acme/protocols/saml/metadata'
const SSO = '/v3-ext/auth/OS-FEDERATION/SSO'
const ACS = `http://tokenhouse.test:5000${SSO}/SAML2/POST`
const PAOS = `http://tokenhouse.test:5000${SSO}/SAML2/ECP`

describe('sign-in by SAML', () => {
  let house: House
  let admin: string
  before(async () => {
    house = await openHouse({ publicUrl: 'http://tokenhouse.test:5000' })
    admin = await house.admin()
    await send('PUT', `${IDP}/acme`, { identity_provider: { enabled: true } })
    await send('PUT', '/v3/OS-FEDERATION/mappings/m', {
      mapping: { rules: [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'NameID' }] }] },
    })
    await send('PUT', `${IDP}/acme/protocols/saml`, { protocol: { mapping_id: 'm' } })
  })
  after(() => house.close())
  const send = (method: string, path: string, body?: unknown) =>
    house.call(method, path, { token: admin, ...(body === undefined ? {} : { body }) })
  const now = (): number => Math.floor(house.ctx.now() / 1e6)
  let count = 0
  const response = (more: Partial<SamlAnswer> = {}): string =>
    samlResponse({ now: now(), recipient: ACS, id: `_a${++count}`, ...more })
  const encoded = (xml: string): string => Buffer.from(xml).toString('base64')
  const form = (xml: string, idp: string | undefined = 'acme') =>
    house.call('POST', '/v3.0/OS-FEDERATION/tokens', {
      body: new URLSearchParams({ SAMLResponse: encoded(xml) }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(idp === undefined ? {} : { 'x-idp-id': idp }),
      },
    })
  const bring = (xml: string, path = `${SSO}/SAML2/ECP`) =>
    house.call('POST', path, {
      body: `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${xml}</S:Body></S:Envelope>`,
      headers: { 'content-type': 'application/vnd.paos+xml' },
    })
  const ask = async (path = `${IDP}/acme/protocols/saml/auth`) => {
    const answer = await house.call('GET', path, {
      headers: { accept: 'text/html, application/vnd.paos+xml' },
    })
    return { ...answer, id: /<samlp:AuthnRequest[^>]*\bID="([^"]+)"/.exec(answer.text)?.[1] ?? '' }
  }

  it('401 before metadata is imported, by every way', async () => {
    assert.equal((await form(response())).status, 401)
    assert.equal((await ask()).status, 401)
  })

  it('imports metadata: 201, shown again, 400 what is none, 404 an unknown protocol, 401 nobody', async () => {
    const body = { xaccount_type: '', domain_id: 'default', metadata: samlMetadata() }
    const made = await send('POST', META, body)
    assert.deepEqual([made.status, made.body], [201, { message: 'Import metadata successful' }])
    const shown = await send('GET', META)
    assert.deepEqual([shown.body.entity_id, shown.body.data], [IDP_ENTITY, samlMetadata()])
    assert.equal((await send('POST', META, { ...body, metadata: '<x/>' })).status, 400)
    assert.equal(
      (await send('POST', META, { ...body, metadata: samlMetadata(samlCertificate('weak')) })).status,
      400,
    )
    assert.equal((await send('POST', META.replace('saml/', 'nope/'), body)).status, 404)
    assert.equal((await house.call('POST', META, { body })).status, 401)
  })

  it('says who we are', async () => {
    const { status, headers, text } = await house.call('GET', `${SSO}/metadata?unsigned=true`)
    assert.deepEqual([status, headers['content-type']], [200, 'text/xml'])
    assert.match(text, /entityID="http:\/\/tokenhouse.test:5000"/)
    assert.ok(text.includes(ACS) && text.includes(PAOS))
  })

  it('201 IdP-initiated, urlencoded and multipart', async () => {
    const first = await form(response())
    assert.equal(first.status, 201, first.text)
    const { methods, user } = first.body.token
    assert.deepEqual(
      [methods, user.name, user['OS-FEDERATION'].protocol],
      [['mapped'], 'bob', { id: 'saml' }],
    )
    const parts = `--x\r\nContent-Disposition: form-data; name="RelayState"\r\n\r\nq\r\n--x\r\nContent-Disposition: form-data; name="SAMLResponse"\r\n\r\n${encoded(response())}\r\n--x--\r\n`
    const second = await house.call('POST', '/v3.0/OS-FEDERATION/tokens', {
      body: parts,
      headers: { 'content-type': 'multipart/form-data; boundary=x', 'x-idp-id': 'acme' },
    })
    assert.equal(second.status, 201, second.text)
  })

  it('400 without X-Idp-Id, without SAMLResponse, or not base64', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const post = (body: string, headers: Record<string, string>) =>
      house.call('POST', '/v3.0/OS-FEDERATION/tokens', { body, headers: { ...type, ...headers } })
    assert.equal((await post('SAMLResponse=AAAA', {})).status, 400)
    assert.equal((await post('a=b', { 'x-idp-id': 'acme' })).status, 400)
    assert.equal((await post('SAMLResponse=%3Cx%3E', { 'x-idp-id': 'acme' })).status, 400)
  })

  it('Zitadel CVE-2025-46815: an assertion is used once, however many bring it at once', async () => {
    const xml = response()
    const answers = await Promise.all([1, 2, 3, 4].map(() => form(xml)))
    assert.deepEqual(answers.map((each) => each.status).sort(), [201, 401, 401, 401])
    house.advance(200)
    assert.equal((await form(xml)).status, 401)
  })

  it('401 an unknown provider, a tampered response, or one that answers a request', async () => {
    assert.equal((await form(response(), 'nope')).status, 401)
    assert.equal((await form(response().replace('>bob<', '>admin<'))).status, 401)
    assert.equal((await form(response({ inResponseTo: '_x' }))).status, 401)
    assert.equal((await form('<x/>')).status, 401)
  })

  it('201 what a browser brings to the consumer service, found by its issuer', async () => {
    const post = (xml: string) =>
      house.call('POST', `${SSO}/SAML2/POST`, {
        body: new URLSearchParams({ SAMLResponse: encoded(xml), RelayState: 'x' }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    assert.equal((await post(response())).status, 201)
    assert.equal((await post(response({ issuer: 'https://evil.test' }))).status, 401)
  })

  it('201 ECP: our request goes out in an envelope, its answer comes back once', async () => {
    const request = await ask()
    assert.deepEqual([request.status, request.headers['content-type']], [200, 'application/vnd.paos+xml'])
    assert.ok(request.text.includes(`responseConsumerURL="${PAOS}"`))
    const xml = response({ inResponseTo: request.id, recipient: PAOS })
    const answers = [
      await bring(xml),
      await bring(xml),
      await bring(response({ inResponseTo: request.id, recipient: PAOS })),
    ]
    assert.deepEqual(
      answers.map((each) => each.status),
      [201, 401, 401],
    )
    assert.equal(answers[0]?.body.token.user.name, 'bob')
  })

  it('401 ECP: an answer to nobody’s, an old or another house’s request, or brought to another place', async () => {
    const { id } = await ask()
    assert.equal((await bring(response({ recipient: PAOS }))).status, 401)
    assert.equal((await bring(response({ recipient: PAOS, inResponseTo: '_made-up' }))).status, 401)
    assert.equal(
      (await bring(response({ recipient: PAOS, inResponseTo: `${id.slice(0, -2)}AA` }))).status,
      401,
    )
    assert.equal((await bring(response({ inResponseTo: id }))).status, 401)
    const late = await ask()
    house.advance(601)
    assert.equal((await bring(response({ recipient: PAOS, inResponseTo: late.id }))).status, 401)
    assert.equal((await bring('<x/>')).status, 400)
  })

  it('400 an answer meant for another service, brought by its name: the Host header makes nobody us', async () => {
    const open = await openHouse()
    const theirs = `http://evil.test${SSO}`
    const headers = { host: 'evil.test' }
    for (const [method, path] of [
      ['GET', `${SSO}/metadata`],
      ['POST', `${SSO}/SAML2/POST`],
      ['POST', `${SSO}/SAML2/ECP`],
      ['POST', '/v3.0/OS-FEDERATION/tokens'],
    ] as const) {
      const xml = response({ recipient: `${theirs}/SAML2/POST`, audience: 'http://evil.test' })
      const isForm = method === 'POST' && !path.endsWith('ECP')
      const body = isForm ? new URLSearchParams({ SAMLResponse: encoded(xml) }).toString() : `<x>${xml}</x>`
      const type = {
        'content-type': isForm ? 'application/x-www-form-urlencoded' : 'text/xml',
        'x-idp-id': 'acme',
      }
      const sent = method === 'GET' ? { headers } : { body, headers: { ...headers, ...type } }
      assert.equal((await open.call(method, path, sent)).status, 400, path)
      // Where the address is configured, the header counts for nothing.
      assert.equal((await house.call(method, path, sent)).status, method === 'GET' ? 200 : 401, path)
    }
    await open.close()
  })

  it('Keycloak CVE-2026-9802: what was used before a restart is used after it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tokenhouse-saml-'))
    const settings = {
      publicUrl: 'http://tokenhouse.test:5000',
      rootKeyFile: join(dataDir, 'root.key'),
      databaseUrl: `sqlite:${join(dataDir, 'house.db')}`,
    }
    const first = await openHouse(settings)
    const token = await first.admin()
    const put = (path: string, body: object) => first.call('PUT', path, { token, body })
    await put(`${IDP}/acme`, { identity_provider: { enabled: true } })
    const rules = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'NameID' }] }]
    await put('/v3/OS-FEDERATION/mappings/m', { mapping: { rules } })
    await put(`${IDP}/acme/protocols/saml`, { protocol: { mapping_id: 'm' } })
    await first.call('POST', META, { token, body: { metadata: samlMetadata() } })
    const xml = samlResponse({ now: Math.floor(first.ctx.now() / 1e6), recipient: ACS })
    const form = new URLSearchParams({ SAMLResponse: encoded(xml) }).toString()
    const bringTo = async (one: House) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-idp-id': 'acme' }
      return (await one.call('POST', '/v3.0/OS-FEDERATION/tokens', { body: form, headers })).status
    }
    assert.deepEqual([await bringTo(first), await bringTo(first)], [201, 401])
    await first.close()
    const second = await openHouse(settings)
    assert.equal(await bringTo(second), 401)
    await second.close()
    rmSync(dataDir, { recursive: true })
  })

  it('the provider’s end of the session is the token’s', async () => {
    const answer = await form(response({ sessionEnd: now() + 100 }))
    assert.ok(Date.parse(answer.body.token.expires_at) / 1000 <= now() + 100)
  })

  it('metadata goes with its protocol: one of the same name later believes nobody', async () => {
    const path = `${IDP}/acme/protocols/saml`
    assert.equal((await form(response())).status, 201)
    assert.equal((await send('DELETE', path)).status, 204)
    assert.equal((await send('PUT', path, { protocol: { mapping_id: 'm' } })).status, 201)
    assert.equal((await send('GET', META)).status, 404)
    assert.equal((await form(response())).status, 401)
  })
})
