import type { Settings } from '../config.ts'

/**
 * The configured authentication methods in the order their bits have in Fernet payloads. Servers that share keys must
 * agree on it, as with Keystone's `[auth] methods`.
 */
export function authMethods(settings: Settings): readonly string[] {
  return settings.authMethods
}
