/** What several tests need: a role that may read namespaces, a user who may assume it, made with the SDK of the account. */
import { type Access, type KeyAnswer, popCoreRpc } from '../alibaba-access.ts'

/** Makes a role that trusts `principal` and may read namespaces; gives its ARN. */
export async function makeReader(
  access: Access,
  { name, ...trust }: { readonly name: string; readonly Principal: object; readonly Condition?: object },
): Promise<string> {
  const ram = popCoreRpc(access, 'ram')
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', ...trust }
  const { Role } = await ram('CreateRole', {
    RoleName: name,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '1', Statement: [statement] }),
  })
  const read = { Effect: 'Allow', Action: 'edas:ReadNamespace', Resource: '*' }
  await ram('CreatePolicy', {
    PolicyName: name,
    PolicyDocument: JSON.stringify({ Version: '1', Statement: [read] }),
  })
  await ram('AttachPolicyToRole', { RoleName: name, PolicyName: name, PolicyType: 'Custom' })
  return Role.Arn
}

/** Makes a user who may assume roles; gives a key of theirs. */
export async function makePerson(access: Access, UserName: string) {
  const ram = popCoreRpc(access, 'ram')
  await ram('CreateUser', { UserName })
  await ram('AttachPolicyToUser', {
    UserName,
    PolicyName: 'AliyunSTSAssumeRoleAccess',
    PolicyType: 'System',
  })
  const { AccessKey } = await ram('CreateAccessKey', { UserName })
  return asKey(AccessKey)
}

/** A temporary key of a role that may read namespaces. */
export async function readerSession(access: Access) {
  const RAM = [`acs:ram::${access.accountId}:user/reader`]
  const RoleArn = await makeReader(access, { name: 'ns-reader', Principal: { RAM } })
  const person = await makePerson(access, 'reader')
  const wish = { RoleArn, RoleSessionName: 'e2e', DurationSeconds: 900 }
  const { Credentials } = await popCoreRpc({ ...access, ...person }, 'sts')('AssumeRole', wish)
  return { ...asKey(Credentials), securityToken: Credentials.SecurityToken }
}

const asKey = ({ AccessKeyId, AccessKeySecret }: KeyAnswer) => ({
  accessKeyId: AccessKeyId,
  accessKeySecret: AccessKeySecret,
})
