import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { type Sealing, sealedAssertion } from '../../testing/saml-encryption.ts'
import { type SamlAnswer, samlAssertion, signedXml } from '../../testing/saml-idp.ts'
import {
  ACS,
  answer as anyAnswer,
  NOW,
  refused as refusedBy,
  verify as verifyBy,
} from '../../testing/saml-verdict.ts'
import { type CertifiedKey, newCertifiedKey } from './self-signed.ts'

describe('encrypted assertions', () => {
  let ours: CertifiedKey
  let older: CertifiedKey
  before(async () => {
    ours = await newCertifiedKey('tokenhouse', NOW * 1e6)
    older = await newCertifiedKey('tokenhouse', NOW * 1e6)
  })
  const seal =
    (sealing: Sealing = {}, key = ours) =>
    (xml: string): string =>
      sealedAssertion(xml, key.certificate, sealing)
  const answer = (more: Partial<SamlAnswer> = {}): string => anyAnswer({ seal: seal(), ...more })
  const own = (): string[] => [ours.privateKey, older.privateKey]
  const verify = (xml: string) => verifyBy(xml, { keys: own() })
  const refused = (xml: string, why: RegExp, keys = own()) => refusedBy(xml, why, { keys })

  it('a key and its certificate belong together', () => {
    const certificate = new X509Certificate(Buffer.from(ours.certificate, 'base64'))
    assert.ok(certificate.checkPrivateKey(createPrivateKey(ours.privateKey)))
    assert.ok(certificate.verify(certificate.publicKey))
    assert.equal(certificate.subject, 'CN=tokenhouse')
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 3072)
    assert.ok(Date.parse(certificate.validFrom) < NOW * 1e3 && Date.parse(certificate.validTo) > NOW * 1e3)
  })

  it('opens every cipher and hash we take, signed inside, outside, or both', async () => {
    for (const cipher of ['aes128-gcm', 'aes256-gcm', 'aes128-cbc', 'aes256-cbc'] as const) {
      for (const sign of ['response', 'both'] as const) {
        const out = await verify(answer({ sign, seal: seal({ cipher }), nameId: 'bøb & co' }))
        assert.deepEqual([out.attributes['NameID'], out.attributes['groups']], [['bøb & co'], ['staff']])
      }
    }
    for (const oaep of [null, 'sha1', 'sha256', 'sha512'] as const) {
      assert.ok(await verify(answer({ sign: 'assertion', seal: seal({ oaep }) })))
    }
  })

  it('an older key of ours still opens what was meant for it, a key of nobody does not', async () => {
    assert.ok(await verify(answer({ seal: seal({}, older) })))
    await refused(answer(), /does not open/, [older.privateKey])
    await refused(answer(), /does not open/, [])
  })

  it('AES-CBC without a signature over the ciphertext is refused before anything is deciphered', async () => {
    for (const cipher of ['aes128-cbc', 'aes256-cbc'] as const) {
      await refused(answer({ sign: 'assertion', seal: seal({ cipher }) }), /AES-CBC without a signature/)
    }
  })

  it('encryption is no signature: what nobody signed is refused, and what was signed must be', async () => {
    await refused(answer({ sign: 'none' }), /no signature/)
    const changed = (xml: string): string => seal()(xml.replace('>bob<', '>admin<'))
    await refused(answer({ sign: 'assertion', seal: changed }), /signature/)
    await refused(answer({ sign: 'both', seal: changed }), /signature/)
  })

  it('ciphertext that was changed, cut or exchanged is refused alike', async () => {
    const flip = (all: Buffer): Buffer => {
      all.writeUInt8(all.readUInt8(40) ^ 1, 40)
      return all
    }
    for (const bytes of [
      flip,
      (all: Buffer) => all.subarray(0, -1),
      (all: Buffer) => all.subarray(0, 28),
      (all: Buffer) => all.subarray(0, 5),
      () => Buffer.alloc(0),
      (all: Buffer) => Buffer.concat([all, Buffer.from('x')]),
    ]) {
      await refused(answer({ seal: seal({ bytes }) }), /does not open/)
    }
    await refused(
      answer({ sign: 'response', seal: seal({ cipher: 'aes128-cbc', bytes: flip }) }),
      /does not open|XML|signature|declarations|entity/,
    )
  })

  it('refuses RSA 1.5, TripleDES, two hashes, and parameters of OAEP', async () => {
    const good = answer({ seal: seal({ oaep: 'sha256' }) })
    await refused(good.replace(/xmlenc11#rsa-oaep"/, 'xmlenc11#rsa-1_5"'), /algorithm/)
    await refused(answer().replace('rsa-oaep-mgf1p', 'rsa-1_5'), /algorithm/)
    await refused(answer().replace('2009/xmlenc11#aes256-gcm', '2001/04/xmlenc#tripledes-cbc'), /algorithm/)
    await refused(good.replace('mgf1sha256', 'mgf1sha512'), /two hashes/)
    await refused(good.replace('xmlenc#sha256', 'xmlenc#sha999'), /two hashes/)
    await refused(
      good.replace('<ds:DigestMethod', '<xenc:OAEPparams>AAAA</xenc:OAEPparams><ds:DigestMethod'),
      /parameters/,
    )
    await refused(answer().replace('xmlenc#Element', 'xmlenc#Content'), /encrypted http/)
  })

  it('refuses two keys, two ciphertexts, and encrypted beside plain', async () => {
    const good = answer()
    const key = /<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/.exec(good)?.[0] ?? ''
    const data = /<xenc:EncryptedData.*<\/xenc:EncryptedData>/.exec(good)?.[0] ?? ''
    const whole = /<saml:EncryptedAssertion.*<\/saml:EncryptedAssertion>/.exec(good)?.[0] ?? ''
    await refused(good.replace(key, `${key}${key}`), /2 EncryptedKey/)
    await refused(good.replace(data, `${data}${data}`), /2 EncryptedData/)
    await refused(good.replace(whole, `${whole}${whole}`), /2 assertions/)
    const plain = signedXml(samlAssertion({ now: NOW, recipient: ACS }))
    await refused(good.replace(whole, `${plain}${whole}`), /2 assertions/)
  })

  it('CVE-2025-49825: an assertion inside an assertion is refused, encrypted or not', async () => {
    const inner = signedXml(samlAssertion({ now: NOW, recipient: ACS, id: '_inner' }))
    const evil = samlAssertion({ now: NOW, recipient: ACS, id: '_evil', nameId: 'admin' })
    const nested = evil.replace('</saml:Issuer>', `</saml:Issuer><saml:Advice>${inner}</saml:Advice>`)
    await refused(answer({ seal: () => seal()(nested) }), /inside an assertion/)
    await refused(
      answer({ seal: () => seal()(evil.replace('</saml:Assertion>', `${inner}</saml:Assertion>`)) }),
      /inside/,
    )
    await refused(answer({ seal: () => nested }), /2 assertions/)
    await refused(answer({ seal: () => seal()(seal()(inner)) }), /no Assertion/)
  })

  it('CVE-2020-5390: a signature wrapped around something else is refused inside the encryption too', async () => {
    const good = signedXml(samlAssertion({ now: NOW, recipient: ACS, id: '_good' }))
    const signature = /<ds:Signature.*<\/ds:Signature>/.exec(good)?.[0] ?? ''
    const evil = samlAssertion({ now: NOW, recipient: ACS, id: '_evil', nameId: 'admin' })
    const held = evil.replace('</saml:Issuer>', `</saml:Issuer>${signature}`)
    await refused(answer({ seal: () => seal()(held) }), /Reference/)
    await refused(answer({ seal: () => seal()(held.replace('_evil', '_good')) }), /signature/)
    await refused(answer({ seal: () => seal()(`${good}${evil}`) }), /XML/)
    const object = signature.replace('</ds:Signature>', `<ds:Object>${good}</ds:Object></ds:Signature>`)
    await refused(
      answer({ seal: () => seal()(evil.replace('</saml:Issuer>', `</saml:Issuer>${object}`)) }),
      /inside|twice/,
    )
  })

  it('CVE-2013-1664, CVE-2025-29775: entities and comments are refused inside the encryption too', async () => {
    for (const bad of ['<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', '<!-- x -->', '<?x y?>']) {
      await refused(answer({ seal: (xml) => seal()(`${bad}${xml}`) }), /declarations/)
    }
  })
})
