import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import type { AccountSecurity } from '../../../core/account-security.ts'
import { rotateSamlKey } from '../../../flows/saml-keys.ts'
import { putAccountSecurity } from '../../../store/accounts.ts'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import { sealedAssertion } from '../../../testing/saml-encryption.ts'
import {
  type SamlAnswer,
  samlCertificate,
  samlKey,
  samlMetadata,
  samlResponse,
} from '../../../testing/saml-idp.ts'
import { makeSamlProvider } from '../../../testing/saml-provider.ts'

const IDP = '/v3/OS-FEDERATION/identity_providers'
const SSO = '/v3-ext/auth/OS-FEDERATION/SSO'
const ACS = `http://tokenhouse.test:5000${SSO}/SAML2/POST`
const ORIGIN = 'http://dashboard.test/auth/websso/'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const OTHER = { issuer: 'https://other.test/metadata', key: samlKey('other') }

describe('sign-in by SAML in a browser', () => {
  let house: House
  let admin: string
  before(async () => {
    house = await openHouse({ trustedDashboards: [ORIGIN], publicUrl: 'http://tokenhouse.test:5000' })
    admin = await house.admin()
    await send('PUT', '/v3/OS-FEDERATION/mappings/m', {
      mapping: { rules: [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'NameID' }] }] },
    })
    await provider('acme', 'saml2', samlMetadata())
    await provider('other', 'saml3', samlMetadata(samlCertificate('other'), OTHER.issuer))
    const posting = samlMetadata().replace('bindings:HTTP-Redirect', 'bindings:HTTP-POST')
    await provider('posting', 'saml4', posting.replace('https://idp.test/metadata', 'https://posting.test'))
  })
  after(() => house.close())
  const send = (method: string, path: string, body?: unknown) =>
    house.call(method, path, { token: admin, ...(body === undefined ? {} : { body }) })
  const provider = (id: string, protocol: string, metadata: string) =>
    makeSamlProvider(house, admin, { id, protocol, metadata })
  const start = (idp: string, protocol: string, origin = ORIGIN) =>
    `/v3/auth/OS-FEDERATION/identity_providers/${idp}/protocols/${protocol}/websso?origin=${encodeURIComponent(origin)}`

  interface Begun {
    readonly id: string
    readonly relayState: string
    readonly cookie: string
  }
  async function begin(path = start('acme', 'saml2')): Promise<Begun> {
    const answer = await house.call('GET', path)
    assert.equal(answer.status, 302, answer.text)
    const { searchParams } = new URL(answer.headers['location'] ?? '')
    const xml = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
    const id = /\bID="([^"]+)"/.exec(xml)?.[1] ?? ''
    return { id, relayState: searchParams.get('RelayState') ?? '', cookie: cookieOf(answer) }
  }
  const cookieOf = ({ headers }: Answer): string => `${headers['set-cookie']}`.split(';')[0] ?? ''
  let count = 0
  const response = ({ id }: Begun, more: Partial<SamlAnswer> = {}): string =>
    samlResponse({
      now: Math.floor(house.ctx.now() / 1e6),
      recipient: ACS,
      id: `_b${++count}`,
      inResponseTo: id,
      ...more,
    })
  const bring = (xml: string, { relayState, cookie }: Partial<Begun>, again = true) =>
    house.call('POST', `${SSO}/SAML2/POST`, {
      body: new URLSearchParams({
        SAMLResponse: Buffer.from(xml).toString('base64'),
        ...(relayState === undefined ? {} : { RelayState: relayState }),
        ...(again ? { again: '1' } : {}),
      }).toString(),
      headers: { ...FORM, ...(cookie ? { cookie } : {}) },
    })
  const tokenOf = ({ text }: Answer): string => /name="token"[^>]*value="([^"]+)"/.exec(text)?.[1] ?? ''

  it('302 to the provider, and back with a page that posts the token to the dashboard', async () => {
    const begun = await begin()
    assert.ok(Buffer.byteLength(begun.relayState) <= 80)
    const answer = await bring(response(begun), begun)
    assert.equal(answer.status, 200, answer.text)
    assert.ok(answer.text.includes(`action="${ORIGIN}"`))
    assert.match(answer.headers['content-security-policy'] ?? '', /form-action http:\/\/dashboard\.test;/)
    assert.match(`${answer.headers['set-cookie']}`, /^tokenhouse-saml=;.*Max-Age=0/)
    const shown = await house.call('GET', '/v3/auth/tokens', {
      token: tokenOf(answer),
      headers: { 'x-subject-token': tokenOf(answer) },
    })
    assert.deepEqual([shown.body.token.user.name, shown.body.token.methods], ['bob', ['mapped']])
  })

  it('the cookie is for the consumer alone, hidden from scripts, and goes nowhere from other sites', async () => {
    const answer = await house.call('GET', start('acme', 'saml2'))
    assert.match(
      `${answer.headers['set-cookie']}`,
      new RegExp(`^tokenhouse-saml=s1\\.[\\w-]+; Path=${SSO}; Max-Age=600; HttpOnly; SameSite=Lax$`),
    )
    assert.equal(answer.headers['cache-control'], 'no-store')
  })

  it('what comes from the provider’s page without the cookie is posted once more by our own', async () => {
    const begun = await begin()
    const xml = response(begun)
    const page = await bring(xml, { relayState: `${begun.relayState}"><script>` }, false)
    assert.equal(page.status, 200)
    assert.ok(page.text.includes(`action="${ACS}"`) && !page.text.includes('"><script>'))
    assert.match(page.headers['content-security-policy'] ?? '', /form-action 'self';/)
    assert.equal(page.headers['set-cookie'], undefined)
    assert.equal((await bring(xml, { relayState: begun.relayState })).status, 401)
    assert.equal((await bring(xml, begun, false)).status, 200)
  })

  it('403 from an address that the account’s consoles are not come to from; the API’s are not asked', async () => {
    const { domain_id } = (await send('GET', `${IDP}/acme`)).body.identity_provider
    const set = (security: AccountSecurity) =>
      house.ctx.store.write((tx) => putAccountSecurity(tx, domain_id, security))
    const elsewhere = { allow_address_netmasks: [{ address_netmask: '203.0.113.0/24' }], allow_ip_ranges: [] }
    const here = { allow_address_netmasks: [{ address_netmask: '127.0.0.1' }], allow_ip_ranges: [] }
    const signIn = async () => {
      const begun = await begin()
      return (await bring(response(begun), begun)).status
    }
    await set({ consoleAddresses: elsewhere })
    assert.equal(await signIn(), 403)
    await set({ consoleAddresses: here, apiAddresses: elsewhere })
    assert.equal(await signIn(), 200)
    await set({ apiAddresses: here })
  })

  it('an answer is taken once, however many bring it at once', async () => {
    const begun = await begin()
    const xml = response(begun)
    const answers = await Promise.all([1, 2, 3, 4].map(() => bring(xml, begun)))
    assert.deepEqual(answers.map((each) => each.status).sort(), [200, 401, 401, 401])
    assert.equal((await bring(response(begun), begun)).status, 401)
  })

  it('401 an answer in another browser, to another request, or with another RelayState', async () => {
    const [mine, theirs] = [await begin(), await begin()]
    assert.equal((await bring(response(theirs), mine)).status, 401)
    assert.equal((await bring(response(theirs), { ...mine, relayState: theirs.relayState })).status, 401)
    assert.equal((await bring(response(mine), { ...mine, relayState: theirs.relayState })).status, 401)
    assert.equal((await bring(response(mine), { cookie: mine.cookie })).status, 401)
    assert.equal(
      (await bring(response(mine), { ...mine, cookie: `${mine.cookie.slice(0, -2)}AA` })).status,
      401,
    )
    assert.equal((await bring(response(mine), { ...mine, cookie: 'tokenhouse-saml=' })).status, 401)
    assert.equal((await bring(response(mine), mine)).status, 200)
  })

  it('401 an answer that comes late', async () => {
    const begun = await begin()
    house.advance(601)
    assert.equal((await bring(response(begun), begun)).status, 401)
    admin = await house.admin()
  })

  it('SAML mix-up: 401 an answer of another provider to a request that was for this one', async () => {
    const ofAcme = await begin()
    assert.equal((await bring(response(ofAcme, OTHER), ofAcme)).status, 401)
    const again = await begin()
    assert.equal((await bring(response(again, { key: OTHER.key }), again)).status, 401)
    const ofOther = await begin(start('other', 'saml3'))
    assert.equal((await bring(response(ofOther), ofOther)).status, 401)
    const honest = await begin(start('other', 'saml3'))
    assert.equal((await bring(response(honest, OTHER), honest)).status, 200)
  })

  it('401 a dashboard that is not trusted, 400 none, 401 a provider nobody knows, 403 a disabled one', async () => {
    assert.equal((await house.call('GET', start('acme', 'saml2', 'http://evil.test/'))).status, 401)
    assert.equal((await house.call('GET', start('acme', 'saml2').split('?')[0] ?? '')).status, 400)
    assert.equal((await house.call('GET', start('nobody', 'saml2'))).status, 401)
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: false } })
    assert.equal((await house.call('GET', start('acme', 'saml2'))).status, 403)
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: true } })
  })

  it('a provider disabled while the browser was there gives no token', async () => {
    const begun = await begin()
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: false } })
    assert.equal((await bring(response(begun), begun)).status, 403)
    await send('PATCH', `${IDP}/acme`, { identity_provider: { enabled: true } })
  })

  it('a dashboard that lost its trust meanwhile gets no token', async () => {
    const begun = await begin()
    Object.assign(house.ctx.settings, { trustedDashboards: [] })
    assert.equal((await bring(response(begun), begun)).status, 401)
    Object.assign(house.ctx.settings, { trustedDashboards: [ORIGIN] })
  })

  it('by the protocol alone when one provider has it', async () => {
    const path = (protocol: string): string =>
      `/v3/auth/OS-FEDERATION/websso/${protocol}?origin=${encodeURIComponent(ORIGIN)}`
    const begun = await begin(path('saml2'))
    assert.equal((await bring(response(begun), begun)).status, 200)
    assert.equal((await house.call('GET', path('saml9'))).status, 401)
  })

  it('200 a page that posts the request, for a provider that takes it so', async () => {
    const answer = await house.call('GET', start('posting', 'saml4'))
    assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'text/html; charset=utf-8'])
    assert.ok(answer.text.includes('action="https://idp.test/sso"'))
    const field = (name: string): string =>
      new RegExp(`name="${name}"[^>]*value="([^"]+)"`).exec(answer.text)?.[1] ?? ''
    const xml = Buffer.from(field('SAMLRequest'), 'base64').toString()
    const id = /\bID="([^"]+)"/.exec(xml)?.[1] ?? ''
    const begun = { id, relayState: field('RelayState'), cookie: cookieOf(answer) }
    const brought = await bring(response(begun, { issuer: 'https://posting.test' }), begun)
    assert.equal(brought.status, 200)
  })

  it('an encrypted assertion opens with the key our metadata names, also after a newer one is made', async () => {
    const named = async (): Promise<string[]> => {
      const { text } = await house.call('GET', `${SSO}/metadata`)
      return [...text.matchAll(/<ds:X509Certificate>([^<]+)/g)].map((match) => match[1] ?? '')
    }
    const [first = ''] = await named()
    assert.deepEqual(await named(), [first, first])
    const enter = async (certificate: string): Promise<number> => {
      const begun = await begin()
      const seal = (xml: string): string => sealedAssertion(xml, certificate)
      return (await bring(response(begun, { seal }), begun)).status
    }
    assert.equal(await enter(first), 200)
    await rotateSamlKey(house.ctx, 2)
    const [second = ''] = await named()
    assert.notEqual(second, first)
    assert.deepEqual(await named(), [second, first, second])
    assert.deepEqual([await enter(second), await enter(first)], [200, 200])
    await rotateSamlKey(house.ctx, 2)
    assert.deepEqual([await enter(second), await enter(first)], [200, 401])
    assert.equal(await enter(samlCertificate('other')), 401)
  })

  it('the key lies sealed in the database', async () => {
    const rows = await house.ctx.store.db
      .selectFrom('sealed_key')
      .selectAll()
      .where('purpose', '=', 'saml')
      .execute()
    assert.equal(rows.length, 2)
    assert.ok(rows.every(({ material }) => /^s1\.[\w-]+$/.test(material)))
  })

  it('400 or 401 whatever else is posted, never a session', async () => {
    const good = samlResponse({ now: Math.floor(house.ctx.now() / 1e6), recipient: ACS, id: '_fuzz' })
    let seed = 7
    const random = (limit: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((seed / 2 ** 32) * limit)
    }
    for (let done = 0; done < 40; done++) {
      const bytes = Buffer.from(good)
      // In the signed part, so that nothing which was changed could do without it.
      const at = good.indexOf('<saml:Subject>') + random(300)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 + random(255)), at)
      const body = new URLSearchParams({ SAMLResponse: bytes.toString('base64') }).toString()
      const headers = { ...FORM, 'x-idp-id': 'acme' }
      const answer = await house.call('POST', '/v3.0/OS-FEDERATION/tokens', { body, headers })
      assert.ok([400, 401].includes(answer.status), `${answer.status} at ${at}`)
      const brought = await house.call('POST', `${SSO}/SAML2/POST`, {
        body: `${body}&again=1`,
        headers: FORM,
      })
      assert.ok([400, 401].includes(brought.status), `${brought.status} at ${at}`)
    }
    assert.equal((await bring(good, {})).status, 201)
  })
})
