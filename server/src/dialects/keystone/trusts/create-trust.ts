/** `POST /v3/OS-TRUST/trusts`: the trustor, in person or by a trust that may be passed on, lets somebody act for them. */
import { type Static, Type } from 'typebox'
import { redelegationFault } from '../../../core/redelegation.ts'
import { found, missing, refuse } from '../../../core/refusal.ts'
import { effectiveRolesOf } from '../../../flows/effective-roles.ts'
import { findUser } from '../../../store/identity.ts'
import { newId } from '../../../store/ids.ts'
import { findProject } from '../../../store/projects.ts'
import { findRole, findRoleByName, type RoleRecord } from '../../../store/roles.ts'
import type { Db } from '../../../store/store.ts'
import { findTrust, insertTrust, type TrustRecord } from '../../../store/trusts.ts'
import { attributesBeyond, Name } from '../attributes.ts'
import { refuseDelegated } from '../delegated.ts'
import { expirationFrom } from '../expiration.ts'
import { type Call, change, operation } from '../operation.ts'
import { trustBody } from './trust-body.ts'

const UserId = Type.String({ minLength: 1, maxLength: 64 })
const IdText = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-]+$' })
const RoleReference = Type.Object(
  { id: Type.Optional(IdText), name: Type.Optional(Name) },
  { minProperties: 1, maxProperties: 1, additionalProperties: false },
)
const nullable = <
  T extends ReturnType<typeof Type.Integer> | typeof IdText | ReturnType<typeof Type.Boolean>,
>(
  type: T,
) => Type.Optional(Type.Union([type, Type.Null()]))

const CreateBody = Type.Object({
  trust: Type.Object({
    trustor_user_id: UserId,
    trustee_user_id: UserId,
    impersonation: Type.Boolean(),
    project_id: nullable(IdText),
    remaining_uses: nullable(Type.Integer({ minimum: 1 })),
    expires_at: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    allow_redelegation: nullable(Type.Boolean()),
    redelegation_count: nullable(Type.Integer({ minimum: 0 })),
    roles: Type.Optional(Type.Array(RoleReference)),
  }),
})
type Sent = Static<typeof CreateBody>['trust']

const KNOWN = [
  ...[
    'id',
    'trustor_user_id',
    'trustee_user_id',
    'impersonation',
    'project_id',
    'remaining_uses',
    'expires_at',
  ],
  ...[
    'allow_redelegation',
    'redelegation_count',
    'roles',
    'redelegated_trust_id',
    'deleted_at',
    'links',
    'roles_links',
  ],
]

/** Keystone's `[trust] max_redelegation_count`. */
const MAX_DEPTH = 3

export const createTrust = operation({
  id: 'create_trust',
  method: 'POST',
  path: '/v3/OS-TRUST/trusts',
  policy: 'identity:create_trust',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  target: (_facts, { body }) => ({ 'target.trust.trustor_user_id': body.trust.trustor_user_id }),
  handle: async (call) => {
    const sent = call.body.trust
    refuseDelegated(call.caller, 'Delegated tokens cannot manage trusts.', ['trust'])
    if (sent.project_id && !sent.roles?.length) {
      refuse('forbidden', 'no role', { rule: 'At least one role should be specified' })
    }
    if (sent.trustor_user_id !== call.caller.user.id) {
      refuse('forbidden', 'not the trustor', { rule: 'The authenticated user should match the trustor' })
    }
    const { db } = call.ctx.store
    const parent = await parentOf(call, db)
    found(await findUser(db, { id: sent.trustee_user_id }), 'user', sent.trustee_user_id)
    const roles = await rolesFrom(db, sent.roles ?? [])
    await demandHeld(call, parent?.trustorUserId ?? sent.trustor_user_id, roles)
    const trust = delegationFrom(call, roles, parent)
    await change(call, `trust:${trust.id}`, async (tx) => {
      // What it hangs on is looked at again where nobody can take it away in between.
      if (parent) found(await findTrust(tx, parent.id), 'trust', parent.id)
      for (const id of trust.roleIds) found(await findRole(tx, id), 'role', id)
      await insertTrust(tx, trust)
    })
    return { body: { trust: trustBody(call, trust, roles) } }
  },
})

