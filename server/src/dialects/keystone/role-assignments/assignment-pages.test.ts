import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { newId } from '../../../store/ids.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { seedDomain, seedProject } from '../../../testing/seed.ts'

const USERS = 700
const GROUP_USERS = 30

describe('long lists of role assignments', () => {
  let house: House
  let admin: string
  let role: string
  let domain: string

  before(async () => {
    house = await openHouse()
    admin = await house.admin()
    domain = await seedDomain(house, 'crowd')
    const projects = [
      await seedProject(house, 'one', domain),
      await seedProject(house, 'two', domain),
      await seedProject(house, 'three', domain),
    ]
    const roles = (await get('/roles')).body.roles as { id: string; name: string }[]
    role = roles.find(({ name }) => name === 'manager')?.id ?? ''
    const group = (
      await house.call('POST', '/v3/groups', {
        token: admin,
        body: { group: { name: 'team', domain_id: domain } },
      })
    ).body.group.id
    const users = Array.from({ length: USERS }, newId)
    await house.ctx.store.write(async (tx) => {
      for (const id of users) {
        await tx
          .insertInto('user')
          .values({
            id,
            domain_id: domain,
            name: id,
            kind: 'local',
            enabled: 1,
            default_project_id: null,
            options: '{}',
            extra: '{}',
            tokens_valid_from: 0,
            created_at: 0,
            last_active_at: null,
            failed_auth_count: 0,
            failed_auth_at: 0,
          })
          .execute()
        await tx
          .insertInto('assignment')
          .values(
            projects.map((target_id) => ({
              actor_kind: 'user' as const,
              actor_id: id,
              target_kind: 'project' as const,
              target_id,
              role_id: role,
              inherited: 0 as const,
            })),
          )
          .execute()
      }
      await tx
        .insertInto('membership')
        .values(users.slice(0, GROUP_USERS).map((user_id) => ({ user_id, group_id: group })))
        .execute()
      await tx
        .insertInto('assignment')
        .values({
          actor_kind: 'group',
          actor_id: group,
          target_kind: 'domain',
          target_id: domain,
          role_id: role,
          inherited: 1,
        })
        .execute()
    })
  })
  after(() => house.close())

  const get = async (path: string, token = admin) => {
    const answer = await house.call('GET', `/v3${path}`, { token })
    assert.equal(answer.status, 200, answer.text.slice(0, 300))
    return answer
  }
  const linesOf = (answer: { body: { role_assignments: unknown[] } }) =>
    answer.body.role_assignments.map((line) => JSON.stringify(line))
  /** Follows the links to the next page. */
  const byPages = async (query: string, limit: number, token = admin) => {
    const lines: string[] = []
    let next: string | null = `/role_assignments?${query}&limit=${limit}`
    let pages = 0
    while (next !== null) {
      const { body } = await get(next, token)
      assert.ok(body.role_assignments.length <= limit)
      lines.push(...linesOf({ body }))
      next = body.links.next === null ? null : body.links.next.slice(body.links.next.indexOf('/v3') + 3)
      pages++
    }
    return { lines, pages }
  }

  it('200 gives all grants, written while they are read', async () => {
    const answer = await get('/role_assignments')
    assert.equal(answer.headers['transfer-encoding'], 'chunked')
    const lines = linesOf(answer)
    assert.ok(lines.length > 3 * USERS)
    assert.equal(new Set(lines).size, lines.length)
    assert.deepEqual(Object.keys(answer.body.links), ['next', 'self', 'previous'])
  })

  it('200 gives all roles in effect, those of groups and those implied among them', async () => {
    const lines = linesOf(await get('/role_assignments?effective'))
    assert.equal(new Set(lines).size, lines.length)
    // Each of three roles on three projects; the group's members hold them twice.
    const ours = lines.filter((line) => !line.includes('"admin"'))
    assert.ok(ours.length >= (USERS + GROUP_USERS) * 9, String(ours.length))
  })

  it('200 gives the same lines in pages, whatever their size', async () => {
    for (const query of ['', 'effective', 'include_names', `effective&scope.domain.id=${domain}`]) {
      const whole = linesOf(await get(`/role_assignments?${query}`)).sort()
      const { lines, pages } = await byPages(query, 997)
      assert.deepEqual(lines.sort(), whole, query)
      assert.equal(pages, Math.max(1, Math.ceil(whole.length / 997)), query)
    }
  })

  it('200 pages within a project, a user and a group', async () => {
    const { body } = await get('/role_assignments?limit=1')
    const [line] = body.role_assignments
    const user = line.user?.id ?? (await get('/users?limit=1')).body.users[0].id
    for (const query of [
      `user.id=${user}`,
      `user.id=${user}&effective`,
      `role.id=${role}&effective&user.id=${user}`,
    ]) {
      const whole = linesOf(await get(`/role_assignments?${query}`)).sort()
      assert.deepEqual((await byPages(query, 2)).lines.sort(), whole, query)
    }
  })

  it('200 goes on after a marker without a limit', async () => {
    const first = await get('/role_assignments?limit=10')
    const marker = new URL(first.body.links.next).searchParams.get('marker')
    const rest = linesOf(await get(`/role_assignments?marker=${marker}`))
    const whole = linesOf(await get('/role_assignments'))
    assert.deepEqual([...linesOf(first), ...rest].sort(), whole.sort())
  })

  it('200 HEAD of a long list', async () => {
    const answer = await house.call('HEAD', '/v3/role_assignments', { token: admin })
    assert.deepEqual([answer.status, answer.text], [200, ''])
  })

  it('400 for a marker that no page has given, and for a limit that is none', async () => {
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=x',
      'limit=1&marker=x',
      'marker=e30',
      'marker=WzEsMl0',
    ]) {
      const { status } = await house.call('GET', `/v3/role_assignments?${query}`, { token: admin })
      assert.equal(status, 400, query)
    }
  })

  it('answers others while it lists', async () => {
    let done = false
    const listing = get('/role_assignments?effective').finally(() => {
      done = true
    })
    let answered = 0
    while (!done) {
      await nextTurn()
      await house.call('GET', '/v3', {})
      answered++
    }
    assert.ok(answered > 5, String(answered))
    assert.equal((await listing).status, 200)
  })
})
