import { createAccessKey } from '../flows/access-keys.ts'
import { type CommandInput, UsageError } from './command.ts'
import { operator, userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** As many as a person has any use for. */
const MOST_KEYS = 16

/** `tokenhouse access-key create --user NAME [--domain NAME]`: the secret is printed this once. */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  if (options['user'] === undefined) throw new UsageError('--user is needed')
  await withContext(settings, async (ctx) => {
    const user = await userNamed(ctx, String(options['user']), options['domain'])
    const description = String(options['description'] ?? '')
    const of = { userId: user.id, description, limit: MOST_KEYS }
    const { access, secret } = await createAccessKey(ctx, operator('create_access_key'), of)
    print.record({ access, secret })
  })
}
