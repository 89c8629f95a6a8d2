/** Application credentials: a user's own, for one project, never more than the session that made them. */
import { randomBytes } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import type { AccessRuleFacts } from '../../../core/session.ts'
import { effectiveRolesOf } from '../../../flows/effective-roles.ts'
import { hashPassword } from '../../../hashing/hash.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  type ApplicationCredentialRecord,
  deleteApplicationCredential,
  ensureAccessRules,
  findAccessRulesOf,
  findApplicationCredential,
  insertApplicationCredential,
  listApplicationCredentials,
} from '../../../store/application-credentials.ts'
import { type Roles, rolesOf } from '../../../store/grants.ts'
import { newId } from '../../../store/ids.ts'
import { findProject } from '../../../store/projects.ts'
import { findRole } from '../../../store/roles.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { findUserById } from '../../../store/users.ts'
import { Name, NullableText } from '../attributes.ts'
import { collection, filtersFrom, selfLink } from '../collection.ts'
import { refuseDelegated, refuseRestricted } from '../delegated.ts'
import { expirationFrom } from '../expiration.ts'
import { type Call, change, operation } from '../operation.ts'
import { microTime } from '../time.ts'

const IdText = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-]+$' })
const RoleReference = Type.Object(
  { id: Type.Optional(IdText), name: Type.Optional(Name) },
  { minProperties: 1, maxProperties: 1, additionalProperties: false },
)
const AccessRule = Type.Object(
  {
    id: Type.Optional(IdText),
    path: Type.Optional(Type.String({ maxLength: 225, pattern: '^\\/.*' })),
    method: Type.Optional(Type.String({ pattern: '^(POST|GET|HEAD|PATCH|PUT|DELETE)$' })),
    service: Type.Optional(IdText),
  },
  { additionalProperties: false },
)
const Created = Type.Object(
  {
    name: Name,
    description: Type.Optional(NullableText),
    secret: Type.Optional(NullableText),
    expires_at: Type.Optional(NullableText),
    roles: Type.Optional(Type.Array(RoleReference)),
    unrestricted: Type.Optional(Type.Boolean()),
    access_rules: Type.Optional(Type.Array(AccessRule)),
  },
  { additionalProperties: false },
)
const CreateBody = Type.Object({ application_credential: Created })
type Sent = Static<typeof Created>

const KIND = 'Application Credential'
const ALL = '/v3/users/:user_id/application_credentials'
const ONE = `${ALL}/:application_credential_id`
const DELEGATED = 'Cannot manage application credentials with a token issued via delegation.'
const RESTRICTED =
  "Using method 'application_credential' is not allowed for managing additional application credentials."

function body(incoming: Incoming, credential: ApplicationCredentialRecord, roles: Roles) {
  const { id, name, description, userId, projectId, expiresAt, unrestricted, accessRules } = credential
  return {
    id,
    name,
    description,
    user_id: userId,
    project_id: projectId,
    system: null,
    expires_at: expiresAt === null ? null : microTime(expiresAt).slice(0, -1),
    unrestricted,
    roles: credential.roleIds.flatMap((roleId) => {
      const role = roles.byId.get(roleId)
      if (!role) return []
      const { id, name, description, options, domainId } = role
      return [{ id, name, domain_id: domainId === '' ? null : domainId, description, options }]
    }),
    ...(accessRules ? { access_rules: accessRules } : {}),
    links: selfLink(incoming, `application_credentials/${id}`),
  }
}

const create = operation({
  id: 'create_application_credential',
  method: 'POST',
  path: ALL,
  policy: 'identity:create_application_credential',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  target: (_facts, { params }) => ({ user_id: params['user_id'] }),
  handle: async (call) => {
    const sent = call.body.application_credential
    const { caller, ctx } = call
    refuseDelegated(caller, DELEGATED, ['application_credential'])
    refuseRestricted(caller, RESTRICTED)
    if (caller.user.id !== call.params['user_id'] || caller.scope.kind !== 'project') {
      refuse('forbidden', 'for another user', {
        rule: 'Cannot create an application credential for another user.',
      })
    }
    const secret = sent.secret ?? randomBytes(64).toString('base64url')
    const roles = await rolesOf(ctx.store)
    const roleIds = roleIdsOf(call, roles)
    await demandStored(call, roleIds)
    const draft: ApplicationCredentialRecord = {
      id: newId(),
      userId: caller.user.id,
      projectId: caller.scope.kind === 'project' ? caller.scope.project.id : '',
      name: sent.name,
      description: sent.description ?? null,
      secretHash: await hashPassword(ctx.kdf, secret, ctx.settings),
      unrestricted: sent.unrestricted ?? null,
      expiresAt: expiryOf(call),
      roleIds,
      accessRules: null,
    }
    const credential = await change(call, `application_credential:${draft.id}`, async (tx) => {
      // Hashing took a while: what it hangs on is looked at again where nobody can take it away.
      found(await findUserById(tx, draft.userId), 'user', draft.userId)
      found(await findProject(tx, draft.projectId), 'project', draft.projectId)
      for (const id of draft.roleIds) found(await findRole(tx, id), 'role', id)
      const accessRules = await accessRulesOf(tx, draft.userId, sent)
      const whole = { ...draft, accessRules }
      await insertApplicationCredential(tx, whole, ctx.now())
      return whole
    }).catch((error) => {
      if (!isUniqueViolation(error)) throw error
      refuse('conflict', 'name taken', {
        message: `Conflict occurred attempting to store application_credential - Duplicate entry found with name ${sent.name}.`,
      })
    })
    const { links, ...fields } = body(call, credential, roles)
    return { body: { application_credential: { ...fields, secret, links } } }
  },
})

