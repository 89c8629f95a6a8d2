/** What accounts demand of their own people, enforced on every face. */
import type { Context } from '../context.ts'
import { allowsAddress, complianceFor, type ProtectPolicy, type Way } from '../core/account-security.ts'
import { refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import { accountSecurity } from '../store/accounts.ts'

/** The house's settings with the account's demands over them. */
export async function rulesFor({ store, settings }: Context, domainId: string): Promise<Context['settings']> {
  return complianceFor(settings, await accountSecurity(store, domainId))
}

/** Refuses `forbidden` what the account's users are not to change themselves. */
export async function demandManaging(
  { store }: Context,
  domainId: string,
  what: keyof ProtectPolicy,
): Promise<void> {
  const { protect } = await accountSecurity(store, domainId)
  if (protect?.[what] === false) refuse('forbidden', `${what} is off in account ${domainId}`)
}

/** Where somebody comes from, and by what. */
export interface Origin {
  readonly address: string
  readonly way: Way
}

/**
 * Refuses `forbidden` one of the account's people from an address that it does not allow: programs are held against the
 * addresses of its API, browsers on their way to a console against those of consoles.
 */
export async function demandOrigin(
  { store }: Context,
  domainId: string,
  { address, way }: Origin,
): Promise<void> {
  const { apiAddresses, consoleAddresses } = await accountSecurity(store, domainId)
  if (!allowsAddress(way === 'program' ? apiAddresses : consoleAddresses, address)) {
    refuse('forbidden', `account ${domainId} is not come to from ${address} by a ${way}`)
  }
}

/** The accounts whose people a session is: its own, and of an agency's the one whose user acts as it. */
export function accountsBehind({ user, delegation }: Session): readonly string[] {
  const by = delegation.agency?.assumedBy.domain.id
  return by === undefined || by === user.domain.id ? [user.domain.id] : [user.domain.id, by]
}

/** Refuses `forbidden` a call by a session from an address that an account behind it does not allow. */
export async function demandAddress(ctx: Context, session: Session, address: string): Promise<void> {
  for (const domainId of accountsBehind(session)) {
    await demandOrigin(ctx, domainId, { address, way: 'program' })
  }
}

/** Seconds that a session at a console may last, by the strictest of these accounts; undefined: nobody says. */
export async function consoleSeconds(
  { store }: Context,
  domainIds: readonly string[],
): Promise<number | undefined> {
  const securities = await Promise.all(domainIds.map((id) => accountSecurity(store, id)))
  const minutes = securities.flatMap(({ login }) => (login ? [login.session_timeout] : []))
  return minutes.length === 0 ? undefined : Math.min(...minutes) * 60
}
