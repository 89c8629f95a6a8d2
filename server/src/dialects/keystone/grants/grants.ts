import { found, missing, refuse } from '../../../core/refusal.ts'
import type { PolicyTarget } from '../../../http/operation.ts'
import {
  type ActorRecord,
  deleteGrant,
  findActor,
  findTarget,
  type GrantPlace,
  insertGrant,
  isGranted,
  listGrantedRoles,
  type TargetRecord,
} from '../../../store/assignments.ts'
import { findRole, type RoleRecord } from '../../../store/roles.ts'
import type { Db } from '../../../store/store.ts'
import { collection } from '../collection.ts'
import { type Call, change, operation } from '../operation.ts'
import { roleBody, roleTarget } from '../roles/role-body.ts'
import { type GrantKind, grantKinds } from './grant-kinds.ts'

/** What a grant is between; undefined: not there. */
interface Ends {
  readonly role: RoleRecord | undefined
  readonly actor: ActorRecord | undefined
  /** Also undefined for the system, which needs no row. */
  readonly target: TargetRecord | undefined
}

type Named = Pick<Call, 'params'>

function placeOf(kind: GrantKind, { params }: Named): GrantPlace {
  return {
    actor: { kind: kind.actor, id: params[`${kind.actor}_id`] ?? '' },
    target: {
      kind: kind.target,
      id: kind.target === 'system' ? 'system' : (params[`${kind.target}_id`] ?? ''),
    },
    inherited: kind.inherited,
  }
}

const roleIdOf = ({ params }: Named): string => params['role_id'] ?? ''

async function endsOf(db: Db, kind: GrantKind, call: Named): Promise<Ends> {
  const { actor, target } = placeOf(kind, call)
  const roleId = call.params['role_id']
  const [role, foundActor, foundTarget] = await Promise.all([
    roleId === undefined ? undefined : findRole(db, roleId),
    findActor(db, actor),
    target.kind === 'system' ? undefined : findTarget(db, { kind: target.kind, id: target.id }),
  ])
  return { role, actor: foundActor, target: foundTarget }
}

/**
 * What the rules see. What is not there is left out, so that only rules which ask nothing of it can allow. A domain
 * acting as a project belongs to no domain: the key is left out then, not null, lest it match a caller who has no
 * domain either (CVE-2026-80183 is this mistake).
 */
function ruleTarget(kind: GrantKind, { role, actor, target }: Ends): PolicyTarget {
  const facts: Record<string, unknown> = role ? roleTarget(role) : {}
  if (actor) {
    facts[`target.${kind.actor}.id`] = actor.id
    facts[`target.${kind.actor}.domain_id`] = actor.domainId
  }
  if (target) {
    facts[`target.${kind.target}.id`] = target.id
    if (target.domainId !== '') facts[`target.${kind.target}.domain_id`] = target.domainId
  }
  return facts
}

/** The four operations on one kind of grant, or three where there is no list. */
function operationsOn(kind: GrantKind) {
  const shared = {
    load: (call: Pick<Call, 'ctx' | 'params'>) => endsOf(call.ctx.store.db, kind, call),
    target: (ends: Ends) => ruleTarget(kind, ends),
    success: 204,
  }
  const grants = [
    operation({
      ...shared,
      id: `create_${kind.name}_grant`,
      method: 'PUT',
      path: kind.grantPath,
      policy: kind.rules.create,
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
      handle: async (call) => {
        const place = placeOf(kind, call)
        await change(call, audited(place, roleIdOf(call)), async (tx) => {
          const ends = await endsOf(tx, kind, call)
          const role = existingRole(ends, call)
          requireActor(ends, place)
          requireTarget(ends, place)
          refuseForeignRole(role, place, ends.target)
          await insertGrant(tx, place, role.id)
        })
        return {}
      },
    }),
    operation({
      ...shared,
      id: `check_${kind.name}_grant`,
      method: 'GET',
      path: kind.grantPath,
      policy: kind.rules.check,
      refusals: ['unauthenticated', 'forbidden', 'not_found'],
      handle: async (call, ends) => {
        const place = placeOf(kind, call)
        const role = existingRole(ends, call)
        requireActor(ends, place)
        requireTarget(ends, place)
        if (!(await isGranted(call.ctx.store.db, place, role.id))) refuseAbsent(place, role.id)
        return {}
      },
    }),
    operation({
      ...shared,
      id: `revoke_${kind.name}_grant`,
      method: 'DELETE',
      path: kind.grantPath,
      policy: kind.rules.revoke,
      refusals: ['unauthenticated', 'forbidden', 'not_found'],
      handle: async (call) => {
        const place = placeOf(kind, call)
        await change(call, audited(place, roleIdOf(call)), async (tx) => {
          const ends = await endsOf(tx, kind, call)
          const role = existingRole(ends, call)
          // The actor may be gone from a directory elsewhere: what was granted to it can still be taken away.
          // Keystone looks for an inherited grant before it looks for what it is on.
          if (!place.inherited) requireTarget(ends, place)
          if (!(await deleteGrant(tx, place, role.id))) refuseAbsent(place, role.id)
        })
        return {}
      },
    }),
  ]
  if (!kind.hasList) return grants
  const list = operation({
    ...shared,
    id: `list_${kind.name}_grants`,
    method: 'GET',
    path: kind.listPath,
    policy: kind.rules.list,
    success: 200,
    refusals: ['unauthenticated', 'forbidden', 'not_found'],
    handle: async (call, ends) => {
      const place = placeOf(kind, call)
      requireActor(ends, place)
      requireTarget(ends, place)
      const roles = await listGrantedRoles(call.ctx.store.db, place)
      const members = roles.map((role) => roleBody(call, role))
      return { body: collection(call, 'roles', members) }
    },
  })
  return [...grants, list]
}

function existingRole({ role }: Ends, call: Named): RoleRecord {
  return found(role, 'role', roleIdOf(call))
}

function requireActor({ actor }: Ends, place: GrantPlace): void {
  if (!actor) missing(place.actor.kind, place.actor.id)
}

function requireTarget({ target }: Ends, place: GrantPlace): void {
  if (place.target.kind !== 'system' && !target) missing(place.target.kind, place.target.id)
}

/** A domain's role can be granted on that domain's projects and on domains, and never on the system. */
function refuseForeignRole(role: RoleRecord, place: GrantPlace, target: TargetRecord | undefined): void {
  if (role.domainId === '') return
  if (place.target.kind === 'system') {
    refuse('bad_request', `role ${role.id} is of a domain`, {
      message: `Role ${role.id} is a domain-specific role. Unable to use a domain-specific role in a system assignment.`,
    })
  }
  if (place.target.kind === 'project' && target?.domainId !== role.domainId) {
    refuse('forbidden', `role ${role.id} is of another domain`, {
      message: `Project ${place.target.id} must be in the same domain as the role ${role.id} being assigned.`,
    })
  }
}

function refuseAbsent(place: GrantPlace, roleId: string): never {
  return refuse('not_found', 'no such grant', {
    message: `Could not find role assignment with role: ${roleId}, user or group: ${place.actor.id}, project, domain, or system: ${place.target.id}.`,
  })
}

function audited({ actor, target, inherited }: GrantPlace, roleId: string): string {
  return `${target.kind}:${target.id}/${actor.kind}:${actor.id}/role:${roleId}${inherited ? '/inherited' : ''}`
}

export const grantOperations = grantKinds.flatMap(operationsOn)
