import { delegations } from '../flows/delegation-graph.ts'
import { agencyNamed, agencyRow } from './agencies.ts'
import type { CommandInput } from './command.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse agency show NAME [--domain A]`: with what it may and who may act as it. */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const agency = await agencyNamed(ctx, args[0] ?? '', options['domain'])
    const edge = (await delegations(ctx)).find(({ through }) => through.id === agency.id)
    print.record({
      ...agencyRow(agency),
      may: edge?.grants.map(({ role, on }) => `${role} on ${on}`).join(', ') ?? '',
      agents: edge?.agents.join(', ') ?? '',
    })
  })
}
