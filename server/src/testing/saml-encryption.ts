/** XML Encryption for tests, in canonical form as `saml-idp.ts` writes: an assertion for who holds the key of a certificate. */
import { constants, createCipheriv, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto'

const XENC = 'http://www.w3.org/2001/04/xmlenc#'
const XENC11 = 'http://www.w3.org/2009/xmlenc11#'

export interface Sealing {
  readonly cipher?: 'aes128-gcm' | 'aes256-gcm' | 'aes128-cbc' | 'aes256-cbc'
  /** The hash of OAEP; null: the scheme that has SHA-1 built in. */
  readonly oaep?: 'sha1' | 'sha256' | 'sha512' | null
  /** What is put behind the ciphertext's own bytes, or instead of them. */
  readonly bytes?: (ciphertext: Buffer) => Buffer
}

/** An EncryptedAssertion. `certificate`: base64 of DER. */
export function sealedAssertion(xml: string, certificate: string, sealing: Sealing = {}): string {
  const { cipher = 'aes256-gcm', oaep = null, bytes = (all) => all } = sealing
  const secret = randomBytes(cipher.startsWith('aes128') ? 16 : 32)
  const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'))
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const wrapped = publicEncrypt({ key: publicKey, padding, oaepHash: oaep ?? 'sha1' }, secret)
  const text = bytes(cipher.endsWith('gcm') ? gcm(xml, secret) : cbc(xml, secret))
  const method = (algorithm: string, inner = ''): string =>
    `<xenc:EncryptionMethod Algorithm="${algorithm}">${inner}</xenc:EncryptionMethod>`
  const value = (data: Buffer): string =>
    `<xenc:CipherData><xenc:CipherValue>${data.toString('base64')}</xenc:CipherValue></xenc:CipherData>`
  const transport =
    oaep === null ? method(`${XENC}rsa-oaep-mgf1p`) : method(`${XENC11}rsa-oaep`, hashes(oaep))
  const key = `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>${transport}${value(wrapped)}</xenc:EncryptedKey></ds:KeyInfo>`
  const how = method(`${cipher.endsWith('gcm') ? XENC11 : XENC}${cipher}`)
  return `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element">${how}${key}${value(text)}</xenc:EncryptedData></saml:EncryptedAssertion>`
}

function hashes(name: 'sha1' | 'sha256' | 'sha512'): string {
  const digest = name === 'sha1' ? 'http://www.w3.org/2000/09/xmldsig#sha1' : `${XENC}${name}`
  return `<ds:DigestMethod Algorithm="${digest}"></ds:DigestMethod><xenc11:MGF xmlns:xenc11="${XENC11}" Algorithm="${XENC11}mgf1${name}"></xenc11:MGF>`
}

function gcm(text: string, secret: Buffer): Buffer {
  const iv = randomBytes(12)
  const cipher = createCipheriv(secret.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', secret, iv)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, body, cipher.getAuthTag()])
}

/** The padding of XML Encryption: any bytes, the last one says how many. */
function cbc(text: string, secret: Buffer): Buffer {
  const iv = randomBytes(16)
  const plain = Buffer.from(text)
  const padding = randomBytes(16 - (plain.length % 16))
  padding[padding.length - 1] = padding.length
  const cipher = createCipheriv(secret.length === 16 ? 'aes-128-cbc' : 'aes-256-cbc', secret, iv)
  cipher.setAutoPadding(false)
  return Buffer.concat([iv, cipher.update(Buffer.concat([plain, padding])), cipher.final()])
}
