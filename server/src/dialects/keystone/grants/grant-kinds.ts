/**
 * Grants (Identity API v3, "Assign role to user on project" and its kin, OS-INHERIT, system assignments): the same four
 * operations for each target and actor. One table says where they answer and which rules decide; `grants.ts` turns
 * each of its lines into operations, so that a check cannot be there for users and be missing for groups.
 */
import type { ActorKind, TargetKind } from '../../../store/assignments.ts'

export interface GrantKind {
  /** Part of the operations' ids: `inherited_domain_group`. */
  readonly name: string
  readonly actor: ActorKind
  readonly target: TargetKind
  readonly inherited: boolean
  /** Of the list; one grant's path is made by `grantPath`. */
  readonly listPath: string
  readonly grantPath: string
  /** Keystone has no list of grants inherited from a project. */
  readonly hasList: boolean
  readonly rules: Readonly<Record<'list' | 'check' | 'create' | 'revoke', string>>
}

interface Place {
  readonly name: string
  readonly target: TargetKind
  readonly inherited: boolean
  readonly base: string
  readonly hasList: boolean
}

const places: readonly Place[] = [
  { name: 'project', target: 'project', inherited: false, base: '/v3/projects/:project_id', hasList: true },
  { name: 'domain', target: 'domain', inherited: false, base: '/v3/domains/:domain_id', hasList: true },
  { name: 'system', target: 'system', inherited: false, base: '/v3/system', hasList: true },
  {
    name: 'inherited_project',
    target: 'project',
    inherited: true,
    base: '/v3/OS-INHERIT/projects/:project_id',
    hasList: false,
  },
  {
    name: 'inherited_domain',
    target: 'domain',
    inherited: true,
    base: '/v3/OS-INHERIT/domains/:domain_id',
    hasList: true,
  },
]

const grantRules: GrantKind['rules'] = {
  list: 'identity:list_grants',
  check: 'identity:check_grant',
  create: 'identity:create_grant',
  revoke: 'identity:revoke_grant',
}

const systemRules = (actor: ActorKind): GrantKind['rules'] => ({
  list: `identity:list_system_grants_for_${actor}`,
  check: `identity:check_system_grant_for_${actor}`,
  create: `identity:create_system_grant_for_${actor}`,
  revoke: `identity:revoke_system_grant_for_${actor}`,
})

function kindOf(place: Place, actor: ActorKind): GrantKind {
  const suffix = place.inherited ? '/inherited_to_projects' : ''
  const roles = `${place.base}/${actor}s/:${actor}_id/roles`
  return {
    name: `${place.name}_${actor}`,
    actor,
    target: place.target,
    inherited: place.inherited,
    listPath: `${roles}${suffix}`,
    grantPath: `${roles}/:role_id${suffix}`,
    hasList: place.hasList,
    rules: place.target === 'system' ? systemRules(actor) : grantRules,
  }
}

export const grantKinds: readonly GrantKind[] = places.flatMap((place) => [
  kindOf(place, 'user'),
  kindOf(place, 'group'),
])
