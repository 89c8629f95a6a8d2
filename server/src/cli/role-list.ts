import { rolesOf } from '../store/grants.ts'
import type { CommandInput } from './command.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse role list` */
export async function run({ settings, print }: CommandInput): Promise<void> {
  const { byId, implied } = await withContext(settings, (ctx) => rolesOf(ctx.store))
  const nameOf = (id: string): string => byId.get(id)?.name ?? id
  print.table(
    [...byId.values()]
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ id, name }) => ({ id, name, implies: [...(implied.get(id) ?? [])].map(nameOf).join(' ') })),
  )
}
