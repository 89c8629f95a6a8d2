/** The guards of what a session stands on: links of its chain, trusts, application credentials, OAuth 1.0a and EC2 keys. */
import type { Guard } from './guards.ts'

const flows = 'server/src/flows'
const keystone = 'server/src/dialects/keystone'
const huawei = 'server/src/dialects/huawei'
const session = `${flows}/load-session.ts`
const trustLink = `${flows}/links/trust.ts`
const credentialLink = `${flows}/links/application-credential.ts`
const oauth1Link = `${flows}/links/oauth1.ts`
const agencyLink = `${flows}/links/agency.ts`
const redelegation = 'server/src/core/redelegation.ts'
const trust = `${keystone}/trusts/create-trust.ts`
const credentials = `${keystone}/application-credentials/application-credentials`
const s3 = 'server/src/methods/ec2/signature.ts'

const claimTests = `${flows}/load-session.test.ts`
const trustTests = `${keystone}/trusts/trusts.test.ts`
const oauth1Tests = `${keystone}/oauth1/oauth1.test.ts`
const keyTests = `${huawei}/access-keys/access-keys.test.ts`
const agencyTests = `${huawei}/agencies/agency-token.test.ts`
const ec2Tests = `${keystone}/credentials/credentials.test.ts`

const taken = (file: string, tests: string, code: string, without = ''): Guard => ({
  file,
  code,
  without,
  tests,
})

