/** The guards of client/, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const guard = 'client/src/guard.ts'
const online = 'client/src/online-check.ts'
const check = 'client/src/token-check.ts'
const offline = 'client/src/offline-check.ts'
const headers = 'client/src/identity-headers.ts'
const rules = 'client/src/access-rules.ts'

export const clientGuards: readonly Guard[] = [
  {
    file: guard,
    code: '      stripIdentityHeaders(request)\n',
    without: '',
    tests: 'client/src/guard.test.ts',
  },
  {
    file: guard,
    code: 'options.isPublic && plainPath(called.path)',
    without: 'called.path',
    tests: 'client/src/guard.test.ts',
  },
  {
    file: guard,
    code: "if (typeof value !== 'string') return 'unreadable'",
    without: "if (typeof value !== 'string') return value[0]",
    tests: 'client/src/guard.test.ts',
  },
  { file: guard, code: '/^[\\x21-\\x7e]+$/.test(token)', without: 'true', tests: 'client/src/guard.test.ts' },
  {
    file: guard,
    code: '!isAllowedBy(accessRules, operation)',
    without: 'false',
    tests: 'client/src/online-check.test.ts',
  },
  {
    file: guard,
    code: '    verdict.token.accessRules === undefined &&\n',
    without: '',
    tests: 'client/src/online-check.test.ts',
  },
  {
    file: guard,
    code: 'verdict.token.identity.roles.some((role) => roles.includes(role))',
    without: 'true',
    tests: 'client/src/online-check.test.ts',
  },
  {
    file: guard,
    code: "roles.length === 0 ? undefined : tokenIn(request, 'x-service-token')",
    without: "tokenIn(request, 'x-service-token')",
    tests: 'client/src/online-check.test.ts',
  },
  {
    file: online,
    code: "if (expiresAt <= clock.wallMs()) return { kind: 'expired', expiresAt }",
    without: '',
    tests: 'client/src/guard.test.ts',
  },
  {
    file: online,
    code: 'if (second.status === 401) ownToken.backOff(fresh)',
    without: '',
    tests: 'client/src/own-token.test.ts',
  },
  {
    file: 'client/src/own-token.ts',
    code: 'if (waitMs > 0) throw',
    without: 'if (waitMs > 1e9) throw',
    tests: 'client/src/own-token.test.ts',
  },
  {
    file: check,
    code: "if (verdict.kind === 'unavailable') return\n",
    without: '',
    tests: 'client/src/token-check.test.ts',
  },
  {
    file: check,
    code: "expiresAt > clock.wallMs() ? verdict : { kind: 'expired', expiresAt }",
    without: 'verdict',
    tests: 'client/src/token-check.test.ts',
  },
  {
    file: check,
    code: 'pending.size >= limits.maxPending',
    without: 'false',
    tests: 'client/src/token-check.test.ts',
  },
  {
    file: 'client/src/token-cache.ts',
    code: 'nowMs >= entry.untilMs',
    without: 'false',
    tests: 'client/src/token-check.test.ts',
  },
  {
    file: 'client/src/token-cache.ts',
    code: 'return allowExpired ? ',
    without: 'return false ? ',
    tests: 'client/src/token-check.test.ts',
  },
  {
    file: 'client/src/transport.ts',
    code: 'if (size > MAX_BODY_BYTES)',
    without: 'if (size > 64 * MAX_BODY_BYTES && outgoing.destroyed)',
    tests: 'client/src/transport.test.ts',
  },
  {
    file: 'client/src/identity.ts',
    code: 'return deepFreeze({ identity, accessRules })',
    without: 'return { identity, accessRules }',
    tests: 'client/src/token-check.test.ts',
  },
  {
    file: 'client/src/identity.ts',
    code: "const domain = project === undefined ? fields(token['domain']) : undefined",
    without: "const domain = fields(token['domain'])",
    tests: 'client/src/online-check.test.ts',
  },
  {
    file: headers,
    code: ".replace(/[^a-z0-9]+/g, '-')",
    without: '',
    tests: 'client/src/identity-headers.test.ts',
  },
  {
    file: headers,
    code: ".replace(/^-?(?:http-)+|^-/, '')",
    without: '',
    tests: 'client/src/identity-headers.test.ts',
  },
  {
    file: headers,
    code: 'if (isIdentityHeader(rawHeaders[at] as string)) rawHeaders.splice(at, 2)',
    without: '',
    tests: 'client/src/identity-headers.test.ts',
  },
  {
    file: headers,
    code: '/^[^,\\x00-\\x1f\\x7f]+$/.test(role)',
    without: 'true',
    tests: 'client/src/identity-headers.test.ts',
  },
  {
    file: headers,
    code: '  keepIdentityHeadersEndToEnd(request)\n',
    without: '',
    tests: 'client/src/identity-headers.test.ts',
  },
  {
    file: rules,
    code: '/(^|\\/)\\.{1,2}(\\/|$)/.test(decoded)',
    without: 'false',
    tests: 'client/src/access-rules.test.ts',
  },
  {
    file: rules,
    code: '/[\\\\#;\\x00-\\x1f]/',
    without: '/[\\\\#\\x00-\\x1f]/',
    tests: 'client/src/adapters.test.ts',
  },
  {
    file: rules,
    code: 'rule.service === serviceType &&',
    without: '',
    tests: 'client/src/access-rules.test.ts',
  },
  { file: rules, code: 'rule.method === method &&', without: '', tests: 'client/src/access-rules.test.ts' },
  {
    file: offline,
    code: 'claims.via.length > 0 ||',
    without: '',
    tests: 'client/src/offline-check.test.ts',
  },
  {
    file: offline,
    code: "if (expiresAt <= nowMs) return { kind: 'expired', expiresAt }",
    without: '',
    tests: 'client/src/offline-check.test.ts',
  },
  {
    file: offline,
    code: 'clock.monotonicMs() - heldAtMs < USABLE_MS ? held : []',
    without: 'held',
    tests: 'client/src/offline-check.test.ts',
  },
]
