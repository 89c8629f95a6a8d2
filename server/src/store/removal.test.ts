import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Insertable } from 'kysely'
import { forEachEngine } from '../testing/engines.ts'
import { findImmutableProject, removeDomain } from './domains.ts'
import { removeGroups, removeProjects, removeUsers } from './removal.ts'
import type { Tables } from './schema.ts'
import type { Db, Store } from './store.ts'

const NOW = 5_000_000

/**
 * Two domains, `gone` and `stays`, each with a project, a user, a group, a role and a provider; and everything that can
 * hang on those, once on what is removed and once on what is not. Rows that must go have `gone` in every reference.
 */
async function fill(tx: Db): Promise<void> {
  const both = ['gone', 'stays']
  const put = <T extends keyof Tables>(table: T, rows: readonly Insertable<Tables[T]>[]): Promise<unknown> =>
    tx
      .insertInto(table)
      .values(rows as never)
      .execute()
  const project = (id: string, domainId: string, isDomain: 0 | 1) => ({
    id,
    domain_id: domainId,
    parent_id: domainId === '' ? null : domainId,
    name: id,
    description: '',
    enabled: 1 as const,
    is_domain: isDomain,
    options: '{}',
    extra: '{}',
    tokens_valid_from: 0,
    created_at: 0,
  })
  await put('project', [
    ...both.map((d) => project(d, '', 1)),
    ...both.map((d) => project(`p-${d}`, d, 0)),
    project('q-stays', 'stays', 0),
  ])
  const tagged = ['p-gone', 'p-stays']
  await put(
    'project_tag',
    tagged.map((id) => ({ project_id: id, name: 't' })),
  )
  await put(
    'user',
    both.map((d) => ({
      id: `u-${d}`,
      domain_id: d,
      name: 'u',
      kind: 'local' as const,
      enabled: 1 as const,
      default_project_id: `p-${d}`,
      options: '{}',
      extra: '{}',
      tokens_valid_from: 0,
      created_at: 0,
      last_active_at: null,
      failed_auth_count: 0,
      failed_auth_at: 0,
    })),
  )
  await tx.updateTable('user').set({ default_project_id: 'p-gone' }).where('id', '=', 'u-stays').execute()
  const password = { hash: 'x', self_service: 0 as const, created_at: 0, expires_at: null }
  await put(
    'password',
    both.map((d) => ({ id: `w-${d}`, user_id: `u-${d}`, ...password })),
  )
  await put(
    'group',
    both.map((d) => ({ id: `g-${d}`, domain_id: d, name: 'g', description: '', extra: '{}' })),
  )
  await put('membership', [
    { user_id: 'u-stays', group_id: 'g-stays' },
    { user_id: 'u-stays', group_id: 'g-gone' },
    { user_id: 'u-gone', group_id: 'g-stays' },
  ])
  await put(
    'role',
    ['', ...both].map((d) => ({
      id: `r-${d}`,
      domain_id: d,
      name: 'r',
      description: null,
      options: '{}',
      extra: '{}',
    })),
  )
  const grant = { role_id: 'r-', inherited: 0 as const }
  await put('assignment', [
    { ...grant, actor_kind: 'user', actor_id: 'u-stays', target_kind: 'project', target_id: 'p-stays' },
    { ...grant, actor_kind: 'user', actor_id: 'u-stays', target_kind: 'project', target_id: 'p-gone' },
    { ...grant, actor_kind: 'user', actor_id: 'u-stays', target_kind: 'domain', target_id: 'stays' },
    { ...grant, actor_kind: 'user', actor_id: 'u-stays', target_kind: 'domain', target_id: 'gone' },
    { ...grant, actor_kind: 'user', actor_id: 'u-stays', target_kind: 'project', target_id: 'gone' },
    { ...grant, actor_kind: 'user', actor_id: 'u-gone', target_kind: 'project', target_id: 'p-stays' },
    { ...grant, actor_kind: 'user', actor_id: 'u-gone', target_kind: 'system', target_id: 'system' },
    { ...grant, actor_kind: 'group', actor_id: 'g-gone', target_kind: 'project', target_id: 'p-stays' },
    { ...grant, actor_kind: 'group', actor_id: 'g-stays', target_kind: 'project', target_id: 'p-stays' },
    {
      ...grant,
      role_id: 'r-gone',
      actor_kind: 'user',
      actor_id: 'u-stays',
      target_kind: 'project',
      target_id: 'q-stays',
    },
  ])
  const users = ['u-stays', 'u-gone']
  const projects = ['p-stays', 'p-gone']
  const pairs = users.flatMap((user) => projects.map((at) => ({ user, at, id: `${user}-${at}` })))
  await put(
    'credential',
    pairs.map(({ user, at, id }) => ({
      id,
      user_id: user,
      project_id: at,
      type: 'ec2',
      blob: '',
      extra: '{}',
      created_at: 0,
    })),
  )
  await put(
    'application_credential',
    pairs.map(({ user, at, id }) => ({
      id,
      user_id: user,
      project_id: at,
      name: at,
      description: null,
      secret_hash: '',
      unrestricted: 0 as const,
      expires_at: null,
      created_at: 0,
    })),
  )
  await put(
    'access_rule',
    users.map((user) => ({ id: `rule-${user}`, user_id: user, service: 's', path: '/', method: 'GET' })),
  )
  await put(
    'application_credential_access_rule',
    users.map((user) => ({
      application_credential_id: `${user}-p-stays`,
      access_rule_id: `rule-${user}`,
    })),
  )
  const trust = {
    impersonation: 0 as const,
    expires_at: null,
    remaining_uses: null,
    redelegated_trust_id: null,
    redelegation_count: null,
    deleted_at: null,
    extra: '{}',
  }
  await put('trust', [
    ...pairs.map(({ user, at, id }) => ({
      ...trust,
      id,
      trustor_user_id: user,
      trustee_user_id: 'u-stays',
      project_id: at,
    })),
    {
      ...trust,
      id: 'to-gone',
      trustor_user_id: 'u-stays',
      trustee_user_id: 'u-gone',
      project_id: 'p-stays',
    },
  ])
  await put('consumer', [{ id: 'c', secret: '', description: null, extra: '{}' }])
  const oauth = { secret: '', role_ids: '[]', consumer_id: 'c', expires_at: null }
  await put(
    'oauth_access_token',
    pairs.map(({ user, at, id }) => ({ ...oauth, id, authorizing_user_id: user, project_id: at })),
  )
  await put(
    'oauth_request_token',
    pairs.map(({ user, at, id }) => ({
      ...oauth,
      id,
      verifier: null,
      authorizing_user_id: user,
      requested_project_id: at,
    })),
  )
  await put('service', [
    { id: 's', type: 't', name: null, description: null, enabled: 1 as const, extra: '{}' },
  ])
  const endpoint = { id: 'e', service_id: 's', region_id: null, interface: 'public', url: 'u' }
  await put('endpoint', [{ ...endpoint, enabled: 1 as const, extra: '{}' }])
  await put('endpoint_group', [{ id: 'eg', name: 'eg', description: null, filters: '{}' }])
  await put(
    'project_endpoint',
    projects.map((at) => ({ project_id: at, endpoint_id: 'e' })),
  )
  await put(
    'project_endpoint_group',
    projects.map((at) => ({ project_id: at, endpoint_group_id: 'eg' })),
  )
  const registered = { id: 'rl', service_id: 's', region_id: null, resource_name: 'n' }
  await put('registered_limit', [{ ...registered, default_limit: 1, description: null }])
  const limit = { registered_limit_id: 'rl', resource_limit: 1, description: null }
  await put('own_limit', [
    ...projects.map((at) => ({ ...limit, id: `l-${at}`, project_id: at, domain_id: null })),
    ...both.map((d) => ({ ...limit, id: `l-${d}`, project_id: null, domain_id: d })),
  ])
  await put(
    'identity_provider',
    both.map((d) => ({
      id: `i-${d}`,
      enabled: 1 as const,
      description: null,
      domain_id: d,
      authorization_ttl: null,
      extra: '{}',
    })),
  )
  await put(
    'federation_protocol',
    both.map((d) => ({
      id: 'saml2',
      idp_id: `i-${d}`,
      mapping_id: 'm',
      remote_id_attribute: null,
      tokens_valid_from: 0,
    })),
  )
  await put(
    'expiring_membership',
    both.map((d) => ({
      user_id: 'u-stays',
      group_id: 'g-stays',
      idp_id: `i-${d}`,
      last_verified_at: 0,
    })),
  )
  await put(
    'domain_config',
    both.map((d) => ({ domain_id: d, group_name: 'ldap', option_name: 'url', value: '""' })),
  )
}

