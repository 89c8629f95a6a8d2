/** What the domain of a caller's token decides. */
import type { Settings } from '../../config.ts'
import type { Session } from '../../core/session.ts'
import type { Filter } from '../../store/list.ts'

/** Where a user, group or project goes whose maker names no domain: their own by a domain-scoped token, else the default. */
export function ownDomainOf(caller: Session, settings: Pick<Settings, 'defaultDomain'>): string {
  return caller.scope.kind === 'domain' ? caller.scope.domain.id : settings.defaultDomain
}

/** The filter on `column` by which a domain-scoped caller sees that domain and nothing else; none for other callers. */
export function onlyOwnDomain(caller: Session, column: string): readonly Filter[] {
  if (caller.scope.kind !== 'domain') return []
  return [{ column, comparator: 'equals', value: caller.scope.domain.id, caseSensitive: true }]
}
