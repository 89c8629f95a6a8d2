/**
 * A table of decisions: what RAM's documentation says a set of statements does, one row a question. Rows are written
 * as data and multiplied where the documentation gives a rule for many.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { RequestFacts } from './condition.ts'
import { evaluate } from './evaluate.ts'
import { parseDocument } from './parse.ts'
import { RAM, type Statement, type StatementPolicy } from './statement.ts'
import { isTrusted, parseTrustPolicy } from './trust.ts'

type Effect = 'allow' | 'deny' | 'implicit_deny'
interface Row {
  readonly name: string
  readonly identity: readonly object[]
  readonly session?: readonly object[]
  readonly action?: string
  readonly resource?: string
  readonly facts?: RequestFacts
  readonly expected: Effect
}

const ACTION = 'edas:ReadNamespace'
const RESOURCE = 'acs:edas:cn-shenzhen:1234567890123456:namespace/cn-shenzhen:prod'

const statement = (Effect: string, more: object = {}) => ({
  Effect,
  ...('NotAction' in more ? {} : { Action: '*' }),
  Resource: '*',
  ...more,
})
const allow = (more: object = {}) => statement('Allow', more)
const deny = (more: object = {}) => statement('Deny', more)

function policyOf(name: string, statements: readonly object[]): StatementPolicy {
  const parsed = parseDocument({ Version: '1', Statement: statements }, RAM)
  assert.ok(!('problem' in parsed), JSON.stringify(parsed))
  return { name, statements: parsed }
}

/** Each pattern that matches, and each that does not, allowing, denying, and by NotAction the other way round. */
const ACTIONS: readonly (readonly [pattern: string | readonly string[], matches: boolean])[] = [
  ['*', true],
  ['edas:*', true],
  ['edas:ReadNamespace', true],
  ['EDAS:readnamespace', true],
  ['edas:Read*', true],
  ['edas:*Namespace', true],
  ['edas:R*N*e', true],
  ['edas:ReadNamespac?', true],
  ['edas:????Namespace', true],
  ['ed?s:ReadNamespace', true],
  ['*:ReadNamespace', true],
  [['ecs:*', 'edas:Read*'], true],
  ['edas:ReadNamespaces', false],
  ['edas:ReadNamespace?', false],
  ['edas:Read', false],
  ['edas:Manage*', false],
  ['ecs:*', false],
  ['mse:ReadNamespace', false],
  ['edas:???Namespace', false],
  [['ecs:*', 'mse:*'], false],
]
const actionRows = ACTIONS.flatMap(([pattern, matches]): Row[] => [
  {
    name: `Allow ${pattern}`,
    identity: [allow({ Action: pattern })],
    expected: matches ? 'allow' : 'implicit_deny',
  },
  {
    name: `Deny ${pattern} beside Allow *`,
    identity: [allow(), deny({ Action: pattern })],
    expected: matches ? 'deny' : 'allow',
  },
  {
    name: `Allow NotAction ${pattern}`,
    identity: [allow({ NotAction: pattern })],
    expected: matches ? 'implicit_deny' : 'allow',
  },
  {
    name: `Deny NotAction ${pattern} beside Allow *`,
    identity: [allow(), deny({ NotAction: pattern })],
    expected: matches ? 'allow' : 'deny',
  },
  {
    name: `session policy ${pattern} under Allow *`,
    identity: [allow()],
    session: [allow({ Action: pattern })],
    expected: matches ? 'allow' : 'implicit_deny',
  },
])

const RESOURCES: readonly (readonly [pattern: string | readonly string[], matches: boolean])[] = [
  ['*', true],
  [RESOURCE, true],
  ['acs:*:*:*:*', true],
  ['acs:edas:*:*:*', true],
  ['acs:edas:cn-*:1234567890123456:namespace/*', true],
  ['acs:edas:cn-shenzhen:*:namespace/cn-shenzhen:*', true],
  ['acs:edas:*:*:namespace/cn-shenzhen:pro?', true],
  ['acs:edas:*:*:*:prod', true],
  // With fewer parts than an ARN has, a pattern is held against all of its text.
  ['acs:edas:*', true],
  ['acs:ecs:*', false],
  [['acs:ecs:*:*:*', RESOURCE], true],
  ['acs:edas:*:*:namespace/cn-shenzhen', false],
  ['acs:edas:*:*:namespace/cn-shenzhen:pro', false],
  ['acs:edas:*:*:Namespace/*', false],
  ['acs:edas:cn-beijing:*:*', false],
  ['acs:edas:*:9999999999999999:*', false],
  ['acs:edas::1234567890123456:*', false],
  ['acs:ecs:*:*:*', false],
  [['acs:ecs:*:*:*', 'acs:mse:*:*:*'], false],
]
const resourceRows = RESOURCES.flatMap(([pattern, matches]): Row[] => [
  {
    name: `Allow on ${pattern}`,
    identity: [allow({ Resource: pattern })],
    expected: matches ? 'allow' : 'implicit_deny',
  },
  {
    name: `Deny on ${pattern} beside Allow *`,
    identity: [allow(), deny({ Resource: pattern })],
    expected: matches ? 'deny' : 'allow',
  },
  {
    name: `session policy on ${pattern} under Allow *`,
    identity: [allow()],
    session: [allow({ Resource: pattern })],
    expected: matches ? 'allow' : 'implicit_deny',
  },
])

