/** The guards of engines, their tokens, accounts and logins, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const exchange = 'server/src/flows/engine-exchange.ts'
const tokens = 'server/src/flows/engine-tokens.ts'
const calls = 'server/src/flows/engine-call.ts'
const nacos = 'server/src/flows/engine-remote-nacos.ts'
const lifecycle = 'server/src/flows/engine-lifecycle.ts'
const password = 'server/src/flows/engine-password.ts'
const egress = 'server/src/methods/oidc/egress.ts'
const login = 'server/src/flows/engine-login.ts'
const rights = 'server/src/flows/namespace-rights.ts'
const accounts = 'server/src/flows/engine-accounts.ts'
const face = 'server/src/dialects/cse/engine-face'
const pipeline = 'server/src/http/face.ts'
const cse = 'server/src/dialects/cse'

const issueTests = `${cse}/tokens/issue.test.ts`
const chainTests = `${cse}/tokens/chains.test.ts`
const tokenTests = 'server/src/flows/engine-tokens.test.ts'
const callTests = 'server/src/flows/engine-call.test.ts'
const remoteTests = 'server/src/flows/engine-remote.test.ts'
const rightTests = 'server/src/flows/namespace-rights.test.ts'
const faceTests = `${face}/engine-face.test.ts`
const engineTests = `${cse}/engines/engines.test.ts`
const advisoryTests = `${cse}/advisories.test.ts`

export const engineGuards: readonly Guard[] = [
  {
    file: exchange,
    code: "link.kind === 'agency' && readAssumption(link.session).onlyRoles.length > 0",
    without: "link.kind === 'agency' && readAssumption(link.session).onlyRoles.length > 99",
    tests: chainTests,
  },
  {
    file: tokens,
    code: "if (!(await isStillBacked(ctx, account))) return 'account_gone'",
    without: '',
    tests: faceTests,
  },
  {
    file: `${face}/operation.ts`,
    code: 'if (project?.alive !== true)',
    without: 'if (!project)',
    tests: faceTests,
  },
  {
    file: exchange,
    code: "if (session.scope.kind !== 'project' || session.scope.project.id !== projectId) return no('wrongProject')",
    without: '',
    tests: issueTests,
  },
  {
    file: exchange,
    code: "if (!(await isWhole(ctx, session))) return no('narrowed')",
    without: '',
    tests: chainTests,
  },
  {
    file: exchange,
    code: "if (session.narrowedBy && !isNacos) return no('narrowed')",
    without: '',
    tests: chainTests,
  },
  {
    file: exchange,
    code: 'if (credential?.unrestricted !== true || credential.accessRules !== null) return false',
    without: '',
    tests: chainTests,
  },
  {
    file: exchange,
    code: "return [...held].every((id) => carried.has(id) || known.byId.get(id)?.domainId !== '')",
    without: 'return held.size + carried.size + known.byId.size > 0',
    tests: chainTests,
  },
  {
    file: exchange,
    code: 'if (engine?.projectId !== projectId)',
    without: 'if (!engine)',
    tests: issueTests,
  },
  {
    file: exchange,
    code: "if (owner !== enterpriseProjectId) return no('noEngine')",
    without: '',
    tests: chainTests,
  },
  {
    file: exchange,
    code: "if (engine.authType !== 'RBAC') return no('noAuthentication')",
    without: '',
    tests: issueTests,
  },
  {
    file: exchange,
    code: "if (account.status !== 'active') return no('inactive')",
    without: '',
    tests: issueTests,
  },
  {
    file: tokens,
    code: 'Math.min(wish.life, engine.maxTokenSeconds, origin.expiresAt - now)',
    without: 'Math.min(wish.life, engine.maxTokenSeconds)',
    tests: issueTests,
  },
  {
    file: tokens,
    code: 'if (memory.size >= REMEMBERED && oldest !== undefined) memory.delete(oldest)',
    without: '',
    tests: advisoryTests,
  },
  {
    file: tokens,
    code: ' || role !== undefined ||',
    without: ' ||',
    tests: tokenTests,
  },
  { file: tokens, code: "if (exp * 1e6 <= ctx.now()) return 'expired'", without: '', tests: tokenTests },
  { file: tokens, code: 'account.incarnation !== sub || ', without: '', tests: tokenTests },
  {
    file: calls,
    code: 'if (ctx.settings.engineAddresses.includes(address)) return',
    without: "if (address !== '') return",
    tests: remoteTests,
  },
  {
    file: calls,
    code: 'isLinkLocal(resolved) || (isLoopback(resolved) && !isItself)',
    without: 'isLinkLocal(resolved) && isLoopback(resolved) && isItself',
    tests: callTests,
  },
  {
    file: calls,
    code: ' || (isLoopback(resolved) && !isItself)',
    without: ' && (isLoopback(resolved) || !isItself || true)',
    tests: callTests,
  },
  {
    file: egress,
    code: 'if (isIP(host) !== 0 && isBad(host))',
    without: 'if (isBad(host) && false)',
    tests: callTests,
  },
  {
    file: egress,
    code: 'lookup: guardedLookup(resolve, isBad),',
    without: 'lookup: resolve,',
    tests: callTests,
  },
  {
    file: lifecycle,
    code: '  if (address !== null) refuseUnlisted(ctx, address)\n',
    without: '',
    tests: advisoryTests,
  },
  {
    file: lifecycle,
    code: "  if (!isNacos && namespace !== '') invalid('namespace')\n",
    without: '',
    tests: 'server/src/cli/engines.test.ts',
  },
  {
    file: nacos,
    code: "items.filter((item) => typeof item === 'object' && item !== null)",
    without: 'items',
    tests: callTests,
  },
  {
    file: nacos,
    code: 'bound.filter(({ username }) => username === name).map(({ role }) => role)',
    without: '[...bound.map(() => name), name]',
    tests: remoteTests,
  },
  {
    file: accounts,
    code: '!isAccountName(name) || isBuiltInAccount(engine.specType, name)',
    without: '!isAccountName(name)',
    tests: remoteTests,
  },
  {
    file: accounts,
    code: "if (isBuiltInAccount(specType, name)) refuseEngine('builtInAccount')",
    without: "if (specType === 'Nacos2' && name === '') refuseEngine('builtInAccount')",
    tests: faceTests,
  },
  {
    file: pipeline,
    code: "const isPublic = operation.policy === 'public'",
    without:
      "const isPublic = operation.policy === 'public' || incoming.headers['user-agent'] === 'Nacos-Server'",
    tests: advisoryTests,
  },
  {
    file: pipeline,
    code: "const isPublic = operation.policy === 'public'",
    without: "const isPublic = operation.policy === 'public' || incoming.path.endsWith('/')",
    tests: advisoryTests,
  },
  {
    file: accounts,
    code: '{ hash, incarnation: newId(), updatedAt: ctx.now() }',
    without: '{ incarnation: newId(), updatedAt: ctx.now() }',
    tests: advisoryTests,
  },
  {
    file: 'server/src/flows/engine-keys.ts',
    code: "randomBytes(32).toString('base64')",
    without: "randomBytes(0).toString('base64').padEnd(43, 'S').concat('=')",
    tests: advisoryTests,
  },
  {
    file: login,
    code: '!account || account.hash === null || !right ||',
    without: '!account || (account.hash !== null && !right) ||',
    tests: advisoryTests,
  },
  {
    file: `${face}/wire.ts`,
    code: "if (typeof caller === 'string') return refuse('unauthenticated', caller, TOKEN_FAULTS[caller])",
    without: '',
    tests: advisoryTests,
  },
  {
    file: `${cse}/wire.ts`,
    code: "if (typeof text !== 'string' || text === '') {",
    without: "if (text === 'nothing at all') {",
    tests: advisoryTests,
  },
  {
    file: 'server/src/keys.ts',
    code: 'key.every((byte) => byte === key[0])',
    without: 'key.length === 0',
    tests: 'server/src/cli/engines.test.ts',
  },
  {
    file: 'server/src/keys.ts',
    code: 'if (!create)',
    without: 'if (false)',
    tests: 'server/src/cli/engines.test.ts',
  },
  {
    file: `${cse}/headers.ts`,
    code: 'all && said === ALL_ENTERPRISE_PROJECTS',
    without: 'said === ALL_ENTERPRISE_PROJECTS',
    tests: engineTests,
  },
  {
    file: nacos,
    code: "  await nacos(ctx, engine, { method: 'DELETE', what: 'permission', form: right(account) })\n",
    without: '',
    tests: remoteTests,
  },
  {
    file: nacos,
    code: "  await nacos(ctx, engine, { method: 'DELETE', what: 'role', form: { role: username } })\n",
    without: '',
    tests: remoteTests,
  },
  {
    file: nacos,
    code: "  if (account.status !== 'active') return\n",
    without: '',
    tests: remoteTests,
  },
  {
    file: accounts,
    code: '  await mirrorRoleRemoval(ctx, engine, name)\n',
    without: '',
    tests: remoteTests,
  },
  {
    file: login,
    code: 'address: addressBlock(login.address)',
    without: 'address: login.address',
    tests: faceTests,
  },
  {
    file: login,
    code: 'refuseLocked(await forgetEngineFailures(tx, engine.id, who), ctx.now())',
    without: 'await forgetEngineFailures(tx, engine.id, who)',
    tests: faceTests,
  },
  {
    file: login,
    code: " || account.status !== 'active') {\n    await countFailure(ctx, engine, who, login.requestId)",
    without: ') {\n    await countFailure(ctx, engine, who, login.requestId)',
    tests: faceTests,
  },
  {
    file: rights,
    code: "'g:EnterpriseProjectId': enterpriseProjectId",
    without: "'g:EnterpriseProjectId': 'ep-dev' || enterpriseProjectId",
    tests: rightTests,
  },
  {
    file: rights,
    code: 'if (!account || isDenied(account, effects)) return undefined',
    without: 'if (!account) return undefined',
    tests: rightTests,
  },
  {
    file: rights,
    code: 'return narrowedBy && isDenied(account, decided([narrowedBy], request)) ? undefined : account',
    without: 'return narrowedBy && request ? account : account',
    tests: rightTests,
  },
  {
    file: `${face}/accounts.ts`,
    code: "if (roles.includes('admin') && !own.includes('admin')) refuse('forbidden', 'grants admin')",
    without: "if (roles.length > 99 && own) refuse('forbidden')",
    tests: faceTests,
  },
  {
    file: password,
    code: "} else if (!caller.roles.includes('admin')) {",
    without: '} else if (caller.roles.length === 0) {',
    tests: faceTests,
  },
  {
    file: password,
    code: 'if (name === caller.account.name) {',
    without: "if (name === '') {",
    tests: engineTests,
  },
  {
    file: `${face}/operation.ts`,
    code: "if (engine?.specType !== specType) return refuseEngine('invalid', 'no engine is meant')",
    without: "if (!engine) return refuseEngine('invalid', 'no engine is meant')",
    tests: faceTests,
  },
  {
    file: `${cse}/accounts/accounts.ts`,
    code: "if (roles.includes('admin') && !caller.roles.includes('admin')) refuseEngine('forbidden', 'grants admin')",
    without: '',
    tests: engineTests,
  },
  {
    file: `${cse}/accounts/accounts.ts`,
    code: "if (typeof caller !== 'string') return caller",
    without: 'return caller as EngineCaller',
    tests: engineTests,
  },
  {
    file: `${cse}/wire.ts`,
    code: "if (caller.scope.kind !== 'project' || caller.scope.project.id !== projectId) return false",
    without: '',
    tests: engineTests,
  },
  {
    file: 'server/src/cli/engine-keys-export.ts',
    code: "{ mode: 0o600, flag: 'wx' }",
    without: "{ flag: 'wx' }",
    tests: 'server/src/cli/engines.test.ts',
  },
  {
    file: `${cse}/wire.ts`,
    code: 'if (caller.delegation.applicationCredential?.accessRules) return false',
    without: '',
    tests: engineTests,
  },
  {
    file: `${cse}/wire.ts`,
    code: "if (caller.claims.via.some(({ kind }) => kind === 'credential')) return false",
    without: '',
    tests: chainTests,
  },
  {
    file: accounts,
    code: "if (Object.hasOwn(builtInRoles, name)) refuseEngine('builtInRole')",
    without: '',
    tests: faceTests,
  },
  {
    file: accounts,
    code: "if (mode === 'update' && !isThere) refuseEngine('noRole')",
    without: '',
    tests: faceTests,
  },
  {
    file: accounts,
    code: "if (!own.some((role) => role.name === name)) refuseEngine('noRole')",
    without: '',
    tests: faceTests,
  },
  {
    file: accounts,
    code: "if (isBuiltInAccount(specType, name)) refuseEngine('builtInAccount')",
    without: '',
    tests: remoteTests,
  },
  {
    file: 'server/src/core/engine-rules.ts',
    code: "name.toLowerCase() === 'nacos'",
    without: "name === 'nacos'",
    tests: remoteTests,
  },
]
