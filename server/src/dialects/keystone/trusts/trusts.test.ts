import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import { encodeFernet } from '@tokenhouse/tokens'
import { authMethods } from '../../../flows/auth-methods.ts'
import { issueFor, writeToken } from '../../../flows/issue-token.ts'
import { readToken, validateToken } from '../../../flows/validate-token.ts'
import { ensureRole } from '../../../store/bootstrap.ts'
import { findUser } from '../../../store/identity.ts'
import { deleteRole } from '../../../store/roles.ts'
import type { Store } from '../../../store/store.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('trusts', () => {
  let house: House
  let project: string
  let other: string
  let trustor: string
  let trustee: string
  let third: string

  before(async () => {
    house = await openHouse()
    project = await seedProject(house, 'lent')
    other = await seedProject(house, 'kept')
    trustor = await seedUser(house, 'trustor')
    trustee = await seedUser(house, 'trustee')
    third = await seedUser(house, 'third')
    await seedGrant(house, trustor, 'member', { project })
    await seedGrant(house, trustor, 'member', { project: other })
    await seedGrant(house, trustee, 'reader', { project: other })
  })
  after(() => house.close())

  const asTrustor = () => house.login('trustor@default', PASSWORD, { project: { id: project } })
  const create = async (fields: object = {}, token?: string) =>
    house.call('POST', '/v3/OS-TRUST/trusts', {
      token: token ?? (await asTrustor()),
      body: {
        trust: {
          trustor_user_id: trustor,
          trustee_user_id: trustee,
          project_id: project,
          impersonation: true,
          roles: [{ name: 'member' }],
          ...fields,
        },
      },
    })
  const use = (id: string, user = 'trustee') =>
    house.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: user, domain: { id: 'default' }, password: PASSWORD } },
          },
          scope: { 'OS-TRUST:trust': { id } },
        },
      },
    })
  const check = (token: string) =>
    house.call('GET', '/v3/auth/tokens', { token, headers: { 'x-subject-token': token } })

  it('404 a role of the trust is deleted while it is being made', async (t) => {
    await seedGrant(house, trustor, 'fleeting', { project })
    const role = await house.ctx.store.write((tx) => ensureRole(tx, 'fleeting'))
    const token = await asTrustor()
    const { store } = house.ctx
    const { write } = store
    const first = t.mock.method(store, 'write', async (change: Parameters<typeof write>[0]) => {
      first.mock.restore()
      await write((tx) => deleteRole(tx, role))
      return write(change)
    })
    assert.equal((await create({ roles: [{ id: role }] }, token)).status, 404)
  })

  it('201 the trustee acts as the trustor, on the project and with the roles of the trust', async () => {
    const made = await create()
    assert.equal(made.status, 201)
    const answer = await use(made.body.trust.id)
    assert.equal(answer.status, 201)
    const { token } = answer.body
    assert.equal(token.user.id, trustor)
    assert.equal(token.project.id, project)
    assert.deepEqual(
      token.roles.map((r: { name: string }) => r.name),
      ['member', 'reader'],
    )
    assert.equal(token['OS-TRUST:trust'].trustee_user.id, trustee)
    assert.equal('is_domain' in token, false)
    assert.equal((await check(answer.headers['x-subject-token'] ?? '')).status, 200)
  })

  it('a token’s text names the trustee, who holds it, as Keystone’s does; one that names anybody else is refused', async () => {
    const made = await create()
    const { claims } = await validateToken(
      house.ctx,
      (await use(made.body.trust.id)).headers['x-subject-token'] ?? '',
    )
    assert.equal(claims.userId, trustor)
    for (const tokenFormat of ['fernet', 'jws'] as const) {
      const ctx = { ...house.ctx, settings: { ...house.ctx.settings, tokenFormat } }
      const text = await writeToken(ctx, claims)
      assert.equal((await readToken(ctx, text)).userId, trustee)
      assert.equal((await validateToken(ctx, text)).user.id, trustor)
    }
    const { fernet } = await house.ctx.keys.tokens()
    for (const userId of [trustor, third]) {
      const text = encodeFernet({ ...claims, userId }, fernet, { methods: authMethods(house.ctx.settings) })
      await assert.rejects(validateToken(house.ctx, text), { code: 'unauthenticated' })
    }
  })

  it('201 without impersonation the trustee stays who they are', async () => {
    const made = await create({ impersonation: false })
    assert.equal((await use(made.body.trust.id)).body.token.user.id, trustee)
  })

  it('401 somebody else uses it; 403 somebody else makes one in the trustor’s name', async () => {
    const made = await create()
    assert.equal((await use(made.body.trust.id, 'third')).status, 403)
    const token = await house.login('trustee@default', PASSWORD, { project: { id: other } })
    assert.equal((await create({}, token)).status, 403)
  })

  it('404 a role the trustor does not hold there; 403 no role; 400 a time that has passed', async () => {
    assert.equal((await create({ roles: [{ name: 'admin' }] })).status, 404)
    assert.equal((await create({ roles: [{ name: 'nonsense' }] })).status, 404)
    assert.equal((await create({ roles: [] })).status, 403)
    assert.equal((await create({ expires_at: '2001-01-01T00:00:00.000000Z' })).status, 400)
    assert.equal((await create({ expires_at: 'tomorrow' })).status, 400)
    assert.equal((await create({ trustee_user_id: 'nobody' })).status, 404)
  })

  it('401 once it has expired, and its tokens never outlive it (CVE-2022-2447)', async () => {
    const soon = new Date(house.ctx.now() / 1000 + 60_000).toISOString()
    const made = await create({ expires_at: soon })
    const answer = await use(made.body.trust.id)
    assert.ok(Date.parse(answer.body.token.expires_at) <= Date.parse(soon))
    house.advance(61)
    assert.equal((await check(answer.headers['x-subject-token'] ?? '')).status, 401)
    assert.equal((await use(made.body.trust.id)).status, 401)
  })

  it('401 when its uses are used up, however many try at once', async () => {
    const made = await create({ remaining_uses: 3 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => use(made.body.trust.id)))
    assert.equal(answers.filter((a) => a.status === 201).length, 3)
    assert.equal(answers.filter((a) => a.status === 401).length, 7)
  })

  it('CVE-2014-3476, CVE-2014-3520: a trust token makes no other token', async () => {
    const made = await create()
    const token = (await use(made.body.trust.id)).headers['x-subject-token'] ?? ''
    for (const scope of [
      undefined,
      { project: { id: other } },
      { project: { id: project } },
      { unscoped: {} },
    ]) {
      const auth = { identity: { methods: ['token'], token: { id: token } }, ...(scope ? { scope } : {}) }
      assert.equal((await house.call('POST', '/v3/auth/tokens', { body: { auth } })).status, 403)
    }
  })

  it('CVE-2014-2237: deleting the trust, disabling either user, or taking the role kills its tokens', async () => {
    const live = async () => {
      const made = await create()
      return {
        id: made.body.trust.id,
        token: (await use(made.body.trust.id)).headers['x-subject-token'] ?? '',
      }
    }
    const deleted = await live()
    const answer = await house.call('DELETE', `/v3/OS-TRUST/trusts/${deleted.id}`, {
      token: await asTrustor(),
    })
    assert.equal(answer.status, 204)
    assert.equal((await check(deleted.token)).status, 401)
    for (const user of [trustor, trustee]) {
      const { token } = await live()
      const enable = (enabled: 0 | 1) =>
        house.ctx.store.write((tx) =>
          tx.updateTable('user').set({ enabled }).where('id', '=', user).execute(),
        )
      await enable(0)
      assert.equal((await check(token)).status, 401)
      await enable(1)
    }
    const { token } = await live()
    const roles = await house.ctx.store.db
      .selectFrom('assignment')
      .selectAll()
      .where('actor_id', '=', trustor)
      .execute()
    await house.ctx.store.write((tx) => tx.deleteFrom('assignment').where('actor_id', '=', trustor).execute())
    assert.equal((await check(token)).status, 401)
    await house.ctx.store.write((tx) =>
      tx
        .insertInto('assignment')
        .values(roles.map((r) => ({ ...r })))
        .execute(),
    )
  })

  it('401 a token of a trust after either of the two changed their password, 201 a new one', async () => {
    const { trust } = (await create({ impersonation: false })).body
    for (const id of [trustor, trustee]) {
      house.advance(2)
      const token = String((await use(trust.id)).headers['x-subject-token'])
      assert.equal((await check(token)).status, 200)
      await house.call('PATCH', `/v3/users/${id}`, {
        token: await house.admin(),
        body: { user: { password: PASSWORD } },
      })
      assert.equal((await check(token)).status, 401)
    }
    const token = String((await use(trust.id)).headers['x-subject-token'])
    assert.equal((await check(token)).status, 200)
  })

  it('a trust may be passed on as often as it says, never wider, longer or elsewhere', async () => {
    const soon = new Date(house.ctx.now() / 1000 + 600_000).toISOString()
    const made = await create({ allow_redelegation: true, redelegation_count: 1, expires_at: soon })
    const token = (await use(made.body.trust.id)).headers['x-subject-token'] ?? ''
    const onward = (fields: object) => create({ trustee_user_id: third, ...fields }, token)
    const late = new Date(house.ctx.now() / 1000 + 900_000).toISOString()
    assert.equal((await onward({ expires_at: late })).status, 403)
    assert.equal((await onward({ project_id: other })).status, 403)
    assert.equal((await onward({ remaining_uses: 1 })).status, 403)
    const passed = await onward({})
    assert.equal(passed.status, 201)
    assert.equal(passed.body.trust.redelegated_trust_id, made.body.trust.id)
    assert.equal(passed.body.trust.expires_at, made.body.trust.expires_at)
    assert.equal(passed.body.trust.redelegation_count, 0)
    const used = await use(passed.body.trust.id, 'third')
    assert.equal(used.status, 201)
    const deeper = await create({ trustee_user_id: third }, used.headers['x-subject-token'] ?? '')
    assert.equal(deeper.status, 403)
    await house.call('DELETE', `/v3/OS-TRUST/trusts/${made.body.trust.id}`, { token: await asTrustor() })
    assert.equal((await check(used.headers['x-subject-token'] ?? '')).status, 401)
  })

  it('403 passed on with a role of the trustor’s that was not lent, as the trustor, or at another depth', async () => {
    await seedGrant(house, trustor, 'keeper', { project })
    const passable = { impersonation: false, allow_redelegation: true, redelegation_count: 3 }
    const made = await create(passable)
    const token = (await use(made.body.trust.id)).headers['x-subject-token'] ?? ''
    const onward = (fields: object) =>
      create({ trustor_user_id: trustee, trustee_user_id: third, impersonation: false, ...fields }, token)
    const wider: readonly (readonly [object, RegExp])[] = [
      [{ roles: [{ name: 'keeper' }] }, /requested roles are not in redelegated trust/],
      [{ roles: [{ name: 'member' }, { name: 'keeper' }] }, /requested roles are not in redelegated trust/],
      [{ impersonation: true }, /Impersonation is not allowed/],
      [{ allow_redelegation: true, redelegation_count: 3 }, /redelegation_count/],
    ]
    for (const [fields, message] of wider) {
      const answer = await onward(fields)
      assert.equal(answer.status, 403, JSON.stringify(fields))
      assert.match(answer.body.error.message, message)
    }
    assert.equal((await onward({ allow_redelegation: true, redelegation_count: 2 })).status, 201)
  })

  it('403 to be passed on more often than the house allows; 400 so many times and so many uses', async () => {
    assert.equal((await create({ allow_redelegation: true, redelegation_count: 4 })).status, 403)
    assert.equal((await create({ allow_redelegation: true, remaining_uses: 5 })).status, 400)
    const none = await create({ allow_redelegation: true, redelegation_count: 0 })
    assert.deepEqual([none.status, none.body.trust.redelegation_count], [201, 0])
  })

  it('CVE-2020-12689: 403 an application credential makes, sees or ends a trust, however little it is restricted', async () => {
    const lent = (await create()).body.trust
    for (const unrestricted of [false, true]) {
      const made = await house.call('POST', `/v3/users/${trustor}/application_credentials`, {
        token: await asTrustor(),
        body: { application_credential: { name: `unrestricted ${unrestricted}`, unrestricted } },
      })
      const { id, secret } = made.body.application_credential
      const application_credential = { id, secret }
      const auth = { identity: { methods: ['application_credential'], application_credential } }
      const token = (await house.call('POST', '/v3/auth/tokens', { body: { auth } })).headers[
        'x-subject-token'
      ]
      assert.equal((await create({}, token ?? '')).status, 403)
      const { id: role } = (await use(lent.id)).body.token.roles[0]
      const one = `/v3/OS-TRUST/trusts/${lent.id}`
      for (const [method, path] of [
        ['GET', `/v3/OS-TRUST/trusts?trustor_user_id=${trustor}`],
        ['GET', one],
        ['GET', `${one}/roles`],
        ['GET', `${one}/roles/${role}`],
        ['DELETE', one],
      ] as const)
        assert.equal(
          (await house.call(method, path, { token: token ?? '' })).status,
          403,
          `${method} ${path}`,
        )
    }
    assert.equal((await use(lent.id)).status, 201)
  })

  it('404 a role without a project', async () => {
    assert.equal((await create({ project_id: null })).status, 404)
    assert.equal((await create({ project_id: null, roles: [] })).status, 201)
  })

  it('401 the last use of a trust for the second of two who were both let in', async () => {
    const made = await create({ remaining_uses: 1 })
    const { id } = made.body.trust
    const user = (await findUser(house.ctx.store.db, { id: trustee })) ?? assert.fail()
    const proof = { user, methods: ['password'], via: [], chain: null, parent: null, onlyScope: null }
    const both = Promise.withResolvers<void>()
    let letIn = 0
    const record: Store['record'] = async (change) => {
      letIn += 1
      if (letIn === 2) both.resolve()
      await both.promise
      return house.ctx.store.record(change)
    }
    const ctx = { ...house.ctx, store: { ...house.ctx.store, record } }
    const request = { scope: { kind: 'trust', id }, ttl: 3600, begunAt: ctx.now() } as const
    const one = () => issueFor(ctx, { ...proof, expiresAt: null }, request)
    const outcomes = await Promise.allSettled([one(), one()])
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  })

  it('401 as soon as the trustor lacks one role of several that were lent', async () => {
    await seedGrant(house, trustor, 'painter', { project })
    const made = await create({ roles: [{ name: 'member' }, { name: 'painter' }] })
    const token = String((await use(made.body.trust.id)).headers['x-subject-token'])
    assert.equal((await check(token)).status, 200)
    const admin = await house.admin()
    const { roles } = (await house.call('GET', '/v3/roles?name=painter', { token: admin })).body
    const grant = `/v3/projects/${project}/users/${trustor}/roles/${roles[0].id}`
    assert.equal((await house.call('DELETE', grant, { token: admin })).status, 204)
    assert.equal((await check(token)).status, 401)
    assert.equal((await use(made.body.trust.id)).status, 401)
  })

  it('401 while either side is disabled, even where nothing voided the token', async () => {
    for (const [impersonation, user] of [
      [true, trustee],
      [false, trustor],
    ] as const) {
      const made = await create({ impersonation })
      const token = String((await use(made.body.trust.id)).headers['x-subject-token'])
      const set = (enabled: 0 | 1) =>
        house.ctx.store.write((tx) =>
          tx.updateTable('user').set({ enabled }).where('id', '=', user).execute(),
        )
      await set(0)
      assert.equal((await check(token)).status, 401)
      await set(1)
      assert.equal((await check(token)).status, 200)
    }
  })

  it('401 while the trustor’s domain is disabled', async () => {
    const domain = await seedDomain(house, 'abroad')
    const lender = await seedUser(house, 'lender', domain)
    await seedGrant(house, lender, 'member', { project })
    const own = await house.login(lender, PASSWORD, { project: { id: project } })
    const { id } = (await create({ trustor_user_id: lender, impersonation: false }, own)).body.trust
    const token = String((await use(id)).headers['x-subject-token'])
    assert.equal((await check(token)).status, 200)
    await house.ctx.store.write((tx) =>
      tx.updateTable('project').set({ enabled: 0 }).where('id', '=', domain).execute(),
    )
    assert.equal((await check(token)).status, 401)
    assert.equal((await use(id)).status, 401)
  })

  it('201 a role named a thousand times is looked up as one named once', async () => {
    const token = await asTrustor()
    const lookUps = async (roles: readonly object[]) => {
      const spy = mock.method(house.ctx.store.db, 'selectFrom')
      const made = await create({ roles }, token)
      spy.mock.restore()
      assert.equal(made.status, 201)
      assert.equal(made.body.trust.roles.length, 1)
      return spy.mock.calls.filter(({ arguments: [table] }) => String(table) === 'role').length
    }
    // What is remembered about roles is read anew after each change.
    await create({}, token)
    const once = await lookUps([{ name: 'member' }])
    assert.equal(await lookUps(Array.from({ length: 1000 }, () => ({ name: 'member' }))), once)
  })

  it('200 trustor and trustee see it, 403 others do not', async () => {
    const made = await create()
    const path = `/v3/OS-TRUST/trusts/${made.body.trust.id}`
    const asTrustee = await house.login('trustee@default', PASSWORD, { project: { id: other } })
    await seedGrant(house, third, 'member', { project: other })
    const asThird = await house.login('third@default', PASSWORD, { project: { id: other } })
    assert.equal((await house.call('GET', path, { token: asTrustee })).status, 200)
    assert.equal((await house.call('GET', `${path}/roles`, { token: asTrustee })).body.roles.length, 1)
    for (const at of [
      path,
      `${path}/roles`,
      `/v3/OS-TRUST/trusts?trustor_user_id=${trustor}`,
      '/v3/OS-TRUST/trusts',
    ]) {
      assert.equal((await house.call('GET', at, { token: asThird })).status, 403, at)
    }
    assert.equal((await house.call('DELETE', path, { token: asTrustee })).status, 403)
  })
})
