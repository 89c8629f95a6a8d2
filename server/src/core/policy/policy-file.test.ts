import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PolicyError } from './check.ts'
import { parsePolicyFile } from './policy-file.ts'

const entries = (text: string) => parsePolicyFile(text).map(({ name, check, line }) => [name, check, line])

test('names and checks in quotes or plain, with comments', () => {
  const text = `# Rules of this cloud
---
"identity:list_users": "rule:admin_required or role:auditor"  # they may look

'identity:get_user':   'role:reader and ''x'':%(target.user.name)s'
identity:get_region: ""
cloud_admin: role:admin and system_scope:all # only these
   # an indented comment
"identity:list_roles": "!"`
  assert.deepEqual(entries(text), [
    ['identity:list_users', 'rule:admin_required or role:auditor', 3],
    ['identity:get_user', "role:reader and 'x':%(target.user.name)s", 5],
    ['identity:get_region', '', 6],
    ['cloud_admin', 'role:admin and system_scope:all', 7],
    ['identity:list_roles', '!', 9],
  ])
})

test('a value goes on over indented lines, as a YAML writer folds long ones', () => {
  const text = `"a": "role:x or
  role:y   
    or role:z"
b: role:x
  or role:y # not the end

  # a comment
"c":
    (role:x
    or role:y)
d: 'role:x
  or role:y'\n`
  assert.deepEqual(entries(text), [
    ['a', 'role:x or role:y or role:z', 1],
    ['b', 'role:x or role:y', 4],
    ['c', '(role:x or role:y)', 8],
    ['d', 'role:x or role:y', 11],
  ])
})

test('escapes in double quotes', () => {
  assert.deepEqual(entries('"a": "\\"x\\" \\\\ \\u00e9 \\t"'), [['a', '"x" \\ é \t', 1]])
})

test('the older lists', () => {
  assert.deepEqual(entries(`"a": [["role:x", "user_id:u"], "role:y", []]\nb: []\nc: [\n  ['role:x'] ]`), [
    ['a', [['role:x', 'user_id:u'], 'role:y', []], 1],
    ['b', [], 2],
    ['c', [['role:x']], 3],
  ])
})

test('JSON', () => {
  const text = `\ufeff
{
  "a": "role:x",
  "b": [["role:x"], ["role:y", "role:z"]], "c": ""
}
`
  assert.deepEqual(entries(text), [
    ['a', 'role:x', 3],
    ['b', [['role:x'], ['role:y', 'role:z']], 4],
    ['c', '', 4],
  ])
  assert.deepEqual(entries('{}'), [])
})

test('an empty file, or one of comments alone as Debian ships it, overrides nothing', () => {
  assert.deepEqual(entries(''), [])
  assert.deepEqual(entries('\n# "a": "role:x"\n\n  #\n#'), [])
  assert.deepEqual(entries('---\n'), [])
})

test('Windows line ends', () => {
  assert.deepEqual(entries('"a": "role:x"\r\n"b": role:y\r\n'), [
    ['a', 'role:x', 1],
    ['b', 'role:y', 2],
  ])
})

const refused: readonly (readonly [string, number, RegExp])[] = [
  ['"a": "@"\n"a": "!"', 2, /given on line 1 already/],
  ['{"a": "@",\n"a": "!"}', 2, /given on line 1 already/],
  ['"a":', 1, /value is missing/],
  ['"a": # nothing\n"b": "@"', 1, /value is missing/],
  ['"a": !', 1, /must be in quotes/],
  ['"a": @', 1, /must be in quotes/],
  ['"a": ! role:x', 1, /must be in quotes/],
  ['"a": null', 1, /put it in quotes/],
  ['"a": ~', 1, /put it in quotes/],
  ['"a": true', 1, /put it in quotes/],
  ['"a": 1', 1, /put it in quotes/],
  ['\n"a": |\n  role:x', 2, /must be in quotes/],
  ['"a": >-\n  role:x', 1, /must be in quotes/],
  ['"a": &x role:x', 1, /must be in quotes/],
  ['"a": *x', 1, /must be in quotes/],
  ['"a": {"b": "c"}', 1, /must be in quotes/],
  ['"a": role:x: y', 1, /must be in quotes/],
  ['"a":\n  - role:x', 2, /must be in quotes/],
  ['"a":\n- role:x', 1, /value is missing/],
  ['"a":"role:x"', 1, /colon and a space/],
  ['"a" "role:x"', 1, /colon and a space/],
  ['a', 1, /colon and a space/],
  ['  "a": "@"', 1, /must not be indented|name is expected/],
  ['"a": "@"\n "b": "@"', 2, /must not be indented|name is expected/],
  ['"a": "role:x', 1, /closing "/],
  ['"a": "@"\n"b": "role:x\nrole:y"', 2, /closing "/],
  ["\n\n\n\n'a': 'role:x", 5, /closing '/],
  ['"a": "x" y', 1, /nothing is expected/],
  ['"a": "x"#y', 1, /nothing is expected/],
  ['"a": ["x"', 1, /, or \] is expected/],
  ['"a": [["x" "y"]]', 1, /, or \] is expected/],
  ['"a": [role:x]', 1, /quotes or a list/],
  ['"a": [[["x"]]]', 1, /text in quotes/],
  ['"a": "\\q"', 1, /\\q is not known/],
  ['"a": "\\u12"', 1, /four hexadecimal/],
  ['- a', 1, /name is expected/],
  ['["a"]', 1, /name is expected/],
  ['\t"a": "@"', 1, /name is expected/],
  ['"a": "@"\n---\n"b": "@"', 2, /name is expected/],
  ['{"a": "@"', 1, /, is expected/],
  ['{"a": "@",}', 1, /name in double quotes/],
  ['{"a": 1}', 1, /quotes or a list/],
  ['{"a": null}', 1, /quotes or a list/],
  ['{"a" "b"}', 1, /: is expected/],
  ['{}\n{}', 2, /nothing is expected after/],
]

for (const [text, line, message] of refused) {
  test(`refused: ${JSON.stringify(text)}`, () =>
    assert.throws(
      () => parsePolicyFile(text),
      (error) => error instanceof PolicyError && error.line === line && message.test(error.message),
    ))
}

test('a file of many megabytes is refused', () => {
  assert.throws(() => parsePolicyFile(' '.repeat(2_000_000)), PolicyError)
})

test('what JSON writes is read back, and any text is read or refused', () => {
  const check = fc.oneof(fc.string(), fc.array(fc.oneof(fc.string(), fc.array(fc.string()))))
  fc.assert(
    fc.property(fc.dictionary(fc.string(), check), (rules) => {
      assert.deepEqual(
        entries(JSON.stringify(rules)).map(([name, value]) => [name, value]),
        Object.entries(rules),
      )
    }),
  )
  const piece = fc.constantFrom(
    '"',
    "'",
    ':',
    ': ',
    ' ',
    '\n',
    '#',
    '[',
    ']',
    ',',
    'a',
    '{',
    '}',
    '-',
    '!',
    '\\',
    'role:x',
  )
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (text) => {
        try {
          parsePolicyFile(text)
        } catch (error) {
          assert.ok(error instanceof PolicyError && error.line !== undefined)
        }
      },
    ),
  )
})
