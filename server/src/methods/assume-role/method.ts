import type { Session } from '../../core/session.ts'
import type { AgencyGuards } from '../../store/agencies.ts'

/** What an `assume_role` request names, completed by the dialect. */
export interface AssumeRolePayload {
  readonly account: { readonly id: string; readonly name?: string | undefined } | { readonly name: string }
  readonly agency: string
  /** Ids or names of roles; the session has none but these of the agency's. Empty: all of them. */
  readonly onlyRoles: readonly string[]
  readonly externalId?: string | undefined
  readonly sourceIdentity?: string | undefined
  /** Where the request came from, for conditions of policies. */
  readonly address?: string | undefined
  /** How the v5 API asks, the only way to agencies with a trust policy. */
  readonly v5?: {
    /** Before the name, `foo/bar/` or empty. */
    readonly path: string
    /** Wished for: refused when the agency's sessions last shorter. */
    readonly seconds: number
  }
}

/**
 * What stands against a session acting as any agency at all, or undefined. Only a person may: in person, by an identity
 * provider that signed them in, or by their own access key. A chain never grows a second delegation.
 */
export function presenterFault(session: Session): string | undefined {
  if (session.narrowedBy) return 'a session with a session policy'
  const through = session.claims.via.find((link) => link.kind !== 'federation' && link.kind !== 'access_key')
  return through && `a session through ${through.kind}`
}

/** Which of an agency's own guards the request does not meet, or undefined. `now` in seconds. */
export function guardFault(
  session: Session,
  agency: { readonly externalId: string | null; readonly guards: AgencyGuards },
  request: Pick<AssumeRolePayload, 'externalId' | 'sourceIdentity'>,
  now: number,
): string | undefined {
  const { sourceIdentity, maxDepth, maxAge } = agency.guards
  const { claims } = session
  if (agency.externalId !== null && agency.externalId !== request.externalId) return 'external id'
  if (sourceIdentity && !request.sourceIdentity) return 'no source identity'
  if (maxDepth !== undefined && claims.via.length + 1 > maxDepth) return 'chain too deep'
  // Of a token made from a token nobody knows when its person signed in.
  if (maxAge !== undefined && (claims.auditIds.length > 1 || now - claims.issuedAt > maxAge))
    return 'chain too old'
  return undefined
}

/** What the chain has to remember of an assumption, as one text: who is behind it, and which roles it was narrowed to. */
export interface Assumption {
  readonly sourceIdentity?: string | undefined
  readonly onlyRoles: readonly string[]
}

export function assumptionText({ sourceIdentity, onlyRoles }: Assumption): string {
  const fields = new URLSearchParams()
  if (sourceIdentity) fields.set('source', sourceIdentity)
  for (const role of onlyRoles) fields.append('role', role)
  return fields.toString()
}

export function readAssumption(text: string): Assumption {
  const fields = new URLSearchParams(text)
  return { sourceIdentity: fields.get('source') ?? undefined, onlyRoles: fields.getAll('role') }
}
