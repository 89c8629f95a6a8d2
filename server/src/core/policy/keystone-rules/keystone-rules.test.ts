import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Target } from '../compile.ts'
import type { Credentials } from '../credentials.ts'
import { keystonePolicy, keystoneRules } from './index.ts'

interface Vectors {
  readonly personas: Readonly<Record<string, Partial<Credentials>>>
  readonly targets: Readonly<Record<string, Target>>
  readonly rules: Readonly<Record<string, { readonly allowed: string; readonly deprecated?: string }>>
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/keystone-rules.json', import.meta.url), 'utf8'),
)

const nulls: Credentials = {
  user_id: '',
  username: null,
  user_domain_id: null,
  user_domain_name: null,
  project_id: null,
  project_name: null,
  project_domain_id: null,
  project_domain_name: null,
  domain_id: null,
  domain_name: null,
  system_scope: null,
  roles: [],
  is_delegated_auth: false,
  trust_id: null,
  trustor_id: null,
  trustee_id: null,
  assumed_by: null,
}
const persona = (name: string): Credentials => ({ ...nulls, ...vectors.personas[name] })
const policy = keystonePolicy()

test('every rule of Keystone 22.0.2 is here, once, and no other', () => {
  assert.deepEqual(keystoneRules.map(({ name }) => name).toSorted(), Object.keys(vectors.rules).toSorted())
  for (const { name, operations } of keystoneRules)
    assert.equal(operations.length > 0, name.startsWith('identity:'), name)
})

for (const enforceNewDefaults of [true, false]) {
  test(`every rule decides as Keystone's for every persona and target, new defaults ${enforceNewDefaults}`, () => {
    const ours = keystonePolicy('', { enforceNewDefaults })
    for (const [name, { allowed, deprecated }] of Object.entries(vectors.rules)) {
      const rows = (enforceNewDefaults ? allowed : (deprecated ?? allowed)).split(' ')
      for (const [i, who] of Object.keys(vectors.personas).entries()) {
        for (const [j, [what, target]] of Object.entries(vectors.targets).entries()) {
          const decision = ours.decide(name, persona(who), target)
          const theirs = rows[i]?.[j] === '1'
          // Where all facts are null Keystone's null equals null; ours never allows for that.
          if (what === 'all null') assert.ok(theirs || !decision.allowed, `${name} ${who} ${what}`)
          else assert.equal(decision.allowed, theirs, `${name}: ${who}, ${what}`)
        }
      }
    }
  })
}

test('with all facts null only admins, readers of the system and rules for everybody admit', () => {
  const target = vectors.targets['all null']!
  for (const { name, check } of keystoneRules) {
    if (check === '' || !name.startsWith('identity:')) continue
    for (const who of ['project member', 'domain manager', 'unscoped none'])
      assert.equal(policy.decide(name, persona(who), target).allowed, false, `${name} ${who}`)
  }
})

/** Who may what: personas by scope and role, per rule and target. */
const table: readonly (readonly [rule: string, target: string, allowed: readonly string[]])[] = [
  ['identity:create_user', 'own', ['project admin', 'domain admin', 'system admin']],
  [
    'identity:list_users',
    'nothing loaded',
    ['project admin', 'domain admin', 'system reader', 'system member', 'system manager', 'system admin'],
  ],
  [
    'identity:list_users',
    'same domain',
    [
      'project admin',
      'domain reader',
      'domain member',
      'domain manager',
      'domain admin',
      'system reader',
      'system member',
      'system manager',
      'system admin',
    ],
  ],
  ['identity:create_domain', 'nothing loaded', ['project admin', 'system admin']],
  [
    'identity:create_trust',
    'own',
    [
      'project none',
      'project reader',
      'project member',
      'project manager',
      'project admin',
      'project service',
      'unscoped none',
    ],
  ],
  ['identity:create_trust', 'elsewhere', []],
  ['identity:create_application_credential', 'same domain', []],
  [
    'identity:validate_token',
    'elsewhere',
    [
      'project admin',
      'project service',
      'domain admin',
      'domain service',
      'system reader',
      'system member',
      'system manager',
      'system admin',
      'system service',
    ],
  ],
  [
    'identity:get_credential',
    'elsewhere',
    ['project admin', 'system reader', 'system member', 'system manager', 'system admin'],
  ],
  ['identity:update_credential', 'elsewhere', ['project admin', 'system admin']],
  [
    'identity:list_revoke_events',
    'own',
    ['project admin', 'project service', 'system admin', 'system service'],
  ],
  ['identity:create_grant', 'elsewhere', ['project admin', 'domain admin', 'system admin']],
  [
    'identity:check_grant',
    'same domain',
    [
      'project admin',
      'domain reader',
      'domain member',
      'domain manager',
      'domain admin',
      'system reader',
      'system member',
      'system manager',
      'system admin',
    ],
  ],
]

