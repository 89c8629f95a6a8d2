/**
 * When a session was issued, to the microsecond. Tokens carry whole seconds only, and what voids them (a password, a
 * disabled user, project or domain) happens in the middle of one. So the first seven bytes of an audit id are the time;
 * nine are chance. For ordering an issue and a change, not for showing: see docs/decisions/issued-and-voided.md.
 */
import { randomUUID } from 'node:crypto'
import type { Claims } from '@tokenhouse/tokens'

const MICROS = 1_000_000
const TIME_BYTES = 7

/** The times and the audit ids of claims. */
export type Stamp = Pick<Claims, 'auditIds' | 'issuedAt'>

/** A stamp of `at` (microseconds), on the audit chain `chain` or on one of its own. */
export function stampOf(at: number, chain: string | null): Stamp {
  // As random as random bytes but for two bits, and drawn from a supply: those ask the system at every call.
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex')
  id.writeUIntBE(Math.floor(at / 256), 0, TIME_BYTES - 1)
  id[TIME_BYTES - 1] = at % 256
  const own = id.toString('base64url')
  return { auditIds: chain === null ? [own] : [own, chain], issuedAt: Math.floor(at / MICROS) }
}

/**
 * Microseconds at which claims were issued; the beginning of their second when their audit id was made elsewhere and says
 * nothing of it.
 */
export function issuedMicros({ auditIds: [own = ''], issuedAt }: Stamp): number {
  const id = Buffer.from(own, 'base64url')
  if (id.length < TIME_BYTES) return issuedAt * MICROS
  const at = id.readUIntBE(0, TIME_BYTES - 1) * 256 + (id[TIME_BYTES - 1] ?? 0)
  return Math.floor(at / MICROS) === issuedAt ? at : issuedAt * MICROS
}
