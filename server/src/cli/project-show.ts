import type { CommandInput } from './command.ts'
import { projectNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse project show NAME` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const project = await withContext(settings, (ctx) => projectNamed(ctx, args[0]!, options['domain']))
  const { id, name, domain, alive } = project
  print.record({ id, name, domain: domain.name, enabled: alive })
}
