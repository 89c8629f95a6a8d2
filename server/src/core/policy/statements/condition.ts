/** Conditions: values of one key are OR, keys and operators are AND. */
import { inNetwork } from './ip.ts'
import type { Condition } from './statement.ts'
import { matchesWildcard } from './wildcard.ts'

/** What is known about a request, by condition key. A key that is absent is unknown. */
export type RequestFacts = Readonly<Record<string, string | readonly string[] | undefined>>

type Test = (value: string, wanted: string) => boolean

const number = (compare: (a: number, b: number) => boolean): Test => {
  return (value, wanted) =>
    value.trim() !== '' && wanted.trim() !== '' && compare(Number(value), Number(wanted))
}
const date = (compare: (a: number, b: number) => boolean): Test => {
  return (value, wanted) => compare(moment(value), moment(wanted))
}
/** ISO 8601, or seconds since the epoch. NaN compares false with everything. */
const moment = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text))
const lower = (test: Test): Test => {
  return (value, wanted) => test(value.toLowerCase(), wanted.toLowerCase())
}

const equals: Test = (value, wanted) => value === wanted
const like: Test = (value, wanted) => matchesWildcard(wanted, value)
const starts: Test = (value, wanted) => value.startsWith(wanted)
const ends: Test = (value, wanted) => value.endsWith(wanted)

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
}

/** Positive tests; the operators named `Not...` are their negations over all values. */
const TESTS: Readonly<Record<string, Test | undefined>> = Object.assign(Object.create(null), {
  StringEquals: equals,
  StringEqualsIgnoreCase: lower(equals),
  StringLike: like,
  StringMatch: like,
  StringStartWith: starts,
  StringStartsWith: starts,
  StringEndWith: ends,
  StringEndsWith: ends,
  Bool: lower(equals),
  IpAddress: (value: string, wanted: string) => inNetwork(value, wanted),
  ...Object.fromEntries(
    Object.entries(COMPARISONS).flatMap(([name, compare]) => [
      [`Numeric${name}`, number(compare)],
      [`Number${name}`, number(compare)],
      [`Date${name}`, date(compare)],
    ]),
  ),
})

/**
 * Whether the condition holds. A key that is unknown fails a positive operator and satisfies a negated one, and either
 * with `IfExists`; `Null` and its relatives ask for just that.
 */
export function holds(condition: Condition, facts: RequestFacts): boolean {
  const { operator, values: wanted } = condition
  const set = /^(ForAnyValue|ForAllValues):/.exec(operator)?.[1]
  const ifExists = operator.endsWith('IfExists')
  const name = operator.replace(/^For(Any|All)Values?:/, '').replace(/IfExists$/, '')
  const fact = Object.hasOwn(facts, condition.key) ? facts[condition.key] : undefined
  const given = fact === undefined ? [] : typeof fact === 'string' ? [fact] : fact

  const emptiness = asksForEmptiness(name, wanted, given)
  if (emptiness !== undefined) return emptiness
  if (given.length === 0 && ifExists) return true
  const { test, negated } = testOf(name)
  if (!test) return false
  if (given.length === 0) return negated || set === 'ForAllValues'
  const matchesOne = (value: string): boolean => wanted.some((w) => test(value, w)) !== negated
  return set === 'ForAllValues' || (negated && set === undefined)
    ? given.every(matchesOne)
    : given.some(matchesOne)
}

function asksForEmptiness(
  name: string,
  wanted: readonly string[],
  given: readonly string[],
): boolean | undefined {
  const empty = given.every((value) => value === '')
  if (name === 'Null') return wanted.includes(String(given.length === 0))
  if (name === 'IsNullOrEmpty') return wanted.includes(String(empty))
  if (name === 'IsNotNullOrEmpty') return wanted.includes(String(!empty))
  return undefined
}

function testOf(name: string): { readonly test: Test | undefined; readonly negated: boolean } {
  const positive = TESTS[name]
  if (positive) return { test: positive, negated: false }
  return { test: TESTS[name.replace('Not', '')], negated: true }
}
