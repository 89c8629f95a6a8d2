import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Claims, Link, Scope } from '@tokenhouse/tokens'
import { updateAgency } from '../store/agencies.ts'
import { insertApplicationCredential } from '../store/application-credentials.ts'
import { ensureRole } from '../store/bootstrap.ts'
import { insertCredential } from '../store/credentials.ts'
import { insertAccessToken, putConsumer } from '../store/oauth1.ts'
import { insertTrust, type TrustRecord } from '../store/trusts.ts'
import { seedAgency } from '../testing/delegation-nodes.ts'
import { type House, openHouse } from '../testing/house.ts'
import { seedGrant, seedProject, seedUser } from '../testing/seed.ts'
import { createAccessKey } from './access-keys.ts'
import { stampOf } from './issued-at.ts'
import { loadSession } from './load-session.ts'

const HOUR = 3600

/** Claims as they would be if whoever made them had not asked. Everybody here holds the same role everywhere. */
describe('claims that say more than what they stand on', () => {
  let house: House
  let lent: string
  let kept: string
  let owner: string
  let other: string
  let role: string
  let access: string
  /** Microseconds: what is lent ends then. */
  let end: number

  const trust = (id: string, fields: Partial<TrustRecord> = {}): TrustRecord => ({
    id,
    trustorUserId: owner,
    trusteeUserId: other,
    projectId: lent,
    impersonation: true,
    expiresAt: end,
    remainingUses: null,
    redelegatedTrustId: null,
    redelegationCount: 0,
    extra: {},
    roleIds: [role],
    ...fields,
  })

  before(async () => {
    house = await openHouse()
    const { ctx } = house
    lent = await seedProject(house, 'lent')
    kept = await seedProject(house, 'kept')
    owner = await seedUser(house, 'owner')
    other = await seedUser(house, 'other')
    for (const user of [owner, other]) {
      for (const project of [lent, kept]) await seedGrant(house, user, 'member', { project })
    }
    end = (Math.floor(ctx.now() / 1e6) + HOUR) * 1e6
    const by = { session: null, action: 'test', requestId: 'r' }
    const of = { userId: owner, description: '', limit: 2 }
    access = (await createAccessKey(ctx, by, of)).access
    const common = { userId: owner, projectId: lent, expiresAt: end }
    const shared = { authorizingUserId: owner, projectId: lent, expiresAt: end, sealedSecret: '' }
    await ctx.store.write(async (tx) => {
      role = await ensureRole(tx, 'member')
      const credential = { id: 'credential', name: 'n', description: null, secretHash: '', roleIds: [role] }
      await insertApplicationCredential(
        tx,
        { ...common, ...credential, unrestricted: null, accessRules: null },
        ctx.now(),
      )
      await insertCredential(
        tx,
        { id: 'ec2', userId: owner, projectId: lent, type: 'ec2', sealedBlob: '', extra: {} },
        0,
      )
      await putConsumer(tx, { id: 'consumer', sealedSecret: '', description: null, extra: {} })
      await insertAccessToken(tx, { ...shared, id: 'access', consumerId: 'consumer', roleIds: [role] })
      await insertTrust(tx, trust('trust'))
      await insertTrust(tx, trust('endless', { expiresAt: null }))
    })
  })
  after(() => house.close())

  const claims = (link: Link, fields: Partial<Claims> = {}): Claims => ({
    userId: owner,
    methods: ['password'],
    scope: { kind: 'project', id: lent },
    via: [link],
    ...stampOf(house.ctx.now(), null),
    expiresAt: end / 1e6,
    ...fields,
  })
  const load = (link: Link, fields: Partial<Claims> = {}) => loadSession(house.ctx, claims(link, fields))
  const refused = (link: Link, fields: Partial<Claims>) =>
    assert.rejects(load(link, fields), { code: 'unauthenticated' }, `${link.kind} ${JSON.stringify(fields)}`)

  const lending = (): readonly Link[] => [
    { kind: 'application_credential', id: 'credential' },
    { kind: 'credential', id: 'ec2' },
    { kind: 'oauth1', id: 'access' },
    { kind: 'trust', id: 'trust' },
  ]

  it('the user of a link is the only one it speaks for, whatever others hold there', async () => {
    for (const link of [...lending(), { kind: 'access_key', id: access } as const]) {
      assert.equal((await load(link)).user.id, owner, link.kind)
      await refused(link, { userId: other })
    }
  })

  it('CVE-2014-3520: the project of a link is the only scope', async () => {
    const elsewhere: readonly Scope[] = [{ kind: 'project', id: kept }, { kind: 'unscoped' }]
    for (const link of lending()) for (const scope of elsewhere) await refused(link, { scope })
  })

  it('CVE-2012-5563, CVE-2022-2447: a session ends with its link, to the second', async () => {
    for (const link of lending().filter(({ kind }) => kind !== 'credential')) {
      await refused(link, { expiresAt: end / 1e6 + 1 })
    }
  })

  it('nobody but the person who assumed it acts as an agency, and only as itself', async () => {
    const id = await seedAgency(house, 'agency', [lent])
    await seedGrant(house, owner, 'admin', { domain: 'default' })
    const link = { kind: 'agency', id, assumedBy: owner, session: '' } as const
    assert.equal((await load(link, { userId: id })).user.id, id)
    await refused(link, { userId: owner })
    await refused({ ...link, assumedBy: other }, { userId: id })
    await house.ctx.store.write((tx) => updateAgency(tx, id, { expiresAt: end }))
    await refused(link, { userId: id, expiresAt: end / 1e6 + 1 })
    assert.equal((await load(link, { userId: id })).user.id, id)
  })

  it('a trust that was passed on lives no longer than the one above it, and not in a ring', async () => {
    const rows = [
      trust('parent', { redelegationCount: 1 }),
      trust('child', { redelegatedTrustId: 'parent', expiresAt: null }),
      trust('ring', { redelegatedTrustId: 'ring' }),
    ]
    await house.ctx.store.write(async (tx) => {
      for (const row of rows) await insertTrust(tx, row)
    })
    const child = { kind: 'trust', id: 'child' } as const
    await load(child)
    await refused(child, { expiresAt: end / 1e6 + 1 })
    await refused({ kind: 'trust', id: 'ring' }, {})
    await house.ctx.store.write((tx) =>
      tx.updateTable('trust').set({ deleted_at: 1 }).where('id', '=', 'parent').execute(),
    )
    await refused(child, {})
  })

  it('what a link stands on has its own end, whatever the claims say of theirs', async () => {
    const agency = await seedAgency(house, 'ending', [lent])
    await house.ctx.store.write((tx) => updateAgency(tx, agency, { expiresAt: end }))
    const link = { kind: 'agency', id: agency, assumedBy: owner, session: '' } as const
    await load(link, { userId: agency })
    house.advance(HOUR + 1)
    await load({ kind: 'trust', id: 'endless' })
    await refused(link, { userId: agency })
    for (const lent of lending().filter(({ kind }) => kind !== 'credential')) await refused(lent, {})
  })
})
