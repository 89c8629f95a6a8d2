import { listEngineAccounts } from '../store/engine-accounts.ts'
import { listEngineKeys } from '../store/engines.ts'
import type { CommandInput } from './command.ts'
import { engineNamed, engineShown } from './engines.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine show ENGINE`: with its accounts and the states of its keys. */
export async function run({ settings, args, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, args[0]!)
    const accounts = await listEngineAccounts(ctx.store.db, engine.id)
    const keys = await listEngineKeys(ctx.store.db, engine.id)
    print.record({
      ...engineShown(engine),
      accounts: accounts.map(({ name, principalId, namespace, roles, status }) => ({
        name,
        user: principalId,
        namespace,
        roles,
        status,
      })),
      keys: keys.map(({ id, state }) => ({ id, state })),
    })
  })
}
