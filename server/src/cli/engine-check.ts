import { checkEngine } from '../flows/engine-check.ts'
import { CommandError, type CommandInput } from './command.ts'
import { engineNamed } from './engines.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine check ENGINE`: compares the accounts here with those of its service-center; exit 1 when they differ. */
export async function run({ settings, args, print }: CommandInput): Promise<boolean> {
  return withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, args[0]!)
    const drift = await checkEngine(ctx, engine)
    if (!drift) throw new CommandError(`engine ${engine.name} has no service-center that can be asked`)
    print.table(drift)
    return drift.every(({ verdict }) => verdict === 'same')
  })
}
