/** Who may call what on this wire: the cloud's own admin everything, a Security Administrator their own account. */
import { refuse } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import {
  administeredAccount,
  isCloudAdmin,
  isInPerson,
  isTemporary,
} from '../../flows/account-administration.ts'

/** The account (domain id) a caller belongs to; an agency's session belongs to the agency's. */
export function accountOf(caller: Session): string {
  return caller.user.domain.id
}

export function administers(caller: Session, accountId: string): boolean {
  return (isCloudAdmin(caller) && isInPerson(caller)) || administeredAccount(caller) === accountId
}

/** Refuses who does not administer the account. `action` as policies name it (`iam:agencies:createAgency`). */
export function demandAdministrator(caller: Session, accountId: string, action: string): void {
  if (!administers(caller, accountId))
    refuse('forbidden', `${action} in account ${accountId}`, { rule: action })
}

/** The same, or the user themself. */
export function demandSelfOrAdministrator(
  caller: Session,
  of: { readonly userId: string; readonly accountId: string },
  action: string,
): void {
  if (caller.user.id === of.userId && isInPerson(caller)) return
  demandAdministrator(caller, of.accountId, action)
}

/** Refuses sessions that end by themselves: what they made would outlive them. */
export function demandLasting(caller: Session, action: string): void {
  if (!isInPerson(caller) || isTemporary(caller))
    refuse('forbidden', `${action} by a passing session`, { rule: action })
}
