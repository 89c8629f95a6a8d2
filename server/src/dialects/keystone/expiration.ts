import { refuse } from '../../core/refusal.ts'

const COMPLY =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.'

/** ISO 8601 as Keystone reads it: date, time, optional fraction, optional zone; without a zone it is UTC. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.(\d{1,6})\d*)?(Z|[+-]\d{2}:?\d{2})?$/

/** Microseconds of an `expires_at`. Refuses what is no time, and a time that has passed. */
export function expirationFrom(text: string, now: number): number {
  const match = TIME.exec(text)
  const zone = match?.[2] ?? 'Z'
  const seconds = match ? Date.parse(`${text.slice(0, 19)}${zone}`) : Number.NaN
  if (Number.isNaN(seconds)) {
    return refuse('bad_request', 'no timestamp', { message: `Timestamp not in expected format. ${COMPLY}` })
  }
  const micros = seconds * 1000 + Number((match?.[1] ?? '').padEnd(6, '0'))
  if (micros <= now) {
    refuse('bad_request', 'expires in the past', {
      message: `The 'expires_at' must not be before now. ${COMPLY}`,
    })
  }
  return micros
}
