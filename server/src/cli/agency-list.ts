import { listAgencies } from '../store/agencies.ts'
import { agencyRow } from './agencies.ts'
import type { CommandInput } from './command.ts'
import { domainNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse agency list [--domain A]`: of all accounts when none is named. */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const { domain } = options
    const filter = domain === undefined ? {} : { domainId: (await domainNamed(ctx, domain)).id }
    print.table((await listAgencies(ctx.store.db, filter)).map(agencyRow))
  })
}
