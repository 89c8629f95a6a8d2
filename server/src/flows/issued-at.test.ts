import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findUser } from '../store/identity.ts'
import { updateProject } from '../store/projects.ts'
import { voidTokens } from '../store/users.ts'
import { type House, openHouse } from '../testing/house.ts'
import { seedGrant, seedProject, seedUser } from '../testing/seed.ts'
import { issueFor } from './issue-token.ts'
import { issuedMicros, stampOf } from './issued-at.ts'
import type { Proof } from './proof.ts'
import { validateToken } from './validate-token.ts'

const NOW = 1_795_000_000_123_456

describe('a stamp', () => {
  it('tells the microsecond it was made in, and never the same id twice', () => {
    for (const at of [0, 255, 256, NOW, NOW + 1, 2 ** 53 - 1]) {
      assert.equal(issuedMicros(stampOf(at, null)), at)
      assert.equal(stampOf(at, null).issuedAt, Math.floor(at / 1e6))
    }
    const ids = new Set(Array.from({ length: 1000 }, () => stampOf(NOW, null).auditIds[0]))
    assert.equal(ids.size, 1000)
  })

  it('keeps the chain it goes on', () => {
    const first = stampOf(NOW, null)
    assert.deepEqual(stampOf(NOW, first.auditIds[0] ?? '').auditIds.slice(1), first.auditIds)
  })

  it('is the beginning of the second where the audit id says nothing, as Keystone’s own do', () => {
    for (const id of ['', 'AAAAAAAAAAAAAAAAAAAAAA', 'ZDk1MmNlZDhmZjQ3NDk4Nw'])
      assert.equal(issuedMicros({ auditIds: [id], issuedAt: 1_795_000_000 }), 1_795_000_000_000_000)
  })
})

describe('tokens and changes within one second', () => {
  let house: House
  let user: string
  let project: string
  /** Microseconds; stands still unless a test moves it. */
  let clock = NOW
  before(async () => {
    house = await openHouse()
    const ctx = { ...house.ctx, now: () => clock }
    house = { ...house, ctx }
    user = await seedUser(house, 'quick')
    project = await seedProject(house, 'quick')
    await seedGrant(house, user, 'member', { project })
  })
  after(() => house.close())

  const isValid = (text: string) =>
    validateToken(house.ctx, text).then(
      () => true,
      () => false,
    )
  const proofOf = async (): Promise<Proof> => ({
    user: (await findUser(house.ctx.store.db, { id: user })) ?? assert.fail(),
    methods: ['password'],
    via: [],
    expiresAt: null,
    chain: null,
    parent: null,
    onlyScope: null,
  })
  const issued = async (proof: Proof, begunAt: number): Promise<string> => {
    const scope = { kind: 'project', project: { id: project } } as const
    return (await issueFor(house.ctx, proof, { scope, ttl: 3600, begunAt })).text
  }
  const login = async () => issued(await proofOf(), clock)
  const changeUser = () => house.ctx.store.write((tx) => voidTokens(tx, user, clock))
  const changeProject = () =>
    house.ctx.store.write((tx) => updateProject(tx, project, { voidTokensAt: clock }))

  it('CVE-2012-5563: nothing is issued from what ended while it was being proved', async () => {
    const proof = { ...(await proofOf()), expiresAt: Math.floor(clock / 1e6) + 1 }
    assert.equal(await isValid(await issued(proof, clock)), true)
    const ended = { ...proof, expiresAt: Math.floor(clock / 1e6) }
    await assert.rejects(issued(ended, clock - 1e6), { code: 'unauthenticated' })
  })

  it('CVE-2014-5251: what came before a change is void, what comes after is not, time and again', async () => {
    const tokens = [await login()]
    for (const change of [changeUser, changeProject, changeProject, changeUser, changeUser, changeProject]) {
      clock += 10
      await change()
      clock += 10
      for (const text of tokens) assert.equal(await isValid(text), false)
      tokens.push(await login())
      assert.equal(await isValid(tokens.at(-1) ?? ''), true)
    }
  })

  it('CVE-2014-5251: the twentieth change of a second voids as the first does, though the clock stands still', async () => {
    for (let i = 0; i < 20; i++) {
      const text = await login()
      assert.equal(await isValid(text), true)
      await changeUser()
      assert.equal(await isValid(text), false)
    }
  })

  it('a token whose proof was begun before the password changed is void', async () => {
    clock += 10_000_000
    const proof = await proofOf()
    const begunAt = clock
    clock += 400_000
    await changeUser()
    clock += 4_000_000
    assert.equal(await isValid(await issued(proof, begunAt)), false)
    assert.equal(await isValid(await login()), true)
  })

  it('a token issued while the change was on its way to the disk is void', async () => {
    clock += 10_000_000
    const decided = clock
    clock += 5_000
    const text = await login()
    await house.ctx.store.write((tx) => voidTokens(tx, user, decided))
    assert.equal(await isValid(text), false)
  })

  it('says no later than two seconds from now that it was issued', async () => {
    clock += 10_000_000
    await changeProject()
    await changeUser()
    const text = await login()
    assert.equal(await isValid(text), true)
    assert.ok((await validateToken(house.ctx, text)).claims.issuedAt * 1e6 <= clock + 2e6)
  })
})
