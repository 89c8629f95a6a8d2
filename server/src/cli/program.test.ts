import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { newFernetKey } from '@tokenhouse/tokens'
import { newCertifiedKey } from '../methods/saml/self-signed.ts'
import { commands } from './commands.ts'
import { describeCommands, runCommandLine } from './program.ts'

interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-cli-'))
const dataDir = join(folder, 'var')
const quick = { TOKENHOUSE_PASSWORD_HASH: 'bcrypt', TOKENHOUSE_BCRYPT_ROUNDS: '4' }

async function tokenhouse(...argv: string[]): Promise<Ran> {
  let out = ''
  let err = ''
  const exit = await runCommandLine(argv, () => Promise.reject(new Error('serves')), {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    env: { TOKENHOUSE_DATA_DIR: dataDir, ...(argv.includes('--password-hash') ? {} : quick) },
    cwd: folder,
  })
  return { exit, out, err }
}

/** The data a command printed; fails with what it said when it did not exit as expected. */
async function dataOf(argv: readonly string[], exit = 0): Promise<unknown> {
  const ran = await tokenhouse(...argv, '--json')
  assert.equal(ran.exit, exit, ran.err)
  return JSON.parse(ran.out)
}

function secretFile(text: string): string {
  const file = join(folder, 'password')
  writeFileSync(file, `${text}\n`)
  return file
}

before(async () => {
  const usual = process.umask(0o077) // as main does
  assert.deepEqual(await dataOf(['bootstrap']), {
    passwordSet: true,
    credentials: join(dataDir, 'clouds.yaml'),
    authUrl: 'http://127.0.0.1:5000/v3',
  })
  process.umask(usual)
})
after(() => rmSync(folder, { recursive: true }))

describe('the command line', () => {
  it('exit 0 and help for every command, with examples', () => {
    const described = describeCommands()
    assert.deepEqual(
      described.map(({ name }) => name),
      commands.map(({ name }) => name),
    )
    for (const { name, help } of described) {
      assert.match(help, new RegExp(`^Usage: tokenhouse ${name} `), name)
      assert.match(help, /--data-dir <PATH>[\s\S]*--database-url <[\s\S]*Examples:\n {2}\$ tokenhouse /, name)
    }
  })

  it('exit 0 on --help of the program and of a family', async () => {
    assert.equal((await tokenhouse('--help')).exit, 0)
    assert.equal((await tokenhouse('keys', '--help')).exit, 0)
  })

  for (const argv of [
    [],
    ['nope'],
    ['keys'],
    ['keys', 'nope'],
    ['version', '--nope'],
    ['keys', 'export'],
    ['version', 'more'],
  ]) {
    it(`exit 2 when called as ${JSON.stringify(argv)}`, async () => {
      const { exit, out } = await tokenhouse(...argv)
      assert.deepEqual([exit, out], [2, ''])
    })
  }

  it('exit 2 names a setting that cannot be read', async () => {
    const { exit, err } = await tokenhouse('serve', '--insecure-http', 'no')
    assert.equal(exit, 2)
    assert.match(err, /^tokenhouse: --insecure-http must be true or false/)
  })

  it('exit 1 with a stack for a fault of ours', async () => {
    const { exit, err } = await tokenhouse('serve')
    assert.equal(exit, 1)
    assert.match(err, /^tokenhouse: serves\nError: serves\n {4}at /)
  })

  it('exit 1 in one line for data that is not there, and makes none', async () => {
    const { exit, err } = await tokenhouse('keys', 'list', '--data-dir', join(folder, 'elsewhere'))
    assert.equal(exit, 1)
    assert.match(err, /^tokenhouse: there is no database .*tokenhouse\.db: run tokenhouse bootstrap, .*\n$/)
    assert.equal(readdirSync(folder).includes('elsewhere'), false)
  })

  it('exit 1 in one line, without a stack, for data that cannot be used', async () => {
    const broken = join(folder, 'broken.db')
    writeFileSync(broken, 'x'.repeat(8192))
    const key = join(folder, 'short.key')
    writeFileSync(key, 'short')
    for (const [flag, reason] of [
      [['--database-url', `sqlite:${broken}`], `database ${broken} cannot be opened: file is not a database`],
      [['--root-key-file', key], `root key ${key} is not 32 bytes of base64url`],
    ] as const) {
      const { exit, err } = await tokenhouse('keys', 'list', ...flag)
      assert.deepEqual([exit, err], [1, `tokenhouse: ${reason}\n`])
    }
  })

  it('exit 1, without a stack, when its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w')
    const main = join(import.meta.dirname, '..', 'main.ts')
    const child = spawn(process.execPath, ['-C', 'development', main, 'version'], {
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    let err = ''
    child.stderr!.on('data', (chunk) => {
      err += chunk
    })
    assert.deepEqual(await once(child, 'close'), [1, null])
    assert.match(err, /^tokenhouse: cannot write the output: ENOSPC.*\n$/)
  })

  it('prints data as columns and as JSON', async () => {
    assert.match((await tokenhouse('version')).out, /^tokenhouse {2}\d+\.\d+\.\d+\nnode {8}\d+\.\d+\.\d+\n$/)
    assert.deepEqual(Object.keys((await dataOf(['version'])) as object), ['tokenhouse', 'node'])
  })
})