/** The trust the caller acts through, when they do: the new one is made from it. */
async function parentOf(call: Pick<Call, 'caller'>, db: Db): Promise<TrustRecord | undefined> {
  const id = call.caller.delegation.trust?.id
  return id === undefined ? undefined : found(await findTrust(db, id), 'trust', id)
}

async function rolesFrom(db: Db, references: NonNullable<Sent['roles']>): Promise<readonly RoleRecord[]> {
  const roles: RoleRecord[] = []
  // Naming one a thousand times is naming it once.
  const named = new Map(references.map((reference) => [JSON.stringify(reference), reference]))
  for (const { id, name = '' } of named.values()) {
    const role = id === undefined ? await findRoleByName(db, name) : await findRole(db, id)
    if (!role && id === undefined) {
      refuse('not_found', `no role ${name}`, { message: `Role ${name} is not defined` })
    }
    roles.push(found(role, 'role', id ?? name))
  }
  return roles
}

/** Nobody passes on what they do not hold: for a redelegation what counts is what the first trustor holds. */
async function demandHeld(
  call: Call<{ trust: Sent }>,
  trustorId: string,
  roles: readonly RoleRecord[],
): Promise<void> {
  const projectId = call.body.trust.project_id
  if (!projectId) {
    const [role] = roles
    if (role) missing('role', role.id)
    return
  }
  found(await findProject(call.ctx.store.db, projectId), 'project', projectId)
  const held = await effectiveRolesOf(call.ctx, { userId: trustorId }, { kind: 'project', id: projectId })
  for (const role of roles) if (!held.has(role.id)) missing('role', role.id)
}

function delegationFrom(
  call: Call<{ trust: Sent }>,
  roles: readonly RoleRecord[],
  parent: TrustRecord | undefined,
): TrustRecord {
  const sent = call.body.trust
  const passable = sent.allow_redelegation === true && sent.redelegation_count !== 0
  demandCounts(sent, passable)
  const depth = passable ? depthOf(sent, parent) : 0
  const expiresAt =
    typeof sent.expires_at === 'string' ? expirationFrom(sent.expires_at, call.ctx.now()) : null
  const trust: TrustRecord = {
    id: newId(),
    trustorUserId: sent.trustor_user_id,
    trusteeUserId: sent.trustee_user_id,
    projectId: sent.project_id || null,
    impersonation: sent.impersonation,
    expiresAt: expiresAt ?? parent?.expiresAt ?? null,
    remainingUses: sent.remaining_uses ?? null,
    redelegatedTrustId: parent?.id ?? null,
    redelegationCount: depth,
    extra: attributesBeyond(sent, KNOWN),
    roleIds: [...new Set(roles.map((role) => role.id))],
  }
  const fault = parent && redelegationFault(parent, trust, MAX_DEPTH)
  if (fault !== undefined) refuse('forbidden', fault, { message: fault })
  return trust
}

function demandCounts(sent: Sent, passable: boolean): void {
  if (!passable) return
  if ((sent.redelegation_count ?? 0) > MAX_DEPTH) {
    const message = `Requested redelegation depth of ${sent.redelegation_count} is greater than allowed ${MAX_DEPTH}`
    refuse('forbidden', 'too deep', { message })
  }
  if (typeof sent.remaining_uses === 'number') {
    refuse('bad_request', 'uses and redelegation', {
      message: 'remaining_uses must not be set if redelegation is allowed',
    })
  }
}

function depthOf(sent: Sent, parent: TrustRecord | undefined): number {
  if (!parent) return sent.redelegation_count ?? MAX_DEPTH
  const left = parent.redelegationCount - 1
  if (typeof sent.redelegation_count === 'number' && sent.redelegation_count !== left) {
    refuse('forbidden', 'another depth', {
      message:
        'Modifying "redelegation_count" upon redelegation is forbidden. Omitting this parameter is advised.',
    })
  }
  return left
}
