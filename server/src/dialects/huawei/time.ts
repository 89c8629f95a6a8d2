/** Microseconds as agencies show them: `2026-11-22T08:17:28.123456`, without a zone. */
export function agencyTime(micros: number): string {
  const fraction = String(micros % 1_000_000).padStart(6, '0')
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}.${fraction}`
}

/** The same with its zone. */
export function zonedTime(micros: number): string {
  return `${agencyTime(micros)}Z`
}
