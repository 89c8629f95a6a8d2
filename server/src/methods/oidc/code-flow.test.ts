import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import { beginCodeFlow, finishCodeFlow, saidNo } from './code-flow.ts'
import type { OpenedOidcConfig } from './config.ts'

const BACK = 'http://us.example/callback'

describe('what a browser brings back from a provider', () => {
  const asked: string[] = []
  let names: 'always' | 'never' = 'never'
  let idToken = ''
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    asked.push(path)
    const issuer = issuerOf(path.split('/')[1] ?? '')
    const granted = { access_token: 'a', token_type: 'bearer', id_token: idToken }
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        ...(path.endsWith('/token') ? granted : {}),
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        authorization_response_iss_parameter_supported: names === 'always',
      }),
    )
  })
  const issuerOf = (name: string): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`
  before(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)))
  after(() => server.close())

  let count = 0
  const provider = (): OpenedOidcConfig => ({
    accessMode: 'program_console',
    issuer: issuerOf(`p${count++}`),
    clientId: 'us',
    clientSecret: 'secret',
    authorizationEndpoint: null,
    scope: 'openid',
    responseType: 'code',
    responseMode: 'query',
    signingKey: null,
    algorithms: ['RS256'],
    audiences: [],
    introspection: false,
    allowPrivateAddresses: true,
  })

  /** Refused as the provider's no, and no code went to a token endpoint. */
  async function refused(config: OpenedOidcConfig, answerTo: (state: string) => string): Promise<void> {
    const { pending } = await beginCodeFlow(config, BACK)
    const back = `${BACK}?${answerTo(pending.state)}`
    await assert.rejects(finishCodeFlow(config, back, pending, Date.now() * 1000), saidNo)
    assert.equal(
      asked.some((path) => path.endsWith('/token')),
      false,
    )
  }

  it('RFC 9207, OIDC mix-up: an answer that names another issuer is refused before its code is spent', async () => {
    await refused(
      provider(),
      (state) => `code=c&state=${state}&iss=${encodeURIComponent('https://evil.example')}`,
    )
    const config = provider()
    await refused(config, (state) => `code=c&state=${state}&iss=${encodeURIComponent(`${config.issuer}/`)}`)
  })

  it('RFC 9207, OIDC mix-up: one that names nobody is refused where the provider says that it does', async () => {
    names = 'always'
    await refused(provider(), (state) => `code=c&state=${state}`)
    names = 'never'
  })

  it('an answer to another sign-in, to none, or to several is refused before its code is spent', async () => {
    await refused(provider(), () => 'code=c&state=another')
    await refused(provider(), () => 'code=c')
    await refused(provider(), (state) => `code=c&state=${state}&state=another`)
    await refused(provider(), () => 'code=c&state=')
  })

  it('an answer of another flow is refused, whoever brings it', async () => {
    await refused(provider(), (state) => `id_token=a.b.c&state=${state}`)
    await refused(provider(), (state) => `code=c&token=t&response=a.b.c&state=${state}`)
  })

  it('a no of the provider is a no', async () => {
    await refused(provider(), (state) => `error=access_denied&state=${state}`)
    await refused(provider(), (state) => `code=c&error=access_denied&state=${state}`)
  })

  it('an ID token is believed by any of the algorithms of the configuration, and by no other', async () => {
    const pairs = {
      RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
      ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    }
    const keys = await Promise.all(
      Object.entries(pairs).map(async ([alg, pair]) => ({ ...(await exportJWK(pair.publicKey)), alg })),
    )
    const signIn = async (alg: keyof typeof pairs, algorithms: readonly string[]) => {
      const config = { ...provider(), algorithms, signingKey: JSON.stringify({ keys }) }
      const { pending } = await beginCodeFlow(config, BACK)
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: config.issuer,
        aud: 'us',
        sub: 'bob',
        nonce: pending.nonce,
        iat: now,
        exp: now + 60,
      }
      idToken = await new SignJWT(claims).setProtectedHeader({ alg }).sign(pairs[alg].privateKey)
      return finishCodeFlow(config, `${BACK}?code=c&state=${pending.state}`, pending, now * 1e6)
    }
    for (const alg of ['RS256', 'ES256'] as const) {
      for (const algorithms of [[alg], ['RS256', 'ES256'], ['ES256', 'RS256']]) {
        const verdict = await signIn(alg, algorithms)
        assert.equal('claims' in verdict && verdict.claims.sub, 'bob')
      }
      const others = ['PS256', alg === 'RS256' ? 'ES256' : 'RS256']
      await assert.rejects(signIn(alg, others), saidNo)
    }
    asked.length = 0
  })
})
