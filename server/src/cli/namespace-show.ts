import type { CommandInput } from './command.ts'
import { namespaceNamed, shownNamespace } from './namespaces.ts'
import { domainNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse namespace show NAMESPACE` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const domain = await domainNamed(ctx, options['domain'])
    const namespace = await namespaceNamed(ctx, domain, args[0]!)
    print.record(await shownNamespace(ctx, domain, namespace))
  })
}