type Condition = readonly [
  operator: string,
  given: string | undefined,
  wanted: string | readonly string[],
  holds: boolean,
]
const ordered = (kind: string, small: string, middle: string, large: string): readonly Condition[] => [
  [`${kind}Equals`, middle, middle, true],
  [`${kind}Equals`, small, middle, false],
  [`${kind}NotEquals`, small, middle, true],
  [`${kind}NotEquals`, middle, middle, false],
  [`${kind}LessThan`, small, middle, true],
  [`${kind}LessThan`, middle, middle, false],
  [`${kind}LessThanEquals`, middle, middle, true],
  [`${kind}LessThanEquals`, large, middle, false],
  [`${kind}GreaterThan`, large, middle, true],
  [`${kind}GreaterThan`, middle, middle, false],
  [`${kind}GreaterThanEquals`, middle, middle, true],
  [`${kind}GreaterThanEquals`, small, middle, false],
  [`${kind}Equals`, undefined, middle, false],
  [`${kind}LessThan`, undefined, middle, false],
]
const CONDITIONS: readonly Condition[] = [
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'A', 'a', false],
  ['StringEquals', 'b', ['a', 'b'], true],
  ['StringEquals', 'c', ['a', 'b'], false],
  ['StringEquals', 'abc', 'a*', false],
  ['StringEquals', undefined, 'a', false],
  ['StringNotEquals', 'b', 'a', true],
  ['StringNotEquals', 'a', 'a', false],
  ['StringNotEquals', 'c', ['a', 'b'], true],
  ['StringNotEquals', 'a', ['a', 'b'], false],
  ['StringEqualsIgnoreCase', 'A', 'a', true],
  ['StringEqualsIgnoreCase', 'b', 'a', false],
  ['StringNotEqualsIgnoreCase', 'b', 'a', true],
  ['StringNotEqualsIgnoreCase', 'A', 'a', false],
  ['StringLike', 'abc', 'a*', true],
  ['StringLike', 'abc', 'a?c', true],
  ['StringLike', 'abc', 'a?', false],
  ['StringLike', 'abc', ['x', '*c'], true],
  ['StringLike', undefined, '*', false],
  ['StringNotLike', 'abc', 'x*', true],
  ['StringNotLike', 'abc', 'a*', false],
  ...ordered('Numeric', '9', '10', '11'),
  ...ordered('Numeric', '-1.5', '0', '1e3'),
  ...ordered('Date', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00+00:00', '2026-01-02T00:00:01Z'),
  ['Bool', 'true', 'true', true],
  ['Bool', 'true', 'True', true],
  ['Bool', 'false', 'true', false],
  ['Bool', undefined, 'true', false],
  ['Bool', undefined, 'false', false],
  ['IpAddress', '10.1.2.3', '10.0.0.0/8', true],
  ['IpAddress', '10.1.2.3', '10.1.2.3', true],
  ['IpAddress', '10.1.2.3', ['192.168.0.0/16', '10.1.0.0/16'], true],
  ['IpAddress', '11.1.2.3', '10.0.0.0/8', false],
  ['IpAddress', '::ffff:10.1.2.3', '10.0.0.0/8', true],
  ['IpAddress', '2001:db8::1', '2001:db8::/32', true],
  ['IpAddress', '2001:db8::1', '10.0.0.0/8', false],
  ['IpAddress', 'nonsense', '0.0.0.0/0', false],
  ['IpAddress', undefined, '0.0.0.0/0', false],
  ['NotIpAddress', '11.1.2.3', '10.0.0.0/8', true],
  ['NotIpAddress', '10.1.2.3', '10.0.0.0/8', false],
]
const conditionRows = CONDITIONS.flatMap(([operator, given, wanted, holds]): Row[] => {
  const Condition = { [operator]: { key: wanted } }
  const facts: RequestFacts = given === undefined ? {} : { key: given }
  const told = `${operator} of ${given} with ${wanted}`
  return [
    {
      name: `Allow if ${told}`,
      identity: [allow({ Condition })],
      facts,
      expected: holds ? 'allow' : 'implicit_deny',
    },
    {
      name: `Deny if ${told}`,
      identity: [allow(), deny({ Condition })],
      facts,
      expected: holds ? 'deny' : 'allow',
    },
  ]
})

