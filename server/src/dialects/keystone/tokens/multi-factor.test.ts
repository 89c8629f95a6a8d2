import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Settings } from '../../../config.ts'
import { decodeBase32, passcodeOf } from '../../../methods/totp/totp.ts'
import { newId } from '../../../store/ids.ts'
import { type Answer, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedProject, seedUser } from '../../../testing/seed.ts'

const UNAUTHENTICATED = 'The request you have made requires authentication.'
const BOTH = { multi_factor_auth_rules: [['password', 'totp']] }
const message = (answer: Answer): string => answer.body?.error?.message

interface Person {
  readonly id: string
  readonly secret: string
}

/** A house, and people with a password and a one-time password secret. */
async function openGate(settings: Partial<Settings> = {}) {
  const house = await openHouse(settings)
  const { ctx } = house
  let seeded = 0
  const person = async (options: object = BOTH): Promise<Person> => {
    seeded += 1
    const id = await seedUser(house, `person ${seeded}`)
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    await ctx.store.write(async (tx) => {
      const credential = newId()
      await tx
        .insertInto('credential')
        .values({
          id: credential,
          user_id: id,
          project_id: null,
          type: 'totp',
          blob: ctx.keys.seal(secret, `credential:${credential}`),
          extra: '{}',
          created_at: ctx.now(),
        })
        .execute()
      await tx
        .updateTable('user')
        .set({ options: JSON.stringify(options) })
        .where('id', '=', id)
        .execute()
    })
    return { id, secret }
  }
  /** The passcode of now, or of so many steps before. */
  const passcode = ({ secret }: Person, back = 0): string => {
    const step = Math.floor(ctx.now() / 30e6) - back
    return passcodeOf(decodeBase32(secret) ?? new Uint8Array(), step)
  }
  const authenticate = (identity: object, receipt?: string, scope?: object): Promise<Answer> =>
    house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity, ...(scope ? { scope } : {}) } },
      ...(receipt === undefined ? {} : { headers: { 'openstack-auth-receipt': receipt } }),
    })
  const byPassword = ({ id }: Person, receipt?: string, password = PASSWORD) =>
    authenticate({ methods: ['password'], password: { user: { id, password } } }, receipt)
  const byTotp = ({ id }: Person, code: unknown, receipt?: string) =>
    authenticate({ methods: ['totp'], totp: { user: { id, passcode: code } } }, receipt)
  const byBoth = ({ id }: Person, code: string, password = PASSWORD) =>
    authenticate({
      methods: ['password', 'totp'],
      password: { user: { id, password } },
      totp: { user: { id, passcode: code } },
    })
  const receiptOf = (answer: Answer): string => {
    assert.equal(answer.status, 401, answer.text)
    return answer.headers['openstack-auth-receipt'] ?? assert.fail(answer.text)
  }
  return { house, person, passcode, authenticate, byPassword, byTotp, byBoth, receiptOf }
}

type Gate = Awaited<ReturnType<typeof openGate>>

