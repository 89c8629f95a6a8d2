/**
 * Users (Identity API v3, "Users"): local ones, and shadows of people who sign in at an identity provider. Not for
 * signing in (`../tokens`) nor for what users own: credentials, application credentials and trusts are resources of
 * their own.
 */
import { found } from '../../../core/refusal.ts'
import { projectsOfUser } from '../../../flows/reachable-scopes.ts'
import { listGroupsOfUser } from '../../../store/groups.ts'
import {
  deleteUser as deleteStored,
  findUserById,
  holdUser,
  listFederatedIdentities,
} from '../../../store/users.ts'
import { collection, filtersFrom } from '../collection.ts'
import { groupFields, membershipClock } from '../groups/group-body.ts'
import { type Call, change, operation } from '../operation.ts'
import { onlyOwnDomain } from '../own-domain.ts'
import { projectFields } from '../projects/project-body.ts'
import { plainTime } from '../time.ts'
import { changePassword } from './change-password.ts'
import { createUser } from './create-user.ts'
import { listUsers } from './list-users.ts'
import { updateUser } from './update-user.ts'
import { federatedFields, userFields, userTarget } from './user-body.ts'

const idOf = (call: Pick<Call, 'params'>): string => call.params['user_id'] ?? ''

/** The parts that all operations on one user share. */
const onUser = {
  path: '/v3/users/:user_id',
  load: (call: Pick<Call, 'ctx' | 'params'>) => findUserById(call.ctx.store.db, idOf(call)),
  target: userTarget,
}

const showUser = operation({
  ...onUser,
  id: 'get_user',
  method: 'GET',
  policy: 'identity:get_user',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, loaded) => {
    const user = found(loaded, 'user', idOf(call))
    const identities = await listFederatedIdentities(call.ctx.store.db, user.id)
    return { body: { user: userFields(call, user, federatedFields(identities)) } }
  },
})

/** Everything that hangs on the user goes with them, sessions of theirs at once. */
const deleteUser = operation({
  ...onUser,
  id: 'delete_user',
  method: 'DELETE',
  policy: 'identity:delete_user',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    await change(call, `user:${idOf(call)}`, async (tx) => {
      const user = found(await holdUser(tx, idOf(call)), 'user', idOf(call))
      await deleteStored(tx, user.id, call.ctx.now())
    })
    return {}
  },
})

const listGroups = operation({
  ...onUser,
  id: 'list_groups_for_user',
  method: 'GET',
  path: '/v3/users/:user_id/groups',
  policy: 'identity:list_groups_for_user',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, loaded) => {
    const user = found(loaded, 'user', idOf(call))
    const filters = [
      ...filtersFrom(call.query, { name: { column: 'group.name' } }),
      ...onlyOwnDomain(call.caller, 'group.domain_id'),
    ]
    const { db } = call.ctx.store
    const memberships = await listGroupsOfUser(db, user.id, filters, membershipClock(call.ctx))
    const members = memberships.map(({ group, expiresAt }) =>
      groupFields(call, group, {
        membership_expires_at: expiresAt === null ? null : plainTime(expiresAt),
      }),
    )
    return { body: collection(call, 'groups', members) }
  },
})

/** Projects the user holds a role on, by grants of their own, by groups and by inheritance. */
const listProjects = operation({
  ...onUser,
  id: 'list_user_projects',
  method: 'GET',
  path: '/v3/users/:user_id/projects',
  policy: 'identity:list_user_projects',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, loaded) => {
    const user = found(loaded, 'user', idOf(call))
    const filters = filtersFrom(call.query, {
      name: { column: 'project.name' },
      domain_id: { column: 'project.domain_id' },
      enabled: { column: 'project.enabled', boolean: true },
    })
    const projects = await projectsOfUser(call.ctx, user.id, filters)
    const members = projects.map((project) => projectFields(call, project))
    return { body: collection(call, 'projects', members) }
  },
})

export const userOperations = [
  createUser,
  listUsers,
  showUser,
  updateUser,
  deleteUser,
  changePassword,
  listGroups,
  listProjects,
]
