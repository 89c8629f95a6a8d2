/**
 * To whom identity policies are attached (v5): users, groups and agencies of the same account. One table makes the same
 * three operations for each.
 */
import { Type } from 'typebox'
import { missing, refuse } from '../../../core/refusal.ts'
import { cloudPowersOf, isCloudAdmin } from '../../../flows/account-administration.ts'
import { findAgency } from '../../../store/agencies.ts'
import { findGroup } from '../../../store/groups.ts'
import {
  type Attachment,
  attachPolicy,
  detachPolicy,
  findStatementPolicies,
  listAttachments,
  type PolicyActor,
} from '../../../store/statement-policies.ts'
import type { Db } from '../../../store/store.ts'
import { findUserById } from '../../../store/users.ts'
import { accountOf, administers, demandAdministrator } from '../access.ts'
import { type Call, change, one, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { markedPage } from './paging.ts'
import { isIdentityPolicy, ownIdentityPolicy, policyUrn } from './policies.ts'

interface Kind {
  readonly actor: PolicyActor['kind']
  /** `iam:users:attachPolicyV5` */
  readonly things: string
  readonly ids: { readonly attach: string; readonly detach: string; readonly list: string }
  /** The account it is of; undefined when there is none of that id. */
  readonly accountOf: (db: Db, id: string) => Promise<string | undefined>
}

const idsOf = (name: string): Kind['ids'] => ({
  attach: `attach${name}PolicyV5`,
  detach: `detach${name}PolicyV5`,
  list: `listAttached${name}PoliciesV5`,
})

const kinds: readonly Kind[] = [
  {
    actor: 'user',
    things: 'users',
    ids: idsOf('User'),
    accountOf: async (db, id) => (await findUserById(db, id))?.domainId,
  },
  {
    actor: 'group',
    things: 'groups',
    ids: idsOf('Group'),
    accountOf: async (db, id) => (await findGroup(db, id))?.domainId,
  },
  {
    actor: 'agency',
    things: 'agencies',
    ids: idsOf('Agency'),
    accountOf: async (db, id) => {
      const agency = await findAgency(db, { id })
      return agency?.kind === 'agency' ? agency.domain.id : undefined
    },
  },
]

interface Wanted {
  readonly kind: Kind
  readonly id: string
  readonly action: string
}

/** The account of whom it is about, when the caller administers it; anybody else is not there. */
async function demandActor(
  db: Db,
  call: Pick<Call, 'caller'>,
  { kind, id, action }: Wanted,
): Promise<string> {
  const accountId = await kind.accountOf(db, id)
  if (accountId !== undefined && administers(call.caller, accountId)) return accountId
  demandAdministrator(call.caller, accountOf(call.caller), action)
  return missing(kind.actor, id)
}

/** One transaction on policy and actor of one account, none of the cloud's own people by an account's administrator. */
async function changeAttachment(
  call: Call,
  wanted: Wanted,
  make: (tx: Db, attachment: Omit<Attachment, 'createdAt'>) => Promise<void>,
): Promise<void> {
  const { kind, id, action } = wanted
  const { actors } = await cloudPowersOf(call.ctx.store)
  await change(call, `policy:${call.params['policy_id']}/${kind.actor}:${id}`, async (tx) => {
    const policy = await ownIdentityPolicy(tx, call, action)
    const accountId = await demandActor(tx, call, wanted)
    if (accountId !== policy.domainId) missing(kind.actor, id)
    if (actors.has(id) && !isCloudAdmin(call.caller)) {
      refuse('forbidden', `${action} on one of the cloud’s own`, { rule: action })
    }
    const actor = { kind: kind.actor, id }
    await make(tx, { policyId: policy.id, actor, scope: { kind: 'account', id: accountId } })
  })
}

function operationsOf(kind: Kind) {
  const field = `${kind.actor}_id`
  const shared = {
    method: 'POST',
    policy: 'authenticated',
    body: Type.Object({ [field]: Type.String({ minLength: 1, maxLength: 64 }) }),
    success: 200,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  } as const
  const wantedOf = (call: Call, verb: string): Wanted => ({
    kind,
    id: (call.body as Readonly<Record<string, string>>)[field] ?? '',
    action: `iam:${kind.things}:${verb}PolicyV5`,
  })
  return [
    operation({
      ...shared,
      id: kind.ids.attach,
      path: `/v5/policies/:policy_id/attach-${kind.actor}`,
      handle: async (call) => {
        await changeAttachment(call, wantedOf(call, 'attach'), async (tx, attachment) => {
          if (!(await attachPolicy(tx, { ...attachment, createdAt: call.ctx.now() }))) {
            refuse('conflict', 'attached', { message: 'The policy is attached already.' })
          }
        })
        return {}
      },
    }),
    operation({
      ...shared,
      id: kind.ids.detach,
      path: `/v5/policies/:policy_id/detach-${kind.actor}`,
      handle: async (call) => {
        await changeAttachment(call, wantedOf(call, 'detach'), async (tx, attachment) => {
          if (!(await detachPolicy(tx, attachment))) missing('policy', attachment.policyId)
        })
        return {}
      },
    }),
    operation({
      id: kind.ids.list,
      method: 'GET',
      path: `/v5/${kind.things}/:${field}/attached-policies`,
      policy: 'authenticated',
      success: 200,
      refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
      handle: async (call) => {
        const { db } = call.ctx.store
        const id = call.params[field] ?? ''
        await demandActor(db, call, { kind, id, action: `iam:${kind.things}:listAttachedPoliciesV5` })
        const attached = await listAttachments(db, { actor: { kind: kind.actor, id } })
        const policies = await findStatementPolicies(
          db,
          attached.map(({ policyId }) => policyId),
        )
        const shown = policies.filter(isIdentityPolicy).map((policy) => ({
          policy_name: policy.name,
          policy_id: policy.id,
          urn: policyUrn(policy),
          attached_at: zonedTime(attached.find(({ policyId }) => policyId === policy.id)?.createdAt ?? 0),
        }))
        const { page, page_info } = markedPage(call.query, shown, ({ policy_id }) => policy_id)
        return { body: { attached_policies: page, page_info } }
      },
    }),
  ]
}

const entities = operation({
  id: 'listEntitiesForPolicyV5',
  method: 'GET',
  path: '/v5/policies/:policy_id/attached-entities',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const { id: policyId } = await ownIdentityPolicy(db, call, 'iam:policies:listEntitiesV5')
    const wanted = one(call.query, 'entity_type')
    if (wanted && kinds.every(({ actor }) => actor !== wanted)) {
      refuse('bad_request', 'entity_type', { message: 'The entity_type is invalid.' })
    }
    const all = await listAttachments(db, { policyId })
    const meant = all.filter(({ actor }) => !wanted || actor.kind === wanted)
    const { page, page_info } = markedPage(call.query, meant, ({ actor }) => actor.id)
    const of = (kind: Kind) =>
      page
        .filter(({ actor }) => actor.kind === kind.actor)
        .map(({ actor, createdAt }) => ({
          [`${kind.actor}_id`]: actor.id,
          attached_at: zonedTime(createdAt),
        }))
    return {
      body: {
        ...Object.fromEntries(kinds.map((kind) => [`policy_${kind.things}`, of(kind)])),
        page_info,
      },
    }
  },
})

export const attachmentOperations = [...kinds.flatMap(operationsOf), entities]
