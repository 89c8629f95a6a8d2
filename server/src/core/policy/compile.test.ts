import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CheckSource, PolicyError } from './check.ts'
import { compilePolicy, type PolicyOptions, type Target } from './compile.ts'
import type { Credentials } from './credentials.ts'
import type { Override } from './policy-file.ts'
import type { Rule } from './rule.ts'

const nobody: Credentials = {
  user_id: 'u1',
  username: 'alice',
  user_domain_id: 'd1',
  user_domain_name: 'D1',
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

const rule = (name: string, check: string, rest: Partial<Rule> = {}): Rule => ({
  name,
  check,
  scopeTypes: [],
  operations: [],
  description: '',
  ...rest,
})

const override = (name: string, check: CheckSource, line = 1): Override => ({ name, check, line })

/** Decides a single check. */
const holds = (check: CheckSource, credentials: Partial<Credentials>, target: Target = {}): boolean =>
  compilePolicy([], { overrides: [override('it', check)] }).decide(
    'it',
    { ...nobody, ...credentials },
    target,
  ).allowed

test('checks decide as oslo.policy does on random credentials and targets', () => {
  interface Row {
    readonly check: CheckSource
    readonly credentials: Partial<Credentials>
    readonly target: Target
    readonly allowed: boolean
    readonly none?: true
  }
  const { helpers, rows }: { helpers: Record<string, string>; rows: readonly Row[] } = JSON.parse(
    readFileSync(new URL('vectors/checks.json', import.meta.url), 'utf8'),
  )
  const base = Object.entries(helpers).map(([name, check]) => rule(name, check))
  const empty = Object.fromEntries(Object.keys(nobody).map((name) => [name, null])) as unknown as Credentials
  let stricter = 0
  for (const { check, credentials, target, allowed, none } of rows) {
    const policy = compilePolicy(base, { overrides: [override('it', check)] })
    const ours = policy.decide('it', { ...empty, ...credentials }, target).allowed
    if (ours === allowed) continue
    assert.ok(none && allowed && !ours, JSON.stringify({ check, credentials, target, allowed }))
    stricter += 1
  }
  assert.ok(rows.length >= 300 && stricter < 20)
})

test('roles whatever their case, by name or by a fact', () => {
  assert.equal(holds('role:admin', { roles: ['Member', 'ADMIN'] }), true)
  assert.equal(holds('role:Admin', { roles: ['admin'] }), true)
  assert.equal(holds('role:admin', { roles: ['administrator'] }), false)
  assert.equal(holds('role:%(target.role.name)s', { roles: ['x'] }, { 'target.role.name': 'X' }), true)
  assert.equal(holds('role:%(target.role.name)s', { roles: ['x'] }), false)
})

test('null equals nothing but None, so a project session is in no "domain null" (CVE-2026-80183)', () => {
  const check = 'domain_id:%(target.domain_id)s'
  assert.equal(holds(check, { domain_id: 'd1' }, { 'target.domain_id': 'd1' }), true)
  assert.equal(holds(check, { domain_id: null }, { 'target.domain_id': null }), false)
  assert.equal(holds(check, { domain_id: null }, { 'target.domain_id': 'None' }), false)
  assert.equal(holds(check, { domain_id: 'None' }, { 'target.domain_id': null }), false)
  assert.equal(holds('role:%(target.role.name)s', { roles: ['None'] }, { 'target.role.name': null }), false)
  assert.equal(holds('None:%(target.domain_id)s', {}, { 'target.domain_id': null }), true)
  assert.equal(holds('None:%(target.domain_id)s', {}, { 'target.domain_id': 'None' }), false)
  assert.equal(holds('None:%(target.domain_id)s', {}), false)
  assert.equal(holds('domain_id:None', { domain_id: null }), true)
  assert.equal(holds('token.domain.id:None', { domain_id: null }), false, 'absent in the token, not null')
})

test('under not, null equals null as in oslo.policy, which is the stricter way there', () => {
  const both = { 'target.domain_id': null }
  assert.equal(holds('not domain_id:%(target.domain_id)s', {}, both), false)
  assert.equal(holds('not not domain_id:%(target.domain_id)s', {}, both), false)
  assert.equal(holds('not None:%(target.domain_id)s', {}, { 'target.domain_id': 'None' }), false)
  const same = rule('same', 'domain_id:%(target.domain_id)s')
  const policy = compilePolicy([same, rule('other', 'not rule:same'), rule('again', 'rule:same')])
  const allowed = (name: string) => policy.decide(name, nobody, both).allowed
  assert.deepEqual(['same', 'other', 'again'].map(allowed), [false, false, false])
})

test('names from Object.prototype are names like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.deepEqual(compilePolicy([rule('a', '@')]).decide(name, nobody, {}), {
      allowed: false,
      reason: 'unknown_rule',
    })
    assert.equal(holds(`user_id:%(target.${name})s`, { user_id: name }), false)
    assert.equal(holds('user_id:%(user_id)s', { user_id: name }, { user_id: name }), true)
    assert.equal(holds('role:admin', { roles: [name] }), false)
    const inherited = Object.create({ 'target.user.id': 'u1' }) as Target
    assert.equal(holds('user_id:%(target.user.id)s', {}, inherited), false)
    assert.equal(compilePolicy([rule(name, '@')]).decide(name, nobody, {}).allowed, true)
  }
})