export const lendingGuards: readonly Guard[] = [
  // What claims say is held against each link.
  taken(
    session,
    claimTests,
    'if (expiresAt !== undefined && claims.expiresAt > expiresAt) {',
    'if (false) {',
  ),
  taken(session, claimTests, 'if (onlyScope && !sameScope(onlyScope, claims.scope)) {', 'if (false) {'),
  taken(trustLink, claimTests, 'if (claims.userId !== actsAs) return', 'if (false) return'),
  taken(
    trustLink,
    claimTests,
    'if (!parent || seen.has(parent.id)) return',
    'if (!parent) break\n    if (seen.has(parent.id)) return',
  ),
  taken(
    trustLink,
    claimTests,
    'if (!parent || seen.has(parent.id)) return',
    'if (parent && seen.has(parent.id)) break\n    if (!parent) return',
  ),
  taken(
    trustLink,
    claimTests,
    '    if (parent.expiresAt !== null) expiresAt = Math.min(expiresAt ?? parent.expiresAt, parent.expiresAt)\n',
  ),
  taken(trustLink, claimTests, 'if (expiresAt !== null && expiresAt <= ctx.now())', 'if (false)'),
  taken(credentialLink, claimTests, 'if (credential.userId !== claims.userId) {', 'if (false) {'),
  taken(
    credentialLink,
    claimTests,
    'if (credential.expiresAt !== null && credential.expiresAt <= ctx.now()) {',
    'if (false) {',
  ),
  taken(credentialLink, claimTests, "onlyScope: { kind: 'project', id: credential.projectId },"),
  taken(`${flows}/links/credential.ts`, claimTests, 'credential.userId !== claims.userId ||'),
  taken(oauth1Link, claimTests, 'if (token.authorizingUserId !== claims.userId) {', 'if (false) {'),
  taken(
    oauth1Link,
    claimTests,
    'if (token.expiresAt !== null && token.expiresAt <= ctx.now()) {',
    'if (false) {',
  ),
  taken(`${flows}/links/access-key.ts`, claimTests, 'if (key.userId !== acting) return', 'if (false) return'),
  taken(agencyLink, claimTests, '!agency || claims.userId !== agency.id', '!agency'),
  taken(
    agencyLink,
    claimTests,
    'if (agency.expiresAt !== null && agency.expiresAt <= ctx.now()) {',
    'if (false) {',
  ),
  taken(
    agencyLink,
    claimTests,
    '...(agency.expiresAt === null ? {} : { expiresAt: Math.floor(agency.expiresAt / 1e6) }),',
  ),
  // What is proved, and by how many at once.
  taken(
    `${flows}/authenticate.ts`,
    `${keystone}/tokens/tokens.test.ts`,
    'if (a.user.id !== b.user.id) return',
    'if (false) return',
  ),
  taken(
    `${flows}/authenticate.ts`,
    oauth1Tests,
    'if (a.onlyScope && b.onlyScope) return',
    'if (false) return',
  ),
  taken(
    `${flows}/authenticate.ts`,
    `${keystone}/tokens/tokens.test.ts`,
    '!(OPEN_BY_AGENCY.includes(name) || ctx.settings.authMethods.includes(name))',
    'false',
  ),
  taken(
    `${flows}/authenticate.ts`,
    agencyTests,
    "if (methods.length > 1 && identity.methods.includes('assume_role')) {",
    'if (false) {',
  ),
  taken(
    `${flows}/issue-token.ts`,
    `${flows}/issued-at.test.ts`,
    'if (expiresAt <= Math.floor(ctx.now() / 1e6))',
    'if (false)',
  ),
  taken(`${flows}/issue-token.ts`, trustTests, 'if (!taken) refuse(', 'if (false) refuse('),
  taken(
    `${flows}/resolve-scope.ts`,
    trustTests,
    'if (proof.user.id !== trust.trusteeUserId) return',
    'if (false) return',
  ),
  taken(
    `${flows}/key-session.ts`,
    keyTests,
    "if (scope.kind === 'project' && hint.projectId !== scope.project.id) {",
    'if (false) {',
  ),
  taken(`${huawei}/access-keys/temporary-keys.ts`, keyTests, '!timingSafeEqual(right, given)', 'false'),
  // Trusts, and trusts that are passed on.
  taken(
    trust,
    trustTests,
    "    refuseDelegated(call.caller, 'Delegated tokens cannot manage trusts.', ['trust'])\n",
  ),
  taken(trust, trustTests, "if (role) missing('role', role.id)"),
  taken(trust, trustTests, "if (!held.has(role.id)) missing('role', role.id)", 'held.has(role.id)'),
  taken(trust, trustTests, 'parent?.trustorUserId ?? sent.trustor_user_id', 'sent.trustor_user_id'),
  taken(trust, trustTests, 'if ((sent.redelegation_count ?? 0) > MAX_DEPTH) {', 'if (false) {'),
  taken(trust, trustTests, "if (typeof sent.remaining_uses === 'number') {", 'if (false) {'),
  taken(trust, trustTests, ' && sent.redelegation_count !== left) {', ' && false) {'),
  taken(
    redelegation,
    trustTests,
    'if (!child.roleIds.every((id) => parent.roleIds.includes(id))) {',
    'if (false) {',
  ),
  taken(redelegation, trustTests, 'if (child.impersonation && !parent.impersonation) {', 'if (false) {'),
  taken(redelegation, trustTests, 'child.projectId !== parent.projectId', 'false'),
  taken(redelegation, trustTests, 'parent.redelegationCount < 1 ||'),
  taken(redelegation, trustTests, 'if (child.remainingUses !== null) {', 'if (false) {'),
  taken(redelegation, trustTests, 'child.expiresAt > parent.expiresAt', 'false'),
  // OAuth 1.0a.
  taken(
    `${keystone}/oauth1/authorization.ts`,
    oauth1Tests,
    'if (!roleIds.every((id) => held.has(id))) refuse(',
    'if (false) refuse(',
  ),
  taken(`${flows}/oauth1.ts`, oauth1Tests, ' || token.consumerId !== parameters.oauth_consumer_key'),
  taken(`${flows}/oauth1.ts`, oauth1Tests, 'if (!(age <= FRESH)) return', 'if (false) return'),
  taken(
    `${flows}/oauth1.ts`,
    oauth1Tests,
    'if (!(await ctx.store.record((tx) => useOnce(tx, once, ctx.now())))) {',
    'if (!once) {',
  ),
  // Application credentials and EC2 keys.
  taken(
    'server/src/store/application-credentials.ts',
    `${credentials}.test.ts`,
    ".where('user_id', '=', userId)\n      .where('id', 'in',",
    ".where('id', 'in',",
  ),
  taken(
    `${flows}/ec2-login.ts`,
    ec2Tests,
    '!isS3TextSignedBy(key.secret, request.text, request.signature)',
    'false',
  ),
  taken(`${flows}/ec2-login.ts`, ec2Tests, '  demandTimely(ctx, request.text)\n'),
  taken(`${flows}/ec2-login.ts`, ec2Tests, 'if (now > expiresAt) refuse(', 'if (false) refuse('),
  taken(`${flows}/ec2-login.ts`, ec2Tests, 'signedAt > now + FRESH', 'false'),
  taken(
    `${flows}/ec2-login.ts`,
    ec2Tests,
    'if (seconds === undefined) refuse(',
    'if (seconds === undefined) return\n  if (false) refuse(',
  ),
  taken(s3, ec2Tests, "if (algorithm !== 'AWS4-HMAC-SHA256' || more.length > 0 ||", 'if (more.length > 0 ||'),
  taken(
    s3,
    ec2Tests,
    "if (algorithm !== 'AWS4-HMAC-SHA256' || more.length > 0 ||",
    "if (algorithm !== 'AWS4-HMAC-SHA256' ||",
  ),
  taken(s3, ec2Tests, ' || parts.length !== 4) return false', ') return false'),
  taken(s3, ec2Tests, ' || !S3_SERVICES.includes(service)) return false', ') return false'),
]
