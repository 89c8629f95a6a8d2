import assert from 'node:assert/strict'
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { buildEngineVerifier, createEngineVerifier, createNacosVerifier } from './engine-verifier.ts'

/**
 * The recorded verdicts are those of service-center's and Nacos' own code (golang-jwt 3.2.2 in go-chassis 2.7.1;
 * NacosJwtParser of 3.x). Ours may be stricter where a row says so, never laxer.
 */
const rowsOf = (file: string): readonly (readonly [string, string])[] =>
  readFileSync(new URL(`../test/servicecomb/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as unknown as readonly [string, string])

const now = 1_800_000_000
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const ed = generateKeyPairSync('ed25519')
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const part = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

interface Made {
  readonly header?: object
  readonly claims?: object | string
  readonly signer?: (data: Buffer) => Buffer
}

const rs =
  (hash: string, key: KeyObject = rsa.privateKey) =>
  (data: Buffer) =>
    sign(hash, data, key)
const ROOT = { account: 'root', exp: now + 3600, roles: ['admin'] }

function made({
  header = { alg: 'RS512', typ: 'JWT' },
  claims = ROOT,
  signer = rs('sha512'),
}: Made = {}): string {
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${signer(Buffer.from(signed)).toString('base64url')}`
}

const claiming = (claims: object): string => made({ claims: { ...ROOT, ...claims } })
const { account: _account, ...noAccount } = ROOT
const { exp: _exp, ...noExp } = ROOT
const { roles: _roles, ...noRoles } = ROOT
const pss = (data: Buffer) =>
  sign('sha512', data, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 })

