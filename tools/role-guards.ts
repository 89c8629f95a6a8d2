/** The guards of roles, grants and their lists, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const keystone = 'server/src/dialects/keystone'
const grants = `${keystone}/grants/grants.ts`
const roles = `${keystone}/roles/roles.ts`
const implied = `${keystone}/roles/implied-roles.ts`
const lists = `${keystone}/role-assignments/role-assignments.ts`
const grantRows = 'server/src/store/assignments.ts'
const listRows = 'server/src/store/role-assignments.ts'
const effectiveRows = 'server/src/store/effective-roles.ts'

const grantTests = `${keystone}/grants/grants.test.ts`
const roleTests = `${keystone}/roles/roles.test.ts`
const listTests = `${keystone}/role-assignments/role-assignments.test.ts`
const rowTests = 'server/src/store/role-assignments.test.ts'

export const roleGuards: readonly Guard[] = [
  {
    file: grants,
    code: 'if (!(await deleteGrant(tx, place, role.id))) refuseAbsent(place, role.id)',
    without: 'if (!(await deleteGrant(tx, place, role.id))) await insertGrant(tx, place, role.id)',
    tests: grantTests,
  },
  {
    file: grants,
    code: 'requireActor(ends, place)\n          requireTarget(ends, place)\n          refuseForeignRole',
    without: 'requireTarget(ends, place)\n          refuseForeignRole',
    tests: grantTests,
  },
  {
    file: grants,
    code: 'requireTarget(ends, place)\n          refuseForeignRole',
    without: 'refuseForeignRole',
    tests: grantTests,
  },
  {
    file: grants,
    code: '          refuseForeignRole(role, place, ends.target)\n',
    without: '',
    tests: grantTests,
  },
  {
    file: grants,
    code: 'const facts: Record<string, unknown> = role ? roleTarget(role) : {}',
    without: "const facts: Record<string, unknown> = { 'target.role.domain_id': null }",
    tests: grantTests,
  },
  {
    file: grants,
    code: 'facts[`target.${kind.actor}.domain_id`] = actor.domainId',
    without: 'facts[`target.${kind.actor}.domain_id`] = target?.domainId',
    tests: grantTests,
  },
  {
    file: grants,
    code: "if (target.domainId !== '') facts[`target.${kind.target}.domain_id`] = target.domainId",
    without: 'facts[`target.${kind.target}.domain_id`] = actor?.domainId',
    tests: grantTests,
  },
  {
    file: grantRows,
    code: "    .where('a.actor_kind', '=', place.actor.kind)\n",
    without: '',
    tests: grantTests,
  },
  {
    file: grantRows,
    code: "    .where('a.target_kind', '=', place.target.kind)\n    .where('a.inherited'",
    without: "    .where('a.inherited'",
    tests: grantTests,
  },
  {
    file: listRows,
    code: "a.actor_id = ${userId} and a.actor_kind = 'user'`)",
    without: 'a.actor_id = ${userId}`)',
    tests: grantTests,
  },
  {
    file: effectiveRows,
    code: "a.actor_kind = 'user' and ${isAmong(sql`a.actor_id`, users)}",
    without: '${isAmong(sql`a.actor_id`, users)}',
    tests: grantTests,
  },
  {
    file: effectiveRows,
    code: 'membershipLife(defaultTtl)} > ${now}`',
    without: 'membershipLife(defaultTtl)} > ${now} - ${now}`',
    tests: rowTests,
  },
  {
    file: effectiveRows,
    code: 'const [onProjects = sql`1 = 0`] = placesOf(db, scope, hasUser)',
    without: 'const onProjects = sql`1 = 1`',
    tests: rowTests,
  },
  {
    file: roles,
    code: "if (role.options['immutable'] === true) refuseImmutable('delete', role.id)",
    without: '',
    tests: roleTests,
  },
  {
    file: roles,
    code: "if (before.options['immutable'] === true && !onlyMakesMutable(sent)) refuseImmutable('update', before.id)",
    without: '',
    tests: roleTests,
  },
  {
    file: roles,
    code: 'if (Object.keys(sent).length > 1 || sent.options === undefined) return false',
    without: 'if (sent.options === undefined) return false',
    tests: roleTests,
  },
  {
    file: roles,
    code: "if ('domain_id' in sent && (sent.domain_id ?? '') !== before.domainId) {",
    without: 'if (false) {',
    tests: roleTests,
  },
  {
    file: roles,
    code: "`identity:${verb}${role.domainId === '' ? '' : '_domain'}_role`",
    without: '`identity:${verb}_role`',
    tests: roleTests,
  },
  {
    file: implied,
    code: 'NEVER_IMPLIED.has(implied.name.toLowerCase())',
    without: 'NEVER_IMPLIED.has(implied.name)',
    tests: roleTests,
  },
  {
    file: implied,
    code: 'if (leavesItsDomain || ',
    without: 'if (',
    tests: roleTests,
  },
  {
    file: lists,
    code: 'refuseContradictions(wish)\n    if',
    without: 'if',
    tests: listTests,
  },
  {
    file: lists,
    code: "caller.scope.kind === 'domain' && !subtree ? caller.scope.domain.id : undefined",
    without: 'undefined as string | undefined',
    tests: listTests,
  },
  {
    file: lists,
    code: 'if (own !== undefined && wanted?.domainId !== own) return undefined',
    without: '',
    tests: listTests,
  },
  {
    file: lists,
    code: 'own === undefined || own === domainId ? ',
    without: 'true ? ',
    tests: listTests,
  },
  {
    file: lists,
    code: "return own === undefined ? { kind: 'system' } : undefined",
    without: "return { kind: 'system' }",
    tests: listTests,
  },
  {
    file: lists,
    code: 'wishOf(query).subtree ? treeTarget(project) : ownDomain(caller)',
    without: 'ownDomain(caller)',
    tests: listTests,
  },
  {
    file: lists,
    code: "userId === undefined || call.caller.scope.kind === 'domain'",
    without: 'userId === undefined',
    tests: listTests,
  },
  {
    file: lists,
    code: "roles.byId.get(line.roleId)?.domainId === '' &&",
    without: '',
    tests: listTests,
  },
  {
    file: 'server/src/store/membership-life.ts',
    code: 'case when i.authorization_ttl > ${most} then ${most} else i.authorization_ttl end',
    without: 'i.authorization_ttl',
    tests: 'server/src/store/federation.test.ts',
  },
]
