import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { deleteMfaDevice, mfaDevices, unbindMfaDevice } from '../../../flows/mfa-devices.ts'
import { decodeBase32, passcodeOf } from '../../../methods/totp/totp.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { PASSWORD, seedGrant, seedUser } from '../../../testing/seed.ts'

describe('virtual MFA devices and login protection', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let administrator: string
  let user: string
  let token: string
  let seed = ''
  let serial = ''

  const DEVICES = '/v3.0/OS-MFA/virtual-mfa-devices'
  const codeAt = (steps: number): string =>
    passcodeOf(decodeBase32(seed) ?? new Uint8Array(), Math.floor(house.ctx.now() / 30e6) + steps)
  const login = (identity: object) =>
    face.call('POST', '/v3/auth/tokens', { body: { auth: { identity, scope: { domain: { id: two.a } } } } })
  const password = () => ({ password: { user: { id: user, password: PASSWORD } } })
  const withPasscode = (passcode: string) => ({
    methods: ['password', 'totp'],
    ...password(),
    totp: { user: { id: user, passcode } },
  })
  const protect = (enabled: boolean, verification_method = 'vmfa', by = administrator) =>
    face.call('PUT', `/v3.0/OS-USER/users/${user}/login-protect`, {
      token: by,
      body: { login_protect: { enabled, verification_method } },
    })
  const create = (by: string, user_id = user, name = 'phone') =>
    face.call('POST', DEVICES, { token: by, body: { virtual_mfa_device: { name, user_id } } })
  const bind = (first: string, second: string, by = token) =>
    face.call('PUT', '/v3.0/OS-MFA/mfa-devices/bind', {
      token: by,
      body: {
        user_id: user,
        serial_number: serial,
        authentication_code_first: first,
        authentication_code_second: second,
      },
    })
  const unbind = (authentication_code: string, by = token) =>
    face.call('PUT', '/v3.0/OS-MFA/mfa-devices/unbind', {
      token: by,
      body: { user_id: user, serial_number: serial, authentication_code },
    })

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    user = await seedUser(house, 'Holder', two.a)
    await seedGrant(house, user, 'readonly', { domain: two.a })
    token = await face.token({ name: 'Holder', domain: two.a })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('400 login protection without a device, and by ways that nothing here can send', async () => {
    assert.equal((await protect(true)).status, 400)
    for (const method of ['sms', 'email']) assert.equal((await protect(true, method)).status, 400)
  })

  it('201 a device with its seed, shown once; 409 a second; 403 for another account', async () => {
    const made = await create(token)
    assert.equal(made.status, 201, made.text)
    const { serial_number, base32_string_seed } = made.body.virtual_mfa_device
    serial = serial_number
    seed = base32_string_seed
    assert.equal(serial, `iam:${two.a}:mfa:phone`)
    assert.match(seed, /^[A-Z2-7]{32}$/)
    const second = await create(token, user, 'tablet')
    assert.deepEqual([second.status, second.body.error_code], [409, 'IAM.0005'])
    assert.equal((await create(administrator, two.userB)).status, 403)
    const operator = await face.token({ name: 'IAMUserB', domain: two.b })
    assert.equal((await create(operator, user)).status, 403)
  })

  it('401 a passcode of a device that is not bound', async () => {
    assert.equal((await login(withPasscode(codeAt(0)))).status, 401)
    const shown = await face.call('GET', `/v3.0/OS-MFA/users/${user}/virtual-mfa-device`, { token })
    assert.equal(shown.status, 404)
  })

  it('204 bound by two passcodes in a row; 400 by the same twice, or by others', async () => {
    for (const [first, second] of [
      [codeAt(0), codeAt(0)],
      [codeAt(0), codeAt(-1)],
      [codeAt(-9), codeAt(-8)],
      ['000000', '000001'],
    ] as const) {
      const answer = await bind(first, second)
      assert.deepEqual([answer.status, answer.body.error_code], [400, 'IAM.1061'])
    }
    const bound = await bind(codeAt(-1), codeAt(0))
    assert.equal(bound.status, 204, bound.text)
    assert.equal((await bind(codeAt(-1), codeAt(0))).status, 409)
    const device = { serial_number: serial, user_id: user }
    const shown = await face.call('GET', `/v3.0/OS-MFA/users/${user}/virtual-mfa-device`, { token })
    assert.deepEqual(shown.body, { virtual_mfa_device: device })
    const listed = await face.call('GET', DEVICES, { token: administrator })
    assert.deepEqual(listed.body, { virtual_mfa_devices: [device] })
    assert.equal((await face.call('GET', DEVICES, { token })).status, 403)
  })

  it('with login protection a password alone is not enough, on any face', async () => {
    assert.equal((await protect(true, 'vmfa', token)).status, 403)
    const on = await protect(true)
    assert.deepEqual(on.body, {
      login_protect: { enabled: true, user_id: user, verification_method: 'vmfa' },
    })
    const listed = await face.call('GET', '/v3.0/OS-USER/login-protects', { token: administrator })
    assert.deepEqual(listed.body.login_protects, [on.body.login_protect])
    const identity = { methods: ['password'], ...password() }
    assert.equal((await login(identity)).status, 401)
    const there = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    assert.equal(there.status, 401)
    house.advance(60)
    assert.equal((await login(withPasscode('000000'))).status, 401)
    const answer = await login(withPasscode(codeAt(0)))
    assert.equal(answer.status, 201, answer.text)
    token = answer.headers['x-subject-token'] ?? ''
  })

  it('400 unbinding or deleting the device that login protection needs', async () => {
    const path = `${DEVICES}?user_id=${user}&serial_number=${encodeURIComponent(serial)}`
    const answers = [await unbind(codeAt(0)), await face.call('DELETE', path, { token: administrator })]
    for (const answer of answers) assert.deepEqual([answer.status, answer.body.error_code], [400, 'IAM.1062'])
  })

  it('404 a device among credentials, whose seed is shown once: no session shows, changes or deletes it', async () => {
    await seedGrant(house, user, 'member', { project: two.projectA })
    const identity = { methods: ['token'], token: { id: token } }
    const scope = { project: { id: two.projectA } }
    const on = await face.call('POST', '/v3/auth/tokens', { body: { auth: { identity, scope } } })
    const member = on.headers['x-subject-token'] ?? ''
    const [device] = await mfaDevices(house.ctx.store.db, user)
    const one = `/v3/credentials/${device?.credentialId}`
    for (const by of [member, await house.admin()]) {
      for (const [method, body] of [
        ['GET', undefined],
        ['PATCH', { credential: { blob: seed } }],
        ['DELETE', undefined],
      ] as const) {
        const answer = await house.call(method, one, { token: by, ...(body ? { body } : {}) })
        assert.ok([403, 404].includes(answer.status), `${method} ${answer.status}`)
      }
      const all = await house.call('GET', '/v3/credentials', { token: by })
      assert.deepEqual([all.status, all.body.credentials], [200, []])
    }
    assert.equal((await mfaDevices(house.ctx.store.db, user)).length, 1)
    // Nor is there a second source of passcodes beside it, or a device that nobody bound.
    const plain = { type: 'totp', blob: seed, user_id: user }
    for (const credential of [plain, { ...plain, serial_number: serial }]) {
      const stored = await house.call('POST', '/v3/credentials', { token: member, body: { credential } })
      assert.equal(stored.status, 403)
    }
  })

  it('400 a device that login protection comes to need while it is being taken away', async () => {
    const { ctx } = house
    const [device] = await mfaDevices(ctx.store.db, user)
    assert.ok(device)
    const by = { session: null, action: 'test', requestId: '' }
    const write: typeof ctx.store.write = async (make) => {
      assert.equal((await protect(true)).status, 200)
      return ctx.store.write(make)
    }
    const late = { ...ctx, store: { ...ctx.store, write } }
    for (const takeAway of [
      () => unbindMfaDevice(late, by, device, undefined),
      () => deleteMfaDevice(late, by, device),
    ]) {
      assert.equal((await protect(false)).status, 200)
      await assert.rejects(takeAway(), { code: 'bad_request' })
    }
    assert.deepEqual(await mfaDevices(ctx.store.db, user), [device])
  })

  it('204 unbound with a passcode, deleted by the administrator alone', async () => {
    assert.equal((await protect(false)).body.login_protect.enabled, false)
    house.advance(60)
    const wrong = await unbind('000000')
    assert.deepEqual([wrong.status, wrong.body.error_code], [400, 'IAM.1061'])
    assert.equal((await unbind(codeAt(0))).status, 204)
    house.advance(60)
    assert.equal((await login(withPasscode(codeAt(0)))).status, 401)
    assert.equal((await login({ methods: ['password'], ...password() })).status, 201)
    const path = `${DEVICES}?user_id=${user}&serial_number=${encodeURIComponent(serial)}`
    assert.equal((await face.call('DELETE', path, { token })).status, 403)
    assert.equal((await face.call('DELETE', path, { token: administrator })).status, 204)
    assert.equal((await face.call('DELETE', path, { token: administrator })).status, 404)
  })

  it('403 sessions that do not last make and bind nothing', async () => {
    const identity = { methods: ['token'], token: {} }
    const path = '/v3.0/OS-CREDENTIAL/securitytokens'
    const { body } = await face.call('POST', path, { token: administrator, body: { auth: { identity } } })
    const { access, secret, securitytoken: securityToken } = body.credential
    const answer = await face.signed(
      'POST',
      DEVICES,
      { access, secret, securityToken },
      {
        body: { virtual_mfa_device: { name: 'stolen', user_id: user } },
      },
    )
    assert.equal(answer.status, 403)
  })
})
