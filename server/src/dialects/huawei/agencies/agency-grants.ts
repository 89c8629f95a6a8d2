/**
 * What an agency may: roles and custom policies on its account, on projects, and on all projects ("Permission
 * management", agencies). One table makes the same four operations for each of the three places.
 */
import { found, missing, refuse } from '../../../core/refusal.ts'
import { cloudPowersOf, isCloudAdmin } from '../../../flows/account-administration.ts'
import type { AgencyRecord } from '../../../store/agencies.ts'
import {
  deleteGrant,
  findTarget,
  type GrantPlace,
  insertGrant,
  isGranted,
  listGrantedRoles,
} from '../../../store/assignments.ts'
import { findRole, type RoleRecord } from '../../../store/roles.ts'
import type { Db } from '../../../store/store.ts'
import { type Call, change, operation } from '../operation.ts'
import { rolesShown } from '../roles/role-body.ts'
import { ownAgency } from './agencies.ts'

interface Place {
  readonly list: string
  readonly check: string
  readonly grant: string
  readonly revoke: string
  readonly base: string
  readonly target: 'domain' | 'project'
  readonly inherited: boolean
}

const places: readonly Place[] = [
  {
    list: 'listDomainPermissionsForAgency',
    check: 'checkDomainPermissionForAgency',
    grant: 'associateAgencyWithDomainPermission',
    revoke: 'removeDomainPermissionFromAgency',
    base: '/v3.0/OS-AGENCY/domains/:domain_id',
    target: 'domain',
    inherited: false,
  },
  {
    list: 'listProjectPermissionsForAgency',
    check: 'checkProjectPermissionForAgency',
    grant: 'associateAgencyWithProjectPermission',
    revoke: 'removeProjectPermissionFromAgency',
    base: '/v3.0/OS-AGENCY/projects/:project_id',
    target: 'project',
    inherited: false,
  },
  {
    list: 'listAllProjectsPermissionsForAgency',
    check: 'checkAllProjectsPermissionForAgency',
    grant: 'associateAgencyWithAllProjectsPermission',
    revoke: 'removeAllProjectsPermissionFromAgency',
    base: '/v3.0/OS-INHERIT/domains/:domain_id',
    target: 'domain',
    inherited: true,
  },
]

/** Where the grant is, in the agency's own account: elsewhere there is no place for it. */
async function placeOf(
  db: Db,
  place: Place,
  call: Pick<Call, 'params'>,
  agency: AgencyRecord,
): Promise<GrantPlace> {
  const id = call.params[`${place.target}_id`] ?? ''
  const target = await findTarget(db, { kind: place.target, id })
  const account = place.target === 'domain' ? target?.id : target?.domainId
  if (account !== agency.domain.id) return missing(place.target, id)
  return {
    actor: { kind: 'agency', id: agency.id },
    target: { kind: place.target, id },
    inherited: place.inherited,
  }
}

/** A role that exists for the agency's account: a global one, or a policy of its own. */
async function roleOf(db: Db, call: Pick<Call, 'params'>, agency: AgencyRecord): Promise<RoleRecord> {
  const id = call.params['role_id'] ?? ''
  const role = found(await findRole(db, id), 'role', id)
  return role.domainId === '' || role.domainId === agency.domain.id ? role : missing('role', id)
}

function operationsAt(place: Place) {
  const suffix = place.inherited ? '/inherited_to_projects' : ''
  const listPath = `${place.base}/agencies/:agency_id/roles${suffix}`
  const path = `${place.base}/agencies/:agency_id/roles/:role_id${suffix}`
  const shared = { policy: 'authenticated', success: 204 } as const
  const audited = ({ params }: Pick<Call, 'params'>): string =>
    `${place.target}:${params[`${place.target}_id`]}/agency:${params['agency_id']}/role:${params['role_id']}`
  return [
    operation({
      ...shared,
      id: place.grant,
      method: 'PUT',
      path,
      refusals: ['unauthenticated', 'forbidden', 'not_found'],
      handle: async (call) => {
        const powers = await cloudPowersOf(call.ctx.store)
        await change(call, audited(call), async (tx) => {
          const agency = await ownAgency(tx, call, 'iam:permissions:grantRoleToAgency')
          const role = await roleOf(tx, call, agency)
          // Not even the cloud's admin lends the cloud itself to another account.
          if (powers.roles.has(role.id)) {
            const who = isCloudAdmin(call.caller) ? 'the cloud’s admin' : 'an account'
            refuse('forbidden', `${who} grants ${role.name} to an agency`)
          }
          await insertGrant(tx, await placeOf(tx, place, call, agency), role.id)
        })
        return {}
      },
    }),
    operation({
      ...shared,
      id: place.check,
      method: 'GET',
      path,
      refusals: ['unauthenticated', 'forbidden', 'not_found'],
      handle: async (call) => {
        const { db } = call.ctx.store
        const agency = await ownAgency(db, call, 'iam:permissions:checkRoleForAgency')
        const role = await roleOf(db, call, agency)
        if (!(await isGranted(db, await placeOf(db, place, call, agency), role.id))) absent(role)
        return {}
      },
    }),
    operation({
      ...shared,
      id: place.revoke,
      method: 'DELETE',
      path,
      refusals: ['unauthenticated', 'forbidden', 'not_found'],
      handle: async (call) => {
        await change(call, audited(call), async (tx) => {
          const agency = await ownAgency(tx, call, 'iam:permissions:revokeRoleFromAgency')
          const role = await roleOf(tx, call, agency)
          if (!(await deleteGrant(tx, await placeOf(tx, place, call, agency), role.id))) absent(role)
        })
        return {}
      },
    }),
    operation({
      id: place.list,
      method: 'GET',
      path: listPath,
      policy: 'authenticated',
      success: 200,
      refusals: ['unauthenticated', 'forbidden', 'not_found'],
      handle: async (call) => {
        const { db } = call.ctx.store
        const agency = await ownAgency(db, call, 'iam:permissions:listRolesForAgency')
        const roles = await listGrantedRoles(db, await placeOf(db, place, call, agency))
        const links = place.inherited ? { links: { self: `${call.baseUrl}${call.url}` } } : {}
        return { body: { roles: await rolesShown(call, roles), ...links } }
      },
    }),
  ]
}

function absent(role: RoleRecord): never {
  return refuse('not_found', 'no such grant', { message: `Could not find role: ${role.id}.` })
}

export const agencyGrantOperations = places.flatMap(operationsAt)
