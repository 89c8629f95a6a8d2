import { listNamespaces } from '../store/namespaces.ts'
import type { CommandInput } from './command.ts'
import { dated } from './namespaces.ts'
import { domainNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse namespace list` */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const domain = await domainNamed(ctx, options['domain'])
    const namespaces = await listNamespaces(ctx.store.db, domain.id)
    print.table(
      namespaces.map(({ id, regionId, name, tenantId, registryType, createdAt }) => ({
        id,
        namespace: regionId,
        name,
        tenant: tenantId,
        registry: registryType,
        created: dated(createdAt),
      })),
    )
  })
}
