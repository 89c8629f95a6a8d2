/**
 * Credentials that the official library gets by itself: of a role by its ARN, of a role by an OIDC token, and from a
 * credentials URI. The first two ask STS over HTTPS alone, so the service has a certificate of a test CA, which this
 * process knows by NODE_EXTRA_CA_CERTS. Each is then used with the SDK's core.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { type RunningServer, sources, startServer } from '../../tools/running-server.ts'
import { makePerson, makeReader } from './reader-session.ts'

const sdk = process.env['ALIBABA_SDK']
assert.ok(sdk, 'ALIBABA_SDK names the folder that the SDKs are installed in: run run.sh')
const load = createRequire(join(sdk, 'package.json'))

const PASSWORD = 'Correct-Horse-7'
const ISSUER = 'https://ci.example'
const SUBJECT = 'repo:acme/web'

describe("Alibaba's credentials library", () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let folder = ''
  let server: RunningServer
  // biome-ignore lint/suspicious/noExplicitAny: a file of the service, for SDKs.
  let access: any
  let stsEndpoint = ''

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'e2e-alibaba-tls-'))
    server = await startServer({
      dataDir: folder,
      adminPassword: PASSWORD,
      flags: [
        ...['--alibaba-port', '0', '--huawei-port', 'off'],
        ...['--tls-cert', join(sdk, 'server.crt'), '--tls-key', join(sdk, 'server.key')],
      ],
    })
    access = JSON.parse(readFileSync(join(folder, 'alibaba.json'), 'utf8'))
    assert.equal(access.protocol, 'https')
    stsEndpoint = access.endpoint
    await makeProvider()
  })
  after(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const keystone = async (method: string, path: string, body: unknown, token = '') => {
    const headers = { 'content-type': 'application/json', 'x-auth-token': token }
    const url = `${server.url.replace(/\/v3$/, '')}${path}`
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`)
    return answer
  }

  /** An identity provider of the account, whose tokens are believed by its key. */
  async function makeProvider(): Promise<void> {
    const user = { name: 'admin', password: PASSWORD, domain: { id: 'default' } }
    const identity = { methods: ['password'], password: { user } }
    const signedIn = await keystone('POST', '/v3/auth/tokens', {
      auth: { identity, scope: { system: { all: true } } },
    })
    const token = signedIn.headers.get('x-subject-token') ?? ''
    const federation = '/v3/OS-FEDERATION'
    const provider = { enabled: true, domain_id: 'default' }
    await keystone('PUT', `${federation}/identity_providers/ci`, { identity_provider: provider }, token)
    const rules = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'OIDC-sub' }] }]
    await keystone('PUT', `${federation}/mappings/ci`, { mapping: { rules } }, token)
    const protocol = { mapping_id: 'ci' }
    await keystone('PUT', `${federation}/identity_providers/ci/protocols/oidc`, { protocol }, token)
    const openid_connect_config = {
      access_mode: 'program',
      idp_url: ISSUER,
      client_id: 'tokenhouse',
      signing_key: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] }),
    }
    const path = '/v3.0/OS-FEDERATION/identity-providers/ci/openid-connect-config'
    await keystone('POST', path, { openid_connect_config }, token)
  }

  function idToken(sub: string): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: ISSUER, aud: 'tokenhouse', sub, iat: now, exp: now + 300 }
    const text = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
  }

  const credentialOf = (config: object) => {
    const { default: Credential, Config } = load('@alicloud/credentials')
    return new Credential(new Config(config))
  }

  /** GetSecureToken with whatever the library came by. */
  async function secureToken(config: object) {
    const { default: Client, $OpenApiUtil } = load('@alicloud/openapi-core')
    const { RuntimeOptions } = load('@darabonba/typescript')
    const { endpoint, protocol } = access
    const client = new Client(
      new $OpenApiUtil.Config({
        credential: credentialOf(config),
        endpoint,
        protocol,
        regionId: 'cn-shenzhen',
      }),
    )
    const { body } = await client.callApi(
      new $OpenApiUtil.Params({
        ...{ action: 'GetSecureToken', version: '2017-08-01', protocol: 'HTTPS', method: 'GET' },
        ...{ pathname: '/pop/v5/secure_token', authType: 'AK', style: 'ROA' },
        ...{ reqBodyType: 'json', bodyType: 'json' },
      }),
      new $OpenApiUtil.OpenApiRequest({ query: { NamespaceId: 'cn-shenzhen' }, headers: {} }),
      new RuntimeOptions({}),
    )
    return body.SecureToken
  }

  it('ram_role_arn: assumes a role over TLS, and reads a secure token with it', async () => {
    const RAM = [`acs:ram::${access.accountId}:user/deployer`]
    const roleArn = await makeReader(load, access, { name: 'by-arn', Principal: { RAM } })
    const person = await makePerson(load, access, 'deployer')
    const config = { type: 'ram_role_arn', ...person, roleArn, roleSessionName: 'e2e', stsEndpoint }
    const { accessKeyId, securityToken } = await credentialOf(config).getCredential()
    assert.match(accessKeyId, /^STS\./)
    assert.ok(securityToken)
    assert.equal((await secureToken(config)).EdasId, access.accountId)
    const wrong = credentialOf({ ...config, accessKeySecret: 'wrong' })
    // The library's own words, once our string to sign is the one it signed.
    await assert.rejects(wrong.getCredential(), /the access key secret is invalid/)
    const stranger = await makePerson(load, access, 'stranger')
    await assert.rejects(credentialOf({ ...config, ...stranger }).getCredential(), /NoPermission/)
  })

  it('oidc_role_arn: assumes a role by a token in a file, and reads a secure token with it', async () => {
    const oidcProviderArn = `acs:ram::${access.accountId}:oidc-provider/ci`
    const roleArn = await makeReader(load, access, {
      name: 'by-oidc',
      Principal: { Federated: [oidcProviderArn] },
      Condition: {
        StringEquals: { 'oidc:iss': [ISSUER], 'oidc:aud': ['tokenhouse'], 'oidc:sub': [SUBJECT] },
      },
    })
    const oidcTokenFilePath = join(folder, 'id-token')
    const config = { type: 'oidc_role_arn', roleArn, oidcProviderArn, oidcTokenFilePath, stsEndpoint }
    writeFileSync(oidcTokenFilePath, idToken(SUBJECT))
    assert.equal((await secureToken(config)).EdasId, access.accountId)
    writeFileSync(oidcTokenFilePath, idToken('repo:evil/web'))
    await assert.rejects(credentialOf(config).getCredential(), /NoPermission/)
    writeFileSync(oidcTokenFilePath, `${idToken(SUBJECT).slice(0, -8)}AAAAAAAA`)
    await assert.rejects(credentialOf(config).getCredential(), /AuthenticationFail.OIDCToken.Invalid/)
  })

  it('credentials_uri: reads keys from the address that a command answers at', async () => {
    const RAM = [`acs:ram::${access.accountId}:user/local`]
    await makeReader(load, access, { name: 'by-uri', Principal: { RAM } })
    await makePerson(load, access, 'local')
    const command = ['ram', 'credentials-uri', 'by-uri', '--user', 'local', '--data-dir', folder]
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
