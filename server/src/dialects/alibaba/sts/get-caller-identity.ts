import { readRoleSession } from '../../../flows/role-session.ts'
import { type Call, operation } from '../operation.ts'
import { VERSION } from './sts.ts'

/** GetCallerIdentity: who signed. Nothing has to be allowed for it. */
export const getCallerIdentity = operation({
  action: 'GetCallerIdentity',
  version: VERSION,
  parameters: [],
  actions: 'any',
  refusals: ['unauthenticated'],
  handle: async (call) => ({ body: { RequestId: call.answerId, ...identityOf(call) } }),
})

function identityOf({ principal: { account, isAccount, session } }: Call): Record<string, string> {
  const { user, claims, delegation } = session
  const AccountId = account.number
  const link = claims.via.findLast(({ kind }) => kind === 'agency')
  if (link?.kind === 'agency' && delegation.agency) {
    const { id, name } = delegation.agency
    const sessionName = readRoleSession(link.session).name
    return {
      IdentityType: 'AssumedRoleUser',
      AccountId,
      PrincipalId: `${id}:${sessionName}`,
      RoleId: id,
      Arn: `acs:ram::${AccountId}:assumed-role/${name}/${sessionName}`,
    }
  }
  if (isAccount) {
    return {
      IdentityType: 'Account',
      AccountId,
      PrincipalId: AccountId,
      UserId: AccountId,
      Arn: `acs:ram::${AccountId}:root`,
    }
  }
  // A name that only a provider vouches for may be that of a user of RAM's, and others go by this ARN.
  return {
    IdentityType: 'RAMUser',
    AccountId,
    PrincipalId: user.id,
    UserId: user.id,
    Arn: `acs:ram::${AccountId}:user/${user.kind === 'local' ? user.name : user.id}`,
  }
}
