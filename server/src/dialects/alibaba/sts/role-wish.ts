/** What the ways to assume a role share: which role, how the session is called, what narrows it, how long it lasts. */
import type { TemporaryKey } from '../../../flows/key-session.ts'
import { sessionPolicyStatements } from '../../../flows/role-session.ts'
import { roleArn } from '../../../flows/role-trust.ts'
import { findAccountByNumber } from '../../../store/accounts.ts'
import { type AgencyRecord, findAgency } from '../../../store/agencies.ts'
import { invalidParameter } from '../errors.ts'
import { type PublicCall, required } from '../operation.ts'
import { isoSeconds } from './sts.ts'

const ARN = /^acs:ram::(\d{16}):role\/([\w.-]{1,64})$/i
const LEAST_SECONDS = 900
const DEFAULT_SECONDS = 3600
/** Bytes of a session policy. */
const MOST_POLICY = 1024

export interface NamedRole {
  readonly arn: string
  readonly account: string
  readonly name: string
}

/** The role that `RoleArn` names, there or not. */
export function namedRole(call: PublicCall): NamedRole {
  const arn = required(call, 'RoleArn')
  const [, account, name] = ARN.exec(arn) ?? []
  if (account === undefined || name === undefined) return invalidParameter('RoleArn', 'is not well formed')
  return { arn: roleArn(account, name), account, name }
}

/** The role itself; undefined when it is not there. */
export async function roleOf(call: PublicCall): Promise<AgencyRecord | undefined> {
  const [, account, name] = ARN.exec(call.parameters['RoleArn'] ?? '') ?? []
  if (account === undefined || name === undefined) return undefined
  const { db } = call.ctx.store
  const domainId = await findAccountByNumber(db, account)
  const role = domainId === undefined ? undefined : await findAgency(db, { domainId, name })
  return role?.kind === 'role' ? role : undefined
}

export function sessionNameOf(call: PublicCall): string {
  const name = required(call, 'RoleSessionName')
  return /^[\w.@-]{2,32}$/.test(name) ? name : invalidParameter('RoleSessionName', 'is not well formed')
}

export function textOf({ parameters }: PublicCall, name: string, form: RegExp): string | undefined {
  const text = parameters[name]
  if (text === undefined || text === '') return undefined
  return form.test(text) ? text : invalidParameter(name, 'is not well formed')
}

export function policyOf({ parameters }: PublicCall): string | undefined {
  const policy = parameters['Policy']
  if (policy === undefined || policy === '') return undefined
  if (Buffer.byteLength(policy) > MOST_POLICY) return invalidParameter('PolicySize', 'is too large')
  const statements = sessionPolicyStatements(policy)
  if ('problem' in statements) {
    return invalidParameter('PolicyGrammar', `${statements.at} ${statements.problem}`.trim())
  }
  return policy
}

/** Seconds of the session, once it is known how long the role's may last. */
export function secondsOf({ parameters }: PublicCall): (most: number) => number {
  const text = parameters['DurationSeconds'] || undefined
  const seconds = text === undefined ? DEFAULT_SECONDS : /^\d{1,6}$/.test(text) ? Number(text) : 0
  const refuse = (): never => invalidParameter('DurationSeconds', 'is out of range')
  if (seconds < LEAST_SECONDS) return refuse()
  return (most) => {
    if (text === undefined) return Math.min(seconds, most)
    return seconds <= most ? seconds : refuse()
  }
}

/** Who somebody is in a role session, and the key of it. */
export function assumedBody(
  { id, name }: Pick<AgencyRecord, 'id' | 'name'>,
  account: string,
  { sessionName, key }: { readonly sessionName: string; readonly key: TemporaryKey },
) {
  return {
    AssumedRoleUser: {
      AssumedRoleId: `${id}:${sessionName}`,
      Arn: `${roleArn(account, name)}/${sessionName}`,
    },
    Credentials: {
      AccessKeyId: key.access,
      AccessKeySecret: key.secret,
      SecurityToken: key.securityToken,
      Expiration: isoSeconds(key.expiresAt),
    },
  }
}
