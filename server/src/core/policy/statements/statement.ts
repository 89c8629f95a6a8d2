/**
 * JSON statements: the policy language of Huawei Cloud (versions 1.0, 1.1 and 5.0) and of Alibaba RAM (version 1), read
 * into one form and decided by one evaluator. Pure. Named rules in oslo.policy's syntax are the other engine; there is
 * no third.
 */

export interface Condition {
  /** `StringEquals`, `ForAnyValue:StringLike`, `NumericLessThanIfExists`: read by `condition.ts`. */
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  /** Exactly one of `actions` and `notActions` is there. */
  readonly actions?: readonly string[]
  readonly notActions?: readonly string[]
  /** Absent with `notResources`: every resource but these; both absent: every resource. */
  readonly resources?: readonly string[]
  readonly notResources?: readonly string[]
  readonly conditions: readonly Condition[]
}

export interface StatementPolicy {
  /** What decisions name: a policy's name or id. */
  readonly name: string
  readonly statements: readonly Statement[]
}

/** Something is wrong with a policy document; `at` is a path into it (`Statement[0].Action`). */
export interface DocumentFault {
  readonly at: string
  readonly problem: string
}

/** How a cloud writes the language. */
export interface PolicyDialect {
  readonly versions: readonly string[]
  /** Whether an action may be `*` alone or must begin with a service. */
  readonly action: RegExp
  readonly operators: ReadonlySet<string>
  /** Whether a statement without Resource means every resource (Huawei) or is a fault (RAM). */
  readonly resourceOptional: boolean
  readonly maxStatements: number
}

const ANY = /^\*$|^[A-Za-z0-9*?_-]+(:[A-Za-z0-9*?_./-]+)+$/
/** Of actions that are about no resource the middle is empty: `sts::tagSession`. */
const HUAWEI_ACTION = /^\*$|^[A-Za-z0-9*?_-]+(:[A-Za-z0-9*?_./-]*)?(:[A-Za-z0-9*?_./-]+)+$/

const STRINGS = ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike']
const ORDERED = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals']
const all = (prefix: string, suffixes: readonly string[]): string[] => suffixes.map((s) => prefix + s)

const ramOperators = [
  ...all('String', STRINGS),
  ...all('Numeric', ORDERED),
  ...all('Date', ORDERED),
  'Bool',
  'IpAddress',
  'NotIpAddress',
]

/** Alibaba RAM ("Policy structure and syntax"). */
export const RAM: PolicyDialect = {
  versions: ['1'],
  action: ANY,
  operators: new Set(ramOperators),
  resourceOptional: false,
  maxStatements: 64,
}

/** Huawei Cloud IAM ("Policy syntax", roles and policies 1.1, identity policies 5.0). */
export const HUAWEI: PolicyDialect = {
  versions: ['1.0', '1.1', '5.0'],
  action: HUAWEI_ACTION,
  operators: new Set([
    ...ramOperators,
    ...all('String', [
      'StartWith',
      'NotStartWith',
      'EndWith',
      'NotEndWith',
      'StartsWith',
      'EndsWith',
      'Match',
      'NotMatch',
    ]),
    ...all('Number', [...ORDERED, 'NotEquals']),
    'Null',
    'IsNullOrEmpty',
    'IsNotNullOrEmpty',
  ]),
  resourceOptional: true,
  maxStatements: 64,
}
