/** Advisories of Keystone that belong to no one resource: one truth about a token, times, and what deletes its rights. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { closeContext, openContext } from '../../context.ts'
import { validateToken } from '../../flows/validate-token.ts'
import { type House, openHouse } from '../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../testing/seed.ts'

describe('advisories about tokens and what they stand on', () => {
  let house: House
  let admin: string
  let domain: string
  let project: string
  let user: string
  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    domain = await seedDomain(house, 'advised')
    project = await seedProject(house, 'advised', domain)
    user = await seedUser(house, 'advised', domain)
    await seedGrant(house, user, 'member', { project })
  })
  after(() => house.close())

  const signIn = () => house.login(user, PASSWORD, { project: { id: project } })
  const patch = (path: string, body: object) => house.call('PATCH', path, { token: admin, body })
  const rescope = (token: string) =>
    house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['token'], token: { id: token } } } },
    })
  /** What every way of asking about a token answers: good or not. */
  const verdicts = async (token: string): Promise<readonly boolean[]> => {
    const headers = { 'x-subject-token': token }
    const answers = [
      await house.call('GET', '/v3/auth/tokens', { token: admin, headers }),
      await house.call('HEAD', '/v3/auth/tokens', { token: admin, headers }),
      await house.call('GET', '/v3/auth/tokens', { token, headers }),
      await house.call('GET', '/v3/auth/projects', { token }),
      await rescope(token),
    ]
    const within = await validateToken(house.ctx, token).then(
      () => true,
      () => false,
    )
    return [...answers.map(({ status }) => status < 300), within]
  }
  const ALL = Array(6).fill(true)
  const NONE = Array(6).fill(false)

  it('CVE-2013-1865: every way of asking about a token has one answer', async () => {
    const ends: readonly (() => Promise<unknown>)[] = [
      async () =>
        house.call('DELETE', '/v3/auth/tokens', { token: admin, headers: { 'x-subject-token': token } }),
      async () => patch(`/v3/users/${user}`, { user: { enabled: false } }),
      async () => patch(`/v3/projects/${project}`, { project: { enabled: false } }),
      async () => patch(`/v3/domains/${domain}`, { domain: { enabled: false } }),
    ]
    let token = ''
    for (const end of ends) {
      token = await signIn()
      assert.deepEqual(await verdicts(token), ALL)
      await end()
      assert.deepEqual(await verdicts(token), NONE)
      await patch(`/v3/domains/${domain}`, { domain: { enabled: true } })
      await patch(`/v3/projects/${project}`, { project: { enabled: true } })
      await patch(`/v3/users/${user}`, { user: { enabled: true } })
      assert.deepEqual(await verdicts(token), NONE, 'what was void stays void')
    }
  })

  it('CVE-2013-2166, CVE-2013-2167: a remembered session answers to its own text and to no other', async () => {
    const token = await signIn()
    assert.deepEqual(await verdicts(token), ALL)
    for (let at = 0; at < token.length; at += 7) {
      const other = token[at] === 'A' ? 'B' : 'A'
      const forged = `${token.slice(0, at)}${other}${token.slice(at + 1)}`
      await assert.rejects(validateToken(house.ctx, forged))
    }
    assert.deepEqual(await verdicts(token), ALL)
  })

  it('CVE-2014-5252: the time a token ends is one and the same wherever it is told', async () => {
    const first = await signIn()
    const endOf = async (token: string) =>
      (await house.call('GET', '/v3/auth/tokens', { token: admin, headers: { 'x-subject-token': token } }))
        .body.token.expires_at
    const end = await endOf(first)
    let token = first
    for (let i = 0; i < 5; i++) {
      const answer = await rescope(token)
      token = String(answer.headers['x-subject-token'])
      assert.equal(answer.body.token.expires_at, end)
      assert.equal(await endOf(token), end)
    }
  })

  it('CVE-2014-5253: a disabled domain voids its people’s tokens, and those on it, for good', async () => {
    const token = await signIn()
    const onDomain = await (async () => {
      await seedGrant(house, user, 'member', { domain })
      return house.login(user, PASSWORD, { domain: { id: domain } })
    })()
    await patch(`/v3/domains/${domain}`, { domain: { enabled: false } })
    await patch(`/v3/domains/${domain}`, { domain: { enabled: true } })
    for (const each of [token, onDomain]) assert.deepEqual(await verdicts(each), NONE)
    assert.deepEqual(await verdicts(await signIn()), ALL)
  })

  it('CVE-2026-8922: what voids at two levels voids up to the later of both', async () => {
    for (const paths of [
      [`/v3/users/${user}`, `/v3/domains/${domain}`],
      [`/v3/domains/${domain}`, `/v3/users/${user}`],
    ]) {
      const before = await signIn()
      const tokens = [before]
      for (const path of paths) {
        const kind = path.includes('users') ? 'user' : 'domain'
        await patch(path, { [kind]: { enabled: false } })
        await patch(path, { [kind]: { enabled: true } })
        for (const token of tokens) assert.deepEqual(await verdicts(token), NONE)
        tokens.push(await signIn())
      }
      assert.deepEqual(await verdicts(tokens.at(-1) ?? ''), ALL)
    }
  })

  it('CVE-2026-40683, OSSA-2026-007: no text is taken for a truth value', async () => {
    const before = (await house.call('GET', `/v3/users/${user}`, { token: admin })).body.user.enabled
    for (const enabled of ['False', 'FALSE', 'false', '0', '', 'no', 0, 1, null]) {
      for (const [kind, id] of [
        ['user', user],
        ['project', project],
        ['domain', domain],
      ]) {
        const answer = await patch(`/v3/${kind}s/${id}`, { [kind ?? '']: { enabled } })
        assert.equal(answer.status, 400, `${kind} ${JSON.stringify(enabled)}`)
        const made = { [kind ?? '']: { name: 'truthy', domain_id: domain, enabled } }
        const created = await house.call('POST', `/v3/${kind}s`, { token: admin, body: made })
        assert.equal(created.status, 400, `new ${kind} ${JSON.stringify(enabled)}`)
      }
    }
    assert.equal(before, true)
    assert.deepEqual(await verdicts(await signIn()), ALL)
  })

  it('LP#2122615: who is disabled at the source is out at the next look, remembered or not', async () => {
    const token = await signIn()
    for (const [table, id] of [
      ['user', user],
      ['project', project],
      ['project', domain],
    ] as const) {
      // As an import does it: the row alone, without voiding any token.
      const set = (enabled: 0 | 1) =>
        house.ctx.store.write((tx) => tx.updateTable(table).set({ enabled }).where('id', '=', id).execute())
      assert.deepEqual(await verdicts(token), ALL)
      await set(0)
      assert.deepEqual(await verdicts(token), NONE)
      await set(1)
    }
  })

  it('CVE-2013-0247: failed sign-ins say nothing on the log, however many', async () => {
    const written: string[] = []
    const { error, log } = console
    const note = (...parts: unknown[]) => {
      written.push(parts.join(' '))
    }
    console.error = note
    console.log = note
    try {
      for (let i = 0; i < 50; i++) {
        const identity = {
          methods: ['password'],
          password: { user: { name: `nobody ${i}`, domain: { id: domain }, password: 'x' } },
        }
        assert.equal(
          (await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })).status,
          401,
        )
      }
    } finally {
      console.error = error
      console.log = log
    }
    assert.deepEqual(written, [])
  })
})

it('OSSN-0034, CVE-2026-9802: a revocation is there for whoever opens the database next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-'))
  const house = await openHouse({ databaseUrl: `sqlite:${join(folder, 'house.db')}` })
  try {
    const [kept, revoked] = [await house.admin(), await house.admin()]
    await house.call('DELETE', '/v3/auth/tokens', { token: kept, headers: { 'x-subject-token': revoked } })
    // Another process, while this one has not been told to end.
    const other = await openContext(house.ctx.settings)
    try {
      assert.equal((await validateToken(other, kept)).user.name, 'admin')
      await assert.rejects(validateToken(other, revoked))
    } finally {
      await closeContext(other)
    }
  } finally {
    await house.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
