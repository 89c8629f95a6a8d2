import { refuseGateway } from '../errors.ts'

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/
const RFC_1123 = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Seconds since the epoch of `2026-11-22T06:56:30Z`. Refuses `InvalidTimeStamp.Format`. */
export const isoSeconds = (text: string): number => secondsOf(text, ISO)

/** Seconds since the epoch of `Sun, 22 Nov 2026 06:56:30 GMT`. Refuses `InvalidTimeStamp.Format`. */
export const httpSeconds = (text: string): number => secondsOf(text, RFC_1123)

function secondsOf(text: string, form: RegExp): number {
  const at = form.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? refuseGateway('InvalidTimeStamp.Format', 'a time of another form') : at / 1000
}
