/** What a provider answers when it is asked: within bounds, in its own name, and about tokens that are meant for us. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it, mock } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import { verifyBearer } from './bearer.ts'
import type { OpenedOidcConfig } from './config.ts'
import { verifyToken } from './verify.ts'

type Answer = (response: ServerResponse) => void

describe('what a provider answers', () => {
  const asked: string[] = []
  const inside = createServer((_request, response) => {
    asked.push('inside')
    response.end('{}')
  })
  let answers: Record<string, Answer> = {}
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    asked.push(path)
    const answer = answers[path]
    if (answer) answer(response)
    else response.writeHead(404).end()
  })
  const portOf = (one: typeof server): number => (one.address() as AddressInfo).port
  before(async () => {
    for (const one of [inside, server]) await new Promise<void>((done) => one.listen(0, '127.0.0.1', done))
  })
  after(() => {
    for (const one of [inside, server]) one.close()
  })

  const json =
    (value: unknown): Answer =>
    (response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  const large = (value: object): Answer => json({ ...value, padding: 'x'.repeat(1 << 20) })
  const elsewhere: Answer = (response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${portOf(inside)}/` }).end()

  /** A provider of its own for each case, so that nothing another one answered is remembered. */
  let count = 0
  const provider = (more: Partial<OpenedOidcConfig> = {}) => {
    const name = `/p${count++}`
    const issuer = `http://127.0.0.1:${portOf(server)}${name}`
    const metadata = {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${issuer}/introspect`,
      userinfo_endpoint: `${issuer}/userinfo`,
    }
    const config: OpenedOidcConfig = {
      accessMode: 'program',
      issuer,
      clientId: 'us',
      authorizationEndpoint: null,
      scope: 'openid',
      responseType: 'id_token',
      responseMode: 'form_post',
      signingKey: null,
      algorithms: ['ES256'],
      audiences: ['cluster'],
      introspection: false,
      allowPrivateAddresses: true,
      clientSecret: 'secret',
      ...more,
    }
    const at = (path: string, answer: Answer) => {
      answers = { ...answers, [`${name}${path}`]: answer }
    }
    at('/.well-known/openid-configuration', json(metadata))
    return { config, issuer, metadata, at }
  }
  const first = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const second = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = async (key: KeyObject, kid: string) => ({ ...(await exportJWK(key)), kid })
  const now = () => Date.now() * 1000
  const token = (issuer: string, kid = 'k1', key = first.privateKey) => {
    const seconds = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: issuer, aud: 'us', sub: 'bob', iat: seconds, exp: seconds + 300 })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(key)
  }
  const verified = async (
    { config, issuer }: ReturnType<typeof provider>,
    kid = 'k1',
    key = first.privateKey,
  ) => verifyToken(await token(issuer, kid, key), config, { now: now(), nonce: null, kind: 'id' })
  const isRefused = async (verdict: ReturnType<typeof verifyToken>, why: RegExp) => {
    const said = await verdict
    assert.match('refused' in said ? said.refused : 'believed', why)
  }

  it('keys are fetched once, and again when one is not among them', async () => {
    const one = provider()
    one.at('/jwks', json({ keys: [await jwk(first.publicKey, 'k1')] }))
    assert.ok('claims' in (await verified(one)))
    assert.ok('claims' in (await verified(one)))
    const fetched = () => asked.filter((path) => path === `${new URL(one.issuer).pathname}/jwks`).length
    assert.equal(fetched(), 1)
    one.at('/jwks', json({ keys: [await jwk(second.publicKey, 'k2')] }))
    // Not at once: otherwise whoever makes up key ids makes us ask.
    await isRefused(verified(one, 'k2', second.privateKey), /ERR_JWKS_NO_MATCHING_KEY/)
    assert.equal(fetched(), 1)
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 31_000 })
    try {
      assert.ok('claims' in (await verified(one, 'k2', second.privateKey)))
      await isRefused(verified(one), /ERR_JWKS_NO_MATCHING_KEY/)
    } finally {
      mock.timers.reset()
    }
  })

  it('CVE-2023-44313, Logto CVE-2026-56739: a redirect into the house, of userinfo too, is not followed, wherever it comes from', async () => {
    const discovery = provider()
    discovery.at('/.well-known/openid-configuration', elsewhere)
    await assert.rejects(verified(discovery))
    const keys = provider()
    keys.at('/jwks', elsewhere)
    await assert.rejects(verified(keys))
    const opaque = provider({ introspection: true })
    opaque.at('/introspect', elsewhere)
    await assert.rejects(verifyBearer('opaque', opaque.config, now()))
    const about = provider({ introspection: true })
    about.at('/introspect', json({ active: true, client_id: 'us', sub: 'bob', scope: 'openid' }))
    about.at('/userinfo', elsewhere)
    await assert.rejects(verifyBearer('opaque', about.config, now()))
    assert.equal(asked.includes('inside'), false)
  })

  it('answers without end are not read', async () => {
    const discovery = provider()
    discovery.at('/.well-known/openid-configuration', large(discovery.metadata))
    discovery.at('/jwks', json({ keys: [await jwk(first.publicKey, 'k1')] }))
    await assert.rejects(verified(discovery))
    const keys = provider()
    keys.at('/jwks', large({ keys: [await jwk(first.publicKey, 'k1')] }))
    await assert.rejects(verified(keys))
  })

  it('OIDC mix-up: a provider that calls itself something else is not asked further', async () => {
    const one = provider()
    one.at('/.well-known/openid-configuration', json({ ...one.metadata, issuer: 'https://other.example' }))
    await assert.rejects(verified(one))
    assert.equal(asked.includes(`${new URL(one.issuer).pathname}/jwks`), false)
  })

  it('keys that are none are the provider’s fault, not the token’s', async () => {
    for (const body of [{}, { keys: 'x' }, []]) {
      const one = provider()
      one.at('/jwks', json(body))
      await assert.rejects(verified(one), JSON.stringify(body))
    }
  })

  it('an access token counts when it is active, of this provider, not over, and made for us', async () => {
    const said = async (answer: object) => {
      const one = provider({ introspection: true })
      one.at('/introspect', json(answer))
      return verifyBearer('opaque', one.config, now())
    }
    const good = { active: true, client_id: 'us' }
    assert.ok('claims' in (await said(good)))
    assert.ok('claims' in (await said({ active: true, client_id: 'them', aud: ['cluster'] })))
    await isRefused(said({ ...good, active: false }), /not active/)
    await isRefused(said({ ...good, iss: 'https://other.example' }), /of issuer/)
    await isRefused(said({ ...good, exp: Math.floor(Date.now() / 1000) - 1 }), /expired/)
    await isRefused(said({ active: true, client_id: 'them', aud: 'them' }), /made for them/)
    await isRefused(said({ active: true }), /made for somebody else/)
    const closed = provider()
    await isRefused(verifyBearer('opaque', closed.config, now()), /not a JWT/)
  })

  it('userinfo counts when it is about the same subject', async () => {
    const one = provider({ introspection: true })
    one.at('/introspect', json({ active: true, client_id: 'us', sub: 'bob', scope: 'openid' }))
    one.at('/userinfo', json({ sub: 'bob', groups: ['staff'] }))
    const verdict = await verifyBearer('opaque', one.config, now())
    assert.deepEqual('claims' in verdict && verdict.claims['groups'], ['staff'])
    one.at('/userinfo', json({ sub: 'admin', groups: ['staff'] }))
    await assert.rejects(verifyBearer('opaque', one.config, now()))
  })
})
