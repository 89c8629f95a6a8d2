/** Guards of role sessions: who may assume a role, what narrows it, when it ends, and where its keys are handed out. */
import type { Guard } from './guards.ts'

const sts = 'server/src/dialects/alibaba/sts'
const flow = 'server/src/flows/assume-role.test.ts'
const withOidc = `${sts}/assume-role-with-oidc.test.ts`
const ims = 'server/src/dialects/alibaba/ims/ims.test.ts'
const fingerprints = 'server/src/flows/oidc-providers.test.ts'
const rows = 'server/src/store/federation.test.ts'
const commandLine = 'server/src/cli/ram.test.ts'

export const stsGuards: readonly Guard[] = [
  {
    file: 'server/src/flows/assume-role.ts',
    code: "if (fault !== undefined) return refuse('forbidden', `${fault} assumes a role`)",
    without: '',
    tests: flow,
  },
  {
    file: 'server/src/flows/assume-role.ts',
    code: "if (isTemporary(session)) return refuse('forbidden', 'a temporary key assumes a role')",
    without: '',
    tests: flow,
  },
  {
    file: 'server/src/flows/assume-role.ts',
    code: 'expiresAt: Math.min(claims.expiresAt, now + wish.ttl),',
    without: 'expiresAt: now + wish.ttl,',
    tests: flow,
  },
  {
    file: 'server/src/flows/assume-role.ts',
    code: "if (unmet !== undefined) return refuse('forbidden', `guard of the role: ${unmet}`)",
    without: '',
    tests: withOidc,
  },
  {
    file: 'server/src/flows/assume-role-with-oidc.ts',
    code: 'if (!role.domain.enabled || !(await mayAssumeByProvider(ctx, role, provider, facts))) {',
    without: 'if (!role.domain.enabled) {',
    tests: withOidc,
  },
  {
    file: 'server/src/flows/role-trust.ts',
    code: 'if (!provider?.enabled || provider.domainId !== role.domain.id || number === undefined) return false',
    without: 'if (!provider?.enabled || number === undefined) return false',
    tests: withOidc,
  },
  {
    file: 'server/src/flows/links/agency.ts',
    code: 'return isSignedIn && (await mayAssumeByProvider(ctx, role, provider, null))',
    without: 'return isSignedIn',
    tests: withOidc,
  },
  {
    file: `${sts}/assume-role-with-oidc.ts`,
    code: 'if (door && door.provider.domainId === domainId) return door',
    without: 'if (door) return door',
    tests: withOidc,
  },
  {
    file: 'server/src/dialects/alibaba/ims/ims.ts',
    code: "const may = reach === 'subjects' || (reach === 'account' && call.principal.isAccount)",
    without: "const may = reach === 'subjects' || reach === 'account'",
    tests: ims,
  },
  {
    file: 'server/src/flows/oidc-providers.ts',
    code: "if (!(await usesOnlyMappingsOf(db, name, domainId))) return 'cloud'",
    without: '',
    tests: ims,
  },
  {
    file: 'server/src/flows/oidc-providers.ts',
    code: "return (await holdsGrantsByProvider(db, name)) ? 'account' : 'subjects'",
    without: "return 'subjects'",
    tests: ims,
  },
  {
    file: 'server/src/flows/oidc-providers.ts',
    code: "if (others.some((other) => storedOf(other).issuer === issuer)) return taken('.Url')",
    without: '',
    tests: ims,
  },
  {
    file: 'server/src/store/federation-config.ts',
    code: ".where('i.domain_id', '=', of.domainId)",
    without: '',
    tests: ims,
  },
  {
    file: 'server/src/store/identity-providers.ts',
    code: 'await endSessions(tx, { idpId: id, now })',
    without: '',
    tests: rows,
  },
  {
    file: 'server/src/methods/oidc/config.ts',
    code: "[clientId, ...audiences].filter((name) => name !== '')",
    without: '[clientId, ...audiences]',
    tests: ims,
  },
  {
    file: 'server/src/methods/oidc/verify.ts',
    code: 'if (hours !== undefined &&',
    without: 'if (hours === 0 &&',
    tests: ims,
  },
  {
    file: 'server/src/methods/oidc/egress.ts',
    code: '?? pinFault(certificate, fingerprints)',
    without: '',
    tests: fingerprints,
  },
  {
    file: 'server/src/flows/role-session.ts',
    code: 'if ((policy === undefined ? undefined : hashOf(policy)) !== wanted) {',
    without: "if (wanted === '') {",
    tests: `${sts}/sts.test.ts`,
  },
  {
    file: 'server/src/dialects/alibaba/wire.ts',
    code: 'await demandAddress(ctx, principal.session, incoming.remoteAddress)',
    without: 'void demandAddress',
    tests: `${sts}/sts.test.ts`,
  },
  {
    file: 'server/src/flows/role-trust.ts',
    code: "const named = user.kind === 'local' ?",
    without: 'const named = true ?',
    tests: `${sts}/sts.test.ts`,
  },
  {
    file: 'server/src/flows/role-trust.ts',
    code: 'return (await isTrustedByRole(ctx, role, person, facts)) && (await isLetAssume(ctx, role, person, facts))',
    without: 'return isTrustedByRole(ctx, role, person, facts)',
    tests: `${sts}/sts.test.ts`,
  },
  {
    file: 'server/src/dialects/alibaba/ram/ram.ts',
    code: 'if (grants.length > 0) refuseGateway(',
    without: 'if (grants.length > 1e6) refuseGateway(',
    tests: 'server/src/dialects/alibaba/ram/ram.test.ts',
  },
  {
    file: 'server/src/cli/credentials-server.ts',
    code: 'if (!isOurs || OF_BROWSERS.some((name) => headers[name] !== undefined)) {',
    without: 'if (OF_BROWSERS.some((name) => headers[name] !== undefined)) {',
    tests: commandLine,
  },
  {
    file: 'server/src/cli/credentials-server.ts',
    code: 'OF_BROWSERS.some((name) => headers[name] !== undefined)',
    without: 'false',
    tests: commandLine,
  },
  {
    file: 'server/src/cli/credentials-server.ts',
    code: 'if (!isSame(url, path))',
    without: "if (isSame(url, ''))",
    tests: commandLine,
  },
  {
    file: 'server/src/dialects/alibaba/sts/assume-role-with-oidc.ts',
    code: 'text.length > LONGEST_CLAIM',
    without: 'text.length > LONGEST_CLAIM * 1e6',
    tests: 'server/src/dialects/alibaba/sts/assume-role-with-oidc.test.ts',
  },
]
