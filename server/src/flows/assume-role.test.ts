import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Link } from '@tokenhouse/tokens'
import type { Session } from '../core/session.ts'
import { type AgencyRecord, findAgency } from '../store/agencies.ts'
import { ensureUser } from '../store/bootstrap.ts'
import { findUser } from '../store/identity.ts'
import { newId } from '../store/ids.ts'
import { type AlibabaHouse, openAlibabaHouse } from '../testing/alibaba.ts'
import { makeRamRole } from '../testing/ram-role.ts'
import { allRows } from '../testing/rows.ts'
import { assumeRole } from './assume-role.ts'
import { accountNumberOf } from './ram-principal.ts'
import { sessionInPerson } from './session-in-person.ts'

describe('assuming a role', () => {
  let house: AlibabaHouse
  let session: Session
  let role: AgencyRecord

  before(async () => {
    house = await openAlibabaHouse()
    const { ctx } = house
    const account = await accountNumberOf(ctx, 'default')
    const userId = await ctx.store.write((tx) => ensureUser(tx, 'bob', 'default', ctx.now()))
    const allow = { Effect: 'Allow', Action: 'sts:AssumeRole' }
    await house.attach({ kind: 'user', id: userId }, { ...allow, Resource: '*' })
    const { id } = await makeRamRole(ctx, {
      trustPolicy: {
        Version: '1',
        Statement: [{ ...allow, Principal: { RAM: [`acs:ram::${account}:root`] } }],
      },
    })
    role = (await findAgency(ctx.store.db, { id }))!
    session = await sessionInPerson(ctx, (await findUser(ctx.store.db, { id: userId }))!, 3600)
  })
  after(() => house.close())

  const assume = (by: Session) =>
    assumeRole(house.ctx, by, {
      ...{ role, sessionName: 'test', ttl: 900, policy: undefined, facts: {}, requestId: 'req-1' },
      ...{ externalId: undefined, sourceIdentity: undefined },
    })
  const through = (...via: Link[]): Session => ({ ...session, claims: { ...session.claims, via } })

  it('is for people in person, and never outlives the session that asked (CVE-2022-2447)', async () => {
    const { expiresAt } = await assume(session)
    assert.ok(expiresAt <= session.claims.expiresAt)
    const short = { ...session, claims: { ...session.claims, expiresAt: expiresAt - 600 } }
    assert.equal((await assume(short)).expiresAt, expiresAt - 600)
  })

  const delegations: readonly Link[] = [
    { kind: 'trust', id: newId() },
    { kind: 'application_credential', id: newId() },
    { kind: 'oauth1', id: newId() },
    { kind: 'credential', id: newId() },
    { kind: 'agency', id: newId(), assumedBy: newId(), session: '' },
  ]
  for (const link of delegations) {
    it(`is refused through ${link.kind}, before anything else is asked, and that is on the audit trail (CVE-2014-3476, CVE-2026-43000)`, async () => {
      const reason = `a session through ${link.kind} assumes a role`
      await assert.rejects(assume(through(link)), { code: 'forbidden', reason })
      await assert.rejects(assume(through({ kind: 'access_key', id: 'HPUAX' }, link)), { reason })
      assert.ok((await allRows(house)).includes(reason))
    })
  }

  it('is refused to a temporary key of whatever kind', async () => {
    for (const id of ['HSTAX', 'STS.X']) {
      const reason = 'a temporary key assumes a role'
      await assert.rejects(assume(through({ kind: 'access_key', id })), { code: 'forbidden', reason })
    }
  })
})
