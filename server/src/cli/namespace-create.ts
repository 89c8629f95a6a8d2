import { Refusal } from '../core/refusal.ts'
import { createNamespace } from '../flows/namespaces.ts'
import { CommandError, type CommandInput, UsageError } from './command.ts'
import { shownNamespace } from './namespaces.ts'
import { domainNamed, operator } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse namespace create NAMESPACE` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const regionId = args[0]!
  if (!/^[a-z0-9-]+(:[A-Za-z0-9_-]{1,32})?$/.test(regionId)) {
    throw new UsageError('a namespace is REGION:IDENTIFIER, such as cn-shenzhen:prod, or a REGION')
  }
  const text = (name: string): string => String(options[name] ?? '')
  const mse = {
    instanceId: text('mseInstance'),
    internetAddress: text('mseInternetAddress'),
    intranetAddress: text('mseIntranetAddress'),
  }
  await withContext(settings, async (ctx) => {
    const domain = await domainNamed(ctx, options['domain'])
    const namespace = await createNamespace(ctx, operator('create_namespace'), {
      domainId: domain.id,
      regionId,
      name: text('name') || (regionId.split(':')[1] ?? regionId),
      description: text('description'),
      debugEnable: false,
      registryType: mse.instanceId === '' ? 'default' : 'exclusive_mse',
      mse,
    }).catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'conflict') throw error
      throw new CommandError(`there is a namespace ${regionId} in domain ${domain.name} already`)
    })
    print.record(await shownNamespace(ctx, domain, namespace))
  })
}
