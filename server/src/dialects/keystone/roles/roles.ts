/**
 * Roles (Identity API v3, "Roles" and "Domain-specific roles"). A global role is judged by `identity:*_role`, a domain's
 * by `identity:*_domain_role`. A role that is not there is 404 before any rule is asked, as Keystone has it: ids of
 * roles are random and tell nothing.
 */
import { found, missing, refuse } from '../../../core/refusal.ts'
import { newId } from '../../../store/ids.ts'
import {
  deleteRole,
  findRole,
  insertRole,
  listRoles,
  type RoleRecord,
  updateRole,
} from '../../../store/roles.ts'
import { findDomainScope } from '../../../store/scopes.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { mergedOptions } from '../attributes.ts'
import { collection, filtersFrom, one, pageFrom } from '../collection.ts'
import { type Call, change, operation, renaming } from '../operation.ts'
import {
  CreateRoleBody,
  extraOf,
  roleBody,
  roleTarget,
  type UpdateRole,
  UpdateRoleBody,
} from './role-body.ts'

const path = '/v3/roles/:role_id'
const roleId = (call: Pick<Call, 'params'>): string => call.params['role_id'] ?? ''

/** The parts that the four operations on one role share. */
function onRole(verb: 'get' | 'update' | 'delete') {
  return {
    path,
    policy: `identity:${verb}_role`,
    otherPolicies: [`identity:${verb}_domain_role`],
    load: (call: Pick<Call, 'ctx' | 'params'>) => existing(call.ctx.store.db, roleId(call)),
    ruleFor: (role: RoleRecord) => `identity:${verb}${role.domainId === '' ? '' : '_domain'}_role`,
    target: roleTarget,
  }
}

async function existing(db: Db, id: string): Promise<RoleRecord> {
  return found(await findRole(db, id), 'role', id)
}

const create = operation({
  id: 'create_role',
  method: 'POST',
  path: '/v3/roles',
  policy: 'identity:create_role',
  otherPolicies: ['identity:create_domain_role'],
  body: CreateRoleBody,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  // A faulty body has been put aside for after the rule.
  ruleFor: (_facts, { body }) => `identity:create${body?.role.domain_id ? '_domain' : ''}_role`,
  handle: async (call) => {
    const sent = call.body.role
    const role: RoleRecord = {
      id: newId(),
      name: sent.name,
      domainId: sent.domain_id ?? '',
      description: sent.description ?? null,
      options: mergedOptions({}, sent.options),
      extra: extraOf(sent),
    }
    await change(call, `role:${role.id}`, async (tx) => {
      if (role.domainId !== '' && !(await findDomainScope(tx, { id: role.domainId }))) {
        missing('domain', role.domainId)
      }
      await insertRole(tx, role).catch(nameTaken(role.name))
    })
    return { body: { role: roleBody(call, role) } }
  },
})

const list = operation({
  id: 'list_roles',
  method: 'GET',
  path: '/v3/roles',
  policy: 'identity:list_roles',
  otherPolicies: ['identity:list_domain_roles'],
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  ruleFor: (_facts, { query }) => `identity:list${one(query, 'domain_id') ? '_domain' : ''}_roles`,
  handle: async (call) => {
    const domainId = one(call.query, 'domain_id')
    const filters = filtersFrom(call.query, { name: { column: 'name' } })
    const page = pageFrom(call.query)
    // The empty domain is no domain, and global roles are asked for by naming none.
    if (domainId === '') return { body: collection(call, 'roles', []) }
    const { items, next } = await listRoles(call.ctx.store.db, domainId ?? '', filters, page)
    const members = items.map((role) => roleBody(call, role))
    return { body: collection(call, 'roles', members, next) }
  },
})

const show = operation({
  ...onRole('get'),
  id: 'get_role',
  method: 'GET',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, role) => ({ body: { role: roleBody(call, role) } }),
})

const update = operation({
  ...onRole('update'),
  id: 'update_role',
  ...renaming,
  body: UpdateRoleBody,
  handle: async (call) => {
    const sent = call.body.role
    const role = await change(call, `role:${roleId(call)}`, async (tx) => {
      const before = await existing(tx, roleId(call))
      checkUpdate(before, sent)
      const after: RoleRecord = {
        ...before,
        name: sent.name ?? before.name,
        description: sent.description ?? before.description,
        options: mergedOptions(before.options, sent.options),
        extra: { ...before.extra, ...extraOf(sent) },
      }
      await updateRole(tx, after).catch(nameTaken(after.name))
      return after
    })
    return { body: { role: roleBody(call, role) } }
  },
})

const remove = operation({
  ...onRole('delete'),
  id: 'delete_role',
  method: 'DELETE',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    await change(call, `role:${roleId(call)}`, async (tx) => {
      const role = await existing(tx, roleId(call))
      if (role.options['immutable'] === true) refuseImmutable('delete', role.id)
      await deleteRole(tx, role.id)
    })
    return {}
  },
})

function checkUpdate(before: RoleRecord, sent: UpdateRole & { readonly id?: unknown }): void {
  if (sent.id !== undefined && sent.id !== before.id) {
    refuse('bad_request', 'id in the body', { message: 'Cannot change ID' })
  }
  if (before.options['immutable'] === true && !onlyMakesMutable(sent)) refuseImmutable('update', before.id)
  if ('domain_id' in sent && (sent.domain_id ?? '') !== before.domainId) {
    refuse('bad_request', 'domain_id in the body', { message: 'Update of `domain_id` is not allowed.' })
  }
}

/** An immutable role takes one change, alone: that it no longer is. */
function onlyMakesMutable(sent: UpdateRole): boolean {
  if (Object.keys(sent).length > 1 || sent.options === undefined) return false
  return 'immutable' in sent.options && sent.options.immutable !== true
}

function refuseImmutable(verb: 'update' | 'delete', id: string): never {
  return refuse('forbidden', `role ${id} is immutable`, {
    message: `Unable to ${verb} immutable role resource: \`${id}. Set resource option "immutable" to false first.`,
  })
}

function nameTaken(name: string) {
  return (error: unknown): never => {
    if (!isUniqueViolation(error)) throw error
    return refuse('conflict', `role name ${name} is taken`, {
      message: `Conflict occurred attempting to store role - Duplicate entry found with name ${name}.`,
    })
  }
}

export const roleOperations = [create, list, show, update, remove]