describe('bootstrap', () => {
  it('closes its files to others', () => {
    for (const name of ['clouds.yaml', 'openrc', 'token-request.json']) {
      assert.equal(statSync(join(dataDir, name)).mode & 0o777, 0o600, name)
    }
  })

  it('changes nothing the second time', async () => {
    const yaml = readFileSync(join(dataDir, 'clouds.yaml'), 'utf8')
    assert.equal(((await dataOf(['bootstrap'])) as { passwordSet: boolean }).passwordSet, false)
    assert.equal(readFileSync(join(dataDir, 'clouds.yaml'), 'utf8'), yaml)
  })

  it('keeps the address of a server on another port, unless it is told one', async () => {
    const elsewhere = 'http://127.0.0.1:5555/v3'
    await dataOf(['bootstrap', '--port', '5555'])
    assert.equal(((await dataOf(['bootstrap'])) as { authUrl: string }).authUrl, elsewhere)
    await dataOf(['bootstrap', '--reset-password'])
    for (const name of ['clouds.yaml', 'openrc']) {
      assert.ok(readFileSync(join(dataDir, name), 'utf8').includes(elsewhere), name)
    }
  })

  it('names no file with credentials where none is left', async () => {
    const file = join(dataDir, 'clouds.yaml')
    const yaml = readFileSync(file, 'utf8')
    rmSync(file)
    assert.equal(((await dataOf(['bootstrap'])) as { credentials: unknown }).credentials, null)
    writeFileSync(file, yaml, { mode: 0o600 })
  })

  it('gives a new password with --reset-password, and voids the tokens made before', async () => {
    const { token } = (await dataOf(['token', 'issue'])) as { token: string }
    await dataOf(['bootstrap', '--reset-password'])
    await dataOf(['token', 'inspect', token], 1)
    await dataOf(['token', 'issue'])
  })

  it('revokes a token, or with --chain its whole sign-in; exit 1 for what is no valid token', async () => {
    const { token } = (await dataOf(['token', 'issue'])) as { token: string }
    const { id, chain } = await dataOf(['token', 'inspect', token]).then((claims) => {
      const { auditIds } = claims as { auditIds: string[] }
      return { id: auditIds[0], chain: auditIds.at(-1) }
    })
    assert.deepEqual(await dataOf(['token', 'revoke', token]), { revoked: 'token', id })
    await dataOf(['token', 'inspect', token], 1)
    assert.equal((await tokenhouse('token', 'revoke', token)).exit, 1)
    const { token: next } = (await dataOf(['token', 'issue'])) as { token: string }
    const told = (await dataOf(['token', 'revoke', '--chain', next])) as { revoked: string; id: string }
    assert.equal(told.revoked, 'chain')
    assert.notEqual(told.id, chain)
    await dataOf(['token', 'inspect', next], 1)
  })

  it('keeps a password with every kind of quote readable to clients', async () => {
    const password = `"quote' \\ $HOME \`x\``
    await dataOf(['bootstrap', '--reset-password', '--admin-password-file', secretFile(password)])
    await dataOf(['token', 'issue'])
    const request = JSON.parse(readFileSync(join(dataDir, 'token-request.json'), 'utf8'))
    assert.equal(request.auth.identity.password.user.password, password)
    assert.match(
      readFileSync(join(dataDir, 'openrc'), 'utf8'),
      /^export OS_PASSWORD='"quote'\\'' \\ \$HOME `x`'$/m,
    )
  })

  it('exit 2 when no address can be told', async () => {
    assert.equal((await tokenhouse('bootstrap', '--port', '0')).exit, 2)
  })
})

