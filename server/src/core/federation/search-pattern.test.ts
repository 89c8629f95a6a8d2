import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { comparedWithPython, type PatternCase } from '../../../../e2e/mapping-diff/patterns.ts'
import { searchPattern } from './search-pattern.ts'

describe('patterns of mappings', () => {
  it('are found where Python 3.11 finds them, for a few hundred random ones', () => {
    const text = readFileSync(join(import.meta.dirname, 'vectors/patterns.json'), 'utf8')
    const cases = JSON.parse(text) as PatternCase[]
    assert.ok(cases.length >= 500)
    for (const each of cases) assert.notEqual(comparedWithPython(each), 'differs', JSON.stringify(each))
  })

  it('mean what they mean to Python: classes by Unicode, $ before a last newline, case, names, comments', () => {
    for (const [pattern, text, found] of [
      ['^\\w+$', 'täst', true],
      ['(?a)^\\w+$', 'täst', false],
      ['^admin$', 'admin\n', true],
      ['^admin\\Z', 'admin\n', false],
      ['(?i)STRASSE', 'strasse', true],
      ['(?P<who>bob|alice)@', 'alice@acme', true],
      ['(?x) ^ a  b # both', 'ab', true],
      ['^(?!guest)\\w+(?<!-ext)@acme', 'bob@acme', true],
      ['^(?!guest)\\w+@acme', 'guest1@acme', false],
      ['^.$', '😀', true],
      ['^[^@]{3}@', '1234@', false],
    ] as const) {
      assert.equal(searchPattern(pattern)?.test(text), found, pattern)
    }
  })

  it('are none when they refer to what they matched, are no expressions, or are too large', () => {
    for (const pattern of [
      '(a)\\1',
      '(?P<n>a)(?P=n)',
      '(a)?(?(1)b|c)',
      '(?>a)',
      'a*+',
      '\\N{BULLET}',
      '(',
      ')',
      '[',
      'a**',
      '*',
      '(?<=a*)b',
      '\\q',
      '(?L)a',
      'a{5001}',
      `(?i)[${'b-z'.repeat(5001)}]`,
      '((a{1000}){1000}){1000}',
      '(){4000000000}',
      '('.repeat(200) + ')'.repeat(200),
    ]) {
      assert.equal(searchPattern(pattern), undefined, pattern)
    }
  })

  it('are no slower for a value that was made to make them slow', () => {
    const value = `${'a'.repeat(2000)}!`
    for (const pattern of [
      '(a+)+$',
      '^(a|a)*$',
      '(a|aa)+$',
      '(.*)*x',
      '((a*)*)*b',
      '^(?=(a+)+$)',
      'a*a*a*a*a*b',
    ]) {
      // Backtracking, each of these takes longer than anybody waits.
      assert.equal(searchPattern(pattern)?.test(value), false, pattern)
    }
  })
})
