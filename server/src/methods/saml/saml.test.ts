import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import xmlCrypto from 'xml-crypto'
import {
  IDP_ENTITY,
  samlAssertion,
  samlCertificate,
  samlKey,
  samlMetadata,
  signedXml,
} from '../../testing/saml-idp.ts'
import { ACS, answer, NOW, refused, US, verify } from '../../testing/saml-verdict.ts'
import { SamlFault } from './document.ts'
import { ownMetadata, readMetadata } from './metadata.ts'
import { ecpRequest, responseIn } from './request.ts'

describe('SAML responses', () => {
  it('believes one whose assertion, whose response, or both are signed', async () => {
    for (const sign of ['assertion', 'response', 'both'] as const) {
      const out = await verify(
        answer({ sign, nameId: 'bob & co', attributes: { groups: ['a', 'b;c'], mail: ['x@y'] } }),
      )
      assert.deepEqual(out.attributes['groups'], ['a', 'b;c'])
      assert.deepEqual([out.attributes['NameID'], out.attributes['MELLON_IDP']], [['bob & co'], [IDP_ENTITY]])
      assert.deepEqual([out.assertionId, out.notOnOrAfter], ['_a1', NOW + 300])
    }
  })

  it('refuses one without a signature, by another key, or changed', async () => {
    await refused(answer({ sign: 'none' }), /no signature/)
    await refused(answer({ key: samlKey('other') }))
    await refused(answer().replace('>bob<', '>admin<'))
    await refused(answer().replace('>staff<', '>admins<'))
    await refused(answer({ sign: 'response' }).replace('>bob<', '>admin<'))
  })

  it('looks at a signature once, whichever of the provider’s certificates it is by', async (t) => {
    const looks = t.mock.method(xmlCrypto.SignedXml.prototype, 'checkSignature').mock
    const [own, other] = [samlCertificate('idp'), samlCertificate('other')]
    const known = await readMetadata(samlMetadata())
    const by = (certificates: readonly string[]) => ({ provider: { ...known, certificates } })
    for (const certificates of [[own], [own, other], [other, own], [other, other, own, other]]) {
      const before = looks.callCount()
      assert.ok(await verify(answer({ sign: 'both' }), by(certificates)))
      assert.equal(looks.callCount() - before, 2)
    }
    for (const certificates of [[], [other], [other, other, other]]) {
      const before = looks.callCount()
      await refused(answer(), /not signed by the provider/, by(certificates))
      await refused(answer({ key: samlKey('other') }).replace('>bob<', '>eve<'), undefined, by(certificates))
      assert.equal(looks.callCount() - before, certificates.length === 0 ? 0 : 2)
    }
  })

  it('refuses a foreign audience, recipient, destination, issuer and confirmation, and one for anybody', async () => {
    await refused(answer({ audience: 'http://other.test' }), /for http/)
    await refused(answer({ audience: null }), /for anybody/)
    await refused(answer({ recipient: 'http://other.test/acs' }), /no confirmation/)
    await refused(answer({ destination: 'http://other.test/acs' }), /destination/)
    await refused(answer({ issuer: 'https://evil.test' }), /issuer|Unknown SAML issuer/)
    await refused(answer({ method: 'sender-vouches' }), /no confirmation/)
    await refused(answer({ status: 'Responder' }), /no success/)
    assert.ok(await verify(answer({ destination: ACS })))
  })

  it('refuses one that is too old, or not yet', async () => {
    await refused(answer(), undefined, { now: NOW + 361 })
    await refused(answer(), undefined, { now: NOW - 100 })
    await refused(answer({ conditionsLifetime: 60 }), /expired/, { now: NOW + 130 })
    assert.ok(await verify(answer(), { now: NOW + 350 }))
    assert.ok(await verify(answer(), { now: NOW - 60 }))
  })

  const signedWith = (from: string, to: string): string => {
    const assertion = samlAssertion({ now: NOW, recipient: ACS }).replace(from, to)
    const withOther = answer({ sign: 'none' }).replace(
      /<saml:Assertion .*<\/saml:Assertion>/s,
      signedXml(assertion),
    )
    assert.ok(withOther.includes(to))
    return withOther
  }

  it('refuses a condition that it does not know, and takes those of the standard', async () => {
    for (const known of [
      '<saml:OneTimeUse></saml:OneTimeUse>',
      '<saml:ProxyRestriction></saml:ProxyRestriction>',
    ])
      assert.ok(await verify(signedWith('</saml:Conditions>', `${known}</saml:Conditions>`)))
    for (const other of ['<saml:Condition></saml:Condition>', '<x:Limit xmlns:x="urn:x"></x:Limit>'])
      await refused(
        signedWith('</saml:Conditions>', `${other}</saml:Conditions>`),
        /a condition that is not known/,
      )
  })

  it('refuses an assertion without conditions, a sign-in, an id or a time, and one with conditions twice', async () => {
    const assertion = samlAssertion({ now: NOW, recipient: ACS })
    const part = (name: string): string =>
      new RegExp(`<saml:${name}.*</saml:${name}>`).exec(assertion)?.[0] ?? assert.fail(name)
    const conditions = part('Conditions')
    await refused(signedWith(conditions, ''), /no Conditions/)
    await refused(signedWith(conditions, `${conditions}${conditions}`), /no Conditions/)
    await refused(
      signedWith(conditions, conditions.replace(/NotOnOrAfter="[^"]*"/, 'NotOnOrAfter="2050"')),
      /time/,
    )
    await refused(signedWith(part('AuthnStatement'), ''), /no AuthnStatement/)
    await refused(answer({ id: '', sign: 'response' }), /no ID/)
  })

  it('of several statements, the session ends with the first that ends', async () => {
    const statements = [120, 60].map((left) => {
      const end = new Date((NOW + left) * 1000).toISOString()
      return `<saml:AuthnStatement AuthnInstant="${end}" SessionNotOnOrAfter="${end}"></saml:AuthnStatement>`
    })
    const xml = signedWith('</saml:Assertion>', `${statements.join('')}</saml:Assertion>`)
    assert.equal((await verify(xml)).sessionNotOnOrAfter, NOW + 60)
  })

  it('answers the request it has to answer, and nothing when nobody asked', async () => {
    assert.ok(await verify(answer({ inResponseTo: '_r1' }), { inResponseTo: '_r1' }))
    await refused(answer({ inResponseTo: '_r1' }), /answers/)
    await refused(answer(), /answers/, { inResponseTo: '_r1' })
    await refused(answer({ inResponseTo: '_r2' }), /answers/, { inResponseTo: '_r1' })
  })

  it('CVE-2013-1664, CVE-2013-1665: a DTD, entities and external entities are refused before they are read', async () => {
    const dtds = [
      '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
      '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    ]
    for (const dtd of dtds) await refused(`${dtd}${answer()}`, /declarations/)
    await refused(answer().replace('>bob<', '>&c;<'), /an entity/)
    await refused(`<?xml version="1.0"?>${dtds[1]}${answer()}`, /declarations/)
  })

  it('CVE-2025-29774, CVE-2025-29775 (SAMLStorm): two SignedInfo, and comments in a digest, are refused', async () => {
    await refused(
      answer().replace('</ds:Signature>', '<ds:SignedInfo></ds:SignedInfo></ds:Signature>'),
      /2 SignedInfo/,
    )
    const info = /<ds:SignedInfo>.*<\/ds:SignedInfo>/.exec(answer())?.[0] ?? ''
    await refused(answer().replace('</ds:Signature>', `${info}</ds:Signature>`), /2 SignedInfo|id|References/)
    await refused(answer().replace('<ds:DigestValue>', '<ds:DigestValue><!-- x -->'), /declarations/)
    await refused(
      answer().replace(/<ds:DigestValue>/, '<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>'),
      /several digests/,
    )
    await refused(answer().replace('>bob<', '>bob<!-- x -->.evil<'), /declarations/)
    await refused(answer().replace('>bob<', '><![CDATA[admin]]><'), /declarations/)
    await refused(answer().replace('>bob<', '><?x y?>bob<'), /declarations/)
  })

  const evil = samlAssertion({
    now: NOW,
    recipient: ACS,
    id: '_evil',
    nameId: 'admin',
    attributes: { groups: ['admins'] },
  })
  const good = answer()
  const signed = /<saml:Assertion.*<\/saml:Assertion>/.exec(good)?.[0] ?? ''
  const signature = /<ds:Signature.*<\/ds:Signature>/.exec(good)?.[0] ?? ''
  const unsigned = signed.replace(signature, '')
  const signedResponse = answer({ sign: 'response' })
  const responseSignature = /<ds:Signature.*<\/ds:Signature>/.exec(signedResponse)?.[0] ?? ''
  const evilIn = (holder: string): string => evil.replace('</saml:Issuer>', `</saml:Issuer>${holder}`)
  const object = (inner: string): string =>
    signature.replace('</ds:Signature>', `<ds:Object>${inner}</ds:Object></ds:Signature>`)
  const original = signedResponse.replace(responseSignature, '')
  const evilResponse = original.replace('_response', '_evil').replace('>bob<', '>admin<')
  const holding = (inner: string): string =>
    responseSignature.replace('</ds:Signature>', `<ds:Object>${inner}</ds:Object></ds:Signature>`)
  /** The eight wrapping attacks of Somorovsky et al., "On Breaking SAML" (2012). */
  const wrapped: Readonly<Record<string, string>> = {
    'XSW 1': evilResponse.replace('</saml:Issuer>', `</saml:Issuer>${holding(original)}`),
    'XSW 2': evilResponse.replace('</saml:Issuer>', `</saml:Issuer>${original}${responseSignature}`),
    'XSW 3': good.replace(signed, `${evil}${signed}`),
    'XSW 4': good.replace(signed, evil.replace('</saml:Assertion>', `${signed}</saml:Assertion>`)),
    'XSW 5': good.replace(signed, `${evilIn(signature)}${unsigned}`),
    'XSW 6': good.replace(signed, evilIn(object(unsigned))),
    'XSW 7': good.replace(signed, `<samlp:Extensions>${evil}</samlp:Extensions>${signed}`),
    'XSW 8': good.replace(
      signed,
      evilIn(
        object(unsigned).replace('<ds:Object>', '<ds:Object><x>').replace('</ds:Object>', '</x></ds:Object>'),
      ),
    ),
  }
  for (const [name, xml] of Object.entries(wrapped)) {
    it(`CVE-2020-5390, ${name}: a signature wrapped around something else is refused`, async () => {
      assert.ok(xml.includes('admin') && xml !== good)
      await refused(xml)
    })
  }

  it('more than one assertion is refused, whichever is signed', async () => {
    for (const name of ['XSW 3', 'XSW 4', 'XSW 7']) await refused(wrapped[name] ?? '', /2 assertions/)
  })

  it('CVE-2024-45409, CVE-2025-47949: a signature of something else in the document proves nothing', async () => {
    await refused(good.replace('URI="#_a1"', 'URI=""'), /Reference/)
    await refused(good.replace('URI="#_a1"', 'URI="#_response"'), /Reference/)
    await refused(evil.replace('</saml:Issuer>', `</saml:Issuer>${signature}`), /no Response/)
    await refused(good.replace('ID="_response"', 'ID="_a1"'), /twice/)
    await refused(good.replace('ID="_response"', 'ID="_response" Id="_a1"'), /twice/)
    await refused(
      good.replace(signed, `${signed.replaceAll('saml:', 'x:').replace('xmlns:saml', 'xmlns:x')}${signed}`),
    )
  })

  it('refuses two signatures of one element, an Object in one, and a Response inside a Response', async () => {
    await refused(good.replace(signature, `${signature}${signature}`), /two signatures/)
    await refused(good.replace('</ds:Signature>', '<ds:Object></ds:Object></ds:Signature>'), /an Object/)
    const inside = '<samlp:Response></samlp:Response></samlp:Response>'
    await refused(good.replace('</samlp:Response>', inside), /a Response inside/)
  })

  it('refuses weak algorithms and more transforms than an enveloped signature has', async () => {
    const c14n = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>'
    await refused(good.replace(c14n, `${c14n}${c14n}`), /too many transforms/)
    await refused(good.replace('xmldsig-more#rsa-sha256', 'xmldsig-more#rsa-md5'), /algorithm/)
    await refused(
      good.replace(
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
      ),
      /algorithm/,
    )
    await refused(
      good.replace(
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
      ),
      /algorithm/,
    )
    await refused(good.replace('xmlenc#sha256', 'xmldsig#sha1'), /algorithm/)
    await refused(
      good.replace(
        'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        'http://www.w3.org/TR/1999/REC-xslt-19991116',
      ),
      /algorithm/,
    )
  })

  it('refuses what is no XML, too long, or nothing', async () => {
    for (const xml of [
      '',
      '<',
      'text',
      '<a>',
      '<a/>',
      `<a>${'x'.repeat(300_000)}</a>`,
      good.slice(0, -1),
      `${good}${good}`,
    ])
      await refused(xml)
  })

  it('refuses what would take long before it proves anything: nesting, elements, attributes, prefixes', async () => {
    const many = (part: (index: number) => string, count = 5000): string =>
      Array.from({ length: count }, (_, index) => part(index)).join('')
    for (const [from, to] of [
      ['<samlp:Status>', `${many(() => '<a>')}${many(() => '</a>')}<samlp:Status>`],
      ['<saml:Subject>', `<saml:Subject>${many(() => '<a></a>')}`],
      ['<saml:Subject>', `<saml:Subject${many((index) => ` a${index}="x"`)}>`],
      ['<saml:Subject>', `<saml:Subject${many((index) => ` xmlns:a${index}='x'`)}>`],
    ] as const) {
      await refused(good.replace(from, to), /too many/)
    }
    const groups = Array.from({ length: 512 }, (_, index) => `group ${index}`)
    assert.equal((await verify(answer({ attributes: { groups } }))).attributes['groups']?.length, 512)
  })

  it('an attribute cannot pose as the subject or the provider', async () => {
    const out = await verify(
      answer({ attributes: { NameID: ['admin'], MELLON_IDP: ['https://evil.test'], uid: ['bob'] } }),
    )
    assert.deepEqual([out.attributes['NameID'], out.attributes['MELLON_IDP']], [['bob'], [IDP_ENTITY]])
  })

  it('metadata: comments are not read, as Shibboleth writes them before and between', async () => {
    const plain = samlMetadata()
    const note =
      '<!--\n     This metadata is not dynamic: <md:EntityDescriptor entityID="https://evil.test"/>\n-->'
    const noted = plain
      .replace('<md:KeyDescriptor', `${note}<md:KeyDescriptor`)
      .replace('>MII', '><!-- key -->MII')
    const head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    assert.deepEqual(await readMetadata(`${head}${note}\n${noted}${note}`), await readMetadata(plain))
    for (const bad of [
      `${note.slice(0, -1)}${plain}`,
      `<!-- <!-- -->${plain}`,
      `<!${'--><!'.repeat(9)}${plain}`,
    ]) {
      await assert.rejects(readMetadata(bad), SamlFault)
    }
  })

  it('metadata: one provider, usable keys, nothing else', async () => {
    const read = await readMetadata(samlMetadata())
    assert.deepEqual(
      [read.entityId, read.certificates.length, read.redirectUrl],
      [IDP_ENTITY, 1, 'https://idp.test/sso'],
    )
    for (const bad of [
      samlMetadata(samlCertificate('weak')),
      samlMetadata('AAAA'),
      samlMetadata()
        .replace('IDPSSODescriptor', 'SPSSODescriptor')
        .replace('/md:IDPSSODescriptor', '/md:SPSSODescriptor'),
      `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${samlMetadata()}`,
      '<x/>',
      '',
    ]) {
      await assert.rejects(readMetadata(bad), SamlFault)
    }
  })

  it('says who we are, and carries a request in an envelope', async () => {
    const own = { entityId: US, postUrl: `${ACS}?a=1&b=2`, paosUrl: ACS }
    assert.match(ownMetadata(own, ['AAAA']), /Location="http:\/\/tokenhouse.test:5000\/acs\?a=1&amp;b=2"/)
    assert.match(
      ecpRequest(own, { id: '_r1', now: NOW * 1e6 }),
      /ID="_r1".*AssertionConsumerServiceURL="http:\/\/tokenhouse.test:5000\/acs"/,
    )
    const envelope = `<S:Envelope xmlns:S="x"><S:Body>${good}</S:Body></S:Envelope>`
    assert.equal(responseIn(envelope), good)
    assert.equal(responseIn(`<S:Envelope>${good}${good}</S:Envelope>`), undefined)
  })

  it('an envelope of many namespaces, and XML of many faults, are seen through in one walk', async () => {
    const seconds = async (work: () => unknown): Promise<number> => {
      const before = process.cpuUsage()
      await work()
      return process.cpuUsage(before).user / 1e6
    }
    const declared = ' xmlns="urn:oasis:names:tc:SAML:2.0:protocol"'
    for (const end of ['', '<', '"/>']) {
      const envelope = `<Response${declared.repeat(6000)}${end}`
      assert.ok((await seconds(() => responseIn(envelope))) < 1, end)
    }
    const unclosed = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) await refused('<a>'.repeat(4000), /not XML/)
    }
    assert.ok((await seconds(unclosed)) < 2)
  })
})
