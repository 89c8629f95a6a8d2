import { cloudPowersOf } from '../flows/account-administration.ts'
import { change } from '../flows/change.ts'
import { insertGrant, type Target } from '../store/assignments.ts'
import { rolesOf } from '../store/grants.ts'
import { agencyNamed, needed } from './agencies.ts'
import { CommandError, type CommandInput, UsageError } from './command.ts'
import { notThere, operator, projectNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse agency grant ROLE --agency NAME [--domain A] (--project P | --on-account | --all-projects)` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const named = ['project', 'onAccount', 'allProjects'].filter((name) => options[name] !== undefined)
  if (named.length !== 1) throw new UsageError('one of --project, --on-account and --all-projects is needed')
  await withContext(settings, async (ctx) => {
    const agency = await agencyNamed(ctx, needed(options, 'agency', '--agency'), options['domain'])
    const { byId } = await rolesOf(ctx.store)
    const text = args[0] ?? ''
    const role =
      [...byId.values()].find(
        ({ id, name, domainId }) => id === text || (name === text && domainId === ''),
      ) ?? notThere('role', text)
    if ((await cloudPowersOf(ctx.store)).roles.has(role.id)) {
      throw new CommandError(`${role.name} is the cloud's own and not for agencies`)
    }
    const project =
      options['project'] === undefined
        ? undefined
        : await projectNamed(ctx, String(options['project']), agency.domain.id)
    if (project && project.domain.id !== agency.domain.id) {
      throw new CommandError(`project ${project.name} is of another account`)
    }
    const target: Target = project
      ? { kind: 'project', id: project.id }
      : { kind: 'domain', id: agency.domain.id }
    const inherited = options['allProjects'] !== undefined
    await change(ctx, operator('grant_role_to_agency'), `agency:${agency.id}`, (tx) =>
      insertGrant(tx, { actor: { kind: 'agency', id: agency.id }, target, inherited }, role.id),
    )
    const on = inherited
      ? 'all projects'
      : project
        ? `project ${project.name}`
        : `account ${agency.domain.name}`
    print.record({ role: role.name, agency: agency.name, on })
  })
}
