import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Case } from '../../../../e2e/mapping-diff/cases.ts'
import { ours } from '../../../../e2e/mapping-diff/compare.ts'
import { type Assertion, applyMapping, type Mapped, type MappingRule } from './mapping.ts'
import { mappingFaults } from './mapping-faults.ts'
import { pythonText, readList } from './python-text.ts'

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, 'vectors/mapping.json'), 'utf8'),
) as (Case & { expected: unknown })[]

const mapped = (rules: readonly MappingRule[], assertion: Assertion): Mapped => {
  assert.deepEqual(mappingFaults({ rules }), [])
  const out = applyMapping(rules, assertion)
  assert.ok(!('refused' in out), 'refused' in out ? out.refused : '')
  return out
}
const refused = (rules: readonly MappingRule[], assertion: Assertion): boolean =>
  'refused' in applyMapping(rules, assertion)

const user = { user: { name: '{0}' } }
const name = { type: 'UserName' }

describe('mapping engine', () => {
  it('gives what Keystone 22.0.2 gives for a few hundred random mappings and assertions', () => {
    assert.ok(vectors.length > 300)
    for (const vector of vectors) assert.deepEqual(ours(vector), vector.expected, JSON.stringify(vector))
  })

  it('counts only entries without a condition in {0}, {1}', () => {
    const rules = [
      {
        local: [{ user: { name: '{0} {1}', email: '{2}' } }],
        remote: [
          { type: 'FirstName' },
          { type: 'orgPersonType', any_one_of: ['Customer'] },
          { type: 'LastName' },
          { type: 'Email' },
        ],
      },
    ]
    const out = mapped(rules, {
      FirstName: ['Test'],
      LastName: ['Account'],
      Email: ['t@example.org'],
      orgPersonType: ['Customer', 'Tester'],
    })
    assert.deepEqual(out.user, { type: 'ephemeral', name: 'Test Account', email: 't@example.org' })
  })

  it('refuses when no rule applies, when an attribute is absent, and when {1} stands for nothing', () => {
    const rules = [{ local: [user], remote: [name, { type: 'kind', any_one_of: ['staff'] }] }]
    assert.ok(refused(rules, { UserName: ['bob'], kind: ['guest'] }))
    assert.ok(refused(rules, { UserName: ['bob'] }))
    assert.ok(refused(rules, { UserName: [], kind: ['staff'] }))
    assert.ok(refused([{ local: [{ user: { name: '{1}' } }], remote: [name] }], { UserName: ['bob'] }))
  })

  it('takes the user of the first rule that names one, the groups of all, and says which rules applied', () => {
    const rules = [
      { local: [user, { group: { id: 'g1' } }], remote: [name] },
      { local: [{ user: { name: 'other' } }], remote: [{ type: 'absent' }] },
      { local: [{ user: { name: 'third' }, group: { id: 'g2' } }], remote: [name] },
    ]
    const out = mapped(rules, { UserName: ['bob'] })
    assert.deepEqual([out.user.name, out.groupIds, out.rules], ['bob', ['g1', 'g2'], [0, 2]])
  })

  it('CVE-2017-2673: a mapping without a group gives no group and no project', () => {
    const out = mapped([{ local: [user], remote: [name] }], { UserName: ['bob'], Groups: ['admins'] })
    assert.deepEqual([out.groupIds, out.groups, out.projects], [[], [], []])
  })

  it('an attribute that looks like a list, a template or another rule stays one text', () => {
    const groups = [
      { local: [user, { groups: '{1}', domain: { id: 'd' } }], remote: [name, { type: 'Groups' }] },
    ]
    for (const text of [
      "['admins']",
      '["admins"]',
      'a;admins',
      '{0}',
      '{{0}}',
      'JSON:{"name":"admins","domain":{"id":"x"}}',
    ]) {
      const out = mapped(groups, { UserName: [text], Groups: [text] })
      assert.equal(out.user.name, text)
      assert.deepEqual(out.groups, [{ name: text, domain: { id: 'd' } }])
    }
  })

  it('several values make several groups, whatever quotes they hold', () => {
    const values = ["o'hara", 'a"b', `both ' and "`, 'back\\slash', 'new\nline', 'ünïcode', '']
    const rules = [
      { local: [user, { groups: '{1}', domain: { id: 'd' } }], remote: [name, { type: 'Groups' }] },
    ]
    const out = mapped(rules, { UserName: ['bob'], Groups: values })
    assert.deepEqual(
      out.groups.map((group) => group.name),
      values,
    )
  })

  it('reads a list that the rule itself writes, in Python’s or JSON’s notation', () => {
    for (const groups of [`["a", "b"]`, `['a', 'b']`, ` [ 'a' , "b" ] `]) {
      const out = mapped([{ local: [user, { groups, domain: { name: 'D' } }], remote: [name] }], {
        UserName: ['x'],
      })
      assert.deepEqual(
        out.groups.map((group) => group.name),
        ['a', 'b'],
      )
    }
  })

  it('groups bring their own domain as JSON: only where the rule names none', () => {
    const open = [{ local: [user, { groups: '{1}' }], remote: [name, { type: 'Groups' }] }]
    const one = 'JSON:{"name":"g","domain":{"id":"x"}}'
    assert.deepEqual(mapped(open, { UserName: ['bob'], Groups: [one] }).groups, [
      { name: 'g', domain: { id: 'x' } },
    ])
    assert.ok(refused(open, { UserName: ['bob'], Groups: ['g'] }))
    assert.ok(refused(open, { UserName: ['bob'], Groups: ['JSON:{broken'] }))
  })

  it('keeps projects with their roles, domains of schema 2.0, local users', () => {
    const rules = [
      {
        local: [
          {
            user: { name: '{0}', type: 'local', domain: { id: 'd' } },
            projects: [{ name: 'Project for {0}', roles: [{ name: 'member' }], domain: { name: 'D' } }],
          },
        ],
        remote: [name],
      },
    ]
    const out = mapped(rules, { UserName: ['bob'] })
    assert.deepEqual(out.user, { type: 'local', name: 'bob', domain: { id: 'd' } })
    assert.deepEqual(out.projects, [{ name: 'Project for bob', roles: ['member'], domain: { name: 'D' } }])
  })

  it('a pattern that cannot be searched for lets its rule apply to nobody', () => {
    const guarded = (condition: object) => [
      { local: [user], remote: [name, { type: 'UserName', regex: true, ...condition }] },
    ]
    for (const condition of [{ not_any_of: ['(a)\\1'] }, { any_one_of: ['(a)\\1', 'bob'] }]) {
      assert.ok(refused(guarded(condition), { UserName: ['bob'] }))
      assert.notDeepEqual(mappingFaults({ rules: guarded(condition) }), [])
    }
  })

  it('rules and values that would keep everybody else waiting admit nobody', () => {
    const slow = (wanted: readonly string[]) => [
      { local: [user], remote: [name, { type: 'groups', any_one_of: wanted, regex: true }] },
    ]
    const patterns = Array.from({ length: 20 }, (_, index) => `${'[a-z]*'.repeat(150)}X${index}`)
    for (const wanted of [
      patterns,
      ['(?:a{1,30}){1,30}b'],
      ['(?=(?:a{1,30}){1,30})b'],
      [`[${'\\d'.repeat(4000)}]`],
    ]) {
      const out = applyMapping(slow(wanted), { UserName: ['bob'], groups: ['a'.repeat(50_000)] })
      assert.deepEqual(out, { refused: 'the rules take too long' })
    }
    const filled = [{ local: [{ user: { name: '{0}'.repeat(10_000) } }], remote: [name] }]
    for (const UserName of [['b'.repeat(12_000)], Array.from({ length: 4000 }, (_, index) => `b${index}`)]) {
      assert.deepEqual(applyMapping(filled, { UserName }), { refused: 'the rules take too long' })
    }
    const many = Array.from({ length: 6000 }, () => '(?:a{1,30}){1,30}')
    assert.deepEqual(mappingFaults({ rules: slow(many) }), ['the rules take too long'])
    const groups = Array.from({ length: 512 }, (_, index) => `cn=group ${index},ou=people,dc=example,dc=org`)
    const large = Array.from({ length: 20 }, (_, index) =>
      slow([`^cn=(?:staff|admins|group) ${index},`]),
    ).flat()
    assert.equal(mapped(large, { UserName: ['bob'], groups }).rules.length, 20)
  })

  it('names of attributes never reach into prototypes', () => {
    assert.ok(refused([{ local: [user], remote: [{ type: 'constructor' }] }], {}))
    assert.ok(refused([{ local: [user], remote: [{ type: '__proto__' }] }], { UserName: ['bob'] }))
  })

  it('writes lists as Python does and reads them back', () => {
    for (const list of [
      [],
      ['a'],
      ["it's", 'say "x"', 'both \' "'],
      ['\t\n\u0000\u00a0\u2028😀'],
      ['\\x41', "\\'"],
    ]) {
      assert.deepEqual(readList(pythonText(list)), list)
    }
    for (const text of ['a', '[a]', "['a'", "['a' 'b']", '[1]', "['a'],", "['\\x4']", '[[]]']) {
      assert.equal(readList(text), undefined, text)
    }
  })
})
