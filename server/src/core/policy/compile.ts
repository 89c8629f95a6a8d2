/**
 * Named rules in oslo.policy's language, compiled once to closures and then decided in well under a microsecond.
 *
 * For deciding whether credentials may do a named thing to a target. Not for loading what the target says, and not for
 * what no rule may switch off (the bounds of delegation): those are the caller's. JSON statements, the other policy
 * engine, are in `statements/`.
 *
 * A target is a flat record of facts under fixed names: `target.user.domain_id` for what was loaded, `user_id` for an
 * id of the path. A name that is absent makes the check that asks for it false. Null means that the thing has none (a
 * role without a domain).
 *
 * Differences to oslo.policy: null equals null there (both become the text None), which made rules true that nobody
 * meant (CVE-2026-80183); here a null fact equals no attribute and only `None:%(…)s` is true of it, except under an odd
 * number of `not`, where oslo's way is the stricter one. So what is allowed here is allowed there too. An unknown rule
 * is never allowed: there is no rule `default` to fall back on.
 */

import { type Check, PolicyError, parseCheck, referencesOf, type Template } from './check.ts'
import { type Credentials, scopeTypeOf } from './credentials.ts'
import type { Override } from './policy-file.ts'
import type { EffectiveRule, Rule, ScopeType } from './rule.ts'

export type Target = Readonly<Record<string, unknown>>

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: 'unknown_rule' | 'wrong_scope' | 'check_failed' }

export interface PolicyOptions {
  /** Rules of the operator's file; each replaces the check of the built-in rule of that name or adds a helper rule. */
  readonly overrides?: readonly Override[]
  /** Whether a rule's scope types are demanded of the session; true unless given. */
  readonly enforceScope?: boolean
  /**
   * oslo.policy's `enforce_new_defaults`: whether the checks that Keystone deprecated are off. False unless given, as
   * there: who passes the deprecated check passes.
   */
  readonly enforceNewDefaults?: boolean
}

export interface CompiledPolicy {
  readonly decide: (rule: string, credentials: Credentials, target: Target) => Decision
  /** Every rule as it is in force, in the order built in, then helper rules of the file. */
  readonly rules: readonly EffectiveRule[]
  /** Rules of the file that are neither built in nor referred to: most likely misspelt. */
  readonly unused: readonly string[]
}

type Closure = (credentials: Credentials, target: Target) => boolean

/** A text that lower case may change. */
const NOT_PLAIN = /[^a-z0-9_\-. :]/

const ALLOWED: Decision = { allowed: true }
const UNKNOWN_RULE: Decision = { allowed: false, reason: 'unknown_rule' }
const WRONG_SCOPE: Decision = { allowed: false, reason: 'wrong_scope' }
const CHECK_FAILED: Decision = { allowed: false, reason: 'check_failed' }

/**
 * Compiles rules with the operator's overrides. Throws PolicyError for a check that cannot be read, a rule given twice,
 * a reference to a rule that is not there, and rules that refer to each other in a circle.
 */
export function compilePolicy(rules: readonly Rule[], options: PolicyOptions = {}): CompiledPolicy {
  const { overrides = [], enforceScope = true, enforceNewDefaults = false } = options
  const effective = new Map<string, EffectiveRule>()
  for (const rule of rules) {
    if (effective.has(rule.name)) throw new PolicyError('is defined twice', { rule: rule.name })
    const { deprecatedCheck, ...rest } = rule
    const onlyNew = deprecatedCheck === undefined || enforceNewDefaults
    effective.set(rule.name, {
      ...rest,
      check: onlyNew ? rule.check : `(${rule.check}) or (${deprecatedCheck})`,
      line: null,
    })
  }
  const helper = { scopeTypes: [], operations: [], description: '' }
  for (const { name, check, line } of overrides) {
    const before = effective.get(name) ?? helper
    if ('line' in before && before.line !== null)
      throw new PolicyError('is defined twice', { rule: name, line })
    effective.set(name, { ...before, name, check, line })
  }

  const checks = new Map<string, Check>()
  for (const rule of effective.values())
    checks.set(
      rule.name,
      within(rule, () => parseCheck(rule.check)),
    )
  demandReferences(effective, checks)

  const compiled = new Map<
    string,
    { readonly holds: Closure; readonly scopes: ReadonlySet<ScopeType> | null }
  >()
  const compile = compilerOf(checks)
  for (const { name, scopeTypes } of effective.values()) {
    const scopes = enforceScope && scopeTypes.length > 0 ? new Set(scopeTypes) : null
    compiled.set(name, { holds: compile({ kind: 'rule', name }, false), scopes })
  }

  return {
    decide: (name, credentials, target) => {
      const rule = compiled.get(name)
      if (rule === undefined) return UNKNOWN_RULE
      if (rule.scopes !== null && !rule.scopes.has(scopeTypeOf(credentials))) return WRONG_SCOPE
      return rule.holds(credentials, target) ? ALLOWED : CHECK_FAILED
    },
    rules: [...effective.values()],
    unused: unusedOf(rules, overrides, checks),
  }
}

function within<T>(rule: EffectiveRule, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new PolicyError(error.message, whereabouts(rule))
  }
}

function whereabouts({ name, line }: EffectiveRule): { readonly rule: string; readonly line?: number } {
  return line === null ? { rule: name } : { rule: name, line }
}

