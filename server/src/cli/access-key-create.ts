import { createAccessKey, createPairAccessKey } from '../flows/access-keys.ts'
import { type CommandInput, UsageError } from './command.ts'
import { readInput } from './input.ts'
import { operator, userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** As many as a person has any use for. */
const MOST_KEYS = 16

/**
 * `tokenhouse access-key create --user NAME [--domain NAME] [--public-key FILE]`: the secret is printed this once; with a
 * public key there is none.
 */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  if (options['user'] === undefined) throw new UsageError('--user is needed')
  await withContext(settings, async (ctx) => {
    const user = await userNamed(ctx, String(options['user']), options['domain'])
    const description = String(options['description'] ?? '')
    const of = { userId: user.id, description, limit: MOST_KEYS }
    const by = operator('create_access_key')
    const file = options['publicKey']
    if (file === undefined) {
      const { access, secret } = await createAccessKey(ctx, by, of)
      return print.record({ access, secret })
    }
    const text = await readInput(String(file))
    const { access, bits, fingerprint } = await createPairAccessKey(ctx, by, of, text)
    print.record({ access, algorithm: 'ACS3-RSA-SHA256', bits, fingerprint })
  })
}
