import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../testing/huawei.ts'
import { PASSWORD, seedUser } from '../../testing/seed.ts'
import { answeredOperations } from './index.ts'
import { leftOut } from './left-out.ts'

describe('the Huawei Cloud face', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string

  before(async () => {
    house = await openHouse({ huaweiXdomainType: 'HWC' })
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const login = (password: string, scope?: object) =>
    face.call('POST', '/v3/auth/tokens?nocatalog=true', {
      body: {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: 'IAMUserB', password, domain: { name: 'IAMDomainB' } } },
          },
          ...(scope === undefined ? {} : { scope }),
        },
      },
    })

  it('201 document 004: a password and a project by its name', async () => {
    const answer = await login(PASSWORD, { project: { name: 'ap-southeast-1' } })
    assert.equal(answer.status, 201, answer.text)
    const { token } = answer.body
    const domain = { name: 'IAMDomainB', id: two.b, xdomain_type: 'HWC', xdomain_id: two.b }
    assert.deepEqual(token, {
      expires_at: token.expires_at,
      issued_at: token.issued_at,
      methods: ['password'],
      project: { name: 'ap-southeast-1', id: two.projectB, domain },
      user: { domain, id: two.userB, name: 'IAMUserB' },
      catalog: [],
      roles: [{ name: 'te_admin', id: '0' }],
    })
    assert.equal(Date.parse(token.expires_at) - Date.parse(token.issued_at), 86_400_000)
    assert.match(token.issued_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  })

  it('201 an empty scope is the account', async () => {
    for (const scope of [{}, undefined])
      assert.equal((await login(PASSWORD, scope)).body.token.domain.id, two.b)
  })

  it('401 a wrong password, in the documented words', async () => {
    const answer = await login('wrong')
    assert.equal(answer.status, 401)
    assert.deepEqual(answer.body, {
      error: { code: 401, message: 'The username or password is wrong.', title: 'Unauthorized' },
    })
  })

  it('400 a body that is none, in the documented words', async () => {
    const answer = await face.call('POST', '/v3/auth/tokens', { body: { auth: {} } })
    assert.deepEqual([answer.status, answer.body.error.message], [400, 'The request body is invalid'])
  })

  it('401 a bad token as method token, 404 as subject', async () => {
    const body = { auth: { identity: { methods: ['token'], token: { id: 'gAAAAAB' } } } }
    const issued = await face.call('POST', '/v3/auth/tokens', { body })
    assert.deepEqual([issued.status, issued.body.error.message], [401, 'The X-Auth-Token is invalid!'])
    const shown = await face.call('GET', '/v3/auth/tokens', {
      token: administrator,
      headers: { 'x-subject-token': 'gAAAAAB' },
    })
    assert.deepEqual(
      [shown.status, shown.body.error.message],
      [404, 'X-Subject-Token is invalid in the request'],
    )
  })

  it('a token of one face is as good on the other, with the same rights', async () => {
    const asked = { token: administrator, headers: { 'x-subject-token': administrator } }
    const [here, there] = [
      await face.call('GET', '/v3/auth/tokens', asked),
      await house.call('GET', '/v3/auth/tokens', asked),
    ]
    assert.deepEqual([here.status, there.status], [200, 200])
    assert.notEqual(there.body.token.roles[0].id, '0')
    assert.equal('audit_ids' in here.body.token, false)
  })

  it('OS-USER makes, shows and changes a user; errors have codes there', async () => {
    const user = { name: 'Newcomer', domain_id: two.a, password: PASSWORD, email: 'n@example.test' }
    const made = await face.call('POST', '/v3.0/OS-USER/users', { token: administrator, body: { user } })
    assert.equal(made.status, 201, made.text)
    const again = await face.call('POST', '/v3.0/OS-USER/users', { token: administrator, body: { user } })
    assert.deepEqual([again.status, again.body.error_code], [409, '1109'])
    const path = `/v3.0/OS-USER/users/${made.body.user.id}`
    const put = await face.call('PUT', path, { token: administrator, body: { user: { enabled: false } } })
    assert.equal(put.body.user.enabled, false)
    const shown = await face.call('GET', path, { token: administrator })
    assert.deepEqual([shown.body.user.email, shown.body.user.enabled], ['n@example.test', false])
    assert.equal((await face.call('GET', path, {})).body.error_code, 'IAM.0001')
  })

  it('400 a password of who signs in elsewhere, who has none here', async () => {
    const id = await seedUser(house, 'Elsewhere', two.a)
    await house.ctx.store.write((tx) =>
      tx.updateTable('user').set({ kind: 'federated' }).where('id', '=', id).execute(),
    )
    const body = { user: { password: 'Some-passw0rd' } }
    for (const [method, path] of [
      ['PUT', `/v3.0/OS-USER/users/${id}`],
      ['PATCH', `/v3/users/${id}`],
    ] as const) {
      assert.equal((await face.call(method, path, { token: administrator, body })).status, 400, path)
    }
    const described = { token: administrator, body: { user: { description: 'x' } } }
    assert.equal((await face.call('PUT', `/v3.0/OS-USER/users/${id}`, described)).status, 200)
  })

  it('400 OS-USER says with a number of its own which attribute is wrong', async () => {
    const good = { name: 'Numbered', domain_id: two.a }
    const long = 'x'.repeat(256)
    for (const [sent, code, text] of [
      [{ name: 'Numbered' }, '1100', 'Mandatory parameters are not specified.'],
      [{ ...good, name: '1st' }, '1101', 'Invalid username.'],
      [{ ...good, email: long }, '1102', 'Invalid email address.'],
      [{ ...good, phone: 12345 }, '1104', 'Invalid mobile number.'],
      [{ ...good, description: long }, '1117', 'Invalid user description.'],
      [{ ...good, password: '' }, '1118', 'The password is weak.'],
      [{ ...good, access_mode: 'none' }, '1120', 'Invalid access_mode.'],
      [{ ...good, enabled: 'yes' }, 'IAM.0073', "Invalid input for field 'user/enabled': must be boolean."],
    ] as const) {
      const body = { user: sent }
      const answer = await face.call('POST', '/v3.0/OS-USER/users', { token: administrator, body })
      assert.deepEqual([answer.status, answer.body], [400, { error_code: code, error_msg: text }])
    }
    const protect = `/v3.0/OS-USER/users/${two.adminA}/login-protect`
    const other = await face.call('PUT', protect, { token: administrator, body: { login_protect: {} } })
    assert.deepEqual([other.status, other.body.error_code], [400, 'IAM.0072'])
  })

  it('400 a page that is none names the parameter', async () => {
    for (const [query, name] of [
      ['page=0', 'page'],
      ['page=1&per_page=x', 'per_page'],
    ] as const) {
      const answer = await face.call('GET', `/v3.0/OS-AGENCY/agencies?${query}`, { token: administrator })
      assert.deepEqual(
        [answer.status, answer.body.error.message],
        [400, `Request parameter ${name} is invalid.`],
      )
    }
  })

  it('405 in the form of the path', async () => {
    const text = 'The method is not allowed for the requested URL.'
    const ask = async (path: string) => {
      const answer = await face.call('DELETE', path, { token: administrator })
      assert.equal(answer.status, 405, answer.text)
      return answer.body
    }
    assert.deepEqual(await ask('/v3.0/OS-AGENCY/agencies'), {
      error: { code: 405, message: text, title: 'Method Not Allowed' },
    })
    assert.deepEqual(await ask('/v3.0/OS-USER/users'), { error_code: 'IAM.0011', error_msg: text })
    const { request_id, ...v5 } = await ask('/v5/users')
    assert.match(request_id, /^[0-9a-f]{32}$/)
    assert.deepEqual(v5, { error_code: 'IAM.0011', error_msg: text })
  })

  it('200 attributes of a user changed at once are all kept', async () => {
    const user = { name: 'Busy', domain_id: two.a }
    const made = await face.call('POST', '/v3.0/OS-USER/users', { token: administrator, body: { user } })
    const path = `/v3.0/OS-USER/users/${made.body.user.id}`
    const put = (to: string, sent: object) =>
      face.call('PUT', to, { token: administrator, body: { user: sent } })
    for (let n = 0; n < 5; n++) {
      const sent = { email: `${n}@example.test`, areacode: `00${n}`, phone: `${n}` }
      await Promise.all([
        put(path, { email: sent.email }),
        put(path, { areacode: sent.areacode }),
        put(`${path}/info`, { mobile: sent.phone }),
      ])
      const shown = (await face.call('GET', path, { token: administrator })).body.user
      const { email, areacode, phone } = shown
      assert.deepEqual({ email, areacode, phone }, sent)
    }
  })

  it('OS-ROLE refuses with the code of the fault', async () => {
    const post = async (role: object) =>
      (await face.call('POST', '/v3.0/OS-ROLE/roles', { token: administrator, body: { role } })).status
    const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['ecs:*:*'] }] }
    assert.equal(await post({ display_name: 'ok', type: 'XA', description: '', policy }), 201)
    assert.equal(await post({ display_name: 'ok', type: 'XA', description: '', policy }), 409)
    for (const role of [
      { display_name: '', type: 'XA', policy },
      { display_name: 'x', type: 'AA', policy },
      { display_name: 'x', type: 'XA', policy: { ...policy, Version: '2' } },
      { display_name: 'x', type: 'XA', policy: { ...policy, Statement: [] } },
      {
        display_name: 'x',
        type: 'XA',
        policy: { ...policy, Statement: [{ Effect: 'Maybe', Action: ['a:b'] }] },
      },
      {
        display_name: 'x',
        type: 'XA',
        policy: { ...policy, Statement: [{ Effect: 'Allow', Action: 'a:b' }] },
      },
      {
        display_name: 'x',
        type: 'XA',
        policy: { ...policy, Statement: [{ Effect: 'Allow', Action: ['a:b'], Condition: { No: {} } }] },
      },
    ]) {
      assert.equal(await post(role), 400, JSON.stringify(role))
    }
  })

  it('501 for each documented operation that is left out, which the page about this wire names', async () => {
    const page = readFileSync(new URL('../../../../docs/dialects/huawei.md', import.meta.url), 'utf8')
    for (const [name, method, path] of leftOut(answeredOperations)) {
      assert.ok(page.includes(`| ${name} |`), `${name} is not on the page`)
      const answer = await face.call(method, path.replace(/:\w+/g, 'x'), { token: administrator })
      assert.equal(answer.status, 501, `${name}: ${answer.status}`)
    }
  })

  it('CVE-2012-4456: 401 every operation without a token, and with one that is none', async () => {
    for (const { method, path, policy } of answeredOperations) {
      if (policy === 'public') continue
      for (const token of [undefined, 'garbage']) {
        const url = path.replace(/:\w+/g, 'x')
        const answer = await face.call(method, url, token === undefined ? {} : { token })
        assert.equal(answer.status, 401, `${method} ${url}`)
      }
    }
  })
})
