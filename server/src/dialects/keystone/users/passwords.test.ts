import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Settings } from '../../../config.ts'
import type { KdfPool } from '../../../hashing/kdf-pool.ts'
import { type Answer, type House, openHouse } from '../../../testing/house.ts'
import { seedGrant, seedProject } from '../../../testing/seed.ts'

const UNAUTHENTICATED = 'The request you have made requires authentication.'
const DAY = 86_400
const message = (answer: Answer): string => answer.body?.error?.message

interface Desk {
  readonly house: House
  /** Makes a user with that password; gives the id. */
  user(name: string, password: string, more?: object): Promise<string>
  patch(id: string, user: object): Promise<Answer>
  change(id: string, original: unknown, password: unknown): Promise<Answer>
  login(id: string, password: string): Promise<Answer>
  /** Whether a token text is good now. */
  isGood(token: string): Promise<boolean>
}

async function openDesk(settings: Partial<Settings> = {}): Promise<Desk> {
  const house = await openHouse(settings)
  let admin = ''
  const asAdmin = async (method: string, path: string, body: unknown): Promise<Answer> => {
    const answer = await house.call(method, path, { token: admin, body })
    if (answer.status !== 401) return answer
    admin = await house.admin()
    return house.call(method, path, { token: admin, body })
  }
  return {
    house,
    user: async (name, password, more = {}) => {
      const answer = await asAdmin('POST', '/v3/users', { user: { name, password, ...more } })
      assert.equal(answer.status, 201, answer.text)
      return answer.body.user.id
    },
    patch: (id, user) => asAdmin('PATCH', `/v3/users/${id}`, { user }),
    change: (id, original, password) =>
      house.call('POST', `/v3/users/${id}/password`, {
        body: { user: { original_password: original, password } },
      }),
    login: (id, password) => {
      const identity = { methods: ['password'], password: { user: { id, password } } }
      return house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    },
    isGood: async (token) => {
      const answer = await house.call('GET', '/v3/auth/tokens', {
        token: await house.admin(),
        headers: { 'x-subject-token': token },
      })
      assert.ok(answer.status === 200 || answer.status === 404, answer.text)
      return answer.status === 200
    },
  }
}

const tokenOf = (answer: Answer): string => {
  assert.equal(answer.status, 201, answer.text)
  return String(answer.headers['x-subject-token'])
}

