/**
 * Encrypted assertions (XML Encryption 1.1): AES under a key that is wrapped by RSA-OAEP for our certificate. Of what the
 * standard allows only what cannot be turned into an oracle: no RSA 1.5, no TripleDES, and AES-CBC only where a verified
 * signature covers the ciphertext, because CBC itself lets anybody change it and watch what happens ("How to Break XML
 * Encryption", 2011; "One Bad Apple", 2013).
 */
import { constants, createDecipheriv, privateDecrypt } from 'node:crypto'
import { below, children, DSIG, type Element, SamlFault, textOf, XENC, XENC11 } from './document.ts'
import { demandAmong } from './structure.ts'

interface BlockCipher {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-256-cbc'
  readonly keyBytes: number
  readonly mode: 'gcm' | 'cbc'
}

const CIPHERS: Readonly<Record<string, BlockCipher>> = {
  [`${XENC11}aes128-gcm`]: { name: 'aes-128-gcm', keyBytes: 16, mode: 'gcm' },
  [`${XENC11}aes256-gcm`]: { name: 'aes-256-gcm', keyBytes: 32, mode: 'gcm' },
  [`${XENC}aes128-cbc`]: { name: 'aes-128-cbc', keyBytes: 16, mode: 'cbc' },
  [`${XENC}aes256-cbc`]: { name: 'aes-256-cbc', keyBytes: 32, mode: 'cbc' },
}
/** What is said in our metadata, best first. */
export const OFFERED_CIPHERS = Object.keys(CIPHERS).filter((name) => CIPHERS[name]?.mode === 'gcm')
export const OAEP_MGF1P = `${XENC}rsa-oaep-mgf1p`
const OAEP = `${XENC11}rsa-oaep`
const HASHES: Readonly<Record<string, string>> = {
  [`${DSIG}sha1`]: 'sha1',
  [`${XENC}sha256`]: 'sha256',
  [`${XENC}sha512`]: 'sha512',
}
const MASKS: Readonly<Record<string, string>> = {
  [`${XENC11}mgf1sha1`]: 'sha1',
  [`${XENC11}mgf1sha256`]: 'sha256',
  [`${XENC11}mgf1sha512`]: 'sha512',
}

/** With what an assertion may be opened. */
export interface Opening {
  /** Our private keys as PEM, the current one first. */
  readonly keys: readonly string[]
  /** The ciphertext is covered by a signature of the provider that was verified. */
  readonly isSigned: boolean
}

/** The assertion as XML, or a `SamlFault` that tells all failures of deciphering alike. */
export function decryptAssertion(encrypted: Element, { keys, isSigned }: Opening): string {
  const data = theOnly(children(encrypted, XENC, 'EncryptedData'), 'EncryptedData')
  const wrapped = theOnly(below(encrypted, XENC, 'EncryptedKey'), 'EncryptedKey')
  const type = data.getAttribute('Type')
  if (type && type !== `${XENC}Element`) throw new SamlFault('encrypted', type)
  const cipher = CIPHERS[demandAmong(children(data, XENC, 'EncryptionMethod'), Object.keys(CIPHERS))]
  if (cipher?.mode === 'cbc' && !isSigned) throw new SamlFault('AES-CBC without a signature of the response')
  const hash = oaepHash(theOnly(children(wrapped, XENC, 'EncryptionMethod'), 'EncryptionMethod'))
  for (const key of keys) {
    try {
      if (!cipher) break
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      const secret = privateDecrypt({ key, padding, oaepHash: hash }, cipherValue(wrapped))
      return decipher(cipher, secret, cipherValue(data))
    } catch {
      // Another key may be the one; which step failed is nobody's business.
    }
  }
  throw new SamlFault('an assertion that does not open')
}

/** Node knows one hash for both halves of OAEP; pairs of different ones are refused, not guessed. */
function oaepHash(method: Element): string {
  const scheme = demandAmong([method], [OAEP_MGF1P, OAEP])
  const [digest, ...digests] = children(method, DSIG, 'DigestMethod')
  const [mask, ...masks] = children(method, XENC11, 'MGF')
  if (digests.length > 0 || masks.length > 0 || children(method, XENC, 'OAEPparams').length > 0) {
    throw new SamlFault('OAEP with parameters')
  }
  const hash = digest ? HASHES[digest.getAttribute('Algorithm') ?? ''] : 'sha1'
  const maskHash = mask ? MASKS[mask.getAttribute('Algorithm') ?? ''] : 'sha1'
  if (!hash || hash !== maskHash || (mask && scheme === OAEP_MGF1P)) {
    throw new SamlFault('OAEP with two hashes, or one that is not known')
  }
  return hash
}

function decipher({ name, keyBytes, mode }: BlockCipher, secret: Buffer, bytes: Buffer): string {
  if (secret.length !== keyBytes) throw new SamlFault('a key of another length')
  if (mode === 'gcm') {
    if (bytes.length <= 28) throw new SamlFault('nothing in it')
    const opened = createDecipheriv(name as 'aes-128-gcm', secret, bytes.subarray(0, 12), {
      authTagLength: 16,
    })
    opened.setAuthTag(bytes.subarray(-16))
    return utf8(Buffer.concat([opened.update(bytes.subarray(12, -16)), opened.final()]))
  }
  const opened = createDecipheriv(name, secret, bytes.subarray(0, 16)).setAutoPadding(false)
  const padded = Buffer.concat([opened.update(bytes.subarray(16)), opened.final()])
  // Of the padding of XML Encryption only the last byte says anything.
  const padding = padded.at(-1) ?? 0
  if (padding < 1 || padding > 16 || padding > padded.length) throw new SamlFault('no padding')
  return utf8(padded.subarray(0, -padding))
}

function utf8(bytes: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

function cipherValue(holder: Element): Buffer {
  const data = theOnly(children(holder, XENC, 'CipherData'), 'CipherData')
  return Buffer.from(textOf(theOnly(children(data, XENC, 'CipherValue'), 'CipherValue')), 'base64')
}

function theOnly(elements: readonly Element[], name: string): Element {
  const [element, ...others] = elements
  if (!element || others.length > 0) throw new SamlFault(`${elements.length} ${name}`)
  return element
}
