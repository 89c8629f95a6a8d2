/**
 * Credentials that the official library gets by itself: of a role by its ARN, of a role by an OIDC token, and from a
 * credentials URI. The first two ask STS over HTTPS alone, so the service has a certificate of a test CA, which this
 * process knows by NODE_EXTRA_CA_CERTS. Each is then used with the SDK's core.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { sources } from '../../tools/running-server.ts'
import {
  type Access,
  type AlibabaServer,
  codeOf,
  type Makes,
  openApiCore,
  PASSWORD,
  popCoreRpc,
  sdk,
  sdkFolder,
  startAlibaba,
} from '../alibaba-access.ts'
import { makePerson, makeReader } from './reader-session.ts'

const SUBJECT = 'repo:acme/web'

interface Credential {
  getCredential(): Promise<{ readonly accessKeyId: string; readonly securityToken?: string }>
}

describe("Alibaba's credentials library", () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let alibaba: AlibabaServer
  let access: Access
  let issuing: Server
  let issuer = ''
  let stsEndpoint = ''
  const file = (name: string): string => readFileSync(join(sdkFolder(), name), 'utf8')

  before(async () => {
    alibaba = await startAlibaba(
      ...['--tls-cert', join(sdkFolder(), 'server.crt'), '--tls-key', join(sdkFolder(), 'server.key')],
    )
    access = alibaba.access
    assert.equal(access.protocol, 'https')
    stsEndpoint = access.endpoint
    await startIssuer()
    await makeProvider()
  })
  after(async () => {
    issuing.close()
    await alibaba.stop()
  })

  /** Says who it is and which keys it signs with, as providers of OpenID Connect do. */
  async function startIssuer(): Promise<void> {
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }]
    issuing = createServer({ key: file('server.key'), cert: file('server.crt') }, ({ url }, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(url === '/keys' ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }))
    })
    issuing.listen(0, '127.0.0.1')
    await once(issuing, 'listening')
    issuer = `https://127.0.0.1:${(issuing.address() as AddressInfo).port}`
  }

  const keystone = async (method: string, path: string, body: unknown, token = '') => {
    const headers = { 'content-type': 'application/json', 'x-auth-token': token }
    const url = `${alibaba.server.url.replace(/\/v3$/, '')}${path}`
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`)
    return answer
  }

  /** A provider of the account, pinned to the test CA. That it is at a private address is the cloud's to allow. */
  async function makeProvider(): Promise<void> {
    const { OIDCProvider } = await popCoreRpc(access, 'ims')('CreateOIDCProvider', {
      ...{ OIDCProviderName: 'ci', IssuerUrl: issuer, ClientIds: 'tokenhouse' },
      Fingerprints: new X509Certificate(file('ca.crt')).fingerprint.replaceAll(':', ''),
    })
    assert.equal(OIDCProvider.Arn, `acs:ram::${access.accountId}:oidc-provider/ci`)
    const user = { name: 'admin', password: PASSWORD, domain: { id: 'default' } }
    const identity = { methods: ['password'], password: { user } }
    const signedIn = await keystone('POST', '/v3/auth/tokens', {
      auth: { identity, scope: { system: { all: true } } },
    })
    const token = signedIn.headers.get('x-subject-token') ?? ''
    const path = '/v3.0/OS-FEDERATION/identity-providers/ci/openid-connect-config'
    await keystone('PUT', path, { openid_connect_config: { allow_private_addresses: true } }, token)
  }

  function idToken(sub: string): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: 'tokenhouse', sub, iat: now, exp: now + 300 }
    const text = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
  }

  const credentialOf = (config: object) => {
    const { default: Credential, Config } = sdk<{
      readonly default: Makes<Credential>
      readonly Config: Makes
    }>('@alicloud/credentials')
    return new Credential(new Config(config))
  }

  /** GetSecureToken with whatever the library came by. */
  async function secureToken(config: object) {
    const { endpoint, protocol } = access
    const credential = credentialOf(config)
    const call = openApiCore({ credential, endpoint, protocol, regionId: 'cn-shenzhen' })
    const params = {
      ...{ action: 'GetSecureToken', version: '2017-08-01', protocol: 'HTTPS', method: 'GET' },
      ...{ pathname: '/pop/v5/secure_token', authType: 'AK', style: 'ROA' },
      ...{ reqBodyType: 'json', bodyType: 'json' },
    }
    const body = (await call(params, { NamespaceId: 'cn-shenzhen' })) as {
      readonly SecureToken: { readonly EdasId: string }
    }
    return body.SecureToken
  }

  it('ram_role_arn: assumes a role over TLS, and reads a secure token with it', async () => {
    const RAM = [`acs:ram::${access.accountId}:user/deployer`]
    const roleArn = await makeReader(access, { name: 'by-arn', Principal: { RAM } })
    const person = await makePerson(access, 'deployer')
    const config = { type: 'ram_role_arn', ...person, roleArn, roleSessionName: 'e2e', stsEndpoint }
    const { accessKeyId, securityToken } = await credentialOf(config).getCredential()
    assert.match(accessKeyId, /^STS\./)
    assert.ok(securityToken)
    assert.equal((await secureToken(config)).EdasId, access.accountId)
    const wrong = credentialOf({ ...config, accessKeySecret: 'wrong' })
    // The library's own words, once our string to sign is the one it signed.
    await assert.rejects(wrong.getCredential(), /the access key secret is invalid/)
    const stranger = await makePerson(access, 'stranger')
    await assert.rejects(credentialOf({ ...config, ...stranger }).getCredential(), /NoPermission/)
  })

  it('oidc_role_arn: assumes a role by a token in a file, and reads a secure token with it', async () => {
    const oidcProviderArn = `acs:ram::${access.accountId}:oidc-provider/ci`
    const roleArn = await makeReader(access, {
      name: 'by-oidc',
      Principal: { Federated: [oidcProviderArn] },
      Condition: {
        StringEquals: { 'oidc:iss': [issuer], 'oidc:aud': ['tokenhouse'], 'oidc:sub': [SUBJECT] },
      },
    })
    const oidcTokenFilePath = join(alibaba.folder, 'id-token')
    const config = { type: 'oidc_role_arn', roleArn, oidcProviderArn, oidcTokenFilePath, stsEndpoint }
    writeFileSync(oidcTokenFilePath, idToken(SUBJECT))
    assert.equal((await secureToken(config)).EdasId, access.accountId)
    writeFileSync(oidcTokenFilePath, idToken('repo:evil/web'))
    await assert.rejects(credentialOf(config).getCredential(), /NoPermission/)
    writeFileSync(oidcTokenFilePath, `${idToken(SUBJECT).slice(0, -8)}AAAAAAAA`)
    await assert.rejects(credentialOf(config).getCredential(), /AuthenticationFail.OIDCToken.Invalid/)
    const ims = popCoreRpc(access, 'ims')
    writeFileSync(oidcTokenFilePath, idToken(SUBJECT))
    const named = { OIDCProviderName: 'ci' }
    await ims('AddClientIdToOIDCProvider', { ...named, ClientId: 'another' })
    await ims('RemoveClientIdFromOIDCProvider', { ...named, ClientId: 'tokenhouse' })
    await assert.rejects(credentialOf(config).getCredential(), /AuthenticationFail.OIDCToken.Invalid/)
    await ims('UpdateOIDCProvider', { ...named, ClientIds: 'tokenhouse' })
    assert.equal((await secureToken(config)).EdasId, access.accountId)
    const { OIDCProvider } = await ims('GetOIDCProvider', named)
    await ims('AddFingerprintToOIDCProvider', { ...named, Fingerprint: 'ab'.repeat(20) })
    await ims('RemoveFingerprintFromOIDCProvider', { ...named, Fingerprint: OIDCProvider.Fingerprints })
    // The certificate is trusted, and yet not the one that is meant.
    await assert.rejects(credentialOf(config).getCredential(), /ServiceUnavailable/)
    await ims('DeleteOIDCProvider', named)
    assert.equal(await codeOf(ims('GetOIDCProvider', named)), 'EntityNotExist.OIDCProvider')
    await assert.rejects(credentialOf(config).getCredential(), /AuthenticationFail.OIDCToken.Invalid/)
  })

  it('credentials_uri: reads keys from the address that a command answers at', async () => {
    const RAM = [`acs:ram::${access.accountId}:user/local`]
    await makeReader(access, { name: 'by-uri', Principal: { RAM } })
    await makePerson(access, 'local')
    const command = ['ram', 'credentials-uri', 'by-uri', '--user', 'local', '--data-dir', alibaba.folder]
    const child = spawn(process.execPath, [...sources, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = await once(createInterface({ input: child.stdout }), 'line')
      const credentialsURI = String(line).replace(/^export ALIBABA_CLOUD_CREDENTIALS_URI=/, '')
      const config = { type: 'credentials_uri', credentialsURI }
      assert.match((await credentialOf(config).getCredential()).accessKeyId, /^STS\./)
      assert.equal((await secureToken(config)).EdasId, access.accountId)
      const guessed = { ...config, credentialsURI: credentialsURI.replace(/.{4}$/, 'AAAA') }
      await assert.rejects(credentialOf(guessed).getCredential(), /404/)
    } finally {
      child.kill()
      await once(child, 'exit')
    }
  })
})