describe('keys', () => {
  const fernet = async () =>
    ((await dataOf(['keys', 'list'])) as { purpose: string; id: string; role: string }[])
      .filter(({ purpose }) => purpose === 'fernet')
      .map(({ id, role }) => `${id} ${role}`)
      .sort()

  it('tells the keys of receipts as those of tokens', async () => {
    const listed = (await dataOf(['keys', 'list'])) as { purpose: string; id: string; role: string }[]
    const receipts = listed
      .filter(({ purpose }) => purpose === 'receipt')
      .map(({ id, role }) => `${id} ${role}`)
    assert.deepEqual(receipts.sort(), ['0 staged', '1 primary'])
  })

  it('rotates as Keystone does: the staged key becomes the primary one', async () => {
    assert.deepEqual(await fernet(), ['0 staged', '1 primary'])
    const { token } = (await dataOf(['token', 'issue'])) as { token: string }
    assert.equal((await tokenhouse('keys', 'rotate')).exit, 0)
    assert.deepEqual(await fernet(), ['0 staged', '1 secondary', '2 primary'])
    await dataOf(['token', 'inspect', token])
    await tokenhouse('keys', 'rotate')
    assert.deepEqual(await fernet(), ['0 staged', '2 secondary', '3 primary'])
    await dataOf(['token', 'inspect', token], 1)
  })

  it('exports to closed files and imports what was exported', async () => {
    const exported = join(folder, 'fernet-keys')
    assert.equal((await tokenhouse('keys', 'export', exported)).exit, 0)
    assert.deepEqual(readdirSync(exported).sort(), ['0', '2', '3'])
    assert.equal(statSync(join(exported, '3')).mode & 0o777, 0o600)
    const { token } = (await dataOf(['token', 'issue'])) as { token: string }
    await tokenhouse('keys', 'rotate', '--keep', '2')
    await dataOf(['token', 'inspect', token], 1)
    assert.equal((await tokenhouse('keys', 'import', exported)).exit, 0)
    await dataOf(['token', 'inspect', token])
  })

  it('exit 1 rather than mix exported keys with others', async () => {
    assert.equal((await tokenhouse('keys', 'export', folder)).exit, 1)
  })

  it('exit 1 on an import without keys, all keys kept', async () => {
    const before = await fernet()
    assert.equal((await tokenhouse('keys', 'import', dataDir)).exit, 1)
    assert.deepEqual(await fernet(), before)
  })

  it('exit 1 in one line on an import of what is no key, all keys kept', async () => {
    const before = await fernet()
    const broken = join(folder, 'broken-keys')
    mkdirSync(broken)
    for (const [name, text, reason] of [
      [
        '0',
        'garbage',
        /^tokenhouse: .*broken-keys\/0: a Fernet key is 32 bytes as 44 characters of base64url\n$/,
      ],
      ['00', newFernetKey(), /^tokenhouse: a key number occurs twice\n$/],
    ] as const) {
      writeFileSync(join(broken, name), text)
      const { exit, err } = await tokenhouse('keys', 'import', broken)
      assert.equal(exit, 1)
      assert.match(err, reason)
      writeFileSync(join(broken, '0'), newFernetKey())
    }
    assert.deepEqual(await fernet(), before)
  })

  for (const argv of [
    ['rotate', 'rsa'],
    ['rotate', '--keep', '1'],
    ['rotate', '--keep', 'all'],
  ]) {
    it(`exit 2 on keys ${argv.join(' ')}`, async () =>
      assert.equal((await tokenhouse('keys', ...argv)).exit, 2))
  }
})

