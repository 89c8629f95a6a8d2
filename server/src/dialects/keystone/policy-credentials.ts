import type { Credentials } from '../../core/policy/credentials.ts'
import type { Session } from '../../core/session.ts'

const remembered = new WeakMap<Session, Credentials>()

/** A session as the rules see it, under Keystone's names. */
export function credentialsOf(session: Session): Credentials {
  const known = remembered.get(session)
  if (known) return known
  const credentials = describe(session)
  remembered.set(session, credentials)
  return credentials
}

function describe(session: Session): Credentials {
  const { user, scope, roles, delegation } = session
  const { trust, agency } = delegation
  return {
    user_id: user.id,
    username: user.name,
    user_domain_id: user.domain.id,
    user_domain_name: user.domain.name,
    project_id: scope.kind === 'project' ? scope.project.id : null,
    project_name: scope.kind === 'project' ? scope.project.name : null,
    project_domain_id: scope.kind === 'project' ? scope.project.domain.id : null,
    project_domain_name: scope.kind === 'project' ? scope.project.domain.name : null,
    domain_id: scope.kind === 'domain' ? scope.domain.id : null,
    domain_name: scope.kind === 'domain' ? scope.domain.name : null,
    system_scope: scope.kind === 'system' ? 'all' : null,
    roles: roles.map((role) => role.name),
    is_delegated_auth: session.claims.via.length > 0,
    trust_id: trust?.id ?? null,
    trustor_id: trust?.trustorUserId ?? null,
    trustee_id: trust?.trusteeUserId ?? null,
    assumed_by: agency?.assumedBy.id ?? null,
  }
}
