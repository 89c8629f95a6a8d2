/** The guards of scopes, and of what no delegated session may touch, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const taken = (file: string, tests: string, code: string, without = ''): Guard => ({
  file,
  code,
  without,
  tests,
})

export const sessionGuards: readonly Guard[] = [
  taken(
    'server/src/dialects/keystone/tokens/revoke.ts',
    'server/src/dialects/keystone/tokens/tokens.test.ts',
    "if (chain && isDelegated(caller)) refuse('forbidden', 'a delegated session ends a whole sign-in')",
  ),
  taken(
    'server/src/flows/resolve-scope.ts',
    'server/src/dialects/huawei/agencies/agency-token.test.ts',
    '      refuseFromSystem(proof)\n      return { ...(await account(',
    ' return { ...(await account(',
  ),
  taken(
    'server/src/flows/resolve-scope.ts',
    'server/src/dialects/keystone/tokens/tokens.test.ts',
    '      refuseFromSystem(proof)\n      return { ...(await domain(',
    ' return { ...(await domain(',
  ),
  taken(
    'server/src/flows/resolve-scope.ts',
    'server/src/dialects/keystone/tokens/tokens.test.ts',
    '      refuseFromSystem(proof)\n      return { ...(await project(',
    ' return { ...(await project(',
  ),
  taken(
    'server/src/flows/resolve-scope.ts',
    'server/src/dialects/keystone/projects/advisories.test.ts',
    "if (!record?.alive) return refuse('unauthenticated', 'domain is gone or disabled')",
    "if (!record) return refuse('unauthenticated', 'domain is gone or disabled')",
  ),
  taken(
    'server/src/flows/resolve-scope.ts',
    'server/src/dialects/keystone/application-credentials/application-credentials.test.ts',
    "if (wished.kind !== 'default') return",
    'if (false) return',
  ),
  taken(
    'server/src/flows/load-session.ts',
    'server/src/dialects/keystone/tokens/tokens.test.ts',
    "(role): role is RoleFacts => role?.domainId === ''",
    '(role): role is RoleFacts => role !== undefined',
  ),
  taken(
    'server/src/dialects/keystone/application-credentials/application-credentials.ts',
    'server/src/dialects/keystone/application-credentials/application-credentials.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['application_credential'])\n    const filters = filtersFrom(call.query, { name: { column: 'name' } })\n",
    "    const filters = filtersFrom(call.query, { name: { column: 'name' } })\n",
  ),
  taken(
    'server/src/dialects/keystone/application-credentials/application-credentials.ts',
    'server/src/dialects/keystone/application-credentials/application-credentials.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['application_credential'])\n    const there = found(credential, KIND, call.params['application_credential_id'] ?? '')\n",
    "    const there = found(credential, KIND, call.params['application_credential_id'] ?? '')\n",
  ),
  taken(
    'server/src/dialects/keystone/application-credentials/application-credentials.ts',
    'server/src/dialects/keystone/application-credentials/application-credentials.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['application_credential'])\n    refuseRestricted(call.caller, RESTRICTED)\n",
    '    refuseRestricted(call.caller, RESTRICTED)\n',
  ),
  taken(
    'server/src/dialects/keystone/trusts/trusts.ts',
    'server/src/dialects/keystone/trusts/trusts.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['trust'])\n    const trustorUserId = one(call.query, 'trustor_user_id')\n",
    "    const trustorUserId = one(call.query, 'trustor_user_id')\n",
  ),
  taken(
    'server/src/dialects/keystone/trusts/trusts.ts',
    'server/src/dialects/keystone/trusts/trusts.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['trust'])\n    return { body: { trust: trustBody(call, trust, await rolesOfTrust(call, trust)) } }\n",
    '    return { body: { trust: trustBody(call, trust, await rolesOfTrust(call, trust)) } }\n',
  ),
  taken(
    'server/src/dialects/keystone/trusts/trusts.ts',
    'server/src/dialects/keystone/trusts/trusts.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['trust'])\n    await change(call, `trust:${trust.id}`, (tx) => deleteTrust(tx, trust.id, call.ctx.now()))\n",
    '    await change(call, `trust:${trust.id}`, (tx) => deleteTrust(tx, trust.id, call.ctx.now()))\n',
  ),
  taken(
    'server/src/dialects/keystone/trusts/trusts.ts',
    'server/src/dialects/keystone/trusts/trusts.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['trust'])\n    const roles = (await rolesOfTrust(call, trust)).map((role) => roleBody(call, role))\n",
    '    const roles = (await rolesOfTrust(call, trust)).map((role) => roleBody(call, role))\n',
  ),
  taken(
    'server/src/dialects/keystone/trusts/trusts.ts',
    'server/src/dialects/keystone/trusts/trusts.test.ts',
    "    refuseDelegated(call.caller, DELEGATED, ['trust'])\n    const id = call.params['role_id'] ?? ''\n",
    "    const id = call.params['role_id'] ?? ''\n",
  ),
  taken(
    'server/src/dialects/keystone/oauth1/access-tokens.ts',
    'server/src/dialects/keystone/oauth1/oauth1.test.ts',
    "    refuseDelegated(call.caller, DELEGATED)\n    const tokens = await listAccessTokens(call.ctx.store.db, call.params['user_id'] ?? '')\n",
    "    const tokens = await listAccessTokens(call.ctx.store.db, call.params['user_id'] ?? '')\n",
  ),
  taken(
    'server/src/dialects/keystone/oauth1/access-tokens.ts',
    'server/src/dialects/keystone/oauth1/oauth1.test.ts',
    '    refuseDelegated(call.caller, DELEGATED)\n    return { body: { access_token: body(call, await tokenOf(call)) } }\n',
    '    return { body: { access_token: body(call, await tokenOf(call)) } }\n',
  ),
  taken(
    'server/src/dialects/keystone/oauth1/access-tokens.ts',
    'server/src/dialects/keystone/oauth1/oauth1.test.ts',
    '    refuseDelegated(call.caller, DELEGATED)\n    const { id } = await tokenOf(call)\n',
    '    const { id } = await tokenOf(call)\n',
  ),
  taken(
    'server/src/dialects/keystone/ec2/ec2-credentials.ts',
    'server/src/dialects/keystone/credentials/credentials.test.ts',
    "    'target.credential.user_id': params['user_id'],\n  }),\n  handle: async (call) => {\n    refuseDelegated(call.caller, DELEGATED)\n",
    "    'target.credential.user_id': params['user_id'],\n  }),\n  handle: async (call) => {\n",
  ),
  taken(
    'server/src/dialects/keystone/ec2/ec2-credentials.ts',
    'server/src/dialects/keystone/credentials/credentials.test.ts',
    "  refusals: ['unauthenticated', 'forbidden', 'not_found'],\n  target: (_facts, { params }) => ({ user_id: params['user_id'] }),\n  handle: async (call) => {\n    refuseDelegated(call.caller, DELEGATED)\n",
    "  refusals: ['unauthenticated', 'forbidden', 'not_found'],\n  target: (_facts, { params }) => ({ user_id: params['user_id'] }),\n  handle: async (call) => {\n",
  ),
  taken(
    'server/src/dialects/keystone/application-credentials/application-credentials.ts',
    'server/src/dialects/keystone/application-credentials/application-credentials.test.ts',
    '    refuseRestricted(call.caller, RESTRICTED)\n',
  ),
  taken(
    'server/src/dialects/keystone/oauth1/authorization.ts',
    'server/src/dialects/keystone/oauth1/oauth1.test.ts',
    'token.expiresAt > now ? token',
    'true ? token',
  ),
  taken(
    'server/src/flows/links/trust.ts',
    'server/src/dialects/keystone/trusts/trusts.test.ts',
    'if (!user?.enabled || !user.domain.enabled)',
    'if (!user?.enabled)',
  ),
  taken(
    'server/src/dialects/keystone/tokens/hot-validate.ts',
    'server/src/dialects/keystone/tokens/hot-validate.test.ts',
    ' || subject.delegation.applicationCredential) return false',
    ') return false',
  ),
  taken(
    'server/src/dialects/keystone/tokens/hot-validate.ts',
    'server/src/dialects/keystone/tokens/hot-validate.test.ts',
    "if (caller.claims.via.some(({ kind }) => kind === 'credential')) return false",
  ),
  taken(
    'server/src/dialects/keystone/tokens/hot-validate.ts',
    'server/src/dialects/keystone/tokens/hot-validate.test.ts',
    'if (headers.authorization !== undefined) return false',
  ),
  {
    file: 'server/src/dialects/keystone/tokens/validate.ts',
    code: '    ruleFor: (_subject, { method }) => ruleOf(method),\n',
    without: '',
    tests: 'server/src/dialects/keystone/tokens/tokens.test.ts',
  },
  {
    file: 'server/src/dialects/keystone/tokens/hot-validate.ts',
    code: 'policy.decide(ruleOf(method),',
    without: "policy.decide(ruleOf('GET'),",
    tests: 'server/src/dialects/keystone/tokens/hot-validate.test.ts',
  },
]
