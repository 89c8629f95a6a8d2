import { randomBytes } from 'node:crypto'
import { setUserPassword } from '../flows/local-user.ts'
import type { CommandInput } from './command.ts'
import { operator, passwordFrom, userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse user set-password NAME`: the user's tokens are void from then on. */
export async function run(input: CommandInput): Promise<void> {
  const { settings, args, options, print } = input
  const given = await passwordFrom(input)
  const password = given ?? randomBytes(18).toString('base64url')
  await withContext(settings, async (ctx) => {
    const user = await userNamed(ctx, args[0]!, options['domain'])
    await setUserPassword(ctx, operator('set_password'), user.id, password)
    print.record({ id: user.id, name: user.name, ...(given === undefined ? { password } : {}) })
  })
}
