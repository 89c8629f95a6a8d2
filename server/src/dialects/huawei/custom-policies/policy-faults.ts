/** What Huawei Cloud says is wrong with a custom policy: its codes IAM.1000 to IAM.1059. */
import { parseDocument } from '../../../core/policy/statements/parse.ts'
import { HUAWEI } from '../../../core/policy/statements/statement.ts'
import { refuse } from '../../../core/refusal.ts'

const MOST_CHARACTERS = 6144
const MOST_STATEMENTS = 8
const MOST_ACTIONS = 100

function fault(wireCode: string, message: string): never {
  return refuse('bad_request', `${wireCode} ${message}`, { wireCode, message })
}

/** A name people see: 1 to 64 characters, none of them able to break out of a page or a path. */
export function demandDisplayName(name: unknown): string {
  if (typeof name !== 'string' || name.trim() === '') {
    return fault('IAM.1001', 'The display_name must be a string and cannot be left blank or contain spaces.')
  }
  if (name.length > 64)
    fault('IAM.1002', `The length ${name.length} of the display name exceeds 64 characters.`)
  if (/[<>"'&$\\]/.test(name)) fault('IAM.1003', 'The display_name contains invalid characters.')
  return name
}

export function demandType(type: unknown): 'AX' | 'XA' {
  return type === 'AX' || type === 'XA'
    ? type
    : fault('IAM.1009', "The type of a custom policy must be 'AX' or 'XA'.")
}

/** The document itself, when every statement of it can be decided; refuses with the code of what is wrong. */
export function demandDocument(policy: unknown): Readonly<Record<string, unknown>> {
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) {
    return fault('IAM.1020', 'The policy must be a JSONObject.')
  }
  const size = JSON.stringify(policy).length
  if (size > MOST_CHARACTERS) fault('IAM.1021', `The size ${size} of the policy exceeds 6,144 characters.`)
  const { Version, Statement, Depends } = policy as Readonly<Record<string, unknown>>
  if (Depends !== undefined) fault('IAM.1025', 'Fine-grained policies do not need depends.')
  if (Version !== '1.1' && Version !== '5.0')
    fault('IAM.1024', "The version of a fine-grained policy must be '1.1'.")
  if (!Array.isArray(Statement)) return fault('IAM.1027', 'The Statement/Rules must be a JSONArray.')
  if (Statement.length === 0 || Statement.length > MOST_STATEMENTS) {
    fault(
      'IAM.1028',
      `The number of statements ${Statement.length} must be greater than 0 and less than or equal to 8.`,
    )
  }
  for (const statement of Statement) demandActions(statement)
  const parsed = parseDocument(policy, HUAWEI)
  if ('problem' in parsed) faultAt(parsed.at, parsed.problem)
  return policy as Readonly<Record<string, unknown>>
}

function demandActions(statement: unknown): void {
  const fields = (statement ?? {}) as Readonly<Record<string, unknown>>
  const { Effect, Action, NotAction } = fields
  if (Effect !== 'Allow' && Effect !== 'Deny')
    fault('IAM.1029', "The value of Effect must be 'allow' or 'deny'.")
  if (Action !== undefined && NotAction !== undefined) {
    fault('IAM.1031', 'The Action and NotAction cannot be set at the same time in a statement.')
  }
  const given = Action ?? NotAction
  if (!Array.isArray(given)) fault('IAM.1030', 'The Action or NotAction must be a JSONArray.')
  const actions = given as readonly unknown[]
  if (actions.length > MOST_ACTIONS) fault('IAM.1033', `The number of actions ${actions.length} exceeds 100.`)
  const long = actions.find((action) => typeof action === 'string' && action.length > 128)
  if (long) fault('IAM.1034', `The length ${String(long).length} of an action URN exceeds 128 characters.`)
}

function faultAt(at: string, problem: string): never {
  const code = at.includes('.Condition')
    ? 'IAM.1051'
    : at.includes('.Resource')
      ? 'IAM.1049'
      : at.includes('.Action') || at.includes('.NotAction')
        ? 'IAM.1035'
        : 'IAM.1059'
  fault(code, `${at} ${problem}.`)
}