const yes = { StringEquals: { a: '1' } }
const no = { StringEquals: { a: '2' } }
const combinedRows: readonly Row[] = (
  [
    ['keys of an operator are AND', { StringEquals: { a: '1', b: '1' } }, true],
    ['one key of two fails', { StringEquals: { a: '1', b: '2' } }, false],
    ['operators are AND', { ...yes, StringLike: { b: '*' } }, true],
    ['one operator of two fails', { ...yes, StringLike: { b: 'x*' } }, false],
    ['no condition at all', {}, true],
    ['an unknown key beside a known one', { StringEquals: { a: '1', c: '1' } }, false],
    ['a key of the prototype', { StringEquals: { constructor: 'x' } }, false],
    ['false in the first', no, false],
  ] as const
).map(([name, Condition, holds]) => ({
  name,
  identity: [allow({ Condition })],
  facts: { a: '1', b: '1' },
  expected: holds ? 'allow' : 'implicit_deny',
}))

/** Every combination of what each kind says, in the documented order. */
const SAID = { nothing: [], allow: [allow()], deny: [deny()], both: [allow(), deny()] } as const
const precedenceRows = Object.entries(SAID).flatMap(([byIdentity, identity]) =>
  Object.entries(SAID).map(([bySession, session]): Row => {
    const denied = [byIdentity, bySession].some((said) => said === 'deny' || said === 'both')
    const allowed = byIdentity === 'allow' && bySession === 'allow'
    return {
      name: `identity says ${byIdentity}, session says ${bySession}`,
      identity,
      session,
      expected: denied ? 'deny' : allowed ? 'allow' : 'implicit_deny',
    }
  }),
)
const crossAccountRows = ['1234567890123456', '9999999999999999', '*'].flatMap((account) =>
  ['1234567890123456', '9999999999999999'].map(
    (asked): Row => ({
      name: `a policy on account ${account} asked about ${asked}`,
      identity: [allow({ Resource: `acs:ram:*:${account}:user/*` })],
      action: 'ram:GetUser',
      resource: `acs:ram::${asked}:user/bob`,
      expected: account === '*' || account === asked ? 'allow' : 'implicit_deny',
    }),
  ),
)

const ROWS = [
  ...actionRows,
  ...resourceRows,
  ...conditionRows,
  ...combinedRows,
  ...precedenceRows,
  ...crossAccountRows,
]

describe('decisions of RAM policies', () => {
  for (const row of ROWS) {
    it(row.name, () => {
      const policies = {
        identity: row.identity.length > 0 ? [policyOf('identity', row.identity)] : [],
        ...(row.session
          ? {
              session:
                row.session.length > 0 ? [policyOf('session', row.session)] : [{ name: 's', statements: [] }],
            }
          : {}),
      }
      const { action = ACTION, resource = RESOURCE, facts = {} } = row
      const { effect, allowed } = evaluate(policies, { action, resource, facts })
      assert.equal(effect, row.expected)
      assert.equal(allowed, row.expected === 'allow')
    })
  }

  it('are at least three hundred', () => assert.ok(ROWS.length >= 300, String(ROWS.length)))

  const pattern = fc.constantFrom('*', 'edas:*', ACTION, 'ecs:*', 'edas:Read?amespace')
  const resource = fc.constantFrom('*', RESOURCE, 'acs:edas:*:*:*', 'acs:ecs:*:*:*')
  const condition = fc.record({
    operator: fc.constantFrom('StringEquals', 'StringNotEquals', 'NumericLessThan', 'Bool'),
    key: fc.constantFrom('a', 'b'),
    values: fc.array(fc.constantFrom('1', '2', 'true'), { minLength: 1, maxLength: 2 }),
  })
  const anyOf = (effect: fc.Arbitrary<'Allow' | 'Deny'>): fc.Arbitrary<Statement> =>
    fc
      .record({
        effect,
        named: fc.boolean(),
        patterns: fc.array(pattern, { minLength: 1, maxLength: 3 }),
        resources: fc.array(resource, { minLength: 1, maxLength: 2 }),
        conditions: fc.array(condition, { maxLength: 2 }),
      })
      .map(({ named, patterns, ...rest }) => ({
        ...rest,
        ...(named ? { actions: patterns } : { notActions: patterns }),
      }))
  const statements = fc.array(anyOf(fc.constantFrom('Allow', 'Deny')), { maxLength: 5 })
  const facts = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2', 'true'))
  const decide = (identity: readonly Statement[], known: RequestFacts, session?: readonly Statement[]) =>
    evaluate(
      {
        identity: [{ name: 'i', statements: identity }],
        ...(session ? { session: [{ name: 's', statements: session }] } : {}),
      },
      { action: ACTION, resource: RESOURCE, facts: known },
    )

  it('adding a Deny never allows', () => {
    fc.assert(
      fc.property(statements, anyOf(fc.constant('Deny')), facts, fc.nat(5), (list, extra, known, at) => {
        const after = [...list.slice(0, at), extra, ...list.slice(at)]
        assert.ok(decide(list, known).allowed || !decide(after, known).allowed)
        assert.ok(!decide(list, known, after).allowed || decide(list, known, list).allowed)
      }),
      { numRuns: 500 },
    )
  })

  it('a session policy never widens, and so does no second one', () => {
    fc.assert(
      fc.property(statements, statements, statements, facts, (identity, session, second, known) => {
        const plain = decide(identity, known)
        const narrowed = decide(identity, known, session)
        assert.ok(plain.allowed || !narrowed.allowed)
        const twice = evaluate(
          {
            identity: [{ name: 'i', statements: identity }],
            session: [
              { name: 's', statements: session },
              { name: 't', statements: second },
            ],
          },
          { action: ACTION, resource: RESOURCE, facts: known },
        )
        assert.ok(narrowed.allowed || !twice.allowed)
      }),
      { numRuns: 500 },
    )
  })

  it('the order of statements changes no decision', () => {
    fc.assert(
      fc.property(statements, facts, (list, known) => {
        assert.equal(decide(list, known).effect, decide([...list].reverse(), known).effect)
      }),
    )
  })
})