for (const [rule, target, allowed] of table) {
  test(`${rule}, ${target}: ${allowed.join(', ') || 'nobody'}`, () => {
    const facts = vectors.targets[target]!
    const admitted = Object.keys(vectors.personas).filter(
      (who) => policy.decide(rule, persona(who), facts).allowed,
    )
    assert.deepEqual(admitted, allowed)
  })
}

test('CVE-2026-42999: facts under the names of a request body or query decide nothing', () => {
  const loaded = vectors.targets['elsewhere']!
  const injected = {
    ...loaded,
    user: { id: 'u1', domain_id: 'd1' },
    target: { user: { id: 'u1', domain_id: 'd1' }, credential: { user_id: 'u1' } },
    request_body: { target: { user: { id: 'u1' } } },
    roles: ['admin'],
    'user.id': 'u1',
    is_admin: '1',
    __proto__: { 'target.user.id': 'u1' },
  }
  for (const { name } of keystoneRules)
    for (const who of Object.keys(vectors.personas))
      assert.deepEqual(
        policy.decide(name, persona(who), injected),
        policy.decide(name, persona(who), loaded),
        name,
      )
  assert.throws(
    () => keystonePolicy('"identity:get_user": "user_id:%(request_body.user.id)s"'),
    /neither a fact/,
  )
})

test('whoever lacks the roles admin, reader and service passes only as owner or where everybody passes', () => {
  const names = keystoneRules.map(({ name }) => name)
  const known = Object.keys(vectors.targets['own']!)
  const fact = fc.oneof(fc.constantFrom('u1', 'd1', 'p1', 'None', 'admin'), fc.constant(null), fc.anything())
  const target = fc.dictionary(
    fc.constantFrom(...known.filter((key) => !/user_id|trust|user\.id/.test(key))),
    fact,
  )
  const scope = fc.constantFrom('project none', 'domain none', 'system none', 'unscoped none')
  const openly = new Set([
    'identity:get_domain',
    'identity:get_project',
    'identity:get_limit',
    'identity:list_project_tags',
    'identity:get_project_tag',
  ])
  const everybody = new Set(keystoneRules.filter(({ check }) => check === '').map(({ name }) => name))
  fc.assert(
    fc.property(fc.constantFrom(...names), scope, target, (name, who, facts) => {
      const { allowed } = policy.decide(name, persona(who), facts)
      if (!openly.has(name) && !everybody.has(name)) assert.equal(allowed, false, name)
    }),
  )
})

test('a policy file overrides by name, and is refused as a whole when a line of it is wrong', () => {
  const file = '"auditor": "role:auditor"\n"identity:list_users": "rule:auditor or rule:admin_required"\n'
  const auditor = { ...persona('project none'), roles: ['auditor'] }
  assert.equal(policy.decide('identity:list_users', auditor, {}).allowed, false)
  assert.equal(keystonePolicy(file).decide('identity:list_users', auditor, {}).allowed, true)
  assert.throws(
    () => keystonePolicy(`${file}"identity:get_user": "rule:adminrequired"\n`),
    /line 3: identity:get_user/,
  )
})
