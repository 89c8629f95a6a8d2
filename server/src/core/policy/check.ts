/**
 * oslo.policy's check language, read into a tree.
 *
 *   role:admin                        a role by name, whatever its case
 *   rule:owner                        another rule
 *   user_id:%(target.user.id)s        an attribute of the credentials against a fact of the target, or a constant
 *   'Member':%(target.role.name)s     a constant (text in quotes, whole number, True, False, None) against a fact
 *   @   !                             always, never
 *   not X   X and Y   X or Y   (X)    binding in this order; the words in any case
 *   "" and []                         always
 *   [["role:a", "user_id:u"], "role:b"]   older form: the outer list is "or", the inner lists are "and"
 *
 * Differences to oslo.policy: what cannot be understood is refused when it is read, there it is logged and becomes
 * "never" (and so, after `not`, "always"). `http:` and `https:` checks are refused: a decision makes no requests. The
 * target is namespaced: `%(target.…)s` for loaded facts, `%(user_id)s` for ids of the path; there is no way to name
 * the request's body or query (CVE-2026-42999).
 */

import { credentialAttribute, type NamedAttribute, NEVER_SET } from './credentials.ts'

/** A text with facts of the target in it. `texts` has one element more than `keys`. */
export interface Template {
  readonly texts: readonly string[]
  readonly keys: readonly string[]
}

export type Check =
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  | { readonly kind: 'and'; readonly checks: readonly Check[] }
  | { readonly kind: 'or'; readonly checks: readonly Check[] }
  | { readonly kind: 'not'; readonly check: Check }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'role'; readonly match: Template }
  | ({ readonly kind: 'credential'; readonly match: Template } & NamedAttribute)
  | { readonly kind: 'constant'; readonly value: string | null; readonly match: Template }

/** A check as it is written: text, or the older lists. */
export type CheckSource = string | readonly (string | readonly string[])[]

/** The rules are wrong: which one and, when it came from a file, on which line. */
export class PolicyError extends Error {
  readonly rule: string | undefined
  readonly line: number | undefined

  constructor(problem: string, where: { readonly rule?: string; readonly line?: number } = {}) {
    const line = where.line === undefined ? '' : `line ${where.line}: `
    const rule = where.rule === undefined ? '' : `${where.rule}: `
    super(`${line}${rule}${problem}`)
    this.name = 'PolicyError'
    this.rule = where.rule
    this.line = where.line
  }
}

const MAX_LENGTH = 16_384
const MAX_DEPTH = 50

/** Reads a check. Throws PolicyError for text that is no check, or is longer or deeper than any sane one. */
export function parseCheck(source: CheckSource): Check {
  return typeof source === 'string' ? parseText(source) : parseLists(source)
}

/** Names of the rules that a check refers to. */
export function referencesOf(check: Check): readonly string[] {
  switch (check.kind) {
    case 'rule':
      return [check.name]
    case 'not':
      return referencesOf(check.check)
    case 'and':
    case 'or':
      return check.checks.flatMap(referencesOf)
    default:
      return []
  }
}

function parseLists(source: readonly (string | readonly string[])[]): Check {
  if (source.length === 0) return { kind: 'always' }
  const alternatives = source
    .filter((inner) => inner.length > 0)
    .map((inner) => joined('and', (typeof inner === 'string' ? [inner] : inner).map(parseSimple)))
  return joined('or', alternatives)
}

function joined(kind: 'and' | 'or', checks: readonly Check[]): Check {
  if (checks.length === 0) return { kind: 'never' }
  return checks.length === 1 ? checks[0]! : { kind, checks }
}

