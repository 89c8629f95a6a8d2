import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runCommandLine } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-mapping-'))

async function mappingTest(...argv: string[]) {
  let out = ''
  let err = ''
  const exit = await runCommandLine(['mapping', 'test', ...argv], () => Promise.reject(new Error('serves')), {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    env: { TOKENHOUSE_DATA_DIR: join(folder, 'var') },
    cwd: folder,
  })
  return { exit, out, err }
}

const file = (name: string, value: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}

describe('tokenhouse mapping test', () => {
  let rules = ''
  before(() => {
    rules = file('rules.json', {
      mapping: {
        rules: [
          { local: [{ user: { name: '{0}' } }], remote: [{ type: 'sub' }] },
          { local: [{ group: { id: 'g' } }], remote: [{ type: 'kind', not_any_of: ['robot'] }] },
        ],
      },
    })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('says who comes out of rules in a file, without a database', async () => {
    const { exit, out } = await mappingTest(
      '--rules',
      rules,
      '--claims',
      file('bob.json', { sub: 'bob', kind: 'robot' }),
      '--json',
    )
    assert.equal(exit, 0)
    const { admitted, user, groups, rules: outcomes } = JSON.parse(out)
    assert.deepEqual([admitted, user.name, groups], [true, 'bob', []])
    assert.deepEqual(outcomes[1], { rule: 1, applies: false, unmet: { remote: 0, type: 'kind' } })
  })

  it('tells people which rule applies, and exits 1 when nobody is admitted', async () => {
    const { exit, out } = await mappingTest(
      '--rules',
      rules,
      '--assertion',
      file('no.json', { kind: 'robot' }),
    )
    assert.equal(exit, 1)
    assert.match(out, /admitted +false\nreason +no rule applies\n/)
    assert.match(out, /0 does not: remote entry 0 \(sub\); 1 does not: remote entry 0 \(kind\)/)
  })

  it('refuses what it cannot read, and half a question', async () => {
    const said = file('said.json', {})
    assert.equal((await mappingTest('--assertion', said)).exit, 2)
    assert.equal((await mappingTest('--rules', rules)).exit, 2)
    assert.equal((await mappingTest('--rules', rules, '--mapping', 'm', '--claims', said)).exit, 2)
    const bad = await mappingTest('--rules', file('bad.json', [{ local: [] }]), '--claims', said)
    assert.equal(bad.exit, 1)
    assert.match(bad.err, /'remote' is a required property/)
    assert.equal((await mappingTest('--rules', file('text.json', '{'), '--claims', said)).exit, 1)
    assert.equal((await mappingTest('--rules', join(folder, 'absent.json'), '--claims', said)).exit, 1)
    assert.match((await mappingTest('--mapping', 'm', '--claims', said)).err, /no database/)
  })
})
