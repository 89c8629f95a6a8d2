/** The certificate that HTTPS is served with: read from the files that the settings name, and again once it is renewed. */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Settings, SettingsError } from './config.ts'

/** A certificate chain and its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/**
 * The certificate chain and its key; undefined where HTTP is served. Refuses files that cannot be read, are empty or no PEM,
 * and a key of another certificate.
 */
export function certificateOf(settings: Settings): Certificate | undefined {
  const { tlsCert, tlsKey } = settings
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const cert = checkedPem('tls-cert', tlsCert, (pem) => createSecureContext({ cert: pem }))
  const key = checkedPem('tls-key', tlsKey, (pem) => createSecureContext({ cert, key: pem }))
  return { cert, key }
}

function checkedPem(setting: string, file: string, check: (pem: string) => unknown): string {
  try {
    const pem = readFileSync(file, 'utf8')
    // TLS without a certificate or a key is taken for granted, and no client can connect.
    if (pem === '') throw new Error('it is empty')
    check(pem)
    return pem
  } catch (error) {
    throw new SettingsError(setting, `${file} cannot be used: ${(error as Error).message}`)
  }
}

/** How often the files of the certificate are read again. */
const CERTIFICATE_MS = 30_000

/**
 * Tells of each other certificate that appears in the files of tls-cert and tls-key, until the function it gives is called.
 * What cannot be used, such as one file renewed and not yet the other, is told once and changes nothing.
 */
export function followCertificate(
  settings: Settings,
  told: { readonly renewed: (by: Certificate) => void; readonly unusable: (error: unknown) => void },
  everyMs = CERTIFICATE_MS,
): () => void {
  let known = certificateOf(settings)
  if (!known) return () => undefined
  let fault = ''
  const timer = setInterval(() => {
    try {
      const found = certificateOf(settings)
      fault = ''
      if (!found || (found.cert === known?.cert && found.key === known.key)) return
      known = found
      told.renewed(found)
    } catch (error) {
      const { message } = error as Error
      if (message !== fault) told.unusable(error)
      fault = message
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
