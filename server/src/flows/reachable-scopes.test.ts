import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Link } from '@tokenhouse/tokens'
import type { ScopeFacts, Session } from '../core/session.ts'
import { type House, openHouse } from '../testing/house.ts'
import { seedDomain, seedGrant, seedProject, seedUser } from '../testing/seed.ts'
import { reachableDomains, reachableProjects, reachesSystem } from './reachable-scopes.ts'

const DELEGATIONS: readonly Link[] = [
  { kind: 'trust', id: 't' },
  { kind: 'application_credential', id: 'a' },
  { kind: 'oauth1', id: 'o' },
  { kind: 'credential', id: 'c' },
  { kind: 'oauth2', id: 'o' },
  { kind: 'access_key', id: 'k' },
  { kind: 'agency', id: 'g', by: 'x' },
] as unknown as readonly Link[]

describe('where a session may go', () => {
  let house: House
  let user: string
  let project: string
  let grouped: string
  let domain: string

  before(async () => {
    house = await openHouse()
    user = await seedUser(house, 'u')
    project = await seedProject(house, 'p')
    grouped = await seedProject(house, 'g')
    domain = await seedDomain(house, 'd')
    await seedGrant(house, user, 'member', { project })
    await seedGrant(house, user, 'member', { domain })
    await seedGrant(house, user, 'reader', 'system')
    await house.ctx.store.write(async (tx) => {
      const { id } = await tx
        .selectFrom('role')
        .select('id')
        .where('name', '=', 'member')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('assignment')
        .values({
          actor_kind: 'group',
          actor_id: 'mapped',
          target_kind: 'project',
          target_id: grouped,
          role_id: id,
          inherited: 0,
        })
        .execute()
    })
  })
  after(() => house.close())

  const session = (userId: string, fields: Partial<Session> = {}, via: readonly Link[] = []): Session => ({
    claims: {
      userId,
      methods: ['password'],
      scope: { kind: 'unscoped' },
      auditIds: ['a'],
      issuedAt: 0,
      expiresAt: 1,
      via,
    } as unknown as Session['claims'],
    user: {
      id: userId,
      name: 'u',
      kind: 'local',
      domain: { id: 'default', name: 'Default' },
      passwordExpiresAt: null,
    },
    scope: { kind: 'unscoped' },
    roles: [],
    delegation: {},
    ...fields,
  })
  const reach = async (of: Session) => ({
    projects: (await reachableProjects(house.ctx, of, { aliveOnly: true })).map((p) => p.id).sort(),
    domains: (await reachableDomains(house.ctx, of)).map((d) => d.id),
    system: await reachesSystem(house.ctx, of),
  })

  it('is everywhere its user has a role', async () => {
    assert.deepEqual(await reach(session(user)), { projects: [project], domains: [domain], system: true })
    assert.deepEqual(await reach(session('nobody')), { projects: [], domains: [], system: false })
  })

  it('follows the groups that a mapping gave, and nothing else of the provider (CVE-2017-2673, CVE-2018-14432)', async () => {
    const link = { kind: 'federation', idp: 'i', protocol: 'p', groups: ['mapped'] } as unknown as Link
    const mapped = (groups: readonly string[]) =>
      session(
        'somebody else’s user',
        {
          delegation: {
            federation: { idp: 'i', protocol: 'p', groups: groups.map((id) => ({ id, name: id })) },
          },
        },
        [link],
      )
    assert.deepEqual(await reach(mapped(['mapped'])), { projects: [grouped], domains: [], system: false })
    assert.deepEqual(await reach(mapped(['other'])), { projects: [], domains: [], system: false })
    assert.deepEqual(await reach(mapped([])), { projects: [], domains: [], system: false })
  })

  it('is its own scope alone for a session that was delegated, of every kind', async () => {
    const inProject: ScopeFacts = {
      kind: 'project',
      project: { id: project, name: 'p', domain: { id: 'default', name: 'Default' }, isDomain: false },
    }
    const inDomain: ScopeFacts = { kind: 'domain', domain: { id: domain, name: 'd' } }
    for (const link of DELEGATIONS) {
      const nothing = { projects: [], domains: [], system: false }
      const from = (scope: ScopeFacts) => reach(session(user, { scope }, [link]))
      assert.deepEqual(await from({ kind: 'unscoped' }), nothing, link.kind)
      assert.deepEqual(await from(inProject), { ...nothing, projects: [project] }, link.kind)
      assert.deepEqual(await from(inDomain), { ...nothing, domains: [domain] }, link.kind)
      assert.deepEqual(await from({ kind: 'system' }), { ...nothing, system: true }, link.kind)
    }
  })
})
