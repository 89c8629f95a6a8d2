import { refuse } from '../../core/refusal.ts'
import { findFederationFacts } from '../../store/federated-sessions.ts'
import type { LoadLink } from './link.ts'

/**
 * A sign-in at somebody else's identity provider. The provider must still be enabled and still have the protocol;
 * of the groups the mapping gave, those that still exist and have not lapsed count.
 */
export const loadFederation: LoadLink<'federation'> = async (ctx, link, { userId }) => {
  const facts = await findFederationFacts(ctx.store.db, link, { userId, now: ctx.now() })
  if (!facts) return refuse('unauthenticated', `identity provider ${link.idp} or its protocol is gone`)
  return {
    facts: { federation: { idp: link.idp, protocol: link.protocol, groups: facts.groups } },
    groups: facts.groups.map((group) => group.id),
    tokensValidFrom: facts.tokensValidFrom,
  }
}
