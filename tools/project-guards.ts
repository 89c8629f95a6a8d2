/** The guards of projects, domains and where a session may go, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const keystone = 'server/src/dialects/keystone'
const rules = `${keystone}/projects/project-rules.ts`
const update = `${keystone}/projects/update-project.ts`
const remove = `${keystone}/projects/delete-project.ts`
const config = `${keystone}/domain-config/domain-config.ts`
const configRules = `${keystone}/domain-config/config-rules.ts`
const reach = 'server/src/flows/reachable-scopes.ts'
const stored = 'server/src/store/reachable-scopes.ts'
const removal = 'server/src/store/removal.ts'

const taken = (file: string, tests: string, code: string, without = ''): Guard => ({
  file,
  code,
  without,
  tests,
})

const projectTests = `${keystone}/projects/projects.test.ts`
const tagTests = `${keystone}/projects/tags.test.ts`
const domainTests = `${keystone}/domains/domains.test.ts`
const whoMay = `${keystone}/projects/who-may.test.ts`
const advisories = `${keystone}/projects/advisories.test.ts`
const configTests = `${keystone}/domain-config/domain-config.test.ts`
const reachTests = 'server/src/flows/reachable-scopes.test.ts'
const storedTests = 'server/src/store/reachable-scopes.test.ts'
const removalTests = 'server/src/store/removal.test.ts'

const COUNTED = `          .updateTable('epoch')
          .set((eb) => ({ n: eb('n', '+', 1) }))
          .where('id', '=', 1)
          .returning('n')
          .executeTakeFirstOrThrow()
`

export const projectGuards: readonly Guard[] = [
  // Where a project may stand.
  taken(rules, projectTests, 'wished.parentId !== null || wished.domainId !== null', 'false'),
  taken(rules, projectTests, 'parent.isDomain && parent.id !== domain.id', 'false'),
  taken(rules, projectTests, '!parent.isDomain && parent.domainId !== domain.id', 'false'),
  taken(rules, projectTests, 'if (disabled) invalid(', 'if (false) invalid('),
  taken(rules, projectTests, 'above.length + 1 > maxDepth', 'false'),
  taken(rules, projectTests, 'name?.trim().toLowerCase() === RESERVED_DOMAIN', 'false'),
  taken(update, domainTests, '  if (before.isDomain) demandFreeDomainName(name)\n'),
  taken(update, projectTests, '      demandSamePlace(before, wished)\n'),
  taken(update, projectTests, '    demandSameId(wished, id)\n'),
  // What immutable, enabled and having children hold back.
  taken(rules, projectTests, 'if (lifts && Object.keys(body).length === 1) return', 'if (lifts) return'),
  taken(update, projectTests, '      demandMutable(before, wished)\n'),
  taken(rules, projectTests, 'above.every((parent) => parent.enabled)', 'true'),
  taken(rules, projectTests, 'below.every((child) => !child.enabled)', 'true'),
  taken(remove, projectTests, '      demandDeletable(project)\n'),
  taken(remove, projectTests, '      demandLeaf(project, await hasChildren(tx, id))\n'),
  taken(`${keystone}/projects/tags.ts`, tagTests, '    demandMutableTags(project, verb)\n'),
  taken(
    `${keystone}/domains/domains.ts`,
    domainTests,
    '      if (isImmutable(before)) demandMutable(before, {})\n',
  ),
  taken(remove, domainTests, '  demandDeletable(domain)\n'),
  taken(remove, domainTests, 'if (domain.enabled)', 'if (false)'),
  taken(remove, domainTests, 'domain.id === ctx.settings.defaultDomain', 'false'),
  taken(remove, domainTests, 'if (immutable !== undefined)', 'if (false)'),
  // Who sees what.
  taken(
    `${keystone}/projects/list-projects.ts`,
    whoMay,
    "if (caller.scope.kind === 'domain') filters.push(equals('project.domain_id', caller.scope.domain.id))",
  ),
  taken(
    `${keystone}/projects/show-project.ts`,
    projectTests,
    '    list\n      .filter((project) => reachable.has(project.id))\n',
    '    list\n',
  ),
  taken(update, advisories, 'disables ? { voidTokensAt: now } : {}', '{}'),
  taken(reach, reachTests, "if (isDelegated(session)) return session.scope.kind === 'system'\n"),
  taken(
    reach,
    reachTests,
    "if (isDelegated(session)) {\n    return scope.kind === 'project'",
    "if (false) {\n    return scope.kind === 'project'",
  ),
  taken(
    reach,
    reachTests,
    "if (isDelegated(session)) {\n    return scope.kind === 'domain'",
    "if (false) {\n    return scope.kind === 'domain'",
  ),
  taken(reach, `${keystone}/auth-lists/auth-lists.test.ts`, "roles.byId.get(id)?.domainId === ''", 'true'),
  taken(`${keystone}/auth-lists/auth-lists.ts`, advisories, 'aliveOnly: true', 'aliveOnly: false'),
  taken(stored, storedTests, '{counting(reach)}\n      ), below', '{sql`1 = 1`}\n      ), below'),
  taken(stored, storedTests, 'where g.inherited = 1', 'where 1 = 1'),
  taken(stored, storedTests, "target_kind = 'project' and inherited = 0", "target_kind = 'project'"),
  taken(stored, storedTests, "a.target_kind = 'domain' and a.inherited = 0", "a.target_kind = 'domain'"),
  // Changes wait for each other where they count themselves, so that no two decide by the same facts.
  taken(
    'server/src/store/postgres.ts',
    'server/src/store/postgres.test.ts',
    `const { n } = await tx\n${COUNTED}        const value = await change(tx)\n`,
    `const value = await change(tx)\n        const { n } = await tx\n${COUNTED}`,
  ),
  // What must not outlive its owner.
  taken(
    removal,
    removalTests,
    "deleteFrom('credential').where('project_id', 'in', ids)",
    "deleteFrom('credential').where('project_id', '=', '')",
  ),
  taken(
    removal,
    removalTests,
    "deleteFrom('credential').where('user_id', 'in', ids)",
    "deleteFrom('credential').where('user_id', '=', '')",
  ),
  taken(removal, removalTests, "eb('trustee_user_id', 'in', ids)", "eb('trustor_user_id', 'in', ids)"),
  taken(
    removal,
    removalTests,
    "deleteFrom('application_credential').where('project_id', 'in', ids)",
    "deleteFrom('application_credential').where('project_id', '=', '')",
  ),
  // Configuration of domains.
  taken(config, configTests, 'isSecret(group, option) ? call.ctx.keys.seal(text, purpose) : text', 'text'),
  taken(
    config,
    configTests,
    '    if (isSecret(group, option)) continue\n',
    '    if (isSecret(group, option)) {\n      config[group] = { ...config[group], [option]: value }\n      continue\n    }\n',
  ),
  taken(configRules, configTests, 'if (!isGroup(group)) unsupported(', 'if (false) unsupported('),
  taken(configRules, configTests, 'option !== undefined && !isOption(group, option)', 'false'),
  taken(configRules, configTests, 'if (!Object.hasOwn(config, group))', 'if (false)'),
  taken(
    `${keystone}/domain-config/options.ts`,
    configTests,
    'return Object.hasOwn(GROUPS, group)',
    'return group in GROUPS',
  ),
  taken(
    `${keystone}/domain-config/default-config.ts`,
    configTests,
    'domain_id !== ctx.settings.defaultDomain',
    'false',
  ),
  taken(
    `${keystone}/domain-config/default-config.ts`,
    configTests,
    'if (!Object.hasOwn(rules, option))',
    'if (false)',
  ),
]
