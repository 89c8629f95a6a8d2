/** What bodies of Keystone's resources have in common. */
import { Type } from 'typebox'
import { refuse } from '../../core/refusal.ts'

export const Name = Type.String({ minLength: 1, maxLength: 255, pattern: '\\S' })
export const NullableText = Type.Union([Type.String(), Type.Null()])

/**
 * Attributes beyond the known ones, which Keystone keeps and gives back. One named `extra` is lost there, and so it is
 * here.
 */
export function attributesBeyond(
  sent: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Record<string, unknown> {
  const entries = Object.entries(sent).filter(([name]) => name !== 'extra' && !known.includes(name))
  return Object.fromEntries(entries)
}

/** Options after an update: null takes one away, what is not named stays. */
export function mergedOptions(
  before: Readonly<Record<string, unknown>>,
  sent: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...before, ...sent }).filter(([, value]) => value !== null))
}

/** Refuses a body that names another id than the path. */
export function demandSameId(sent: object, id: string): void {
  const named = 'id' in sent ? sent.id : undefined
  if (named === undefined || named === id) return
  const reason = `id ${String(named)} in the body, ${id} in the path`
  refuse('bad_request', reason, { message: 'Cannot change ID' })
}

/** Keystone's sentence for something that was expected and is not there. */
export function expecting(what: string, where: string): never {
  return refuse('bad_request', `${what} missing in ${where}`, {
    message: `Expecting to find ${what} in ${where}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`,
  })
}
