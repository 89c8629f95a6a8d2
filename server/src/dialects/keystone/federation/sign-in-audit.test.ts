import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import { type House, openHouse } from '../../../testing/house.ts'
import { samlKey, samlMetadata, samlResponse } from '../../../testing/saml-idp.ts'
import { tokenResponse } from '../../../testing/token-response.ts'

const US = 'http://tokenhouse.test:5000'
const IDP = '/v3/OS-FEDERATION/identity_providers'
const SSO = '/v3-ext/auth/OS-FEDERATION/SSO'
const ISSUER = 'https://idp.example'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
/** Stands wherever somebody can write something: none of it may be found on the audit trail. */
const MARK = 'mark-7f3a'

describe('a federated sign-in that fails before the mapping is on the audit trail', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let house: House
  before(async () => {
    house = await openHouse({ publicUrl: US })
    const token = await house.admin()
    const send = async (method: string, path: string, body: unknown) => {
      const { status, text } = await house.call(method, path, { token, body })
      assert.ok(status < 300, text)
    }
    await send('PUT', `${IDP}/acme`, { identity_provider: { enabled: true } })
    await send('PUT', `${IDP}/off`, { identity_provider: { enabled: false } })
    await send('PUT', '/v3/OS-FEDERATION/mappings/m', {
      mapping: { rules: [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'NameID' }] }] },
    })
    for (const path of ['acme/protocols/saml', 'acme/protocols/oidc', 'off/protocols/oidc'])
      await send('PUT', `${IDP}/${path}`, { protocol: { mapping_id: 'm' } })
    const metadata = samlMetadata()
    await send('POST', `/v3-ext/OS-FEDERATION/identity_providers/acme/protocols/saml/metadata`, { metadata })
    const signing_key = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] })
    await send('POST', '/v3.0/OS-FEDERATION/identity-providers/acme/openid-connect-config', {
      openid_connect_config: {
        access_mode: 'program_console',
        idp_url: ISSUER,
        client_id: 'us',
        algorithms: ['ES256'],
        signing_key,
      },
    })
  })
  after(() => house.close())
  const now = (): number => Math.floor(house.ctx.now() / 1e6)
  const lines = () => house.ctx.store.db.selectFrom('audit_event').selectAll().execute()

  /** The lines that `act` leaves of sign-ins. Nothing of what it brought is in any of them. */
  async function left(act: () => Promise<{ readonly status: number }>, status: number) {
    const before = (await lines()).length
    const answer = await act()
    assert.equal(answer.status, status)
    const added = (await lines()).slice(before)
    const text = JSON.stringify(added)
    assert.equal(text.includes(MARK), false, text)
    assert.ok(text.length < 2000)
    return added
      .filter(({ action }) => action === 'federated_login')
      .map(({ outcome, target, reason, actor_id }) => {
        assert.ok(reason !== '' && actor_id === '')
        return `${outcome} ${target}`
      })
  }

  const encoded = (xml: string): string => Buffer.from(xml).toString('base64')
  const post = (path: string, fields: Record<string, string>, headers = {}) =>
    house.call('POST', path, {
      body: new URLSearchParams(fields).toString(),
      headers: { ...FORM, ...headers },
    })
  const byIdp = (xml: string) =>
    post('/v3.0/OS-FEDERATION/tokens', { SAMLResponse: encoded(xml) }, { 'x-idp-id': 'acme' })
  const saml = (more: object) =>
    samlResponse({ now: now(), recipient: `${US}${SSO}/SAML2/POST`, nameId: MARK, ...more })
  const bearer = (text: string, path = `${IDP}/acme/protocols/oidc/auth`) =>
    house.call('POST', path, { headers: { authorization: `Bearer ${text}` } })
  const idToken = (claims: object = {}, typ?: string) =>
    new SignJWT({ iss: ISSUER, aud: 'us', sub: MARK, iat: now(), exp: now() + 300, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k', ...(typ === undefined ? {} : { typ }) })
      .sign(privateKey)

  const ACME_SAML = ['refused identity_provider:acme/saml']
  const ACME_OIDC = ['refused identity_provider:acme/oidc']
  const NOWHERE = ['refused ']

  it('SAML: forged, changed, for others, of others, at the wrong time or place, or no XML', async () => {
    for (const xml of [
      saml({ key: samlKey('other') }),
      saml({}).replace(`>${MARK}<`, `>${MARK}!<`),
      saml({ audience: `https://${MARK}.test` }),
      saml({ issuer: `https://${MARK}.test` }),
      saml({ destination: `https://${MARK}.test` }),
      saml({ lifetime: -400 }),
      saml({ inResponseTo: `_${MARK}` }),
      saml({ id: MARK }).replace('ID="_response"', `ID="${MARK}"`),
      saml({}).replace('rsa-sha256', MARK),
      saml({}).replace(/(<ds:DigestValue>)[^<]*/, `$1${MARK}`),
      saml({}).replace(/NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${MARK}"`),
      `<${MARK} a="${MARK}`,
      `<${MARK}/>`,
    ]) {
      assert.deepEqual(await left(() => byIdp(xml), 401), ACME_SAML, xml)
    }
  })

  it('SAML: the same assertion twice', async () => {
    const xml = saml({ id: '_twice' })
    assert.equal((await byIdp(xml)).status, 201)
    assert.deepEqual(await left(() => byIdp(xml), 401), ACME_SAML)
  })

  it('SAML in a browser, by an envelope, and of a provider that nobody knows', async () => {
    const fields = { SAMLResponse: encoded(saml({ inResponseTo: `_${MARK}` })), again: '1', RelayState: MARK }
    const headers = { cookie: `tokenhouse-saml=${MARK}` }
    assert.deepEqual(await left(() => post(`${SSO}/SAML2/POST`, fields, headers), 401), NOWHERE)
    const stranger = { SAMLResponse: encoded(saml({ issuer: `https://${MARK}.test` })) }
    assert.deepEqual(await left(() => post(`${SSO}/SAML2/POST`, stranger), 401), NOWHERE)
    assert.deepEqual(
      await left(() => post(`${SSO}/SAML2/POST`, { SAMLResponse: encoded('<') }), 401),
      NOWHERE,
    )
    const body = `<S:Envelope>${saml({ inResponseTo: `_${MARK}` })}</S:Envelope>`
    const envelope = { body, headers: { 'content-type': 'text/xml' } }
    assert.deepEqual(await left(() => house.call('POST', `${SSO}/SAML2/ECP`, envelope), 401), NOWHERE)
  })

  it('WS-Trust: what is brought to the consumer, and a note at the door', async () => {
    const path = `${SSO}/ADFS/identity_providers/acme/protocols/saml`
    for (const more of [
      { key: samlKey('other') },
      { issuer: MARK },
      { audience: MARK },
      { lifetime: null },
    ]) {
      const wresult = tokenResponse({ now: now(), nameId: MARK, ...more })
      assert.deepEqual(await left(() => post(path, { wa: 'wsignin1.0', wresult }), 401), ACME_SAML)
    }
    const headers = { cookie: `tokenhouse-adfs=${MARK}` }
    const door = `${IDP}/acme/protocols/saml/auth`
    assert.deepEqual(await left(() => house.call('GET', door, { headers }), 401), ACME_SAML)
  })

  it('OpenID Connect: a token that is forged, for others, of others, or none', async () => {
    const good = await idToken()
    for (const text of [
      `${good.slice(0, -4)}AAAA`,
      await idToken({ aud: MARK }),
      await idToken({ iss: MARK }),
      await idToken({ azp: MARK }),
      await idToken({}, MARK),
      await idToken({ exp: now() - 300 }),
      MARK,
    ]) {
      assert.deepEqual(await left(() => bearer(text), 401), ACME_OIDC, text)
    }
  })

  it('OpenID Connect: an answer in a browser that never asked; a provider that is off, or is none', async () => {
    const callback = `/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/oidc/websso/callback?code=${MARK}&state=${MARK}`
    const headers = { cookie: `tokenhouse-websso=${MARK}` }
    assert.deepEqual(await left(() => house.call('GET', callback, { headers }), 401), ACME_OIDC)
    const good = await idToken()
    assert.deepEqual(await left(() => bearer(good, `${IDP}/off/protocols/oidc/auth`), 403), NOWHERE)
    assert.deepEqual(await left(() => bearer(good, `${IDP}/none/protocols/oidc/auth`), 401), NOWHERE)
  })

  it('CVE-2013-0247: many that fail say nothing on the log, and leave lines of a bounded length', async () => {
    const written: string[] = []
    const { error, log } = console
    const note = (...parts: unknown[]): void => {
      written.push(parts.join(' '))
    }
    console.error = note
    console.log = note
    const before = (await lines()).length
    try {
      const long = `<x a="${'y'.repeat(50_000)}"/>`
      for (let i = 0; i < 20; i++) {
        assert.equal((await bearer('z'.repeat(7000))).status, 401)
        assert.equal((await byIdp(long)).status, 401)
      }
    } finally {
      console.error = error
      console.log = log
    }
    assert.deepEqual(written, [])
    const added = (await lines()).slice(before)
    assert.equal(added.length, 40)
    for (const line of added) assert.ok(JSON.stringify(line).length < 600)
  })

  it('one line for who comes in, with whom it was', async () => {
    const before = (await lines()).length
    assert.equal((await byIdp(saml({ id: '_in' }))).status, 201)
    const said = (await lines()).slice(before).filter(({ action }) => action === 'federated_login')
    assert.deepEqual(
      said.map(({ outcome, target }) => `${outcome} ${target}`),
      ['success identity_provider:acme/saml'],
    )
    assert.match(said[0]?.actor_id ?? '', /^[0-9a-f]{32}$/)
  })
})