describe('one-time passcodes', () => {
  let gate: Gate
  before(async () => {
    gate = await openGate()
  })
  after(() => gate.house.close())

  it('201 sign in on their own where no rule asks for more, by id or by name', async () => {
    const person = await gate.person({})
    const answer = await gate.byTotp(person, gate.passcode(person))
    assert.equal(answer.status, 201)
    assert.deepEqual(answer.body.token.methods, ['totp'])
    const named = await gate.person({})
    const user = { name: 'person 2', domain: { name: 'Default' }, passcode: gate.passcode(named) }
    const byName = await gate.authenticate({ methods: ['totp'], totp: { user } })
    assert.equal(byName.body.token.user.id, named.id)
  })

  it('201 the one of the step before, 401 older ones and those of the future', async () => {
    for (const [back, status] of [
      [1, 201],
      [2, 401],
      [-1, 401],
    ] as const) {
      const person = await gate.person({})
      assert.equal((await gate.byTotp(person, gate.passcode(person, back))).status, status, String(back))
    }
  })

  it('401 a passcode used before, by one of many at once too (OpenBao GO-2025-3853)', async () => {
    const person = await gate.person({})
    const code = gate.passcode(person)
    const answers = await Promise.all(Array.from({ length: 10 }, () => gate.byTotp(person, code)))
    assert.equal(answers.filter((answer) => answer.status === 201).length, 1)
    assert.equal((await gate.byTotp(person, code)).status, 401)
    assert.equal((await gate.byTotp(person, gate.passcode(person, 1))).status, 401)
    gate.house.advance(30)
    assert.equal((await gate.byTotp(person, gate.passcode(person))).status, 201)
  })

  it('401 the same bytes for a wrong one, one that is no text, a user without a secret and nobody', async () => {
    const person = await gate.person({})
    const bare = { id: await seedUser(gate.house, 'bare'), secret: person.secret }
    const answers = [
      await gate.byTotp(person, '000000'),
      await gate.byTotp(person, Number(gate.passcode(person))),
      await gate.byTotp(person, null),
      await gate.byTotp(bare, gate.passcode(person)),
      await gate.byTotp({ id: 'nobody', secret: '' }, '000000'),
    ]
    for (const answer of answers) {
      assert.deepEqual([answer.status, message(answer)], [401, UNAUTHENTICATED])
      assert.equal(answer.text, answers[0]?.text)
    }
  })

  it('400 without a user', async () => {
    for (const totp of [{}, 'x', { user: {} }, { user: { name: 'x', passcode: '1' } }]) {
      assert.equal((await gate.authenticate({ methods: ['totp'], totp })).status, 400)
    }
  })

  it('401 for a disabled user, and no receipt', async () => {
    for (const rules of [{}, BOTH]) {
      const person = await gate.person(rules)
      const token = await gate.house.admin()
      await gate.house.call('PATCH', `/v3/users/${person.id}`, { token, body: { user: { enabled: false } } })
      for (const answer of [
        await gate.byTotp(person, gate.passcode(person)),
        await gate.byPassword(person),
      ]) {
        assert.deepEqual([answer.status, message(answer)], [401, UNAUTHENTICATED])
        assert.equal(answer.headers['openstack-auth-receipt'], undefined)
      }
    }
  })
})

describe('one-time passcodes of users who have not been seen for long', () => {
  it('401 as for a disabled user, until somebody enables them again', async () => {
    const gate = await openGate({ disableUserAccountDaysInactive: 3 })
    try {
      const person = await gate.person({})
      for (let day = 0; day < 3; day++) {
        gate.house.advance(2 * 86_400)
        await gate.house.admin()
        assert.equal((await gate.byTotp(person, gate.passcode(person))).status, 201)
      }
      gate.house.advance(2 * 86_400)
      await gate.house.admin()
      gate.house.advance(86_400)
      for (let attempt = 0; attempt < 2; attempt++) {
        assert.equal((await gate.byTotp(person, gate.passcode(person))).status, 401)
        gate.house.advance(30)
      }
      const body = { user: { enabled: true } }
      const path = `/v3/users/${person.id}`
      await gate.house.call('PATCH', path, { token: await gate.house.admin(), body })
      gate.house.advance(30)
      assert.equal((await gate.byTotp(person, gate.passcode(person))).status, 201)
    } finally {
      await gate.house.close()
    }
  })
})

