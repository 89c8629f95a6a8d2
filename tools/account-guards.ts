/** The guards of who administers an account, an engine or RAM, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const taken = (file: string, tests: string, code: string, without = ''): Guard => ({
  file,
  code,
  without,
  tests,
})

export const accountGuards: readonly Guard[] = [
  taken(
    'server/src/dialects/huawei/custom-policies/custom-policies.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    demandAdministrator(call.caller, domainId, 'iam:roles:createRole')\n",
  ),
  taken(
    'server/src/dialects/huawei/mfa/login-protection.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    demandAdministrator(caller, account, 'iam:users:listUserLoginProtects')\n",
  ),
  taken(
    'server/src/dialects/huawei/projects/projects.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    demandAdministrator(call.caller, before?.domainId ?? '', 'iam:projects:updateProjectStatus')\n",
  ),
  taken(
    'server/src/dialects/huawei/projects/projects.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "if (accountId !== accountOf(caller)) demandAdministrator(caller, accountId, 'iam:projects:listProjects')\n",
  ),
  taken(
    'server/src/dialects/huawei/roles/roles.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "      demandAdministrator(caller, domainId, 'iam:roles:listRoles')\n",
  ),
  taken(
    'server/src/dialects/huawei/roles/roles.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    if (!own && !administers(call.caller, role.domainId)) return missing('role', id)\n",
  ),
  taken(
    'server/src/dialects/huawei/agencies/agency-grants.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "role.domainId === '' || role.domainId === agency.domain.id ?",
    'true ?',
  ),
  taken(
    'server/src/dialects/huawei/v5/groups.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    demandAdministrator(call.caller, domainId, 'iam:groups:createGroupV5')\n",
  ),
  taken(
    'server/src/dialects/huawei/v5/policies.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    demandAdministrator(caller, domainId, 'iam:policies:listV5')\n",
  ),
  taken(
    'server/src/dialects/huawei/v5/policies.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    demandAdministrator(call.caller, domainId, 'iam:policies:createV5')\n",
  ),
  taken(
    'server/src/dialects/huawei/v5/users.ts',
    'server/src/dialects/huawei/administration.test.ts',
    "    demandAdministrator(call.caller, domainId, 'iam:users:createUserV5')\n",
  ),
  taken(
    'server/src/dialects/cse/engines/engines.ts',
    'server/src/dialects/cse/engines/engines.test.ts',
    ' && engine.enterpriseProjectId === enterpriseProjectId',
  ),
  taken(
    'server/src/dialects/cse/accounts/accounts.ts',
    'server/src/dialects/cse/engines/engines.test.ts',
    "permitsEngine(perms, 'account', verb) ?",
    'true ?',
  ),
  taken(
    'server/src/dialects/alibaba/ram/groups.ts',
    'server/src/dialects/alibaba/ram/ram.test.ts',
    "    await demandWithinRam(call, { kind: 'group', id })\n    const name = call.parameters['NewGroupName'] ? formed(call, 'NewGroupName', NAME) : undefined\n",
    "    const name = call.parameters['NewGroupName'] ? formed(call, 'NewGroupName', NAME) : undefined\n",
  ),
  taken(
    'server/src/dialects/alibaba/ram/groups.ts',
    'server/src/dialects/alibaba/ram/ram.test.ts',
    "    await demandWithinRam(call, { kind: 'group', id })\n    await change(call, `group:${id}`, async (tx) => {\n",
    '    await change(call, `group:${id}`, async (tx) => {\n',
  ),
  taken(
    'server/src/dialects/alibaba/ram/roles.ts',
    'server/src/dialects/alibaba/ram/ram.test.ts',
    "    await demandWithinRam(call, { kind: 'agency', id })\n    const maxSessionSeconds = sessionSeconds(call, 'NewMaxSessionDuration')\n",
    "    const maxSessionSeconds = sessionSeconds(call, 'NewMaxSessionDuration')\n",
  ),
  taken(
    'server/src/dialects/alibaba/ram/roles.ts',
    'server/src/dialects/alibaba/ram/ram.test.ts',
    "    await demandWithinRam(call, { kind: 'agency', id })\n    await change(call, `role:${id}`, async (tx) => {\n",
    '    await change(call, `role:${id}`, async (tx) => {\n',
  ),
  {
    file: 'server/src/dialects/huawei/users/users.ts',
    code: "sent.password !== undefined && before.kind === 'federated'",
    without: 'false',
    tests: 'server/src/dialects/huawei/huawei.test.ts',
  },
  {
    file: 'server/src/flows/agencies.ts',
    code: '.difference(held)',
    without: '.difference(withImplied(everywhere, roles.implied))',
    tests: 'server/src/dialects/huawei/agencies/agency-conditions.test.ts',
  },
  {
    file: 'server/src/flows/agencies.ts',
    code: "effect === 'Deny' || !denying.has(record.id)",
    without: 'true',
    tests: 'server/src/dialects/huawei/agencies/agency-conditions.test.ts',
  },
  {
    file: 'server/src/dialects/huawei/signature.ts',
    code: "  if (path.includes('#')) return undefined\n",
    without: '',
    tests: 'server/src/dialects/huawei/signature.test.ts',
  },
  {
    file: 'server/src/dialects/huawei/signature.ts',
    code: "decoded(text.replaceAll('+', ' '))",
    without: 'decoded(text)',
    tests: 'server/src/dialects/huawei/signature.test.ts',
  },
  {
    file: 'server/src/dialects/huawei/account/quotas.ts',
    code: "project?.domainId ?? ''",
    without: 'project?.domainId ?? caller.user.domain.id',
    tests: 'server/src/dialects/huawei/account/quotas.test.ts',
  },
]
