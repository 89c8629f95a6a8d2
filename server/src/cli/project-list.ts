import { listProjects } from '../store/projects.ts'
import type { CommandInput } from './command.ts'
import { domainNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse project list` */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  const projects = await withContext(settings, async (ctx) => {
    const { id } = await domainNamed(ctx, options['domain'])
    const filters = [
      { column: 'project.domain_id', comparator: 'equals', value: id, caseSensitive: true },
    ] as const
    return (await listProjects(ctx.store.db, { filters }, {})).items
  })
  print.table(
    projects
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ id, name, enabled, parentId }) => ({ id, name, enabled, parentId })),
  )
}
