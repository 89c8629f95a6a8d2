/** Guards of agencies, access keys and the Huawei Cloud face, for guards.ts. */
import type { Guard } from './guards.ts'

const HUAWEI = 'server/src/dialects/huawei/'
const SIGNATURES = `${HUAWEI}signature.test.ts`
const KEYS = `${HUAWEI}access-keys/access-keys.test.ts`
const POLICIES = `${HUAWEI}access-keys/session-policies.test.ts`
const AGENCIES = `${HUAWEI}agencies/agency-token.test.ts`
const AGENCY = `${HUAWEI}agencies/agencies.test.ts`
const MATRIX = `${HUAWEI}nothing-exceeds.test.ts`
const SECURITY = `${HUAWEI}account/security-policies.test.ts`
const FEDERATED = 'server/src/flows/federated-login.test.ts'
const TRUST = `${HUAWEI}v5/trust-agencies.test.ts`
const IDENTITY = `${HUAWEI}v5/policies.test.ts`
const CONDITIONS = `${HUAWEI}agencies/agency-conditions.test.ts`
const USERS = `${HUAWEI}v5/users-and-groups.test.ts`
const MFA = `${HUAWEI}mfa/mfa.test.ts`
const ADMINISTRATION = `${HUAWEI}administration.test.ts`

