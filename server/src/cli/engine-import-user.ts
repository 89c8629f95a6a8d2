import { namespaceOf } from '../core/engine-rules.ts'
import { importPrincipal } from '../flows/engine-lifecycle.ts'
import { type CommandInput, UsageError } from './command.ts'
import { engineNamed } from './engines.ts'
import { operator, userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine import-user --engine ID --user NAME --role ROLE`; a running server knows at once. */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  const { engine: engineText, user: userText, role, name } = options
  if (engineText === undefined || userText === undefined || role === undefined) {
    throw new UsageError('--engine, --user and --role are needed')
  }
  const namespace = namespaceOf(options['namespace'] === undefined ? '' : String(options['namespace']))
  if (namespace === undefined) throw new UsageError('--namespace is not one of Nacos')
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, String(engineText))
    const user = await userNamed(ctx, String(userText), options['userDomain'])
    const account = await importPrincipal(
      ctx,
      engine,
      {
        principal: { id: user.id, name: user.name },
        roles: String(role).split(','),
        namespace,
        name: name === undefined ? undefined : String(name),
      },
      operator('import_engine_user'),
    )
    print.record({ engine: engine.id, account: account.name, user: user.id, roles: account.roles })
  })
}