describe('token', () => {
  it('tells what a token holds', async () => {
    const { token } = (await dataOf(['token', 'issue', '--system'])) as { token: string }
    const said = (await dataOf(['token', 'inspect', token])) as Record<string, unknown>
    assert.deepEqual(
      [said['valid'], said['methods'], said['scope']],
      [true, ['password'], { kind: 'system' }],
    )
  })

  it('exit 1 for a text that is no token', async () => {
    assert.equal(((await dataOf(['token', 'inspect', 'gAAAAA'], 1)) as { valid: boolean }).valid, false)
  })

  it('exit 2 for two scopes, and for a user without a password', async () => {
    assert.equal((await tokenhouse('token', 'issue', '--system', '--unscoped')).exit, 2)
    assert.equal((await tokenhouse('token', 'issue', '--user', 'admin')).exit, 2)
  })
})

describe('user, project, role', () => {
  it('makes a user who signs in on a project once granted a role', async () => {
    const file = secretFile('correct horse')
    const login = ['token', 'issue', '--user', 'bob', '--password-file', file, '--project', 'web']
    await dataOf(['user', 'create', 'bob', '--password-file', file])
    await dataOf(['project', 'create', 'web'])
    assert.equal((await tokenhouse(...login)).exit, 1)
    await dataOf(['role', 'grant', 'member', '--user', 'bob', '--project', 'web'])
    const { token } = (await dataOf(login)) as { token: string }
    const shown = (await dataOf(['user', 'show', 'bob'])) as { password?: string }
    assert.equal(shown.password, undefined)

    await dataOf(['user', 'set-password', 'bob', '--password-file', secretFile('another one')])
    await dataOf(['token', 'inspect', token], 1)
    await dataOf(login)
  })

  it('prints a random password once', async () => {
    const { password } = (await dataOf(['user', 'create', 'eve'])) as { password: string }
    assert.match(password, /^[\w-]{24}$/)
  })

  it('exit 1 for what exists already or does not exist', async () => {
    for (const argv of [
      ['user', 'create', 'admin'],
      ['project', 'create', 'admin'],
      ['user', 'show', 'nobody'],
      ['project', 'show', 'nothing'],
      ['role', 'grant', 'emperor', '--user', 'admin', '--system'],
      ['user', 'create', 'x', '--domain', 'nowhere'],
    ]) {
      const { exit, err } = await tokenhouse(...argv)
      assert.equal(exit, 1, argv.join(' '))
      assert.equal(err.split('\n').length, 2, err)
    }
  })

  it('exit 2 for a grant on nothing or on two things', async () => {
    assert.equal((await tokenhouse('role', 'grant', 'member', '--user', 'admin')).exit, 2)
    assert.equal(
      (await tokenhouse('role', 'grant', 'member', '--user', 'admin', '--system', '--project', 'admin')).exit,
      2,
    )
    assert.equal((await tokenhouse('role', 'grant', 'member', '--system')).exit, 2)
  })

  it('lists the users and projects of one domain', async () => {
    await dataOf(['user', 'create', 'lee'])
    await dataOf(['project', 'create', 'zoo'])
    const names = async (kind: string, domain: string) =>
      ((await dataOf([kind, 'list', '--domain', domain])) as { name: string }[]).map(({ name }) => name)
    const users = await names('user', 'Default')
    assert.deepEqual(users, users.toSorted())
    assert.ok(users.includes('admin') && users.includes('lee'))
    assert.ok((await names('project', 'default')).includes('zoo'))
    assert.equal((await tokenhouse('user', 'list', '--domain', 'nowhere')).exit, 1)
  })

  it('lists the roles and what each implies', async () => {
    const roles = (await dataOf(['role', 'list'])) as { name: string; implies: string }[]
    assert.deepEqual(
      roles.map(({ name, implies }) => `${name}: ${implies}`),
      [
        ...['admin: manager', 'manager: member', 'member: reader', 'reader: ', 'readonly: '],
        ...['secu_admin: ', 'service: ', 'te_admin: ', 'te_agency: '],
      ],
    )
  })
})

