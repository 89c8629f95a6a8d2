/**
 * When a session was issued, to the microsecond. Tokens carry whole seconds only, and what voids them (a password, a
 * disabled user, project or domain) happens in the middle of one. So the first seven bytes of an audit id are the time;
 * nine are chance. For ordering an issue and a change, not for showing: see docs/decisions/issued-and-voided.md.
 */
import { randomFillSync } from 'node:crypto'
import type { Claims } from '@tokenhouse/tokens'

const MICROS = 1_000_000
const TIME_BYTES = 7

/** The times and the audit ids of claims. */
export type Stamp = Pick<Claims, 'auditIds' | 'issuedAt'>

/** A stamp of `at` (microseconds), on the audit chain `chain` or on one of its own. */
export function stampOf(at: number, chain: string | null): Stamp {
  const id = randomId()
  id.writeUIntBE(Math.floor(at / 256), 0, TIME_BYTES - 1)
  id[TIME_BYTES - 1] = at % 256
  const own = id.toString('base64url')
  return { auditIds: chain === null ? [own] : [own, chain], issuedAt: Math.floor(at / MICROS) }
}

// The system's generator is asked for many at a time: one call costs as much as sealing a token.
const supply = Buffer.alloc(16 * 256)
let used = supply.length

/** 16 random bytes that are handed out once. */
function randomId(): Buffer {
  if (used === supply.length) {
    randomFillSync(supply)
    used = 0
  }
  used += 16
  return supply.subarray(used - 16, used)
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
