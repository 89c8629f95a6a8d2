/** Guards of the Alibaba wire: signatures, who may, and the keys of namespaces. */
import type { Guard } from './guards.ts'

const at = 'server/src/dialects/alibaba'
const signatures = `${at}/signature/signature.test.ts`
const whoMay = `${at}/who-may.test.ts`
const edas = `${at}/edas/edas.test.ts`
const advisories = `${at}/advisories.test.ts`
const keyPairs = `${at}/key-pairs.test.ts`

export const alibabaGuards: readonly Guard[] = [
  {
    file: `${at}/signature/v3.ts`,
    code: "if (given('x-acs-content-sha256') !== bodyHash) {",
    without: "if (given('x-acs-content-sha256') === '') {",
    tests: signatures,
  },
  {
    file: `${at}/signature/v3.ts`,
    code: 'if (uncovered !== undefined)',
    without: 'if (uncovered === null)',
    tests: signatures,
  },
  {
    file: `${at}/signature/v3.ts`,
    code: "'secret' in key && isSignedBySecret(hash, key.secret, {",
    without: "isSignedBySecret(hash, 'secret' in key ? key.secret : key.publicKey, {",
    tests: signatures,
  },
  {
    file: `${at}/signature/v3.ts`,
    code: 'if (bytes.length * 2 !== signature.length) return false',
    without: '',
    tests: signatures,
  },
  {
    file: `${at}/signature/roa.ts`,
    code: "if (!('secret' in key)) return false",
    without: "if (!('secret' in key)) return true",
    tests: keyPairs,
  },
  {
    file: `${at}/signature/rpc.ts`,
    code: "if (!('secret' in key)) return false",
    without: "if (!('secret' in key)) return true",
    tests: keyPairs,
  },
  {
    file: 'server/src/flows/access-keys.ts',
    code: "return key && 'secret' in key ? key.secret : undefined",
    without: "return key && ('secret' in key ? key.secret : key.publicKey)",
    tests: keyPairs,
  },
  {
    file: 'server/src/flows/access-keys.ts',
    code: "if (text.includes('PRIVATE KEY'))",
    without: "if (text === 'PRIVATE KEY')",
    tests: keyPairs,
  },
  {
    file: 'server/src/flows/access-keys.ts',
    code: 'if (bits < LEAST_BITS || bits > MOST_BITS) {',
    without: 'if (bits > MOST_BITS) {',
    tests: keyPairs,
  },
  {
    file: `${at}/signature/roa.ts`,
    code: "if (!known.has(name)) invalidParameter(name.slice(0, 64), 'is not known')",
    without: '',
    tests: signatures,
  },
  {
    file: `${at}/signature/roa.ts`,
    code: "if (hidden.some((part) => known.has(part.split('=')[0]!))) {",
    without: 'if (hidden.length > 1000) {',
    tests: signatures,
  },
  {
    file: `${at}/signature/roa.ts`,
    code: "if (signed === '') return",
    without: 'if (signed !== null) return',
    tests: signatures,
  },
  {
    file: `${at}/signature/parameters.ts`,
    code: 'if (name in parameters)',
    without: 'if (false as boolean)',
    tests: signatures,
  },
  {
    file: `${at}/identify.ts`,
    code: 'if (Math.abs(request.signedAt - now / 1e6) > FRESH) {',
    without: 'if (Math.abs(request.signedAt - now / 1e6) > 1e12) {',
    tests: edas,
  },
  {
    file: `${at}/identify.ts`,
    code: 'if (!request.isSignedWith(key)) {',
    without: "if (Object(key) === '') {",
    tests: edas,
  },
  {
    file: `${at}/identify.ts`,
    code: 'if (!(await ctx.store.record((tx) => useOnce(tx, once, now)))) {',
    without: "if (once.value === '') {",
    tests: edas,
  },
  {
    file: `${at}/ram/access-keys.ts`,
    code: 'if (!isInPerson(session) || isTemporary(session)) {',
    without: 'if (!session) {',
    tests: advisories,
  },
  {
    file: `${at}/ram/access-keys.ts`,
    code: "return key?.userId === user.id ? key : noSuch('User.AccessKey', 'no such key of that user')",
    without: "return key ?? noSuch('User.AccessKey', 'no such key of that user')",
    tests: advisories,
  },
  {
    file: `${at}/wire.ts`,
    code: 'if (allowed) continue',
    without: 'if (allowed || !allowed) continue',
    tests: edas,
  },
  {
    file: `${at}/wire.ts`,
    code: "if (version !== op.version) refuseGateway('InvalidVersion', `version ${version}`)",
    without: '',
    tests: edas,
  },
  {
    file: `${at}/edas/get-secure-token.ts`,
    code: 'actions: secretAction === undefined ? [READ] : [READ, secretAction],',
    without: 'actions: [READ],',
    tests: whoMay,
  },
  {
    file: 'server/src/flows/ram-principal.ts',
    code: "claims.via.every(({ kind }) => kind === 'access_key') &&",
    without: '',
    tests: 'server/src/flows/ram-principal.test.ts',
  },
  {
    file: 'server/src/flows/ram-principal.ts',
    code: 'scope.domain.id === user.domain.id &&',
    without: '',
    tests: 'server/src/flows/ram-principal.test.ts',
  },
  {
    file: 'server/src/flows/ram-principal.ts',
    code: "roles.some(({ name, domainId }) => name === 'admin' && domainId === '')",
    without: 'roles.length >= 0',
    tests: 'server/src/flows/ram-principal.test.ts',
  },
  {
    file: 'server/src/flows/ram-policies.ts',
    code: "'problem' in statements ? [denied] : statements",
    without: "'problem' in statements ? [] : statements",
    tests: whoMay,
  },
  {
    file: 'server/src/flows/namespaces.ts',
    code: 'if (!found?.alive) return undefined',
    without: 'if (!found) return undefined',
    tests: 'server/src/flows/namespaces.test.ts',
  },
  {
    file: 'server/src/flows/namespaces.ts',
    code: 'await ctx.store.record((tx) => auditRead(tx, ctx, by, namespace))',
    without: '',
    tests: `${at}/secrets.test.ts`,
  },
  {
    file: 'server/src/store/namespaces.ts',
    code: "const query = db.selectFrom('namespace').selectAll().where('domain_id', '=', domainId)",
    without: "const query = db.selectFrom('namespace').selectAll()",
    tests: whoMay,
  },
  {
    file: 'server/src/dialects/alibaba/signature/parameters.ts',
    code: 'if (pairs.length > MOST_PAIRS) refuseGateway(',
    without: 'if (false) refuseGateway(',
    tests: 'server/src/dialects/alibaba/advisories.test.ts',
  },
  {
    file: 'server/src/dialects/alibaba/wire.ts',
    code: 'resource.length > LONGEST_RESOURCE',
    without: 'resource.length > LONGEST_RESOURCE * 1e6',
    tests: 'server/src/dialects/alibaba/advisories.test.ts',
  },
]