describe('changing one’s own password', () => {
  let desk: Desk
  before(async () => {
    desk = await openDesk({ uniqueLastPasswordCount: 2 })
  })
  after(() => desk.house.close())

  it('204 with the original one, whatever token is sent along; the old one is good no more', async () => {
    const id = await desk.user('anna', 'one')
    assert.equal((await desk.change(id, 'one', 'two')).status, 204)
    assert.equal((await desk.login(id, 'one')).status, 401)
    assert.equal((await desk.login(id, 'two')).status, 201)
    const headers = { 'x-auth-token': 'garbage' }
    const body = { user: { original_password: 'two', password: 'three' } }
    const answer = await desk.house.call('POST', `/v3/users/${id}/password`, { body, headers })
    assert.equal(answer.status, 204)
  })

  it('voids every token of the user issued before, and of nobody else', async () => {
    const id = await desk.user('bert', 'one')
    const other = await desk.user('berta', 'one')
    const [before, others] = [tokenOf(await desk.login(id, 'one')), tokenOf(await desk.login(other, 'one'))]
    assert.equal((await desk.change(id, 'one', 'two')).status, 204)
    assert.equal(await desk.isGood(before), false)
    assert.equal(await desk.isGood(others), true)
    assert.equal(await desk.isGood(tokenOf(await desk.login(id, 'two'))), true)
  })

  it('401 the same bytes for a wrong original, a disabled user and nobody at all (CVE-2021-38155)', async () => {
    const id = await desk.user('cleo', 'one')
    const off = await desk.user('off', 'one', { enabled: false })
    const none = await desk.user('none', 'one')
    await desk.patch(none, { password: null })
    const answers = [
      await desk.change(id, 'wrong', 'two'),
      await desk.change(off, 'one', 'two'),
      await desk.change(none, 'one', 'two'),
      await desk.change('nobody', 'one', 'two'),
    ]
    for (const answer of answers) {
      assert.equal(answer.status, 401)
      assert.equal(message(answer), UNAUTHENTICATED)
      assert.equal(answer.text, answers[0]?.text)
      assert.deepEqual(Object.keys(answer.headers).sort(), Object.keys(answers[0]?.headers ?? {}).sort())
    }
    assert.equal((await desk.login(id, 'one')).status, 201)
  })

  it('400 one of the last passwords again; an administrator may set it all the same', async () => {
    const id = await desk.user('dora', 'one')
    const repeated =
      'The new password cannot be identical to a previous password. The total number which includes the new password must be unique is 2.'
    assert.equal(message(await desk.change(id, 'one', 'one')), repeated)
    assert.equal((await desk.change(id, 'one', 'two')).status, 204)
    assert.equal(message(await desk.change(id, 'two', 'one')), repeated)
    assert.equal((await desk.change(id, 'two', 'three')).status, 204)
    assert.equal((await desk.change(id, 'three', 'one')).status, 204)
    assert.equal((await desk.patch(id, { password: 'one' })).status, 200)
    assert.equal((await desk.login(id, 'one')).status, 201)
  })

  it('400 a body that is not an old and a new password', async () => {
    const id = await desk.user('emil', 'one')
    const path = `/v3/users/${id}/password`
    const bad: readonly unknown[] = [
      {},
      { user: {} },
      { user: { password: 'x' } },
      { user: { original_password: 'one' } },
      { user: { original_password: 'one', password: null } },
      { user: { original_password: 'one', password: 7 } },
      { user: { original_password: 'one', password: 'two', user_id: 'x' } },
    ]
    for (const body of bad) {
      assert.equal((await desk.house.call('POST', path, { body })).status, 400, JSON.stringify(body))
    }
    assert.equal((await desk.login(id, 'one')).status, 201)
  })

  it('400 for a user whose password is locked; an administrator may still set it', async () => {
    const id = await desk.user('fred', 'one', { options: { lock_password: true } })
    const answer = await desk.change(id, 'one', 'two')
    assert.equal(answer.status, 400)
    assert.match(message(answer), /^You cannot change your password at this time due to password policy/)
    assert.equal((await desk.patch(id, { password: 'two' })).status, 200)
    await desk.patch(id, { options: { lock_password: false } })
    assert.equal((await desk.change(id, 'two', 'three')).status, 204)
  })

  it('401 when an administrator set another password while the new one was hashed', async () => {
    const id = await desk.user('gina', 'one')
    const kdf = desk.house.ctx.kdf as { run: KdfPool['run'] }
    const { run } = kdf
    let hashes = 0
    kdf.run = async (task) => {
      const value = await run(task)
      hashes += 1
      // The original, then the history, then the new one: now it is ready to be stored.
      if (hashes === 3) {
        kdf.run = run
        assert.equal((await desk.patch(id, { password: 'theirs' })).status, 200)
      }
      return value
    }
    const answer = await desk.change(id, 'one', 'mine')
    assert.equal(answer.status, 401)
    assert.equal((await desk.login(id, 'mine')).status, 401)
    assert.equal((await desk.login(id, 'theirs')).status, 201)
  })
})

describe('passwords that administrators set', () => {
  let desk: Desk
  before(async () => {
    desk = await openDesk()
  })
  after(() => desk.house.close())

  it('void every token from before; so does taking the password away', async () => {
    const id = await desk.user('anna', 'one')
    const first = tokenOf(await desk.login(id, 'one'))
    assert.equal((await desk.patch(id, { password: 'two' })).status, 200)
    assert.equal(await desk.isGood(first), false)
    const second = tokenOf(await desk.login(id, 'two'))
    assert.equal((await desk.patch(id, { password: null })).status, 200)
    assert.equal(await desk.isGood(second), false)
    for (const password of ['two', 'null', '']) assert.equal((await desk.login(id, password)).status, 401)
    assert.equal((await desk.patch(id, { password: 'three' })).status, 200)
    assert.equal((await desk.login(id, 'three')).status, 201)
  })

  it('are not touched by changing anything else, and neither are tokens', async () => {
    const id = await desk.user('bert', 'one')
    const token = tokenOf(await desk.login(id, 'one'))
    assert.equal((await desk.patch(id, { email: 'x', enabled: true, name: 'bertram' })).status, 200)
    assert.equal(await desk.isGood(token), true)
  })

  it('do not help a disabled user; tokens from before it was disabled stay void when enabled again', async () => {
    const id = await desk.user('cleo', 'one')
    const token = tokenOf(await desk.login(id, 'one'))
    await desk.patch(id, { enabled: false })
    assert.equal(await desk.isGood(token), false)
    assert.equal((await desk.login(id, 'one')).status, 401)
    await desk.patch(id, { enabled: true })
    assert.equal(await desk.isGood(token), false)
    assert.equal((await desk.login(id, 'one')).status, 201)
  })
})

