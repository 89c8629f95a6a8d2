/** What several tests need: a role that may read namespaces, a user who may assume it, made with the SDK of the account. */
import type { createRequire } from 'node:module'

type Load = ReturnType<typeof createRequire>

interface Access {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly accountId: string
  readonly endpoint: string
  readonly protocol: string
}

const VERSIONS = { ram: '2015-05-01', sts: '2015-04-01' } as const

/** Calls of RAM and STS by pop-core. */
export const rpcOf = (load: Load, { accessKeyId, accessKeySecret, endpoint, protocol }: Access) => {
  const { RPCClient } = load('@alicloud/pop-core')
  const clientOf = (product: keyof typeof VERSIONS) =>
    new RPCClient({
      accessKeyId,
      accessKeySecret,
      endpoint: `${protocol}://${endpoint}`,
      apiVersion: VERSIONS[product],
    })
  return (product: keyof typeof VERSIONS, action: string, parameters: object = {}) =>
    clientOf(product).request(action, parameters, { method: 'POST' })
}

/** Makes a role that trusts `principal` and may read namespaces; gives its ARN. */
export async function makeReader(
  load: Load,
  access: Access,
  { name, ...trust }: { readonly name: string; readonly Principal: object; readonly Condition?: object },
): Promise<string> {
  const rpc = rpcOf(load, access)
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', ...trust }
  const { Role } = await rpc('ram', 'CreateRole', {
    RoleName: name,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '1', Statement: [statement] }),
  })
  const read = { Effect: 'Allow', Action: 'edas:ReadNamespace', Resource: '*' }
  await rpc('ram', 'CreatePolicy', {
    PolicyName: name,
    PolicyDocument: JSON.stringify({ Version: '1', Statement: [read] }),
  })
  await rpc('ram', 'AttachPolicyToRole', { RoleName: name, PolicyName: name, PolicyType: 'Custom' })
  return Role.Arn
}

/** Makes a user who may assume roles; gives a key of theirs. */
export async function makePerson(load: Load, access: Access, UserName: string) {
  const rpc = rpcOf(load, access)
  await rpc('ram', 'CreateUser', { UserName })
  await rpc('ram', 'AttachPolicyToUser', {
    UserName,
    PolicyName: 'AliyunSTSAssumeRoleAccess',
    PolicyType: 'System',
  })
  const { AccessKey } = await rpc('ram', 'CreateAccessKey', { UserName })
  return {
    accessKeyId: AccessKey.AccessKeyId as string,
    accessKeySecret: AccessKey.AccessKeySecret as string,
  }
}

/** A temporary key of a role that may read namespaces. */
export async function readerSession(load: Load, access: Access) {
  const RAM = [`acs:ram::${access.accountId}:user/reader`]
  const RoleArn = await makeReader(load, access, { name: 'ns-reader', Principal: { RAM } })
  const person = await makePerson(load, access, 'reader')
  const wish = { RoleArn, RoleSessionName: 'e2e', DurationSeconds: 900 }
  const { Credentials } = await rpcOf(load, { ...access, ...person })('sts', 'AssumeRole', wish)
  return {
    accessKeyId: Credentials.AccessKeyId as string,
    accessKeySecret: Credentials.AccessKeySecret as string,
    securityToken: Credentials.SecurityToken as string,
  }
}
