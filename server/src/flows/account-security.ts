/** What accounts demand of their own people, enforced on every face. */
import type { Context } from '../context.ts'
import { allowsAddress, complianceFor, type ProtectPolicy } from '../core/account-security.ts'
import { refuse } from '../core/refusal.ts'
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

/** Refuses `forbidden` a request of the account's people from an address that it does not allow. */
export async function demandAddress({ store }: Context, domainId: string, address: string): Promise<void> {
  const { apiAddresses } = await accountSecurity(store, domainId)
  if (!allowsAddress(apiAddresses, address)) {
    refuse('forbidden', `account ${domainId} is not called from ${address}`)
  }
}
