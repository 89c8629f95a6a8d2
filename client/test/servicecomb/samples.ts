/**
 * A sample for every row of the recorded verdicts of service-center's own code (golang-jwt 3.2.2 in go-chassis 2.7.1): for
 * each verifier of ours. It may be stricter where a sample says so, never laxer.
 */
import {
  constants,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { readFileSync } from 'node:fs'

/** The rows of a file of this folder: name, verdict, and what the software said. */
export const rowsOf = (file: string): readonly (readonly [string, string])[] =>
  readFileSync(new URL(`./${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as unknown as readonly [string, string])

export interface Made {
  readonly header?: object
  readonly claims: object | string
  readonly signer: (data: Buffer) => Buffer
}

/** A token in compact form, whatever is wrong with it. */
export function madeToken({ header = { alg: 'RS512', typ: 'JWT' }, claims, signer }: Made): string {
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${signer(Buffer.from(signed)).toString('base64url')}`
}

const part = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export const rsaSigner =
  (hash: string, key: KeyObject) =>
  (data: Buffer): Buffer =>
    sign(hash, data, key)

export interface Sample {
  readonly token: string
  /** service-center lets it in and we do not. */
  readonly stricter?: true
}

export interface SampleOptions {
  /** Of the engine. */
  readonly key: KeyObject
  /** Seconds since the epoch. */
  readonly now: number
  /** What the tokens of the accounts root, peter and dev say besides. */
  readonly more?: Readonly<Record<string, object>>
}

/** By the name of the row. Accounts: root and peter are admins, dev is developer and admin. */
export function serviceCenterSamples({
  key,
  now,
  more = {},
}: SampleOptions): Readonly<Record<string, Sample>> {
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-521' })
  const ed = generateKeyPairSync('ed25519')
  const rs = (hash: string, by: KeyObject = key) => rsaSigner(hash, by)
  const ROOT = { account: 'root', exp: now + 3600, roles: ['admin'], ...more['root'] }
  const made = (given: Partial<Made> = {}): string =>
    madeToken({ claims: ROOT, signer: rs('sha512'), ...given })
  const claiming = (claims: object): string => made({ claims: { ...ROOT, ...claims } })
  const { account: _account, ...noAccount } = ROOT
  const { exp: _exp, ...noExp } = ROOT
  const { roles: _roles, ...noRoles } = ROOT
  const pss = (data: Buffer) =>
    sign('sha512', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 })
  return {
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
      token: made({
        header: { alg: 'EdDSA', typ: 'JWT' },
        signer: (data) => sign(null, data, ed.privateKey),
      }),
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
    'non-root admin (peter)': { token: claiming({ account: 'peter', ...more['peter'] }) },
    'developer (dev)': { token: claiming({ account: 'dev', roles: ['developer'], ...more['dev'] }) },
    'unknown role': { token: claiming({ account: 'dev', roles: ['nope'], ...more['dev'] }) },
    'duplicate roles claim admin last': {
      token: made({
        claims: `{"account":"dev","exp":${now + 3600},"roles":["developer"],"roles":["admin"]}`,
      }),
      stricter: true,
    },
    'Account (case differs)': { token: made({ claims: { ...noAccount, Account: 'root' } }) },
    'padded base64url segments': { token: padded(made({ claims: { ...ROOT, x: 'ab' } })) },
  }
}

function padded(token: string): string {
  return token
    .split('.')
    .map((text) => text + '='.repeat((4 - (text.length % 4)) % 4))
    .join('.')
}

/** By the name of the row: whole Authorization headers around a good token. */
export function headerSamples(token: string): Readonly<Record<string, string | undefined>> {
  return {
    'hdr: Basic scheme': `Basic ${token}`,
    'hdr: lower-case bearer': `bearer ${token}`,
    'hdr: bare token': token,
    'hdr: double space': `Bearer  ${token}`,
    'hdr: missing': undefined,
  }
}
