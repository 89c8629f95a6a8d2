import { enterpriseProjectOf, namespaceOf } from '../core/engine-rules.ts'
import { setNamespaceOwner } from '../flows/engine-lifecycle.ts'
import { listNamespaceOwners } from '../store/engines.ts'
import { type CommandInput, UsageError } from './command.ts'
import { engineNamed } from './engines.ts'
import { operator } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine namespace ENGINE [NAMESPACE --enterprise-project ID]`; a running server knows at once. */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const [engineText = '', said] = args
  const wanted = options['enterpriseProject']
  if ((said === undefined) !== (wanted === undefined)) {
    throw new UsageError('a namespace and --enterprise-project go together')
  }
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, engineText)
    if (said !== undefined) {
      const id = namespaceOf(said)
      const enterpriseProjectId = enterpriseProjectOf(String(wanted))
      if (id === undefined || enterpriseProjectId === undefined) {
        throw new UsageError('the namespace or the enterprise project is not one')
      }
      await setNamespaceOwner(ctx, engine, { id, enterpriseProjectId }, operator('set_namespace_owner'))
    }
    const owners = await listNamespaceOwners(ctx.store.db, engine.id)
    print.table(
      owners.map(({ id, enterpriseProjectId }) => ({
        namespace: id === '' ? 'public' : id,
        enterpriseProject: enterpriseProjectId,
      })),
    )
  })
}
