import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { insertAgency } from '../../../store/agencies.ts'
import { insertGrant } from '../../../store/assignments.ts'
import { ensureRole } from '../../../store/bootstrap.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import {
  type HuaweiFace,
  type Key,
  openHuawei,
  seedTwoAccounts,
  type TwoAccounts,
} from '../../../testing/huawei.ts'
import { seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('access keys and signatures', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let operator: string
  let administrator: string
  let key: Key

  const createKey = (token: string, user_id: string) =>
    face.call('POST', '/v3.0/OS-CREDENTIAL/credentials', {
      token,
      body: { credential: { user_id, description: 'd' } },
    })
  const keyOf = (credential: { access: string; secret: string; securitytoken?: string }): Key => ({
    access: credential.access,
    secret: credential.secret,
    ...(credential.securitytoken === undefined ? {} : { securityToken: credential.securitytoken }),
  })
  const domains = (with_: Key, options: Parameters<HuaweiFace['signed']>[3] = {}) =>
    face.signed('GET', '/v3/auth/domains', with_, options)
  const securityToken = (options: { token?: string; key?: Key; identity: object }) => {
    const body = { auth: { identity: options.identity } }
    const path = '/v3.0/OS-CREDENTIAL/securitytokens'
    return options.key
      ? face.signed('POST', path, options.key, { body })
      : face.call('POST', path, { body, ...(options.token === undefined ? {} : { token: options.token }) })
  }

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    operator = await face.token({ name: 'IAMUserB', domain: two.b })
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    const created = await createKey(operator, two.userB)
    assert.equal(created.status, 201, created.text)
    key = keyOf(created.body.credential)
    await house.ctx.store.write(async (tx) => {
      const role = await ensureRole(tx, 'te_admin')
      await insertAgency(tx, {
        id: 'agency',
        domainId: two.a,
        kind: 'agency',
        name: 'IAMAgency',
        description: '',
        trustDomainId: two.b,
        trustPolicy: null,
        durationHours: null,
        expiresAt: null,
        maxSessionSeconds: 86_400,
        externalId: null,
        guards: {},
        extra: {},
        createdAt: house.ctx.now(),
      })
      const actor = { kind: 'agency', id: 'agency' } as const
      await insertGrant(tx, { actor, target: { kind: 'domain', id: two.a }, inherited: true }, role)
    })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('201 a key with its secret, listed and shown without, two of them at most', async () => {
    const user = await seedUser(house, 'Two', two.b)
    await seedGrant(house, user, 'readonly', { domain: two.b })
    const token = await face.token({ name: 'Two', domain: two.b })
    const { body } = await createKey(token, user)
    assert.deepEqual(Object.keys(body.credential).sort(), [
      ...['access', 'create_time', 'description', 'secret', 'status', 'user_id'],
    ])
    const listed = await face.call('GET', '/v3.0/OS-CREDENTIAL/credentials', { token })
    assert.equal(listed.body.credentials.length, 1)
    assert.equal('secret' in listed.body.credentials[0], false)
    const path = `/v3.0/OS-CREDENTIAL/credentials/${body.credential.access}`
    assert.ok('last_use_time' in (await face.call('GET', path, { token })).body.credential)
    await createKey(token, user)
    const third = await createKey(token, user)
    assert.deepEqual([third.status, third.body.error.message], [400, 'akSkNumExceed'])
    const off = await face.call('PUT', path, { token, body: { credential: { status: 'inactive' } } })
    assert.equal(off.body.credential.status, 'inactive')
    assert.equal((await domains(keyOf(body.credential))).status, 401)
    assert.equal((await face.call('DELETE', path, { token })).status, 204)
    assert.equal((await face.call('GET', path, { token })).status, 403)
  })

  it('403 another account makes, lists, or deletes a key', async () => {
    assert.equal((await createKey(administrator, two.userB)).status, 403)
    const path = `/v3.0/OS-CREDENTIAL/credentials`
    assert.equal(
      (await face.call('GET', `${path}?user_id=${two.userB}`, { token: administrator })).status,
      403,
    )
    assert.equal((await face.call('DELETE', `${path}/${key.access}`, { token: administrator })).status, 403)
  })

  it('200 whichever headers are signed, with a body on a GET, with the account and the project named', async () => {
    assert.deepEqual((await domains(key)).body.domains[0].id, two.b)
    assert.equal((await domains(key, { signed: [] })).status, 200)
    assert.equal((await domains(key, { body: {}, signed: ['content-type', 'host'] })).status, 200)
    const headers = { 'x-domain-id': two.b }
    assert.equal((await domains(key, { headers, signed: ['x-domain-id'] })).status, 200)
    assert.equal((await domains(key, { headers, signed: [] })).status, 200)
    const found = await face.signed('GET', '/v3/projects?name=ap-southeast-1', key)
    assert.deepEqual(
      found.body.projects.map(({ id }: { id: string }) => id),
      [two.projectB],
    )
  })

  it('200 the catalog of an account, and of the project that is named', async () => {
    const cloud = await house.admin()
    const service = { service: { type: 'compute', name: 'ecs' } }
    const { body } = await house.call('POST', '/v3/services', { token: cloud, body: service })
    const url = 'https://ecs.test/v2/$(project_id)s'
    const endpoint = { service_id: body.service.id, interface: 'public', url }
    await house.call('POST', '/v3/endpoints', { token: cloud, body: { endpoint } })
    const urlsOf = (catalog: readonly { name: string; endpoints: readonly { url: string }[] }[]) =>
      catalog.flatMap(({ name, endpoints }) => (name === 'ecs' ? endpoints.map((each) => each.url) : []))
    const whole = await face.signed('GET', '/v3/auth/catalog', key)
    assert.equal(whole.status, 200, whole.text)
    assert.deepEqual(urlsOf(whole.body.catalog), [])
    const subject = { token: operator, headers: { 'x-subject-token': operator } }
    const shown = await face.call('GET', '/v3/auth/tokens', subject)
    assert.deepEqual(whole.body.catalog, shown.body.token.catalog)
    const named = await face.signed('GET', '/v3/auth/catalog', key, {
      headers: { 'x-project-id': two.projectB },
    })
    assert.deepEqual(urlsOf(named.body.catalog), [`https://ecs.test/v2/${two.projectB}`])
    const ecs = named.body.catalog.find(({ name }: { name: string }) => name === 'ecs')
    assert.equal(ecs.endpoints[0].region, '*')
  })

  it('401 another method, path, query, body or header than was signed, a wrong secret, no such key', async () => {
    const wrong = { ...key, secret: `${key.secret.slice(1)}x` }
    const answers = [
      await domains(wrong),
      await domains({ ...key, access: 'HPUAABCDEFGHIJKLMNOP' }),
      await domains(key, { sentBody: { x: 1 } }),
      await domains(key, {
        headers: { 'x-domain-id': two.b },
        signed: ['x-domain-id'],
        sentHeaders: { 'x-domain-id': two.a },
      }),
      await domains(key, { sentHeaders: { host: 'other.test' } }),
    ]
    for (const answer of answers) {
      assert.equal(answer.status, 401, answer.text)
      assert.equal(answer.text, answers[0]?.text)
    }
  })

  it('401 X-Domain-Id or X-Project-Id of another account, signed or not', async () => {
    for (const headers of [{ 'x-domain-id': two.a }, { 'x-project-id': two.projectA }]) {
      assert.equal((await domains(key, { headers })).status, 401)
      assert.equal((await domains(key, { headers, signed: Object.keys(headers) })).status, 401)
    }
  })

  it('CVE-2020-12692: 401 a signature sixteen minutes old or early, and one used twice for a change', async () => {
    for (const skew of [-960, 960]) assert.equal((await domains(key, { skew })).status, 401)
    for (const skew of [-840, 840]) assert.equal((await domains(key, { skew })).status, 200)
    const body = { auth: { identity: { methods: ['token'], token: {} } } }
    const post = () =>
      face.signed('POST', '/v3.0/OS-CREDENTIAL/securitytokens', key, { body, headers: { 'x-sdk-date': '' } })
    const stamp = `${new Date(house.ctx.now() / 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
    const fixed = () =>
      face.signed('POST', '/v3.0/OS-CREDENTIAL/securitytokens', key, {
        body,
        headers: { 'x-sdk-date': stamp },
      })
    assert.equal((await post()).status, 401)
    const answers = await Promise.all(Array.from({ length: 5 }, fixed))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 401, 401, 401, 401])
  })

  it('401 UNSIGNED-PAYLOAD mints nothing, and a hash that is not the body’s never counts', async () => {
    const body = { auth: { identity: { methods: ['token'], token: {} } } }
    for (const value of ['UNSIGNED-PAYLOAD', 'a'.repeat(64)]) {
      const headers = { 'x-sdk-content-sha256': value }
      const signed = ['x-sdk-content-sha256']
      const answer = await face.signed('POST', '/v3.0/OS-CREDENTIAL/securitytokens', key, {
        body,
        headers,
        signed,
      })
      assert.equal(answer.status, 401, value)
    }
  })

  it('201 a temporary key by token: it signs with its token, and neither is worth anything alone', async () => {
    const made = await securityToken({
      token: operator,
      identity: { methods: ['token'], token: { duration_seconds: 900 } },
    })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual(Object.keys(made.body.credential).sort(), [
      'access',
      'expires_at',
      'secret',
      'securitytoken',
    ])
    const temporary = keyOf(made.body.credential)
    assert.equal((await domains(temporary)).status, 200)
    assert.equal((await domains({ access: temporary.access, secret: temporary.secret })).status, 401)
    assert.equal((await domains({ ...key, securityToken: temporary.securityToken ?? '' })).status, 401)
    const bearer = temporary.securityToken ?? ''
    assert.equal((await face.call('GET', '/v3/auth/domains', { token: bearer })).status, 401)
    const subject = { token: operator, headers: { 'x-subject-token': bearer } }
    assert.equal((await face.call('GET', '/v3/auth/tokens', subject)).status, 404)
    house.advance(901)
    assert.equal((await domains(temporary)).status, 401)
  })

  it('401 a temporary key of a project on another of the same account, and a login token without its secret', async () => {
    const other = await seedProject(house, 'second', two.b)
    await seedGrant(house, two.userB, 'te_admin', { project: other })
    const token = await face.token({ name: 'IAMUserB', domain: two.b }, { project: { id: two.projectB } })
    const made = await securityToken({ token, identity: { methods: ['token'], token: {} } })
    const { access, secret, securitytoken: id } = made.body.credential
    const on = async (project: string) =>
      (await domains(keyOf(made.body.credential), { headers: { 'x-project-id': project } })).status
    assert.deepEqual([await on(two.projectB), await on(other)], [200, 401])
    const login = async (fields: object) => {
      const body = { auth: { securitytoken: { access, secret, id, ...fields } } }
      return (await face.call('POST', '/v3.0/OS-AUTH/securitytoken/logintokens', { body })).status
    }
    assert.equal(await login({}), 201)
    const wrong = `${secret.startsWith('a') ? 'b' : 'a'}${secret.slice(1)}`
    for (const given of [wrong, secret.slice(1), `${secret}a`, '']) {
      assert.ok([400, 401].includes(await login({ secret: given })), given)
    }
    assert.equal(await login({ access: key.access, secret: key.secret }), 401)
    assert.equal(await login({ access: key.access, secret: '' }), 401)
  })

  it('403 a temporary key makes neither another nor a permanent one', async () => {
    const made = await securityToken({ key, identity: { methods: ['token'], token: {} } })
    const temporary = keyOf(made.body.credential)
    assert.equal(
      (await securityToken({ key: temporary, identity: { methods: ['token'], token: {} } })).status,
      403,
    )
    const body = { credential: { user_id: two.userB } }
    assert.equal(
      (await face.signed('POST', '/v3.0/OS-CREDENTIAL/credentials', temporary, { body })).status,
      403,
    )
  })

  it('201 a temporary key of an agency, by key or token, ends with the agency', async () => {
    const assume_role = { domain_name: 'IAMDomainA', agency_name: 'IAMAgency', duration_seconds: 43_200 }
    const identity = { methods: ['assume_role'], assume_role }
    const made = await securityToken({ key, identity })
    assert.equal(made.status, 201, made.text)
    const temporary = keyOf(made.body.credential)
    const found = await face.signed('GET', '/v3/projects', temporary, {
      headers: { 'x-project-id': two.projectA },
    })
    assert.deepEqual(
      found.body.projects.map(({ id }: { id: string }) => id),
      [two.projectA],
    )
    const elsewhere = { 'x-project-id': two.projectB }
    assert.equal((await face.signed('GET', '/v3/projects', temporary, { headers: elsewhere })).status, 401)
    assert.equal((await securityToken({ key: temporary, identity })).status, 403)
    await house.ctx.store.write((tx) => tx.deleteFrom('agency').where('id', '=', 'agency').execute())
    assert.equal((await domains(temporary)).status, 401)
    // The same request within the same second would be the same signature.
    house.advance(1)
    assert.equal((await securityToken({ key, identity })).status, 404)
  })

  it('401 the key of a user who is disabled or gone', async () => {
    const flip = (enabled: 0 | 1) =>
      house.ctx.store.write((tx) =>
        tx.updateTable('user').set({ enabled }).where('id', '=', two.userB).execute(),
      )
    await flip(0)
    assert.equal((await domains(key)).status, 401)
    await flip(1)
    assert.equal((await domains(key)).status, 200)
    await house.ctx.store.write((tx) => tx.deleteFrom('user').where('id', '=', two.userB).execute())
    assert.equal((await domains(key)).status, 401)
  })

  it('401 what was had with a key ends when the key is switched off', async () => {
    const user = await seedUser(house, 'Switched', two.b)
    await seedGrant(house, user, 'readonly', { domain: two.b })
    const token = await face.token({ name: 'Switched', domain: two.b })
    const own = keyOf((await createKey(token, user)).body.credential)
    const made = await securityToken({ key: own, identity: { methods: ['token'], token: {} } })
    const temporary = keyOf(made.body.credential)
    assert.equal((await domains(temporary)).status, 200)
    const path = `/v3.0/OS-CREDENTIAL/credentials/${own.access}`
    const set = (status: string) => face.call('PUT', path, { token, body: { credential: { status } } })
    await set('inactive')
    assert.deepEqual([(await domains(temporary)).status, (await domains(own)).status], [401, 401])
    await set('active')
    assert.deepEqual([(await domains(temporary)).status, (await domains(own)).status], [200, 200])
    await face.call('DELETE', path, { token })
    assert.equal((await domains(temporary)).status, 401)
  })

  it('keeps no secret in the clear', async () => {
    const rows = await house.ctx.store.db.selectFrom('access_key').selectAll().execute()
    const events = await house.ctx.store.db.selectFrom('audit_event').selectAll().execute()
    assert.equal(JSON.stringify([rows, events]).includes(key.secret), false)
  })
})
