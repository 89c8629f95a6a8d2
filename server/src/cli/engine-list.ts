import { listEngines } from '../store/engines.ts'
import type { CommandInput } from './command.ts'
import { engineShown } from './engines.ts'
import { projectNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine list` */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const project =
      options['project'] && (await projectNamed(ctx, String(options['project']), options['projectDomain']))
    const engines = await listEngines(ctx.store.db, project ? project.id : undefined)
    print.table(engines.map(engineShown))
  })
}
