import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino } from 'pino'
import { makeFolder } from './make-folder.ts'

/**
 * What no log line may hold even when a fault's own words carry it: Keystone and JWS tokens, passwords in addresses, and
 * values of fields that are named like secrets.
 */
const secrets: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/gAAAA[\w-]{20,}={0,2}/g, '[token]'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]'],
  [/(:\/\/[^/\s:@]*:)[^@\s]+@/g, '$1[secret]@'],
  [/("?(?:password|secret|token|blob|signature)"?\s*[:=]\s*)("[^"]*"|[^\s,;&}]+)/gi, '$1[secret]'],
]

/** Looking for secrets takes longer than in proportion, and nobody reads more of a line. */
const LONGEST = 4000

/** The beginning of `text`, without what looks like a secret. */
export function redacted(text: string): string {
  return secrets.reduce((rest, [pattern, shown]) => rest.replace(pattern, shown), text.slice(0, LONGEST))
}

export type Log = ReturnType<typeof openLog>

/** How many characters may wait for a disk that is full. */
const KEPT = 1_000_000

/**
 * JSON lines on stderr, or in `logFile`. Requests are not logged; faults are, without query, headers and bodies, and
 * with their words redacted. A line that cannot be written waits for the next one that can, and ends nothing.
 * `reopen` goes on in the file that has the name by then; where it cannot be opened, in the old one.
 */
export function openLog({
  logLevel,
  logFile,
}: {
  readonly logLevel: string
  readonly logFile?: string | undefined
}) {
  const err = (error: unknown): unknown => {
    if (!(error instanceof Error)) return { type: typeof error, message: redacted(String(error)) }
    const { name, message, stack = '' } = error
    const { code } = error as { code?: unknown }
    return {
      type: name,
      message: redacted(message),
      stack: redacted(stack),
      ...(code === undefined ? {} : { code }),
    }
  }
  if (logFile !== undefined) makeFolder(dirname(logFile))
  const destination = pino.destination({ dest: logFile ?? 2, sync: true, maxLength: KEPT })
  // Without a listener it would be thrown at who logs: into answers, and out of timers.
  destination.on('error', () => undefined)
  const log = pino(
    { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err } },
    destination,
  )
  const reopen = (): void => {
    if (logFile === undefined) return
    try {
      // Tried first: a destination that once failed to reopen closes the old file twice when it succeeds.
      closeSync(openSync(logFile, 'a'))
      destination.reopen()
    } catch (error) {
      log.warn({ err: error }, 'log file not opened anew')
    }
  }
  return Object.assign(log, { reopen })
}
