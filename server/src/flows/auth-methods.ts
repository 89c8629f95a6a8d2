import { type AuthMethods, authMethods as parse } from '@tokenhouse/tokens'
import type { Settings } from '../config.ts'

const parsed = new WeakMap<readonly string[], AuthMethods>()

/**
 * The configured authentication methods in the order their bits have in Fernet payloads. Servers that share keys must
 * agree on it, as with Keystone's `[auth] methods`.
 */
export function authMethods(settings: Settings): AuthMethods {
  const known = parsed.get(settings.authMethods) ?? parse(settings.authMethods)
  parsed.set(settings.authMethods, known)
  return known
}
