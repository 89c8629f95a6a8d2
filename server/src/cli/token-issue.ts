import { randomUUID } from 'node:crypto'
import { issueToken } from '../flows/issue-token.ts'
import { passwordOfCloudFile } from './cloud-files.ts'
import { type CommandInput, UsageError } from './command.ts'
import { passwordFrom } from './operator.ts'
import { withContext } from './with-context.ts'

type Options = CommandInput['options']

/** `tokenhouse token issue`: signs in with a password, as any client does; without --user as the first user. */
export async function run(input: CommandInput): Promise<void> {
  const { settings, options, print } = input
  const user = {
    name: String(options['user'] ?? 'admin'),
    domain: { name: String(options['userDomain'] ?? 'Default') },
  }
  const payload = { user, password: await passwordOf(input) }
  const issued = await withContext(settings, (ctx) =>
    issueToken(ctx, {
      identity: { methods: ['password'], payloads: { password: payload } },
      scope: scopeOf(options),
      presenter: { session: null },
      ttl: settings.tokenTtl,
      requestId: `req-${randomUUID()}`,
    }),
  )
  print.record({
    token: issued.text,
    expiresAt: new Date(issued.session.claims.expiresAt * 1000).toISOString(),
  })
}

async function passwordOf(input: CommandInput): Promise<string> {
  const given = await passwordFrom(input)
  if (given !== undefined) return given
  if (input.options['user'] !== undefined) throw new UsageError('--user needs --password-file (- for stdin)')
  return passwordOfCloudFile(input.settings.dataDir)
}

function scopeOf(options: Options): Parameters<typeof issueToken>[1]['scope'] {
  const named = ['project', 'domain', 'system', 'unscoped'].filter((name) => options[name] !== undefined)
  if (named.length > 1)
    throw new UsageError(`one scope, not ${named.map((name) => `--${name}`).join(' and ')}`)
  if (options['system']) return { kind: 'system' }
  if (options['unscoped']) return { kind: 'unscoped' }
  if (options['domain'] !== undefined) return { kind: 'domain', domain: { name: String(options['domain']) } }
  const name = options['project'] ?? (options['user'] === undefined ? 'admin' : undefined)
  if (name === undefined) return { kind: 'default' }
  const domain = { name: String(options['projectDomain'] ?? 'Default') }
  return { kind: 'project', project: { name: String(name), domain } }
}
