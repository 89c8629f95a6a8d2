import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  chosenAdminPassword,
  describeSettings,
  loadSettings,
  refusePlainHttp,
  SettingsError,
} from './config.ts'

const refused = (setting: string, reason: RegExp) => (error: unknown) => {
  assert(error instanceof SettingsError)
  assert.equal(error.setting, setting)
  assert.match(error.message, reason)
  return true
}

function configFile(t: TestContext, toml: string): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'tokenhouse.toml')
  writeFileSync(file, toml)
  return { folder, file }
}

describe('loadSettings', () => {
  it('gives the defaults, with paths below the working folder', () => {
    const settings = loadSettings({ cwd: '/srv' })
    assert.equal(settings.dataDir, '/srv/var')
    assert.equal(settings.databaseUrl, 'sqlite:/srv/var/tokenhouse.db')
    assert.equal(settings.port, 5000)
    assert.equal(settings.tokenTtl, 3600)
    assert.equal(settings.lockoutFailureAttempts, 0)
    assert.equal(settings.adminPassword, undefined)
  })

  it('lets a flag win over the environment, that over the file, that over the default', (t) => {
    const { file } = configFile(t, 'port = 1\nhuawei-port = 1\nalibaba-port = 1\n')
    const settings = loadSettings({
      flags: { port: '3', config: file },
      env: { TOKENHOUSE_PORT: '2', TOKENHOUSE_HUAWEI_PORT: '2' },
    })
    assert.deepEqual(
      [settings.port, settings.huaweiPort, settings.alibabaPort, settings.adminPort],
      [3, 2, 1, 5009],
    )
  })

  it('reads the file that TOKENHOUSE_CONFIG names, its paths relative to itself', (t) => {
    const { folder, file } = configFile(t, 'data-dir = "data"\ntrusted-proxies = ["10.0.0.1", "10.0.0.2"]\n')
    const settings = loadSettings({ env: { TOKENHOUSE_CONFIG: file }, cwd: '/' })
    assert.equal(settings.databaseUrl, `sqlite:${join(folder, 'data', 'tokenhouse.db')}`)
    assert.deepEqual(settings.trustedProxies, ['10.0.0.1', '10.0.0.2'])
  })

  it('takes 0 and off for ports', () => {
    const settings = loadSettings({ env: { TOKENHOUSE_PORT: '0', TOKENHOUSE_ADMIN_PORT: 'off' } })
    assert.deepEqual([settings.port, settings.adminPort], [0, 'off'])
  })

  it('takes methods of other servers that share keys, and none that would leave nobody a way in or no bit', () => {
    const given = (authMethods: string) => loadSettings({ flags: { authMethods } }).authMethods
    assert.deepEqual(given('external,password, kerberos'), ['external', 'password', 'kerberos'])
    for (const wrong of [
      'foo',
      ',',
      'password,token,password',
      'password,ec2credential',
      'password,to ken',
    ]) {
      assert.throws(() => given(wrong), SettingsError, wrong)
    }
    const many = ['password', ...Array.from({ length: 32 }, (_, at) => `other${at}`)].join(',')
    assert.throws(() => given(many), SettingsError)
  })

  it('ignores the environment of other programs', () => {
    assert.equal(loadSettings({ env: { PORT: '9', OS_PASSWORD: 'x' } }).port, 5000)
  })

  const unknown: [string, Parameters<typeof loadSettings>[0], string][] = [
    ['variable', { env: { TOKENHOUSE_PROT: '1' } }, 'TOKENHOUSE_PROT'],
    ['flag', { flags: { databaseUri: 'sqlite:x' } }, '--database-uri'],
  ]
  for (const [kind, sources, name] of unknown) {
    it(`refuses an unknown ${kind} by name`, () => {
      assert.throws(() => loadSettings(sources), refused(name, /is no setting; (port|database-url) is one/))
    })
  }

  it('refuses an unknown key, another spelling and a section of the config file by name', (t) => {
    for (const [toml, key] of [
      ['lockout = 3', 'lockout'],
      ['dataDir = "x"', 'dataDir'],
      ['[security]\nport = 1', 'security'],
    ]) {
      const { file } = configFile(t, `${toml}\n`)
      assert.throws(
        () => loadSettings({ flags: { config: file } }),
        refused(`${key} in ${file}`, /is no setting/),
      )
    }
  })

  it('tells where a config file is no TOML, and none of its lines', (t) => {
    const { file } = configFile(t, 'port = 1\nadmin-password = "SECRET\ntoken-ttl = 1\n')
    assert.throws(
      () => loadSettings({ flags: { config: file } }),
      (error: Error) => {
        assert.match(error.message, /cannot be used: line 2, column \d+: Invalid TOML document: [^\n]+$/)
        return !error.message.includes('SECRET')
      },
    )
  })

  it('refuses an empty name of a config file', () => {
    assert.throws(() => loadSettings({ env: { TOKENHOUSE_CONFIG: '' } }), refused('config', /is empty/))
  })

  for (const word of ['False', 'True', '0', '1', 'no', 'off', 'yes', '']) {
    it(`CVE-2014-7144, CVE-2015-1852: refuses ${JSON.stringify(word)} for a boolean`, () => {
      const name = 'TOKENHOUSE_INSECURE_HTTP'
      assert.throws(() => loadSettings({ env: { [name]: word } }), refused(name, /true or false|is empty/))
    })
  }

  const malformed: [string, string][] = [
    ['TOKENHOUSE_PORT', '65536'],
    ['TOKENHOUSE_PORT', '-1'],
    ['TOKENHOUSE_TOKEN_TTL', '0'],
    ['TOKENHOUSE_TOKEN_TTL', '1h'],
    ['TOKENHOUSE_TOKEN_TTL', '1e3'],
    ['TOKENHOUSE_BCRYPT_ROUNDS', '3'],
    ['TOKENHOUSE_PASSWORD_HASH', 'md5'],
    ['TOKENHOUSE_PASSWORD_REGEX', '('],
    ['TOKENHOUSE_PUBLIC_URL', 'ftp://x'],
    ['TOKENHOUSE_PUBLIC_URL', 'http://user:secret@x'],
    ['TOKENHOUSE_DATABASE_URL', 'mysql://x'],
    ['TOKENHOUSE_DATABASE_URL', 'postgres://u:secret@[/x'],
    ['TOKENHOUSE_TRUSTED_PROXIES', 'proxy'],
    ['TOKENHOUSE_TRUSTED_PROXIES', '10.0.0.1,10.0.0.0/33'],
    ['TOKENHOUSE_TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['TOKENHOUSE_TRUSTED_PROXIES', '10.0.0.0/'],
    ['TOKENHOUSE_DATA_DIR', 'a\0b'],
  ]
  for (const [name, text] of malformed) {
    it(`refuses ${JSON.stringify(text)} for ${name}`, () => {
      assert.throws(() => loadSettings({ env: { [name]: text } }), refused(name, /must be|is no|NUL/))
    })
  }

  it('never prints a secret that it refuses', () => {
    const secret = 'mysql://root:hunter2@db/x'
    assert.throws(
      () => loadSettings({ env: { TOKENHOUSE_DATABASE_URL: secret } }),
      (error: Error) => !error.message.includes('hunter2'),
    )
  })

  it('refuses a config file that is missing or no TOML', (t) => {
    const { file } = configFile(t, 'port = = 1\n')
    for (const config of [file, '/nowhere/tokenhouse.toml']) {
      assert.throws(
        () => loadSettings({ flags: { config } }),
        refused(`config file ${config}`, /cannot be used/),
      )
    }
  })
})

describe('addresses', () => {
  for (const url of [
    'postgres://u:p%40@db.example:5432/x?sslmode=require',
    'postgresql:///x?host=/run/postgresql',
    'postgres://u:p@/x?host=/run/postgresql',
    'postgres://u@[::1]/x y',
  ]) {
    it(`takes ${url}`, () => assert.equal(loadSettings({ flags: { databaseUrl: url } }).databaseUrl, url))
  }

  it('takes addresses and networks of proxies', () => {
    const { trustedProxies } = loadSettings({
      flags: { trustedProxies: '10.0.0.1, 10.0.0.0/8,::1,fd00::/8' },
    })
    assert.deepEqual(trustedProxies, ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'])
  })
})

describe('refusePlainHttp', () => {
  const allowed = {
    loopback: {},
    'another loopback address': { host: '127.1.2.3' },
    'loopback in IPv6': { host: '::1' },
    TLS: { host: '0.0.0.0', tlsCert: 'c.pem', tlsKey: 'k.pem' },
    'trusted proxies': { host: '0.0.0.0', trustedProxies: '10.0.0.1' },
    'the word of the operator': { host: '0.0.0.0', insecureHttp: true },
  }
  for (const [name, flags] of Object.entries(allowed)) {
    it(`allows ${name}`, () => refusePlainHttp(loadSettings({ flags })))
  }

  for (const host of ['0.0.0.0', '::', '192.0.2.1', '127.example.com', 'keystone.example.com']) {
    it(`refuses plain HTTP on ${host}`, () => {
      assert.throws(() => refusePlainHttp(loadSettings({ flags: { host } })), refused('host', /not loopback/))
    })
  }

  it('refuses a certificate without its key, and the reverse', () => {
    assert.throws(
      () => refusePlainHttp(loadSettings({ flags: { tlsCert: 'c' } })),
      refused('tls-key', /is missing/),
    )
    assert.throws(
      () => refusePlainHttp(loadSettings({ flags: { tlsKey: 'k' } })),
      refused('tls-cert', /is missing/),
    )
  })
})

describe('chosenAdminPassword', () => {
  it('reads the file without its last line end', (t) => {
    const { file } = configFile(t, ' pass word \n')
    assert.equal(chosenAdminPassword(loadSettings({ flags: { adminPasswordFile: file } })), ' pass word ')
  })

  it('refuses both settings at once, an empty file and a missing one', (t) => {
    const { file } = configFile(t, '\n')
    for (const flags of [
      { adminPasswordFile: file, adminPassword: 'x' },
      { adminPasswordFile: file },
      { adminPasswordFile: `${file}.missing` },
    ]) {
      assert.throws(
        () => chosenAdminPassword(loadSettings({ flags })),
        refused('admin-password-file', /both|empty|read/),
      )
    }
  })
})

describe('describeSettings', () => {
  it('keeps the names that scripts rely on', () => {
    const names = new Map(describeSettings().map((row) => [row.flag, row.env]))
    for (const flag of [
      'data-dir',
      'host',
      'port',
      'database-url',
      'admin-password',
      'admin-password-file',
      'public-url',
      'huawei-port',
      'alibaba-port',
      'engine-port',
      'admin-port',
      'tls-cert',
      'tls-key',
      'trusted-proxies',
      'insecure-http',
      'lockout-failure-attempts',
      'lockout-duration',
      'unique-last-password-count',
    ]) {
      assert.equal(names.get(`--${flag}`), `TOKENHOUSE_${flag.replaceAll('-', '_').toUpperCase()}`)
    }
  })
})
