import { listUsers } from '../store/users.ts'
import type { CommandInput } from './command.ts'
import { domainNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse user list` */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  const users = await withContext(settings, async (ctx) => {
    const { id } = await domainNamed(ctx, options['domain'])
    const filters = [
      { column: 'user.domain_id', comparator: 'equals', value: id, caseSensitive: true },
    ] as const
    return (await listUsers(ctx.store.db, { filters }, {})).items
  })
  print.table(
    users
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ id, name, enabled, kind }) => ({ id, name, enabled, kind })),
  )
}