test('facts that are no scalars match nothing', () => {
  for (const value of [{}, [], ['u1'], { toString: () => 'u1' }, undefined, 1.5, Number.NaN, 1n])
    assert.equal(holds('user_id:%(target.user.id)s', {}, { 'target.user.id': value }), false)
})

test('a rule asks for its scope types unless told not to', () => {
  const rules = [rule('system', '@', { scopeTypes: ['system'] }), rule('any', '@')]
  const sessions = {
    system: { ...nobody, system_scope: 'all' as const },
    domain: { ...nobody, domain_id: 'd1' },
    project: { ...nobody, project_id: 'p1' },
    unscoped: nobody,
  }
  const decided = (options: PolicyOptions, name: string) =>
    Object.values(sessions).map((session) => {
      const decision = compilePolicy(rules, options).decide(name, session, {})
      return decision.allowed || decision.reason
    })
  const wrong = 'wrong_scope'
  assert.deepEqual(decided({}, 'system'), [true, wrong, wrong, wrong])
  assert.deepEqual(decided({ enforceScope: false }, 'system'), [true, true, true, true])
  assert.deepEqual(decided({}, 'any'), [true, true, true, true])
  const onProject = compilePolicy([rule('p', '@', { scopeTypes: ['project'] })])
  assert.equal(
    onProject.decide('p', nobody, {}).allowed,
    true,
    'no scope counts as a project, as in oslo.policy',
  )
})

test('the scope types of a built-in rule hold for an override too', () => {
  const policy = compilePolicy([rule('a', '!', { scopeTypes: ['system'] })], {
    overrides: [override('a', '@')],
  })
  assert.equal(policy.decide('a', { ...nobody, project_id: 'p1' }, {}).allowed, false)
  assert.equal(policy.decide('a', { ...nobody, system_scope: 'all' }, {}).allowed, true)
})

test('a deprecated check admits too, until new defaults are enforced or the rule is overridden', () => {
  const rules = [rule('a', 'role:new', { deprecatedCheck: 'role:old' })]
  const old = { ...nobody, roles: ['old'] }
  assert.equal(compilePolicy(rules).decide('a', old, {}).allowed, true)
  assert.equal(compilePolicy(rules).decide('a', { ...nobody, roles: ['new'] }, {}).allowed, true)
  assert.equal(compilePolicy(rules, { enforceNewDefaults: true }).decide('a', old, {}).allowed, false)
  const overridden = compilePolicy(rules, { overrides: [override('a', 'role:new')] })
  assert.equal(overridden.decide('a', old, {}).allowed, false)
  assert.equal(compilePolicy(rules).rules[0]!.check, '(role:new) or (role:old)')
})

test('an override replaces a check, helper rules may be added, built-in rules see both', () => {
  const rules = [rule('admin', 'role:admin'), rule('a', 'rule:admin'), rule('b', 'rule:a and user_id:u1')]
  const overrides = [override('admin', 'rule:boss'), override('boss', [['role:boss'], ['role:chief']], 7)]
  const policy = compilePolicy(rules, { overrides })
  assert.equal(policy.decide('b', { ...nobody, roles: ['chief'] }, {}).allowed, true)
  assert.equal(policy.decide('b', { ...nobody, roles: ['admin'] }, {}).allowed, false)
  assert.deepEqual(
    policy.rules.map(({ name, line }) => [name, line]),
    [
      ['admin', 1],
      ['a', null],
      ['b', null],
      ['boss', 7],
    ],
  )
  assert.deepEqual(policy.unused, [])
  assert.deepEqual(compilePolicy(rules, { overrides: [override('identity:lst_users', '@')] }).unused, [
    'identity:lst_users',
  ])
})

test('a reference to a rule that is not there is refused, naming the rule and its line', () => {
  assert.throws(() => compilePolicy([rule('a', 'role:x or not rule:gone')]), /a: refers to rule "gone"/)
  const overrides = [override('a', 'rule:default', 12)]
  assert.throws(() => compilePolicy([], { overrides }), { name: 'PolicyError', line: 12, rule: 'a' })
})

test('rules in a circle are refused', () => {
  assert.throws(() => compilePolicy([rule('a', 'rule:a')]), /refers to itself: a -> a/)
  const circle = [rule('a', 'role:x or rule:b'), rule('b', 'not rule:c'), rule('c', '(rule:a)')]
  assert.throws(() => compilePolicy(circle), /refers to itself: a -> b -> c -> a/)
  const overrides = [override('c', 'rule:a', 3)]
  assert.throws(() => compilePolicy([circle[0]!, circle[1]!, rule('c', '@')], { overrides }), PolicyError)
})

test('a rule defined twice and a check that cannot be read are refused', () => {
  assert.throws(() => compilePolicy([rule('a', '@'), rule('a', '@')]), /a: is defined twice/)
  assert.throws(
    () => compilePolicy([], { overrides: [override('a', '@'), override('a', '!', 5)] }),
    /line 5: a: is defined twice/,
  )
  assert.throws(
    () => compilePolicy([], { overrides: [override('a', 'role:x or', 4)] }),
    /^PolicyError: line 4: a: ends where/,
  )
})

test('a rule that nobody defined is never allowed, whatever is asked with', () => {
  const everything = compilePolicy([rule('default', '@'), rule('a', '@')])
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.string()),
      fc.dictionary(fc.string(), fc.anything()),
      (name, roles, target) => {
        const expected = name === 'default' || name === 'a'
        assert.equal(everything.decide(name, { ...nobody, roles }, target).allowed, expected)
      },
    ),
  )
})