describe('passwords where the house has rules', () => {
  it('have to match its expression, whoever sets them', async () => {
    const desk = await openDesk({
      passwordRegex: '^(?=.*\\d).{7,}$',
      passwordRegexDescription: 'a digit, 7 long',
    })
    try {
      const id = await desk.user('anna', 'long enough 1')
      const refused = 'The password does not match the requirements: a digit, 7 long.'
      assert.equal(message(await desk.patch(id, { password: 'nodigits' })), refused)
      assert.equal(message(await desk.change(id, 'long enough 1', 'sh0rt')), refused)
      assert.equal((await desk.change(id, 'long enough 1', 'long enough 2')).status, 204)
    } finally {
      await desk.house.close()
    }
  })

  it('expire; an expired one can be changed and nothing else', async () => {
    const desk = await openDesk({ passwordExpiresDays: 30 })
    try {
      const id = await desk.user('anna', 'one')
      const exempt = await desk.user('free', 'one', { options: { ignore_password_expiry: true } })
      const { token } = (await desk.login(id, 'one')).body
      assert.match(token.user.password_expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$/)
      desk.house.advance(30 * DAY)
      // The first admin's password expires like any other.
      const expired = await desk.login(id, 'one')
      assert.deepEqual(
        [expired.status, message(expired)],
        [401, `The password is expired and needs to be changed for user: ${id}.`],
      )
      assert.equal(message(await desk.login(id, 'wrong')), UNAUTHENTICATED)
      assert.equal((await desk.login(exempt, 'one')).status, 201)
      assert.equal((await desk.change(id, 'wrong', 'two')).status, 401)
      assert.equal((await desk.change(id, 'one', 'two')).status, 204)
      assert.equal((await desk.login(id, 'two')).status, 201)
    } finally {
      await desk.house.close()
    }
  })

  it('that somebody else set have to be changed upon first use', async () => {
    const desk = await openDesk({ changePasswordUponFirstUse: true })
    try {
      const id = await desk.user('anna', 'one')
      const options = { ignore_change_password_upon_first_use: true }
      const exempt = await desk.user('free', 'one', { options })
      assert.match(message(await desk.login(id, 'one')), /needs to be changed/)
      assert.equal((await desk.login(exempt, 'one')).status, 201)
      assert.equal((await desk.change(id, 'one', 'two')).status, 204)
      assert.equal((await desk.login(id, 'two')).status, 201)
      await desk.patch(id, { password: 'three' })
      assert.match(message(await desk.login(id, 'three')), /needs to be changed/)
    } finally {
      await desk.house.close()
    }
  })

  it('that the user chose have to be kept for a while', async () => {
    const desk = await openDesk({ minimumPasswordAge: 2 })
    try {
      const id = await desk.user('anna', 'one')
      assert.equal((await desk.change(id, 'one', 'two')).status, 204)
      const answer = await desk.change(id, 'two', 'three')
      assert.equal(answer.status, 400)
      assert.match(message(answer), /minimum password age.* used for 2 day\(s\) .* again in 1 day\(s\)/)
      desk.house.advance(2 * DAY)
      assert.equal((await desk.change(id, 'two', 'three')).status, 204)
    } finally {
      await desk.house.close()
    }
  })

  it('do not count after days without a sign-in, until somebody enables the user again', async () => {
    const desk = await openDesk({ disableUserAccountDaysInactive: 10 })
    try {
      const id = await desk.user('anna', 'one')
      const exempt = await desk.user('free', 'one', { options: { ignore_user_inactivity: true } })
      const project = await seedProject(desk.house, 'alpha')
      await seedGrant(desk.house, id, 'member', { project })
      const own = await desk.house.call('POST', `/v3/users/${id}/application_credentials`, {
        token: await desk.house.login(id, 'one', { project: { id: project } }),
        body: { application_credential: { name: 'robot' } },
      })
      assert.equal(own.status, 201, own.text)
      const { id: key, secret } = own.body.application_credential
      const application_credential = { id: key, secret }
      const byKey = () =>
        desk.house.call('POST', '/v3/auth/tokens', {
          body: { auth: { identity: { methods: ['application_credential'], application_credential } } },
        })
      assert.equal((await byKey()).status, 201)
      desk.house.advance(9 * DAY)
      assert.equal((await desk.login(id, 'one')).status, 201)
      await desk.house.admin()
      desk.house.advance(9 * DAY)
      const token = tokenOf(await desk.login(id, 'one'))
      await desk.house.admin()
      desk.house.advance(9 * DAY)
      await desk.house.admin()
      desk.house.advance(DAY)
      assert.equal((await desk.login(id, 'one')).status, 401)
      assert.equal((await byKey()).status, 401)
      assert.equal((await desk.login(exempt, 'one')).status, 201)
      assert.equal(await desk.isGood(token), false)
      const shown = await desk.patch(id, { email: 'x' })
      assert.equal(shown.body.user.enabled, false)
      assert.equal((await desk.patch(id, { enabled: true })).body.user.enabled, true)
      assert.equal((await desk.login(id, 'one')).status, 201)
    } finally {
      await desk.house.close()
    }
  })
})
