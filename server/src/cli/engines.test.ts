import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
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

after(() => rmSync(folder, { recursive: true, force: true }))

describe('Nacos default token.secret.key (QVD-2023-6271, issues #9830 and #10060)', () => {
  const dataDir = join(folder, 'keyless')
  const rootKey = join(dataDir, 'root.key')
  before(async () => {
    await tokenhouse('bootstrap', '--data-dir', dataDir)
    await tokenhouse(
      'engine',
      'create',
      'config',
      '--project',
      'admin',
      '--spec-type',
      'Nacos2',
      '--data-dir',
      dataDir,
    )
  })

  it('the service does not start without its root key', async () => {
    rmSync(rootKey)
    const main = fileURLToPath(new URL('../main.ts', import.meta.url))
    // A port that is taken ends it as well, if nothing else does.
    const taken = createServer()
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
    const port = String((taken.address() as AddressInfo).port)
    const args = ['-C', 'development', main, 'serve', '--data-dir', dataDir, '--port', port]
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    taken.close()
    assert.equal(status, 1)
    assert.match(stderr, /root key missing/)
  })

  for (const [what, key, why] of [
    ['no root key', undefined, /root key missing/],
    ['an empty one', '', /root key .* is not 32 bytes/],
    ['one of null bytes', Buffer.alloc(32).toString('base64url'), /root key .* is no secret/],
    ['one of another byte', Buffer.alloc(32, 'a').toString('base64url'), /root key .* is no secret/],
    ['one that is too short', Buffer.alloc(31, 'a').toString('base64url'), /root key .* is not 32 bytes/],
  ] as const) {
    it(`${what}: nothing is opened, and no other key is made`, async () => {
      rmSync(rootKey, { force: true })
      if (key !== undefined) writeFileSync(rootKey, key)
      const { exit, err } = await tokenhouse('engine', 'list', '--data-dir', dataDir)
      assert.equal(exit, 1)
      assert.match(err, why)
      assert.equal(existsSync(rootKey) ? readFileSync(rootKey, 'utf8') : undefined, key)
    })
  }

  it('another root key: engines have no key that could be told or signed with', async () => {
    writeFileSync(rootKey, randomBytes(32).toString('base64url'))
    const at = join(folder, 'other')
    const { exit } = await tokenhouse('engine', 'keys', 'export', 'config', at, '--data-dir', dataDir)
    assert.equal(exit, 1)
    assert.deepEqual(existsSync(at) ? readdirSync(at) : [], [])
  })
})

describe('tokenhouse engine', () => {
  before(async () => {
    await tokenhouse('bootstrap')
    await tokenhouse('engine', 'create', 'shop', '--project', 'admin')
    await tokenhouse('engine', 'create', 'config', '--project', 'admin', '--spec-type', 'Nacos2')
  })

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

  it('create takes how long tokens live at most, and import-user no namespace where there are none', async () => {
    const create = (life: string) =>
      tokenhouse('engine', 'create', 'brief', '--project', 'admin', '--max-token-life', life)
    for (const life of ['59', '86401', 'long']) assert.equal((await create(life)).exit, 1, life)
    assert.equal((await create('60')).exit, 0)
    const user = ['--engine', 'brief', '--user', 'bob', '--role', 'developer']
    const [password, iam] = [join(folder, 'bob'), join(folder, 'iam')]
    writeFileSync(password, JSON.parse((await tokenhouse('user', 'create', 'bob', '--json')).out).password)
    await tokenhouse('role', 'grant', 'member', '--user', 'bob', '--project', 'admin')
    const whole = ['--user', 'bob', '--project', 'admin', '--password-file', password, '--json']
    writeFileSync(iam, JSON.parse((await tokenhouse('token', 'issue', ...whole)).out).token)
    const elsewhere = await tokenhouse('engine', 'import-user', ...user, '--namespace', 'dev')
    assert.equal(elsewhere.exit, 1)
    assert.equal((await tokenhouse('engine', 'import-user', ...user)).exit, 0)
    const { out } = await tokenhouse('engine', 'token', 'brief', '--token-file', iam, '--json')
    const { exp } = JSON.parse(Buffer.from(JSON.parse(out).token.split('.')[1], 'base64url').toString())
    assert.ok(exp * 1000 <= Date.now() + 60_000)
  })
})
