import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, seeded } from '../../testing/changed-xml.ts'
import { IDP_ENTITY, samlCertificate, samlKey, samlMetadata } from '../../testing/saml-idp.ts'
import { answer, type Circumstances, refused, verify } from '../../testing/saml-verdict.ts'
import { SamlFault } from './document.ts'
import { readMetadata } from './metadata.ts'
import type { VerifiedSaml } from './verify.ts'

/** What it proves; the fault when it proves nothing. */
const outcome = (xml: string, more: Circumstances = {}): Promise<VerifiedSaml | SamlFault> =>
  verify(xml, more).catch((error: unknown) => {
    if (error instanceof SamlFault) return error
    throw error
  })

describe('attacks on SAML that others have seen', () => {
  it('CVE-2020-29509, CVE-2020-29510, CVE-2020-29511: names that another parser reads otherwise change nothing', async () => {
    const good = answer()
    const believed = await outcome(good)
    for (const [from, to] of [
      ['<saml:Subject>', '<saml:Subject><x::evil></x::evil>'],
      ['<saml:Subject>', '<saml:Subject><:evil></:evil>'],
      ['<saml:Subject>', '<saml:Subject xmlns:a:b="urn:x">'],
      ['<saml:Subject>', '<saml:Subject a:="x">'],
      ['<saml:Subject>', '<saml:Subject :a="x">'],
      ['<saml:Subject>', '<saml:Subject ID="x" saml:ID="y">'],
      ['<saml:Subject>', '<saml:Subject xmlns="">'],
      ['<saml:NameID>bob', '<saml:NameID>bob<saml:NameID>admin</saml:NameID>'],
      ['<saml:NameID>bob', '<saml:NameID xmlns:saml="urn:x">admin'],
      ['<saml:NameID>bob', '<saml:NameID>\u0000admin'],
      ['<saml:NameID>bob', '<saml:NameID>&#0;admin'],
      ['<saml:NameID>bob', '<saml:NameID>bob&#x2e;admin'],
      ['<saml:NameID>bob', '<saml:NameID>bob\radmin'],
    ] as const) {
      const changed = good.replace(from, to)
      assert.notEqual(changed, good)
      const found = await outcome(changed)
      if (!(found instanceof SamlFault)) assert.deepEqual(found, believed, to)
    }
    // Outside of what is signed it is not read at all.
    const outside = good.replace(
      '<samlp:Status>',
      '<samlp:Extensions><x xmlns="urn:x">admin</x></samlp:Extensions><samlp:Status>',
    )
    assert.deepEqual(await outcome(outside), believed)
  })

  it('CVE-2025-54369, CVE-2025-54419: what is read is what was signed, not what was sent', async () => {
    const evil = '<saml:Subject><saml:NameID>admin</saml:NameID></saml:Subject>'
    const good = answer()
    // The signature itself is the one place inside the assertion that its digest leaves out.
    const inSignature = good.replace('</ds:Signature>', `${evil}</ds:Signature>`)
    const found = await outcome(inSignature)
    assert.ok(found instanceof SamlFault || found.attributes['NameID']?.[0] === 'bob')
    for (const place of ['<ds:SignedInfo>', '<ds:SignatureValue>', '</ds:SignedInfo>']) {
      const there = await outcome(
        good.replace(place, place.startsWith('</') ? `${place}${evil}` : `${evil}${place}`),
      )
      assert.ok(there instanceof SamlFault || there.attributes['NameID']?.[0] === 'bob', place)
    }
    await refused(good.replace('<saml:NameID>bob', '<saml:NameID>bo'))
    await refused(good.replace('<saml:NameID>bob</saml:NameID>', '<saml:NameID></saml:NameID>'))
  })

  it('xmlseclibs 2018: a digest or signature that is nearly right, empty or a number is refused', async () => {
    const good = answer()
    const digest = /<ds:DigestValue>([^<]*)/.exec(good)?.[1] ?? ''
    const value = /<ds:SignatureValue>([^<]*)/.exec(good)?.[1] ?? ''
    for (const bad of [
      '',
      '0',
      '0e123',
      'true',
      'null',
      '=',
      digest.slice(0, 20),
      digest.toLowerCase(),
      `${digest}AAAA`,
    ]) {
      await refused(good.replace(`>${digest}<`, `>${bad}<`))
    }
    for (const bad of [
      '',
      '0',
      value.slice(0, 40),
      Buffer.alloc(256).toString('base64'),
      Buffer.alloc(256, 1).toString('base64'),
    ]) {
      await refused(good.replace(`>${value}<`, `>${bad}<`))
    }
    // The digest is right, the signature is another answer's.
    const other = /<ds:SignatureValue>([^<]*)/.exec(answer({ id: '_a2' }))?.[1] ?? ''
    await refused(good.replace(value, other), /signature/)
  })

  it('CVE-2025-49825, CVE-2018-0114: a certificate that the signature brings along is not believed', async () => {
    const info = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${samlCertificate('other')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
    const own = info.replace(samlCertificate('other'), samlCertificate('idp'))
    const forged = answer({ key: samlKey('other') })
    for (const key of [info, own, `${info}${info}`]) {
      await refused(forged.replace('</ds:SignatureValue>', `</ds:SignatureValue>${key}`), /signature/)
    }
    const honest = await outcome(answer().replace('</ds:SignatureValue>', `</ds:SignatureValue>${own}`))
    assert.ok(!(honest instanceof SamlFault))
  })

  it('SAML mix-up: an answer of one provider is none of another, whatever it calls itself', async () => {
    const other = await readMetadata(samlMetadata(samlCertificate('other'), 'https://other.test/metadata'))
    const asOther = { issuer: 'https://other.test/metadata', key: samlKey('other') }
    assert.ok(!((await outcome(answer(asOther), { provider: other })) instanceof SamlFault))
    await refused(answer(asOther), /signature/)
    await refused(answer({ ...asOther, issuer: IDP_ENTITY }), /signature/)
    await refused(answer({ issuer: 'https://other.test/metadata' }), /issuer/)
    // The envelope says one thing, what was signed another.
    const good = answer()
    const outer = good.replace(`>${IDP_ENTITY}<`, '>https://other.test/metadata<')
    assert.notEqual(outer, good)
    await refused(outer, /issuer/)
  })

  it('SAMLStorm: a second SignedInfo is refused before and behind the first, and in any namespace', async () => {
    const good = answer()
    const info = /<ds:SignedInfo>.*<\/ds:SignedInfo>/.exec(good)?.[0] ?? ''
    const forged = info.replace(/<ds:DigestValue>[^<]*/, `<ds:DigestValue>${'A'.repeat(43)}=`)
    for (const both of [
      `${forged}${info}`,
      `${info}${forged}`,
      info.replace('</ds:SignedInfo>', `${forged}</ds:SignedInfo>`),
    ]) {
      await refused(good.replace(info, both), /2 SignedInfo/)
    }
    const elsewhere = forged.replaceAll('ds:', 'x:').replace('<x:SignedInfo', '<x:SignedInfo xmlns:x="urn:x"')
    const found = await outcome(good.replace(info, `${elsewhere}${info}`))
    assert.ok(found instanceof SamlFault || found.attributes['NameID']?.[0] === 'bob')
  })

  it('xml-crypto 2025: comments, instructions and entities in a digest do not hide it', async () => {
    const good = answer()
    const digest = /<ds:DigestValue>([^<]*)/.exec(good)?.[1] ?? ''
    for (const hidden of ['<!--A-->', '<?x A?>', '<![CDATA[A]]>', '&#x41;', '<x></x>']) {
      const found = await outcome(good.replace(`>${digest}<`, `>${hidden}${digest}<`))
      assert.ok(found instanceof SamlFault, hidden)
    }
  })
})

describe('changed responses', () => {
  for (const sign of ['assertion', 'response', 'both'] as const) {
    it(`200 changes to one with a signed ${sign} (seed 20261122) prove nothing else`, async () => {
      const random = seeded(20_261_122)
      const good = answer({ sign })
      const believed = await outcome(good)
      let refusals = 0
      for (let done = 0; done < 200; done++) {
        const xml = changed(good, random)
        const found = await outcome(xml)
        if (found instanceof SamlFault) refusals++
        else assert.deepEqual(found, believed, xml)
      }
      assert.ok(refusals > 150, `${refusals} of 200 refused`)
    })
  }
})
