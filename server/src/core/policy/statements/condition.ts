/** Conditions: values of one key are OR, keys and operators are AND. */
import { inNetwork, isNetwork } from './ip.ts'
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
const ISO_8601 = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/

/** ISO 8601, in UTC where it names no zone, or seconds since the epoch. NaN compares false with everything. */
function moment(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const [whole, zone] = ISO_8601.exec(text) ?? []
  if (whole === undefined) return Number.NaN
  return Date.parse(zone === undefined && whole.includes('T') ? `${whole}Z` : whole)
}
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

/** An operator without what says how to take many values, or none. */
export function plainOperator(operator: string): string {
  return operator.replace(/^(ForAnyValue|ForAllValues):/, '').replace(/IfExists$/, '')
}

/**
 * Whether the condition holds. A key that is unknown fails a positive operator and satisfies a negated one, and either
 * with `IfExists`; none of its values is anything (`ForAnyValue`), and all are (`ForAllValues`). `Null` and its relatives
 * ask for just that.
 */
export function holds(condition: Condition, facts: RequestFacts): boolean {
  const { operator, values: wanted } = condition
  const set = /^(ForAnyValue|ForAllValues):/.exec(operator)?.[1]
  const ifExists = operator.endsWith('IfExists')
  const name = plainOperator(operator)
  const fact = Object.hasOwn(facts, condition.key) ? facts[condition.key] : undefined
  const given = fact === undefined ? [] : typeof fact === 'string' ? [fact] : fact

  const emptiness = asksForEmptiness(name, wanted, given)
  if (emptiness !== undefined) return emptiness
  if (given.length === 0 && ifExists) return true
  const { test, negated } = testOf(name)
  if (!test) return false
  // Of no values at all none is another one than is wanted.
  if (given.length === 0) return set === undefined ? negated : set === 'ForAllValues'
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
  const asksFor = (truth: boolean): boolean => wanted.some((w) => w.toLowerCase() === String(truth))
  if (name === 'Null') return asksFor(given.length === 0)
  if (name === 'IsNullOrEmpty') return asksFor(empty)
  if (name === 'IsNotNullOrEmpty') return asksFor(!empty)
  return undefined
}

/** Whether a condition's value is one that its operator can compare with. What cannot be compared would never deny. */
export function isComparable(operator: string, value: string): boolean {
  const name = plainOperator(operator)
  if (/^Num/.test(name)) return value.trim() !== '' && Number.isFinite(Number(value))
  if (name.startsWith('Date')) return !Number.isNaN(moment(value))
  if (name.endsWith('IpAddress')) return isNetwork(value)
  return name.startsWith('String') || /^(true|false)$/i.test(value)
}

function testOf(name: string): { readonly test: Test | undefined; readonly negated: boolean } {
  const positive = TESTS[name]
  if (positive) return { test: positive, negated: false }
  return { test: TESTS[name.replace('Not', '')], negated: true }
}
