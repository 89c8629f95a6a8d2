import type { Context } from '../context.ts'
import { change } from '../flows/change.ts'
import { ensureGrant } from '../store/bootstrap.ts'
import { rolesOf } from '../store/grants.ts'
import { type CommandInput, UsageError } from './command.ts'
import { domainNamed, notThere, operator, projectNamed, userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse role grant ROLE --user NAME --project NAME|--on-domain NAME|--system` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  if (options['user'] === undefined) throw new UsageError('--user is needed')
  await withContext(settings, async (ctx) => {
    const user = await userNamed(ctx, String(options['user']), options['userDomain'])
    const { byId } = await rolesOf(ctx.store)
    const role =
      [...byId.values()].find(({ id, name }) => name === args[0] || id === args[0]) ??
      notThere('role', args[0]!)
    const target = await targetOf(ctx, options)
    await change(ctx, operator('grant_role'), `user:${user.id}`, (tx) =>
      ensureGrant(tx, user.id, role.id, target),
    )
    print.record({ role: role.name, user: user.name, on: `${target.kind} ${target.id}` })
  })
}

async function targetOf(
  ctx: Context,
  options: CommandInput['options'],
): Promise<Parameters<typeof ensureGrant>[3]> {
  const named = ['project', 'onDomain', 'system'].filter((name) => options[name] !== undefined)
  if (named.length !== 1) throw new UsageError('one of --project, --on-domain and --system is needed')
  if (options['system']) return { kind: 'system', id: 'system' }
  if (options['onDomain'] !== undefined)
    return { kind: 'domain', id: (await domainNamed(ctx, options['onDomain'])).id }
  const project = await projectNamed(ctx, String(options['project']), options['projectDomain'])
  return { kind: 'project', id: project.id }
}
