import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Certificate, certificateOf, followCertificate } from './certificate.ts'
import { loadSettings, SettingsError } from './config.ts'
import { newCertifiedKey } from './methods/saml/self-signed.ts'

const refused = (setting: string, reason: RegExp) => (error: unknown) => {
  assert(error instanceof SettingsError)
  assert.equal(error.setting, setting)
  assert.match(error.message, reason)
  return true
}

describe('the certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-tls-'))
  after(() => rmSync(folder, { recursive: true }))
  const files = (name: string) => ({
    tlsCert: join(folder, `${name}.crt`),
    tlsKey: join(folder, `${name}.key`),
  })
  const one = files('one')
  const other = files('other')
  before(async () => {
    for (const { tlsCert, tlsKey } of [one, other]) {
      const { privateKey, certificate } = await newCertifiedKey('tokenhouse', 1_700_000_000_000_000)
      writeFileSync(tlsKey, privateKey)
      writeFileSync(tlsCert, `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`)
    }
  })
  const given = (flags: { tlsCert?: string; tlsKey?: string }) => certificateOf(loadSettings({ flags }))

  it('gives a chain and its key, and nothing where HTTP is served', () => {
    assert.match(given(one)?.cert ?? '', /BEGIN CERTIFICATE/)
    assert.match(given(one)?.key ?? '', /BEGIN (RSA )?PRIVATE KEY/)
    assert.equal(given({}), undefined)
  })

  it('refuses what is missing or no PEM, and the key of another certificate, by name', () => {
    const missing = join(folder, 'missing')
    const noPem = join(folder, 'text')
    writeFileSync(noPem, 'text')
    for (const file of [missing, noPem]) {
      assert.throws(() => given({ ...one, tlsCert: file }), refused('tls-cert', /cannot be used/))
      assert.throws(() => given({ ...one, tlsKey: file }), refused('tls-key', /cannot be used/))
    }
    assert.throws(
      () => given({ ...one, tlsKey: other.tlsKey }),
      refused('tls-key', /cannot be used.*mismatch/),
    )
  })

  it('refuses an empty certificate and an empty key, by which nobody could connect', () => {
    const empty = join(folder, 'empty')
    writeFileSync(empty, '')
    assert.throws(() => given({ ...one, tlsCert: empty }), refused('tls-cert', /is empty/))
    assert.throws(() => given({ ...one, tlsKey: empty }), refused('tls-key', /is empty/))
  })

  it('is followed when its files are renewed: half a pair is told once and not used, a whole one is', async () => {
    const live = files('live')
    copyFileSync(one.tlsCert, live.tlsCert)
    copyFileSync(one.tlsKey, live.tlsKey)
    const unusable = Promise.withResolvers<unknown>()
    const renewed = Promise.withResolvers<Certificate>()
    const told: string[] = []
    const stop = followCertificate(
      loadSettings({ flags: live }),
      {
        renewed: (by) => {
          told.push('renewed')
          renewed.resolve(by)
        },
        unusable: (error) => {
          told.push('unusable')
          unusable.resolve(error)
        },
      },
      1,
    )
    const awake = setInterval(() => undefined, 1000)
    copyFileSync(other.tlsCert, live.tlsCert)
    assert.match(String(await unusable.promise), /mismatch/)
    copyFileSync(other.tlsKey, live.tlsKey)
    assert.deepEqual(await renewed.promise, given(other))
    clearInterval(awake)
    stop()
    assert.deepEqual(told, ['unusable', 'renewed'])
  })
})
