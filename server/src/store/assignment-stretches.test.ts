import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { AT_ONCE, areMany, stretchAfter } from './assignment-stretches.ts'
import { insertGrant } from './assignments.ts'
import { ensureDomain, ensureProject, ensureRole, ensureUser } from './bootstrap.ts'
import { grantsAsMade } from './role-assignments.ts'
import type { Store } from './store.ts'

forEachEngine('lists of grants in stretches', (open) => {
  let store: Store
  let roles: readonly string[]
  let projects: readonly string[]
  const users: string[] = []
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'default', 'Default', 1)
      roles = [await ensureRole(tx, 'reader'), await ensureRole(tx, 'member')]
      projects = [await ensureProject(tx, 'a', 'default', 1), await ensureProject(tx, 'b', 'default', 1)]
      for (let n = 0; n < 7; n++) users.push(await ensureUser(tx, `user ${n}`, 'default', 1))
      for (const [n, id] of users.entries()) {
        for (const project of projects.slice(0, 1 + (n % 2))) {
          const actor = { kind: 'user', id } as const
          const target = { kind: 'project', id: project } as const
          await insertGrant(tx, { actor, target, inherited: false }, roles[n % 2] ?? '')
        }
      }
    })
  })

  const stretches = async (effective: boolean, size: number) => {
    const found: { readonly after: string; readonly to: string | null }[] = []
    for (let after: string | null = ''; after !== null; after = found.at(-1)?.to ?? null)
      found.push(await stretchAfter(store.db, after, { effective, size }))
    return found
  }

  for (const size of [1, 2, 3, 100]) {
    it(`hold every grant once, whole actors each, about ${size} at a time`, async () => {
      const all = await grantsAsMade(store.db, {
        scope: { kind: 'anywhere' },
        actors: { after: '', to: null },
      })
      const seen: string[] = []
      const actors: string[][] = []
      for (const stretch of await stretches(false, size)) {
        const some = await grantsAsMade(store.db, { scope: { kind: 'anywhere' }, actors: stretch })
        seen.push(...some.map((one) => JSON.stringify(one)))
        actors.push([...new Set(some.map((one) => one.actor.id))])
      }
      assert.deepEqual(seen.toSorted(), all.map((one) => JSON.stringify(one)).toSorted())
      assert.equal(actors.flat().length, new Set(actors.flat()).size)
    })

    it(`name every user once, ${size} at a time, when what is in effect is listed`, async () => {
      const named = await stretches(true, size)
      assert.equal(named.at(-1)?.to, null)
      const ends = named.map(({ to }) => to).filter((to) => to !== null)
      assert.deepEqual(
        ends,
        users.toSorted().filter((_, at) => at % size === size - 1),
      )
    })
  }

  it('are needed only beyond so many grants, or so many of who holds them by a group', async () => {
    const { db } = store
    assert.equal(await areMany(db, {}, true), false)
    const [reader = '', member = ''] = roles
    const rows = Array.from({ length: AT_ONCE }, (_, n) => ({
      actor_kind: 'group' as const,
      actor_id: `g${n}`,
      target_kind: 'project' as const,
      target_id: projects[0] ?? '',
      role_id: reader,
      inherited: 0 as const,
    }))
    const insert = (from: number, to: number) =>
      store.write((tx) => tx.insertInto('assignment').values(rows.slice(from, to)).execute())
    // Four read already: up to AT_ONCE readers are listed at once.
    await insert(0, AT_ONCE - 4)
    assert.deepEqual(
      [await areMany(db, { roleIds: [reader] }, false), await areMany(db, {}, false)],
      [false, true],
    )
    await insert(AT_ONCE - 4, AT_ONCE - 3)
    assert.equal(await areMany(db, { roleIds: [reader] }, false), true)
    assert.equal(await areMany(db, { roleIds: [member] }, false), false)
  })

  it('are needed when few grants have many holders, if what is in effect is listed', async () => {
    const { db } = store
    const [, member = ''] = roles
    const group = { id: 'crowd', domain_id: 'default', name: 'crowd', description: '', extra: '{}' }
    const many = Array.from({ length: AT_ONCE + 1 }, (_, n) => `crowd ${n}`)
    await store.write(async (tx) => {
      await tx.insertInto('group').values(group).execute()
      const user = await tx.selectFrom('user').selectAll().limit(1).executeTakeFirstOrThrow()
      for (const some of [many.slice(0, 1000), many.slice(1000)]) {
        await tx
          .insertInto('user')
          .values(some.map((id) => ({ ...user, id, name: id })))
          .execute()
        await tx
          .insertInto('membership')
          .values(some.map((user_id) => ({ user_id, group_id: 'crowd' })))
          .execute()
      }
      const place = {
        actor: { kind: 'group', id: 'crowd' },
        target: { kind: 'system', id: 'system' },
        inherited: false,
      } as const
      await insertGrant(tx, place, member)
    })
    assert.equal(await areMany(db, { roleIds: [member] }, false), false)
    assert.equal(await areMany(db, { roleIds: [member] }, true), true)
  })
})
