/** Seconds since the epoch as tokens show them: `2026-11-22T08:17:28.000000Z`. */
export function tokenTime(seconds: number): string {
  let text = written.get(seconds)
  if (text === undefined) {
    text = `${new Date(seconds * 1000).toISOString().slice(0, 19)}.000000Z`
    if (written.size >= WRITTEN) written.clear()
    written.set(seconds, text)
  }
  return text
}

// Tokens of one second, and all that derive from one login, show the same times.
const written = new Map<number, string>()
const WRITTEN = 1000

/** Microseconds since the epoch as resources show them: `2026-11-22T08:17:28.123456Z`. */
export function microTime(micros: number): string {
  const fraction = String(micros % 1_000_000).padStart(6, '0')
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}.${fraction}Z`
}

/** The same as Keystone shows the expiry of passwords and memberships: without the `Z`. */
export function plainTime(micros: number): string {
  return microTime(micros).slice(0, -1)
}

const ISO_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/

/**
 * Microseconds since the epoch of an ISO 8601 time as Keystone reads them (date alone, `T` or space, UTC unless it says
 * otherwise); undefined when it is none.
 */
export function parseIsoTime(text: string): number | undefined {
  const [, date, time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = ISO_TIME.exec(text) ?? []
  if (date === undefined) return undefined
  const offset =
    zone === 'Z' ? zone : zone.length === 3 ? `${zone}:00` : zone.replace(/(\d\d):?(\d\d)$/, '$1:$2')
  const millis = Date.parse(`${date}T${time}:${seconds}${offset}`)
  return Number.isNaN(millis) ? undefined : millis * 1000 + Number(fraction.padEnd(6, '0'))
}