describe('agencies and access keys', () => {
  it('makes a key once, an agency with a grant, and draws who may act', async () => {
    const key = (await dataOf(['access-key', 'create', '--user', 'admin'])) as Record<string, string>
    assert.deepEqual(Object.keys(key), ['access', 'secret'])
    const keys = (await dataOf(['access-key', 'list', '--user', 'admin'])) as { access: string }[]
    assert.deepEqual(
      keys.map(({ access }) => access),
      [key['access']],
    )
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    writeFileSync(join(folder, 'pair.pem'), publicKey)
    const pair = await dataOf([
      'access-key',
      'create',
      '--user',
      'admin',
      '--public-key',
      join(folder, 'pair.pem'),
    ])
    const { access, bits, fingerprint } = pair as { access: string; bits: number; fingerprint: string }
    assert.match(access, /^HPUA/)
    assert.equal(bits, 2048)
    assert.match(fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/)
    const listed = (await dataOf(['access-key', 'list', '--user', 'admin'])) as { description: string }[]
    assert.ok(listed.some(({ description }) => description === `RSA 2048 ${fingerprint}`))
    const made = await dataOf(['agency', 'create', 'ops', '--trust', 'Default', '--days', '2'])
    assert.equal((made as { trusts: string }).trusts, 'Default')
    await dataOf(['agency', 'grant', 'te_admin', '--agency', 'ops', '--all-projects'])
    const [edge] = (await dataOf(['delegation', 'graph'])) as { agents: string[]; grants: unknown[] }[]
    assert.deepEqual(edge?.agents, ['admin'])
    assert.deepEqual(edge?.grants, [{ role: 'te_admin', on: 'all projects of Default' }])
    assert.equal(((await dataOf(['agency', 'list'])) as unknown[]).length, 1)
    const shown = (await dataOf(['agency', 'show', 'ops'])) as Record<string, string>
    assert.equal(shown['may'], 'te_admin on all projects of Default')
    assert.equal((await tokenhouse('agency', 'grant', 'admin', '--agency', 'ops', '--on-account')).exit, 1)
    await dataOf(['agency', 'create', 'two\n  └ may: admin', '--trust', 'Default'])
    const picture = (await tokenhouse('delegation', 'graph')).out
    assert.ok(picture.includes('(agency two\\u000a  └ may: admin)'), picture)
  })
})

describe('policy', () => {
  const policyFile = (yaml: string): string => {
    const file = join(folder, 'policy.yaml')
    writeFileSync(file, yaml)
    return file
  }

  it('lists the rules in force, the changed ones by their line', async () => {
    const file = policyFile('# ours\n"identity:list_users": "role:auditor"\n')
    const all = (await dataOf(['policy', 'list', '--policy-file', file])) as unknown[]
    assert.ok(all.length > 100)
    assert.deepEqual(await dataOf(['policy', 'list', '--changed', '--policy-file', file]), [
      { name: 'identity:list_users', scopes: 'system domain project', from: 'line 2', check: 'role:auditor' },
    ])
  })

  it('exit 1 names rules that do not exist, exit 0 when all do', async () => {
    const misspelt = policyFile('"identity:list_user": "role:auditor"\n')
    assert.deepEqual(await dataOf(['policy', 'check', '--policy-file', misspelt], 1), {
      replaced: 1,
      unknown: ['identity:list_user'],
    })
    const right = policyFile('"identity:list_users": "role:auditor"\n')
    assert.deepEqual(await dataOf(['policy', 'check', '--policy-file', right]), { replaced: 1, unknown: [] })
  })

  it('exit 2 for a file that cannot be read or understood, with the line', async () => {
    for (const command of [
      ['policy', 'check'],
      ['policy', 'list'],
    ]) {
      const { exit, err } = await tokenhouse(
        ...command,
        '--policy-file',
        policyFile('\n"identity:x": "role"\n'),
      )
      assert.equal(exit, 2)
      assert.match(err, /^tokenhouse: policy-file .*policy\.yaml: line 2: /)
    }
    assert.equal((await tokenhouse('policy', 'check', '--policy-file', '/nowhere')).exit, 2)
    assert.equal((await tokenhouse('policy', 'check')).exit, 2)
  })
})