/** Every row that is left and still speaks of something that is gone, as `table: row`. */
async function leftovers(store: Store, gone: RegExp): Promise<string[]> {
  const tables: readonly (keyof Tables)[] = [
    ...([
      'project',
      'project_tag',
      'user',
      'password',
      'group',
      'membership',
      'expiring_membership',
    ] as const),
    ...(['role', 'assignment', 'credential', 'application_credential', 'access_rule'] as const),
    ...(['application_credential_access_rule', 'oauth_access_token', 'oauth_request_token'] as const),
    ...(['project_endpoint', 'project_endpoint_group', 'own_limit', 'identity_provider'] as const),
    ...(['federation_protocol', 'domain_config'] as const),
  ]
  const left: string[] = []
  for (const table of tables) {
    for (const row of await store.db.selectFrom(table).selectAll().execute()) {
      const text = JSON.stringify(row)
      if (gone.test(text)) left.push(`${table}: ${text}`)
    }
  }
  const trusts = await store.db.selectFrom('trust').selectAll().where('deleted_at', 'is', null).execute()
  for (const row of trusts) if (gone.test(JSON.stringify(row))) left.push(`trust: ${row.id}`)
  return left
}

async function counted(store: Store, table: keyof Tables): Promise<number> {
  return (await store.db.selectFrom(table).selectAll().execute()).length
}

