/**
 * Trust policies of RAM roles ("Trust policy structure and syntax") and of Huawei Cloud's trust agencies ("Creating a
 * Trust Agency"): statements that name principals instead of resources. Strict as `parse.ts`: a principal that is not
 * understood is a fault, never nobody.
 */
import { holds, type RequestFacts } from './condition.ts'
import { parseDocument } from './parse.ts'
import { type DocumentFault, HUAWEI, type PolicyDialect, RAM, type Statement } from './statement.ts'
import { matchesWildcard } from './wildcard.ts'

export interface TrustStatement extends Statement {
  /**
   * ARNs: `acs:ram::ACCOUNT:root` (the account with everybody in it), `...:user/NAME`, `...:role/NAME`. Of Huawei Cloud
   * the account's id, `iam::ACCOUNT:root`, `iam::ACCOUNT:user:NAME`.
   */
  readonly principals: readonly string[]
  /** ARNs of identity providers. */
  readonly federated: readonly string[]
}

const RAM_PRINCIPAL = /^acs:ram::\d{16}:(root|(user|role)\/[^\s*?]{1,255})$/
const FEDERATED_PRINCIPAL = /^acs:ram::\d{16}:(saml|oidc)-provider\/[^\s*?]{1,255}$/
const SERVICE_PRINCIPAL = /^([\w*-]+@)?[a-z0-9-]+\.aliyuncs\.com$/
const HUAWEI_PRINCIPAL = /^([\w-]{1,64}|iam::[\w-]{1,64}:(root|user:[^\s*?:]{1,64}))$/
const HUAWEI_SERVICE = /^(service\.)?[A-Za-z][\w-]{0,63}$/

/** How a cloud writes trust policies. */
export interface TrustDialect {
  readonly language: PolicyDialect
  /** The kinds of principals, and what one looks like. */
  readonly forms: Readonly<Record<string, RegExp>>
  /** The kind whose texts are accounts and the people in them. */
  readonly people: string
  /** Whether a statement may say that it is about every resource. */
  readonly anyResource: boolean
}

export const RAM_TRUST: TrustDialect = {
  language: RAM,
  forms: { RAM: RAM_PRINCIPAL, Federated: FEDERATED_PRINCIPAL, Service: SERVICE_PRINCIPAL },
  people: 'RAM',
  anyResource: false,
}

/** Services are nobody here: an agency that trusts one alone is assumed by none. */
export const HUAWEI_TRUST: TrustDialect = {
  language: { ...HUAWEI, versions: ['5.0'] },
  forms: { IAM: HUAWEI_PRINCIPAL, Service: HUAWEI_SERVICE },
  people: 'IAM',
  anyResource: true,
}

/** The statements of a trust policy (parsed JSON), or what is wrong with it and where. */
export function parseTrustPolicy(
  document: unknown,
  dialect: TrustDialect = RAM_TRUST,
): readonly TrustStatement[] | DocumentFault {
  if (typeof document !== 'object' || document === null) return { at: '', problem: 'must be an object' }
  const given = (document as { Statement?: unknown }).Statement
  const list = Array.isArray(given) ? given : [given]
  const bare: unknown[] = []
  const principals: (readonly string[])[] = []
  const federated: (readonly string[])[] = []
  for (const [i, statement] of list.entries()) {
    const at = `Statement[${i}]`
    if (typeof statement !== 'object' || statement === null) return { at, problem: 'must be an object' }
    const { Resource } = statement as { Resource?: unknown }
    const isAny = dialect.anyResource && [Resource].flat().every((resource) => resource === '*')
    if (('Resource' in statement && !isAny) || 'NotResource' in statement) {
      return { at: `${at}.Resource`, problem: 'does not belong here' }
    }
    const { Principal, ...rest } = statement as { Principal?: unknown }
    const named = principalsOf(Principal, dialect)
    if (typeof named === 'string') return { at: `${at}.Principal`, problem: named }
    principals.push(named.get(dialect.people) ?? [])
    federated.push(named.get('Federated') ?? [])
    bare.push({ ...rest, Resource: '*' })
  }
  const parsed = parseDocument({ ...document, Statement: bare }, dialect.language)
  if ('problem' in parsed) return parsed
  return parsed.map((statement, i) => ({
    ...statement,
    principals: principals[i] ?? [],
    federated: federated[i] ?? [],
  }))
}

function principalsOf(
  given: unknown,
  { forms }: TrustDialect,
): ReadonlyMap<string, readonly string[]> | string {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'must be an object'
  const named = new Map<string, readonly string[]>()
  for (const [kind, value] of Object.entries(given)) {
    const form = Object.hasOwn(forms, kind) ? forms[kind] : undefined
    if (!form) return `${kind} is no kind of principal`
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const text of list) {
      if (typeof text !== 'string' || !form.test(text)) return `${JSON.stringify(text)} is no principal`
    }
    named.set(kind, list as readonly string[])
  }
  return [...named.values()].some((list) => list.length > 0) ? named : 'names nobody'
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
