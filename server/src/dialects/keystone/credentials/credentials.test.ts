import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('credentials and EC2 keys', () => {
  let house: House
  let project: string
  let owner: string
  let stranger: string
  let service: string
  let admin: string

  before(async () => {
    house = await openHouse()
    project = await seedProject(house, 'kept')
    owner = await seedUser(house, 'owner')
    stranger = await seedUser(house, 'stranger')
    for (const user of [owner, stranger]) await seedGrant(house, user, 'member', { project })
    const serviceUser = await seedUser(house, 'storage')
    await seedGrant(house, serviceUser, 'service', { project })
    service = await house.login('storage@default', PASSWORD, { project: { id: project } })
    admin = await house.admin()
  })
  after(() => house.close())

  const signIn = (name = 'owner') => house.login(`${name}@default`, PASSWORD, { project: { id: project } })
  const ec2Key = async () =>
    (
      await house.call('POST', `/v3/users/${owner}/credentials/OS-EC2`, {
        token: admin,
        body: { tenant_id: project },
      })
    ).body.credential
  const signed = (key: { access: string; secret: string }, at = new Date(house.ctx.now() / 1000)) => {
    const Timestamp = at.toISOString()
    const signature = createHmac('sha1', key.secret).update(`Describe${Timestamp}`).digest('base64')
    const params = { SignatureVersion: '0', Action: 'Describe', Timestamp }
    return {
      credentials: { access: key.access, signature, verb: 'GET', host: 'h', path: '/', params, headers: {} },
    }
  }
  const exchange = (body: object, token: string | undefined = service) =>
    house.call('POST', '/v3/ec2tokens', { ...(token ? { token } : {}), body })

  it('201 keeps a blob, sealed in the database, readable by its user', async () => {
    const token = await signIn()
    const sent = { blob: 'a secret certificate', type: 'cert', user_id: owner }
    const made = await house.call('POST', '/v3/credentials', { token, body: { credential: sent } })
    assert.equal(made.status, 201)
    const path = `/v3/credentials/${made.body.credential.id}`
    assert.equal((await house.call('GET', path, { token })).body.credential.blob, sent.blob)
    const rows = await house.ctx.store.db.selectFrom('credential').select('blob').execute()
    assert.equal(
      rows.some((row) => row.blob.includes('secret certificate')),
      false,
    )
    assert.equal((await house.call('GET', path, { token: await signIn('stranger') })).status, 403)
    const others = await house.call('GET', '/v3/credentials', { token: await signIn('stranger') })
    assert.deepEqual(others.body.credentials, [])
    assert.equal((await house.call('DELETE', path, { token })).status, 204)
  })

  it('201 whoever only reads makes an EC2 key of their own, 403 one for somebody else', async () => {
    const user = await seedUser(house, 'onlooker')
    await seedGrant(house, user, 'reader', { project })
    const token = await signIn('onlooker')
    const make = async (id: string) =>
      (
        await house.call('POST', `/v3/users/${id}/credentials/OS-EC2`, {
          token,
          body: { tenant_id: project },
        })
      ).status
    assert.equal(await make(user), 201)
    assert.equal(await make(owner), 403)
  })

  it('200 the owner lists their EC2 keys, 403 a stranger does', async () => {
    const key = await ec2Key()
    const list = async (name: string) =>
      house.call('GET', `/v3/users/${owner}/credentials/OS-EC2`, { token: await signIn(name) })
    const { body } = await list('owner')
    assert.ok(body.credentials.some((listed: { access: string }) => listed.access === key.access))
    assert.equal((await list('stranger')).status, 403)
  })

  it('CVE-2020-12691, CVE-2026-90460: only the blob changes, and what pins an EC2 key does not', async () => {
    const key = await ec2Key()
    const listed = (await house.call('GET', '/v3/credentials?type=ec2', { token: await signIn() })).body
      .credentials
    const { id } = listed.find((c: { blob: string }) => c.blob.includes(key.access))
    const patch = async (credential: object) =>
      (await house.call('PATCH', `/v3/credentials/${id}`, { token: await signIn(), body: { credential } }))
        .status
    for (const fields of [{ user_id: stranger }, { project_id: 'x' }, { type: 'cert' }]) {
      assert.equal(await patch({ blob: '{}', ...fields }), 400)
    }
    assert.equal(await patch({ blob: JSON.stringify({ ...key, access: 'other' }) }), 400)
    assert.equal(
      await patch({ blob: JSON.stringify({ access: key.access, secret: 's', trust_id: 'x' }) }),
      400,
    )
    assert.equal(await patch({ blob: 'no json' }), 400)
    assert.equal(
      await patch({ blob: JSON.stringify({ access: key.access, secret: 'new', trust_id: null }) }),
      200,
    )
  })

  it('200 a service exchanges a signature for the signer’s session on the key’s project', async () => {
    const key = await ec2Key()
    const answer = await exchange(signed(key))
    assert.equal(answer.status, 200)
    assert.equal(answer.body.token.user.id, owner)
    assert.equal(answer.body.token.project.id, project)
    assert.deepEqual(answer.body.token.methods, ['ec2credential'])
    const subject = String(answer.headers['x-subject-token'])
    const validated = await house.call('GET', '/v3/auth/tokens', {
      token: admin,
      headers: { 'x-subject-token': subject },
    })
    assert.equal(validated.status, 200)
    assert.equal((await house.call('GET', '/v3/auth/projects', { token: subject })).status, 403)
  })

  it('CVE-2025-65073: without a service’s token nobody exchanges a signature', async () => {
    const key = await ec2Key()
    assert.equal((await exchange(signed(key), '')).status, 401)
    assert.equal((await exchange(signed(key), await signIn())).status, 403)
    const body = { credentials: { access: key.access, signature: 'x', token: 'eA' } }
    assert.equal((await house.call('POST', '/v3/s3tokens', { body })).status, 401)
    assert.equal((await house.call('POST', '/v3/s3tokens', { token: await signIn(), body })).status, 403)
  })

  it('CVE-2020-12692: an old, an early, an undated and a repeated signature are refused', async () => {
    const key = await ec2Key()
    const now = house.ctx.now() / 1000
    assert.equal((await exchange(signed(key, new Date(now - 16 * 60_000)))).status, 401)
    assert.equal((await exchange(signed(key, new Date(now + 16 * 60_000)))).status, 401)
    const undated = createHmac('sha1', key.secret).update('ActionX').digest('base64')
    const params = { SignatureVersion: '1', Action: 'X' }
    assert.equal(
      (await exchange({ credentials: { access: key.access, signature: undated, params } })).status,
      401,
    )
    const once = signed(key)
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(once)))
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, 401, 401, 401, 401, 401, 401, 401])
  })

  it('401 an S3 text that another key signed, of another time, of no time, or for another service; 200 of a pre-signed URL until its end', async () => {
    const [key, other] = [await ec2Key(), await ec2Key()]
    const ask = async (text: string, signature: string) => {
      const credentials = { access: key.access, signature, token: Buffer.from(text).toString('base64url') }
      return (await house.call('POST', '/v3/s3tokens', { token: service, body: { credentials } })).status
    }
    const old = (date: string, secret = key.secret) => {
      const text = `GET\n\n\n${date}\n/bucket/object`
      return ask(text, createHmac('sha1', secret).update(text).digest('base64'))
    }
    const at = (minutes: number) => new Date(house.ctx.now() / 1000 + minutes * 60_000)
    const end = (minutes: number) => `${Math.floor(+at(minutes) / 1000)}`
    assert.equal(await old(at(0).toUTCString()), 200)
    assert.equal(await old(at(0).toUTCString(), other.secret), 401)
    for (const date of [at(-16).toUTCString(), at(16).toUTCString(), '', end(-1)])
      assert.equal(await old(date), 401, date)
    for (const minutes of [1, 60, 30 * 24 * 60]) assert.equal(await old(end(minutes)), 200, `${minutes}`)
    const version4 = (
      scope: string,
      { secret, more = '', algorithm = 'AWS4-HMAC-SHA256', minutes = 0 } = key,
    ) => {
      const stamp = at(minutes)
        .toISOString()
        .replace(/[-:]|\.\d+/g, '')
      const text = `${algorithm}\n${stamp}\n${scope}\n${'0'.repeat(64)}${more}`
      const parts = [...scope.split('/').slice(0, 3), 'aws4_request']
      const signing = parts.reduce<Buffer>(
        (under, part) => createHmac('sha256', under).update(part).digest(),
        Buffer.from(`AWS4${secret}`),
      )
      return ask(text, createHmac('sha256', signing).update(text).digest('hex'))
    }
    const day = at(0).toISOString().slice(0, 10).replaceAll('-', '')
    assert.equal(await version4(`${day}/r/s3/aws4_request`), 200)
    assert.equal(await version4(`${day}/r/s3/aws4_request`, other), 401)
    for (const [minutes, status] of [
      [-7 * 24 * 60 + 1, 200],
      [-7 * 24 * 60 - 1, 401],
      [14, 200],
      [16, 401],
    ])
      assert.equal(await version4(`${day}/r/s3/aws4_request`, { ...key, minutes }), status, `${minutes}`)
    for (const scope of [`${day}/r/ec2/aws4_request`, `${day}/r/s3/aws4`, `${day}/r/s3/aws4_request/x`])
      assert.equal(await version4(scope), 401, scope)
    for (const odd of [{ more: '\nmore' }, { algorithm: 'AWS4-HMAC-SHA1' }])
      assert.equal(await version4(`${day}/r/s3/aws4_request`, { ...key, ...odd }), 401, JSON.stringify(odd))
  })

  it('CVE-2026-43001: a key that a delegation made is not redeemed, whatever made it', async () => {
    for (const name of ['trust_id', 'app_cred_id', 'access_token_id']) {
      const key = { access: `made by ${name}`, secret: 'known' }
      const body = {
        credential: { type: 'ec2', blob: JSON.stringify(key), user_id: owner, project_id: project },
      }
      const made = await house.call('POST', '/v3/credentials', { token: admin, body })
      assert.equal(made.status, 201)
      assert.equal((await exchange(signed(key))).status, 200)
      const { id } = made.body.credential
      // As an older release or an import from elsewhere may have left it.
      const blob = house.ctx.keys.seal(JSON.stringify({ ...key, [name]: 'somebody' }), `credential:${id}`)
      await house.ctx.store.write((tx) =>
        tx.updateTable('credential').set({ blob }).where('id', '=', id).execute(),
      )
      assert.equal((await exchange(signed(key, new Date(house.ctx.now() / 1000 - 5000)))).status, 401, name)
    }
  })

  it('CVE-2012-5571, CVE-2013-0282: a key is worth what its user still may', async () => {
    const key = await ec2Key()
    const enable = (enabled: 0 | 1) =>
      house.ctx.store.write((tx) => tx.updateTable('user').set({ enabled }).where('id', '=', owner).execute())
    await enable(0)
    assert.equal((await exchange(signed(key))).status, 401)
    await enable(1)
    const rows = await house.ctx.store.db
      .selectFrom('assignment')
      .selectAll()
      .where('actor_id', '=', owner)
      .execute()
    await house.ctx.store.write((tx) => tx.deleteFrom('assignment').where('actor_id', '=', owner).execute())
    assert.equal((await exchange(signed(key, new Date(house.ctx.now() / 1000 - 1000)))).status, 401)
    await house.ctx.store.write((tx) =>
      tx
        .insertInto('assignment')
        .values(rows.map((r) => ({ ...r })))
        .execute(),
    )
  })

  it('CVE-2020-12689, CVE-2026-33551, OSSA-2026-015, LP#2150089: no delegated session touches a credential by any route', async () => {
    const made = await house.call('POST', `/v3/users/${owner}/application_credentials`, {
      token: await signIn(),
      body: { application_credential: { name: 'delegate', unrestricted: true } },
    })
    const { id, secret } = made.body.application_credential
    const signedIn = await house.call('POST', '/v3/auth/tokens', {
      body: {
        auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } },
      },
    })
    const token = String(signedIn.headers['x-subject-token'])
    const key = await ec2Key()
    const seed = await house.call('POST', '/v3/credentials', {
      token: await signIn(),
      body: { credential: { blob: 'JBSWY3DPEHPK3PXP', type: 'totp', user_id: owner } },
    })
    const at = `/v3/credentials/${seed.body.credential.id}`
    const calls: readonly [string, string, object?][] = [
      ['POST', '/v3/credentials', { credential: { blob: 'x', type: 'cert', user_id: owner } }],
      ['GET', at],
      ['PATCH', at, { credential: { blob: 'y' } }],
      ['DELETE', at],
      ['POST', `/v3/users/${owner}/credentials/OS-EC2`, { tenant_id: project }],
      ['GET', `/v3/users/${owner}/credentials/OS-EC2`],
      ['GET', `/v3/users/${owner}/credentials/OS-EC2/${key.access}`],
      ['DELETE', `/v3/users/${owner}/credentials/OS-EC2/${key.access}`],
    ]
    for (const [method, path, body] of calls) {
      const answer = await house.call(method, path, { token, ...(body ? { body } : {}) })
      assert.equal(answer.status, 403, `${method} ${path}`)
    }
    assert.deepEqual((await house.call('GET', '/v3/credentials', { token })).body.credentials, [])
    assert.equal((await house.call('GET', at, { token: await signIn() })).status, 200)
  })
})
