import type { Session } from '../../core/session.ts'

/**
 * What a valid session proves when it is presented as a method: its user, its chain and its expiry, none of them
 * renewed. Delegated sessions prove nothing new: whoever holds one must go back to what delegated it
 * (CVE-2014-3476, CVE-2026-80182).
 */
export function proveToken(session: Session) {
  const { claims } = session
  for (const link of claims.via) {
    const forbidden = FORBIDDEN[link.kind]
    if (forbidden !== undefined) return { forbidden }
  }
  return {
    methods: [...claims.methods.filter((name) => name !== 'token'), 'token'],
    via: claims.via,
    expiresAt: claims.expiresAt,
    chain: claims.auditIds.at(-1) ?? null,
    parent: session,
    onlyScope: null,
  }
}

const DELEGATED = 'Using a delegated token to create another token is not allowed.'

/** Public words, as Keystone's clients know them; undefined: this kind may be rescoped. */
const FORBIDDEN: Readonly<Record<Session['claims']['via'][number]['kind'], string | undefined>> = {
  federation: undefined,
  oauth1: 'Using OAuth-scoped token to create another token. Create a new OAuth-scoped token instead',
  trust: 'Using trust-scoped token to create another token. Create a new trust-scoped token instead',
  application_credential: DELEGATED,
  credential: DELEGATED,
  oauth2: DELEGATED,
  access_key: DELEGATED,
  agency: DELEGATED,
}
