import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Check, type CheckSource, PolicyError, parseCheck, referencesOf } from './check.ts'

/** A check as text with every operator in parentheses. */
function shown(check: Check): string {
  switch (check.kind) {
    case 'always':
      return '@'
    case 'never':
      return '!'
    case 'not':
      return `not ${shown(check.check)}`
    case 'and':
    case 'or':
      return `(${check.checks.map(shown).join(` ${check.kind} `)})`
    case 'rule':
      return `rule:${check.name}`
    default: {
      const left =
        check.kind === 'role' ? 'role' : check.kind === 'credential' ? check.attribute : check.value
      const { texts, keys } = check.match
      return `${left}:${texts[0]}${keys.map((key, i) => `<${key}>${texts[i + 1]}`).join('')}`
    }
  }
}

const table: readonly (readonly [CheckSource, string])[] = [
  ['', '@'],
  [[], '@'],
  ['@', '@'],
  ['!', '!'],
  ['role:admin', 'role:admin'],
  ['role:compute:admin', 'role:compute:admin'],
  ['rule:admin_required', 'rule:admin_required'],
  ['rule:identity:get_user', 'rule:identity:get_user'],
  ['user_id:%(target.user.id)s', 'user_id:<target.user.id>'],
  ['user_id:%(user_id)s', 'user_id:<user_id>'],
  ['project_id:x-%(target.project.id)s-100%%', 'project_id:x-<target.project.id>-100%'],
  ['token.project.domain.id:%(target.domain.id)s', 'project_domain_id:<target.domain.id>'],
  ['system:all', 'system_scope:all'],
  ['is_admin:1', '!'],
  ["'Member':%(target.role.name)s", 'Member:<target.role.name>'],
  ['"Member":%(target.role.name)s', 'Member:<target.role.name>'],
  ['None:%(target.role.domain_id)s', 'null:<target.role.domain_id>'],
  ['True:%(target.user.enabled)s', 'True:<target.user.enabled>'],
  ['-7:%(target.limit.resource_limit)s', '-7:<target.limit.resource_limit>'],
  ['role:a or role:b and role:c', '(role:a or (role:b and role:c))'],
  ['role:a and role:b or role:c', '((role:a and role:b) or role:c)'],
  ['(role:a or role:b) and role:c', '((role:a or role:b) and role:c)'],
  ['not role:a and role:b', '(not role:a and role:b)'],
  ['not (role:a and role:b)', 'not (role:a and role:b)'],
  ['not not role:a', 'not not role:a'],
  ['NOT role:a Or role:b AND role:c', '(not role:a or (role:b and role:c))'],
  ['  (( role:a )\n or\trole:b)  ', '(role:a or role:b)'],
  ['(role:a)', 'role:a'],
  [['role:a'], 'role:a'],
  [[['role:a', 'user_id:u'], 'role:b', []], '((role:a and user_id:u) or role:b)'],
  [[[]], '!'],
  [[['@'], ['!']], '(@ or !)'],
]

for (const [source, expected] of table) {
  test(`check ${JSON.stringify(source)}`, () => assert.equal(shown(parseCheck(source)), expected))
}

const refused: readonly (readonly [string, RegExp])[] = [
  [' ', /ends where a check is expected/],
  ['role:a or', /ends where a check is expected/],
  ['not', /ends where a check is expected/],
  ['(role:a', /closing parenthesis/],
  ['role:a)', /"\)" is not expected/],
  ['role:a role:b', /"role:b" is not expected/],
  ['role:a and or role:b', /"or" is no check/],
  ['()', /"\)" is no check/],
  ['admin', /"admin" is no check/],
  ["'quoted'", /is no check/],
  ['http://server/%(target.user.id)s', /HTTP/],
  ['https://server/', /HTTP/],
  ['tenant_id:x', /"tenant_id" is no attribute/],
  ['__proto__:x', /"__proto__" is no attribute/],
  ['constructor:x', /"constructor" is no attribute/],
  ['token.catalog.id:x', /is no attribute/],
  ['1.5:x', /is no attribute/],
  ['007:x', /is no attribute/],
  ['-0:x', /is no attribute/],
  [':x', /is no attribute/],
  ['user_id:%(target.user.id)', /a % that begins no/],
  ['user_id:%(target.user.id)d', /a % that begins no/],
  ['user_id:%s', /a % that begins no/],
  ['user_id:100%', /a % that begins no/],
  ['user_id:%(request_body.user.id)s', /neither a fact \(target.…\) nor an id of the path/],
  ['user_id:%(filter_attr.user_id)s', /neither a fact/],
  ['user_id:%()s', /neither a fact/],
  ['user_id:%(target)s', /neither a fact/],
  ['user_id:%(target.)s', /neither a fact/],
  [`${'('.repeat(200)}role:a${')'.repeat(200)}`, /nested more than/],
  [`${'not '.repeat(200)}role:a`, /nested more than/],
  [`role:${'a'.repeat(20_000)}`, /longer than/],
]

for (const [source, message] of refused) {
  test(`refused: ${JSON.stringify(source).slice(0, 60)}`, () =>
    assert.throws(
      () => parseCheck(source),
      (error) => error instanceof PolicyError && message.test(error.message),
    ))
}

test('the older lists hold single checks, no expressions', () => {
  assert.equal(
    shown(parseCheck([['role:a or role:b']])),
    'role:a or role:b',
    'a role of that odd name, as in oslo.policy',
  )
  assert.throws(() => parseCheck([['not role:a']]), PolicyError)
})

test('references are found wherever they are', () => {
  assert.deepEqual(referencesOf(parseCheck('rule:a and not (rule:b or role:c) or rule:a')), ['a', 'b', 'a'])
})

test('any text is read or refused, nothing else', () => {
  const piece = fc.constantFrom(
    '(',
    ')',
    ' ',
    'not',
    'and',
    'or',
    'role:a',
    '@',
    '!',
    '%',
    '%(',
    ')s',
    ':',
    "'",
    'x',
    '\n',
    '%(a)s',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        try {
          parseCheck(text)
        } catch (error) {
          assert.ok(error instanceof PolicyError)
        }
      },
    ),
  )
})
