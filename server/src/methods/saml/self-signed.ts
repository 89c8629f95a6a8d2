import { generateKeyPair, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'

/** A private key and a certificate for it that nobody but its holder vouches for: metadata is where it is trusted. */
export interface CertifiedKey {
  /** PEM, PKCS #8. */
  readonly privateKey: string
  /** Base64 of DER, as metadata has it. */
  readonly certificate: string
}

/** RSA of 3072 bits; `now` in microseconds. The certificate is valid for twenty years: what ends a key is a new one. */
export async function newCertifiedKey(commonName: string, now: number): Promise<CertifiedKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072 })
  const certificate = selfSigned({ privateKey, publicKey }, commonName, now)
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate }
}

/** A certificate of version 1 (RFC 5280, 4.1): it has no extensions. */
function selfSigned(
  pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  commonName: string,
  now: number,
): string {
  const algorithm = sequence(objectId('2a864886f70d01010b'), tagged(0x05))
  const name = sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(commonName)))))
  const begin = now / 1e6 - 86_400
  const body = sequence(
    // A positive number: the first bit is the sign.
    tagged(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(begin), time(begin + 20 * 365.25 * 86_400)),
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = Buffer.concat([Buffer.from([0x00]), sign('sha256', body, pair.privateKey)])
  const der = sequence(body, algorithm, tagged(0x03, signature))
  return new X509Certificate(der).raw.toString('base64')
}

/** One value of DER: tag, length, contents. */
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(parts)
  const { length } = contents
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), contents])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

/** GeneralizedTime from 2050 on, UTCTime before (RFC 5280, 4.1.2.5). */
function time(seconds: number): Buffer {
  const digits = `${new Date(seconds * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return Number(digits.slice(0, 4)) < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits))
}