/** A sample for every row; `stricter`: service-center lets it in and we do not. */
const samples: Readonly<Record<string, { readonly token: string; readonly stricter?: true }>> = {
  canonical: { token: made() },
  'alg RS256': {
    token: made({ header: { alg: 'RS256', typ: 'JWT' }, signer: rs('sha256') }),
    stricter: true,
  },
  'alg RS384': {
    token: made({ header: { alg: 'RS384', typ: 'JWT' }, signer: rs('sha384') }),
    stricter: true,
  },
  'alg PS512': { token: made({ header: { alg: 'PS512', typ: 'JWT' }, signer: pss }), stricter: true },
  'no typ, extra kid': { token: made({ header: { alg: 'RS512', kid: 'k' } }), stricter: true },
  'typ at+jwt': { token: made({ header: { alg: 'RS512', typ: 'at+jwt' } }), stricter: true },
  'alg none': { token: made({ header: { alg: 'none', typ: 'JWT' }, signer: () => Buffer.alloc(0) }) },
  'HS256 with SPKI pem as secret (alg confusion)': {
    token: made({
      header: { alg: 'HS256', typ: 'JWT' },
      signer: (data) => createHmac('sha256', publicPem).update(data).digest(),
    }),
  },
  'ES512 foreign key': {
    token: made({
      header: { alg: 'ES512', typ: 'JWT' },
      signer: (data) => sign('sha512', data, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
    }),
  },
  'EdDSA foreign key': {
    token: made({ header: { alg: 'EdDSA', typ: 'JWT' }, signer: (data) => sign(null, data, ed.privateKey) }),
  },
  'RS512 wrong key': { token: made({ signer: rs('sha512', other.privateKey) }) },
  'no exp': { token: made({ claims: noExp }), stricter: true },
  'exp 0': { token: claiming({ exp: 0 }), stricter: true },
  'exp as string': { token: claiming({ exp: String(now + 3600) }) },
  'exp past': { token: claiming({ exp: now - 1 }) },
  'exp past + wrong key': {
    token: made({ claims: { ...ROOT, exp: now - 1 }, signer: rs('sha512', other.privateKey) }),
  },
  'exp fractional': { token: claiming({ exp: now + 3600.5 }), stricter: true },
  'iat = now-5': { token: claiming({ iat: now - 5 }) },
  'iat future +600': { token: claiming({ iat: now + 600 }) },
  'nbf future +600': { token: claiming({ nbf: now + 600 }) },
  'iat null': { token: claiming({ iat: null }) },
  'iss,aud,sub,jti extras': { token: claiming({ iss: 'i', aud: 'a', sub: 's', jti: 'j' }) },
  'roles missing': { token: made({ claims: noRoles }) },
  'roles empty': { token: claiming({ roles: [] }) },
  'roles as string': { token: claiming({ roles: 'admin' }) },
  'roles with number': { token: claiming({ roles: ['admin', 1] }) },
  'legacy role string': { token: made({ claims: { ...noRoles, role: 'admin' } }), stricter: true },
  'role+roles both (role wins)': { token: claiming({ role: 'developer' }), stricter: true },
  'role null + roles': { token: claiming({ role: null }) },
  'account missing': { token: made({ claims: noAccount }) },
  'account number': { token: claiming({ account: 1 }) },
  'account empty': { token: claiming({ account: '' }) },
  'user instead of account': { token: made({ claims: { ...noAccount, user: 'root' } }) },
  'non-root admin (peter)': { token: claiming({ account: 'peter' }) },
  'developer (dev)': { token: claiming({ account: 'dev', roles: ['developer'] }) },
  'unknown role': { token: claiming({ account: 'dev', roles: ['nope'] }) },
  'duplicate roles claim admin last': {
    token: made({ claims: `{"account":"dev","exp":${now + 3600},"roles":["developer"],"roles":["admin"]}` }),
    stricter: true,
  },
  'Account (case differs)': { token: made({ claims: { ...noAccount, Account: 'root' } }) },
  'padded base64url segments': { token: padded(made({ claims: { ...ROOT, x: 'ab' } })) },
}

function padded(token: string): string {
  return token
    .split('.')
    .map((text) => text + '='.repeat((4 - (text.length % 4)) % 4))
    .join('.')
}

const headers: Readonly<Record<string, string | undefined>> = {
  'hdr: Basic scheme': `Basic ${made()}`,
  'hdr: lower-case bearer': `bearer ${made()}`,
  'hdr: bare token': made(),
  'hdr: double space': `Bearer  ${made()}`,
  'hdr: missing': undefined,
}

const accounts: Readonly<Record<string, readonly string[]>> = {
  root: ['admin'],
  peter: ['admin'],
  dev: ['developer', 'admin'],
}
const verifier = buildEngineVerifier(
  {
    publicKeys: [publicPem],
    account: (name) => (accounts[name] ? { roles: accounts[name] } : undefined),
  },
  () => now,
)

describe('tokens of a ServiceComb engine, by the recorded verdicts of service-center', () => {
  const rows = rowsOf('servicecenter-verify-result.tsv')
  const verdicts = rows.filter(([, verdict]) => verdict === 'ACCEPT' || verdict === 'REJECT')

  it('every row has a sample and every sample a row', () => {
    const names = [...Object.keys(samples), ...Object.keys(headers)].sort()
    assert.deepEqual(verdicts.map(([name]) => name).sort(), names)
  })

  for (const [name, verdict] of verdicts) {
    const sample = samples[name]
    const strict = sample?.stricter ? ', ours REJECT' : ''
    it(`${name}: ${verdict}${strict}`, async () => {
      const authorization = name in headers ? headers[name] : `Bearer ${sample?.token}`
      const { outcome } = await verifier.check(authorization)
      const accepted = verdict === 'ACCEPT' && !sample?.stricter
      assert.equal(outcome, accepted ? 'accepted' : 'refused')
    })
  }

  it('tells service-center apart by its codes', async () => {
    const codeOf = async (authorization?: string) => {
      const verdict = await verifier.check(authorization)
      return verdict.outcome === 'refused' ? verdict.errorCode : ''
    }
    assert.equal(await codeOf(), '401204')
    assert.equal(await codeOf(`Bearer ${claiming({ exp: now - 1 })}`), '401205')
    assert.equal(await codeOf(`Bearer ${samples['exp past + wrong key']?.token}`), '401201')
    assert.equal(await codeOf(`Bearer ${claiming({ account: 'gone' })}`), '401206')
    assert.equal(await codeOf(`Bearer ${samples['unknown role']?.token}`), '403205')
  })

  it('refuses the token of a deleted account after one of that name was made again', async () => {
    const subject = 'second-incarnation'
    const knowing = buildEngineVerifier({ publicKeys: [publicPem], account: () => ({ subject }) }, () => now)
    assert.equal((await knowing.check(`Bearer ${claiming({ sub: 'first-incarnation' })}`)).outcome, 'refused')
    assert.equal((await knowing.check(`Bearer ${made()}`)).outcome, 'refused')
    assert.equal((await knowing.check(`Bearer ${claiming({ sub: subject })}`)).outcome, 'accepted')
  })

  it('refuses a token that lives longer than an engine lets any live', async () => {
    assert.equal((await verifier.check(`Bearer ${claiming({ exp: now + 90_000 })}`)).outcome, 'refused')
  })

  it('takes only the form of a public key that service-center and KIE both read', () => {
    for (const [name, line] of rows.filter(([what]) => what.startsWith('publickey'))) assert.ok(name && line)
    const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    const ecPem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    for (const key of [pkcs1, '-----BEGIN CERTIFICATE-----\n', ecPem, '']) {
      assert.throws(() => createEngineVerifier({ publicKeys: [key] }), TypeError)
    }
    assert.throws(() => createEngineVerifier({ publicKeys: [] }), TypeError)
  })
})

describe('tokens of a Nacos engine, by the recorded verdicts of Nacos', () => {
  const secret = Buffer.alloc(64, 7)
  const hs =
    (hash: string, key: Buffer = secret) =>
    (data: Buffer) =>
      createHmac(hash, key).update(data).digest()
  const NACOS = { sub: 'nacos', exp: now + 3600 }
  const nacos = (given: Made = {}): string =>
    made({ header: { alg: 'HS256' }, claims: NACOS, signer: hs('sha256'), ...given })
  const table: Readonly<Record<string, { readonly token: string; readonly stricter?: true }>> = {
    'canonical HS256 {"alg":"HS256"}': { token: nacos() },
    HS384: { token: nacos({ header: { alg: 'HS384' }, signer: hs('sha384') }), stricter: true },
    HS512: { token: nacos({ header: { alg: 'HS512' }, signer: hs('sha512') }), stricter: true },
    'HS256 with typ JWT': { token: nacos({ header: { alg: 'HS256', typ: 'JWT' } }) },
    'HS256 with kid': { token: nacos({ header: { alg: 'HS256', kid: 'k' } }) },
    none: { token: nacos({ header: { alg: 'none' }, signer: () => Buffer.alloc(0) }) },
    'wrong secret': { token: nacos({ signer: hs('sha256', Buffer.alloc(64, 8)) }) },
    expired: { token: nacos({ claims: { ...NACOS, exp: now - 1 } }) },
    'no exp': { token: nacos({ claims: { sub: 'nacos' } }), stricter: true },
    'exp ms instead of s': {
      token: nacos({ claims: { ...NACOS, exp: (now + 3600) * 1000 } }),
      stricter: true,
    },
    'exp string': { token: nacos({ claims: { ...NACOS, exp: String(now + 3600) } }), stricter: true },
    'extra claims (iat,auth,aud,globalAdmin)': {
      token: nacos({ claims: { ...NACOS, iat: now, auth: '', aud: 'x', globalAdmin: true } }),
    },
    'no sub': { token: nacos({ claims: { exp: now + 3600 } }), stricter: true },
    'nbf future (ignored?)': { token: nacos({ claims: { ...NACOS, nbf: now + 600 } }), stricter: true },
    'secret used as utf8 of base64 string (wrong decoding)': {
      token: nacos({ signer: hs('sha256', Buffer.from(secret.toString('base64'))) }),
    },
  }
  const rows = rowsOf('nacos-verify-result.tsv').filter(([, v]) => v === 'ACCEPT' || v === 'REJECT')
  const check = createNacosVerifier(secret.toString('base64'), () => now)

  it('every row has a sample and every sample a row', () => {
    assert.deepEqual(rows.map(([name]) => name).sort(), Object.keys(table).sort())
  })

  for (const [name, verdict] of rows) {
    const sample = table[name]
    it(`${name}: ${verdict}${sample?.stricter ? ', ours REJECT' : ''}`, () => {
      const accepted = verdict === 'ACCEPT' && !sample?.stricter
      assert.equal(check(sample?.token ?? ''), accepted ? 'nacos' : undefined)
    })
  }

  it('refuses a secret that is short, and tokens of the secret that Nacos once shipped', () => {
    assert.throws(() => createNacosVerifier(Buffer.alloc(31).toString('base64')), TypeError)
    const shipped = Buffer.from(
      'SecretKey012345678901234567890123456789012345678901234567890123456789',
      'base64',
    )
    assert.equal(check(nacos({ signer: hs('sha256', shipped) })), undefined)
  })
})
