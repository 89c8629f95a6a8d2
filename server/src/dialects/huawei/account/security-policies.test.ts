import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { PASSWORD, seedGrant, seedUser } from '../../../testing/seed.ts'

/** What an account sets here holds for its own people, on every face, and for nobody else. */
describe('security policies of an account', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string
  let cloud: string

  before(async () => {
    house = await openHouse({ lockoutFailureAttempts: 5, lockoutDuration: 60 })
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    cloud = await house.admin()
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const pathOf = (name: string, account = two.a) => `/v3.0/OS-SECURITYPOLICY/domains/${account}/${name}`
  const show = async (name: string, account = two.a) =>
    (await face.call('GET', pathOf(name, account), { token: cloud })).body[name.replaceAll('-', '_')]
  const put = (name: string, sent: object, token = administrator) =>
    face.call('PUT', pathOf(name), { token, body: { [name.replaceAll('-', '_')]: sent } })
  const member = async (name: string): Promise<{ id: string; token: string }> => {
    const id = await seedUser(house, name, two.a)
    await seedGrant(house, id, 'readonly', { domain: two.a })
    return { id, token: await face.token({ name, domain: two.a }) }
  }
  const create = async (name: string, password: string, onHuawei = true) => {
    const user = { name, domain_id: two.a, password }
    return onHuawei
      ? face.call('POST', '/v3.0/OS-USER/users', { token: administrator, body: { user } })
      : house.call('POST', '/v3/users', { token: cloud, body: { user } })
  }
  const changeOwn = (who: { id: string; token: string }, from: string, to: string) =>
    house.call('POST', `/v3/users/${who.id}/password`, {
      token: who.token,
      body: { user: { original_password: from, password: to } },
    })

  it('200 shows the house’s until the account sets its own; 403 another account sees or sets them', async () => {
    for (const name of ['password-policy', 'login-policy', 'protect-policy', 'api-acl-policy']) {
      const token = await face.token({ name: 'IAMUserB', domain: two.b })
      assert.equal((await face.call('GET', pathOf(name), { token })).status, 403)
      assert.equal((await put(name, { operation_protection: false }, token)).status, 403, name)
    }
    const { login_failed_times, lockout_duration } = await show('login-policy')
    assert.deepEqual([login_failed_times, lockout_duration], [5, 1])
  })

  it('400 what is out of its range', async () => {
    for (const [name, sent] of [
      ['password-policy', { minimum_password_length: 5 }],
      ['password-policy', { password_char_combination: 5 }],
      ['login-policy', { login_failed_times: 2 }],
      ['protect-policy', { operation_protection: true }],
      ['api-acl-policy', { allow_address_netmasks: [{ address_netmask: '10.0.0.0/33' }] }],
      ['api-acl-policy', { allow_ip_ranges: [{ ip_range: '10.0.0.9-10.0.0.1' }] }],
      ['api-acl-policy', { allow_ip_ranges: [] }],
      ['api-acl-policy', { allow_address_netmasks: [{ address_netmask: '2001:db8::/32' }] }],
      ['console-acl-policy', {}],
      ['console-acl-policy', { allow_address_netmasks_ipv6: [{ address_netmask: '10.0.0.0/8' }] }],
      ['console-acl-policy', { allow_address_netmasks_ipv6: [{ address_netmask: '2001:db8::/129' }] }],
      ['console-acl-policy', { allow_ip_ranges_ipv6: [{ ip_range: '2001:db8::9-2001:db8::1' }] }],
      ['console-acl-policy', { allow_ip_ranges_ipv6: [{ ip_range: '10.0.0.1-2001:db8::1' }] }],
    ] as const) {
      const answer = await put(name, sent)
      assert.deepEqual([answer.status, answer.body.error_code], [400, 'IAM.0073'], JSON.stringify(sent))
    }
    const missing = await face.call('PUT', pathOf('password-policy'), { token: administrator, body: {} })
    assert.deepEqual([missing.status, missing.body.error_code], [400, 'IAM.0072'])
  })

  it('a password policy holds for every new password, on both faces', async () => {
    const sent = {
      minimum_password_length: 10,
      password_char_combination: 3,
      maximum_consecutive_identical_chars: 2,
      password_not_username_or_invert: true,
      number_of_recent_passwords_disallowed: 2,
      minimum_password_age: 10,
      password_validity_period: 90,
    }
    const answer = await put('password-policy', sent)
    assert.equal(answer.status, 200, answer.text)
    for (const [name, value] of Object.entries(sent))
      assert.equal(answer.body.password_policy[name], value, name)
    assert.deepEqual(await show('password-policy'), answer.body.password_policy)
    for (const [i, bad] of [
      'Short-1',
      'alllowercase',
      'Correct-Horrrse-7',
      'Nom-123456',
      '654321-moN',
    ].entries()) {
      for (const onHuawei of [true, false]) {
        const made = await create(i < 3 ? `weak${i}` : 'Nom-123456'.slice(0, 10), bad, onHuawei)
        assert.equal(made.status, 400, `${bad}: ${made.text}`)
        if (onHuawei && i < 3) assert.equal(made.body.error_code, '1118')
      }
    }
    const good = await create('Strong', 'Correct-Horse-7')
    assert.equal(good.status, 201, good.text)
    assert.ok(good.body.user.password_expires_at !== '')
    const elsewhere = await house.call('POST', '/v3/users', {
      token: cloud,
      body: { user: { name: 'weak', domain_id: two.b, password: 'short' } },
    })
    assert.equal(elsewhere.status, 201)
  })

  it('400 an earlier password, and another change within minutes', async () => {
    const who = await member('Changer')
    house.advance(2)
    assert.equal((await changeOwn(who, PASSWORD, 'Correct-Horse-8')).status, 204)
    const again = async () => {
      const identity = {
        methods: ['password'],
        password: { user: { id: who.id, password: 'Correct-Horse-8' } },
      }
      const answer = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
      return { id: who.id, token: answer.headers['x-subject-token'] ?? '' }
    }
    house.advance(60)
    assert.equal((await changeOwn(await again(), 'Correct-Horse-8', 'Correct-Horse-9')).status, 400)
    house.advance(600)
    assert.equal((await changeOwn(await again(), 'Correct-Horse-8', 'Correct-Horse-8')).status, 400)
    assert.equal((await changeOwn(await again(), 'Correct-Horse-8', 'Correct-Horse-9')).status, 204)
  })

  it('a login policy locks sooner and longer than the house, never later', async () => {
    const answer = await put('login-policy', { login_failed_times: 3, lockout_duration: 15 })
    assert.equal(answer.status, 200, answer.text)
    const { id } = await member('Guessed')
    const login = async (password: string) => {
      const identity = { methods: ['password'], password: { user: { id, password } } }
      return (await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })).status
    }
    for (let guess = 0; guess < 3; guess++) assert.equal(await login('wrong'), 401)
    assert.equal(await login(PASSWORD), 401)
    house.advance(14 * 60)
    assert.equal(await login(PASSWORD), 401)
    house.advance(61)
    assert.equal(await login(PASSWORD), 201)
    // Laxer than the house is as strict as the house.
    assert.equal((await put('login-policy', { login_failed_times: 10 })).status, 200)
    for (let guess = 0; guess < 5; guess++) assert.equal(await login('wrong'), 401)
    assert.equal(await login(PASSWORD), 401)
    // Nor does the account's period end what the house counts.
    assert.equal((await put('login-policy', { period_with_login_failures: 15 })).status, 200)
    house.advance(15 * 60)
    for (let guess = 0; guess < 4; guess++) assert.equal(await login('wrong'), 401)
    house.advance(15 * 60)
    assert.equal(await login('wrong'), 401)
    assert.equal(await login(PASSWORD), 401)
  })

  it('403 users change themselves what the account keeps to its administrators', async () => {
    const who = await member('Kept')
    const off = { manage_accesskey: false, manage_email: false, manage_mobile: false, manage_password: false }
    const answer = await put('protect-policy', { operation_protection: false, allow_user: off })
    assert.deepEqual(answer.body.protect_policy.allow_user, off)
    const key = { credential: { user_id: who.id } }
    const keys = '/v3.0/OS-CREDENTIAL/credentials'
    assert.equal((await face.call('POST', keys, { token: who.token, body: key })).status, 403)
    const made = await face.call('POST', keys, { token: administrator, body: key })
    assert.equal(made.status, 201)
    const { access } = made.body.credential
    const inactive = { credential: { status: 'inactive' } }
    const one = `${keys}/${access}`
    assert.equal((await face.call('PUT', one, { token: administrator, body: inactive })).status, 200)
    const oneV5 = `/v5/users/${who.id}/access-keys/${access}`
    for (const [method, path, body] of [
      ['PUT', one, { credential: { status: 'active' } }],
      ['PUT', oneV5, { status: 'active' }],
      ['DELETE', one, undefined],
      ['DELETE', oneV5, undefined],
    ] as const) {
      const answer = await face.call(method, path, { token: who.token, ...(body ? { body } : {}) })
      assert.equal(answer.status, 403, `${method} ${path}: ${answer.text}`)
    }
    assert.equal((await face.call('GET', one, { token: who.token })).body.credential.status, 'inactive')
    const info = `/v3.0/OS-USER/users/${who.id}/info`
    for (const user of [{ email: 'x@example.test' }, { mobile: '0086-1' }]) {
      assert.equal((await face.call('PUT', info, { token: who.token, body: { user } })).status, 403)
      assert.equal((await face.call('PUT', info, { token: administrator, body: { user } })).status, 204)
    }
    assert.equal((await changeOwn(who, PASSWORD, 'Correct-Horse-10')).status, 403)
    await put('protect-policy', { operation_protection: false, allow_user: { manage_accesskey: true } })
    assert.equal((await face.call('POST', keys, { token: who.token, body: key })).status, 201)
    assert.equal((await face.call('DELETE', one, { token: who.token })).status, 204)
  })

  it('403 calls and sign-ins of the account from addresses that it does not allow, on every face', async () => {
    const who = await member('Caller')
    const themselves = { operation_protection: false, allow_user: { manage_password: true } }
    assert.equal((await put('protect-policy', themselves)).status, 200)
    const subject = { token: who.token, headers: { 'x-subject-token': who.token } }
    const calls = () =>
      Promise.all([
        house.call('GET', '/v3/auth/tokens', subject),
        face.call('GET', '/v3/auth/tokens', subject),
        face.call('GET', '/v3.0/OS-CREDENTIAL/credentials', { token: who.token }),
        face.call('GET', `/v2/${two.projectA}/enginemgr/engines`, { token: who.token }),
      ])
    const signIn = (to: Pick<House, 'call'>) => {
      const identity = { methods: ['password'], password: { user: { id: who.id, password: PASSWORD } } }
      return to.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    }
    const keyByBody = () => {
      const identity = { methods: ['token'], token: { id: who.token } }
      return face.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', { body: { auth: { identity } } })
    }
    const early = await keyByBody()
    assert.equal(early.status, 201, early.text)
    // So that the one answer that is remembered is remembered.
    await calls()
    const here = { allow_address_netmasks: [{ address_netmask: '127.0.0.0/8' }] }
    assert.equal((await put('api-acl-policy', here)).status, 200)
    assert.deepEqual((await calls()).map(({ status }) => status).slice(0, 3), [200, 200, 200])
    const there = { allow_ip_ranges: [{ ip_range: '203.0.113.1-203.0.113.9' }] }
    assert.equal((await put('api-acl-policy', there)).status, 200)
    for (const answer of await calls()) assert.equal(answer.status, 403, answer.text)
    // Over a connection the answer in front of the router stands too; it remembers from the second time on.
    const url = await house.face.listen({ host: '127.0.0.1', port: 0 })
    const headers = { 'x-auth-token': who.token, 'x-subject-token': who.token }
    for (let n = 0; n < 3; n++) {
      const answer = await fetch(`${url}/v3/auth/tokens`, { headers })
      assert.equal(answer.status, 403, await answer.text())
    }
    for (const to of [house, face]) {
      assert.equal((await signIn(to)).status, 403)
      const user = { original_password: PASSWORD, password: 'Ch0sen from afar!' }
      const path = `/v3/users/${who.id}/password`
      assert.equal((await to.call('POST', path, { body: { user } })).status, 403)
      const wrong = { ...user, original_password: 'not theirs' }
      assert.equal((await to.call('POST', path, { body: { user: wrong } })).status, 401)
    }
    // A token in the body is no way around what holds for one in a header, nor is a key for a login token.
    assert.equal((await keyByBody()).status, 403)
    const { access, secret, securitytoken: id } = early.body.credential
    const login = { auth: { securitytoken: { access, secret, id } } }
    const byKey = await face.call('POST', '/v3.0/OS-AUTH/securitytoken/logintokens', { body: login })
    assert.equal(byKey.status, 403, byKey.text)
    // Not even its administrator; the cloud's own is of another account.
    assert.equal((await put('api-acl-policy', here)).status, 403)
    assert.deepEqual((await show('api-acl-policy')).allow_ip_ranges[0].ip_range, '203.0.113.1-203.0.113.9')
    assert.equal((await put('api-acl-policy', here, cloud)).status, 200)
    assert.equal((await signIn(face)).status, 201)
  })

  it('200 the console’s addresses, of both families, which no program is held against', async () => {
    const anywhere = await show('console-acl-policy')
    assert.equal(anywhere.allow_ip_ranges[0].ip_range, '0.0.0.0-255.255.255.255')
    assert.match(anywhere.allow_ip_ranges_ipv6[0].ip_range, /^0000:.*-FFFF:.*:FFFF$/)
    const sent = {
      allow_address_netmasks: [{ address_netmask: '203.0.113.0/24', description: 'office' }],
      allow_ip_ranges: [],
      allow_address_netmasks_ipv6: [{ address_netmask: '2001:db8::/32' }],
      allow_ip_ranges_ipv6: [{ ip_range: '2001:db9::1-2001:db9::9' }],
    }
    const answer = await put('console-acl-policy', sent)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(await show('console-acl-policy'), answer.body.console_acl_policy)
    assert.equal(answer.body.console_acl_policy.allow_ip_ranges_ipv6[0].description, '')
    assert.equal((await put('console-acl-policy', sent)).status, 200)
  })
})

