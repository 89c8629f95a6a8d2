/**
 * Keys of signed tokens. A key carries its one algorithm, so that no token can choose another: the confusion of
 * RS256 with HS256 (CVE-2015-9235 and every repetition since) needs a verifier that asks the token.
 */
import {
  constants,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'

export type JwsAlgorithmName = 'ES256' | 'RS512' | 'HS256'

/** Made by `jwsKey` or `parseJwsKey`, which check that the key fits the algorithm. */
export interface JwsKey {
  readonly algorithm: JwsAlgorithm
  /** Named in the header of what this key signs, and matched with the header of what it verifies. */
  readonly kid?: string
  readonly verifying: KeyObject
  /** Absent in a key that only verifies. */
  readonly signing?: KeyObject
}

/** `primary` signs; all of `all`, the primary among them, verify. Made by `jwsKeyring`. */
export interface JwsKeyring {
  readonly primary: JwsKey
  readonly all: readonly JwsKey[]
}

/** A public key as RFC 7517 writes it. */
export interface PublicJwk {
  readonly kty: string
  readonly use: 'sig'
  readonly alg: JwsAlgorithmName
  readonly kid: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}

/** Everything there is to know about one algorithm of RFC 7518. */
export interface JwsAlgorithm {
  readonly name: JwsAlgorithmName
  readonly symmetric: boolean
  /** What is wrong with a key for this algorithm, or null. */
  readonly fault: (key: KeyObject) => string | null
  readonly sign: (data: Buffer, key: KeyObject) => Buffer
  readonly verify: (data: Buffer, signature: Buffer, key: KeyObject) => boolean
}

const es256: JwsAlgorithm = {
  name: 'ES256',
  symmetric: false,
  fault: (key) =>
    key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
      ? null
      : 'ES256 needs an EC key on P-256',
  sign: (data, key) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  // The length is checked here, so that no library falls back to reading another length as DER.
  verify: (data, signature, key) =>
    signature.length === 64 && verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
}

const rs512: JwsAlgorithm = {
  name: 'RS512',
  symmetric: false,
  fault: (key) =>
    key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
      ? null
      : 'RS512 needs an RSA key of 2048 bits or more',
  sign: (data, key) => sign('sha512', data, { key, padding: constants.RSA_PKCS1_PADDING }),
  verify: (data, signature, key) =>
    verify('sha512', data, { key, padding: constants.RSA_PKCS1_PADDING }, signature),
}

const hs256: JwsAlgorithm = {
  name: 'HS256',
  symmetric: true,
  fault: (key) => {
    if ((key.symmetricKeySize ?? 0) < 32) return 'HS256 needs a secret of 32 bytes or more'
    return key.export().includes('-----BEGIN') ? 'HS256 needs a secret, not a key in PEM' : null
  },
  sign: (data, key) => createHmac('sha256', key).update(data).digest(),
  verify: (data, signature, key) =>
    signature.length === 32 && timingSafeEqual(createHmac('sha256', key).update(data).digest(), signature),
}

const algorithms: Readonly<Record<JwsAlgorithmName, JwsAlgorithm>> = {
  ES256: es256,
  RS512: rs512,
  HS256: hs256,
}

/**
 * A key for one algorithm: a private key (signs and verifies), a public key (verifies) or, for HS256, a secret.
 * Without `kid` the header of its tokens names no key. Throws TypeError when the key does not fit the algorithm:
 * wrong type or curve, RSA under 2048 bits, a secret under 32 bytes or one that is a PEM text.
 */
export function jwsKey(name: JwsAlgorithmName, key: KeyObject, kid?: string): JwsKey {
  const algorithm = algorithms[name]
  const fault = algorithm.fault(key)
  if (fault !== null) throw new TypeError(fault)
  return {
    algorithm,
    ...(kid !== undefined && { kid }),
    verifying: key.type === 'private' ? createPublicKey(key) : key,
    ...(key.type !== 'public' && { signing: key }),
  }
}

/**
 * An ES256 key for session tokens from a PEM text, private or public, as `keystone-manage create_jws_keypair` writes
 * them. Its `kid` is the RFC 7638 thumbprint. Throws TypeError, without the text, on anything else.
 */
export function parseJwsKey(pem: string): JwsKey {
  const key = readPem(pem)
  return jwsKey('ES256', key, thumbprintOf(key.type === 'private' ? createPublicKey(key) : key))
}

function readPem(pem: string): KeyObject {
  try {
    return pem.includes('PRIVATE KEY') ? createPrivateKey(pem) : createPublicKey(pem)
  } catch {
    throw new TypeError('not an unencrypted key in PEM')
  }
}

/** A keyring for session tokens; the first key signs. Throws TypeError unless all are ES256 and the first is private. */
export function jwsKeyring(keys: readonly JwsKey[]): JwsKeyring {
  const primary = keys[0]
  if (primary?.signing === undefined) throw new TypeError('a keyring needs a private key first')
  if (keys.some((key) => key.algorithm !== es256)) throw new TypeError('session tokens are signed with ES256')
  return { primary, all: [...keys] }
}

/**
 * The key set to publish (RFC 7517): public halves only, each under its `kid` or, without one, its RFC 7638
 * thumbprint. Throws TypeError on a shared secret, which has no public half.
 */
export function publicJwks(keys: readonly JwsKey[]): { keys: PublicJwk[] } {
  return { keys: keys.map(publicJwk) }
}

function publicJwk({ algorithm, kid, verifying }: JwsKey): PublicJwk {
  if (algorithm.symmetric) throw new TypeError('a shared secret is never published')
  return {
    ...publicMembers(verifying),
    use: 'sig',
    alg: algorithm.name,
    kid: kid ?? thumbprintOf(verifying),
  }
}

/** The members RFC 7638 hashes, in its order. */
function publicMembers(key: KeyObject): Pick<PublicJwk, 'kty' | 'crv' | 'x' | 'y' | 'n' | 'e'> {
  const { kty = '', crv = '', x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' })
  return kty === 'EC' ? { crv, kty, x, y } : { e, kty, n }
}

function thumbprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(JSON.stringify(publicMembers(key)))
    .digest('base64url')
}