forEachEngine('removal', (open) => {
  const filled = async (): Promise<Store> => {
    const store = await open()
    await store.write(fill)
    return store
  }

  it('takes a project with everything that hangs on it, and nothing else', async () => {
    const store = await filled()
    await store.write((tx) => removeProjects(tx, ['p-gone'], NOW))
    assert.deepEqual(await leftovers(store, /p-gone/), [])
    const user = await store.db
      .selectFrom('user')
      .select('default_project_id')
      .where('id', '=', 'u-stays')
      .executeTakeFirst()
    assert.equal(user?.default_project_id, null)
    assert.equal(await counted(store, 'user'), 2)
    assert.equal(await counted(store, 'credential'), 2)
    const trusts = await store.db.selectFrom('trust').select('id').where('deleted_at', '=', NOW).execute()
    assert.equal(trusts.length, 2)
  })

  it('takes a user with everything that hangs on them, and nothing else', async () => {
    const store = await filled()
    await store.write((tx) => removeUsers(tx, ['u-gone'], NOW))
    assert.deepEqual(await leftovers(store, /u-gone/), [])
    assert.equal(await counted(store, 'project'), 5)
    assert.equal(await counted(store, 'application_credential'), 2)
    assert.equal(await counted(store, 'password'), 1)
  })

  it('takes a group with its grants and memberships, and nothing else', async () => {
    const store = await filled()
    await store.write((tx) => removeGroups(tx, ['g-gone']))
    assert.deepEqual(await leftovers(store, /g-gone/), [])
    assert.equal(await counted(store, 'user'), 2)
    assert.equal(await counted(store, 'membership'), 2)
  })

  it('takes a domain with everything in it and on it, and nothing of another', async () => {
    const store = await filled()
    await store.write((tx) => removeDomain(tx, 'gone', NOW))
    assert.deepEqual(await leftovers(store, /gone/), [])
    const kept = { project: 3, user: 1, group: 1, role: 2, assignment: 3, credential: 1, own_limit: 2 }
    for (const [table, count] of Object.entries(kept)) {
      assert.equal(await counted(store, table as keyof Tables), count, table)
    }
    assert.equal(await counted(store, 'domain_config'), 1)
    assert.equal(await counted(store, 'identity_provider'), 1)
  })

  it('finds the project that keeps its domain', async () => {
    const store = await filled()
    assert.equal(await findImmutableProject(store.db, 'stays'), undefined)
    await store.write((tx) =>
      tx.updateTable('project').set({ options: '{"immutable":true}' }).where('id', '=', 'q-stays').execute(),
    )
    assert.equal(await findImmutableProject(store.db, 'stays'), 'q-stays')
    assert.equal(await findImmutableProject(store.db, 'gone'), undefined)
  })
})
