import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { createPairAccessKey } from '../../flows/access-keys.ts'
import { findAccessKey, updateAccessKey } from '../../store/access-keys.ts'
import { type AlibabaHouse, openAlibabaHouse, type SigningKey } from '../../testing/alibaba.ts'
import { openHuawei } from '../../testing/huawei.ts'

const pairOf = (bits: number) =>
  generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })

describe('access keys that are RSA pairs', () => {
  const { publicKey, privateKey } = pairOf(2048)
  const by = { session: null, action: 'test', requestId: '' }
  let house: AlibabaHouse
  let of: { userId: string; description: string; limit: number }
  let key: SigningKey

  const keep = (text: string) => createPairAccessKey(house.ctx, by, of, text)
  const refused = (answer: { status: number; body: { Code: string } }, code: string) =>
    assert.deepEqual([answer.status, answer.body.Code], [400, code])

  before(async () => {
    house = await openAlibabaHouse()
    const { userId } = await house.person('pair', {
      Effect: 'Allow',
      Action: 'edas:ReadNamespace',
      Resource: '*',
    })
    of = { userId, description: '', limit: 16 }
    key = { accessKeyId: (await keep(publicKey)).access, accessKeySecret: privateKey }
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  it('200 a request signed by the private key, of the user it belongs to', async () => {
    const answer = await house.secureToken('cn-beijing', { key, scheme: 'rsa' })
    assert.equal(answer.status, 200, answer.text)
    const who = await house.send({ version: '2015-04-01', action: 'GetCallerIdentity', key, scheme: 'rsa' })
    assert.equal(who.body.UserId, of.userId)
    const forbidden = await house.send({ version: '2015-05-01', action: 'ListUsers', key, scheme: 'rsa' })
    assert.deepEqual([forbidden.status, forbidden.body.Code], [403, 'NoPermission'])
  })

  it('400 another private key, a replay, an old time, a key that is off', async () => {
    const other = { ...key, accessKeySecret: pairOf(2048).privateKey }
    refused(await house.secureToken('cn-beijing', { key: other, scheme: 'rsa' }), 'SignatureDoesNotMatch')
    const once = { key, scheme: 'rsa', nonce: 'rsa-once' } as const
    assert.equal((await house.secureToken('cn-beijing', once)).status, 200)
    refused(await house.secureToken('cn-beijing', once), 'SignatureNonceUsed')
    const old = await house.secureToken('cn-beijing', { key, scheme: 'rsa', ahead: -901 })
    refused(old, 'InvalidTimeStamp.Expired')
    const status = (to: 'Active' | 'Inactive') =>
      house.ctx.store.write((tx) => updateAccessKey(tx, key.accessKeyId, { status: to }))
    await status('Inactive')
    refused(await house.secureToken('cn-beijing', { key, scheme: 'rsa' }), 'InvalidAccessKeyId.Inactive')
    await status('Active')
  })

  for (const scheme of ['v3', 'roa', 'rpc'] as const) {
    it(`400 ${scheme} with the public key as a secret (CVE-2015-9235)`, async () => {
      for (const accessKeySecret of [publicKey, publicKey.trim(), '', 'undefined']) {
        const stolen = { ...key, accessKeySecret }
        const answer =
          scheme === 'rpc'
            ? await house.send({ version: '2015-04-01', action: 'GetCallerIdentity', scheme, key: stolen })
            : await house.secureToken('cn-beijing', { key: stolen, scheme })
        refused(answer, 'SignatureDoesNotMatch')
      }
    })
  }
  it('400 a lasting secret or a temporary one where RSA is said', async () => {
    const answer = await house.secureToken('cn-beijing', {
      key: { ...house.root, accessKeySecret: privateKey },
      scheme: 'rsa',
    })
    refused(answer, 'SignatureDoesNotMatch')
    const sts = {
      accessKeyId: 'STS.ABCDEFGHIJKLMNOPQRSTUVWX',
      accessKeySecret: privateKey,
      securityToken: 'x',
    }
    refused(await house.secureToken('cn-beijing', { key: sts, scheme: 'rsa' }), 'SignatureDoesNotMatch')
  })

  it('401 the public key as a secret on the face of Huawei Cloud', async () => {
    const face = openHuawei(house)
    for (const secret of [publicKey, 'no such key']) {
      const answer = await face.signed('GET', '/v3/auth/domains', { access: key.accessKeyId, secret })
      assert.equal(answer.status, 401)
    }
    await face.close()
  })

  it('keeps nothing but RSA public keys of 2048 bits and more', async () => {
    const ec = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    for (const [text, why] of [
      ['', /no public key/],
      ['nonsense', /no public key/],
      [privateKey, /private key/],
      [`${publicKey}${privateKey}`, /private key/],
      [ec.publicKey, /not an RSA key/],
      [pairOf(1024).publicKey, /1024 bits/],
    ] as const) {
      await assert.rejects(keep(text), (error: Error) => why.test(error.message))
    }
    const kept = await findAccessKey(house.ctx.store.db, key.accessKeyId)
    assert.ok(!kept?.sealedSecret.includes('PUBLIC'))
  })
})
