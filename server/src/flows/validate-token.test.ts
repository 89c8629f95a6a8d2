import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Claims } from '@tokenhouse/tokens'
import { type House, openHouse } from '../testing/house.ts'
import { writeToken } from './issue-token.ts'
import { peekSession, readToken, validateToken } from './validate-token.ts'

const RULES = 2000

describe('sessions that are remembered', () => {
  let house: House
  before(async () => {
    house = await openHouse()
  })
  after(() => house.close())

  /** Tokens of one sign-in, validated one after the other; how many of them are remembered then. */
  async function remembered(claims: Claims, count: number): Promise<readonly boolean[]> {
    const texts: string[] = []
    for (let n = 0; n < count; n++) {
      const auditIds = [Buffer.alloc(16, n).toString('base64url')]
      texts.push(await writeToken(house.ctx, { ...claims, auditIds }))
    }
    for (const text of texts) await validateToken(house.ctx, text)
    return texts.map((text) => peekSession(house.ctx, text) !== undefined)
  }

  it('are all remembered when they are small, and once each', async () => {
    const claims = await readToken(house.ctx, await house.admin())
    for (let round = 0; round < 2; round++) assert.ok((await remembered(claims, 250)).every(Boolean))
  })

  it('push out the oldest when they are large: memory is not for who makes the most tokens', async () => {
    const token = await house.admin()
    const { userId } = await readToken(house.ctx, token)
    const access_rules = Array.from({ length: RULES }, (_, n) => ({
      service: 'a',
      method: 'GET',
      path: `/${n}`,
    }))
    const made = await house.call('POST', `/v3/users/${userId}/application_credentials`, {
      token,
      body: { application_credential: { name: 'many rules', secret: 'a secret', access_rules } },
    })
    assert.equal(made.status, 201)
    const { id, secret } = made.body.application_credential
    const issued = await house.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['application_credential'], application_credential: { id, secret } },
        },
      },
    })
    const claims = await readToken(house.ctx, issued.headers['x-subject-token'] ?? '')
    const kept = await remembered(claims, 250)
    assert.equal(kept[0], false)
    assert.equal(kept.at(-1), true)
    assert.ok(kept.filter(Boolean).length <= 200)
  })
})
