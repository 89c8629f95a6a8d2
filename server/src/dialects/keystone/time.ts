/** Seconds since the epoch as tokens show them: `2026-11-22T08:17:28.000000Z`. */
export function tokenTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.000000Z`
}

/** Microseconds since the epoch as resources show them: `2026-11-22T08:17:28.123456Z`. */
export function microTime(micros: number): string {
  const fraction = String(micros % 1_000_000).padStart(6, '0')
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}.${fraction}Z`
}
