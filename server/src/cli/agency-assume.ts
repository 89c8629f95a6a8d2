import { issueToken } from '../flows/issue-token.ts'
import { needed } from './agencies.ts'
import { type CommandInput, UsageError } from './command.ts'
import { domainNamed, operator, passwordFrom } from './operator.ts'
import { withContext } from './with-context.ts'

/**
 * `tokenhouse agency assume NAME --domain A --user U --user-domain B --password-file FILE [--project P]`: signs the user
 * in, as any client would, and prints a token through the agency.
 */
export async function run(input: CommandInput): Promise<void> {
  const { settings, args, options, print } = input
  const password = await passwordFrom(input)
  if (password === undefined) throw new UsageError('--password-file is needed')
  await withContext(settings, async (ctx) => {
    const account = await domainNamed(ctx, needed(options, 'domain', '--domain'))
    const home = await domainNamed(ctx, options['userDomain'])
    const { action: requestId } = operator('assume_agency')
    const user = { name: needed(options, 'user', '--user'), domain: { id: home.id } }
    const ttl = settings.huaweiTokenTtl
    const own = await issueToken(ctx, {
      identity: { methods: ['password'], payloads: { password: { user, password } } },
      scope: { kind: 'account' },
      presenter: { session: null },
      ttl,
      requestId,
    })
    const payload = { account: { id: account.id }, agency: args[0] ?? '', onlyRoles: [] }
    const { text, session } = await issueToken(ctx, {
      identity: { methods: ['assume_role'], payloads: { assume_role: payload } },
      scope:
        options['project'] === undefined
          ? { kind: 'account' }
          : { kind: 'project', project: { name: String(options['project']) } },
      presenter: { session: own.session },
      ttl,
      requestId,
    })
    print.record({
      token: text,
      user: session.user.name,
      roles: session.roles.map(({ name }) => name).join(', '),
      expires: new Date(session.claims.expiresAt * 1000).toISOString(),
    })
  })
}