/** A credential made by a credential ends with it at the latest. */
function expiryOf({ body, caller, ctx }: Call<Static<typeof CreateBody>>): number | null {
  const { expires_at } = body.application_credential
  const wished = typeof expires_at === 'string' ? expirationFrom(expires_at, ctx.now()) : null
  const bound = caller.delegation.applicationCredential?.expiresAt ?? null
  return bound === null ? wished : Math.min(wished ?? bound, bound)
}

/** The session's roles, or some of them: a role it does not hold cannot be handed on. */
function roleIdsOf({ body, caller }: Call<Static<typeof CreateBody>>, roles: Roles): readonly string[] {
  const wished = body.application_credential.roles
  const held = caller.roles.map((role) => role.id)
  if (!wished?.length) return held
  const ids = wished.map(({ id, name = '' }) => {
    if (id !== undefined) return id
    const named = [...roles.byId.values()].find((role) => role.name === name && role.domainId === '')
    return (named ?? refuse('not_found', `no role ${name}`, { message: `Role ${name} is not defined` })).id
  })
  if (!ids.every((id) => held.includes(id))) {
    refuse('bad_request', 'a role that is not held', {
      message: 'Invalid application credential: Cannot create an application credential with unassigned role',
    })
  }
  return [...new Set(ids)]
}

/** The credential stands on what is stored for its user: roles by groups that only a federated token names would be none. */
async function demandStored({ caller, ctx }: Call, roleIds: readonly string[]): Promise<void> {
  const { scope } = caller.claims
  const stored = await effectiveRolesOf(ctx, { userId: caller.user.id }, scope)
  const missingOne = roleIds.find((id) => !stored.has(id))
  if (missingOne === undefined || scope.kind !== 'project') return
  refuse('bad_request', 'a role by groups of the token alone', {
    message: `Invalid application credential: Could not find role assignment with role: ${missingOne}, user or group: ${caller.user.id}, project, domain, or system: ${scope.id}.`,
  })
}

async function accessRulesOf(tx: Db, userId: string, sent: Sent): Promise<readonly AccessRuleFacts[] | null> {
  if (!sent.access_rules?.length) return null
  const own = await findAccessRulesOf(
    tx,
    userId,
    sent.access_rules.flatMap(({ id }) => id ?? []),
  )
  const wanted = sent.access_rules.map(({ id, service, path, method }) => {
    if (service !== undefined && path !== undefined && method !== undefined) return { service, path, method }
    return own.get(id ?? '') ?? missing('Access Rule', id ?? '')
  })
  return ensureAccessRules(tx, userId, wanted)
}

const list = operation({
  id: 'list_application_credentials',
  method: 'GET',
  path: ALL,
  policy: 'identity:list_application_credentials',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  target: (_facts, { params }) => ({ user_id: params['user_id'] }),
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED, ['application_credential'])
    const filters = filtersFrom(call.query, { name: { column: 'name' } })
    const roles = await rolesOf(call.ctx.store)
    const items = await listApplicationCredentials(call.ctx.store.db, call.params['user_id'] ?? '', filters)
    return {
      body: collection(
        call,
        'application_credentials',
        items.map((item) => body(call, item, roles)),
      ),
    }
  },
})

/**
 * The owner that counts is the credential's own, not the one in the path. An unknown credential is a 404 for whoever is
 * the user in the path.
 */
const onOne = {
  load: ({ ctx, params }: Pick<Call, 'ctx' | 'params'>) =>
    findApplicationCredential(ctx.store.db, params['application_credential_id'] ?? ''),
  target: (credential: ApplicationCredentialRecord | undefined, { params }: Pick<Call, 'params'>) => ({
    user_id: credential?.userId ?? params['user_id'],
  }),
}

const show = operation({
  id: 'get_application_credential',
  method: 'GET',
  path: ONE,
  policy: 'identity:get_application_credential',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  ...onOne,
  handle: async (call, credential) => {
    refuseDelegated(call.caller, DELEGATED, ['application_credential'])
    const there = found(credential, KIND, call.params['application_credential_id'] ?? '')
    return { body: { application_credential: body(call, there, await rolesOf(call.ctx.store)) } }
  },
})

const remove = operation({
  id: 'delete_application_credential',
  method: 'DELETE',
  path: ONE,
  policy: 'identity:delete_application_credential',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  ...onOne,
  handle: async (call, credential) => {
    refuseDelegated(call.caller, DELEGATED, ['application_credential'])
    refuseRestricted(call.caller, RESTRICTED)
    const { id } = found(credential, KIND, call.params['application_credential_id'] ?? '')
    await change(call, `application_credential:${id}`, (tx) => deleteApplicationCredential(tx, id))
    return {}
  },
})

export const applicationCredentialOperations = [create, list, show, remove]
