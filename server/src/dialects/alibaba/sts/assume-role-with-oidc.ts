import { assumeRoleWithIdToken, textsOf } from '../../../flows/assume-role-with-oidc.ts'
import { type Door, openDoor } from '../../../flows/federated-login.ts'
import { type BelievedIdToken, believeIdToken } from '../../../flows/oidc-login.ts'
import { findAccountByNumber } from '../../../store/accounts.ts'
import { invalidParameter, refuseGateway } from '../errors.ts'
import { type PublicCall, publicOperation, required } from '../operation.ts'
import { isRefused } from '../ram/ram.ts'
import { requestFacts } from '../request-facts.ts'
import { assumedBody, namedRole, policyOf, roleOf, secondsOf, sessionNameOf } from './role-wish.ts'
import { isoSeconds, VERSION } from './sts.ts'

const ARN = /^acs:ram::(\d{16}):oidc-provider\/([\w.-]{1,64})$/i
/** Characters of a subject (OpenID Connect Core 2). What a pattern of a trust policy costs grows with their square. */
const LONGEST_CLAIM = 255
/** Of the provider's protocols, the one whose mapping says who it is. */
const PROTOCOL = 'oidc'

/**
 * AssumeRoleWithOIDC. Nobody signs it: an ID token of a provider that the role's trust policy names is the proof. The
 * provider is an identity provider of the role's account with a protocol `oidc`, whose mapping says whose token it is: the
 * session is that user's, acting as the role. Who is not trusted does not learn whether the role is there, nor who shows
 * no good token which providers are.
 */
export const assumeRoleWithOidc = publicOperation({
  action: 'AssumeRoleWithOIDC',
  version: VERSION,
  parameters: ['OIDCProviderArn', 'OIDCToken', 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'Policy'],
  actions: 'public',
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'unavailable'],
  handle: async (call) => {
    const { ctx, requestId, answerId } = call
    const provider = namedProvider(call)
    const { account } = namedRole(call)
    const sessionName = sessionNameOf(call)
    const policy = policyOf(call)
    const seconds = secondsOf(call)
    const door = await doorOf(call, provider)
    const token = await believed(call, door)
    const role = (await roleOf(call)) ?? refuseGateway('NoPermission', 'no such role')
    const key = await assumeRoleWithIdToken(ctx, door, token, {
      role,
      sessionName,
      ttl: () => seconds(role.maxSessionSeconds),
      policy,
      facts: requestFacts(ctx, null, call),
      address: call.remoteAddress,
      requestId,
    })
    const { claims } = token
    return {
      body: {
        RequestId: answerId,
        OIDCTokenInfo: {
          Subject: String(claims['sub']),
          Issuer: String(claims['iss']),
          ClientIds: textsOf(claims['aud']).join(','),
          ExpirationTime: isoSeconds(Number(claims['exp'])),
          IssuanceTime: isoSeconds(Number(claims['iat'])),
          VerificationInfo: 'Success',
        },
        ...assumedBody(role, account, { sessionName, key }),
      },
    }
  },
})

interface NamedProvider {
  readonly account: string
  readonly name: string
}

function namedProvider(call: PublicCall): NamedProvider {
  const [, account, name] = ARN.exec(required(call, 'OIDCProviderArn')) ?? []
  if (account !== undefined && name !== undefined) return { account, name }
  return invalidParameter('OIDCProviderArn', 'is not well formed')
}

const untrue = (reason: string): never => refuseGateway('AuthenticationFail.OIDCToken.Invalid', reason)

async function doorOf({ ctx }: PublicCall, { account, name }: NamedProvider): Promise<Door> {
  const [domainId, door] = await Promise.all([
    findAccountByNumber(ctx.store.db, account),
    openDoor(ctx, name, PROTOCOL).catch((error: unknown) => {
      if (isRefused(error, 'unsupported_method') || isRefused(error, 'forbidden')) return undefined
      throw error
    }),
  ])
  if (door && door.provider.domainId === domainId) return door
  return untrue(`no provider ${name} of account ${account}`)
}

async function believed(call: PublicCall, door: Door): Promise<BelievedIdToken> {
  const token = await believeIdToken(call.ctx, door, required(call, 'OIDCToken').trim(), call)
  if (!('refused' in token)) {
    const { sub, aud } = token.claims
    const isLong = [sub, aud].flatMap(textsOf).some((text) => text.length > LONGEST_CLAIM)
    return isLong ? untrue(`${door.provider.id}: a subject or audience longer than any`) : token
  }
  if (token.expired) return refuseGateway('AuthenticationFail.OIDCToken.Expired', token.refused)
  return untrue(`${door.provider.id}: ${token.refused}`)
}
