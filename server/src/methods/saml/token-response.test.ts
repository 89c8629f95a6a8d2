import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, seeded } from '../../testing/changed-xml.ts'
import { IDP_ENTITY, samlCertificate, samlKey, samlMetadata, signedXml } from '../../testing/saml-idp.ts'
import { answer as saml2Answer } from '../../testing/saml-verdict.ts'
import {
  assertionOf,
  inTokenResponse,
  type TokenAnswer,
  tokenResponse,
} from '../../testing/token-response.ts'
import { SamlFault } from './document.ts'
import { readMetadata } from './metadata.ts'
import { type TokenExpectation, verifyTokenResponse } from './token-response.ts'

const NOW = 1_800_000_000
const US = 'http://tokenhouse.test:5000'
const CLAIMS = 'http://schemas.xmlsoap.org/claims'
const provider = await readMetadata(samlMetadata())

const answer = (more: Partial<TokenAnswer> = {}): string =>
  tokenResponse({ now: NOW, attributes: { [`${CLAIMS}/Group`]: ['staff', 'a;b'] }, ...more })
const verify = (xml: string, more: Partial<TokenExpectation> = {}) =>
  verifyTokenResponse(xml, { provider, audiences: [US, `${US}/adfs`], now: NOW * 1e6, ...more })

async function refused(xml: string, why = /(?:)/, more: Partial<TokenExpectation> = {}): Promise<void> {
  await assert.rejects(verify(xml, more), (error: Error) => {
    assert.ok(error instanceof SamlFault, `${error.stack}`)
    assert.match(error.message, why)
    return true
  })
}