/** A house that locks nobody out by itself. */
describe('a login policy of an account', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  const put = async (sent: object) => {
    const token = await face.token({ name: 'IAMUserA', domain: two.a })
    const path = `/v3.0/OS-SECURITYPOLICY/domains/${two.a}/login-policy`
    const answer = await face.call('PUT', path, { token, body: { login_policy: sent } })
    assert.equal(answer.status, 200, answer.text)
  }

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    await put({
      login_failed_times: 3,
      period_with_login_failures: 20,
      lockout_duration: 15,
      session_timeout: 15,
    })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('401 as many wrong passwords as lock; one after the period counts as the first', async () => {
    const id = await seedUser(house, 'Forgetful', two.a)
    const login = async (password: string) => {
      const identity = { methods: ['password'], password: { user: { id, password } } }
      return (await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })).status
    }
    const guess = async (times: number) => {
      for (let n = 0; n < times; n++) assert.equal(await login('wrong'), 401)
    }
    await guess(2)
    house.advance(20 * 60)
    await guess(2)
    assert.equal(await login(PASSWORD), 201)
    await guess(2)
    house.advance(19 * 60)
    await guess(1)
    assert.equal(await login(PASSWORD), 401, 'within the period')
    // As long as the house locks, which is longer than the account asks for.
    house.advance(30 * 60)
    assert.equal(await login(PASSWORD), 201, 'the lock has passed')
  })

  it('a login token ends with the session timeout, whatever it was asked for', async () => {
    await seedUser(house, 'Keeper', two.a)
    const token = await face.token({ name: 'Keeper', domain: two.a }, { unscoped: {} })
    const made = await face.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', {
      token,
      body: { auth: { identity: { methods: ['token'], token: { duration_seconds: 7200 } } } },
    })
    const { access, secret, securitytoken: id } = made.body.credential
    const logIn = async (duration_seconds: number) => {
      const body = { auth: { securitytoken: { access, secret, id, duration_seconds } } }
      const answer = await face.call('POST', '/v3.0/OS-AUTH/securitytoken/logintokens', { body })
      assert.equal(answer.status, 201, answer.text)
      return Math.round((Date.parse(answer.body.logintoken.expires_at) - house.ctx.now() / 1e3) / 60e3)
    }
    assert.deepEqual([await logIn(7200), await logIn(600)], [15, 10])
    await put({ session_timeout: 60 })
    assert.equal(await logIn(7200), 60)
  })
})
