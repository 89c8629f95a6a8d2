import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { readToken } from '../../../flows/validate-token.ts'
import type { House } from '../../../testing/house.ts'
import { openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

const UNAUTHENTICATED = 'The request you have made requires authentication.'

const byPassword = (
  name: string,
  password: string,
  scope?: unknown,
  domain: unknown = { id: 'default' },
) => ({
  auth: {
    identity: { methods: ['password'], password: { user: { name, domain, password } } },
    ...(scope === undefined ? {} : { scope }),
  },
})
const byToken = (id: string, scope?: unknown) => ({
  auth: { identity: { methods: ['token'], token: { id } }, ...(scope === undefined ? {} : { scope }) },
})

describe('tokens on the Keystone wire', () => {
  let house: House
  let project: string
  let other: string
  let domain: string
  let alice: string

  before(async () => {
    house = await openHouse()
    project = await seedProject(house, 'alpha')
    other = await seedProject(house, 'beta')
    domain = await seedDomain(house, 'elsewhere')
    alice = await seedUser(house, 'alice')
    await seedGrant(house, alice, 'member', { project })
    await seedGrant(house, alice, 'reader', { domain })
    await seedGrant(house, alice, 'reader', 'system')
  })
  after(() => house.close())

  const issue = (body: unknown, query = '') => house.call('POST', `/v3/auth/tokens${query}`, { body })
  const check = (token: string, subject: string, query = '', method = 'GET') =>
    house.call(method, `/v3/auth/tokens${query}`, { token, headers: { 'x-subject-token': subject } })
  const seconds = (time: string) => Date.parse(time) / 1000

  it('201 issues a project-scoped token', async () => {
    const answer = await issue(byPassword('alice', PASSWORD, { project: { id: project } }))
    assert.equal(answer.status, 201)
    const { token } = answer.body
    assert.deepEqual(Object.keys(token).sort(), [
      'audit_ids',
      'catalog',
      'expires_at',
      'is_domain',
      'issued_at',
      'methods',
      'project',
      'roles',
      'user',
    ])
    assert.deepEqual(token.methods, ['password'])
    assert.deepEqual(token.project, {
      domain: { id: 'default', name: 'Default' },
      id: project,
      name: 'alpha',
    })
    assert.deepEqual(
      token.roles.map((r: { name: string }) => r.name),
      ['member', 'reader'],
    )
    assert.match(token.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$/)
    assert.equal(seconds(token.expires_at) - seconds(token.issued_at), 3600)
    assert.equal(answer.headers['vary'], 'X-Auth-Token')
    assert.match(answer.headers['x-openstack-request-id'] ?? '', /^req-[0-9a-f-]{36}$/)
    assert.ok((answer.headers['x-subject-token'] ?? '').length < 255)
  })

  it('201 scopes by names, to a domain, to the system and to nothing', async () => {
    const named = { project: { name: 'alpha', domain: { name: 'Default' } } }
    assert.equal((await issue(byPassword('alice', PASSWORD, named))).body.token.project.id, project)
    const inDomain = await issue(byPassword('alice', PASSWORD, { domain: { name: 'elsewhere' } }))
    assert.deepEqual(inDomain.body.token.domain, { id: domain, name: 'elsewhere' })
    const system = await issue(byPassword('alice', PASSWORD, { system: { all: true } }))
    assert.deepEqual(system.body.token.system, { all: true })
    for (const wish of [{ unscoped: {} }, 'unscoped']) {
      const unscoped = await issue(byPassword('alice', PASSWORD, wish))
      assert.equal('roles' in unscoped.body.token || 'catalog' in unscoped.body.token, false)
    }
    for (const wish of ['all', null, [], 5]) {
      assert.equal((await issue(byPassword('alice', PASSWORD, wish))).status, 400)
    }
  })

  it('401 a method that the house has switched off, right as what it shows may be', async () => {
    const strict = await openHouse({ authMethods: ['password'] })
    try {
      const id = await strict.admin()
      assert.equal((await strict.call('GET', '/v3/auth/projects', { token: id })).status, 200)
      assert.equal((await strict.call('POST', '/v3/auth/tokens', { body: byToken(id) })).status, 401)
    } finally {
      await strict.close()
    }
    const id = await house.login('alice@default', PASSWORD)
    assert.equal((await issue(byToken(id))).status, 201)
  })

  it('401 two methods that prove two people', async () => {
    await seedUser(house, 'bob')
    const of = (name: string) => ({ user: { name, domain: { id: 'default' }, password: PASSWORD } })
    const token = { id: await house.login('alice@default', PASSWORD) }
    const both = (name: string) =>
      issue({ auth: { identity: { methods: ['password', 'token'], password: of(name), token } } })
    assert.equal((await both('alice')).status, 201)
    assert.equal((await both('bob')).status, 401)
  })

  it('a role of a domain is in no token: 401 with nothing else, 201 with what it implies', async () => {
    const admin = await house.admin()
    const call = (method: string, path: string, body?: object) =>
      house.call(method, path, { token: admin, ...(body && { body }) })
    const inside = await seedProject(house, 'inside', domain)
    const user = await seedUser(house, 'keeper', domain)
    const { role } = (await call('POST', '/v3/roles', { role: { name: 'keeps', domain_id: domain } })).body
    const grant = `/v3/projects/${inside}/users/${user}/roles/${role.id}`
    assert.equal((await call('PUT', grant)).status, 204)
    const signIn = () => issue(byPassword('keeper', PASSWORD, { project: { id: inside } }, { id: domain }))
    assert.equal((await signIn()).status, 401)
    const [reader] = (await call('GET', '/v3/roles?name=reader')).body.roles
    assert.equal((await call('PUT', `/v3/roles/${role.id}/implies/${reader.id}`)).status, 201)
    const answer = await signIn()
    assert.deepEqual(
      answer.body.token.roles.map(({ name }: { name: string }) => name),
      ['reader'],
    )
  })

  it('201 leaves the catalog out with nocatalog, with or without a value', async () => {
    for (const query of ['?nocatalog', '?nocatalog=', '?nocatalog=1']) {
      const answer = await issue(byPassword('alice', PASSWORD, { project: { id: project } }), query)
      assert.equal('catalog' in answer.body.token, false)
    }
  })

  it('201 whatever the spelling of Content-Type', async () => {
    const body = JSON.stringify(byPassword('alice', PASSWORD))
    for (const type of [
      'application/json;charset=utf8',
      'Application/JSON; charset=UTF-8',
      'application/json',
    ]) {
      const answer = await house.call('POST', '/v3/auth/tokens', { body, headers: { 'content-type': type } })
      assert.equal(answer.status, 201, type)
    }
  })

  it('401 the same bytes for wrong password, unknown user, unknown project and no role', async () => {
    const answers = [
      await issue(byPassword('alice', 'wrong', { project: { id: project } })),
      await issue(byPassword('nobody', PASSWORD, { project: { id: project } })),
      await issue(byPassword('alice', PASSWORD, { project: { id: 'f'.repeat(32) } })),
      await issue(byPassword('alice', PASSWORD, { project: { id: other } })),
      await issue(byPassword('alice', PASSWORD, undefined, { id: 'no-such-domain' })),
    ]
    for (const answer of answers) {
      assert.equal(answer.status, 401)
      assert.equal(answer.text, answers[0]?.text)
      assert.equal(answer.headers['www-authenticate'], 'Keystone uri="http://tokenhouse.test:5000/v3"')
    }
    assert.equal(answers[0]?.body.error.message, UNAUTHENTICATED)
  })

  it('400 two scopes, an empty scope, a project name without its domain', async () => {
    for (const scope of [
      { project: { id: project }, domain: { id: domain } },
      {},
      { project: { name: 'alpha' } },
      { project: {} },
      { project: { id: 7 } },
    ]) {
      assert.equal((await issue(byPassword('alice', PASSWORD, scope))).status, 400, JSON.stringify(scope))
    }
  })

  it('401 an unknown method, with the methods there are', async () => {
    const answer = await issue({ auth: { identity: { methods: ['magic'], magic: {} } } })
    assert.equal(answer.status, 401)
    assert.ok(answer.body.error.identity.methods.includes('password'))
  })

  it('404 a bad token as method token; validating it too', async () => {
    const token = await house.admin()
    assert.equal((await issue(byToken('gAAAAAB'))).status, 404)
    const answer = await check(token, 'gAAAAAB')
    assert.equal(answer.status, 404)
    assert.equal(answer.body.error.message, 'Could not recognize Fernet token')
  })

  it('400 a credential and an assertion that name nothing; 401 no method, no password, nothing from outside', async () => {
    const identity = (methods: string[], payload: object) =>
      issue({ auth: { identity: { methods, ...payload } } })
    for (const [status, ...asked] of [
      [400, ['application_credential'], { application_credential: {} }],
      [400, ['mapped'], { mapped: {} }],
      [400, ['password'], { password: { user: { id: alice, name: 'alice', password: PASSWORD } } }],
      [401, [], {}],
      [401, ['password'], { password: { user: { id: alice } } }],
      [401, ['external'], { external: {} }],
    ] as const) {
      const answer = await identity([...asked[0]], asked[1])
      assert.equal(answer.status, status, JSON.stringify(asked))
    }
  })

  it('404 no token to look at, to who may look at any; 403 to others', async () => {
    const admin = await house.admin()
    const own = await house.login('alice@default', PASSWORD)
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      assert.equal((await house.call(method, '/v3/auth/tokens', { token: admin })).status, 404, method)
      assert.equal((await house.call(method, '/v3/auth/tokens', { token: own })).status, 403, method)
      assert.equal((await house.call(method, '/v3/auth/tokens')).status, 401, method)
    }
  })

  it('200 validates with the same body as it was issued, HEAD without a body', async () => {
    const issued = await issue(byPassword('alice', PASSWORD, { project: { id: project } }))
    const subject = issued.headers['x-subject-token'] ?? ''
    const admin = await house.admin()
    const full = await check(admin, subject)
    assert.equal(full.status, 200)
    assert.deepEqual(full.body, issued.body)
    assert.equal(full.headers['x-subject-token'], subject)
    const head = await check(admin, subject, '', 'HEAD')
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal('catalog' in (await check(admin, subject, '?nocatalog')).body.token, false)
  })

  it('403 a service asks by HEAD, which has a rule of its own, and 200 by GET', async () => {
    await seedGrant(house, await seedUser(house, 'nova'), 'service', { project })
    const service = await house.login('nova@default', PASSWORD, { project: { id: project } })
    const admin = await house.admin()
    assert.equal((await check(service, admin)).status, 200)
    assert.equal((await check(service, admin, '', 'HEAD')).status, 403)
    assert.equal((await check(service, service, '', 'HEAD')).status, 200)
  })

  it('200 one may validate oneself; 403 a member validates another', async () => {
    const mine = await house.login('alice@default', PASSWORD, { project: { id: project } })
    assert.equal((await check(mine, mine)).status, 200)
    assert.equal((await check(mine, await house.admin())).status, 403)
  })

  it('204 revokes; the token is gone for its holder and for validators at once', async () => {
    const admin = await house.admin()
    const subject = await house.login('alice@default', PASSWORD, { project: { id: project } })
    assert.equal((await check(admin, subject)).status, 200)
    assert.equal((await check(admin, subject, '', 'DELETE')).status, 204)
    assert.equal((await check(admin, subject)).status, 404)
    assert.equal((await check(subject, subject)).status, 401)
    assert.equal((await issue(byToken(subject))).status, 404)
  })

  it('204 with ?chain: all that came of the same sign-in is gone, another sign-in is not', async () => {
    const admin = await house.admin()
    const rescoped = async (token: string) =>
      (await issue(byToken(token, { project: { id: project } }))).headers['x-subject-token'] ?? ''
    const first = await house.login('alice@default', PASSWORD)
    const [child, sibling] = [await rescoped(first), await rescoped(first)]
    const grandchild = await rescoped(child)
    const other = await house.login('alice@default', PASSWORD)
    for (const no of ['', '?chain=false', '?chain=0'])
      assert.equal((await check(admin, await rescoped(sibling), no, 'DELETE')).status, 204, no)
    for (const kept of [first, child, sibling, grandchild])
      assert.equal((await check(admin, kept)).status, 200)
    assert.equal((await check(admin, child, '?chain', 'DELETE')).status, 204)
    for (const gone of [first, child, sibling, grandchild]) {
      assert.equal((await check(admin, gone)).status, 404)
      assert.equal((await issue(byToken(gone))).status, 404)
    }
    assert.equal((await check(admin, other)).status, 200)
  })

  it('403 a delegated session ends a whole sign-in; it may end itself', async () => {
    const admin = await house.admin()
    const { userId } = await readToken(house.ctx, admin)
    const made = await house.call('POST', `/v3/users/${userId}/application_credentials`, {
      token: admin,
      body: { application_credential: { name: 'lent', secret: 'a secret' } },
    })
    const { id, secret } = made.body.application_credential
    const lent = await issue({
      auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } },
    })
    const token = lent.headers['x-subject-token'] ?? ''
    assert.equal((await check(token, token, '?chain', 'DELETE')).status, 403)
    assert.equal((await check(token, admin, '?chain', 'DELETE')).status, 403)
    assert.equal((await check(admin, admin)).status, 200)
    assert.equal((await check(token, token, '', 'DELETE')).status, 204)
    assert.equal((await check(token, token)).status, 401)
  })

  it('a revoked chain stays so for as long as its longest token could last', async () => {
    const slow = await openHouse({ tokenTtl: 200 * 86_400 })
    const first = await slow.login('admin@default', slow.adminPassword)
    const admin = await slow.admin()
    const as = (subject: string) => ({ token: admin, headers: { 'x-subject-token': subject } })
    assert.equal((await slow.call('DELETE', '/v3/auth/tokens?chain', as(first))).status, 204)
    slow.advance(190 * 86_400)
    // Old revocations are forgotten at the next one.
    const another = await slow.login('admin@default', slow.adminPassword)
    assert.equal((await slow.call('DELETE', '/v3/auth/tokens', as(another))).status, 204)
    assert.equal((await slow.call('GET', '/v3/auth/tokens', as(first))).status, 404)
    await slow.close()
  })

  it('CVE-2012-3426, CVE-2012-5563: a hundred rescopings never move the expiry, and share one chain', async () => {
    let answer = await issue(byPassword('alice', PASSWORD, { unscoped: {} }))
    const first = answer.body.token
    for (let step = 0; step < 100; step++) {
      if (step % 10 === 0) house.advance(1)
      const scope = step % 2 === 0 ? { project: { id: project } } : { domain: { id: domain } }
      answer = await issue(byToken(answer.headers['x-subject-token'] ?? '', scope))
      assert.equal(answer.status, 201)
      assert.equal(answer.body.token.expires_at, first.expires_at)
      assert.equal(answer.body.token.audit_ids[1], first.audit_ids[0])
      assert.deepEqual([...answer.body.token.methods].sort(), ['password', 'token'])
    }
  })

  it('CVE-2013-2104: a revoked token stays invalid after it expired, with allow_expired too', async () => {
    const admin = await house.admin()
    const kept = await house.login('alice@default', PASSWORD, { project: { id: project } })
    const revoked = await house.login('alice@default', PASSWORD, { project: { id: project } })
    assert.equal((await check(admin, revoked, '', 'DELETE')).status, 204)
    house.advance(3700)
    const later = await house.admin()
    assert.equal((await check(later, kept)).status, 404)
    assert.equal((await check(later, kept, '?allow_expired=1')).status, 200)
    assert.equal((await check(later, revoked)).status, 404)
    assert.equal((await check(later, revoked, '?allow_expired=1')).status, 404)
    house.advance(172_800)
    assert.equal((await check(await house.admin(), kept, '?allow_expired=1')).status, 404)
  })

  it('404 an expired token, unless allow_expired says plainly yes', async () => {
    const expired = await house.login('alice@default', PASSWORD, { project: { id: project } })
    house.advance(3700)
    const admin = await house.admin()
    for (const yes of ['=1', '=true', '=Yes', '=on'])
      assert.equal((await check(admin, expired, `?allow_expired${yes}`)).status, 200, yes)
    for (const no of ['', '=', '=0', '=false', '=no', '=off', '=maybe'])
      assert.equal((await check(admin, expired, `?allow_expired${no}`)).status, 404, no)
  })

  it('CVE-2014-5251: a change in the same second voids what came before it and nothing after it', async () => {
    const user = await seedUser(house, 'same-second')
    const before = await house.login('same-second@default', PASSWORD)
    await house.ctx.store.write((tx) =>
      tx.updateTable('user').set({ tokens_valid_from: house.ctx.now() }).where('id', '=', user).execute(),
    )
    const afterwards = await house.login('same-second@default', PASSWORD)
    assert.equal((await check(before, before)).status, 401)
    assert.equal((await check(afterwards, afterwards)).status, 200)
  })

  it('CVE-2015-7546: other spellings of a revoked token are not tokens', async () => {
    const admin = await house.admin()
    const subject = await house.login('alice@default', PASSWORD, { project: { id: project } })
    await check(admin, subject, '', 'DELETE')
    for (const spelling of [
      `${subject}=`,
      `${subject}==`,
      subject.replaceAll('-', '+').replaceAll('_', '/'),
      ` ${subject}`,
    ]) {
      assert.equal((await check(admin, spelling)).status, 404, spelling)
    }
  })

  it('CVE-2012-1572: a password of a megabyte is refused without a key derivation', async () => {
    const { completed } = house.ctx.kdf.stats()
    assert.equal((await issue(byPassword('alice', 'x'.repeat(1_000_000)))).status, 413)
    assert.equal((await issue(byPassword('alice', 'x'.repeat(100_000)))).status, 401)
    assert.equal(house.ctx.kdf.stats().completed, completed)
  })

  it('CVE-2013-2157: an empty password never proves anybody', async () => {
    for (const password of ['', ' ', '\0', null]) {
      assert.ok([400, 401].includes((await issue(byPassword('alice', password as string))).status))
    }
  })

  it('CVE-2014-2828: one method named ten thousand times is one key derivation', async () => {
    const { completed } = house.ctx.kdf.stats()
    const body = byPassword('alice', PASSWORD)
    body.auth.identity.methods = Array(8_000).fill('password')
    assert.equal((await issue(body)).status, 201)
    assert.equal(house.ctx.kdf.stats().completed, completed + 1)
  })

  it('CVE-2021-38155: a locked user is told what everybody is told, even with the right password', async () => {
    const strict = await openHouse({ lockoutFailureAttempts: 3 })
    await seedUser(strict, 'locked')
    const attempt = (password: string) =>
      strict.call('POST', '/v3/auth/tokens', { body: byPassword('locked', password) })
    const wrong = await attempt('wrong')
    for (let i = 0; i < 2; i++) await attempt('wrong')
    const right = await attempt(PASSWORD)
    assert.equal(right.status, 401)
    assert.equal(right.text, wrong.text)
    strict.advance(1801)
    assert.equal((await attempt(PASSWORD)).status, 201)
    await strict.close()
  })

  it('CVE-2012-4413: a role taken away is gone from live tokens', async () => {
    const user = await seedUser(house, 'loses-role')
    await seedGrant(house, user, 'member', { project })
    const token = await house.login('loses-role@default', PASSWORD, { project: { id: project } })
    assert.equal((await check(token, token)).status, 200)
    await house.ctx.store.write((tx) => tx.deleteFrom('assignment').where('actor_id', '=', user).execute())
    assert.equal((await check(token, token)).status, 401)
  })

  it('CVE-2012-4457, CVE-2013-2059: disabled or deleted user, project and domain void tokens at once', async () => {
    const inside = await seedProject(house, 'doomed', domain)
    const user = await seedUser(house, 'doomed')
    await seedGrant(house, user, 'member', { project: inside })
    const disable = (id: string, enabled: 0 | 1) =>
      house.ctx.store.write((tx) => tx.updateTable('project').set({ enabled }).where('id', '=', id).execute())
    for (const id of [inside, domain]) {
      const token = await house.login('doomed@default', PASSWORD, { project: { id: inside } })
      await disable(id, 0)
      assert.equal((await check(token, token)).status, 401)
      assert.equal((await issue(byPassword('doomed', PASSWORD, { project: { id: inside } }))).status, 401)
      await disable(id, 1)
    }
    const token = await house.login('doomed@default', PASSWORD, { project: { id: inside } })
    await house.ctx.store.write((tx) => tx.deleteFrom('user').where('id', '=', user).execute())
    assert.equal((await check(token, token)).status, 401)
  })

  it('403 a system token asks for a project or a domain', async () => {
    const system = await house.login('alice@default', PASSWORD, { system: { all: true } })
    for (const scope of [{ project: { id: project } }, { domain: { id: domain } }]) {
      assert.equal((await issue(byToken(system, scope))).status, 403, JSON.stringify(scope))
    }
  })

  it('CVE-2012-3542: a refused login leaves the database as it was, but for its audit line and count', async () => {
    const dump = async () => {
      const { db } = house.ctx.store
      return JSON.stringify([
        await db.selectFrom('user').select(['id', 'name', 'enabled', 'tokens_valid_from']).execute(),
        await db.selectFrom('password').selectAll().execute(),
        await db.selectFrom('assignment').selectAll().execute(),
        await db.selectFrom('revocation').selectAll().execute(),
      ])
    }
    const before = await dump()
    await issue(byPassword('alice', 'wrong'))
    await issue(byToken('garbage'))
    const mine = await house.login('alice@default', PASSWORD, { project: { id: project } })
    await check(mine, await house.admin(), '', 'DELETE')
    assert.equal(await dump(), before)
  })

  it('writes every sign-in and every refusal to the audit trail, without the password', async () => {
    await issue(byPassword('alice', 'a very secret wrong password'))
    const events = await house.ctx.store.db.selectFrom('audit_event').selectAll().execute()
    assert.ok(
      events.some((e) => e.action === 'issue_token' && e.outcome === 'refused' && e.actor_id === alice),
    )
    assert.ok(
      events.some((e) => e.action === 'issue_token' && e.outcome === 'success' && e.actor_id === alice),
    )
    assert.equal(JSON.stringify(events).includes('very secret'), false)
  })
})
