import assert from 'node:assert/strict'
import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { samlMetadata } from '../../testing/saml-idp.ts'
import { children, DSIG, type Element, METADATA, parseXml, SamlFault } from './document.ts'
import { ownMetadata, readMetadata } from './metadata.ts'
import { browserRequest } from './request.ts'
import { type CertifiedKey, newCertifiedKey } from './self-signed.ts'
import { signedText } from './signature.ts'

const NOW = 1_800_000_000
const OWN = { entityId: 'https://us.test', postUrl: 'https://us.test/acs', paosUrl: 'https://us.test/ecp' }
const POST_ONLY = samlMetadata().replace('bindings:HTTP-Redirect', 'bindings:HTTP-POST')
const signing = (metadata: string): string =>
  metadata.replace('<md:IDPSSODescriptor ', '<md:IDPSSODescriptor WantAuthnRequestsSigned="true" ')

describe('SAML requests', () => {
  let key: CertifiedKey
  before(async () => {
    key = await newCertifiedKey('tokenhouse', NOW * 1e6)
  })
  const ask = async (metadata: string) => {
    const request = { id: '_r1', relayState: 'a&b', now: NOW * 1e6, key: async () => key.privateKey }
    return browserRequest(OWN, await readMetadata(metadata), request)
  }
  const rooted = async (xml: string): Promise<Element> => (await parseXml(xml)).documentElement as Element

  it('goes in the address where the provider takes it so', async () => {
    const errand = await ask(samlMetadata().replace('https://idp.test/sso', 'https://idp.test/sso?a=1'))
    assert.ok(errand && !('fields' in errand))
    const { searchParams, origin, pathname } = new URL(errand.url)
    assert.deepEqual([origin, pathname], ['https://idp.test', '/sso'])
    assert.deepEqual([...searchParams.keys()], ['a', 'SAMLRequest', 'RelayState'])
    assert.equal(searchParams.get('RelayState'), 'a&b')
    const text = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
    const xml = await rooted(text)
    const said = ['ID', 'Destination', 'AssertionConsumerServiceURL', 'IssueInstant'].map((each) =>
      xml.getAttribute(each),
    )
    assert.deepEqual(said, ['_r1', 'https://idp.test/sso?a=1', OWN.postUrl, '2027-01-15T08:00:00Z'])
  })

  it('goes to an address that a header takes, whatever characters metadata has in it', async () => {
    for (const [said, path] of [
      ['登录', '/%E7%99%BB%E5%BD%95'],
      ['a b', '/a%20b'],
      ['sso&#10;Set-Cookie: a=b', '/ssoSet-Cookie:%20a=b'],
    ] as const) {
      const errand = await ask(samlMetadata().replace('https://idp.test/sso', `https://idp.test/${said}`))
      assert.match(errand?.url ?? '', /^[\x21-\x7e]+$/)
      assert.equal(new URL(errand?.url ?? '').pathname, path)
    }
  })

  it('is signed in the address for providers that want it', async () => {
    const errand = await ask(signing(samlMetadata()))
    const query = new URL(errand?.url ?? '').search.slice(1)
    const [signed = '', signature = ''] = query.split('&Signature=')
    const certificate = new X509Certificate(Buffer.from(key.certificate, 'base64'))
    const bytes = Buffer.from(decodeURIComponent(signature), 'base64')
    assert.ok(verify('sha256', Buffer.from(signed), certificate.publicKey, bytes))
    assert.match(signed, /^SAMLRequest=[^&]+&RelayState=a%26b&SigAlg=[^&]+rsa-sha256$/)
  })

  it('goes as a form where the provider takes it so, signed when it wants that', async () => {
    const plain = await ask(POST_ONLY)
    assert.ok(plain && 'fields' in plain)
    assert.equal(plain.fields['RelayState'], 'a&b')
    const decode = (errand: typeof plain): string =>
      Buffer.from(errand.fields['SAMLRequest'] ?? '', 'base64').toString()
    assert.deepEqual(children(await rooted(decode(plain)), DSIG, 'Signature'), [])
    const errand = await ask(signing(POST_ONLY))
    assert.ok(errand && 'fields' in errand)
    const text = decode(errand)
    const [signature] = children(await rooted(text), DSIG, 'Signature')
    assert.ok(signature)
    assert.match(await signedText(text, signature, [key.certificate]), /ID="_r1"/)
    await assert.rejects(signedText(text.replace('_r1', '_r2'), signature, [key.certificate]), SamlFault)
  })

  it('goes nowhere when the provider has no place for browsers', async () => {
    assert.equal(await ask(samlMetadata().replace('bindings:HTTP-Redirect', 'bindings:SOAP')), undefined)
  })

  it('metadata with an address that is none of the web is refused', async () => {
    for (const address of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'x', '']) {
      await assert.rejects(readMetadata(samlMetadata().replace('https://idp.test/sso', address)), SamlFault)
    }
  })

  it('our metadata names the newest key for encryption and every key for signatures', async () => {
    const older = 'AAAA'
    const xml = await rooted(ownMetadata(OWN, [key.certificate, older]))
    const [descriptor] = children(xml, METADATA, 'SPSSODescriptor')
    assert.ok(descriptor)
    const keys = children(descriptor, METADATA, 'KeyDescriptor').map((each) => [
      each.getAttribute('use'),
      each.textContent?.trim(),
    ])
    assert.deepEqual(keys, [
      ['signing', key.certificate],
      ['signing', older],
      ['encryption', key.certificate],
    ])
    assert.ok(createPublicKey(new X509Certificate(Buffer.from(key.certificate, 'base64')).toString()))
  })
})
