import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isOauthSignedBy, oauthParameters } from './signature.ts'
import vectors from './vectors/oauthlib.json' with { type: 'json' }

describe('OAuth 1.0 signatures', () => {
  for (const { name, url, authorization, consumer, token } of vectors.vectors) {
    const parameters = oauthParameters(authorization)
    assert.ok(parameters)
    const signed = { method: 'POST', url, parameters }

    it(`${name}: what the other implementation signs`, () => {
      assert.equal(isOauthSignedBy({ consumer, token }, signed), true)
    })

    it(`${name}: another secret, method, URL, nonce or signature method is refused`, () => {
      assert.equal(isOauthSignedBy({ consumer: 'x', token }, signed), false)
      assert.equal(isOauthSignedBy({ consumer, token: 'x' }, signed), false)
      assert.equal(isOauthSignedBy({ consumer, token }, { ...signed, method: 'GET' }), false)
      assert.equal(isOauthSignedBy({ consumer, token }, { ...signed, url: `${url}x` }), false)
      for (const change of [
        { oauth_nonce: 'n2' },
        { oauth_signature_method: 'PLAINTEXT' },
        { oauth_verifier: 'x' },
      ]) {
        const changed: typeof signed = { ...signed, parameters: { ...parameters, ...change } }
        assert.equal(isOauthSignedBy({ consumer, token }, changed), false)
      }
    })
  }

  it('a header that names a parameter twice, lacks one or is none is not read', () => {
    const good = vectors.vectors[0]?.authorization ?? ''
    for (const header of [
      undefined,
      '',
      'OAuth nonsense',
      'Basic eA==',
      `${good}, oauth_nonce="x"`,
      good.replace(/oauth_nonce="[^"]*", /, ''),
    ]) {
      assert.equal(oauthParameters(header), undefined)
    }
  })
})
