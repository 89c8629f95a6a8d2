import { refuse } from '../../core/refusal.ts'
import { findCredential } from '../../store/credentials.ts'
import type { LoadLink } from './link.ts'

/** An EC2-style credential: its user's rights on its project, for as long as the credential is stored. */
export const loadCredential: LoadLink<'credential'> = async (ctx, link, claims) => {
  const credential = await findCredential(ctx.store.db, link.id)
  if (!credential) return refuse('unauthenticated', `credential ${link.id} is gone`)
  if (credential.userId !== claims.userId || credential.projectId === null) {
    return refuse('unauthenticated', `credential ${link.id} is not this session's`)
  }
  return { facts: {}, onlyScope: { kind: 'project', id: credential.projectId } }
}
