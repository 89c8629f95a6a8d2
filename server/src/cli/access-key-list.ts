import { listAccessKeys } from '../store/access-keys.ts'
import { type CommandInput, UsageError } from './command.ts'
import { userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse access-key list --user NAME [--domain NAME]` */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  if (options['user'] === undefined) throw new UsageError('--user is needed')
  await withContext(settings, async (ctx) => {
    const user = await userNamed(ctx, String(options['user']), options['domain'])
    const keys = await listAccessKeys(ctx.store.db, user.id)
    const time = (micros: number | null): string =>
      micros === null ? 'never' : new Date(micros / 1000).toISOString()
    print.table(
      keys.map((key) => ({
        access: key.id,
        status: key.status,
        created: time(key.createdAt),
        used: time(key.lastUsedAt),
        description: key.description,
      })),
    )
  })
}
