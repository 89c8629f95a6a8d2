import { change } from '../flows/change.ts'
import { ensureProject } from '../store/bootstrap.ts'
import { findProjectScope } from '../store/scopes.ts'
import { CommandError, type CommandInput } from './command.ts'
import { domainNamed, newName, operator } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse project create NAME` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const name = newName('a project', args[0]!, 64)
  await withContext(settings, async (ctx) => {
    const domain = await domainNamed(ctx, options['domain'])
    if (await findProjectScope(ctx.store.db, { name, domain: { id: domain.id } })) {
      throw new CommandError(`there is a project ${name} in domain ${domain.name} already`)
    }
    const id = await change(ctx, operator('create_project'), `project:${name}`, (tx) =>
      ensureProject(tx, name, domain.id, ctx.now()),
    )
    print.record({ id, name, domain: domain.name })
  })
}
