import { removeEngine } from '../flows/engine-lifecycle.ts'
import type { CommandInput } from './command.ts'
import { engineNamed, engineShown } from './engines.ts'
import { operator } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine delete ENGINE`: with its accounts and keys. */
export async function run({ settings, args, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, args[0]!)
    await removeEngine(ctx, engine, operator('delete_engine'))
    print.record(engineShown(engine))
  })
}
