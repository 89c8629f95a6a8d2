import type { CommandInput } from './command.ts'
import { userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse user show NAME` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const user = await withContext(settings, (ctx) => userNamed(ctx, args[0]!, options['domain']))
  const { id, name, domain, enabled, kind, failedAuthCount } = user
  print.record({
    id,
    name,
    domain: domain.name,
    enabled,
    kind,
    failedAuthCount,
    hasPassword: user.password !== null,
  })
}
