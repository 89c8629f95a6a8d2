import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { removeProjects, removeUsers } from '../../../store/removal.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('application credentials', () => {
  let house: House
  let project: string
  let other: string
  let owner: string
  let stranger: string

  before(async () => {
    house = await openHouse()
    project = await seedProject(house, 'worked')
    other = await seedProject(house, 'unworked')
    owner = await seedUser(house, 'owner')
    stranger = await seedUser(house, 'stranger')
    for (const user of [owner, stranger]) {
      await seedGrant(house, user, 'member', { project })
      await seedGrant(house, user, 'member', { project: other })
    }
    await seedGrant(house, owner, 'reader', 'system')
  })
  after(() => house.close())

  const signIn = (name = 'owner') => house.login(`${name}@default`, PASSWORD, { project: { id: project } })
  let count = 0
  const create = async (fields: object = {}, token?: string, user = owner) =>
    house.call('POST', `/v3/users/${user}/application_credentials`, {
      token: token ?? (await signIn()),
      body: { application_credential: { name: `c${count++}`, ...fields } },
    })
  const use = (payload: object, scope?: object) =>
    house.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['application_credential'], application_credential: payload },
          ...(scope ? { scope } : {}),
        },
      },
    })
  const tokenOf = async (fields: object = {}) => {
    const { id, secret } = (await create(fields)).body.application_credential
    return String((await use({ id, secret })).headers['x-subject-token'])
  }
  const check = (token: string, headers: Record<string, string> = {}) =>
    house.call('GET', '/v3/auth/tokens', { token, headers: { 'x-subject-token': token, ...headers } })

  for (const [what, remove] of [
    ['user', removeUsers],
    ['project', removeProjects],
  ] as const) {
    it(`404 the ${what} is deleted while the secret is being hashed`, async (t) => {
      const gone = {
        user: await seedUser(house, `gone-${what}`),
        project: await seedProject(house, `gone-${what}`),
      }
      await seedGrant(house, gone.user, 'member', { project: gone.project })
      const token = await house.login(`gone-${what}@default`, PASSWORD, { project: { id: gone.project } })
      const { kdf, store } = house.ctx
      const hash = kdf.run
      t.mock.method(kdf, 'run', async (task: Parameters<typeof hash>[0]) => {
        await store.write((tx) => remove(tx, [gone[what]], house.ctx.now()))
        return hash(task)
      })
      const access_rules = [{ service: 'compute', method: 'GET', path: '/v2.1/servers' }]
      assert.equal((await create({ access_rules }, token, gone.user)).status, 404)
    })
  }

  it('201 the secret is shown once and signs in to its project with its roles', async () => {
    const made = (await create({ roles: [{ name: 'reader' }] })).body.application_credential
    assert.ok(made.secret.length >= 64)
    const answer = await use({ id: made.id, secret: made.secret })
    assert.equal(answer.status, 201)
    assert.equal(answer.body.token.project.id, project)
    assert.deepEqual(
      answer.body.token.roles.map((r: { name: string }) => r.name),
      ['reader'],
    )
    assert.equal(answer.body.token.application_credential.restricted, true)
    const shown = await house.call('GET', `/v3/users/${owner}/application_credentials/${made.id}`, {
      token: await signIn(),
    })
    assert.equal('secret' in shown.body.application_credential, false)
  })

  it('201 by name with its user', async () => {
    const made = (await create({ name: 'by name' })).body.application_credential
    const user = { name: 'owner', domain: { id: 'default' } }
    assert.equal((await use({ name: 'by name', user, secret: made.secret })).status, 201)
    assert.equal((await use({ name: 'by name', secret: made.secret })).status, 400)
  })

  it('401 a wrong secret, an unknown id, a wish for a scope', async () => {
    const { id, secret } = (await create()).body.application_credential
    assert.equal((await use({ id, secret: 'wrong' })).status, 401)
    assert.equal((await use({ id: 'f'.repeat(32), secret })).status, 401)
    for (const scope of [{ project: { id: other } }, { project: { id: project } }, { unscoped: {} }]) {
      assert.equal((await use({ id, secret }, scope)).status, 401)
    }
  })

  it('LP#2144966: no scope at all is open to it, the system neither', async () => {
    const { id, secret } = (await create()).body.application_credential
    assert.equal((await use({ id, secret }, { system: { all: true } })).status, 401)
    assert.equal((await use({ id, secret }, { domain: { id: 'default' } })).status, 401)
  })

  it('CVE-2026-42998: the user named beside an id changes nothing', async () => {
    const { id, secret } = (await create()).body.application_credential
    const answer = await use({ id, secret, user: { id: stranger } })
    assert.equal(answer.body.token.user.id, owner)
  })

  it('CVE-2022-2447: its tokens end with it', async () => {
    const soon = new Date(house.ctx.now() / 1000 + 90_000).toISOString().replace('Z', '000Z')
    const { id, secret } = (await create({ expires_at: soon })).body.application_credential
    const answer = await use({ id, secret })
    assert.ok(Date.parse(answer.body.token.expires_at) <= Date.parse(soon))
    const token = String(answer.headers['x-subject-token'])
    house.advance(91)
    assert.equal((await check(token)).status, 401)
    assert.equal((await use({ id, secret })).status, 401)
  })

  it('CVE-2026-80182: its token makes no other token', async () => {
    const token = await tokenOf({ unrestricted: true })
    for (const scope of [undefined, { project: { id: other } }, { project: { id: project } }]) {
      const auth = { identity: { methods: ['token'], token: { id: token } }, ...(scope ? { scope } : {}) }
      assert.equal((await house.call('POST', '/v3/auth/tokens', { body: { auth } })).status, 403)
    }
  })

  it('403 a restricted one manages no credentials; an unrestricted one may, but nothing that outlives it', async () => {
    const restricted = await tokenOf()
    assert.equal((await create({}, restricted)).status, 403)
    const { id: kept } = (await create()).body.application_credential
    const one = `/v3/users/${owner}/application_credentials/${kept}`
    assert.equal((await house.call('DELETE', one, { token: restricted })).status, 403)
    const soon = new Date(house.ctx.now() / 1000 + 300_000).toISOString().replace('Z', '000Z')
    const unrestricted = await tokenOf({ unrestricted: true, expires_at: soon, roles: [{ name: 'reader' }] })
    const child = await create({}, unrestricted)
    assert.equal(child.status, 201)
    assert.equal(`${child.body.application_credential.expires_at}Z`, soon)
    assert.equal((await create({ roles: [{ name: 'member' }] }, unrestricted)).status, 400)
  })

  it('CVE-2026-43000: it cannot touch trusts', async () => {
    const token = await tokenOf({ unrestricted: true })
    const trust = {
      trustor_user_id: owner,
      trustee_user_id: stranger,
      project_id: project,
      impersonation: true,
    }
    const body = { trust: { ...trust, roles: [{ name: 'member' }] } }
    assert.equal((await house.call('POST', '/v3/OS-TRUST/trusts', { token, body })).status, 403)
    const path = `/v3/OS-TRUST/trusts?trustor_user_id=${owner}`
    assert.equal((await house.call('GET', path, { token })).status, 403)
  })

  it('401 at once when it is deleted, its user disabled, or its roles are gone', async () => {
    const { id, secret } = (await create()).body.application_credential
    const token = String((await use({ id, secret })).headers['x-subject-token'])
    assert.equal((await check(token)).status, 200)
    const path = `/v3/users/${owner}/application_credentials/${id}`
    assert.equal((await house.call('DELETE', path, { token: await signIn() })).status, 204)
    assert.equal((await check(token)).status, 401)
    assert.equal((await use({ id, secret })).status, 401)
  })

  it('403 another user’s, whatever user the path names; 404 an unknown one', async () => {
    const { id } = (await create()).body.application_credential
    const token = await signIn('stranger')
    for (const user of [owner, stranger]) {
      const path = `/v3/users/${user}/application_credentials/${id}`
      assert.equal((await house.call('GET', path, { token })).status, 403)
      assert.equal((await house.call('DELETE', path, { token })).status, 403)
    }
    assert.equal((await create({}, token, owner)).status, 403)
    const unknown = `/v3/users/${stranger}/application_credentials/nope`
    assert.equal((await house.call('GET', unknown, { token })).status, 404)
  })

  it('access rules: shared by the user, shown in the token, only to who enforces them', async () => {
    const rule = { service: 'compute', path: '/v2.1/servers', method: 'GET' }
    const first = (await create({ access_rules: [rule] })).body.application_credential
    const second = (await create({ access_rules: [rule] })).body.application_credential
    assert.equal(first.access_rules[0].id, second.access_rules[0].id)
    const answer = await use({ id: first.id, secret: first.secret })
    const token = String(answer.headers['x-subject-token'])
    const admin = await house.admin()
    const validate = (headers: object) =>
      house.call('GET', '/v3/auth/tokens', {
        token: admin,
        headers: { 'x-subject-token': token, ...headers },
      })
    assert.equal((await validate({})).status, 404)
    const aware = await validate({ 'openstack-identity-access-rules': '1' })
    assert.deepEqual(aware.body.token.application_credential.access_rules, first.access_rules)
    assert.equal((await validate({})).status, 404, 'though it is remembered')
    const path = `/v3/users/${owner}/access_rules/${first.access_rules[0].id}`
    const inUse = await house.call('DELETE', path, { token: await signIn() })
    assert.deepEqual([inUse.status, inUse.body.error.message], [403, 'May not delete access rule in use'])
    const others = `/v3/users/${stranger}/access_rules/${first.access_rules[0].id}`
    assert.equal((await house.call('GET', others, { token: await signIn('stranger') })).status, 404)
  })

  it('404 an access rule by its id that is somebody else’s, or nobody’s; 201 one’s own', async () => {
    const rule = { service: 'volume', path: '/v3/volumes', method: 'GET' }
    const [{ id }] = (await create({ access_rules: [rule] })).body.application_credential.access_rules
    const by = (name: string, user: string, access_rule: string) =>
      signIn(name).then((token) => create({ access_rules: [{ id: access_rule }] }, token, user))
    assert.equal((await by('stranger', stranger, id)).status, 404)
    assert.equal((await by('owner', owner, 'nope')).status, 404)
    const again = await by('owner', owner, id)
    assert.deepEqual(again.body.application_credential.access_rules, [{ id, ...rule }])
  })

  it('access rules, and whose they are: nobody’s through a trust; 204 one that nothing uses, by a restricted credential too', async () => {
    const rule = { service: 'image', path: '/v2/images', method: 'GET' }
    const ruled = (await create({ access_rules: [rule] })).body.application_credential
    const plain = (await create({})).body.application_credential
    const token = String((await use({ id: plain.id, secret: plain.secret })).headers['x-subject-token'])
    const own = await signIn()
    const rules = `/v3/users/${owner}/access_rules`
    const path = `${rules}/${ruled.access_rules[0].id}`
    const trust = {
      trustor_user_id: owner,
      trustee_user_id: stranger,
      project_id: project,
      impersonation: true,
      roles: [{ name: 'member' }],
    }
    const { id } = (await house.call('POST', '/v3/OS-TRUST/trusts', { token: own, body: { trust } })).body
      .trust
    const lent = await house.login(stranger, PASSWORD, { 'OS-TRUST:trust': { id } })
    const credentials = `/v3/users/${owner}/application_credentials`
    for (const [method, at] of [
      ['GET', rules],
      ['GET', path],
      ['DELETE', path],
      ['GET', credentials],
      ['GET', `${credentials}/${plain.id}`],
      ['DELETE', `${credentials}/${plain.id}`],
    ] as const) {
      assert.equal((await house.call(method, at, { token: lent })).status, 403, `${method} ${at}`)
    }
    assert.equal((await house.call('DELETE', path, { token })).status, 403)
    const using = `/v3/users/${owner}/application_credentials/${ruled.id}`
    assert.equal((await house.call('DELETE', using, { token: own })).status, 204)
    assert.equal((await house.call('DELETE', path, { token })).status, 204)
    assert.equal((await house.call('GET', path, { token: own })).status, 404)
  })
})
