import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runCommandLine } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-engines-'))

async function tokenhouse(...argv: string[]) {
  const said = { out: '', err: '' }
  const exit = await runCommandLine(argv, () => Promise.reject(new Error('serves')), {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    env: {
      TOKENHOUSE_DATA_DIR: join(folder, 'var'),
      TOKENHOUSE_PASSWORD_HASH: 'bcrypt',
      TOKENHOUSE_BCRYPT_ROUNDS: '4',
    },
    cwd: folder,
  })
  return { exit, ...said }
}

describe('tokenhouse engine', () => {
  before(async () => {
    await tokenhouse('bootstrap')
    await tokenhouse('engine', 'create', 'shop', '--project', 'admin')
    await tokenhouse('engine', 'create', 'config', '--project', 'admin', '--spec-type', 'Nacos2')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('keys export writes for the owner alone, and never over files that are there', async () => {
    for (const [engine, files] of [
      ['shop', ['private.pem', 'public.pem', 'rbac.yaml', 'service-center.env']],
      ['config', ['nacos.properties']],
    ] as const) {
      const at = join(folder, `keys-${engine}`)
      assert.equal((await tokenhouse('engine', 'keys', 'export', engine, at)).exit, 0)
      assert.deepEqual(readdirSync(at).sort(), files)
      assert.equal(statSync(at).mode & 0o777, 0o700)
      for (const file of files) assert.equal(statSync(join(at, file)).mode & 0o777, 0o600, file)
      const again = await tokenhouse('engine', 'keys', 'export', engine, at)
      assert.equal(again.exit, 1)
      assert.match(again.err, /is not empty/)
    }
  })

  it('namespace puts one into an enterprise project, and lists those that were put', async () => {
    const put = ['engine', 'namespace', 'config', 'public', '--enterprise-project', 'ep-1', '--json']
    assert.deepEqual(JSON.parse((await tokenhouse(...put)).out), [
      { namespace: 'public', enterpriseProject: 'ep-1' },
    ])
    for (const wrong of [
      ['config', 'dev'],
      ['config', '../dev', '--enterprise-project', 'ep-1'],
      ['config', '--enterprise-project', 'ep-1'],
    ]) {
      assert.equal((await tokenhouse('engine', 'namespace', ...wrong)).exit, 2, wrong.join(' '))
    }
    const comb = await tokenhouse('engine', 'namespace', 'shop', 'dev', '--enterprise-project', 'ep-1')
    assert.equal(comb.exit, 1)
  })

  it('create and import-user say what is missing, check needs somebody to ask', async () => {
    assert.equal((await tokenhouse('engine', 'create', 'more')).exit, 2)
    assert.equal((await tokenhouse('engine', 'import-user', '--engine', 'shop')).exit, 2)
    assert.equal((await tokenhouse('engine', 'check', 'shop')).exit, 1)
    const far = ['engine', 'create', 'far', '--project', 'admin', '--address', 'http://169.254.169.254']
    const { exit, err } = await tokenhouse(...far)
    assert.equal(exit, 1)
    assert.match(err, /is not listed/)
  })
})
