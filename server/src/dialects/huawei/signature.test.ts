import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { createAccessKey } from '../../flows/access-keys.ts'
import type { Incoming } from '../../http/operation.ts'
import { type House, openHouse } from '../../testing/house.ts'
import {
  type HuaweiFace,
  type Key,
  openHuawei,
  type SignedOptions,
  seedTwoAccounts,
  type TwoAccounts,
} from '../../testing/huawei.ts'
import { isSignedWith, looksSigned, parseSignature } from './signature.ts'

const MINT = '/v3.0/OS-CREDENTIAL/securitytokens'
const BY_TOKEN = { auth: { identity: { methods: ['token'], token: {} } } }

describe('SDK-HMAC-SHA256', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let key: Key

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    const by = { session: null, action: 'test', requestId: '' }
    key = await createAccessKey(house.ctx, by, { userId: two.userB, description: '', limit: 2 })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const look = async (options: SignedOptions = {}, with_ = key): Promise<number> =>
    (await face.signed('GET', '/v3/auth/domains', with_, options)).status
  const mint = async (options: SignedOptions = {}, with_ = key): Promise<number> => {
    // The same request within the same second would be the same signature.
    house.advance(1)
    return (await face.signed('POST', MINT, with_, { body: BY_TOKEN, ...options })).status
  }

  it('200 with the headers that each client signs, 401 when one of them is changed on the way', async () => {
    const sent = { accept: 'application/json', 'user-agent': 'client/1', 'x-domain-id': two.b }
    for (const signed of [
      ['content-type', 'host', 'x-domain-id'], // Node
      ['accept', 'user-agent'], // Terraform's: neither host nor account
      [], // Go: the date alone
      ['user-agent', 'x-domain-id'], // Go, once it knows its account
    ]) {
      assert.equal(await look({ headers: sent, signed, body: {} }), 200, signed.join(';'))
      for (const name of signed) {
        const changed = { [name]: name === 'host' ? 'other.test' : 'changed' }
        assert.equal(await look({ headers: sent, signed, body: {}, sentHeaders: changed }), 401, name)
      }
    }
  })

  it('401 a list of headers without the date, out of order, with one twice, or with one that was not sent', async () => {
    const now = `${new Date(house.ctx.now() / 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
    const read = (list: string, date = now) =>
      parseSignature({
        headers: {
          authorization: `SDK-HMAC-SHA256 Access=A, SignedHeaders=${list}, Signature=${'0'.repeat(64)}`,
          'x-sdk-date': date,
        },
      })
    assert.ok(read('host;x-sdk-date'))
    for (const list of [
      'host',
      'x-sdk-date;host',
      'host;host;x-sdk-date',
      'Host;x-sdk-date',
      'x-sdk-date;',
    ]) {
      assert.equal(read(list), undefined, list)
    }
    for (const date of ['', '2026', '20261399T000000Z', `${now}x`]) {
      assert.equal(read('host;x-sdk-date', date), undefined, date)
    }
    const answer = await face.call('GET', '/v3/auth/domains', {
      headers: {
        authorization: `SDK-HMAC-SHA256 Access=${key.access}, SignedHeaders=x-absent;x-sdk-date, Signature=${'0'.repeat(64)}`,
        'x-sdk-date': now,
      },
    })
    assert.equal(answer.status, 401)
  })

  it('401 the relatives that are not spoken here, whatever token comes along', async () => {
    const token = await face.token({ name: 'IAMUserB', domain: two.b })
    for (const algorithm of ['V11-HMAC-SHA256', 'SDK-HMAC-SM3', 'SDK-ECDSA-P256-SHA256']) {
      const authorization = `${algorithm} Access=${key.access}, SignedHeaders=x-sdk-date, Signature=00`
      assert.ok(looksSigned({ headers: { authorization } }))
      const answer = await face.call('GET', '/v3/auth/domains', { token, headers: { authorization } })
      assert.equal(answer.status, 401, algorithm)
    }
  })

  it('401 a query or path on the way made to ask for something else; 200 a space that is sent as +', async () => {
    const listed = async (signed: string, sentPath: string) =>
      (await face.signed('GET', signed, key, { sentPath })).status
    const asked = '/v3/auth/domains?name='
    assert.equal(await listed(`${asked}a%2Bb`, `${asked}a%2Bb`), 200)
    assert.equal(await listed(`${asked}a%2Bb`, `${asked}a+b`), 401)
    assert.equal(await listed(`${asked}a%20b`, `${asked}a+b`), 200)
    const user = `/v3/users/${two.userB}`
    assert.equal(await listed(user, user), 200)
    assert.equal(await listed(`${user}%23other`, `${user}#other`), 401)
  })

  it('a # in a path as it arrives is not what was signed as %23: the router would end the path there', () => {
    const digest = (text: string) => createHash('sha256').update(text).digest('hex')
    const date = '20260101T000000Z'
    const canonical = `GET\n/v3/users/a%23b/\n\nx-sdk-date:${date}\n\nx-sdk-date\n${digest('')}`
    const hmac = createHmac('sha256', 'secret').update(`SDK-HMAC-SHA256\n${date}\n${digest(canonical)}`)
    const signed = `Access=a, SignedHeaders=x-sdk-date, Signature=${hmac.digest('hex')}`
    const headers = { 'x-sdk-date': date, authorization: `SDK-HMAC-SHA256 ${signed}` }
    const verifies = (url: string) =>
      isSignedWith('secret', parseSignature({ headers })!, {
        method: 'GET',
        url,
        headers,
        rawBody: Buffer.alloc(0),
      } as unknown as Incoming)
    assert.equal(verifies('/v3/users/a%23b'), true)
    assert.equal(verifies('/v3/users/a#b'), false)
  })

  it('200 a GET with a body that is signed, 401 with another body or none', async () => {
    assert.equal(await look({ body: {} }), 200)
    assert.equal(await look({ body: {}, sentBody: { x: 1 } }), 401)
    assert.equal(await look({ sentBody: {} }), 401)
  })

  it('X-Sdk-Content-Sha256 counts only when it is signed, and only as the hash that the body has', async () => {
    const headers = { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' }
    const signed = ['x-sdk-content-sha256']
    assert.equal(await look({ headers, signed }), 200)
    assert.equal(await look({ headers, signed: [] }), 401)
    const another = { 'x-sdk-content-sha256': 'a'.repeat(64) }
    assert.equal(await look({ headers: another, signed }), 401)
    // Unsigned, somebody on the way wrote it: the body's own hash is what counts.
    assert.equal(await look({ sentHeaders: another }), 200)
    assert.equal(await mint({ sentHeaders: headers }), 201)
  })

  it('401 UNSIGNED-PAYLOAD mints nothing and changes nothing', async () => {
    const headers = { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' }
    const signed = ['host', 'x-sdk-content-sha256']
    assert.equal(await mint({ headers, signed }), 401)
    house.advance(1)
    const user = { user: { email: 'x@example.test' } }
    const put = await face.signed('PUT', `/v3.0/OS-USER/users/${two.userB}/info`, key, {
      body: user,
      headers,
      signed,
    })
    assert.equal(put.status, 401)
  })

  it('401 a signature more than fifteen minutes old or early', async () => {
    for (const skew of [-901, 902]) assert.equal(await look({ skew }), 401, String(skew))
    for (const skew of [-890, 890]) assert.equal(await look({ skew }), 200, String(skew))
    assert.equal(await mint({ skew: -901 }), 401)
  })

  it('CVE-2020-12692: 401 the same change again, in whatever letters its signature is written', async () => {
    house.advance(5)
    const now = `${new Date(house.ctx.now() / 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
    const once = { body: BY_TOKEN, headers: { 'x-sdk-date': now } }
    const send = (upper: boolean) => face.signed('POST', MINT, key, { ...once, upper })
    assert.equal((await send(false)).status, 201)
    assert.equal((await send(false)).status, 401)
    assert.equal((await send(true)).status, 401)
    // What changes nothing may be asked again.
    const again = { headers: { 'x-sdk-date': now } }
    assert.deepEqual([await look(again), await look(again)], [200, 200])
  })

  it('401 X-Domain-Id and X-Project-Id of another account, signed or not, for permanent and temporary keys', async () => {
    house.advance(1)
    const { body } = await face.signed('POST', MINT, key, { body: BY_TOKEN })
    const { access, secret, securitytoken } = body.credential
    const temporary = { access, secret, securityToken: securitytoken }
    for (const with_ of [key, temporary]) {
      for (const headers of [
        { 'x-domain-id': two.a },
        { 'x-project-id': two.projectA },
        { 'x-domain-id': 'nowhere' },
        { 'x-project-id': 'nowhere' },
      ]) {
        assert.equal(await look({ headers }, with_), 401, JSON.stringify(headers))
        assert.equal(await look({ headers, signed: Object.keys(headers) }, with_), 401)
      }
      assert.equal(await look({ headers: { 'x-domain-id': two.b } }, with_), 200)
      assert.equal(await look({ headers: { 'x-project-id': two.projectB } }, with_), 200)
    }
  })

  it('200 a temporary key with its X-Security-Token, signed or not; 401 without, with another, and with part of it', async () => {
    house.advance(1)
    const ask = async () => (await face.signed('POST', MINT, key, { body: BY_TOKEN })).body.credential
    const one = await ask()
    house.advance(1)
    const other = await ask()
    const temporary = { access: one.access, secret: one.secret, securityToken: one.securitytoken }
    assert.equal(await look({}, temporary), 200)
    assert.equal(await look({ signed: ['host', 'x-security-token'] }, temporary), 200)
    assert.equal(await look({}, { access: one.access, secret: one.secret }), 401)
    assert.equal(await look({}, { ...temporary, securityToken: other.securitytoken }), 401)
    assert.equal(await look({}, { ...temporary, securityToken: one.securitytoken.slice(0, -8) }), 401)
    assert.equal(await look({}, { ...temporary, secret: other.secret }), 401)
  })
})
