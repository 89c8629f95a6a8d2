import type { Context } from '../context.ts'
import { assumeRole } from '../flows/assume-role.ts'
import { openKeySession, type TemporaryKey } from '../flows/key-session.ts'
import { splitSecurityToken } from '../flows/role-session.ts'
import { sessionInPerson } from '../flows/session-in-person.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import { agencyNamed, needed } from './agencies.ts'
import { CommandError, type CommandInput, UsageError } from './command.ts'
import { startCredentialsServer } from './credentials-server.ts'
import { userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

const DEFAULT_SECONDS = 3600

/**
 * `tokenhouse ram credentials-uri ROLE --user NAME`: answers programs of this machine with keys of a role that the user
 * assumes, until it is told to stop. A key is handed out again while it is good and more than half of its life is left.
 */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const seconds = wholeNumber(options['seconds'], '--seconds', [900, 43_200]) ?? DEFAULT_SECONDS
  const port = wholeNumber(options['port'], '--port', [0, 65_535]) ?? 0
  const userName = needed(options, 'user', '--user')
  await withContext(settings, async (ctx) => {
    const user = await userNamed(ctx, userName, options['domain'])
    const role = await agencyNamed(ctx, args[0] ?? '', options['domain'])
    if (role.kind !== 'role') throw new CommandError(`${role.name} is an agency, not a role of RAM`)
    if (seconds > role.maxSessionSeconds)
      throw new UsageError(`sessions of ${role.name} last ${role.maxSessionSeconds} seconds at the most`)
    const server = await startCredentialsServer({
      port,
      issue: keptKey(ctx, seconds, () => keyOf(ctx, { userId: user.id, roleId: role.id }, seconds)),
      onFault: (error) => print.line(`fault: ${(error as Error).message}`),
    })
    print.line(`export ALIBABA_CLOUD_CREDENTIALS_URI=${server.url}`)
    await toldToStop()
    await server.close()
  })
}

/** User and role are looked up each time: what changed meanwhile counts. */
async function keyOf(
  ctx: Context,
  of: { readonly userId: string; readonly roleId: string },
  seconds: number,
): Promise<TemporaryKey> {
  const role = await agencyNamed(ctx, of.roleId, undefined)
  const user = (await findUser(ctx.store.db, { id: of.userId })) as UserRecord
  return assumeRole(ctx, await sessionInPerson(ctx, user, seconds), {
    role,
    sessionName: 'credentials-uri',
    ttl: seconds,
    policy: undefined,
    externalId: undefined,
    sourceIdentity: undefined,
    facts: { 'acs:CurrentTime': new Date(ctx.now() / 1000).toISOString() },
    requestId: 'cli_credentials_uri',
  })
}

function keptKey(ctx: Context, seconds: number, make: () => Promise<TemporaryKey>) {
  let kept: TemporaryKey | undefined
  return async (): Promise<TemporaryKey> => {
    const isYoung = kept !== undefined && kept.expiresAt - ctx.now() / 1e6 >= seconds / 2
    if (!kept || !isYoung || !(await isGood(ctx, kept))) kept = await make()
    return kept
  }
}

/** Whether a key still stands for a session: its user, its role or their trust may have changed. */
async function isGood(ctx: Context, key: TemporaryKey): Promise<boolean> {
  const { token } = splitSecurityToken(key.securityToken)
  return openKeySession(ctx, { access: key.access, securityToken: token, hint: {} }).then(
    () => true,
    () => false,
  )
}

function wholeNumber(
  given: string | boolean | undefined,
  flag: string,
  [least, most]: readonly [number, number],
): number | undefined {
  if (given === undefined) return undefined
  const number = /^\d{1,6}$/.test(String(given)) ? Number(given) : Number.NaN
  if (number >= least && number <= most) return number
  throw new UsageError(`${flag} is a number from ${least} to ${most}`)
}

function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => resolve())
  })
}
