import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain, ensureGrant, ensureRole, ensureUser } from './bootstrap.ts'
import {
  addMember,
  deleteGroup,
  findGroup,
  type Group,
  holdsGrants,
  insertGroup,
  isMember,
  listGroups,
  listGroupsOfUser,
  removeMember,
  updateGroup,
  voidTokensOfMembers,
} from './groups.ts'
import { findUser } from './identity.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const NOW = 1_700_000_000_000_000
const MINUTE = 60_000_000
const clock = { now: NOW, defaultTtl: 120 }

const group = (id: string, more: Partial<Group> = {}): Group => ({
  id,
  name: id,
  domainId: 'default',
  description: '',
  extra: {},
  createdAt: NOW,
  ...more,
})

/** Groups, and a user; gives the user's id. */
async function withGroups(store: Store, ...groups: readonly Group[]): Promise<string> {
  return store.write(async (tx) => {
    await ensureDomain(tx, 'default', 'Default', NOW)
    for (const one of groups) await insertGroup(tx, one)
    return ensureUser(tx, 'u', 'default', NOW)
  })
}

forEachEngine('groups', (open) => {
  it('come back as they were written and changed', async () => {
    const store = await open()
    const written = group('a', { description: null, extra: { colour: 'red' } })
    await withGroups(store, written)
    assert.deepEqual(await findGroup(store.db, 'a'), written)
    const changed = { ...written, name: 'b', description: 'x' }
    await store.write((tx) => updateGroup(tx, changed))
    assert.deepEqual(await findGroup(store.db, 'a'), changed)
  })

  it('have names that are theirs alone in a domain', async () => {
    const store = await open()
    await withGroups(
      store,
      group('a'),
      group('b', { name: 'A' }),
      group('c', { name: 'a', domainId: 'other' }),
    )
    const again = store.write((tx) => insertGroup(tx, group('d', { name: 'a' })))
    await assert.rejects(again, isUniqueViolation)
    const renamed = store.write((tx) => updateGroup(tx, group('b', { name: 'a' })))
    await assert.rejects(renamed, isUniqueViolation)
    const filter = { column: 'group.name', comparator: 'equals', value: 'a', caseSensitive: true } as const
    const { items } = await listGroups(store.db, [filter], {})
    assert.deepEqual(
      items.map((one) => one.id),
      ['a', 'c'],
    )
  })

  it('have members until they are taken away, or their mapping no longer says so', async () => {
    const store = await open()
    const id = await withGroups(store, group('lasting'), group('lapsing'), group('lapsed'), group('short'))
    await store.write(async (tx) => {
      await addMember(tx, id, 'lasting')
      await addMember(tx, id, 'lasting')
      await tx
        .insertInto('identity_provider')
        .values({
          id: 'idp',
          enabled: 1,
          description: null,
          domain_id: 'default',
          authorization_ttl: 1,
          extra: '{}',
        })
        .execute()
      const since = { user_id: id, idp_id: 'gone', last_verified_at: NOW - MINUTE }
      await tx
        .insertInto('expiring_membership')
        .values([
          { ...since, group_id: 'lasting' },
          { ...since, group_id: 'lapsing' },
          { ...since, group_id: 'lapsed', last_verified_at: NOW - 2 * MINUTE },
          { ...since, group_id: 'short', idp_id: 'idp' },
        ])
        .execute()
    })
    const memberships = await listGroupsOfUser(store.db, id, [], clock)
    assert.deepEqual(
      memberships.map((one) => [one.group.id, one.expiresAt]),
      [
        ['lapsing', NOW + MINUTE],
        ['lasting', null],
      ],
    )
    const held = ['lasting', 'lapsing', 'lapsed', 'short'].map((name) => isMember(store.db, id, name, clock))
    assert.deepEqual(await Promise.all(held), [true, true, false, false])
    assert.equal(await store.write((tx) => removeMember(tx, id, 'lapsing')), false)
    assert.equal(await store.write((tx) => removeMember(tx, id, 'lasting')), true)
    assert.equal(await store.write((tx) => removeMember(tx, id, 'lasting')), false)
  })

  it('go with their memberships and grants, and leave those of a user with the same id (CVE-2014-0204)', async () => {
    const store = await open()
    const id = await withGroups(store)
    await store.write(async (tx) => {
      await insertGroup(tx, group(id))
      await addMember(tx, id, id)
      const role = await ensureRole(tx, 'member')
      await ensureGrant(tx, id, role, { kind: 'project', id: 'p' })
    })
    assert.equal(await holdsGrants(store.db, id), false)
    await store.write((tx) =>
      tx
        .insertInto('assignment')
        .columns(['actor_kind', 'actor_id', 'target_kind', 'target_id', 'role_id', 'inherited'])
        .expression((eb) =>
          eb
            .selectFrom('assignment')
            .select([
              eb.val('group' as const).as('actor_kind'),
              'actor_id',
              'target_kind',
              'target_id',
              'role_id',
              'inherited',
            ]),
        )
        .execute(),
    )
    assert.equal(await holdsGrants(store.db, id), true)
    await store.write((tx) => voidTokensOfMembers(tx, id, NOW))
    assert.equal((await findUser(store.db, { id }))?.tokensValidFrom, NOW + 1_000_000)
    await store.write((tx) => deleteGroup(tx, id))
    assert.equal(await findGroup(store.db, id), undefined)
    const kinds = await store.db.selectFrom('assignment').select('actor_kind').execute()
    assert.deepEqual(
      kinds.map((row) => row.actor_kind),
      ['user'],
    )
    assert.equal((await store.db.selectFrom('membership').selectAll().execute()).length, 0)
  })
})
