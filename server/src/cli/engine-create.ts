import { createEngine } from '../flows/engine-lifecycle.ts'
import { type CommandInput, UsageError } from './command.ts'
import { engineShown } from './engines.ts'
import { operator, passwordFrom, projectNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine create NAME --project NAME` */
export async function run(input: CommandInput): Promise<void> {
  const { settings, args, options, print } = input
  const { project, specType = 'CSE2', authType = 'RBAC', enterpriseProject = '0', address } = options
  const { maxTokenLife } = options
  if (project === undefined) throw new UsageError('--project is needed')
  if (specType !== 'CSE2' && specType !== 'Nacos2') throw new UsageError('--spec-type is CSE2 or Nacos2')
  if (authType !== 'RBAC' && authType !== 'NONE') throw new UsageError('--auth-type is RBAC or NONE')
  await withContext(settings, async (ctx) => {
    const { id } = await projectNamed(ctx, String(project), options['projectDomain'])
    const { engine } = await createEngine(
      ctx,
      {
        projectId: id,
        enterpriseProjectId: String(enterpriseProject),
        name: args[0]!,
        specType,
        authType,
        ...(maxTokenLife !== undefined && { maxTokenSeconds: Number(maxTokenLife) }),
        address: address === undefined ? null : String(address).replace(/\/+$/, ''),
        rootPassword: await passwordFrom(input),
      },
      operator('create_engine'),
    )
    print.record(engineShown(engine))
  })
}
