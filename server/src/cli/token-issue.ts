import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { issueToken } from '../flows/issue-token.ts'
import { passwordOfCloudFile } from './cloud-files.ts'
import { type CommandInput, UsageError } from './command.ts'
import { withContext } from './with-context.ts'

type Options = CommandInput['options']

/** `tokenhouse token issue`: signs in with a password, as any client does; without --user as the first user. */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  const user = {
    name: String(options['user'] ?? 'admin'),
    domain: { name: String(options['userDomain'] ?? 'Default') },
  }
  const payload = { user, password: passwordOf(options, settings.dataDir) }
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

function passwordOf(options: Options, dataDir: string): string {
  const file = options['passwordFile']
  if (file !== undefined) return readFileSync(file === '-' ? 0 : String(file), 'utf8').replace(/\r?\n$/, '')
  if (options['user'] !== undefined) throw new UsageError('--user needs --password-file (- for stdin)')
  return passwordOfCloudFile(dataDir)
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
