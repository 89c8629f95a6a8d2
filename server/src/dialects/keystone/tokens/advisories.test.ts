/** Advisories of other token services, held against every way to sign in here. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newId } from '../../../store/ids.ts'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import { signedRequest } from '../../../testing/keystone-world.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

describe('ways to sign in, held to the advisories', () => {
  let house: House
  let admin: string
  let project: string
  let user: string
  let own: string
  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    project = await seedProject(house, 'shared')
    user = await seedUser(house, 'holder')
    await seedGrant(house, user, 'member', { project })
    own = await house.login(user, PASSWORD, { project: { id: project } })
  })
  after(() => house.close())

  const authenticate = (identity: object, scope?: object) =>
    house.call('POST', '/v3/auth/tokens', { body: { auth: { identity, ...(scope ? { scope } : {}) } } })
  const byApplication = (application_credential: object) =>
    authenticate({ methods: ['application_credential'], application_credential })
  const patch = (path: string, body: object) => house.call('PATCH', path, { token: admin, body })
  const made = async (path: string, body: object, token = own) => {
    const answer = await house.call('POST', path, { token, body })
    assert.equal(answer.status, 201, answer.text)
    return Object.values(answer.body)[0] as Readonly<Record<string, string>>
  }
  const tokenOf = (answer: Answer) => String(answer.headers['x-subject-token'])

  it('Vault CVE-2023-3462: no way of signing in tells who is there, however they would sign in', async () => {
    const closed = await seedDomain(house, 'closed')
    const inside = await seedUser(house, 'inside', closed)
    const disabled = await seedUser(house, 'disabled')
    const shadow = await seedUser(house, 'shadow')
    await house.ctx.store.write(async (tx) => {
      await tx.updateTable('user').set({ kind: 'federated' }).where('id', '=', shadow).execute()
    })
    await patch(`/v3/users/${disabled}`, { user: { enabled: false } })
    await patch(`/v3/domains/${closed}`, { domain: { enabled: false } })
    const credentials = `/v3/users/${user}/application_credentials`
    const robot = await made(credentials, { application_credential: { name: 'robot' } })
    const ids = [user, 'nobody', newId(), inside, disabled, shadow, '']
    const alike = async (answers: readonly Promise<Answer>[], what: string) => {
      const told = new Set((await Promise.all(answers)).map(({ status, text }) => `${status} ${text}`))
      assert.equal(told.size, 1, `${what}: ${[...told].join('\n')}`)
      assert.match([...told][0] ?? '', /^401 /, what)
    }
    const named = (name: string, domain: object) => ({ name, domain })
    const users = [
      ...ids.slice(0, -1).map((id) => ({ id })),
      named('holder', { id: 'default' }),
      named('holder', { name: 'Default' }),
      named('holder', { id: 'nowhere' }),
      named('nobody', { name: 'nowhere' }),
      named('inside', { id: closed }),
    ]
    const wrong = users.map((one) =>
      authenticate({ methods: ['password'], password: { user: { ...one, password: 'wrong' } } }),
    )
    await alike(wrong, 'password')
    // Who may not sign in is told the same with the right password.
    const right = [inside, disabled, shadow, 'nobody'].map((id) =>
      authenticate({ methods: ['password'], password: { user: { id, password: PASSWORD } } }),
    )
    await alike([...right, ...wrong], 'right password')
    const passcodes = users.map((one) =>
      authenticate({ methods: ['totp'], totp: { user: { ...one, passcode: '000000' } } }),
    )
    await alike(passcodes, 'passcode')
    await alike(
      [
        byApplication({ id: robot['id'], secret: 'wrong' }),
        byApplication({ id: newId(), secret: robot['secret'] }),
        ...users.map((one) => byApplication({ name: 'robot', user: one, secret: 'wrong' })),
        ...users.map((one) => byApplication({ name: 'none', user: one, secret: 'wrong' })),
      ],
      'application credential',
    )
  })

  it('Vault CVE-2020-25816: nothing that comes of a session outlives what the session stands on', async () => {
    const soon = new Date(house.ctx.now() / 1000 + 100_000).toISOString()
    const trust = {
      trustor_user_id: user,
      trustee_user_id: user,
      project_id: project,
      impersonation: false,
      roles: [{ name: 'member' }],
      expires_at: soon,
    }
    const { id } = await made('/v3/OS-TRUST/trusts', { trust })
    const robot = await made(`/v3/users/${user}/application_credentials`, {
      application_credential: { name: 'short', expires_at: soon.slice(0, -1), unrestricted: true },
    })
    const firsts = [
      await authenticate(
        { methods: ['password'], password: { user: { id: user, password: PASSWORD } } },
        { 'OS-TRUST:trust': { id } },
      ),
      await byApplication({ id: robot['id'], secret: robot['secret'] }),
    ]
    const validity = async (token: string) => {
      const headers = { 'x-subject-token': token }
      return (await house.call('GET', '/v3/auth/tokens', { token: admin, headers })).body.token.expires_at
    }
    const children: string[] = []
    for (const first of firsts) {
      assert.equal(first.status, 201, first.text)
      children.push(tokenOf(first))
      const scopes = [undefined, { project: { id: project } }]
      for (const scope of scopes) {
        const identity = { methods: ['token'], token: { id: tokenOf(first) } }
        const again = await authenticate(identity, scope)
        if (again.status === 201) children.push(tokenOf(again))
      }
    }
    for (const child of children) assert.ok(Date.parse(await validity(child)) <= Date.parse(soon))
    // Nor does one that was made shortly before the end; a second of it may pass with what is asked meanwhile.
    house.advance(98)
    const last = await byApplication({ id: robot['id'], secret: robot['secret'] })
    assert.ok(Date.parse(await validity(tokenOf(last))) <= Date.parse(soon))
    house.advance(3)
    for (const child of [...children, tokenOf(last)]) {
      const headers = { 'x-subject-token': child }
      const shown = await house.call('GET', '/v3/auth/tokens?allow_expired=1', { token: admin, headers })
      assert.equal(shown.status === 404 || Date.parse(shown.body.token.expires_at) <= Date.parse(soon), true)
      assert.equal((await house.call('GET', '/v3/auth/projects', { token: child })).status, 401)
    }
    assert.equal((await byApplication({ id: robot['id'], secret: robot['secret'] })).status, 401)
  })

  it('commit 910ebab06: a token of an EC2 signature is validated, and asks this API for nothing', async () => {
    const service = await seedUser(house, 'service')
    await seedGrant(house, service, 'service', { project })
    const asService = await house.login(service, PASSWORD, { project: { id: project } })
    await seedGrant(house, user, 'admin', { project })
    const key = await made(`/v3/users/${user}/credentials/OS-EC2`, { tenant_id: project })
    const pair = { access: key['access'] ?? '', secret: key['secret'] ?? '' }
    const body = signedRequest(pair, house.ctx.now() / 1e6)
    const token = tokenOf(await house.call('POST', '/v3/ec2tokens', { token: asService, body }))
    const headers = { 'x-subject-token': token }
    assert.equal((await house.call('GET', '/v3/auth/tokens', { token: admin, headers })).status, 200)
    const users = `/v3/users/${user}`
    const refused = [
      await house.call('POST', `${users}/credentials/OS-EC2`, { token, body: { tenant_id: project } }),
      await house.call('GET', `${users}/credentials/OS-EC2`, { token }),
      await house.call('GET', '/v3/credentials', { token }),
      await house.call('POST', `${users}/application_credentials`, {
        token,
        body: { application_credential: { name: 'more' } },
      }),
      await house.call('GET', `${users}/application_credentials`, { token }),
      await house.call('GET', `${users}/access_rules`, { token }),
      await house.call('GET', '/v3/OS-TRUST/trusts', { token }),
      await authenticate({ methods: ['token'], token: { id: token } }),
    ]
    assert.deepEqual(
      refused.map(({ status }) => status),
      refused.map(() => 403),
    )
  })
})
