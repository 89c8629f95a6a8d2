import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { holds } from './condition.ts'
import { evaluate } from './evaluate.ts'
import { inNetwork } from './ip.ts'
import { parseDocument } from './parse.ts'
import { HUAWEI, RAM, type Statement, type StatementPolicy } from './statement.ts'
import { matchesResource, matchesWildcard } from './wildcard.ts'

const policy = (...statements: unknown[]): StatementPolicy => {
  const parsed = parseDocument({ Version: '1', Statement: statements }, RAM)
  if ('problem' in parsed) throw new Error(`${parsed.at} ${parsed.problem}`)
  return { name: 'p', statements: parsed }
}
const read = {
  action: 'edas:ReadNamespace',
  resource: 'acs:edas:cn-shenzhen:1234:namespace/cn-shenzhen:prod',
  facts: {},
}
const allow = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Allow', Action, Resource })
const deny = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Deny', Action, Resource })

describe('statement policies', () => {
  it('deny by default, allow when said, and an explicit Deny wins', () => {
    const decide = (...list: StatementPolicy[]) => evaluate({ identity: list }, read).effect
    assert.equal(decide(), 'implicit_deny')
    assert.equal(decide(policy(allow('edas:ReadNamespace'))), 'allow')
    assert.equal(decide(policy(allow('*')), policy(deny('edas:Read*'))), 'deny')
    assert.equal(decide(policy(allow('ecs:*'))), 'implicit_deny')
  })

  it('NotAction is every other action', () => {
    const decide = (NotAction: string) =>
      evaluate({ identity: [policy({ Effect: 'Allow', NotAction, Resource: '*' })] }, read).allowed
    assert.equal(decide('ecs:*'), true)
    assert.equal(decide('edas:*'), false)
  })

  it('a resource is split on its first four colons only', () => {
    for (const [pattern, expected] of [
      ['acs:edas:cn-shenzhen:1234:namespace/cn-shenzhen:prod', true],
      ['acs:edas:*:1234:namespace/*', true],
      ['acs:edas:*:*:*', true],
      ['acs:edas:*:1234:namespace/cn-shenzhen', false],
      ['acs:*:1234:namespace/cn-shenzhen:prod', false],
      ['acs:edas:*:9999:namespace/*', false],
      ['*', true],
    ] as const) {
      assert.equal(matchesResource(pattern, read.resource), expected, pattern)
    }
  })

  it('a session policy narrows and never widens', () => {
    const everything = policy(allow('*'))
    const onlyEcs = policy(allow('ecs:*'))
    assert.equal(evaluate({ identity: [everything], session: [onlyEcs] }, read).allowed, false)
    assert.equal(evaluate({ identity: [onlyEcs], session: [everything] }, read).allowed, false)
    assert.equal(evaluate({ identity: [everything], session: [everything] }, read).allowed, true)
  })

  it('adding a Deny never allows, adding an Allow never denies', () => {
    const pattern = fc.constantFrom('*', 'edas:*', 'edas:ReadNamespace', 'ecs:*', 'edas:Read?amespace')
    const statement = fc.record({
      effect: fc.constantFrom('Allow' as const, 'Deny' as const),
      actions: fc.array(pattern, { minLength: 1, maxLength: 3 }),
      conditions: fc.constant([]),
    })
    fc.assert(
      fc.property(fc.array(statement), statement, (statements: Statement[], extra: Statement) => {
        const before = evaluate({ identity: [{ name: 'a', statements }] }, read)
        const after = evaluate({ identity: [{ name: 'a', statements: [...statements, extra] }] }, read)
        if (extra.effect === 'Deny') assert.ok(before.allowed || !after.allowed)
        else assert.ok(!before.allowed || after.allowed)
      }),
    )
  })

  it('reads conditions: values OR, keys AND, unknown keys fail what is positive', () => {
    const table: readonly [string, string | undefined, readonly string[], boolean][] = [
      ['StringEquals', 'a', ['a', 'b'], true],
      ['StringEquals', 'A', ['a'], false],
      ['StringEqualsIgnoreCase', 'A', ['a'], true],
      ['StringNotEquals', 'c', ['a', 'b'], true],
      ['StringNotEquals', 'a', ['a', 'b'], false],
      ['StringLike', 'abc', ['a*c'], true],
      ['StringNotLike', 'abc', ['a*c'], false],
      ['NumericLessThan', '9', ['10'], true],
      ['NumericEquals', '', ['0'], false],
      ['DateLessThan', '2026-01-01T00:00:00Z', ['2026-01-02T00:00:00Z'], true],
      ['DateLessThan', 'garbage', ['2026-01-02T00:00:00Z'], false],
      ['Bool', 'true', ['True'], true],
      ['IpAddress', '10.1.2.3', ['192.168.0.0/16', '10.0.0.0/8'], true],
      ['NotIpAddress', '10.1.2.3', ['10.0.0.0/8'], false],
      ['StringEquals', undefined, ['a'], false],
      ['StringNotEquals', undefined, ['a'], true],
      ['StringEqualsIfExists', undefined, ['a'], true],
      ['Null', undefined, ['true'], true],
      ['Null', 'x', ['true'], false],
      ['StringStartWith', 'cn-north-4', ['cn-north'], true],
    ]
    for (const [operator, fact, values, expected] of table) {
      const facts = fact === undefined ? {} : { k: fact }
      assert.equal(holds({ operator, key: 'k', values }, facts), expected, `${operator} ${fact} ${values}`)
    }
    assert.equal(holds({ operator: 'StringEquals', key: 'constructor', values: ['x'] }, {}), false)
  })

  it('knows networks of both families', () => {
    assert.equal(inNetwork('::ffff:10.0.0.1', '10.0.0.0/8'), true)
    assert.equal(inNetwork('2001:db8::1', '2001:db8::/32'), true)
    assert.equal(inNetwork('2001:db9::1', '2001:db8::/32'), false)
    for (const nonsense of ['', '10.0.0.256', '1::2::3', '10.0.0.0/33', '10.0.0.0/x', ':::']) {
      assert.equal(inNetwork('10.0.0.1', nonsense), false, nonsense)
    }
  })

  it('matches wildcards as a naive reading does, and in linear time', () => {
    const text = fc.stringMatching(/^[ab*?]{0,8}$/)
    fc.assert(
      fc.property(text, fc.stringMatching(/^[ab]{0,8}$/), (pattern, value) => {
        const source = pattern.replaceAll('*', '.*').replaceAll('?', '.')
        assert.equal(matchesWildcard(pattern, value), new RegExp(`^${source}$`).test(value))
      }),
    )
    assert.equal(matchesWildcard(`${'a*'.repeat(50)}b`, 'a'.repeat(5_000)), false)
  })

  it('refuses documents it does not understand, and says where', () => {
    const table: readonly [unknown, string][] = [
      [{ Statement: [] }, 'Version'],
      [{ Version: '1', Statement: [] }, 'Statement'],
      [{ Version: '1', Statement: [{ Effect: 'allow', Action: '*', Resource: '*' }] }, 'Statement[0].Effect'],
      [{ Version: '1', Statement: [{ Effect: 'Allow', Resource: '*' }] }, 'Statement[0].Action'],
      [{ Version: '1', Statement: [{ Effect: 'Allow', Action: '*' }] }, 'Statement[0].Resource'],
      [{ Version: '1', Statement: [{ ...allow('*'), Extra: 1 }] }, 'Statement[0].Extra'],
      [
        { Version: '1', Statement: [{ ...allow('*'), Condition: { Foo: { a: 'b' } } }] },
        'Statement[0].Condition.Foo',
      ],
      [{ Version: '1', Statement: [allow('not an action')] }, 'Statement[0].Action'],
    ]
    for (const [document, at] of table) {
      const fault = parseDocument(document, RAM)
      assert.equal('at' in fault && fault.at, at)
    }
  })

  it("reads Huawei's form of an agency", () => {
    const statement = {
      Effect: 'Allow',
      Action: ['iam:agencies:assume'],
      Resource: { uri: ['/iam/agencies/07805acaba800fdd4fbdc00b8f888c7c'] },
    }
    const parsed = parseDocument({ Version: '1.1', Statement: [statement] }, HUAWEI)
    assert.ok(!('problem' in parsed))
    const identity = [{ name: 'assume', statements: parsed }]
    const ask = (resource: string) =>
      evaluate({ identity }, { action: 'iam:agencies:assume', resource, facts: {} }).allowed
    assert.equal(ask('/iam/agencies/07805acaba800fdd4fbdc00b8f888c7c'), true)
    assert.equal(ask('/iam/agencies/other'), false)
  })
})