describe('multi-factor rules', () => {
  let gate: Gate
  before(async () => {
    gate = await openGate()
  })
  after(() => gate.house.close())

  it('201 with every factor in one request', async () => {
    const person = await gate.person()
    const answer = await gate.byBoth(person, gate.passcode(person))
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(answer.body.token.methods.toSorted(), ['password', 'totp'])
  })

  it('401 with one of two, and a receipt that says which and what is missing', async () => {
    const person = await gate.person({
      multi_factor_auth_enabled: true,
      multi_factor_auth_rules: [
        ['password', 'totp'],
        ['application_credential'],
        ['palm', 'totp', 'password'],
      ],
    })
    const answer = await gate.byPassword(person)
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['www-authenticate'], undefined)
    assert.equal(answer.headers['content-type'], 'application/json')
    const { receipt, required_auth_methods } = answer.body
    const { expires_at, issued_at, user, ...rest } = receipt
    assert.deepEqual(rest, { methods: ['password'] })
    assert.deepEqual(user.domain, { id: 'default', name: 'Default' })
    assert.equal(user.id, person.id)
    assert.equal(Date.parse(expires_at) - Date.parse(issued_at), 300_000)
    assert.deepEqual(required_auth_methods, [
      ['password', 'totp'],
      ['totp', 'password'],
    ])
  })

  it('201 goes on with the receipt, from either side', async () => {
    const person = await gate.person()
    const first = gate.receiptOf(await gate.byPassword(person))
    const answer = await gate.byTotp(person, gate.passcode(person), first)
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(answer.body.token.methods.toSorted(), ['password', 'totp'])
    gate.house.advance(30)
    const second = gate.receiptOf(await gate.byTotp(person, gate.passcode(person)))
    assert.equal((await gate.byPassword(person, second)).status, 201)
  })

  it('401 goes nowhere with a receipt and the same factor again', async () => {
    const person = await gate.person()
    const receipt = gate.receiptOf(await gate.byPassword(person))
    const again = await gate.byPassword(person, receipt)
    assert.deepEqual(again.body.receipt.methods, ['password'])
    assert.equal((await gate.byTotp(person, '000000', receipt)).status, 401)
    assert.equal((await gate.byTotp(person, gate.passcode(person), receipt)).status, 201)
  })

  it('401 a receipt that has brought a token already, many at once too (CVE-2025-46815)', async () => {
    const person = await gate.person()
    const receipt = gate.receiptOf(await gate.byTotp(person, gate.passcode(person)))
    const answers = await Promise.all(Array.from({ length: 8 }, () => gate.byPassword(person, receipt)))
    assert.equal(answers.filter((answer) => answer.status === 201).length, 1)
    const late = await gate.byPassword(person, receipt)
    assert.equal(message(late), `Could not find auth receipt: ${receipt}.`)
  })

  it('401 a receipt of somebody else, forged, changed, expired, or a token in its place', async () => {
    const [person, other] = [await gate.person(), await gate.person()]
    const receipt = gate.receiptOf(await gate.byPassword(person))
    const token = await gate.house.admin()
    for (const shown of ['x', `${receipt}A`, `${receipt}=`, receipt.slice(0, -1), receipt, token]) {
      const answer = await gate.byTotp(other, gate.passcode(other), shown)
      assert.deepEqual([answer.status, answer.headers['openstack-auth-receipt']], [401, undefined], shown)
      gate.house.advance(30)
    }
    gate.house.advance(300)
    const expired = await gate.byTotp(person, gate.passcode(person), receipt)
    assert.equal(message(expired), `Could not find auth receipt: ${receipt}.`)
    assert.equal((await gate.house.call('GET', '/v3/users', { token: receipt })).status, 401)
  })

  it('401 a receipt from before the password was changed or the user disabled', async () => {
    for (const user of [{ password: PASSWORD }, { enabled: false }]) {
      const person = await gate.person()
      const receipt = gate.receiptOf(await gate.byPassword(person))
      const token = await gate.house.admin()
      const path = `/v3/users/${person.id}`
      for (const body of [{ user }, { user: { enabled: true } }]) {
        assert.equal((await gate.house.call('PATCH', path, { token, body })).status, 200)
      }
      assert.equal((await gate.byTotp(person, gate.passcode(person), receipt)).status, 401)
      gate.house.advance(30)
      const fresh = gate.receiptOf(await gate.byPassword(person))
      assert.equal((await gate.byTotp(person, gate.passcode(person), fresh)).status, 201)
    }
  })

  it('201 one factor where the rules are switched off, or name methods that are not offered', async () => {
    const off = await gate.person({ ...BOTH, multi_factor_auth_enabled: false })
    assert.equal((await gate.byPassword(off)).status, 201)
    const palm = await gate.person({ multi_factor_auth_rules: [['password', 'palm']] })
    assert.equal((await gate.byPassword(palm)).status, 201)
    // A receipt that nobody asked for is looked at all the same.
    assert.equal((await gate.byPassword(palm, 'x')).status, 401)
  })

  it('hold for tokens that are exchanged: one from before the rules does not become another', async () => {
    const person = await gate.person({})
    const token = String((await gate.byPassword(person)).headers['x-subject-token'])
    await gate.house.call('PATCH', `/v3/users/${person.id}`, {
      token: await gate.house.admin(),
      body: { user: { options: BOTH } },
    })
    const answer = await gate.authenticate({ methods: ['token'], token: { id: token } })
    assert.equal(answer.status, 401)
    assert.deepEqual(answer.body.receipt.methods.toSorted(), ['password', 'token'])
  })

  it('hold before the scope is looked at: what one factor may see is the same for every scope', async () => {
    const person = await gate.person()
    const project = await seedProject(gate.house, 'closed')
    const identity = { methods: ['password'], password: { user: { id: person.id, password: PASSWORD } } }
    for (const id of [project, 'nope']) {
      const answer = await gate.authenticate(identity, undefined, { project: { id } })
      gate.receiptOf(answer)
    }
  })
})

