import type { Incoming } from '../../../http/operation.ts'
import type { Roles } from '../../../store/grants.ts'
import type { AssignmentLine } from '../../../store/role-assignments.ts'

/**
 * One line on the wire. `links.assignment` leads to the grant that it comes from; `links.membership` and
 * `links.prior_role` tell how. (The latter is the path that Keystone writes, which nothing answers.)
 */
export function assignmentBody(incoming: Incoming, line: AssignmentLine, roles: Roles) {
  const v3 = `${incoming.baseUrl}/v3`
  const { actor, viaGroup, roleId, priorRoleId } = line
  const membership = viaGroup === null ? {} : { membership: `${v3}/groups/${viaGroup}/users/${actor.id}` }
  const prior =
    priorRoleId === null ? {} : { prior_role: `${v3}/prior_role/${roleId}/implies/${priorRoleId}` }
  return {
    links: { ...membership, assignment: `${v3}${grantPath(line)}`, ...prior },
    scope: scopeBody(line),
    [actor.kind]: { id: actor.id, ...line.names?.actor },
    role: roleBody(line, roles),
  }
}

function grantPath({ actor, scope, viaGroup, from, roleId, priorRoleId, inherited }: AssignmentLine): string {
  const place = from ?? scope
  const target = place.kind === 'system' ? '/system' : `/${place.kind}s/${place.id}`
  const holder = viaGroup === null ? `/${actor.kind}s/${actor.id}` : `/groups/${viaGroup}`
  const path = `${target}${holder}/roles/${priorRoleId ?? roleId}`
  return inherited || from ? `/OS-INHERIT${path}/inherited_to_projects` : path
}

function scopeBody({ scope, inherited, from, names }: AssignmentLine): Record<string, unknown> {
  const how = inherited || from ? { 'OS-INHERIT:inherited_to': 'projects' } : {}
  if (scope.kind === 'system') return { system: { all: true } }
  if (scope.kind === 'project') return { project: { id: scope.id, ...names?.scope }, ...how }
  return { domain: { id: scope.id, ...(names ? { name: names.scope.name } : {}) }, ...how }
}

function roleBody({ roleId, names }: AssignmentLine, roles: Roles): Record<string, unknown> {
  if (!names) return { id: roleId }
  const role = roles.byId.get(roleId)
  const domainId = role?.domainId ?? ''
  const domain = domainId === '' ? {} : { domain: { id: domainId, name: names.roleDomain } }
  return { id: roleId, name: role?.name ?? '', ...domain }
}