function parseText(text: string): Check {
  if (text === '') return { kind: 'always' }
  if (text.length > MAX_LENGTH) throw new PolicyError(`is longer than ${MAX_LENGTH} characters`)
  const tokens = tokensOf(text)
  let next = 0

  const operatorIs = (word: string): boolean => tokens[next]?.toLowerCase() === word

  const list = (kind: 'and' | 'or', member: (depth: number) => Check, depth: number): Check => {
    const checks = [member(depth)]
    while (operatorIs(kind)) {
      next += 1
      checks.push(member(depth))
    }
    return joined(kind, checks)
  }
  const either = (depth: number): Check => list('or', both, depth)
  const both = (depth: number): Check => list('and', single, depth)
  const single = (depth: number): Check => {
    if (depth > MAX_DEPTH) throw new PolicyError(`is nested more than ${MAX_DEPTH} deep`)
    const token = tokens[next]
    next += 1
    if (token === undefined) throw new PolicyError('ends where a check is expected')
    if (token.toLowerCase() === 'not') return { kind: 'not', check: single(depth + 1) }
    if (token !== '(') return parseSimple(token)
    const inner = either(depth + 1)
    if (tokens[next] !== ')') throw new PolicyError('lacks a closing parenthesis')
    next += 1
    return inner
  }

  const check = either(0)
  if (next < tokens.length) throw new PolicyError(`${JSON.stringify(tokens[next])} is not expected here`)
  return check
}

/** Words are divided by white space; parentheses count only at a word's ends, since `%(name)s` has them inside. */
function tokensOf(text: string): readonly string[] {
  const tokens: string[] = []
  for (const word of text.split(/\s+/)) {
    const inner = word.replace(/^\(+/, '')
    const core = inner.replace(/\)+$/, '')
    for (let i = inner.length; i < word.length; i += 1) tokens.push('(')
    if (core !== '') tokens.push(core)
    for (let i = core.length; i < inner.length; i += 1) tokens.push(')')
  }
  return tokens
}

function parseSimple(text: string): Check {
  if (text === '@') return { kind: 'always' }
  if (text === '!') return { kind: 'never' }
  const colon = text.indexOf(':')
  if (colon < 0) throw new PolicyError(`${JSON.stringify(text)} is no check`)
  const left = text.slice(0, colon)
  const right = text.slice(colon + 1)
  if (left === 'rule') return { kind: 'rule', name: right }
  if (left === 'http' || left === 'https') throw new PolicyError('checks by HTTP are not supported')
  const match = parseTemplate(right)
  if (left === 'role') return { kind: 'role', match }
  if (left === NEVER_SET) return { kind: 'never' }
  const named = credentialAttribute(left)
  if (named !== undefined) return { kind: 'credential', ...named, match }
  const constant = parseConstant(left)
  if (constant === undefined)
    throw new PolicyError(`${JSON.stringify(left)} is no attribute of the credentials`)
  return { kind: 'constant', value: constant, match }
}

/** A Python literal as its text, null for None, undefined when it is none of those that are supported. */
function parseConstant(text: string): string | null | undefined {
  if (text === 'None') return null
  if (text === 'True' || text === 'False' || /^(0|-?[1-9]\d*)$/.test(text)) return text
  return /^'([^'\\]*)'$/.exec(text)?.[1] ?? /^"([^"\\]*)"$/.exec(text)?.[1]
}

function parseTemplate(text: string): Template {
  const texts = ['']
  const keys: string[] = []
  for (const [part, key] of text.matchAll(/%\(([^)]*)\)s|%%|[^%]+|%/g)) {
    if (key !== undefined) {
      demandNamespaced(key)
      keys.push(key)
      texts.push('')
    } else if (part === '%') throw new PolicyError(`${JSON.stringify(text)} has a % that begins no %(name)s`)
    else texts[texts.length - 1] += part === '%%' ? '%' : part
  }
  return { texts, keys }
}

function demandNamespaced(key: string): void {
  if (/^target(\.\w+)+$/.test(key) || (/^[a-z]\w*$/.test(key) && key !== 'target')) return
  throw new PolicyError(`%(${key})s is neither a fact (target.…) nor an id of the path`)
}
