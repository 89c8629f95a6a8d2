import { Refusal } from '../core/refusal.ts'
import { revokeToken } from '../flows/revoke-token.ts'
import { validateToken } from '../flows/validate-token.ts'
import { CommandError, type CommandInput } from './command.ts'
import { readInput } from './input.ts'
import { operator } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse token revoke [TOKEN] [--chain]`. Reads stdin without an argument; refuses what is no valid token. */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const text = args[0] ?? (await readInput('-')).trim()
  const chain = options['chain'] === true
  await withContext(settings, async (ctx) => {
    const session = await validateToken(ctx, text).catch((error: unknown) => {
      if (error instanceof Refusal) throw new CommandError(`not a valid token: ${error.reason}`)
      throw error
    })
    await revokeToken(ctx, session, operator('revoke_token'), { chain })
    const { auditIds } = session.claims
    print.record({ revoked: chain ? 'chain' : 'token', id: chain ? auditIds.at(-1) : auditIds[0] })
  })
}
