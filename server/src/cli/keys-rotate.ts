import { rotateSamlKey } from '../flows/saml-keys.ts'
import { rotateFernetKeys, rotateJwsKey } from '../keys.ts'
import { type CommandInput, UsageError } from './command.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse keys rotate [fernet|jws|saml] [--keep N]` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const purpose = args[0] ?? 'fernet'
  const keep = Number(options['keep'] ?? 3)
  if (!Number.isSafeInteger(keep) || keep < 2) throw new UsageError('--keep must be a whole number from 2')
  await withContext(settings, async (ctx) => {
    if (purpose === 'fernet') await rotateFernetKeys(ctx.store, ctx.keys, keep, ctx.now())
    else if (purpose === 'jws') await ctx.store.write((tx) => rotateJwsKey(tx, ctx.keys, ctx.now()))
    else if (purpose === 'saml') await rotateSamlKey(ctx, keep)
    else throw new UsageError(`${purpose} are no keys that rotate: fernet, jws or saml`)
  })
  print.line(`rotated the ${purpose} keys`)
}
