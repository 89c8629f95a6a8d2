import type { SystemPolicy } from '../../../core/policy/statements/ram-system-policies.ts'
import { findAgency } from '../../../store/agencies.ts'
import { holdGroup } from '../../../store/groups.ts'
import { newId } from '../../../store/ids.ts'
import {
  attachPolicy,
  detachPolicy,
  findStatementPolicies,
  insertStatementPolicy,
  listAttachments,
  listAttachmentsWithin,
  type NamedAttachment,
  type PolicyActor,
} from '../../../store/statement-policies.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { holdUser } from '../../../store/users.ts'
import { noSuch } from '../errors.ts'
import { type Call, change, type Operation, required } from '../operation.ts'
import {
  customPolicy,
  findSystemRow,
  IN_ACCOUNT,
  NOUNS,
  policyNamed,
  policyType,
  systemPolicy,
} from './policies.ts'
import { answer, arnOf, conflict, ramGroup, ramOperation, ramRole, ramUser, time } from './ram.ts'

type Kind = PolicyActor['kind']
type Finder = (call: Call, name: string) => Promise<{ readonly id: string }>

const FINDERS: Readonly<Record<Kind, Finder>> = { user: ramUser, group: ramGroup, agency: ramRole }

/** Looks again for whom something is attached to, where nobody can take them away any more. */
const HOLDS: Readonly<Record<Kind, (tx: Db, id: string) => Promise<unknown>>> = {
  user: holdUser,
  group: holdGroup,
  agency: (tx, id) => findAgency(tx, { id }),
}

/** Attaching to, detaching from and listing for one kind of holder. */
function operationsFor(kind: Kind): readonly Operation[] {
  const noun = NOUNS[kind]
  const parameter = `${noun}Name`
  const holderNamed = (call: Call): string => `${noun.toLowerCase()}/${required(call, parameter)}`
  const actorNamed = async (call: Call): Promise<PolicyActor> => ({
    kind,
    id: (await FINDERS[kind](call, required(call, parameter))).id,
  })
  return [
    ramOperation({
      action: `AttachPolicyTo${noun}`,
      parameters: ['PolicyType', 'PolicyName', parameter],
      on: (call) => [holderNamed(call), policyNamed(call)],
      handle: async (call) => {
        const actor = await actorNamed(call)
        const createdAt = call.ctx.now()
        const attach = () =>
          change(call, `${kind}:${actor.id}`, async (tx) => {
            if (!(await HOLDS[kind](tx, actor.id))) noSuch(noun, 'gone meanwhile')
            const policyId = await policyToAttach(call, tx)
            if (!(await attachPolicy(tx, { policyId, actor, scope: IN_ACCOUNT, createdAt }))) {
              conflict(`EntityAlreadyExists.${noun}.Policy`, 'The policy is attached already.')
            }
          })
        // Two may attach one of the cloud's policies first; whose row comes second finds it there.
        await attach().catch((error: unknown) => {
          if (!isUniqueViolation(error)) throw error
          return attach()
        })
        return answer(call)
      },
    }),
    ramOperation({
      action: `DetachPolicyFrom${noun}`,
      parameters: ['PolicyType', 'PolicyName', parameter],
      on: (call) => [holderNamed(call), policyNamed(call)],
      handle: async (call) => {
        const actor = await actorNamed(call)
        await change(call, `${kind}:${actor.id}`, async (tx) => {
          const policyId = await attachedPolicyId(call, tx)
          const gone =
            policyId !== undefined && (await detachPolicy(tx, { policyId, actor, scope: IN_ACCOUNT }))
          if (!gone) noSuch(`${noun}.Policy`, 'not attached')
        })
        return answer(call)
      },
    }),
    ramOperation({
      action: `ListPoliciesFor${noun}`,
      parameters: [parameter],
      on: (call) => [holderNamed(call)],
      handle: async (call) =>
        answer(call, { Policies: { Policy: await policiesOf(call, await actorNamed(call)) } }),
    }),
  ]
}

/** The id of the policy that a request names; a row is made of one of the cloud's when it is attached first. */
async function policyToAttach(call: Call, tx: Db): Promise<string> {
  if (policyType(call) === 'Custom') return (await customPolicy(call, tx)).id
  const policy = systemPolicy(call)
  const row = await findSystemRow(tx, policy.name)
  return row ? row.id : insertSystemPolicy(tx, policy, call.ctx.now())
}

async function insertSystemPolicy(tx: Db, policy: SystemPolicy, now: number): Promise<string> {
  const id = newId()
  await insertStatementPolicy(tx, {
    ...policy,
    id,
    domainId: '',
    language: 'ram',
    kind: 'system',
    defaultVersion: 'v1',
    extra: {},
    createdAt: now,
    updatedAt: now,
  })
  return id
}

async function attachedPolicyId(call: Call, db: Db): Promise<string | undefined> {
  if (policyType(call) === 'Custom') return (await customPolicy(call, db)).id
  return (await findSystemRow(db, systemPolicy(call).name))?.id
}

async function policiesOf(call: Call, actor: PolicyActor): Promise<readonly object[]> {
  const { db } = call.ctx.store
  const attached = await listAttachments(db, { actor })
  const policies = await findStatementPolicies(
    db,
    attached.map(({ policyId }) => policyId),
  )
  const attachedAt = new Map(attached.map(({ policyId, createdAt }) => [policyId, createdAt]))
  return policies
    .filter(({ language }) => language === 'ram')
    .map((policy) => ({
      PolicyName: policy.name,
      PolicyType: policy.kind === 'system' ? 'System' : 'Custom',
      Description: policy.description,
      DefaultVersion: policy.defaultVersion,
      AttachDate: time(attachedAt.get(policy.id) ?? policy.createdAt),
    }))
}

const listEntitiesForPolicy = ramOperation({
  action: 'ListEntitiesForPolicy',
  parameters: ['PolicyType', 'PolicyName'],
  on: (call) => [policyNamed(call)],
  handle: async (call) => {
    const { db } = call.ctx.store
    const id = await attachedPolicyId(call, db)
    const attached = id === undefined ? [] : await listAttachmentsWithin(db, call.principal.account.id, id)
    const of = (kind: Kind, body: (one: NamedAttachment) => object) =>
      attached
        .filter(({ actor }) => actor.kind === kind)
        .map((one) => ({ ...body(one), AttachDate: time(one.createdAt) }))
    return answer(call, {
      Users: {
        User: of('user', ({ actor: { id: UserId, name: UserName }, about: DisplayName }) => ({
          UserId,
          UserName,
          DisplayName,
        })),
      },
      Groups: { Group: of('group', ({ actor, about }) => ({ GroupName: actor.name, Comments: about })) },
      Roles: {
        Role: of('agency', ({ actor: { id: RoleId, name: RoleName }, about: Description }) => ({
          ...{ RoleId, RoleName, Description },
          Arn: arnOf(call, `role/${RoleName}`),
        })),
      },
    })
  },
})

export const attachmentOperations: readonly Operation[] = [
  ...(['user', 'group', 'agency'] as const).flatMap(operationsFor),
  listEntitiesForPolicy,
]
