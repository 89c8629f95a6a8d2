/**
 * Trust policies of RAM roles: statements that name principals instead of resources ("Trust policy structure and
 * syntax"). Strict as `parse.ts`: a principal that is not understood is a fault, never nobody.
 */
import { holds, type RequestFacts } from './condition.ts'
import { parseDocument } from './parse.ts'
import { type DocumentFault, RAM, type Statement } from './statement.ts'
import { matchesWildcard } from './wildcard.ts'

export interface TrustStatement extends Statement {
  /** ARNs: `acs:ram::ACCOUNT:root` (the account with everybody in it), `...:user/NAME`, `...:role/NAME`. */
  readonly principals: readonly string[]
  /** ARNs of identity providers. */
  readonly federated: readonly string[]
}

const RAM_PRINCIPAL = /^acs:ram::\d{16}:(root|(user|role)\/[^\s*?]{1,255})$/
const FEDERATED_PRINCIPAL = /^acs:ram::\d{16}:(saml|oidc)-provider\/[^\s*?]{1,255}$/
const SERVICE_PRINCIPAL = /^([\w*-]+@)?[a-z0-9-]+\.aliyuncs\.com$/

/** The statements of a trust policy (parsed JSON), or what is wrong with it and where. */
export function parseTrustPolicy(document: unknown): readonly TrustStatement[] | DocumentFault {
  if (typeof document !== 'object' || document === null) return { at: '', problem: 'must be an object' }
  const given = (document as { Statement?: unknown }).Statement
  const list = Array.isArray(given) ? given : [given]
  const bare: unknown[] = []
  const principals: (readonly string[])[] = []
  const federated: (readonly string[])[] = []
  for (const [i, statement] of list.entries()) {
    const at = `Statement[${i}]`
    if (typeof statement !== 'object' || statement === null) return { at, problem: 'must be an object' }
    if ('Resource' in statement || 'NotResource' in statement) {
      return { at: `${at}.Resource`, problem: 'does not belong here' }
    }
    const { Principal, ...rest } = statement as { Principal?: unknown }
    const named = principalsOf(Principal)
    if (typeof named === 'string') return { at: `${at}.Principal`, problem: named }
    principals.push(named.RAM)
    federated.push(named.Federated)
    bare.push({ ...rest, Resource: '*' })
  }
  const parsed = parseDocument({ ...document, Statement: bare }, RAM)
  if ('problem' in parsed) return parsed
  return parsed.map((statement, i) => ({
    ...statement,
    principals: principals[i] ?? [],
    federated: federated[i] ?? [],
  }))
}

const FORMS = { RAM: RAM_PRINCIPAL, Federated: FEDERATED_PRINCIPAL, Service: SERVICE_PRINCIPAL } as const
type Kind = keyof typeof FORMS

function principalsOf(given: unknown): Readonly<Record<Kind, readonly string[]>> | string {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'must be an object'
  const named: Record<Kind, readonly string[]> = { RAM: [], Federated: [], Service: [] }
  for (const [kind, value] of Object.entries(given)) {
    if (!Object.hasOwn(FORMS, kind)) return `${kind} is no kind of principal`
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const text of list) {
      if (typeof text !== 'string' || !FORMS[kind as Kind].test(text)) {
        return `${JSON.stringify(text)} is no principal`
      }
    }
    named[kind as Kind] = list as readonly string[]
  }
  const any = named.RAM.length + named.Federated.length + named.Service.length > 0
  return any ? named : 'names nobody'
}

/** Who asks to assume a role: every ARN that means them. */
export interface TrustRequest {
  readonly action: string
  readonly arns: readonly string[]
  /** null: conditions were met when the role was assumed and are not asked about again. */
  readonly facts: RequestFacts | null
}

/** Whether the trust policy lets them: an Allow that names them, and no Deny that does. */
export function isTrusted(statements: readonly TrustStatement[], request: TrustRequest): boolean {
  const about = (effect: Statement['effect']): boolean =>
    statements.some((statement) => statement.effect === effect && speaksOf(statement, request))
  return about('Allow') && !about('Deny')
}

function speaksOf(statement: TrustStatement, { action, arns, facts }: TrustRequest): boolean {
  const { effect, actions, notActions, principals, federated, conditions } = statement
  const asked = action.toLowerCase()
  const named = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), asked))
  if (actions ? !named(actions) : named(notActions ?? [])) return false
  if (![...principals, ...federated].some((arn) => arns.includes(arn))) return false
  if (facts === null) return effect === 'Allow' || conditions.length === 0
  return conditions.every((condition) => holds(condition, facts))
}
