/** The guards of delegation, of voiding tokens and of who may do what, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const flows = 'server/src/flows'
const graphs = `${flows}/delegation.test.ts`
const moments = `${flows}/issued-at.test.ts`
const keystone = 'server/src/dialects/keystone'
const personas = `${keystone}/personas.test.ts`
const advisories = `${keystone}/advisories.test.ts`

export const delegationGuards: readonly Guard[] = [
  {
    file: `${flows}/load-session.ts`,
    code: 'held = allowed.intersection(held)',
    without: 'held = new Set(held)',
    tests: graphs,
  },
  {
    file: `${flows}/load-session.ts`,
    code: 'if (mustHoldAll && !allowed.isSubsetOf(held))',
    without: 'if (false)',
    tests: `${keystone}/trusts/trusts.test.ts`,
  },
  {
    file: `${flows}/load-session.ts`,
    code: 'if (!user.enabled || !user.domain.enabled)',
    without: 'if (false)',
    tests: advisories,
  },
  {
    file: `${flows}/load-session.ts`,
    code: "if (!record.alive) return refuse('unauthenticated', `${scope.kind}",
    without: "if (false) return refuse('unauthenticated', `${scope.kind}",
    tests: advisories,
  },
  {
    file: `${flows}/load-session.ts`,
    code: "{ kind: 'token', id: token },",
    without: '',
    tests: graphs,
  },
  {
    file: `${flows}/load-session.ts`,
    code: "    { kind: 'chain', id: chain },\n",
    without: '',
    tests: graphs,
  },
  {
    file: `${flows}/load-session.ts`,
    code: 'voidUpTo(user, scope, findings) >= issuedMicros(claims)',
    without: 'false',
    tests: moments,
  },
  {
    file: `${flows}/issue-token.ts`,
    code: 'Math.max(request.begunAt, voidUpTo(user, record, findings) + 1)',
    without: 'Math.max(ctx.now(), voidUpTo(user, record, findings) + 1)',
    tests: moments,
  },
  {
    file: `${flows}/issue-token.ts`,
    code: 'proof.expiresAt === null ? now + request.ttl : Number.POSITIVE_INFINITY',
    without: 'now + request.ttl + 1',
    tests: `${keystone}/tokens/tokens.test.ts`,
  },
  {
    file: 'server/src/store/void-tokens.ts',
    code: 'const until = now + SETTLING',
    without: 'const until = now',
    tests: moments,
  },
  {
    file: 'server/src/store/void-tokens.ts',
    code: 'then tokens_valid_from + 1 else',
    without: 'then tokens_valid_from else',
    tests: moments,
  },
  {
    file: `${flows}/links/trust.ts`,
    code: 'if (!user?.enabled || !user.domain.enabled)',
    without: 'if (false)',
    tests: `${keystone}/trusts/trusts.test.ts`,
  },
  {
    file: `${flows}/links/trust.ts`,
    code: 'tokensValidFrom = Math.max(tokensValidFrom, user.tokensValidFrom)',
    without: 'tokensValidFrom = 0',
    tests: `${keystone}/trusts/trusts.test.ts`,
  },
  {
    file: `${flows}/links/agency.ts`,
    code: 'tokensValidFrom: user.tokensValidFrom,',
    without: '',
    tests: 'server/src/dialects/huawei/agencies/agency-token.test.ts',
  },
  {
    file: `${flows}/links/application-credential.ts`,
    code: "if (!credential) return refuse('unauthenticated', `application credential ${link.id} is gone`)",
    without: 'if (!credential) return { facts: {} }',
    tests: graphs,
  },
  {
    file: `${flows}/links/credential.ts`,
    code: "if (!credential) return refuse('unauthenticated', `credential ${link.id} is gone`)",
    without: 'if (!credential) return { facts: {} }',
    tests: graphs,
  },
  {
    file: `${flows}/links/oauth1.ts`,
    code: "if (!token) return refuse('unauthenticated', `access token ${link.id} is gone`)",
    without: 'if (!token) return { facts: {} }',
    tests: graphs,
  },
  {
    file: 'server/src/methods/token/method.ts',
    code: 'if (forbidden !== undefined) return { forbidden }',
    without: '',
    tests: graphs,
  },
  {
    file: 'server/src/core/policy/compile.ts',
    code: 'if (rule.scopes !== null && !rule.scopes.has(scopeTypeOf(credentials))) return WRONG_SCOPE',
    without: '',
    tests: personas,
  },
  {
    file: 'server/src/http/face.ts',
    code: 'if (!wire.permits(ctx, rule, caller, target))',
    without: 'if (false)',
    tests: personas,
  },
  {
    file: `${keystone}/delegated.ts`,
    code: "if (through) refuse('forbidden', `${act} (through ${through.kind})`, { rule: act })",
    without: '',
    tests: personas,
  },
  {
    file: `${keystone}/wire.ts`,
    code: "if (session.claims.via.some((link) => link.kind === 'credential')) {",
    without: 'if (false) {',
    tests: personas,
  },
  {
    file: `${flows}/ec2-login.ts`,
    code: "if (['trust_id', 'app_cred_id', 'access_token_id'].some((name) => blob[name])) return undefined",
    without: '',
    tests: `${keystone}/credentials/credentials.test.ts`,
  },
  {
    file: `${keystone}/application-credentials/access-rules.ts`,
    code: 'if (await isAccessRuleUsed(tx, id)) {',
    without: 'if (id === undefined) {',
    tests: `${keystone}/application-credentials/application-credentials.test.ts`,
  },
  {
    file: `${keystone}/application-credentials/access-rules.ts`,
    code: "    refuseDelegated(call.caller, DELEGATED, ['application_credential'])\n    const filters",
    without: '    const filters',
    tests: `${keystone}/application-credentials/application-credentials.test.ts`,
  },
]