/** Every reference leads to a rule, and following references never comes back. */
function demandReferences(
  effective: ReadonlyMap<string, EffectiveRule>,
  checks: ReadonlyMap<string, Check>,
): void {
  const sound = new Set<string>()
  const visit = (rule: EffectiveRule, path: readonly string[]): void => {
    const { name } = rule
    if (sound.has(name)) return
    if (path.includes(name)) {
      throw new PolicyError(`refers to itself: ${[...path, name].join(' -> ')}`, whereabouts(rule))
    }
    for (const reference of referencesOf(checks.get(name)!)) {
      const target = effective.get(reference)
      if (target === undefined) {
        throw new PolicyError(
          `refers to rule ${JSON.stringify(reference)}, which does not exist`,
          whereabouts(rule),
        )
      }
      visit(target, [...path, name])
    }
    sound.add(name)
  }
  for (const rule of effective.values()) visit(rule, [])
}

function unusedOf(
  rules: readonly Rule[],
  overrides: readonly Override[],
  checks: ReadonlyMap<string, Check>,
): readonly string[] {
  const used = new Set(rules.map(({ name }) => name))
  for (const check of checks.values()) for (const name of referencesOf(check)) used.add(name)
  return overrides.map(({ name }) => name).filter((name) => !used.has(name))
}

/** Gives the compiler of checks; `negated` tells that the check is under an odd number of `not`. */
function compilerOf(checks: ReadonlyMap<string, Check>): (check: Check, negated: boolean) => Closure {
  const plain = new Map<string, Closure>()
  const underNot = new Map<string, Closure>()

  const compile = (check: Check, negated: boolean): Closure => {
    switch (check.kind) {
      case 'always':
        return () => true
      case 'never':
        return () => false
      case 'not': {
        const inner = compile(check.check, !negated)
        return (credentials, target) => !inner(credentials, target)
      }
      case 'and':
        return all(check.checks.map((member) => compile(member, negated)))
      case 'or':
        return any(check.checks.map((member) => compile(member, negated)))
      case 'rule': {
        const known = negated ? underNot : plain
        const closure = known.get(check.name) ?? compile(checks.get(check.name)!, negated)
        known.set(check.name, closure)
        return closure
      }
      case 'role':
        return roleClosure(check.match, negated)
      case 'credential':
        return credentialClosure(check, negated)
      case 'constant':
        return constantClosure(check.value, check.match, negated)
    }
  }
  return compile
}

/** Pairs of closures instead of a loop over them: several times faster. */
function all(closures: readonly Closure[]): Closure {
  return closures.reduceRight(
    (rest, first) => (credentials, target) => first(credentials, target) && rest(credentials, target),
  )
}

function any(closures: readonly Closure[]): Closure {
  return closures.reduceRight(
    (rest, first) => (credentials, target) => first(credentials, target) || rest(credentials, target),
  )
}

function roleClosure(match: Template, negated: boolean): Closure {
  if (match.keys.length === 0) {
    const wanted = match.texts[0]!.toLowerCase()
    return ({ roles }) => hasRole(roles, wanted)
  }
  const textOf = compileTemplate(match)
  return ({ roles }, target) => {
    const found = textOf(target)
    if (found === undefined || (found === null && !negated)) return false
    return hasRole(roles, (found ?? 'None').toLowerCase())
  }
}

/** `wanted` is in lower case. Names in lower case, as nearly all are, are found without making new texts. */
function hasRole(roles: readonly string[], wanted: string): boolean {
  if (roles.includes(wanted)) return true
  for (let i = 0; i < roles.length; i += 1)
    if (NOT_PLAIN.test(roles[i]!) && roles[i]!.toLowerCase() === wanted) return true
  return false
}

function credentialClosure(check: Check & { readonly kind: 'credential' }, negated: boolean): Closure {
  const { attribute, inToken, match } = check
  const constant = match.keys.length === 0
  const textOf = compileTemplate(match)
  const nullEqualsNone = !inToken && (negated || constant)
  const matches = (value: Credentials[keyof Credentials], text: string): boolean => {
    if (typeof value === 'string') return value === text
    if (value === null) return nullEqualsNone && text === 'None'
    if (typeof value === 'object') return value.includes(text)
    return pythonText(value) === text
  }
  if (constant) {
    const text = match.texts[0]!
    return (credentials) => matches(credentials[attribute], text)
  }
  return (credentials, target) => {
    const wanted = textOf(target)
    if (wanted === undefined || (wanted === null && !negated)) return false
    return matches(credentials[attribute], wanted ?? 'None')
  }
}

function constantClosure(value: string | null, match: Template, negated: boolean): Closure {
  const textOf = compileTemplate(match)
  const text = value ?? 'None'
  return (_credentials, target) => {
    const found = textOf(target)
    if (found === undefined) return false
    if (negated || match.keys.length === 0) return (found ?? 'None') === text
    return found === value
  }
}

/**
 * Gives what a template says for a target: undefined when a fact is absent (or of a kind that no rule can compare), null
 * when the template is one fact and that is null, else the text.
 */
function compileTemplate({ texts, keys }: Template): (target: Target) => string | null | undefined {
  const constant = texts[0]!
  const key = keys[0]
  if (key === undefined) return () => constant
  if (keys.length === 1 && texts.every((text) => text === '')) return (target) => factOf(target, key)
  return (target) => {
    let text = constant
    for (const [i, name] of keys.entries()) {
      const fact = factOf(target, name)
      if (fact === undefined) return undefined
      text += (fact ?? 'None') + texts[i + 1]!
    }
    return text
  }
}

function factOf(target: Target, key: string): string | null | undefined {
  if (!Object.hasOwn(target, key)) return undefined
  const fact = target[key]
  return fact === null ? null : pythonText(fact)
}

/** The text that Python's `str` gives for a scalar, since that is what rules are written for. */
function pythonText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return Number.isSafeInteger(value) ? String(value) : undefined
}
