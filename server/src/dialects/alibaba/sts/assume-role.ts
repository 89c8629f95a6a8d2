import { assumeRole } from '../../../flows/assume-role.ts'
import { sessionPolicyStatements } from '../../../flows/role-session.ts'
import { roleArn } from '../../../flows/role-trust.ts'
import { findAccountByNumber } from '../../../store/accounts.ts'
import { type AgencyRecord, findAgency } from '../../../store/agencies.ts'
import { invalidParameter, noSuch, refuseGateway } from '../errors.ts'
import { type Call, operation, required } from '../operation.ts'
import { requestFacts } from '../request-facts.ts'
import { isoSeconds, VERSION } from './sts.ts'

const ARN = /^acs:ram::(\d{16}):role\/([\w.-]{1,64})$/i
const LEAST_SECONDS = 900
const DEFAULT_SECONDS = 3600
/** Bytes of a session policy. */
const MOST_POLICY = 1024

/**
 * AssumeRole. The caller's own policies have to allow `sts:AssumeRole` on the role, and the role's trust policy has to
 * name the caller. Whoever is not trusted by another account's role does not learn whether it is there.
 */
export const assumeRoleOperation = operation<AgencyRecord | undefined>({
  action: 'AssumeRole',
  version: VERSION,
  parameters: ['RoleArn', 'RoleSessionName', 'DurationSeconds', 'Policy', 'ExternalId', 'SourceIdentity'],
  actions: ['sts:AssumeRole'],
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load: roleOf,
  asks: (call) => [{ action: 'sts:AssumeRole', resource: namedRole(call).arn }],
  handle: async (call, role) => {
    const { ctx, principal, requestId, answerId } = call
    const sessionName = sessionNameOf(call)
    const policy = policyOf(call)
    const seconds = secondsOf(call)
    if (!role) {
      const { account } = namedRole(call)
      if (account === principal.account.number) return noSuch('Role', 'no such role')
      return refuseGateway('NoPermission', 'no such role in that account')
    }
    const sourceIdentity = textOf(call, 'SourceIdentity', /^[\w=,.@-]{2,64}$/)
    const externalId = textOf(call, 'ExternalId', /^[\w+=,.@:/-]{2,1224}$/)
    const key = await assumeRole(ctx, principal.session, {
      role,
      sessionName,
      ttl: seconds(role.maxSessionSeconds),
      policy,
      externalId,
      sourceIdentity,
      facts: { ...requestFacts(ctx, principal, call), 'sts:ExternalId': externalId },
      requestId,
    })
    const { account, name } = namedRole(call)
    return {
      body: {
        RequestId: answerId,
        ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
        AssumedRoleUser: {
          AssumedRoleId: `${role.id}:${sessionName}`,
          Arn: `${roleArn(account, name)}/${sessionName}`,
        },
        Credentials: {
          AccessKeyId: key.access,
          AccessKeySecret: key.secret,
          SecurityToken: key.securityToken,
          Expiration: isoSeconds(key.expiresAt),
        },
      },
    }
  },
})

interface NamedRole {
  readonly arn: string
  readonly account: string
  readonly name: string
}

function namedRole(call: Call): NamedRole {
  const arn = required(call, 'RoleArn')
  const [, account, name] = ARN.exec(arn) ?? []
  if (account === undefined || name === undefined) return invalidParameter('RoleArn', 'is not well formed')
  return { arn: roleArn(account, name), account, name }
}

async function roleOf(call: Call): Promise<AgencyRecord | undefined> {
  const [, account, name] = ARN.exec(call.parameters['RoleArn'] ?? '') ?? []
  if (account === undefined || name === undefined) return undefined
  const { db } = call.ctx.store
  const domainId = await findAccountByNumber(db, account)
  const role = domainId === undefined ? undefined : await findAgency(db, { domainId, name })
  return role?.kind === 'role' ? role : undefined
}

function sessionNameOf(call: Call): string {
  const name = required(call, 'RoleSessionName')
  return /^[\w.@-]{2,32}$/.test(name) ? name : invalidParameter('RoleSessionName', 'is not well formed')
}

function textOf({ parameters }: Call, name: string, form: RegExp): string | undefined {
  const text = parameters[name]
  if (text === undefined || text === '') return undefined
  return form.test(text) ? text : invalidParameter(name, 'is not well formed')
}

function policyOf({ parameters }: Call): string | undefined {
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
function secondsOf({ parameters }: Call): (most: number) => number {
  const text = parameters['DurationSeconds'] || undefined
  const seconds = text === undefined ? DEFAULT_SECONDS : /^\d{1,6}$/.test(text) ? Number(text) : 0
  const refuse = (): never => invalidParameter('DurationSeconds', 'is out of range')
  if (seconds < LEAST_SECONDS) return refuse()
  return (most) => {
    if (text === undefined) return Math.min(seconds, most)
    return seconds <= most ? seconds : refuse()
  }
}