describe('lockout with two factors', () => {
  let gate: Gate
  before(async () => {
    gate = await openGate({ lockoutFailureAttempts: 3, lockoutDuration: 60 })
  })
  after(() => gate.house.close())

  it('counts wrong passcodes, and a right password in between does not forget them', async () => {
    const person = await gate.person()
    for (let guess = 0; guess < 3; guess++) {
      const receipt = gate.receiptOf(await gate.byPassword(person))
      assert.equal((await gate.byTotp(person, '000000', receipt)).status, 401)
    }
    const locked = await gate.byPassword(person)
    assert.equal(message(locked), UNAUTHENTICATED)
    assert.equal((await gate.byBoth(person, gate.passcode(person))).status, 401)
    gate.house.advance(61)
    assert.equal((await gate.byBoth(person, gate.passcode(person))).status, 201)
  })

  it('forgets failures once every factor was shown', async () => {
    const person = await gate.person()
    for (let round = 0; round < 3; round++) {
      for (const code of ['000000', '000000']) await gate.byTotp(person, code)
      assert.equal((await gate.byBoth(person, gate.passcode(person))).status, 201)
      gate.house.advance(30)
    }
  })

  it('forgets nothing for a token that is exchanged, alone or with one right factor', async () => {
    for (const options of [{}, BOTH]) {
      const person = await gate.person(options)
      const token = (await gate.byBoth(person, gate.passcode(person))).headers['x-subject-token'] ?? ''
      gate.house.advance(30)
      for (let guess = 0; guess < 3; guess++) {
        await gate.byTotp(person, '000000')
        const password = { user: { id: person.id, password: PASSWORD } }
        const exchanged = { methods: ['token', 'password'], token: { id: token }, password }
        const alone = { methods: ['token'], token: { id: token } }
        assert.equal((await gate.authenticate(alone)).status, 201)
        if (options === BOTH) assert.equal((await gate.authenticate(exchanged)).status, guess < 2 ? 201 : 401)
      }
      assert.equal((await gate.byBoth(person, gate.passcode(person))).status, 401)
    }
  })

  it('is shared by passwords and passcodes, names and ids (OpenBao GO-2025-3853, CVE-2025-24806)', async () => {
    const person = await gate.person({})
    const { name } = (await gate.byPassword(person)).body.token.user
    const user = { name, domain: { id: 'default' }, password: 'wrong' }
    await gate.authenticate({ methods: ['password'], password: { user } })
    await gate.authenticate({
      methods: ['password'],
      password: { user: { ...user, domain: { name: 'Default' } } },
    })
    await gate.byTotp(person, '000000')
    assert.equal((await gate.byPassword(person)).status, 401)
    assert.equal((await gate.byTotp(person, gate.passcode(person))).status, 401)
  })

  it('lasts no longer for guesses that are made meanwhile', async () => {
    const person = await gate.person({})
    for (let guess = 0; guess < 3; guess++) await gate.byTotp(person, '000000')
    gate.house.advance(40)
    assert.equal((await gate.byTotp(person, '000000')).status, 401)
    assert.equal((await gate.byPassword(person, undefined, 'wrong')).status, 401)
    gate.house.advance(21)
    assert.equal((await gate.byTotp(person, gate.passcode(person))).status, 201)
  })

  it('holds against passcodes that are guessed all at once, however many', async () => {
    const person = await gate.person({})
    const wrong = Array.from({ length: 50 }, () => gate.byTotp(person, '000000'))
    const right = gate.byTotp(person, gate.passcode(person))
    await Promise.all(wrong)
    assert.equal((await right).status, 401)
    gate.house.advance(61)
    assert.equal((await gate.byTotp(person, gate.passcode(person))).status, 201)
  })

  it('holds against guesses that are sent all at once', async () => {
    const person = await gate.person({})
    const wrong = Array.from({ length: 12 }, () => gate.byPassword(person, undefined, 'wrong'))
    const right = gate.byPassword(person)
    await Promise.all(wrong)
    assert.equal((await right).status, 401)
    assert.equal((await gate.byPassword(person)).status, 401)
  })
})
