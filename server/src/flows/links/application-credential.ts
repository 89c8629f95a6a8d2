import { refuse } from '../../core/refusal.ts'
import { findApplicationCredential } from '../../store/application-credentials.ts'
import type { LoadLink } from './link.ts'

/** An application credential: its user's rights on its own project, narrowed to its roles. */
export const loadApplicationCredential: LoadLink<'application_credential'> = async (ctx, link, claims) => {
  const credential = await findApplicationCredential(ctx.store.db, link.id)
  if (!credential) return refuse('unauthenticated', `application credential ${link.id} is gone`)
  if (credential.userId !== claims.userId) {
    return refuse('unauthenticated', `application credential ${link.id} is another user's`)
  }
  if (credential.expiresAt !== null && credential.expiresAt <= ctx.now()) {
    return refuse('unauthenticated', `application credential ${link.id} has expired`)
  }
  return {
    facts: {
      applicationCredential: {
        id: credential.id,
        name: credential.name,
        unrestricted: credential.unrestricted === true,
        expiresAt: credential.expiresAt,
        accessRules: credential.accessRules,
      },
    },
    onlyRoles: credential.roleIds,
    onlyScope: { kind: 'project', id: credential.projectId },
    ...(credential.expiresAt === null ? {} : { expiresAt: Math.floor(credential.expiresAt / 1e6) }),
  }
}
