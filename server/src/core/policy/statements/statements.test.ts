import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { holds } from './condition.ts'
import { evaluate } from './evaluate.ts'
import { inAddressRange, inNetwork } from './ip.ts'
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

  it('NotResource is every other resource', () => {
    const decide = (Effect: string, NotResource: unknown) =>
      evaluate({ identity: [policy(allow('*'), { Effect, Action: 'edas:*', NotResource })] }, read).effect
    assert.equal(decide('Deny', 'acs:edas:*:1234:namespace/*'), 'allow')
    assert.equal(decide('Deny', ['acs:edas:*:9999:*', 'acs:ecs:*:*:*']), 'deny')
    const allowed = (NotResource: unknown) =>
      evaluate({ identity: [policy({ Effect: 'Allow', Action: 'edas:*', NotResource })] }, read).effect
    assert.equal(allowed('acs:edas:*:1234:namespace/*'), 'implicit_deny')
    assert.equal(allowed('acs:edas:*:9999:*'), 'allow')
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

  it('ForAnyValue holds of no key that is absent, ForAllValues of each', () => {
    const ask = (operator: string, facts: Record<string, string[]>) =>
      holds({ operator, key: 'k', values: ['a'] }, facts)
    for (const [operator, ofNone, ofOther] of [
      ['ForAnyValue:StringEquals', false, false],
      ['ForAnyValue:StringNotEquals', false, true],
      ['ForAnyValue:StringNotEqualsIfExists', true, true],
      ['ForAllValues:StringEquals', true, false],
      ['ForAllValues:StringNotEquals', true, true],
    ] as const) {
      assert.equal(ask(operator, {}), ofNone, operator)
      assert.equal(ask(operator, { k: [] }), ofNone, `${operator} of an empty list`)
      assert.equal(ask(operator, { k: ['b'] }), ofOther, `${operator} of another`)
    }
  })

  it('takes a date without a zone for UTC, wherever the service runs', () => {
    const now = { k: '2026-01-01T00:30:00Z' }
    const before = (value: string) => holds({ operator: 'DateLessThan', key: 'k', values: [value] }, now)
    for (const zone of ['UTC', 'Asia/Shanghai', 'America/Lima']) {
      const home = process.env['TZ']
      process.env['TZ'] = zone
      try {
        assert.equal(before('2026-01-01T00:45:00'), true, zone)
        assert.equal(before('2026-01-01T00:15:00'), false, zone)
        assert.equal(before('2026-01-01T08:45:00+08:00'), true, zone)
        assert.equal(before('2026-01-02'), true, zone)
      } finally {
        if (home === undefined) delete process.env['TZ']
        else process.env['TZ'] = home
      }
    }
  })

  it('refuses values that an operator cannot compare with: such a Deny would never deny', () => {
    const table: readonly [string, readonly string[], readonly string[]][] = [
      [
        'DateLessThan',
        ['2026-01-01', '2026-01-01T00:00:00+08:00', '1767225600'],
        ['tomorrow', '', '1/1/2026'],
      ],
      ['NumericLessThanEquals', ['10', '-1.5', '1e3'], ['ten', '', '1O', 'NaN', 'Infinity']],
      [
        'IpAddress',
        ['10.0.0.0/8', '2001:db8::/32', '10.0.0.1'],
        ['10.0.0.300', '10.0.0.0/33', '10.0.0.0-10.0.0.9'],
      ],
      ['NotIpAddress', ['::ffff:10.0.0.0/104'], ['nowhere', '::ffff:10.0.0.0/8']],
      ['Bool', ['true', 'False'], ['yes', '1']],
      ['StringEquals', ['', 'anything at all'], []],
    ]
    const read = (operator: string, value: string) =>
      parseDocument(
        { Version: '1', Statement: [{ ...deny('*'), Condition: { [operator]: { k: value } } }] },
        RAM,
      )
    for (const [operator, good, bad] of table) {
      for (const form of [operator, `${operator}IfExists`, `ForAnyValue:${operator}`]) {
        for (const value of good) assert.ok(!('problem' in read(form, value)), `${form} ${value}`)
        for (const value of bad) {
          const fault = read(form, value)
          assert.equal('at' in fault && fault.at, `Statement[0].Condition.${form}.k`, `${form} ${value}`)
        }
      }
    }
    const empty = parseDocument(
      { Version: '1', Statement: [{ ...allow('*'), Condition: { StringEquals: {} } }] },
      RAM,
    )
    assert.equal('at' in empty && empty.at, 'Statement[0].Condition.StringEquals')
  })

  it('Null is asked about in any case', () => {
    for (const [values, facts, expected] of [
      [['True'], {}, true],
      [['FALSE'], {}, false],
      [['FALSE'], { k: 'x' }, true],
    ] as const) {
      assert.equal(holds({ operator: 'Null', key: 'k', values }, facts), expected, values[0])
    }
  })

  it('knows an IPv4 address in every way that IPv6 writes it', () => {
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203', '0:0:0:0:0:FFFF:10.1.2.3']) {
      for (const network of ['10.0.0.0/8', '::ffff:10.0.0.0/104', '::ffff:a00:0/104', '::ffff:0:0/96']) {
        assert.equal(inNetwork(address, network), true, `${address} ${network}`)
      }
      for (const network of ['11.0.0.0/8', '::ffff:10.1.2.0/127', '::/0', '::ffff:10.1.2.3/95']) {
        assert.equal(inNetwork(address, network), false, `${address} ${network}`)
      }
    }
    assert.equal(inNetwork('64:ff9b::10.1.2.3', '64:ff9b::/96'), true)
    assert.equal(inNetwork('::1', '0.0.0.0/0'), false)
  })

  it('knows networks of both families', () => {
    assert.equal(inNetwork('::ffff:10.0.0.1', '10.0.0.0/8'), true)
    assert.equal(inNetwork('2001:db8::1', '2001:db8::/32'), true)
    assert.equal(inNetwork('2001:db9::1', '2001:db8::/32'), false)
    for (const nonsense of ['', '10.0.0.256', '1::2::3', '10.0.0.0/33', '10.0.0.0/x', ':::']) {
      assert.equal(inNetwork('10.0.0.1', nonsense), false, nonsense)
    }
  })

  it('knows ranges of both families, ends included, and nothing that is no range', () => {
    for (const [address, range, inside] of [
      ['10.0.0.1', '10.0.0.1-10.0.0.9', true],
      ['10.0.0.9', '10.0.0.1-10.0.0.9', true],
      ['10.0.0.10', '10.0.0.1-10.0.0.9', false],
      ['10.0.0.0', '10.0.0.1-10.0.0.9', false],
      ['2001:db8::5', '2001:db8::1-2001:db8::9', true],
      ['10.0.0.1', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', false],
      ['::a00:1', '0.0.0.0-255.255.255.255', false],
      ['10.0.0.1', '0.0.0.0-ffff::', false],
      ['10.0.0.1', '::-255.255.255.255', false],
      ['10.0.0.1', '10.0.0.1', false],
      ['10.0.0.1', '10.0.0.1-', false],
      ['10.0.0.1', '-10.0.0.1', false],
      ['10.0.0.1', '0.0.0.0-255.255.255.255-255.255.255.255', false],
      ['nowhere', '0.0.0.0-255.255.255.255', false],
      ['1:2:3:4:5:6:7', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ] as const) {
      assert.equal(inAddressRange(address, range), inside, `${address} in ${range}`)
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
      [{ Version: '1', Statement: [{ ...allow('*'), NotResource: '*' }] }, 'Statement[0].Resource'],
      [{ Version: '1', Statement: [{ ...allow('*'), NotAction: '*' }] }, 'Statement[0].Action'],
      [
        { Version: '1', Statement: [{ ...allow('*'), Condition: { StringEquals: { a: [] } } }] },
        'Statement[0].Condition.StringEquals.a',
      ],
      [{ Version: '1', Statement: [allow('*', [])] }, 'Statement[0].Resource'],
      [{ Version: '1', Statement: [allow('*', [''])] }, 'Statement[0].Resource'],
      [{ Version: '1', Statement: [allow('*', [5])] }, 'Statement[0].Resource'],
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
