import type { Claims, Link } from '@tokenhouse/tokens'
import type { Context } from '../../context.ts'
import { refuse } from '../../core/refusal.ts'
import { loadAccessKey } from './access-key.ts'
import { loadAgency } from './agency.ts'
import { loadApplicationCredential } from './application-credential.ts'
import { loadCredential } from './credential.ts'
import { loadFederation } from './federation.ts'
import type { Finding, LoadLink } from './link.ts'
import { loadOauth1 } from './oauth1.ts'
import { loadTrust } from './trust.ts'

/** A kind that this release issues no sessions with: none can be valid. */
const notIssued = async (_ctx: Context, link: Link): Promise<Finding> =>
  refuse('unauthenticated', `sessions through ${link.kind} are not issued here`)

const LINKS: { readonly [K in Link['kind']]: LoadLink<K> } = {
  trust: loadTrust,
  application_credential: loadApplicationCredential,
  oauth1: loadOauth1,
  federation: loadFederation,
  credential: loadCredential,
  oauth2: notIssued,
  access_key: loadAccessKey,
  agency: loadAgency,
}

const NO_LINKS: Promise<readonly Finding[]> = Promise.resolve([])

/** What each link of a chain allows now, oldest first. Refuses when one of them no longer holds. */
export function loadLinks(
  ctx: Context,
  via: readonly Link[],
  claims: Pick<Claims, 'userId' | 'scope'>,
): Promise<readonly Finding[]> {
  return via.length === 0 ? NO_LINKS : loadEach(ctx, via, claims)
}

async function loadEach(
  ctx: Context,
  via: readonly Link[],
  claims: Pick<Claims, 'userId' | 'scope'>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const link of via) {
    const load = LINKS[link.kind] as LoadLink<typeof link.kind>
    findings.push(await load(ctx, link as never, { ...claims, via }))
  }
  return findings
}