describe('doctor and migrate', () => {
  const verdicts = async (exit: number, ...argv: string[]) =>
    (
      (await dataOf(
        [
          'doctor',
          '--port',
          '0',
          '--huawei-port',
          '0',
          '--alibaba-port',
          '0',
          '--engine-port',
          '0',
          '--admin-port',
          '0',
          ...argv,
        ],
        exit,
      )) as { check: string; verdict: string }[]
    ).map(({ check, verdict }) => `${check} ${verdict}`)

  it('exit 0 when nothing is wrong', async () => {
    const wrong = (await verdicts(0)).filter((verdict) => !verdict.endsWith(' ok'))
    assert.deepEqual(wrong, [])
  })

  it('exit 1 when a file with secrets is open to others', async () => {
    const file = join(dataDir, 'openrc')
    chmodSync(file, 0o644)
    assert.ok((await verdicts(1)).includes('files fault'))
    chmodSync(file, 0o600)
  })

  it('exit 1 when alibaba.json is open to others', async () => {
    const file = join(dataDir, 'alibaba.json')
    writeFileSync(file, '{}')
    chmodSync(file, 0o644)
    assert.ok((await verdicts(1)).includes('files fault'))
    rmSync(file)
  })

  it('tells of settings of the Nacos face that do nothing, or not what was meant', async () => {
    const told = async (exit: number, ...argv: string[]) =>
      (await verdicts(exit, ...argv)).filter((verdict) => verdict.startsWith('registry'))
    assert.deepEqual(await told(0), ['registry ok'])
    const fine = ['--host', '127.0.0.1', '--nacos-port', '0', '--address-port', '8080']
    assert.deepEqual(await told(0, ...fine), ['registry ok'])
    for (const argv of [
      ['--nacos-upstream', 'http://10.0.0.5:8848/nacos'],
      ['--nacos-port', '0', '--nacos-upstream-identity', 'serverIdentity:x'],
      ['--nacos-servers', '10.0.0.5:8848'],
      ['--nacos-port', '0', '--address-port', '8081'],
      ['--address-port', '8080'],
    ]) {
      assert.deepEqual(await told(0, ...argv), ['registry warning'], argv.join(' '))
    }
    for (const argv of [
      ['--address-port', '8080', '--nacos-servers', '10.0.0.5'],
      ['--nacos-upstream', 'http://10.0.0.5:8848', '--nacos-upstream-identity', 'secret'],
    ]) {
      assert.deepEqual(await told(1, ...argv), ['registry fault'], argv.join(' '))
    }
  })

  it('exit 1 when the root key is another one', async () => {
    const other = join(folder, 'other.key')
    writeFileSync(other, `${Buffer.alloc(32, 7).toString('base64url')}\n`, { mode: 0o600 })
    assert.ok((await verdicts(1, '--root-key-file', other)).includes('database fault'))
  })

  it('exit 1 without data, none made', async () => {
    assert.ok((await verdicts(1, '--data-dir', join(folder, 'empty'))).includes('folder fault'))
    assert.equal(readdirSync(folder).includes('empty'), false)
  })

  it('exit 0 when no migration is pending, 1 on a new database', async () => {
    assert.deepEqual(await dataOf(['migrate', '--check']), { pending: [] })
    const url = `sqlite:${join(folder, 'new.db')}`
    assert.notDeepEqual(await dataOf(['migrate', '--check', '--database-url', url], 1), { pending: [] })
    await dataOf(['migrate', '--database-url', url])
    assert.deepEqual(await dataOf(['migrate', '--check', '--database-url', url]), { pending: [] })
  })

  it('makes nothing by looking for migrations', async () => {
    const missing = join(folder, 'never-made')
    assert.notDeepEqual(await dataOf(['migrate', '--check', '--data-dir', missing], 1), { pending: [] })
    assert.equal(existsSync(missing), false)
  })

  it('exit 1 where the certificate has expired', async () => {
    const { privateKey, certificate } = await newCertifiedKey('tokenhouse', Date.UTC(2000) * 1000)
    const [tlsCert, tlsKey] = [join(folder, 'old.crt'), join(folder, 'old.key')]
    writeFileSync(tlsKey, privateKey, { mode: 0o600 })
    writeFileSync(tlsCert, `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`)
    assert.ok((await verdicts(1, '--tls-cert', tlsCert, '--tls-key', tlsKey)).includes('settings fault'))
  })

  it('tells of authentication methods that nobody signs in by', async () => {
    assert.ok((await verdicts(0, '--auth-methods', 'password,kerberos')).includes('settings warning'))
  })
})