describe('trust policies', () => {
  const root = 'acs:ram::1234567890123456:root'
  const bob = 'acs:ram::1234567890123456:user/bob'
  const trust = (Principal: unknown, more: object = {}) => ({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal,
    ...more,
  })
  const trusts = (arns: readonly string[], facts: RequestFacts | null, ...Statement: unknown[]): boolean => {
    const parsed = parseTrustPolicy({ Version: '1', Statement })
    assert.ok(!('problem' in parsed), JSON.stringify(parsed))
    return isTrusted(parsed, { action: 'sts:AssumeRole', arns, facts })
  }
  const Condition = { StringEquals: { 'sts:ExternalId': 'x' } }
  const other = 'acs:ram::9999999999999999:root'

  it('name accounts and users, and nobody else gets in', () => {
    assert.equal(trusts([root, bob], {}, trust({ RAM: root })), true)
    assert.equal(trusts([root, bob], {}, trust({ RAM: [other, bob] })), true)
    assert.equal(trusts([root, bob], {}, trust({ RAM: other })), false)
    assert.equal(trusts([root], {}, trust({ RAM: bob })), false)
    assert.equal(trusts([root], {}, trust({ RAM: root }, { Action: 'sts:GetCallerIdentity' })), false)
    assert.equal(trusts([root], {}, trust({ Service: 'ecs.aliyuncs.com' })), false)
  })

  it('deny whom they name, and hold conditions when the role is assumed', () => {
    const denied = trust({ RAM: bob }, { Effect: 'Deny' })
    assert.equal(trusts([root, bob], {}, trust({ RAM: root }), denied), false)
    assert.equal(trusts([root], {}, trust({ RAM: root }, { Condition })), false)
    assert.equal(trusts([root], { 'sts:ExternalId': 'x' }, trust({ RAM: root }, { Condition })), true)
    assert.equal(trusts([root], null, trust({ RAM: root }, { Condition })), true)
    assert.equal(trusts([root, bob], null, trust({ RAM: root }), denied), false)
  })

  it('are refused when they name what cannot be named', () => {
    for (const principal of [
      undefined,
      '*',
      {},
      { RAM: [] },
      { RAM: '*' },
      { RAM: 'acs:ram::*:root' },
      { RAM: 'acs:ram::1234567890123456:user/*' },
      { AWS: root },
      { RAM: [root, 1] },
      { Service: 'evil.example.com' },
    ]) {
      const parsed = parseTrustPolicy({ Version: '1', Statement: [trust(principal)] })
      assert.equal('at' in parsed && parsed.at, 'Statement[0].Principal', JSON.stringify(principal))
    }
    const withResource = parseTrustPolicy({
      Version: '1',
      Statement: [trust({ RAM: root }, { Resource: '*' })],
    })
    assert.equal('at' in withResource && withResource.at, 'Statement[0].Resource')
  })
})
