/** From a policy document (parsed JSON) to statements. Strict: what is not understood is a fault, never ignored. */
import { isComparable, plainOperator } from './condition.ts'
import type { Condition, DocumentFault, PolicyDialect, Statement } from './statement.ts'

type Fields = Readonly<Record<string, unknown>>

class Fault extends Error {
  readonly at: string
  constructor(at: string, problem: string) {
    super(problem)
    this.at = at
  }
}

/** The statements of a document, or what is wrong with it and where. */
export function parseDocument(
  document: unknown,
  dialect: PolicyDialect,
): readonly Statement[] | DocumentFault {
  try {
    return statementsOf(document, dialect)
  } catch (error) {
    if (error instanceof Fault) return { at: error.at, problem: error.message }
    throw error
  }
}

function statementsOf(document: unknown, dialect: PolicyDialect): readonly Statement[] {
  const fields = objectAt(document, '')
  demandOnly(fields, ['Version', 'Statement', 'Depends'], '')
  if (typeof fields['Version'] !== 'string' || !dialect.versions.includes(fields['Version'])) {
    throw new Fault('Version', `must be one of ${dialect.versions.join(', ')}`)
  }
  const given = fields['Statement']
  const list = Array.isArray(given) ? given : [given]
  if (given === undefined || list.length === 0) throw new Fault('Statement', 'is missing')
  if (list.length > dialect.maxStatements)
    throw new Fault('Statement', `has more than ${dialect.maxStatements}`)
  return list.map((statement, i) => statementOf(statement, `Statement[${i}]`, dialect))
}

function statementOf(given: unknown, at: string, dialect: PolicyDialect): Statement {
  const fields = objectAt(given, at)
  demandOnly(fields, ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'], at)
  const effect = fields['Effect']
  if (effect !== 'Allow' && effect !== 'Deny') throw new Fault(`${at}.Effect`, 'must be Allow or Deny')
  const actions = textsAt(fields['Action'], `${at}.Action`)
  const notActions = textsAt(fields['NotAction'], `${at}.NotAction`)
  if ((actions === undefined) === (notActions === undefined)) {
    throw new Fault(`${at}.Action`, 'exactly one of Action and NotAction must be given')
  }
  for (const action of actions ?? notActions ?? []) {
    if (!dialect.action.test(action))
      throw new Fault(`${at}.Action`, `${JSON.stringify(action)} is no action`)
  }
  const resources = resourcesAt(fields['Resource'], `${at}.Resource`)
  const notResources = resourcesAt(fields['NotResource'], `${at}.NotResource`)
  if (resources && notResources)
    throw new Fault(`${at}.Resource`, 'Resource and NotResource exclude each other')
  if (!resources && !notResources && !dialect.resourceOptional)
    throw new Fault(`${at}.Resource`, 'is missing')
  return {
    effect,
    ...(actions ? { actions } : {}),
    ...(notActions ? { notActions } : {}),
    ...(resources ? { resources } : {}),
    ...(notResources ? { notResources } : {}),
    conditions: conditionsOf(fields['Condition'], `${at}.Condition`, dialect),
  }
}

/** Huawei writes agencies as `{"uri": ["/iam/agencies/<id>"]}`; everything else is a text or a list of them. */
function resourcesAt(given: unknown, at: string): readonly string[] | undefined {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    demandOnly(given as Fields, ['uri'], at)
    return textsAt((given as Fields)['uri'], `${at}.uri`)
  }
  return textsAt(given, at)
}

function conditionsOf(given: unknown, at: string, dialect: PolicyDialect): readonly Condition[] {
  if (given === undefined) return []
  const conditions: Condition[] = []
  for (const [operator, keys] of Object.entries(objectAt(given, at))) {
    if (!dialect.operators.has(plainOperator(operator)))
      throw new Fault(`${at}.${operator}`, 'is no operator')
    const asked = Object.entries(objectAt(keys, `${at}.${operator}`))
    if (asked.length === 0) throw new Fault(`${at}.${operator}`, 'asks about nothing')
    for (const [key, value] of asked) {
      const where = `${at}.${operator}.${key}`
      const list = Array.isArray(value) ? value : [value]
      if (list.length === 0) throw new Fault(where, 'has no value')
      const values = list.map((v) => scalarAt(v, where))
      const odd = values.find((v) => !isComparable(operator, v))
      if (odd !== undefined) throw new Fault(where, `${JSON.stringify(odd)} cannot be compared with`)
      conditions.push({ operator, key, values })
    }
  }
  return conditions
}

function scalarAt(value: unknown, at: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Fault(at, 'must be a text, a number or a boolean')
}

function textsAt(given: unknown, at: string): readonly string[] | undefined {
  if (given === undefined) return undefined
  const list = Array.isArray(given) ? given : [given]
  if (list.length === 0) throw new Fault(at, 'is empty')
  for (const text of list) {
    if (typeof text !== 'string' || text === '') throw new Fault(at, 'must be a text or a list of texts')
  }
  return list as readonly string[]
}

function objectAt(given: unknown, at: string): Fields {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new Fault(at, 'must be an object')
  return given as Fields
}

function demandOnly(fields: Fields, names: readonly string[], at: string): void {
  for (const name of Object.keys(fields)) {
    if (!names.includes(name)) throw new Fault(at === '' ? name : `${at}.${name}`, 'is not known')
  }
}
