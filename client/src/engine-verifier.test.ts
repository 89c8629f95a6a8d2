import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  headerSamples,
  type Made,
  madeToken,
  rowsOf,
  rsaSigner,
  type Sample,
  serviceCenterSamples,
} from '../test/servicecomb/samples.ts'
import { buildEngineVerifier, createEngineVerifier, createNacosVerifier } from './engine-verifier.ts'

const now = 1_800_000_000
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const ROOT = { account: 'root', exp: now + 3600, roles: ['admin'] }
const claiming = (claims: object): string =>
  madeToken({ claims: { ...ROOT, ...claims }, signer: rsaSigner('sha512', rsa.privateKey) })
const samples = serviceCenterSamples({ key: rsa.privateKey, now })
const headers = headerSamples(claiming({}))

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
    assert.equal((await knowing.check(`Bearer ${claiming({})}`)).outcome, 'refused')
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
  const nacos = (given: Partial<Made> = {}): string =>
    madeToken({ header: { alg: 'HS256' }, claims: NACOS, signer: hs('sha256'), ...given })
  const table: Readonly<Record<string, Sample>> = {
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
