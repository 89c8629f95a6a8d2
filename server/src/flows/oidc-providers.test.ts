import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { pinFault } from '../methods/oidc/egress.ts'
import { verifyToken } from '../methods/oidc/verify.ts'
import { newCertifiedKey } from '../methods/saml/self-signed.ts'
import { type House, openHouse } from '../testing/house.ts'
import { oidcConfigOf, saveOidcConfig } from './oidc-login.ts'
import { changeOidcProvider, createOidcProvider } from './oidc-providers.ts'

const BY = { session: null, action: 'test', requestId: '' }

describe('fingerprints of a provider’s certificates', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const trusted = getCACertificates('default')
  let house: House
  let server: Server
  let issuer = ''
  let fingerprint = ''

  before(async () => {
    house = await openHouse()
    const made = await newCertifiedKey('localhost', house.ctx.now())
    const cert = `-----BEGIN CERTIFICATE-----\n${made.certificate.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`
    fingerprint = createHash('sha1').update(Buffer.from(made.certificate, 'base64')).digest('hex')
    setDefaultCACertificates([...trusted, cert])
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }]
    server = createServer({ key: made.privateKey, cert }, ({ url }, response) => {
      const isKeys = url === '/keys'
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(isKeys ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }))
    })
    await new Promise<void>((done) => server.listen(0, 'localhost', done))
    issuer = `https://localhost:${(server.address() as AddressInfo).port}`
    const chosen = { name: 'ci', description: '', issuer, clientIds: ['web'], issuanceLimitHours: 12 }
    await createOidcProvider(house.ctx, BY, 'default', { ...chosen, fingerprints: [fingerprint] })
    const config = (await oidcConfigOf(house.ctx, 'ci'))!
    await saveOidcConfig(house.ctx, BY, 'ci', { ...config, allowPrivateAddresses: true })
  })
  after(async () => {
    setDefaultCACertificates(trusted)
    server.close()
    await house.close()
  })

  const token = (): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(house.ctx.now() / 1e6)
    const claims = { iss: issuer, aud: 'web', sub: 'job', iat: now, exp: now + 300 }
    const text = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
  }
  const verdict = async () =>
    verifyToken(token(), (await oidcConfigOf(house.ctx, 'ci'))!, {
      now: house.ctx.now(),
      nonce: null,
      kind: 'id',
    })
  const pin = (fingerprints: readonly string[]) =>
    changeOidcProvider(house.ctx, BY, { domainId: 'default', name: 'ci' }, () => ({ fingerprints }))

  it('believes a provider whose chain holds one of them, or that has none', async () => {
    assert.equal('claims' in (await verdict()), true)
    await pin(['ab'.repeat(20), fingerprint])
    assert.equal('claims' in (await verdict()), true)
    await pin([])
    assert.equal('claims' in (await verdict()), true)
  })

  it('asks nothing of a provider whose chain holds none of them, though its certificate is trusted', async () => {
    await pin(['ab'.repeat(20)])
    await assert.rejects(verdict(), (error: Error) => {
      const told = `${error.message} ${String((error.cause as Error | undefined)?.message)}`
      return /no certificate of the chain/.test(told)
    })
    await pin([fingerprint])
    assert.equal('claims' in (await verdict()), true)
  })

  it('a certificate authority’s counts for what it signed, and chains that go in circles end', () => {
    const root: { fingerprint: string; issuerCertificate?: unknown } = { fingerprint: 'AA:01' }
    root.issuerCertificate = root
    const leaf = { fingerprint: 'AA:02', issuerCertificate: root }
    assert.equal(pinFault(leaf, ['aa01']), undefined)
    assert.equal(pinFault(leaf, ['aa02']), undefined)
    assert.ok(pinFault(leaf, ['aa03']))
    assert.ok(pinFault(leaf, ['']))
  })
})
