/**
 * RAM's system policies, under the names they have on Alibaba Cloud: the cloud's own, the same in every account. Their
 * contents follow the published ones as far as they speak of what is served here.
 */

export interface SystemPolicy {
  readonly name: string
  readonly description: string
  readonly document: unknown
}

const allowed = (...actions: readonly string[]) => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
})

const policy = (name: string, description: string, document: unknown): SystemPolicy => ({
  name,
  description,
  document,
})

export const RAM_SYSTEM_POLICIES: readonly SystemPolicy[] = [
  policy('AdministratorAccess', 'Everything in the account', allowed('*')),
  policy(
    'ReadOnlyAccess',
    'Reading everything in the account',
    allowed('*:Describe*', '*:List*', '*:Get*', '*:BatchGet*', '*:Query*', '*:BatchQuery*'),
  ),
  policy('AliyunACMFullAccess', 'Everything of Application Configuration Management', allowed('acms:*')),
  policy(
    'AliyunEDASApplicationReadOnlyAccess',
    'Reading applications of EDAS',
    allowed(
      ...['edas:ReadApplication', 'edas:ReadService'],
      ...['arms:Describe*', 'arms:List*', 'arms:Get*', 'arms:Search*', 'arms:Query*'],
    ),
  ),
  policy('AliyunEDASFullAccess', 'Everything of EDAS', allowed('edas:*')),
  policy('AliyunMSEFullAccess', 'Everything of Microservices Engine', allowed('mse:*')),
  policy(
    'AliyunMSEReadOnlyAccess',
    'Reading in Microservices Engine',
    allowed('mse:Query*', 'mse:List*', 'mse:Get*'),
  ),
  policy('AliyunRAMFullAccess', 'Everything of RAM', allowed('ram:*', 'ims:*')),
  policy(
    'AliyunRAMReadOnlyAccess',
    'Reading in RAM',
    allowed('ram:Get*', 'ram:List*', 'ims:Get*', 'ims:List*'),
  ),
  policy('AliyunSTSAssumeRoleAccess', 'Assuming roles', allowed('sts:AssumeRole')),
]

export function findSystemPolicy(name: string): SystemPolicy | undefined {
  return RAM_SYSTEM_POLICIES.find((each) => each.name === name)
}
