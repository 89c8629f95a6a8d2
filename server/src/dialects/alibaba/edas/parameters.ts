/** Parameters of EDAS that are no text. */
import { invalidParameter } from '../errors.ts'
import type { Call } from '../operation.ts'

/** A whole number; undefined when it is not given. */
export function numberOf({ parameters }: Call, name: string): number | undefined {
  const text = parameters[name]
  if (text === undefined || text === '') return undefined
  return /^\d{1,15}$/.test(text) ? Number(text) : invalidParameter(name, 'is not a number')
}

/** `true` or `false`; undefined when it is not given. */
export function flagOf({ parameters }: Call, name: string): boolean | undefined {
  const text = parameters[name]?.toLowerCase()
  if (text === undefined || text === '') return undefined
  return text === 'true' || text === 'false'
    ? text === 'true'
    : invalidParameter(name, 'is neither true nor false')
}