export const huaweiGuards: readonly Guard[] = [
  {
    file: `${HUAWEI}signature.ts`,
    code: "if (!signedHeaders.includes('x-sdk-date')) return undefined",
    without: '',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}signature.ts`,
    code: "if (said === undefined || !signedHeaders.includes('x-sdk-content-sha256')) return actual",
    without: 'if (said === undefined) return actual',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}signature.ts`,
    code: "return method === 'GET' || method === 'HEAD' ? said : undefined",
    without: 'return said',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}signature.ts`,
    code: 'return said === actual ? said : undefined',
    without: 'return said',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}signature.ts`,
    code: 'return /^(SDK|V11)-/.test(',
    without: 'return /^SDK-HMAC-SHA256/.test(',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}identify.ts`,
    code: 'if (Math.abs(signature.signedAt - ctx.now() / 1e6) > FRESH) {',
    without: 'if (false) {',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}identify.ts`,
    code: "if (incoming.method !== 'GET' && incoming.method !== 'HEAD') await useUp(ctx, signature)",
    without: '',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}identify.ts`,
    code: 'update(signature.signature.toLowerCase())',
    without: 'update(signature.signature)',
    tests: SIGNATURES,
  },
  {
    file: `${HUAWEI}identify.ts`,
    code: 'if (!good || secret === undefined)',
    without: 'if (secret === undefined)',
    tests: KEYS,
  },
  {
    file: `${HUAWEI}actions.ts`,
    code: 'if (!allowed) refuse(',
    without: 'if (false) refuse(',
    tests: POLICIES,
  },
  {
    file: 'server/src/flows/session-policy.ts',
    code: "const counts = effect === 'Deny' || everywhere",
    without: 'const counts = true',
    tests: POLICIES,
  },
  {
    file: 'server/src/flows/access-keys.ts',
    code: 'ctx.keys.derive(`temporary_access_key:${access}${bound}`)',
    without: 'ctx.keys.derive(`temporary_access_key:${access}${bound && String()}`)',
    tests: POLICIES,
  },
  {
    file: 'server/src/methods/assume-role/method.ts',
    code: "if (session.narrowedBy) return 'a session with a session policy'",
    without: '',
    tests: POLICIES,
  },
  {
    file: 'server/src/methods/assume-role/method.ts',
    code: 'return through && `a session through ${through.kind}`',
    without: 'return through && undefined',
    tests: AGENCIES,
  },
  {
    file: 'server/src/methods/assume-role/method.ts',
    code: "if (agency.externalId !== null && agency.externalId !== request.externalId) return 'external id'",
    without: '',
    tests: AGENCY,
  },
  {
    file: 'server/src/methods/assume-role/method.ts',
    code: "if (sourceIdentity && !request.sourceIdentity) return 'no source identity'",
    without: '',
    tests: AGENCY,
  },
  {
    file: 'server/src/methods/assume-role/method.ts',
    code: "if (maxDepth !== undefined && claims.via.length + 1 > maxDepth) return 'chain too deep'",
    without: '',
    tests: AGENCY,
  },
  {
    file: 'server/src/methods/assume-role/method.ts',
    code: 'claims.auditIds.length > 1 || now - claims.issuedAt > maxAge',
    without: 'now - claims.issuedAt > maxAge',
    tests: AGENCY,
  },
  {
    file: 'server/src/methods/assume-role/method.ts',
    code: "    return 'chain too old'",
    without: '    return undefined',
    tests: AGENCY,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: 'if (hint.domainId !== undefined && hint.domainId !== accountId) {',
    without: 'if (false) {',
    tests: SIGNATURES,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: "project?.domain.id === accountId ? id : refuse('unauthenticated', 'X-Project-Id of another account')",
    without: 'id + (project ? String() : String())',
    tests: SIGNATURES,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: 'if (through) return refuse(',
    without: 'if (false) return refuse(',
    tests: MATRIX,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: "return refuse('forbidden', 'a temporary key makes another')",
    without: '',
    tests: KEYS,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: 'expiresAt: Math.min(claims.expiresAt, Math.floor(ctx.now() / 1e6) + ttl),\n  }\n  await loadSession(ctx, derived)',
    without: 'expiresAt: Math.floor(ctx.now() / 1e6) + ttl,\n  }\n  await loadSession(ctx, derived)',
    tests: MATRIX,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: "if (session.narrowedBy) return refuse('forbidden', 'a narrowed key makes a login token')",
    without: '',
    tests: POLICIES,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: "if (narrowedTo(session) !== undefined) return refuse('forbidden', 'a narrowed role makes a login token')",
    without: '',
    tests: 'server/src/dialects/alibaba/sts/sts.test.ts',
  },
  {
    file: 'server/src/flows/validate-token.ts',
    code: 'if (bound ? key.id !== options.signedBy : options.signedBy !== undefined) {',
    without: 'if (false) {',
    tests: KEYS,
  },
  {
    file: 'server/src/flows/assume-agency.ts',
    code: "if (!rights.some) return refuse('forbidden', 'no right to act as any agency')",
    without: '',
    tests: AGENCIES,
  },
  {
    file: 'server/src/flows/assume-agency.ts',
    code: 'expiresAt: claims.expiresAt,',
    without: 'expiresAt: claims.expiresAt + 86_400,',
    tests: MATRIX,
  },
  {
    file: 'server/src/flows/resolve-scope.ts',
    code: "if (via.at(-1)?.kind === 'agency' && elsewhere) {",
    without: 'if (false && elsewhere) {',
    tests: AGENCIES,
  },
  {
    file: 'server/src/flows/links/agency.ts',
    code: 'if (!user?.enabled || !user.domain.enabled) {',
    without: 'if (!user) {',
    tests: AGENCIES,
  },
  {
    file: 'server/src/flows/links/agency.ts',
    code: ': await mayAct(ctx, agency, person))',
    without: ': true)',
    tests: AGENCIES,
  },
  {
    file: 'server/src/flows/links/agency.ts',
    code: 'tokensValidFrom: user.tokensValidFrom,',
    without: 'tokensValidFrom: 0,',
    tests: AGENCIES,
  },
  {
    file: 'server/src/flows/account-administration.ts',
    code: "if (scope.kind !== 'domain' || scope.domain.id !== user.domain.id || !isInPerson(session)) return undefined",
    without: "if (scope.kind !== 'domain') return undefined",
    tests: ADMINISTRATION,
  },
  {
    file: `${HUAWEI}agencies/agency-grants.ts`,
    code: 'if (powers.roles.has(role.id)) {',
    without: 'if (false) {',
    tests: ADMINISTRATION,
  },
  {
    file: `${HUAWEI}user-for.ts`,
    code: 'if (powers?.actors.has(id) && caller.user.id !== id && !isCloudAdmin(caller)) {',
    without: 'if (false) {',
    tests: ADMINISTRATION,
  },
  {
    file: `${HUAWEI}access-keys/permanent-keys.ts`,
    code: 'if (powers.actors.has(userId) && caller.user.id !== userId && !isCloudAdmin(caller)) {',
    without: 'if (false) {',
    tests: ADMINISTRATION,
  },
  {
    file: `${HUAWEI}access-keys/permanent-keys.ts`,
    code: "  demandLasting(call.caller, 'iam:credentials:createCredential')\n",
    without: '',
    tests: MATRIX,
  },
  {
    file: 'server/src/flows/account-security.ts',
    code: "if (!allowsAddress(way === 'program' ? apiAddresses : consoleAddresses, address)) {",
    without: 'if (false) {',
    tests: SECURITY,
  },
  {
    file: 'server/src/flows/account-security.ts',
    code: 'if (protect?.[what] === false) refuse(',
    without: 'if (false) refuse(',
    tests: SECURITY,
  },
  {
    file: 'server/src/flows/issue-token.ts',
    code: 'if (address !== undefined) await demandAddresses(ctx, shown, request.presenter, address)',
    without: '',
    tests: SECURITY,
  },
  {
    file: 'server/src/flows/issue-token.ts',
    code: '...(session ? accountsBehind(session) : [])',
    without: '',
    tests: AGENCIES,
  },
  {
    file: 'server/src/flows/account-security.ts',
    code: 'return by === undefined || by === user.domain.id ? [user.domain.id] : [user.domain.id, by]',
    without: 'return [user.domain.id]',
    tests: AGENCIES,
  },
  {
    file: 'server/src/flows/federated-login.ts',
    code: '  await demandOrigin(ctx, domainId, request.from)\n',
    without: '',
    tests: FEDERATED,
  },
  {
    file: 'server/src/flows/federated-login.ts',
    code: '  await demandOrigin(ctx, found.domain.id, from)\n',
    without: '',
    tests: FEDERATED,
  },
  {
    file: 'server/src/flows/federated-login.ts',
    code: 'const ttl = Math.min(request.ttl, atConsole ?? request.ttl)',
    without: 'const ttl = request.ttl + 0 * (atConsole ?? 0)',
    tests: FEDERATED,
  },
  {
    file: 'server/src/flows/key-session.ts',
    code: 'Math.min(ttl, (await consoleSeconds(ctx, accountsBehind(session))) ?? ttl)',
    without: 'Math.min(ttl, ((await consoleSeconds(ctx, accountsBehind(session))) ?? 0) + ttl)',
    tests: SECURITY,
  },
  {
    file: 'server/src/core/account-security.ts',
    code: 'rules.lockoutFailureAttempts === 0 ? login.period_with_login_failures * MINUTE : undefined',
    without: 'login.period_with_login_failures * MINUTE',
    tests: SECURITY,
  },
  {
    file: 'server/src/flows/passwords.ts',
    code: 'const fault = passwordFault(security.password, password, chosen.of.name)',
    without: 'const fault = passwordFault(undefined, password, chosen.of.name)',
    tests: SECURITY,
  },
  {
    file: 'server/src/core/account-security.ts',
    code: 'lockoutDuration: Math.max(rules.lockoutDuration, login.lockout_duration * MINUTE),',
    without: '',
    tests: SECURITY,
  },
  {
    file: 'server/src/core/account-security.ts',
    code: 'lockoutFailureAttempts: least(rules.lockoutFailureAttempts, login.login_failed_times) ?? 0,',
    without: 'lockoutFailureAttempts: login.login_failed_times,',
    tests: SECURITY,
  },
  {
    file: 'server/src/flows/mfa-devices.ts',
    code: 'if (!follows) refuseCode()',
    without: '',
    tests: MFA,
  },
  {
    file: 'server/src/flows/mfa-devices.ts',
    code: 'if (!proof.proven) refuseCode()',
    without: '',
    tests: MFA,
  },
  {
    file: 'server/src/flows/mfa-devices.ts',
    code: 'if (!user || !isProtected(user)) return',
    without: 'if (user) return',
    tests: MFA,
  },
  {
    file: 'server/src/dialects/keystone/credentials/credentials.ts',
    code: 'credential && isMfaDevice(credential) ? undefined : credential',
    without: 'credential',
    tests: MFA,
  },
  {
    file: `${HUAWEI}mfa/mfa-devices.ts`,
    code: "userFor(call, userId, 'iam:mfa:deleteVirtualMFADevice', 'change')",
    without: "userFor(call, userId, 'iam:mfa:deleteVirtualMFADevice', 'own')",
    tests: MFA,
  },
  {
    file: 'server/src/flows/links/access-key.ts',
    code: "if (key?.status !== 'Active') return refuse(",
    without: 'if (!key) return refuse(',
    tests: KEYS,
  },
  {
    file: 'server/src/flows/agency-trust.ts',
    code: 'return agency.trustDomainId === domain.id',
    without: 'return true',
    tests: AGENCIES,
  },
  {
    file: 'server/src/dialects/keystone/tokens/hot-validate.ts',
    code: 'if (accountsBehind(caller).some((id) => isBoundToAddresses(ctx.store, id) !== false)) return false',
    without: '',
    tests: SECURITY,
  },
  {
    file: 'server/src/flows/agencies.ts',
    code: 'const policies = facts === null ? stated.map(withoutConditions) : stated',
    without: 'const policies = stated.map(withoutConditions)',
    tests: CONDITIONS,
  },
  {
    file: 'server/src/flows/agencies.ts',
    code: 'if (!trusts(agency, person.user, null)) return false',
    without: '',
    tests: TRUST,
  },
  {
    file: 'server/src/flows/agencies.ts',
    code: "!effects.includes('deny') && (byRole || effects.includes('allow'))",
    without: "byRole || effects.includes('allow')",
    tests: AGENCY,
  },
  {
    file: 'server/src/flows/assume-agency.ts',
    code: 'const isNamed = v5 ? agencyPath(agency) === v5.path : !isTrustAgency(agency)',
    without: 'const isNamed = v5 ? true : !isTrustAgency(agency)',
    tests: TRUST,
  },
  {
    file: 'server/src/flows/assume-agency.ts',
    code: 'return isNamed && trusts(',
    without: 'return (isNamed || !v5) && trusts(',
    tests: TRUST,
  },
  {
    file: 'server/src/flows/assume-agency.ts',
    code: "const isLocal = user.kind === 'local'",
    without: 'const isLocal = true',
    tests: TRUST,
  },
  {
    file: 'server/src/flows/agency-trust.ts',
    code: "const named = kind === 'local' ?",
    without: 'const named = true ?',
    tests: TRUST,
  },
  {
    file: 'server/src/flows/assume-agency.ts',
    code: 'if (payload.v5 && payload.v5.seconds > agency.maxSessionSeconds) {',
    without: 'if (false) {',
    tests: TRUST,
  },
  {
    file: `${HUAWEI}agencies/agencies.ts`,
    code: "return isTrustAgency(agency) ? missing('agency', agency.id) : agency",
    without: 'return agency',
    tests: TRUST,
  },
  {
    file: `${HUAWEI}v5/attachments.ts`,
    code: 'if (actors.has(id) && !isCloudAdmin(call.caller)) {',
    without: 'if (false) {',
    tests: IDENTITY,
  },
  {
    file: `${HUAWEI}v5/attachments.ts`,
    code: 'if (accountId !== policy.domainId) missing(kind.actor, id)',
    without: '',
    tests: IDENTITY,
  },
  {
    file: `${HUAWEI}v5/policies.ts`,
    code: 'if (policy && isIdentityPolicy(policy) && administers(call.caller, policy.domainId)) return policy',
    without: 'if (policy && isIdentityPolicy(policy)) return policy',
    tests: IDENTITY,
  },
  {
    file: `${HUAWEI}custom-policies/custom-policies.ts`,
    code: "policy.domainId !== '' && isGrantedAsRole(policy)",
    without: "policy.domainId !== ''",
    tests: IDENTITY,
  },
  {
    file: 'server/src/flows/load-session.ts',
    code: '  if (user?.domain.id !== scope.id) return false\n',
    without: '',
    tests: CONDITIONS,
  },
  {
    file: `${HUAWEI}v5/groups.ts`,
    code: 'if (actors.has(id) && !isCloudAdmin(call.caller)) {',
    without: 'if (false) {',
    tests: USERS,
  },
  {
    file: `${HUAWEI}v5/groups.ts`,
    code: "if (user?.domainId !== group.domainId) return missing('user', id)",
    without: "if (!user) return missing('user', id)",
    tests: USERS,
  },
  {
    file: `${HUAWEI}v5/groups.ts`,
    code: 'if (group && administers(caller, group.domainId)) return group',
    without: 'if (group) return group',
    tests: USERS,
  },
  {
    file: `${HUAWEI}user-for.ts`,
    code: 'if (user && (administers(caller, user.domainId) || caller.user.id === id)) {',
    without: 'if (user) {',
    tests: USERS,
  },
  {
    file: `${HUAWEI}v5/groups.ts`,
    code: 'if (call.caller.user.id !== id) demandAccounts(id)',
    without: '',
    tests: USERS,
  },
]