describe('what an operator gets wrong', () => {
  it('exit 1 for a folder that nothing can make', async () => {
    for (const argv of [
      ['keys', 'export', '/proc/tokenhouse/keys'],
      ['bootstrap', '--data-dir', '/proc/tokenhouse/var'],
      ['keys', 'export', '/dev/null/keys'],
    ]) {
      assert.equal((await tokenhouse(...argv)).exit, 1, argv.join(' '))
    }
  })

  it('exit 2 for names that the API would refuse', async () => {
    for (const argv of [
      ['user', 'create', ''],
      ['user', 'create', ' '],
      ['user', 'create', 'x'.repeat(256)],
      ['project', 'create', ''],
      ['project', 'create', 'x'.repeat(65)],
      ['agency', 'create', '', '--trust', 'Default'],
    ]) {
      assert.equal((await tokenhouse(...argv)).exit, 2, argv.join(' '))
    }
  })

  it('exit 2 for an agency that lasts beyond what dates can say', async () => {
    const ran = await tokenhouse('agency', 'create', 'long', '--trust', 'Default', '--days', '99999999999')
    assert.equal(ran.exit, 2)
    assert.equal((await tokenhouse('agency', 'show', 'long')).exit, 1)
  })

  it('exit 1 for an empty database beside a root key: what was in it is lost, and no new cloud hides that', async () => {
    const emptied = join(folder, 'emptied')
    mkdirSync(emptied, { mode: 0o700 })
    writeFileSync(join(emptied, 'tokenhouse.db'), '')
    writeFileSync(join(emptied, 'root.key'), readFileSync(join(dataDir, 'root.key')), { mode: 0o600 })
    for (const argv of [['bootstrap'], ['user', 'list']]) {
      const { exit, err } = await tokenhouse(...argv, '--data-dir', emptied)
      assert.equal(exit, 1)
      assert.match(err, /is empty, and there is a root key/)
    }
    rmSync(join(emptied, 'tokenhouse.db'))
    assert.equal((await tokenhouse('bootstrap', '--data-dir', emptied)).exit, 0)
  })

  it('exit 1 and one line about a PostgreSQL that cannot be used', async (t) => {
    const withoutTls = createServer((socket) => socket.once('data', () => socket.end('N')))
    t.after(() => withoutTls.close())
    withoutTls.listen(0, '127.0.0.1')
    await once(withoutTls, 'listening')
    const { port } = withoutTls.address() as AddressInfo
    const url = `postgres://somebody@127.0.0.1:${port}/tokenhouse?sslmode=verify-full`
    const { exit, err } = await tokenhouse('user', 'list', '--database-url', url)
    assert.equal(exit, 1)
    assert.match(err, /^tokenhouse: PostgreSQL cannot be used: .*SSL.*\n$/)
  })
})
