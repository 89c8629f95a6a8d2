import { randomBytes } from 'node:crypto'
import { createLocalUser } from '../flows/local-user.ts'
import type { CommandInput } from './command.ts'
import { domainNamed, newName, operator, passwordFrom } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse user create NAME`: with a password from a file, or a random one that is printed once. */
export async function run(input: CommandInput): Promise<void> {
  const { settings, args, options, print } = input
  const name = newName('a user', args[0]!, 255)
  const given = await passwordFrom(input)
  const password = given ?? randomBytes(18).toString('base64url')
  await withContext(settings, async (ctx) => {
    const domain = await domainNamed(ctx, options['domain'])
    const id = await createLocalUser(ctx, operator('create_user'), { name, domainId: domain.id, password })
    print.record({ id, name, domain: domain.name, ...(given === undefined ? { password } : {}) })
  })
}
