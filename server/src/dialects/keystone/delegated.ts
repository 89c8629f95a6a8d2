/** What delegated sessions are kept away from, decided on the chain and never on the scope. */
import { refuse } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'

type LinkKind = Session['claims']['via'][number]['kind']

/**
 * Refuses a session that acts through somebody or something, with Keystone's words for the act. `except`: links that may
 * do it all the same. A sign-in at an identity provider is no delegation: the user acts in person.
 */
export function refuseDelegated(session: Session, act: string, except: readonly LinkKind[] = []): void {
  const through = session.claims.via.find((link) => link.kind !== 'federation' && !except.includes(link.kind))
  if (through) refuse('forbidden', `${act} (through ${through.kind})`, { rule: act })
}

/** Refuses a session made by an application credential that was not made `unrestricted`. */
export function refuseRestricted(session: Session, act: string): void {
  if (session.delegation.applicationCredential?.unrestricted !== false) return
  refuse('forbidden', `${act} (restricted application credential)`, { rule: act })
}
