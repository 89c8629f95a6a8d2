import { namespaceOf } from '../core/engine-rules.ts'
import { removeAccount } from '../flows/engine-accounts.ts'
import { findEngineAccount } from '../store/engine-accounts.ts'
import { type CommandInput, UsageError } from './command.ts'
import { engineNamed } from './engines.ts'
import { notThere, operator, userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine remove-user --engine ID --user NAME`: takes back an import; a running server knows at once. */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  const { engine: engineText, user: userText } = options
  if (engineText === undefined || userText === undefined) {
    throw new UsageError('--engine and --user are needed')
  }
  const namespace = namespaceOf(String(options['namespace'] ?? ''))
  if (namespace === undefined) throw new UsageError('--namespace is not one of Nacos')
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, String(engineText))
    const user = await userNamed(ctx, String(userText), options['userDomain'])
    const account = await findEngineAccount(ctx.store.db, engine.id, { principalId: user.id, namespace })
    if (!account) return notThere('account of', user.name)
    await removeAccount(ctx, engine, { name: account.name, self: '' }, operator('remove_engine_user'))
    print.record({ engine: engine.id, account: account.name, user: user.id })
  })
}
