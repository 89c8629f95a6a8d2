import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { it } from 'node:test'
import { decodeJws, jwsKey, type PublicJwk } from '@tokenhouse/tokens'
import { openHouse } from '../../../testing/house.ts'

it('200 the published key set verifies a signed token, and holds no private half', async (t) => {
  const house = await openHouse({ tokenFormat: 'jws' })
  t.after(house.close)
  const token = await house.admin()
  const { status, body } = await house.call('GET', '/.well-known/jwks.json')
  assert.equal(status, 200)
  assert.ok(body.keys.length > 0)
  for (const key of body.keys) assert.equal('d' in key, false)
  const all = body.keys.map((jwk: PublicJwk) =>
    jwsKey('ES256', createPublicKey({ key: { ...jwk }, format: 'jwk' }), jwk.kid),
  )
  const shown = await house.call('GET', '/v3/auth/tokens', { token, headers: { 'x-subject-token': token } })
  const claims = decodeJws(token, { all })
  assert.ok('userId' in claims)
  assert.equal(claims.userId, shown.body.token.user.id)
})
