import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import { samlCertificate, samlKey, samlMetadata } from '../../../testing/saml-idp.ts'
import { makeSamlProvider } from '../../../testing/saml-provider.ts'
import { type TokenAnswer, tokenResponse } from '../../../testing/token-response.ts'

const US = 'http://tokenhouse.test:5000'
const IDP = '/v3/OS-FEDERATION/identity_providers'
const SSO = '/v3-ext/auth/OS-FEDERATION/SSO'
const OTHER = { issuer: 'https://other.test/metadata', key: samlKey('other') }

describe('sign-in by WS-Trust (v3adfspassword)', () => {
  let house: House
  let admin: string
  before(async () => {
    house = await openHouse({ publicUrl: US })
    admin = await house.admin()
    const claim = 'http://schemas.xmlsoap.org/claims/Group'
    await send('PUT', '/v3/OS-FEDERATION/mappings/m', {
      mapping: {
        rules: [
          {
            local: [{ user: { name: '{0}' } }],
            remote: [{ type: 'NameID' }, { type: claim, any_one_of: ['staff'] }],
          },
        ],
      },
    })
    await provider('acme', 'adfs', samlMetadata())
    await provider('other', 'adfs', samlMetadata(samlCertificate('other'), OTHER.issuer))
  })
  after(() => house.close())
  const send = (method: string, path: string, body?: unknown) =>
    house.call(method, path, { token: admin, ...(body === undefined ? {} : { body }) })
  const provider = (id: string, protocol: string, metadata: string) =>
    makeSamlProvider(house, admin, { id, protocol, metadata })
  let count = 0
  const answer = (more: Partial<TokenAnswer> = {}): string =>
    tokenResponse({
      now: Math.floor(house.ctx.now() / 1e6),
      id: `_t${++count}`,
      attributes: { 'http://schemas.xmlsoap.org/claims/Group': ['staff'] },
      ...more,
    })
  const post = (fields: Record<string, string>, idp = 'acme', protocol = 'adfs') =>
    house.call('POST', `${SSO}/ADFS/identity_providers/${idp}/protocols/${protocol}`, {
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  const bring = (xml: string, idp = 'acme', protocol = 'adfs') =>
    post({ wa: 'wsignin1.0', wresult: xml }, idp, protocol)
  const cookieOf = ({ headers }: Answer): string => `${headers['set-cookie']}`.split(';')[0] ?? ''
  const ask = (cookie: string, idp = 'acme', protocol = 'adfs') =>
    house.call('GET', `${IDP}/${idp}/protocols/${protocol}/auth`, { headers: { cookie } })

  it('302 to the door with a cookie for it alone, and 201 there: once', async () => {
    const sent = await bring(answer())
    assert.equal(sent.status, 302, sent.text)
    assert.equal(sent.headers['location'], `${US}${IDP}/acme/protocols/adfs/auth`)
    assert.match(
      `${sent.headers['set-cookie']}`,
      /^tokenhouse-adfs=s1\.[\w-]+; Path=\/v3\/OS-FEDERATION\/identity_providers\/acme\/protocols\/adfs\/auth; Max-Age=120; HttpOnly; SameSite=Lax$/,
    )
    const issued = await ask(cookieOf(sent))
    assert.equal(issued.status, 201, issued.text)
    const { methods, user } = issued.body.token
    assert.deepEqual([methods, user.name], [['mapped'], 'bob'])
    assert.deepEqual(
      [user['OS-FEDERATION'].identity_provider, user['OS-FEDERATION'].protocol],
      [{ id: 'acme' }, { id: 'adfs' }],
    )
    assert.ok(issued.headers['x-subject-token'])
    assert.match(`${issued.headers['set-cookie']}`, /^tokenhouse-adfs=;.*Max-Age=0/)
    assert.equal((await ask(cookieOf(sent))).status, 401)
  })

  it('Zitadel CVE-2025-46815: one answer makes one note, one note one token, however many bring it at once', async () => {
    const xml = answer()
    const sent = await Promise.all([1, 2, 3, 4].map(() => bring(xml)))
    assert.deepEqual(sent.map(({ status }) => status).toSorted(), [302, 401, 401, 401])
    const cookie = cookieOf(sent.find(({ status }) => status === 302) as Answer)
    const asked = await Promise.all([1, 2, 3, 4].map(() => ask(cookie)))
    assert.deepEqual(asked.map(({ status }) => status).toSorted(), [201, 401, 401, 401])
  })

  it('401 a note at another door, after two minutes, changed, sealed for something else, or of another house', async () => {
    const cookie = cookieOf(await bring(answer()))
    await provider('acme', 'again', samlMetadata())
    // The same provider, and another protocol of it.
    assert.equal((await ask(cookie, 'acme', 'again')).status, 401)
    assert.equal((await ask(cookie, 'other')).status, 401)
    assert.equal((await ask(`${cookie.slice(0, -2)}AA`)).status, 401)
    const elsewhere = house.ctx.keys.seal('{}', 'websso')
    assert.equal((await ask(`tokenhouse-adfs=${elsewhere}`)).status, 401)
    assert.equal((await ask('tokenhouse-adfs=')).status, 401)
    house.advance(121)
    assert.equal((await ask(cookie)).status, 401)
  })

  it('401 an answer of another provider, however it is called', async () => {
    assert.equal((await bring(answer(OTHER))).status, 401)
    assert.equal((await bring(answer({ key: OTHER.key }))).status, 401)
    assert.equal((await bring(answer({ issuer: OTHER.issuer }))).status, 401)
    assert.equal((await bring(answer(), 'other')).status, 401)
    assert.equal((await bring(answer(OTHER), 'other')).status, 302)
  })

  it('401 one for somebody else, too old, changed or unsigned; 302 one for the consumer by its address', async () => {
    assert.equal((await bring(answer({ audience: 'http://other.test' }))).status, 401)
    assert.equal(
      (await bring(answer({ audience: `${US}${SSO}/ADFS/identity_providers/other/protocols/adfs` }))).status,
      401,
    )
    assert.equal((await bring(answer({ lifetime: -400 }))).status, 401)
    assert.equal((await bring(answer().replaceAll('>bob<', '>admin<'))).status, 401)
    assert.equal((await bring(answer({ isSigned: false }))).status, 401)
    assert.equal(
      (await bring(answer({ audience: `${US}${SSO}/ADFS/identity_providers/acme/protocols/adfs` }))).status,
      302,
    )
  })

  it('401 who the mapping does not admit', async () => {
    const cookie = cookieOf(await bring(answer({ attributes: {} })))
    assert.equal((await ask(cookie)).status, 401)
  })

  it('400 another act, no answer, and where only the Host header says who we are; 401 an unknown door', async () => {
    assert.equal((await post({ wa: 'wsignout1.0', wresult: answer() })).status, 400)
    assert.equal((await post({ wa: 'wsignin1.0' })).status, 400)
    assert.equal((await bring(answer(), 'nope')).status, 401)
    const open = await openHouse()
    const sent = await open.call('POST', `${SSO}/ADFS/identity_providers/acme/protocols/adfs`, {
      body: new URLSearchParams({ wa: 'wsignin1.0', wresult: answer() }).toString(),
      headers: { host: 'evil.test', 'content-type': 'application/x-www-form-urlencoded' },
    })
    await open.close()
    assert.equal(sent.status, 400)
  })

  it('403 attributes that do not fit a header; many of one kind do', async () => {
    const noise = (length: number) =>
      Array.from({ length }, (_, at) => createHash('sha256').update(`${at}`).digest('base64'))
    const claims = (values: readonly string[]) => ({
      attributes: { 'http://schemas.xmlsoap.org/claims/Group': ['staff', ...values] },
    })
    assert.equal((await bring(answer(claims(noise(500))))).status, 403)
    const groups = Array.from({ length: 300 }, (_, at) => `CN=group-${at},OU=Groups,DC=corp,DC=example`)
    const sent = await bring(answer(claims(groups)))
    assert.equal(sent.status, 302)
    assert.equal((await ask(cookieOf(sent))).status, 201)
  })

  it('a note is worth nothing when the provider is disabled, or is another one by then', async () => {
    const [first, second] = [cookieOf(await bring(answer())), cookieOf(await bring(answer()))]
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: false } })
    assert.equal((await ask(first)).status, 403)
    assert.equal((await bring(answer())).status, 403)
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: true } })
    await send('DELETE', `${IDP}/acme/protocols/adfs`)
    await send('PUT', `${IDP}/acme/protocols/adfs`, { protocol: { mapping_id: 'm' } })
    assert.equal((await ask(second)).status, 401)
    assert.equal((await bring(answer())).status, 401)
  })
})
