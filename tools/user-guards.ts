/** The guards of users, groups, passwords and factors, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const users = 'server/src/dialects/keystone/users'
const groups = 'server/src/dialects/keystone/groups'
const advisories = `${users}/advisories.test.ts`
const passwords = `${users}/passwords.test.ts`
const factors = 'server/src/dialects/keystone/tokens/multi-factor.test.ts'
const compliance = 'server/src/core/security-compliance'

export const userGuards: readonly Guard[] = [
  {
    file: `${users}/user-rules.ts`,
    code: 'if (!behind.includes(userId)) return',
    without: 'if (true) return',
    tests: advisories,
  },
  {
    file: `${users}/user-rules.ts`,
    code: 'if (!project?.isDomain) return',
    without: 'if (true) return',
    tests: `${users}/users.test.ts`,
  },
  {
    file: `${users}/update-user.ts`,
    code: "typeof sent.password === 'string' && before.kind === 'federated'",
    without: 'false',
    tests: advisories,
  },
  {
    file: `${users}/update-user.ts`,
    code: 'sent.domain_id !== undefined && sent.domain_id !== before.domainId',
    without: 'false',
    tests: `${users}/users.test.ts`,
  },
  {
    file: `${users}/update-user.ts`,
    code: '    demandSameId(sent, before.id)\n',
    without: '',
    tests: `${users}/users.test.ts`,
  },
  {
    file: `${users}/update-user.ts`,
    code: 'if (sent.enabled === false) await voidTokens(',
    without: 'if (false) await voidTokens(',
    tests: passwords,
  },
  {
    file: `${users}/list-users.ts`,
    code: "...onlyOwnDomain(caller, 'user.domain_id')",
    without: '',
    tests: `${users}/users.test.ts`,
  },
  {
    file: `${groups}/groups.ts`,
    code: "      ...onlyOwnDomain(call.caller, 'group.domain_id'),\n",
    without: '',
    tests: `${groups}/groups.test.ts`,
  },
  {
    file: `${groups}/members.ts`,
    code: ", ...onlyOwnDomain(call.caller, 'user.domain_id')",
    without: '',
    tests: `${groups}/groups.test.ts`,
  },
  {
    file: `${groups}/members.ts`,
    code: '      await voidTokens(tx, user.id, call.ctx.now())\n',
    without: '',
    tests: `${groups}/groups.test.ts`,
  },
  {
    file: 'server/src/flows/passwords.ts',
    code: "if (!outcome.proven && outcome.why !== 'expired') return refuse(",
    without: 'if (false) return refuse(',
    tests: passwords,
  },
  {
    file: 'server/src/flows/passwords.ts',
    code: 'if ((await currentPasswordId(tx, user.id)) !== user.password?.id) {',
    without: 'if (false) {',
    tests: passwords,
  },
  {
    file: 'server/src/flows/passwords.ts',
    code: '    if (fault) refuseChange(fault)\n',
    without: '',
    tests: passwords,
  },
  {
    file: 'server/src/flows/passwords.ts',
    code: '    await refuseRepetition(ctx, user.id, wanted.password, rules.uniqueLastPasswordCount)\n',
    without: '',
    tests: passwords,
  },
  {
    file: 'server/src/flows/passwords.ts',
    code: '  await voidTokens(tx, userId, now)\n',
    without: '',
    tests: passwords,
  },
  {
    file: 'server/src/flows/passwords.ts',
    code: 'if (!isWellChosen(password, settings)) {',
    without: 'if (false) {',
    tests: passwords,
  },
  {
    file: 'server/src/store/removal.ts',
    code: ".where('actor_kind', '=', 'user').where('actor_id', 'in', ids)",
    without: ".where('actor_id', 'in', ids)",
    tests: 'server/src/store/users.test.ts',
  },
  {
    file: 'server/src/methods/password/method.ts',
    code: "if (await isLockedByNow(tools, user, rules)) return wrong(user, 'locked after failed logins')",
    without: '',
    tests: factors,
  },
  {
    file: 'server/src/methods/password/method.ts',
    code: 'const forget = enough && user.failedAuthCount > 0',
    without: 'const forget = user.failedAuthCount > 0 || (enough && false)',
    tests: factors,
  },
  {
    file: 'server/src/methods/password/method.ts',
    code: '    await store.record((tx) => pretendToCount(tx, now))\n',
    without: '',
    tests: advisories,
  },
  {
    file: 'server/src/methods/password/method.ts',
    code: "user?.kind === 'local' && !locked ?",
    without: 'user && !locked ?',
    tests: advisories,
  },
  {
    file: 'server/src/methods/totp/method.ts',
    code: '    await store.record((tx) => countFailedLogin(tx, user.id, now, rules))\n',
    without: '',
    tests: factors,
  },
  {
    file: 'server/src/methods/totp/method.ts',
    code: "if (!(await useOnce(tx, accepted, now))) return 'passcode used before'",
    without: 'await useOnce(tx, accepted, now)',
    tests: factors,
  },
  {
    file: 'server/src/methods/totp/method.ts',
    code: 'if (!counted || isLocked({ ...user, ...counted }, rules, now)) return',
    without: 'if (!counted) return',
    tests: factors,
  },
  {
    file: 'server/src/methods/totp/method.ts',
    code: "if (!user.enabled || !user.domain.enabled) return no('disabled')",
    without: '',
    tests: factors,
  },
  {
    file: 'server/src/methods/totp/method.ts',
    code: '!user || isLocked(user, rules, now)',
    without: '!user',
    tests: factors,
  },
  {
    file: 'server/src/flows/factors.ts',
    code: 'if (receipt.userId !== user.id) return no(',
    without: 'if (false) return no(',
    tests: factors,
  },
  {
    file: 'server/src/flows/factors.ts',
    code: 'if (receipt.expiresAt <= Math.floor(ctx.now() / 1e6)) return no(',
    without: 'if (false) return no(',
    tests: factors,
  },
  {
    file: 'server/src/flows/factors.ts',
    code: 'if (voidUpTo(user, undefined) >= receipt.issuedAt * 1e6) return no(',
    without: 'if (false) return no(',
    tests: factors,
  },
  {
    file: 'server/src/flows/factors.ts',
    code: '  if (!isFirst)\n',
    without: '  if (false)\n',
    tests: factors,
  },
  {
    file: 'server/src/flows/factors.ts',
    code: '  if (unmet) {',
    without: '  if (unmet && false) {',
    tests: factors,
  },
  {
    file: 'server/src/methods/totp/method.ts',
    code: 'if (isIdle(user, rules, now)) return no(',
    without: 'if (false) return no(',
    tests: factors,
  },
  {
    file: 'server/src/flows/issue-token.ts',
    code: "if (proof.user.kind === 'local' && isIdle(",
    without: 'if (false && isIdle(',
    tests: passwords,
  },
  {
    file: `${compliance}.ts`,
    code: 'if (account.failedAuthCount < attempts) return false',
    without: 'if (account.failedAuthCount <= attempts) return false',
    tests: `${compliance}.test.ts`,
  },
  {
    file: `${compliance}.ts`,
    code: "if (account.options['lock_password'] === true) return { why: 'locked' }",
    without: '',
    tests: passwords,
  },
  {
    file: 'server/src/flows/mfa-devices.ts',
    code: 'if (device.bound) refuse(',
    without: 'if (false) refuse(',
    tests: 'server/src/dialects/huawei/mfa/mfa.test.ts',
  },
  {
    file: 'server/src/flows/factors.ts',
    code: '    shown.methods.some((name) => GUESSABLE.includes(name)) &&\n',
    without: '',
    tests: 'server/src/dialects/keystone/tokens/multi-factor.test.ts',
  },
  {
    file: 'server/src/flows/factors.ts',
    code: '\n    unmetFactors(user.options, [...earlier, ...shown.methods], ctx.settings.authMethods) === undefined',
    without: ' true',
    tests: 'server/src/dialects/keystone/tokens/multi-factor.test.ts',
  },
]
