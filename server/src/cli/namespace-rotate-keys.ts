import { rotateNamespaceKeys } from '../flows/namespaces.ts'
import { type CommandInput, UsageError } from './command.ts'
import { namespaceNamed, shownNamespace } from './namespaces.ts'
import { domainNamed, operator } from './operator.ts'
import { withContext } from './with-context.ts'

/** A day: what reads its keys from a file that is exported anew has them by then. */
const OVERLAP = 86_400
/** Thirty days. */
const LONGEST = 2_592_000

/** `tokenhouse namespace rotate-keys NAMESPACE [--overlap SECONDS]` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const text = String(options['overlap'] ?? OVERLAP)
  const overlap = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN
  if (!(overlap <= LONGEST)) throw new UsageError(`--overlap is a number of seconds, at most ${LONGEST}`)
  await withContext(settings, async (ctx) => {
    const domain = await domainNamed(ctx, options['domain'])
    const namespace = await namespaceNamed(ctx, domain, args[0]!)
    await rotateNamespaceKeys(ctx, operator('rotate_namespace_keys'), { namespace, overlap })
    print.record(await shownNamespace(ctx, domain, namespace))
  })
}