describe('answers of WS-Trust with an assertion of SAML 1.1', () => {
  it('believes one that is signed, for us, now; attributes by claim and by name', async () => {
    const out = await verify(answer())
    assert.deepEqual([out.assertionId, out.notOnOrAfter], ['_t1', NOW + 300])
    assert.deepEqual(
      { ...out.attributes },
      {
        'Shib-Identity-Provider': [IDP_ENTITY],
        MELLON_IDP: [IDP_ENTITY],
        NameID: ['bob'],
        MELLON_NAME_ID: ['bob'],
        [`${CLAIMS}/Group`]: ['staff', 'a;b'],
        Group: ['staff', 'a;b'],
      },
    )
    assert.ok(await verify(answer({ audience: `${US}/adfs`, method: null })))
    assert.ok(await verify(answer({ conditions: '<saml:DoNotCacheCondition></saml:DoNotCacheCondition>' })))
    const newer = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512'
    assert.ok(await verify(answer().replace('http://schemas.xmlsoap.org/ws/2005/02/trust', newer)))
  })

  it('refuses one without a signature, by another key, or changed', async () => {
    await refused(answer({ isSigned: false }), /no signature/)
    await refused(answer({ key: samlKey('other') }), /not signed by the provider/)
    await refused(answer().replaceAll('>bob<', '>admin<'), /not signed by the provider/)
    await refused(answer().replace('>staff<', '>admins<'), /not signed by the provider/)
    const other = /<ds:SignatureValue>([^<]*)/.exec(answer({ id: '_t2' }))?.[1] ?? ''
    await refused(answer().replace(/(<ds:SignatureValue>)[^<]*/, `$1${other}`), /not signed by the provider/)
    const info = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${samlCertificate('other')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`
    await refused(answer({ key: samlKey('other') }).replace('</ds:Signature>', info), /not signed/)
  })

  it('refuses a foreign audience or issuer, one for anybody, and conditions that are not known', async () => {
    await refused(answer({ audience: 'http://other.test' }), /for http/)
    await refused(answer({ audience: null }), /for anybody/)
    await refused(answer({ issuer: 'https://evil.test' }), /issuer/)
    const ours = `<saml:AudienceRestrictionCondition><saml:Audience>${US}</saml:Audience></saml:AudienceRestrictionCondition>`
    await refused(answer({ audience: 'http://other.test', conditions: ours }), /for http/)
    await refused(answer({ conditions: '<x:Once xmlns:x="urn:x"></x:Once>' }), /not known/)
    await refused(answer({ conditions: '<saml:Condition></saml:Condition>' }), /not known/)
  })

  it('refuses one that is too old, not yet, or without an end', async () => {
    await refused(answer(), /expired/, { now: (NOW + 361) * 1e6 })
    await refused(answer(), /not yet/, { now: (NOW - 100) * 1e6 })
    await refused(answer({ lifetime: null }), /without an end/)
    assert.ok(await verify(answer(), { now: (NOW + 350) * 1e6 }))
  })

  it('refuses another version of SAML, and one that nobody signed in for', async () => {
    const plain = assertionOf({ now: NOW })
    const place = { idAttribute: 'AssertionID', before: '</saml:Assertion>' }
    const signedAnew = (assertion: string): string =>
      inTokenResponse(signedXml(assertion, samlKey('idp'), place))
    assert.ok(await verify(signedAnew(plain)))
    await refused(signedAnew(plain.replace('MajorVersion="1"', 'MajorVersion="2"')), /another version/)
    const unauthenticated = plain.replace(
      /<saml:AuthenticationStatement.*<\/saml:AuthenticationStatement>/,
      '',
    )
    await refused(signedAnew(unauthenticated), /no AuthenticationStatement/)
  })

  it('refuses a confirmation that is no bearer’s, and statements about several or nobody', async () => {
    await refused(answer({ method: 'urn:oasis:names:tc:SAML:1.0:cm:holder-of-key' }), /bearer/)
    const about = (name: string) =>
      `<saml:AttributeStatement><saml:Subject><saml:NameIdentifier>${name}</saml:NameIdentifier></saml:Subject></saml:AttributeStatement>`
    await refused(answer({ more: about('admin') }), /several subjects/)
    await refused(answer({ more: '<saml:AttributeStatement></saml:AttributeStatement>' }), /about nobody/)
    assert.ok(await verify(answer({ more: about('bob') })))
  })

  it('a name that two namespaces have is known by its namespace alone, and none poses as the subject', async () => {
    const { attributes } = await verify(
      answer({
        attributes: {
          [`${CLAIMS}/Group`]: ['staff'],
          'urn:own/Group': ['admins'],
          'urn:own/NameID': ['admin'],
        },
      }),
    )
    assert.equal(attributes['Group'], undefined)
    assert.deepEqual([attributes[`${CLAIMS}/Group`], attributes['urn:own/Group']], [['staff'], ['admins']])
    assert.deepEqual(attributes['NameID'], ['bob'])
  })

  it('CVE-2013-1664, CVE-2025-29775: refuses a DTD and comments, what is no such answer, and SAML 2.0 in its place', async () => {
    await refused('<x/>', /no RequestSecurityTokenResponse/)
    await refused(saml2Answer(), /no RequestSecurityTokenResponse/)
    const assertion = /<saml:Assertion.*<\/saml:Assertion>/.exec(saml2Answer())?.[0] ?? ''
    await refused(inTokenResponse(assertion), /not the token/)
    await refused(inTokenResponse(''), /0 assertions/)
    await refused(`<!DOCTYPE x [<!ENTITY a "ha">]>${answer()}`, /declarations/)
    await refused(answer().replace('>bob<', '>bob<!-- x --><'), /declarations/)
  })

  const good = answer()
  const signed = /<saml:Assertion.*<\/saml:Assertion>/.exec(good)?.[0] ?? ''
  const signature = /<ds:Signature.*<\/ds:Signature>/.exec(good)?.[0] ?? ''
  const unsigned = signed.replace(signature, '')
  const evil = assertionOf({ now: NOW, id: '_evil', nameId: 'admin' })
  const holding = (...inner: readonly string[]): string =>
    evil.replace('</saml:Assertion>', `${inner.join('')}</saml:Assertion>`)
  const object = (inner: string): string =>
    signature.replace('</ds:Signature>', `<ds:Object>${inner}</ds:Object></ds:Signature>`)
  /** The eight wrapping attacks of Somorovsky et al. (2012), as far as they mean an assertion, with what they need here. */
  const wrapped: Readonly<Record<string, string>> = {
    'XSW 3': inTokenResponse(`${evil}${signed}`),
    'XSW 4': inTokenResponse(holding(signed)),
    'XSW 5': inTokenResponse(`${holding(signature)}${unsigned}`),
    'XSW 6': inTokenResponse(holding(object(unsigned))),
    'XSW 7': inTokenResponse(evil).replace(
      '<t:TokenType>',
      `<t:Extensions>${signed}</t:Extensions><t:TokenType>`,
    ),
    'XSW 8': inTokenResponse(holding(object(`<x>${unsigned}</x>`))),
    'the signature of another element': inTokenResponse(holding(signature)),
    'a second token': good.replace(
      '<t:TokenType>',
      `<t:RequestedSecurityToken>${evil}</t:RequestedSecurityToken><t:TokenType>`,
    ),
    'an empty second token': good.replace(
      '<t:TokenType>',
      '<t:RequestedSecurityToken></t:RequestedSecurityToken><t:TokenType>',
    ),
    'an id by another name': inTokenResponse(holding(signature)).replace(
      'AssertionID="_evil"',
      'AssertionID="_evil" Id="_t1"',
    ),
    'a second SignedInfo': good.replace(/<ds:SignedInfo>.*<\/ds:SignedInfo>/, '$&$&'),
  }
  for (const [name, xml] of Object.entries(wrapped)) {
    it(`CVE-2020-5390, ${name}: a signature wrapped around something else is refused`, async () => {
      assert.notEqual(xml, good)
      await refused(xml)
    })
  }

  it('300 changes to one (seed 20261122) prove nothing else', async () => {
    const random = seeded(20_261_122)
    const believed = await verify(good)
    let refusals = 0
    for (let done = 0; done < 300; done++) {
      const xml = changed(good, random)
      const found = await verify(xml).catch((error: unknown) => error)
      if (found instanceof SamlFault) refusals++
      else assert.deepEqual(found, believed, xml)
    }
    assert.ok(refusals > 200, `${refusals} of 300 refused`)
  })

  it('metadata of a token service alone has its keys', async () => {
    const role = samlMetadata()
      .replace(
        'md:IDPSSODescriptor',
        'md:RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" xsi:type="fed:SecurityTokenServiceType"',
      )
      .replace('</md:IDPSSODescriptor', '</md:RoleDescriptor')
    const read = await readMetadata(role)
    assert.deepEqual([read.entityId, read.certificates], [IDP_ENTITY, [samlCertificate('idp')]])
    await assert.rejects(
      readMetadata(role.replace('SecurityTokenServiceType', 'ApplicationServiceType')),
      SamlFault,
    )
  })
})
