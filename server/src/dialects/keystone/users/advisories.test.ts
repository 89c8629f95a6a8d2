/** Advisories against token services that concern users and their passwords, each held to by a test of its name. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newId } from '../../../store/ids.ts'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import { allRows } from '../../../testing/rows.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('users, held to the advisories', () => {
  let house: House
  let admin: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
  })
  after(() => house.close())

  const call = (method: string, path: string, body?: unknown, token = admin) =>
    house.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const create = (user: object) => call('POST', '/v3/users', { user })
  const made = async (user: object): Promise<string> => {
    const answer = await create(user)
    assert.equal(answer.status, 201, answer.text)
    return answer.body.user.id
  }
  const login = (id: string, password: string) =>
    house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['password'], password: { user: { id, password } } } } },
    })
  const change = (id: string, original: string, password: string) =>
    house.call('POST', `/v3/users/${id}/password`, {
      body: { user: { original_password: original, password } },
    })
  const validate = (subject: string) =>
    house.call('GET', '/v3/auth/tokens', { token: admin, headers: { 'x-subject-token': subject } })
  const hashesOf = () => house.ctx.kdf.stats().completed

  it('CVE-2012-1572: a long password is refused before anything is hashed, wherever it comes in', async () => {
    const id = await made({ name: 'long', password: 'short' })
    const before = hashesOf()
    const long = 'p'.repeat(5000)
    const answers = [
      await create({ name: 'longer', password: long }),
      await call('PATCH', `/v3/users/${id}`, { user: { password: long } }),
    ]
    for (const answer of answers) assert.equal(answer.status, 400)
    for (const answer of [
      await create({ name: 'x', password: 'p'.repeat(1e6) }),
      await change(id, long.repeat(200), 'x'),
    ]) {
      assert.equal(answer.status, 413)
    }
    assert.equal((await change(id, long, 'new')).status, 401)
    assert.equal(hashesOf(), before)
  })

  it('CVE-2013-2157: an empty password, NUL and half a character are no passwords, wherever they come in', async () => {
    const id = await made({ name: 'empty', password: 'good' })
    for (const bad of ['', 'a\0b', '\ud800']) {
      const answers: readonly Answer[] = [
        await create({ name: 'emptier', password: bad }),
        await call('PATCH', `/v3/users/${id}`, { user: { password: bad } }),
        await change(id, 'good', bad),
      ]
      for (const answer of answers) assert.equal(answer.status, 400, JSON.stringify(bad))
    }
    assert.equal((await login(id, 'good')).status, 201)
    // Blanks are as good as any characters.
    assert.equal((await change(id, 'good', '   ')).status, 204)
    assert.equal((await login(id, '   ')).status, 201)
    assert.equal((await login(id, '    ')).status, 401)
  })

  it('bcrypt reads 72 bytes: two passwords that differ after them are two passwords', async () => {
    const same = 'ü'.repeat(36)
    const id = await made({ name: 'alike', password: `${same}1` })
    assert.equal((await login(id, `${same}2`)).status, 401)
    assert.equal((await login(id, same)).status, 401)
    assert.equal((await change(id, `${same}1`, `${same}2`)).status, 204)
    assert.equal((await login(id, `${same}1`)).status, 401)
    assert.equal((await login(id, `${same}2`)).status, 201)
  })

  it('CVE-2013-2059, CVE-2012-5571: with a user go tokens, keys, delegations and grants', async () => {
    const project = await seedProject(house, 'left')
    const id = await made({ name: 'leaver', password: PASSWORD })
    await seedGrant(house, id, 'member', { project })
    const token = await house.login(id, PASSWORD, { project: { id: project } })
    assert.equal((await validate(token)).status, 200)
    assert.equal((await call('DELETE', `/v3/users/${id}`)).status, 204)
    assert.equal((await validate(token)).status, 404)
    assert.equal((await call('GET', '/v3/users', undefined, token)).status, 401)
    const rows = await allRows(house)
    assert.equal(
      rows.split('\n').filter((row) => row.includes(id) && !row.startsWith('audit_event')).length,
      0,
    )
  })

  it('CVE-2021-38155: who is there, locked or without a password cannot be told from the work an answer takes', async () => {
    const locking = await openHouse({ lockoutFailureAttempts: 1, lockoutDuration: 60 })
    try {
      const { ctx } = locking
      const [known, locked, bare] = await Promise.all(
        ['known', 'locked', 'bare'].map((name) => seedUser(locking, name)),
      )
      await ctx.store.write((tx) =>
        tx
          .deleteFrom('password')
          .where('user_id', '=', bare ?? '')
          .execute(),
      )
      const counted = ctx.store as { record: typeof ctx.store.record }
      const { record } = counted
      let writes = 0
      counted.record = (make) => {
        writes += 1
        return record(make)
      }
      const work = async (body: object, path = '/v3/auth/tokens') => {
        const [hashes, before] = [ctx.kdf.stats().completed, writes]
        const { text, status } = await locking.call('POST', path, { body })
        return { text, status, hashes: ctx.kdf.stats().completed - hashes, writes: writes - before }
      }
      const signIn = (id: string, password = 'wrong') =>
        work({ auth: { identity: { methods: ['password'], password: { user: { id, password } } } } })
      const byCode = (id: string) =>
        work({ auth: { identity: { methods: ['totp'], totp: { user: { id, passcode: '000000' } } } } })
      const renew = (id: string) =>
        work({ user: { original_password: 'wrong', password: 'new' } }, `/v3/users/${id}/password`)
      await signIn(locked ?? '')
      for (const way of [signIn, byCode, renew]) {
        const nobody = await way('nobody')
        assert.equal(nobody.status, 401)
        for (const id of [known, locked, bare]) {
          assert.deepEqual(await way(id ?? ''), nobody)
          await ctx.store.record((tx) =>
            tx
              .updateTable('user')
              .set({ failed_auth_count: 0 })
              .where('id', '!=', locked ?? '')
              .execute(),
          )
        }
      }
      assert.deepEqual(await signIn(locked ?? '', PASSWORD), await signIn('nobody', PASSWORD))
    } finally {
      await locking.close()
    }
  })

  it('CVE-2012-4457: nobody signs in who is disabled, nor whose domain is', async () => {
    const domain = await seedDomain(house, 'closing')
    const user = await seedUser(house, 'insider', domain)
    const token = await house.login(user, PASSWORD)
    await call('PATCH', `/v3/users/${user}`, { user: { enabled: false } })
    assert.equal((await login(user, PASSWORD)).status, 401)
    assert.equal((await change(user, PASSWORD, 'new')).status, 401)
    await call('PATCH', `/v3/users/${user}`, { user: { enabled: true } })
    assert.equal((await login(user, PASSWORD)).status, 201)
    await call('PATCH', `/v3/domains/${domain}`, { domain: { enabled: false } })
    assert.equal((await login(user, PASSWORD)).status, 401)
    assert.equal((await change(user, PASSWORD, 'new')).status, 401)
    assert.equal((await validate(token)).status, 404)
  })

  it('CVE-2026-42999: what a body or a query says never reaches the policy', async () => {
    const domain = await seedDomain(house, 'mine')
    const reader = await seedUser(house, 'reader', domain)
    await seedGrant(house, reader, 'reader', { domain })
    const token = await house.login(reader, PASSWORD, { domain: { id: domain } })
    const other = await seedUser(house, 'somebody')
    const claims = {
      target: { user: { domain_id: domain, id: reader }, group: { domain_id: domain } },
      'target.user.domain_id': domain,
      'target.user.id': reader,
      user_id: reader,
      domain_id: domain,
      is_admin: 1,
      roles: ['admin'],
      role: 'admin',
      constructor: { prototype: { domain_id: domain } },
    }
    const query = `?user_id=${reader}&domain_id=${domain}&target.user.domain_id=${domain}&is_admin=1&role=admin`
    const before = await allRows(house)
    for (const [method, path] of [
      ['GET', `/v3/users/${other}`],
      ['PATCH', `/v3/users/${other}`],
      ['DELETE', `/v3/users/${other}`],
      ['GET', `/v3/users/${other}/groups`],
      ['GET', `/v3/users/${other}/projects`],
      ['POST', '/v3/users'],
      ['POST', '/v3/groups'],
    ] as const) {
      const body = { ...claims, user: { ...claims, name: 'x' }, group: { ...claims, name: 'x' } }
      const answer = await call(method, path + query, body, token)
      assert.equal(answer.status, 403, `${method} ${path} ${answer.text}`)
    }
    assert.equal(await allRows(house), before)
  })

  it('no body reaches a prototype, and none is worse than refused', async () => {
    const id = await seedUser(house, 'fuzzed')
    const raw = [
      '{"user":{"name":"x","__proto__":{"enabled":false}}}',
      '{"__proto__":{"user":{"name":"x"}}}',
      '{"user":{"name":"x","options":{"__proto__":{"lock_password":true}}}}',
      '{"user":{"name":"x","options":{"constructor":true}}}',
      '{"user":{"toString":1,"hasOwnProperty":2,"valueOf":null}}',
      `{"user":{"x":${'['.repeat(200)}${']'.repeat(200)}}}`,
      '{"user":[]}',
      '[]',
      '{"user":null}',
      '"x"',
      '{"user":{"name":"\\u0000"}}',
      '{"user":{"\\u0000":"x"}}',
    ]
    for (const body of raw) {
      for (const [method, path] of [
        ['POST', '/v3/users'],
        ['PATCH', `/v3/users/${id}`],
        ['POST', `/v3/users/${id}/password`],
        ['POST', '/v3/groups'],
      ] as const) {
        const answer = await call(method, path, body)
        const kept = method === 'PATCH' && body.includes('toString')
        assert.equal(answer.status, kept ? 200 : 400, `${method} ${path} ${body} ${answer.text}`)
      }
    }
    const shown = (await call('GET', `/v3/users/${id}`)).body.user
    assert.deepEqual([shown.name, shown.enabled, shown.options], ['fuzzed', true, {}])
    assert.deepEqual([shown.toString, shown.hasOwnProperty, shown.valueOf], [1, 2, null])
  })

  it('a user who signs in elsewhere has no password here and gets none (Nacos issue 14862)', async () => {
    const id = newId()
    await house.ctx.store.write((tx) =>
      tx
        .insertInto('user')
        .values({
          id,
          domain_id: 'default',
          name: 'shadow',
          kind: 'federated',
          enabled: 1,
          default_project_id: null,
          options: '{}',
          extra: '{}',
          tokens_valid_from: 0,
          created_at: house.ctx.now(),
          last_active_at: null,
          failed_auth_count: 0,
          failed_auth_at: 0,
        })
        .execute(),
    )
    const answer = await call('PATCH', `/v3/users/${id}`, { user: { password: 'mine' } })
    assert.equal(answer.status, 400)
    assert.equal(
      (await call('PATCH', `/v3/users/${id}`, { user: { password: null, email: 'x' } })).status,
      200,
    )
    for (const password of ['mine', '', 'null']) assert.equal((await login(id, password)).status, 401)
    // Not even with a hash that came into the database by another way.
    await house.ctx.store.write(async (tx) => {
      const stored = await tx.selectFrom('password').selectAll().limit(1).executeTakeFirstOrThrow()
      await tx
        .insertInto('password')
        .values({ ...stored, id: newId(), user_id: id, created_at: house.ctx.now() })
        .execute()
    })
    assert.equal((await login(id, house.adminPassword)).status, 401)
    assert.equal((await change(id, house.adminPassword, 'new')).status, 401)
  })

  it('CVE-2015-3646: no password, old, new or wrong, is shown or kept in the clear', async () => {
    const secrets = ['s3cret-first', 's3cret-second', 's3cret-third', 's3cret-wrong']
    const [first = '', second = '', third = '', wrong = ''] = secrets
    const texts: string[] = []
    const keep = (answer: Answer): Answer => {
      texts.push(answer.text, JSON.stringify(answer.headers))
      return answer
    }
    const { id } = keep(await create({ name: 'secretive', password: first })).body.user
    keep(await call('PATCH', `/v3/users/${id}`, { user: { password: second, nonsense: 1 } }))
    keep(await call('PATCH', `/v3/users/${id}`, { user: { password: third, enabled: null } }))
    keep(await change(id, second, third))
    keep(await change(id, wrong, third))
    keep(await login(id, wrong))
    keep(await call('GET', `/v3/users/${id}`))
    keep(await call('GET', '/v3/users'))
    const everything = `${texts.join('\n')}\n${await allRows(house)}`
    for (const secret of secrets) assert.equal(everything.includes(secret), false, secret)
    const hashes = await house.ctx.store.db.selectFrom('password').select('hash').execute()
    for (const { hash } of hashes) if (hash !== '') assert.equal(texts.join().includes(hash), false)
  })

  it('a session through a delegation does not change how its own user signs in (CVE-2026-80184)', async () => {
    const project = await seedProject(house, 'lent')
    const [trustor, trustee] = [await seedUser(house, 'trustor'), await seedUser(house, 'trustee')]
    await seedGrant(house, trustor, 'admin', { project })
    const trust = newId()
    await house.ctx.store.write(async (tx) => {
      const role = await tx
        .selectFrom('role')
        .select('id')
        .where('name', '=', 'admin')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('trust')
        .values({
          id: trust,
          trustor_user_id: trustor,
          trustee_user_id: trustee,
          project_id: project,
          impersonation: 1,
          expires_at: null,
          remaining_uses: null,
          redelegated_trust_id: null,
          redelegation_count: null,
          deleted_at: null,
          extra: '{}',
        })
        .execute()
      await tx.insertInto('trust_role').values({ trust_id: trust, role_id: role.id }).execute()
    })
    const token = await house.login(trustee, PASSWORD, { 'OS-TRUST:trust': { id: trust } })
    const before = await allRows(house)
    const ways = [
      { password: 'mine' },
      { password: null },
      { options: { multi_factor_auth_enabled: false } },
      { federated: [] },
    ]
    for (const id of [trustor, trustee]) {
      for (const user of ways) {
        const answer = await call('PATCH', `/v3/users/${id}`, { user }, token)
        assert.equal(answer.status, 403, JSON.stringify(user))
      }
    }
    assert.equal(await allRows(house), before)
    // Anything else an administrator may do stays possible.
    assert.equal((await call('PATCH', `/v3/users/${trustor}`, { user: { email: 'x' } }, token)).status, 200)
    const other = await seedUser(house, 'third')
    assert.equal((await call('PATCH', `/v3/users/${other}`, { user: { password: 'x' } }, token)).status, 200)
  })
})
